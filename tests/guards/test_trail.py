"""Every public operation that changes something leaves an audit event, in its own transaction."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# Operations that change rows and leave no event of their own, and why.
EXEMPT = {
    "accounts.operations.audit.record": "it is the trail",
    "contracts.operations.calendar.refresh": "events follow from what is in the trail; each row counts its revisions",
    "accounts.operations.delivery.deliver": "a delivery is no fact of the domain; failures and giving up are recorded",
    "accounts.operations.fanning.fan_out": "whom an announcement goes to follows from the trail of the endpoints",
    "accounts.operations.calling.claim": "the right to send for a minute is no fact of the domain",
    "retention.operations.subject_links.use": "what a link opens is recorded: a confirmation, a decision",
    "retention.operations.subject_requests.send_link": "a mail to the person themselves changes nothing",
    "retention.operations.carrying_out.export_people": "the export leaves one, and `requests.finish` the other",
    "accounts.operations.calling.record": "a delivery is a row of its own; disabling the endpoint is recorded",
}


def operations():
    """Yield the name, the syntax and the module of every public function under transaction.atomic."""
    for app in ("accounts", "contracts", "retention"):
        for path in sorted((ROOT / app / "operations").glob("*.py")):
            tree = ast.parse(path.read_text())
            functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
            for name, node in functions.items():
                if not name.startswith("_") and any(_is_atomic(one) for one in node.decorator_list):
                    yield f"{app}.operations.{path.stem}.{name}", node, functions


def _is_atomic(decorator):
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(target, ast.Attribute) and target.attr == "atomic"


def leaves_an_event(node, functions, seen=frozenset()):
    """Say whether a function calls audit.record, itself or through functions of its module."""
    for call in (one for one in ast.walk(node) if isinstance(one, ast.Call)):
        if isinstance(call.func, ast.Attribute) and (call.func.attr == "record" or _moves_people(call.func)):
            return True
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name in functions and name not in seen and leaves_an_event(functions[name], functions, seen | {name}):
            return True
    return False


def _moves_people(function):
    """Say whether a call is one of accounts.operations.states, which leave the event of every change of a state."""
    return isinstance(function.value, ast.Name) and function.value.id == "states" and function.attr.startswith("move")


FOUND = {name: (node, functions) for name, node, functions in operations()}


@pytest.mark.parametrize("name", sorted(FOUND))
def test_an_operation_leaves_an_audit_event(name):
    node, functions = FOUND[name]
    if name in EXEMPT:
        return
    assert leaves_an_event(node, functions), (
        f"{name}: call audit.record(…) in its transaction, or exempt it with reason"
    )


def test_no_exemption_is_stale_or_without_a_reason():
    known = {
        f"{app}.operations.{path.stem}.{node.name}"
        for app in ("accounts", "contracts", "retention")
        for path in (ROOT / app / "operations").glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert EXEMPT.keys() <= known, f"gone: {sorted(EXEMPT.keys() - known)}"
    assert all(len(reason) > 10 for reason in EXEMPT.values())


def test_the_guard_would_see_a_silent_operation():
    silent = ast.parse("@transaction.atomic\ndef act():\n    row.save()\n").body[0]
    assert not leaves_an_event(silent, {"act": silent})
