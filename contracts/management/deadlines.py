"""``manage.py deadline``: a rule asked on the command line. It needs no database and no settings, so it starts fast."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from django.conf import settings

from contracts import calculator, explain
from contracts.rules.errors import InvalidInput

DONE = 0
WRONG_INPUT = 2
USAGE = "usage: manage.py deadline RULE key=value … [--format json|text]"


class Writer(Protocol):
    """Where an answer goes."""

    def write(self, text: str, /) -> object: ...


class Asked(NamedTuple):
    """What stands on the command line."""

    rule: str
    inputs: Mapping[str, object]
    as_json: bool
    help: bool


def main(arguments: Sequence[str], *, out: Writer | None = None, err: Writer | None = None) -> int:
    """Answer on ``out`` and return 0; on wrong input write ``{"field", "code", "detail"}`` on ``err`` and return 2."""
    if not settings.configured:
        settings.configure(USE_I18N=False)  # sentences in English, as every program gets them
    out = sys.stdout if out is None else out
    err = sys.stderr if err is None else err
    try:
        asked = parse(arguments)
        if asked.help:
            out.write(_help(asked.rule))
            return DONE
        if not asked.rule:
            raise InvalidInput("rule", "missing", f"write one of {', '.join(calculator.RULES)}")
        found = explain.told(calculator.compute(asked.rule, asked.inputs).to_json())
    except InvalidInput as error:
        err.write(json.dumps({"field": error.field, "code": error.code, "detail": error.detail}) + "\n")
        return WRONG_INPUT
    out.write(json.dumps(found) + "\n" if asked.as_json else _text(found))
    return DONE


def parse(arguments: Sequence[str]) -> Asked:
    """Read the command line.

    :raises InvalidInput: an option is unknown, an input is no ``key=value``, or comes twice.
    """
    rule, inputs, form, help_asked = "", dict[str, object](), "text", False
    rest = list(arguments)
    while rest:
        one = rest.pop(0)
        if one in ("-h", "--help"):
            help_asked = True
        elif one == "--format" or one.startswith("--format="):
            form = one.removeprefix("--format=") if one != "--format" else (rest.pop(0) if rest else "")
            if form not in ("json", "text"):
                raise InvalidInput("--format", "unknown", "write json or text")
        elif one.startswith("-"):
            raise InvalidInput(one.partition("=")[0], "unknown_option", USAGE)
        elif "=" in one:
            name, _sign, value = one.partition("=")
            if name in inputs:
                raise InvalidInput(name, "duplicate", "this input is there twice")
            inputs[name] = value
        elif rule:
            raise InvalidInput(one, "not_an_input", "write an input as key=value")
        else:
            rule = one
    return Asked(rule, inputs, form == "json", help_asked)


def _text(found: Mapping[str, Any]) -> str:
    lines = [f"{name}: {_said(value)}" for name, value in found.items() if name != "explanation"]
    return "\n".join([*lines, "", *(f"- {step['text']}" for step in found["explanation"])]) + "\n"


def _said(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
    return str(value)


def _help(name: str) -> str:
    """Say which rules there are, or which inputs a rule takes.

    :raises InvalidInput: the rule is unknown.
    """
    if not name:
        rules = [f"  {rule.name:<18} {rule.help}" for rule in calculator.RULES.values()]
        return "\n".join([USAGE, "", *rules, "", "A rule's inputs: manage.py deadline RULE --help"]) + "\n"
    rule = calculator.RULES.get(name)
    if rule is None:
        raise InvalidInput("rule", "unknown_rule", f"write one of {', '.join(calculator.RULES)}")
    lines = [rule.help, ""]
    for one in rule.inputs:
        shown = one.name if one.required else f"[{one.name}]"
        words = ", ".join(one.form.choices) or one.form.hint
        lines.append(f"  {shown:<24} {one.title}: {words}." + (f" {one.help}" if one.help else ""))
    return "\n".join([*lines, "", f"Answers {', '.join(rule.outputs)}."]) + "\n"
