"""The messages with which operations refuse, found in the code: literals, and what ``phrase`` makes of a template.

Programs read them in English as they stand; pages say them in the reader's words (accounts/wording.py).
"""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("accounts", "contracts", "retention")
# Whose messages no page shows, and why. A name stands for itself and for what lies under it.
UNREAD = {
    "accounts/api/": "answers of REST and SCIM, which are English",
    "accounts/operations/clock.py": "a command says it, to operators",
    "accounts/operations/provisioned_groups.py": "answers of SCIM",
    "accounts/operations/provisioning.py": "answers of SCIM",
    "contracts/api/": "answers of REST, which are English",
    "contracts/management/": "commands say it, to operators",
    "retention/api/": "answers of REST, which are English",
    "retention/connectors/": "what a test of a store found: labels of StoreFault, translated already",
    "retention/replaying.py": "a command says it, to operators",
    "retention/rules/audit_package.py": "a command and REST say it; the form of the admin has a text of its own",
    "retention/rules/lasting.py": "said again, in words, by retention/operations/lasting.py",
    # What only sweeps and workers meet: they log it, and go on.
    "accounts/operations/delivery.py": "workers",
    "accounts/operations/rule_runs.py": "workers",
    "retention/operations/certificates.py": "workers",
    "retention/operations/endings.py": "workers",
    "retention/operations/evidence.py": "workers",
    "retention/operations/ledger_older.py": "a command",
    "retention/operations/nights.py": "workers",
    "retention/operations/nights_beyond.py": "workers",
    "retention/operations/old_exports.py": "workers",
    "retention/operations/overdue.py": "workers",
    "retention/operations/runs.py": "workers",
    "retention/operations/saga.py": "workers",
    "retention/operations/verification.py": "workers",
}
# Messages that come from elsewhere, as the code writes them, and what they are.
PASSED_ON = {
    "fault.message": "a fault of a rule, named once more by another field",
    "one.message": "likewise",
    "f.message": "likewise",
    "first.message": "likewise",
    "explain.said(error)": "a sentence of a rule (contracts/rules), named by another field",
    "said(error)": "likewise",
    "found.code.replace('_', ' ')": "a code that has no sentence of its own",
    "refusal": "phrases of who locks a contract (contracts/operations)",
    "sentence": "phrases of contracts/operations/indices.py",
    "value.message": "what is wrong with a cell (contracts/portfolio), named by its column",
    "cell.message": "likewise",
    "error.message": "a fault, named by its column",
    "error.template": "a sentence of a rule (contracts/rules), named by another field",
    "_BLANK[group]": "phrases of contracts/portfolio/rows.py",
    "str(error.fault.label)": "a label, translated already",
    "str(message)": "what is wrong with a password: Django's, translated already",
    "wrong[0]": "which configured key is wrong: for operators",
    "MESSAGES[code]": "phrases of accounts/operations/states.py",
    "_in_words(fault.code, unit)": "phrases of retention/operations/lasting.py",
}
# What makes a fault of a message, by the module or app in which it has that name: which argument the message is.
MAKERS = {
    "contracts/": {"Fault": 1},
    "contracts/calculator/forms.py": {"_refuse": 2},
    "contracts/letters/reader.py": {"_wrong": 1},
    "contracts/portfolio/": {"_fault": 1, "_unreadable": 1, "_whole": 1},
    "retention/rules/stores/": {"fault": 2, "_not_given_or": 3, "_note": 2},
}


def templates():
    """Yield each message that a page may show, as it is translated, and the module in which it stands."""
    for place, call in _calls():
        given = call.args[0] if _name(call) == "phrase" else _message(place, call)
        if isinstance(given, ast.Constant) and isinstance(given.value, str):
            yield given.value, place


def lost():
    """Yield what stands where a message belongs and is neither literal, nor phrase, nor passed on."""
    for place, call in _calls():
        given = _message(place, call)
        if given is None or isinstance(given, ast.Constant) or ast.unparse(given) in PASSED_ON:
            continue
        if isinstance(given, ast.Call) and (_name(given) == "phrase" or ast.unparse(given).startswith("str(_(")):
            continue
        if isinstance(given, ast.Name) and (
            _made_of_phrases(given.id, _trees()[place]) or given.id in _parameters(place)
        ):
            continue
        yield f"{place}:{call.lineno} {ast.unparse(given)}"


def unread():
    """Return the places named in :data:`UNREAD` that are not there any more."""
    return [name for name in UNREAD if not (ROOT / name).exists()]


def _calls():
    for place, tree in _trees().items():
        if place.startswith(tuple(UNREAD)):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield place, node


def _message(module, call):
    """Return the argument that is the message of a fault or a refusal; none of another call."""
    name, makers = _name(call), _makers(module)
    place = 2 if name in ("FieldError", "InvalidInput") else 0 if name in _refusals() else makers.get(name)
    return None if place is None or len(call.args) <= place else call.args[place]


def _makers(module):
    """Return what makes faults in a module, as :data:`MAKERS` names it."""
    return {name: at for where, names in MAKERS.items() if module.startswith(where) for name, at in names.items()}


def _parameters(module):
    """Return the parameters through which a module's makers are given messages: their callers are looked at."""
    makers = _makers(module)
    given = {
        node.name: [one.arg for one in node.args.args if one.arg != "self"]
        for node in ast.walk(_trees()[module])
        if isinstance(node, ast.FunctionDef) and node.name in makers
    }
    return {names[makers[maker]] for maker, names in given.items() if len(names) > makers[maker]}


def _made_of_phrases(name, tree):
    """Say whether everything that a module assigns to a name is a phrase, or a translated text."""
    given = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets)
    ]
    return bool(given) and all(
        _name(one.left if isinstance(one, ast.BinOp) else one) in ("phrase", "_") for one in given
    )


def _name(call):
    function = getattr(call, "func", None)
    return getattr(function, "id", None) or getattr(function, "attr", "")


@cache
def _trees():
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.relative_to(ROOT).parts
    }


@cache
def _refusals():
    """Return the names of ``Refused`` and of every class under it."""
    classes = [node for tree in _trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    found = {"Refused"}
    while more := {
        one.name
        for one in classes
        if one.name not in found
        and any((getattr(base, "id", None) or getattr(base, "attr", None)) in found for base in one.bases)
    }:
        found |= more
    return frozenset(found)
