"""``availability``: how much of a month a service was there, and the credit."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from contracts.calculator import forms
from contracts.calculator.answer import Answer
from contracts.calculator.forms import Range
from contracts.calculator.rule import Given, Input, Rule
from contracts.calculator.words import gettext_noop as _
from contracts.rules import availability, periods
from contracts.rules.availability import Span, Tier
from contracts.rules.errors import InvalidInput

MONTH = Input("month", forms.MONTH, _("Month"))
ZONE = Input("zone", forms.ZONE, _("Time zone"))
TARGET = Input("target", forms.NUMBER, _("Promised availability"), _("In per cent, such as 99.9."))
INCIDENTS = Input("incidents", forms.TIME_RANGES, _("Incidents"), _("On the clocks of the zone; empty: none."))
PLANNED = Input("planned", forms.TIME_RANGES, _("Planned maintenance"), required=False)
IN_DENOMINATOR = Input(
    "planned_in_denominator", forms.TRUTH, _("Planned minutes count as measured time"), _("As the contract says.")
)
TIERS = Input("tiers", forms.TIERS, _("Credit by availability"), _("From this availability on."), required=False)


def _answer(given: Given) -> Answer:
    zone = ZONE.of(given)
    found = availability.measure(
        month=MONTH.of(given),
        zone=zone,
        target=TARGET.of(given),
        incidents=_spans("incidents", INCIDENTS.of(given), zone),
        planned=_spans("planned", PLANNED.found(given) or (), zone),
        planned_in_denominator=IN_DENOMINATOR.of(given),
        tiers=[Tier(*pair) for pair in TIERS.found(given) or ()],
    )
    fields = {
        "total_minutes": _minutes(found.total_minutes),
        "down_minutes": _minutes(found.down_minutes),
        "availability": f"{found.availability:f}",
        "met": found.met,
        "credit_percent": f"{found.credit_percent:f}",
    }
    return Answer(fields, found.explanation)


def _spans(name: str, ranges: Iterable[Range[datetime]], zone: str) -> list[Span]:
    found = []
    for one in ranges:
        start, end = (periods.instant_of(wall, zone, field=name) for wall in (one.start, one.end))
        if end <= start:
            raise InvalidInput(name, "ends_before_it_starts", "a stretch of time ends after it starts")
        found.append(Span(start, end))
    return found


def _minutes(found: Decimal) -> int | Decimal:
    """Return whole minutes as a whole number; with seconds, a decimal."""
    return int(found) if found == int(found) else found


RULE = Rule(
    name="availability",
    title=_("Availability"),
    help=_("How much of a calendar month a service was there, whether that keeps the promise, and the credit."),
    inputs=(MONTH, ZONE, TARGET, INCIDENTS, PLANNED, IN_DENOMINATOR, TIERS),
    outputs=("total_minutes", "down_minutes", "availability", "met", "credit_percent"),
    answer=_answer,
    renames={"date": "month"},
)
