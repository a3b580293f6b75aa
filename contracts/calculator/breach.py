"""``breach``: by which instant somebody must be told of a data breach."""

from contracts.calculator import forms
from contracts.calculator.answer import Answer
from contracts.calculator.rule import Given, Input, Rule
from contracts.calculator.words import gettext_noop as _
from contracts.rules import breach

AWARE_AT = Input("aware_at", forms.LOCAL_TIME, _("Aware at"), _("On the clocks of the zone."))
ZONE = Input("zone", forms.ZONE, _("Time zone"))
HOURS = Input("hours", forms.WHOLE, _("Hours"), _("Elapsed hours, such as 24 or 72."))


def _answer(given: Given) -> Answer:
    found = breach.due(AWARE_AT.of(given), zone=ZONE.of(given), hours=HOURS.of(given))
    return Answer({"due": found.local}, found.explanation)


RULE = Rule(
    name="breach",
    title=_("Data breach"),
    help=_("By which instant somebody must be told of a data breach, in elapsed hours."),
    inputs=(AWARE_AT, ZONE, HOURS),
    outputs=("due",),
    answer=_answer,
)
