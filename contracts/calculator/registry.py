"""The rules that the calculator knows, and how an input given as text becomes an answer or a refusal by field."""

from collections.abc import Mapping

from contracts.calculator import (
    availability,
    breach,
    chatel,
    early_termination,
    gdpr_response,
    indexation,
    last_notice_day,
    switching,
    term,
)
from contracts.calculator.answer import Answer
from contracts.calculator.rule import Rule
from contracts.rules.errors import InvalidInput

RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        last_notice_day.RULE,
        term.RULE,
        switching.RULE,
        gdpr_response.RULE,
        breach.RULE,
        early_termination.RULE,
        indexation.RULE,
        availability.RULE,
        chatel.RULE,
    )
}
LONGEST = 100_000


def compute(rule: str, inputs: Mapping[str, object]) -> Answer:
    """Answer the rule of that name. Values are text; whole numbers, truth values and lists of texts are taken too.

    :raises InvalidInput: the rule or an input is unknown, an input is missing or has another form, or the rule refuses
        the values; the field is ``rule`` or the input's name.
    """
    known = RULES.get(rule)
    if known is None:
        raise InvalidInput("rule", "unknown_rule", "write one of %(words)s", {"words": ", ".join(RULES)})
    names = [one.name for one in known.inputs]
    for name in inputs:
        if name not in names:
            params = {"rule": rule, "names": ", ".join(names)}
            raise InvalidInput(name, "unknown_input", "the inputs of %(rule)s are %(names)s", params)
    texts = {name: text for name, value in inputs.items() if (text := _text(name, value)) is not None}
    given: dict[str, object] = {}
    for one in known.inputs:
        text = texts.get(one.name)
        if text is None:
            if one.required:
                raise InvalidInput(one.name, "missing", "this input is needed")
        elif not text and not one.form.blank:
            raise InvalidInput(one.name, "empty", "this input has no value")
        else:
            given[one.name] = one.form.read(text, one.name)
    try:
        return known.answer(given)
    except InvalidInput as error:
        field = known.renames.get(error.field, error.field)
        raise InvalidInput(field, error.code, error.template, error.params) from error


def _text(name: str, value: object) -> str | None:
    """Return what stands for the value on a command line; ``None`` where JSON says that there is none."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case int() if abs(value) < 10**15:
            return str(value)
        case str() if len(value) <= LONGEST:
            return value
        case str():
            raise InvalidInput(name, "too_long", "at most %(most)s characters", {"most": LONGEST})
        case list() if all(isinstance(item, str) for item in value):
            return _text(name, ",".join(value))
    raise InvalidInput(name, "not_text", "write the value as text, also an amount")
