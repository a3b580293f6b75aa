"""GDPR: the clock of an answer to a data subject (Article 12(3)): one month, three in all if told in time, paused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from holidays.version import __version__ as HOLIDAYS_VERSION

from contracts.enums import NoticeUnit
from contracts.rules import periods, workdays
from contracts.rules.days import ONE_DAY, check_day, shift
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation, Step
from contracts.rules.periods import Deadline, Regime

VERSION = 1
SOURCE = f"GDPR, Article 12(3) and (6); {periods.SOURCES[Regime.EU]}"
MONTHS = 1
MONTHS_EXTENDED = 3


@dataclass(frozen=True, slots=True)
class Pause:
    """A reasonable doubt about identity: asked on one day, answered on another. The days between them are added."""

    asked_on: date
    answered_on: date

    @property
    def days(self) -> int:
        return (self.answered_on - self.asked_on).days


def response_due(
    received_on: date,
    *,
    country: str,
    extension_told_on: date | None = None,
    pauses: Sequence[Pause] = (),
) -> Deadline:
    """Return by when a request received on ``received_on`` is answered.

    One month from receipt; three months in one step if the person was told of the extension until the (legal) due day
    of the first month, else the extension counts for nothing. Pauses that began while the clock ran are added, and it
    does not start again. The last day moves forward from a day on which nobody works in ``country``.

    :raises InvalidInput: an unknown country; an extension told, or a doubt raised, before receipt; pauses that overlap
        or end before they begin; a result outside the calendar.
    """
    _check(received_on, extension_told_on, pauses)
    found = _count(received_on, MONTHS, pauses, country, [])
    told: list[Step] = []
    if extension_told_on is not None:
        params = {"told_on": extension_told_on, "until": found.legal}
        if extension_told_on <= found.legal:
            found = _count(received_on, MONTHS_EXTENDED, pauses, country, [Step("extension_told_in_time", params)])
        else:
            told = [Step("extension_told_late", params)]
    explanation = Explanation(
        rule="gdpr-response",
        version=VERSION,
        inputs={
            "received_on": received_on,
            "country": country,
            "extension_told_on": extension_told_on,
            "pauses": [[pause.asked_on, pause.answered_on] for pause in pauses],
            "holidays": HOLIDAYS_VERSION,
        },
        steps=(*found.steps, *told),
        source=SOURCE,
        other_reading=found.other_reading,
    )
    return Deadline(found.nominal, found.legal, found.internal, country, explanation)


@dataclass(frozen=True, slots=True)
class _Counted:
    nominal: date
    legal: date
    internal: date
    steps: tuple[Step, ...]
    other_reading: date | None


def _count(received_on: date, months: int, pauses: Sequence[Pause], country: str, steps: list[Step]) -> _Counted:
    nominal = shift(received_on, months, NoticeUnit.MONTHS)
    steps.append(Step("event_day_not_counted", {"on": received_on}))
    steps.append(Step("counted_forward", {"length": months, "unit": NoticeUnit.MONTHS, "to": nominal}))
    if nominal.day != received_on.day:
        steps.append(Step("clamped_to_month_end", {"wanted_day": received_on.day, "to": nominal}))
    counted = 0
    for pause in pauses:
        due = workdays.on_or_after(nominal, country).to
        if pause.asked_on > due:
            steps.append(Step("pause_after_due", {"asked_on": pause.asked_on, "due": due}))
            continue
        counted += 1
        nominal = check_day(nominal + timedelta(days=pause.days), field="paused")
        params = {"asked_on": pause.asked_on, "answered_on": pause.answered_on, "days": pause.days, "to": nominal}
        steps.append(Step("clock_paused", params))
    legal = periods.moved_forward(nominal, country, steps)
    internal = periods.act_by(nominal, country, steps)
    # Somebody may count both the day of the question and the day of the answer: we act by the earlier reading.
    other = workdays.on_or_after(nominal + counted * ONE_DAY, country).to
    return _Counted(nominal, legal, internal, tuple(steps), other if other != legal else None)


def _check(received_on: date, extension_told_on: date | None, pauses: Sequence[Pause]) -> None:
    check_day(received_on, field="received_on")
    if extension_told_on is not None and extension_told_on < received_on:
        raise InvalidInput("extension_told_on", "before_receipt", "nobody is told before the request is received")
    earliest = None
    for pause in pauses:
        if pause.answered_on < pause.asked_on:
            raise InvalidInput("paused", "ends_before_it_starts", "the answer precedes the question")
        if pause.asked_on < received_on:
            raise InvalidInput("paused", "before_receipt", "no doubt arises before the request is received")
        if earliest is not None and pause.asked_on < earliest:
            raise InvalidInput("paused", "overlaps", "pauses are told in order and do not overlap")
        earliest = pause.answered_on
