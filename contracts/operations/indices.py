"""Price indices: a series is named, linked to its successor, closed; its values are imported, all or nothing."""

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from django.db import IntegrityError, connection, transaction

from accounts.errors import FieldError, InvalidInput, Refused, labelled, phrase
from accounts.operations import audit, outbox
from accounts.rules import checks
from contracts import labels
from contracts.enums import IndexPeriodicity
from contracts.models import IndexLink, IndexSeries, IndexValue
from contracts.portfolio import index_values
from contracts.portfolio.index_values import ValueEntry, ValuesFile
from contracts.rules import errors, indices
from contracts.rules.indexation import IndexValue as Published

_LOCK = 0x7465726D_0004
_DELAYS = {IndexPeriodicity.MONTH: 4, IndexPeriodicity.QUARTER: 7}
LONGEST_DELAY = 60


class Outcome(StrEnum):
    """What an import does with a value."""

    CREATED = "created"
    CORRECTED = "corrected"
    SAME = "same"
    REFUSED = "refused"


@dataclass(slots=True)
class PlannedValue:
    """A value of the file, what becomes of it, and the figure that it corrects, if there is one."""

    entry: ValueEntry
    series: IndexSeries | None = None
    outcome: Outcome = Outcome.CREATED
    current: IndexValue | None = None
    errors: list[FieldError] = field(default_factory=list)

    def refuse(self, name: str, code: str, sentence: str) -> None:
        self.outcome = Outcome.REFUSED
        self.errors.append(FieldError(name, code, sentence, self.entry.row))


@dataclass(slots=True)
class Plan:
    """What an import would do, or did, value by value in the file's order; ``unread`` is what could not be read."""

    values: list[PlannedValue]
    unread: list[FieldError]

    @property
    def errors(self) -> list[FieldError]:
        """Every fault, by row."""
        found = [*self.unread, *(error for value in self.values for error in value.errors)]
        return sorted(found, key=lambda error: error.row or 10**9)

    @property
    def writes(self) -> bool:
        """Whether there is anything to write."""
        return any(value.outcome in (Outcome.CREATED, Outcome.CORRECTED) for value in self.values)

    def counts(self) -> dict[str, int]:
        """Return how many values were created, corrected, the same, refused."""
        found = {outcome.value: 0 for outcome in Outcome}
        for value in self.values:
            found[value.outcome.value] += 1
        return found


@dataclass(slots=True)
class _Import:
    """What the trail says was done."""

    public_id: uuid.UUID = field(default_factory=uuid.uuid4)


@transaction.atomic
def create(
    *,
    code: str,
    name: str,
    publisher: str,
    country: str,
    periodicity: str,
    now: datetime,
    by: str,
    unit: str = "",
    longest_delay_months: int | None = None,
) -> IndexSeries:
    """Name a series. In the vendor's scope.

    ``longest_delay_months`` is how old the period of the latest value may be; four months, or seven for a quarterly
    series, unless said otherwise.

    :raises InvalidInput: every field that is wrong.
    :raises Refused: the code is taken.
    """
    faults = [
        *checks.text("code", code, longest=40),
        *checks.text("name", name),
        *checks.text("publisher", publisher),
        *checks.country("country", country),
        *(checks.text("unit", unit, longest=80) if unit else []),
        *checks.one_of("periodicity", periodicity, [word.value for word in IndexPeriodicity]),
    ]
    if longest_delay_months is not None and not 1 <= longest_delay_months <= LONGEST_DELAY:
        faults.append(
            FieldError(
                "longest_delay_months", "out_of_range", phrase("Between 1 and %(most)s months.", most=LONGEST_DELAY)
            )
        )
    if faults:
        raise InvalidInput(faults)
    series = IndexSeries(
        code=code,
        name=name,
        publisher=publisher,
        country=country,
        unit=unit,
        periodicity=periodicity,
        longest_delay_months=longest_delay_months or _DELAYS[IndexPeriodicity(periodicity)],
        created_at=now,
    )
    try:
        with transaction.atomic():
            series.save(force_insert=True)
    except IntegrityError as error:
        raise Refused("A series with this code exists.", code="index_series_exists") from error
    audit.record("index_series.created", series, by=by, at=now, data={"code": code})
    return series


