"""The questions that the domain asks of contracts, each with its instant."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from accounts.models import OutboxMessage
from contracts.enums import ClauseCode, ContractStatus, LineKind, OfferState, ReminderKind, SwitchStatus, UpliftState
from contracts.rules.clause_checklist import MOST_BREACH_HOURS
from contracts.rules.clauses import EEA
from contracts.rules.dated import DISCLOSURE_REQUIRED, SWITCHING_CHARGED, days_of, in_force
from contracts.rules.days import add_months
from contracts.rules.status import BINDING
from contracts.rules.switching import MAX_NOTICE_MONTHS, RETRIEVAL_DAYS, TRANSITION_DAYS
from contracts.rules.switching_states import FINAL, HOLDING

if TYPE_CHECKING:
    from contracts.models import (
        Amendment,
        CalendarEvent,
        Contract,
        Deadline,
        Reminder,
        RenewalOffer,
        SwitchingCase,
        Uplift,
    )

HALF_A_DAY = timedelta(hours=12)
# The days on earth at an instant, each with the zones in which it is that day.
type Days = Mapping[date, Collection[str]]


class ContractQuerySet(models.QuerySet["Contract"]):
    """Due work is a query: each ``due_for_*`` matches a partial index."""

    def active(self) -> Self:
        return self.filter(status=ContractStatus.ACTIVE)

    def open(self) -> Self:
        """Not over: signed, active, or still a draft under negotiation."""
        return self.filter(status__in=[ContractStatus.DRAFT, *BINDING])

    def drafted(self) -> Self:
        """Under negotiation: nobody is bound yet."""
        return self.filter(status=ContractStatus.DRAFT)

    def binding(self) -> Self:
        """Signed or active: both sides are bound."""
        return self.filter(status__in=BINDING)

    def in_doubt(self, *, on: date, kept: Collection[str]) -> Self:
        """In force, and may violate what a contract must say (``contracts/rules/clause_checklist.py`` decides)."""
        from contracts.models import ContractClause

        current = ContractClause.objects.filter(contract=OuterRef("pk"), superseded_at__isnull=True)
        charged = Q(value="above_cost")
        if not in_force(SWITCHING_CHARGED, on=on).value:
            charged |= Q(value="at_cost")
        promised = [ClauseCode.ERASURE_GUARANTEE, ClauseCode.INCIDENT_HANDLING, ClauseCode.CLIENT_SEPARATION]
        listed = Q(value__contains=[*kept], value__contained_by=[*kept])
        hosted = Q(value__location__in=sorted(EEA)) & (Q(evidence__isnull=True) | Q(valid_until__gte=on))
        doubtful = current.filter(
            Q(code=ClauseCode.TRANSITION_DAYS.value, value__gt=TRANSITION_DAYS)
            | Q(code=ClauseCode.BREACH_HOURS.value, value__gt=MOST_BREACH_HOURS)
            | Q(code__in=[code.value for code in promised], value=False)
            | (Q(code=ClauseCode.SWITCHING_CHARGES.value) & charged)
            | (Q(code=ClauseCode.EXPORTABLE_DATA.value) & ~listed)
            | (Q(code=ClauseCode.HOSTING.value) & ~hosted)
        )
        required = [
            Q(concluded_on__gte=first, concluded_on__lt=over) for first, over in days_of(DISCLOSURE_REQUIRED, True)
        ]
        undisclosed = (
            Q(early_exit_rate__isnull=False)
            & reduce(or_, required, Q(pk__in=[]))
            & (Q(early_exit_disclosed_on__isnull=True) | Q(early_exit_disclosed_on__gt=F("concluded_on")))
        )
        return self.binding().filter(
            Q(switching_notice_months__gt=MAX_NOTICE_MONTHS)
            | Q(retrieval_days__lt=RETRIEVAL_DAYS)
            | undisclosed
            | Exists(doubtful)
        )

    def due_for_start(self, *, at: datetime) -> Self:
        """Signed, and at or past ``starts_at``: local midnight of the first day in the contract's zone."""
        return self.filter(status=ContractStatus.SIGNED, starts_at__lte=at).order_by("starts_at", "pk")

    def due_for_certainty(self, *, at: datetime) -> Self:
        """Active, and the last day to give notice is over: the next renewal has become certain."""
        return self.active().filter(certain_at__lte=at).order_by("certain_at", "pk")

    def due_for_renewal(self, *, at: datetime) -> Self:
        """Active, not under notice, and at or past ``renews_at``: midnight in the contract's own zone."""
        return self.active().filter(renews_at__lte=at).order_by("renews_at", "pk")

    def due_for_resumption(self, *, at: datetime) -> Self:
        """Active, suspended, and at or past the day on which it was agreed to resume."""
        return self.active().filter(resumes_at__lte=at).order_by("resumes_at", "pk")

    def due_for_planning(self) -> Self:
        """Active ones that renew, whose next term is not planned: made in Python beforehand, for the set-wise sweep."""
        return (
            self.active()
            .filter(Q(planned_for__isnull=True) | ~Q(planned_for=F("term_number") + 1), renews_at__isnull=False)
            .order_by("renews_at", "pk")
        )

    def due_for_reminder(self, *, at: datetime) -> Self:
        """Active, renewing, and at or past ``next_reminder_at``: midnight in the contract's own zone."""
        return self.active().filter(next_reminder_at__lte=at).order_by("next_reminder_at", "pk")

    def due_for_charging(self, *, at: datetime) -> Self:
        """Active in a term of indefinite duration whose last charged year is over, at noon UTC of the day after it.

        A day has begun everywhere by then, so no year is charged before its first day in the contract's zone. A year
        that begins after the contract's last day is not charged, however late this is asked.
        """
        from contracts.models import StatementLine

        reached = Q(ends_on__gt=(at - HALF_A_DAY).date()) | Q(ends_on__gte=OuterRef("ends_on"))
        charged = StatementLine.objects.filter(
            reached, contract=OuterRef("pk"), kind=LineKind.FEE, voided_at__isnull=True
        )
        return self.active().filter(~Exists(charged), term_ends_on__isnull=True).order_by("pk")

    def due_for_end(self, *, at: datetime) -> Self:
        """Active, and at or past ``ends_at``: local midnight after the last day of service."""
        return self.active().filter(ends_at__lte=at).order_by("ends_at", "pk")

    def due_for_deadlines(self, *, at: datetime) -> Self:
        """What their deadlines depend on has changed, an announced reminder was delivered or given up, or one of them
        has passed by itself: three partial indexes.
        """
        from contracts.models import Deadline, Reminder

        stale = self.model.objects.filter(deadlines_stale=True).values("pk")
        told = Reminder.objects.with_news().values("contract_id")
        lapsed = Deadline.objects.open().filter(lapses=True, due_at__lte=at).values("contract_id")
        return self.filter(pk__in=stale.union(told, lapsed)).order_by("pk")

    def due_for_calendar(self, *, at: datetime) -> Self:
        """Their deadlines were computed again, or a further month has come into view."""
        return self.filter(calendar_due_at__lte=at).order_by("pk")

    def due_for_uplift(self, *, days: Days, lead: timedelta) -> Self:
        """Active, renewing, with an index, ``lead`` or less before the last day for notice (else before the renewal),
        and nothing computed yet for the next term. It is asked on the day of each contract's zone.
        """
        from contracts.models import Uplift

        known = Uplift.objects.filter(
            organization=OuterRef("organization"), contract=OuterRef("pk"), starts_on=OuterRef("term_ends_on")
        ).exclude(state=UpliftState.VOIDED.value)

        def close(day: date) -> Q:
            by = day + lead
            reached = Q(last_notice_on__lte=by) | Q(last_notice_on__isnull=True, term_ends_on__lte=by)
            return reached & Q(term_ends_on__gt=day)

        return (
            self.active()
            .filter(on_its_day(days, "time_zone", close), renews_at__isnull=False, index_series__isnull=False)
            .filter(~Exists(known))
            .order_by("term_ends_on", "pk")
        )


