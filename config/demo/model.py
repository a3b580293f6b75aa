"""What a demo client and its contracts are made of, and the day arithmetic that keeps them fresh on any day."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from contracts.enums import (
    BillingInterval,
    BillingTiming,
    EndChoice,
    GoverningLaw,
    NoticeChannel,
    NoticeEffect,
    NoticeKind,
    NoticeParty,
    NoticeUnit,
)
from contracts.rules.days import add_months

MONTHS_OF = {
    BillingInterval.MONTH: 1,
    BillingInterval.QUARTER: 3,
    BillingInterval.HALF_YEAR: 6,
    BillingInterval.YEAR: 12,
}


class Stage(StrEnum):
    """How far the seeding takes a contract: where it stands on the demo's day."""

    DRAFT = "draft"  # written, not signed
    SIGNED = "signed"  # its first day is still to come
    ACTIVE = "active"
    UNDER_NOTICE = "under_notice"
    ENDED = "ended"  # over, while another contract keeps the organization's data alive
    IN_RETRIEVAL = "in_retrieval"  # over, the client may still fetch its data
    AWAITS_APPROVAL = "awaits_approval"  # the retrieval window is over, erasure is not approved yet
    ERASED = "erased"  # erased, verified, certified


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoNotice:
    """A notice that was given; its days are local days of the contract's zone."""

    sent_on: date
    received_on: date
    kind: NoticeKind = NoticeKind.NON_RENEWAL
    party: NoticeParty = NoticeParty.CLIENT
    channel: NoticeChannel = NoticeChannel.REGISTERED_LETTER


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoContract:
    """A contract as it was agreed, the stage it has reached, and in one sentence why it is in the demo.

    ``renewal_term_months=None`` is indefinite after the first term, or no further term where ``auto_renews`` is
    false. ``paid_until`` is the first unpaid day. The fee is before VAT.
    """

    reference: str
    story: str
    stage: Stage
    starts_on: date
    annual_fee: Decimal
    currency: str
    governing_law: GoverningLaw
    notice_length: int
    concluded_on: date
    paid_until: date | None
    notice_unit: NoticeUnit = NoticeUnit.MONTHS
    notice_effect: NoticeEffect = NoticeEffect.RECEIPT
    first_term_months: int = 12
    renewal_term_months: int | None = 12
    minimum_commitment_months: int = 0
    auto_renews: bool = True
    mid_term_exit: bool = False
    billing_interval: BillingInterval = BillingInterval.YEAR
    billing_timing: BillingTiming = BillingTiming.ADVANCE
    retrieval_days: int = 30
    end_choice: EndChoice = EndChoice.RETURN_THEN_DELETE
    early_exit_rate: Decimal | None = None
    early_exit_refunds: bool = False
    switching_notice_months: int = 2
    indexed: bool = False
    """Whether its price follows the demo's index; the base value is the last one published at its conclusion."""
    notice: DemoNotice | None = None
    ends_on: date | None = None
    """The first day without service, for a contract that is over or is known to end."""

    def agreed(self) -> dict[str, Any]:
        """Return what was agreed, by the names that drafting a contract takes."""
        return {
            "reference": self.reference,
            "concluded_on": self.concluded_on,
            "starts_on": self.starts_on,
            "first_term_months": self.first_term_months,
            "minimum_commitment_months": self.minimum_commitment_months,
            "renewal_term_months": self.renewal_term_months,
            "auto_renews": self.auto_renews,
            "mid_term_exit": self.mid_term_exit,
            "notice_length": self.notice_length,
            "notice_unit": self.notice_unit.value,
            "notice_effect": self.notice_effect.value,
            "annual_fee": self.annual_fee,
            "currency": self.currency,
            "billing_interval": self.billing_interval.value,
            "billing_timing": self.billing_timing.value,
            "paid_until": self.paid_until,
            "governing_law": self.governing_law.value,
            "retrieval_days": self.retrieval_days,
            "end_choice": self.end_choice.value,
            "early_exit_rate": self.early_exit_rate,
            "early_exit_refunds": self.early_exit_refunds,
            "early_exit_disclosed_on": self.concluded_on if self.early_exit_rate else None,
            "switching_notice_months": self.switching_notice_months,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOrganization:
    """A fictitious client. ``users`` is how many people it licenses; ``domain`` is a reserved one (RFC 2606, 6761).

    The registration number has the shape of its country and cannot be a real one: a wrong check digit (SIREN, NZBN),
    a number range not reached (RNA, KRS), or a register court that does not exist (HRB, VR).
    """

    slug: str
    name: str
    country: str
    time_zone: str
    language: str
    registration_number: str
    domain: str
    users: int
    legal_category: str = "company"
    diagnostics_factor: int = 1
    """How many times the usual diagnostics it has: more makes the published tables fuller."""
    piloted: bool = False
    """Whether it used the product before its first contract, so that there is content at its signature."""
    contracts: tuple[DemoContract, ...] = field(default=())

    def registered(self) -> dict[str, str]:
        """Return the fields of the organization, by the names that registering one takes."""
        return {
            "name": self.name,
            "country": self.country,
            "time_zone": self.time_zone,
            "language": self.language,
            "legal_category": self.legal_category,
            "registration_number": self.registration_number,
        }


def contract(
    reference: str,
    story: str,
    *,
    today: date,
    starts_on: date,
    annual_fee: str,
    stage: Stage = Stage.ACTIVE,
    currency: str = "EUR",
    governing_law: GoverningLaw = GoverningLaw.FR,
    notice_length: int = 3,
    concluded_on: date | None = None,
    billing_interval: BillingInterval = BillingInterval.YEAR,
    billing_timing: BillingTiming = BillingTiming.ADVANCE,
    ends_on: date | None = None,
    **agreed: Any,
) -> DemoContract:
    """Return a contract concluded three weeks before it starts (unless said otherwise) and paid as billed."""
    return DemoContract(
        reference=reference,
        story=story,
        stage=stage,
        starts_on=starts_on,
        annual_fee=Decimal(annual_fee),
        currency=currency,
        governing_law=governing_law,
        notice_length=notice_length,
        concluded_on=concluded_on or min(starts_on - timedelta(days=21), today),
        billing_interval=billing_interval,
        billing_timing=billing_timing,
        paid_until=paid_until(starts_on, billing_interval, billing_timing, on=today, ends_on=ends_on),
        ends_on=ends_on,
        **agreed,
    )


def paid_until(
    starts_on: date, interval: BillingInterval, timing: BillingTiming, *, on: date, ends_on: date | None = None
) -> date | None:
    """Return the first unpaid day where every invoice due by ``on`` is paid; ``None`` before the first payment."""
    if on < starts_on:
        return None
    if ends_on is not None and ends_on <= on:
        return ends_on
    months = MONTHS_OF[interval]
    elapsed = (on.year - starts_on.year) * 12 + on.month - starts_on.month
    if add_months(starts_on, elapsed) > on:
        elapsed -= 1
    complete = elapsed // months
    if timing is BillingTiming.ADVANCE:
        return add_months(starts_on, (complete + 1) * months)
    return add_months(starts_on, complete * months) if complete else None


def first_of_month(today: date, months: int) -> date:
    """Return the first day of the month that lies ``months`` from the month of ``today``."""
    return add_months(today.replace(day=1), months)


def last_leap_day(before: date) -> date:
    """Return the latest 29 February that is not after ``before``."""
    year = before.year
    while True:
        if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) and date(year, 2, 29) <= before:
            return date(year, 2, 29)
        year -= 1


def last_31st(before: date, *, month: int | None = None) -> date:
    """Return the latest 31st (of ``month``, if given) that is not after ``before``."""
    day = before
    while day.day != 31 or (month is not None and day.month != month):
        day -= timedelta(days=1)
    return day
