"""When time alone makes something due: for each sweep of contracts, the next such instant after a given one."""

from datetime import UTC, datetime, time

from django.conf import settings
from django.db.models import F, Max, Min, Q
from django.db.models.functions import Coalesce

from accounts.operations.sweeping import earliest
from contracts.enums import ContractStatus, LineKind
from contracts.models import Amendment, Contract, Deadline, RenewalOffer, StatementLine, SwitchingCase
from contracts.querysets import HALF_A_DAY, on_its_day
from contracts.rules.periods import days_on_earth, midnight


def start(*, after: datetime) -> datetime | None:
    return earliest(Contract.objects.filter(status=ContractStatus.SIGNED), "starts_at", after=after)


def amendment(*, after: datetime) -> datetime | None:
    return earliest(Amendment.objects.pending(), "applies_at", after=after)


def certainty(*, after: datetime) -> datetime | None:
    return earliest(Contract.objects.active(), "certain_at", after=after)


def renewal(*, after: datetime) -> datetime | None:
    return earliest(Contract.objects.active(), "renews_at", after=after)


def switch(*, after: datetime) -> datetime | None:
    return earliest(SwitchingCase.objects.all(), "next_at", after=after)


def reminder(*, after: datetime) -> datetime | None:
    return earliest(Contract.objects.active(), "next_reminder_at", after=after)


def charge(*, after: datetime) -> datetime | None:
    """Return noon UTC of the day after the last charged year of a contract, if another year is to follow."""
    fees = StatementLine.objects.filter(kind=LineKind.FEE, voided_at__isnull=True)
    charged = (
        fees.filter(contract__status=ContractStatus.ACTIVE, contract__term_ends_on__isnull=True)
        .values("contract")
        .annotate(until=Max("ends_on"), over=Max("contract__ends_on"))
        .filter(Q(over__isnull=True) | Q(over__gt=F("until")), until__gt=(after - HALF_A_DAY).date())
    )
    day = charged.aggregate(day=Min("until"))["day"]
    return None if day is None else datetime.combine(day, time.min, tzinfo=UTC) + HALF_A_DAY


def end(*, after: datetime) -> datetime | None:
    return earliest(Contract.objects.active(), "ends_at", after=after)


def deadline(*, after: datetime) -> datetime | None:
    return earliest(Deadline.objects.open().filter(lapses=True), "due_at", after=after)


def resumption(*, after: datetime) -> datetime | None:
    return earliest(Contract.objects.active(), "resumes_at", after=after)


def calendar(*, after: datetime) -> datetime | None:
    return earliest(Contract.objects.all(), "calendar_due_at", after=after)


def expiry(*, after: datetime) -> datetime | None:
    return earliest(RenewalOffer.objects.open(), "expires_at", after=after)


def uplift(*, after: datetime) -> datetime | None:
    """Return the first local midnight from which a price is close enough to its next term to be proposed."""
    lead = settings.UPLIFT_LEAD
    close = (
        Contract.objects.active()
        .filter(renews_at__isnull=False, index_series__isnull=False)
        .annotate(before=Coalesce("last_notice_on", "term_ends_on"))
        .filter(on_its_day(days_on_earth(after), "time_zone", lambda day: Q(before__gt=day + lead)))
    )
    found = list(close.values_list("time_zone").annotate(Min("before")).order_by())
    return min((midnight(before - lead, zone) for zone, before in found), default=None)
