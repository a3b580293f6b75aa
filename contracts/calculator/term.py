"""``term``: which days the n-th term of a contract covers."""

from contracts.calculator import forms
from contracts.calculator.answer import Answer
from contracts.calculator.rule import Given, Input, Rule
from contracts.calculator.words import gettext_noop as _
from contracts.rules import terms

ANCHOR = Input("anchor", forms.DAY, _("First day of the contract"))
FIRST = Input("first", forms.MONTHS, _("Length of the first term"))
RENEWAL = Input(
    "renewal",
    forms.MONTHS,
    _("Length of each later term"),
    _("Left out: the first term is followed by one of indefinite duration."),
    required=False,
)
NUMBER = Input("number", forms.WHOLE, _("Number of the term"), _("1 is the first term."))


def _answer(given: Given) -> Answer:
    anchor, first, renewal = ANCHOR.of(given), FIRST.of(given), RENEWAL.found(given)
    found = terms.term(NUMBER.of(given), anchor=anchor, first=first, renewal=renewal)
    fields = {"starts_on": found.starts_on, "last_day": found.last_day, "indefinite": found.indefinite}
    return Answer(fields, terms.explain(found, anchor=anchor, first=first, renewal=renewal))


RULE = Rule(
    name="term",
    title=_("Term of a contract"),
    help=_("Which days the n-th term of a contract covers, counted from its first day."),
    inputs=(ANCHOR, FIRST, RENEWAL, NUMBER),
    outputs=("starts_on", "last_day", "indefinite"),
    answer=_answer,
    renames={"date": "number"},
)