class DeadlineQuerySet(models.QuerySet["Deadline"]):
    """Superseded rows are history; what is open waits for somebody, or for its day."""

    def standing(self) -> Self:
        """Not superseded."""
        return self.filter(superseded_at__isnull=True)

    def open(self) -> Self:
        """Standing and not met."""
        return self.standing().filter(met_at__isnull=True)

    def late(self, *, at: datetime) -> Self:
        """Open although their last day is over, and not such as pass by themselves."""
        return self.open().filter(lapses=False, due_at__lte=at)


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def with_news(self) -> Self:
        """Announced under the Loi Chatel, and delivered or given up since: delivery knows nothing of contracts."""
        ended = OutboxMessage.objects.filter(public_id=OuterRef("message")).filter(
            Q(delivered_at__isnull=False) | Q(failed_at__isnull=False)
        )
        awaited = self.filter(
            kind=ReminderKind.CHATEL.value, sent_at__isnull=False, proof__isnull=True, outcome_at__isnull=True
        )
        return awaited.filter(Exists(ended))


class SwitchingCaseQuerySet(models.QuerySet["SwitchingCase"]):
    """Switches under the Data Act."""

    def holding(self) -> Self:
        """Pending, or unfinished: the client's data are still on their way, so nothing is erased by itself."""
        return self.filter(status__in=HOLDING)

    def settled(self) -> Self:
        """Completed, or to be erased: its dates say from when the client's data may go."""
        return self.exclude(status=SwitchStatus.WITHDRAWN)

    def pending(self) -> Self:
        """Not over yet."""
        return self.exclude(status__in=FINAL)

    def due_for_step(self, *, at: datetime) -> Self:
        """At or past ``next_at``: the local midnight after the notice, or the transition; then the day to ask."""
        return self.filter(next_at__lte=at).order_by("next_at", "pk")