@transaction.atomic
def link(
    series: IndexSeries, *, to: IndexSeries, coefficient: Decimal, from_period: date, now: datetime, by: str
) -> IndexLink:
    """Say which series replaces this one, from which period on, and close it. In the vendor's scope.

    A value of the new series × ``coefficient`` is one of the old series.

    :raises InvalidInput: the series itself, one that leads back here, a coefficient not above zero, no such period.
    :raises Refused: it is linked already.
    """
    _wait()
    locked = IndexSeries.objects.select_for_update().get(pk=series.pk)
    faults = []
    if _leads_to(to, locked):
        faults.append(FieldError("new_series", "leads_back", "A series is not replaced by itself."))
    if not (coefficient.is_finite() and 0 < coefficient < 10**6):
        faults.append(FieldError("coefficient", "not_above_zero", "Above zero, and less than a million."))
    elif coefficient != round(coefficient, 8):
        faults.append(FieldError("coefficient", "too_many_decimals", "At most eight decimals."))
    try:
        indices.check_period(from_period, IndexPeriodicity(to.periodicity))
    except errors.InvalidInput:
        faults.append(FieldError("from_period", "not_a_period", "The first day of a period of the new series."))
    if faults:
        raise InvalidInput(faults)
    if IndexLink.objects.filter(old_series=locked).exists():
        raise Refused("The series is linked already.", code="index_series_linked")
    found = IndexLink.objects.create(
        old_series=locked,
        new_series=to,
        coefficient=coefficient,
        from_period=from_period,
        recorded_by=by,
        recorded_at=now,
    )
    locked.closed = True
    locked.save(update_fields=["closed"])
    data = {"code": locked.code, "to": to.code, "coefficient": str(coefficient), "from": from_period.isoformat()}
    audit.record("index_series.linked", locked, by=by, at=now, data=data)
    return found


def preview(file: ValuesFile, *, now: datetime) -> Plan:
    """Return what an import would do, with every fault by row and column. Nothing is written.

    A value that differs from the one stored for its period is a correction, and is shown beside it.
    """
    plan = Plan([PlannedValue(entry) for entry in file.entries], list(file.errors))
    known = {series.code: series for series in IndexSeries.objects.filter(code__in={e.series for e in file.entries})}
    versions: dict[tuple[int, date], list[IndexValue]] = {}
    periods = {entry.period for entry in file.entries}
    stored = IndexValue.objects.filter(series__in=known.values(), period__in=periods).order_by("recorded_at", "pk")
    for version in stored:
        versions.setdefault((version.series_id, version.period), []).append(version)
    seen: dict[tuple[str, date], int] = {}
    for planned in plan.values:
        entry = planned.entry
        first = seen.setdefault((entry.series, entry.period), entry.row)
        if first != entry.row:
            planned.refuse(
                "period", "duplicate", phrase("Row %(first)s gives a value of this period already.", first=first)
            )
            continue
        planned.series = known.get(entry.series)
        if planned.series is None:
            planned.refuse("series", "unknown_series", phrase("There is no series with this code."))
            continue
        _judge(planned, planned.series, versions.get((planned.series.pk, entry.period), []), today=now.date())
    return plan