class AmendmentQuerySet(models.QuerySet["Amendment"]):
    def pending(self) -> Self:
        """Agreed, neither applied nor voided; in the order in which they become valid."""
        return self.filter(applied_at__isnull=True, voided_at__isnull=True).order_by("applies_at", "pk")

    def due(self, *, at: datetime) -> Self:
        """Pending and valid, of a contract that has lived until then: a renewal that is behind is caught up first."""
        return (
            self.pending()
            .filter(
                Q(contract__renews_at__isnull=True) | Q(contract__renews_at__gte=F("applies_at")),
                Q(contract__certain_at__isnull=True) | Q(contract__certain_at__gte=F("applies_at")),
                applies_at__lte=at,
                contract__status__in=BINDING,
            )
            .filter(Q(contract__ends_at__isnull=True) | Q(contract__ends_at__gt=F("applies_at")))
        )


class CalendarEventQuerySet(models.QuerySet["CalendarEvent"]):
    def in_view(self, *, days: Days, back: int, ahead: int, cancelled_since: datetime) -> Self:
        """Those from ``back`` months before the day of their contract's zone to ``ahead`` months after it, without such
        as were cancelled before the instant.
        """
        kept = Q(cancelled_at__isnull=True) | Q(cancelled_at__gte=cancelled_since)

        def near(day: date) -> Q:
            return Q(on__gte=add_months(day, -back), on__lte=add_months(day, ahead))

        return self.filter(kept, on_its_day(days, "contract__time_zone", near)).order_by("on", "pk")


class UpliftQuerySet(models.QuerySet["Uplift"]):
    """What becomes of proposed prices."""

    def undecided(self) -> Self:
        return self.filter(state__in=[UpliftState.PROPOSED.value, UpliftState.FLAGGED.value])

    def due_for_evaluation(self) -> Self:
        """Undecided, and since it was computed a value, a link or an amendment was recorded; or its term has begun."""
        from contracts.models import Amendment, IndexLink, IndexValue

        index = "contract__index_series"
        successors = IndexLink.objects.filter(old_series=OuterRef(OuterRef(index))).values("new_series")
        own = Q(series=OuterRef(index)) | Q(series__in=successors)
        values = IndexValue.objects.filter(own, pk__gt=OuterRef("seen_value"))
        links = IndexLink.objects.filter(old_series=OuterRef(index), pk__gt=OuterRef("seen_link"))
        amended = Amendment.objects.filter(organization=OuterRef("organization"), contract=OuterRef("contract")).filter(
            Q(pk__gt=OuterRef("seen_amendment")) | Q(voided_at__gt=OuterRef("evaluated_at"))
        )
        return (
            self.undecided()
            .filter(
                Exists(values)
                | Exists(links)
                | Exists(amended)
                | Q(contract__term_number__gte=F("number"))
                | Q(contract__status=ContractStatus.ENDED.value)
            )
            .order_by("starts_on", "pk")
        )


class OfferQuerySet(models.QuerySet["RenewalOffer"]):
    """What becomes of offers."""

    def open(self) -> Self:
        return self.filter(state__in=[OfferState.DRAFT.value, OfferState.SENT.value])

    def due_for_expiry(self, *, at: datetime) -> Self:
        """Open, and the last day of their validity is over in the contract's zone."""
        return self.open().filter(expires_at__lte=at).order_by("expires_at", "pk")

    def seen_by_clients(self) -> Self:
        """What was never sent is the vendor's own."""
        return self.filter(sent_at__isnull=False)


def on_its_day(days: Days, zone: str, asked: Callable[[date], Q]) -> Q:
    """Ask of every row what is asked on the day of its zone, which ``zone`` names."""
    return reduce(or_, (Q(**{f"{zone}__in": sorted(zones)}) & asked(day) for day, zones in days.items()))