@transaction.atomic
def run(content: bytes, *, now: datetime, by: str) -> Plan:
    """Import a file of values: all of it or nothing. In the vendor's scope. The same file again writes nothing.

    :raises InvalidInput: every fault, and nothing was written.
    """
    _wait()
    plan = preview(index_values.read(content), now=now)
    if plan.errors:
        raise InvalidInput(plan.errors)
    fresh = [value for value in plan.values if value.outcome in (Outcome.CREATED, Outcome.CORRECTED)]
    replaced = [value.current.pk for value in fresh if value.current is not None]
    IndexValue.objects.filter(pk__in=replaced).update(superseded_at=now)
    IndexValue.objects.bulk_create(
        [
            IndexValue(
                series=value.series,
                period=value.entry.period,
                value=value.entry.value,
                published_on=value.entry.published_on,
                recorded_by=by,
                recorded_at=now,
            )
            for value in fresh
        ]
    )
    if plan.writes:
        imported = _Import()
        data = {"sha256": hashlib.sha256(content).hexdigest(), **plan.counts()}
        audit.record("index_values.imported", imported, by=by, at=now, data=data)
        outbox.publish("index_values.imported", imported, at=now, payload=plan.counts())
    return plan


def told(value: PlannedValue) -> dict[str, object]:
    """Return what an answer says of a value, with the figure that it replaces."""
    entry = value.entry
    corrects = value.current if value.outcome is Outcome.CORRECTED else None
    return {
        "row": entry.row,
        "series": entry.series,
        "period": entry.period,
        "value": entry.value,
        "published_on": entry.published_on,
        "outcome": value.outcome.value,
        "replaces": None if corrects is None else corrects.value,
    }


def published(series: IndexSeries) -> list[Published]:
    """Return every version of a series' values for the rules, in the order in which they were recorded."""
    rows = series.values.order_by("recorded_at", "pk").values_list("period", "value", "published_on")
    return [Published(month, value.normalize(), published_on) for month, value, published_on in rows]


def link_of(series: IndexSeries) -> tuple[indices.Link, IndexSeries] | None:
    """Return the link to the series that replaces this one, with that series, if there is one."""
    found = IndexLink.objects.select_related("new_series").filter(old_series=series).first()
    if found is None:
        return None
    values = tuple(published(found.new_series))
    return indices.Link(found.coefficient.normalize(), found.from_period, values), found.new_series


def _judge(planned: PlannedValue, series: IndexSeries, versions: list[IndexValue], *, today: date) -> None:
    entry = planned.entry
    try:
        indices.check_period(entry.period, IndexPeriodicity(series.periodicity))
    except errors.InvalidInput:
        planned.refuse(
            "period",
            "not_a_period",
            phrase(
                "The first day of a %(periodicity)s is expected.",
                periodicity=labelled(series.periodicity, labels.INDEX_PERIODICITY[series.periodicity]),
            ),
        )
    if entry.published_on < entry.period:
        planned.refuse(
            "published_on", "before_its_period", phrase("A value is not published before its period begins.")
        )
    if entry.published_on > today:
        planned.refuse("published_on", "in_the_future", phrase("Today is %(today)s.", today=today))
    if planned.outcome is Outcome.REFUSED:
        return
    current = versions[-1] if versions else None
    figures = [Published(one.period, one.value, one.published_on) for one in versions]
    if any(one.value == entry.value and one.published_on == entry.published_on for one in indices.standing(figures)):
        planned.outcome, planned.current = Outcome.SAME, current
    elif current is not None and len(indices.standing(figures)) > 1 and entry.published_on < current.published_on:
        planned.refuse("published_on", "older_publication", phrase("A later publication of this period is stored."))
    elif current is not None:
        planned.outcome, planned.current = Outcome.CORRECTED, current
    elif series.closed:
        planned.refuse("series", "closed_series", phrase("The series is closed: it gets no value of a further period."))


def _leads_to(series: IndexSeries, target: IndexSeries) -> bool:
    seen: set[int] = set()
    current: int | None = series.pk
    while current is not None and current not in seen:
        if current == target.pk:
            return True
        seen.add(current)
        current = IndexLink.objects.filter(old_series_id=current).values_list("new_series_id", flat=True).first()
    return False


def _wait() -> None:
    """Let imports and links wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
