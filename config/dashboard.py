"""What the admin's first page shows: what is due and what is late, one small table each, one query each."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.admin.base import may
from accounts.models import AuditSeal, OutboxMessage
from accounts.operations import clock, standing
from accounts.rules.permissions import Permission
from config.dashboard_of_retention import deletion_requests, held_too_long, not_attested, peoples_requests, stuck_runs
from config.dashboard_rows import LONGEST, Row, Table, row_of, table_of
from contracts import clauses_explained
from contracts.admin.days import last_day, said
from contracts.enums import ContractStatus, IntakeState, OutgoingStatus, SwitchStatus, UpliftState
from contracts.models import Contract, Deadline, Intake, Notice, OutgoingNotice, SwitchingCase, Uplift
from contracts.operations import clauses
from contracts.rules.periods import local_day
from contracts.rules.status import BINDING

NOTICE_AHEAD = timedelta(days=90)
RENEWAL_AHEAD = timedelta(days=60)
END_AHEAD = timedelta(days=60)
LETTER_WAITS = timedelta(days=2)
ANSWER_WAITS = timedelta(days=10)
SEAL_WAITS = timedelta(minutes=10)


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the tables of what is due, for what the user may see; row security leaves a client its own rows."""
    now = clock.instant()
    tables = [
        (Permission.VIEW_CONTRACT, notice_days),
        (Permission.VIEW_CONTRACT, renewals),
        (Permission.VIEW_CONTRACT, late_deadlines),
        (Permission.VIEW_CONTRACT, standing_notices),
        (Permission.VIEW_CONTRACT, ending),
        (Permission.VIEW_CONTRACT, switches),
        (Permission.VIEW_CONTRACT, violations),
        (Permission.APPROVE_NOTICE, vendors_notices),
        (Permission.HANDLE_INTAKE, letters),
        (Permission.MANAGE_INDICES, uplifts),
        (Permission.VIEW_DELETION_REQUEST, deletion_requests),
        (Permission.VIEW_DELETION_REQUEST, stuck_runs),
        (Permission.VIEW_DELETION_REQUEST, held_too_long),
        (Permission.VIEW_DELETION_REQUEST, not_attested),
        (Permission.VIEW_SUBJECT_REQUEST, peoples_requests),
        (Permission.VIEW_OPERATION, undelivered),
        (Permission.VIEW_OPERATION, unsealed),
    ]
    context["tables"] = [table(now) for permission, table in tables if may(request, permission)]
    return context


def notice_days(now: datetime) -> Table:
    """Contracts whose last day to give notice comes within 90 days."""
    found = Contract.objects.filter(
        status=ContractStatus.ACTIVE.value,
        last_notice_on__gte=now.date(),
        last_notice_on__lte=(now + NOTICE_AHEAD).date(),
    ).order_by("last_notice_on", "pk")
    headers = (_("Contract"), _("Client"), _("Last day for notice"), _("Days left"))

    def row(contract: Contract) -> Row:
        day = contract.last_notice_on
        left = 0 if day is None else (day - local_day(now, contract.time_zone)).days
        return row_of(contract, contract.reference, str(contract.organization), said(day), str(left))

    return table_of(_("Last notice days within 90 days"), "contracts_contract", headers, found, row)


def renewals(now: datetime) -> Table:
    """Contracts that renew within 60 days, and whether that is certain already."""
    found = Contract.objects.active().filter(renews_at__lte=now + RENEWAL_AHEAD).order_by("renews_at", "pk")
    headers = (_("Contract"), _("Client"), _("Renews on"), _("Certain"))

    def row(contract: Contract) -> Row:
        since = _("yes") if contract.certain_at is None else _("from %(day)s") % {"day": _local(contract, "certain_at")}
        late = contract.renews_at is not None and contract.renews_at <= now
        return row_of(
            contract, contract.reference, str(contract.organization), _local(contract, "renews_at"), since, late=late
        )

    return table_of(_("Renewals within 60 days"), "contracts_contract", headers, found, row)


def late_deadlines(now: datetime) -> Table:
    """Deadlines whose last day is over although nobody met them."""
    found = Deadline.objects.late(at=now).select_related("contract").order_by("due_at", "pk")
    headers = (_("Deadline"), _("Contract"), _("Client"), _("Last day"))

    def row(deadline: Deadline) -> Row:
        return row_of(
            deadline,
            str(deadline.get_kind_display()),
            deadline.contract.reference,
            str(deadline.organization),
            said(deadline.legal_on),
            late=True,
        )

    return table_of(_("Deadlines that are late"), "contracts_deadline", headers, found, row)


def standing_notices(now: datetime) -> Table:
    """Notices that will end a contract."""
    found = (
        Notice.objects.filter(withdrawn_at__isnull=True, ends_on__isnull=False, contract__status__in=BINDING)
        .select_related("contract")
        .order_by("ends_on", "pk")
    )
    headers = (_("Contract"), _("Client"), _("Given by"), _("Judgment"), _("Last day"))

    def row(notice: Notice) -> Row:
        return row_of(
            notice,
            notice.contract.reference,
            str(notice.organization),
            str(notice.get_party_display()),
            str(notice.get_judgment_display()),
            said(last_day(notice.ends_on)),
        )

    return table_of(_("Notices standing"), "contracts_notice", headers, found, row)


def letters(now: datetime) -> Table:
    """Letters not decided on yet, the oldest first, late after two days; and those whose answer has not come in ten."""
    waiting = (IntakeState.NEW.value, IntakeState.ASKED_BACK.value)
    found = Intake.objects.filter(state__in=waiting).order_by("received_at", "pk")
    headers = (_("Letter"), _("Received on"), _("Suggested"), _("State"))

    def row(intake: Intake) -> Row:
        received = said(intake.received_on or intake.received_at.date())
        asked = intake.decided_at
        late = intake.received_at < now - LETTER_WAITS if asked is None else asked < now - ANSWER_WAITS
        shown = str(intake.get_suggested_display()), str(intake.get_state_display())
        return row_of(intake, str(intake), received, *shown, late=late)

    return table_of(_("Letters to decide on"), "contracts_intake", headers, found, row)


def vendors_notices(now: datetime) -> Table:
    """The vendor's own notices that were not sent yet: late once the day to send them by is over."""
    found = (
        OutgoingNotice.objects.filter(status__in=(OutgoingStatus.DRAFT.value, OutgoingStatus.APPROVED.value))
        .select_related("contract")
        .order_by("send_by", "pk")
    )
    headers = (_("Contract"), _("Client"), _("Status"), _("Send by"))

    def row(outgoing: OutgoingNotice) -> Row:
        day = said(outgoing.send_by)
        if late := outgoing.send_by < local_day(now, outgoing.contract.time_zone):
            day = _("%(instant)s, late") % {"instant": day}
        client, status = str(outgoing.organization), str(outgoing.get_status_display())
        return row_of(outgoing, outgoing.contract.reference, client, status, day, late=late)

    return table_of(_("Vendor's notices to send"), "contracts_outgoingnotice", headers, found, row)


def ending(now: datetime) -> Table:
    """Contracts that end within 60 days; late if their end has come and they are still active."""
    found = Contract.objects.active().filter(ends_at__lte=now + END_AHEAD).order_by("ends_at", "pk")
    headers = (_("Contract"), _("Client"), _("Last day"))

    def row(contract: Contract) -> Row:
        late = contract.ends_at is not None and contract.ends_at <= now
        return row_of(
            contract, contract.reference, str(contract.organization), said(last_day(contract.ends_on)), late=late
        )

    return table_of(_("Contracts ending within 60 days"), "contracts_contract", headers, found, row)


def uplifts(now: datetime) -> Table:
    """Indexed prices that wait for a decision; late where an index value is missing."""
    found = (
        Uplift.objects.undecided()
        .filter(contract__renews_at__isnull=False)
        .select_related("contract")
        .order_by("starts_on", "pk")
    )
    headers = (_("Contract"), _("Client"), _("First day of the term"), _("State"), _("Annual fee"))

    def row(uplift: Uplift) -> Row:
        after = f" → {uplift.price_after}" if uplift.price_after is not None else ""
        return row_of(
            uplift,
            uplift.contract.reference,
            str(uplift.organization),
            said(uplift.starts_on),
            str(uplift.get_state_display()),
            f"{uplift.price_before}{after} {uplift.currency}",
            late=uplift.state == UpliftState.FLAGGED.value,
        )

    return table_of(_("Prices to revise"), "contracts_uplift", headers, found, row)


def switches(now: datetime) -> Table:
    """Switches that are not over, by their next day; an unfinished one waits for the client's choice."""
    found = (
        SwitchingCase.objects.pending().select_related("contract").order_by(F("next_at").asc(nulls_first=True), "pk")
    )
    headers = (_("Contract"), _("Client"), _("Status"), _("Next on"), _("Erasure from"))

    def row(case: SwitchingCase) -> Row:
        unfinished = case.status == SwitchStatus.UNFINISHED.value
        following = "" if case.next_at is None else said(local_day(case.next_at, case.contract.time_zone))
        return row_of(
            case,
            case.contract.reference,
            str(case.organization),
            str(case.get_status_display()),
            following,
            said(case.erase_from),
            late=unfinished or (case.next_at is not None and case.next_at <= now),
        )

    return table_of(_("Switching cases"), "contracts_switchingcase", headers, found, row)


def violations(now: datetime) -> Table:
    """Contracts in force that violate what they must say."""
    found = clauses.violating(on=now.date(), most=LONGEST + 1)
    headers = (_("Contract"), _("Client"), _("Violated"))
    rows = [
        row_of(one, one.reference, str(one.organization), ", ".join(clauses_explained.violated(findings)), late=True)
        for one, findings in found
    ]
    address = reverse("admin:contracts_contract_changelist")
    return Table(_("Contracts with violations"), address, headers, rows[:LONGEST], len(rows) > LONGEST)


def undelivered(now: datetime) -> Table:
    """Announcements that failed at least once, or were given up."""
    found = OutboxMessage.objects.filter(
        Q(attempts__gt=0) | Q(failed_at__isnull=False), delivered_at__isnull=True
    ).order_by("pk")
    headers = (_("Topic"), _("Client"), _("Attempts"), _("Last error"))

    def row(message: OutboxMessage) -> Row:
        client = "" if message.organization is None else str(message.organization)
        late = message.failed_at is not None
        return row_of(message, message.topic, client, str(message.attempts), message.last_error, late=late)

    return table_of(_("Messages not delivered"), "accounts_outboxmessage", headers, found, row)


def unsealed(now: datetime) -> Table:
    """Events waiting for their seal for over ten minutes: the sweep stands still, or a transaction is left open.

    By the real clock, as events are recorded by it.
    """
    found = standing.unsealed(AuditSeal.objects.order_by("-position").first())
    late = found.filter(recorded_at__lt=timezone.now() - SEAL_WAITS)
    headers = (_("Event"), _("By"), _("Recorded at"))
    rows = [
        row_of(event, event.name, event.actor, formats.date_format(event.recorded_at, "DATETIME_FORMAT"), late=True)
        for event in late[: LONGEST + 1]
    ]
    address = reverse("admin:accounts_auditseal_changelist")
    return Table(_("Events not sealed"), address, headers, rows[:LONGEST], len(rows) > LONGEST)


def _local(contract: Contract, name: str) -> str:
    at: datetime | None = getattr(contract, name)
    return "" if at is None else said(local_day(at, contract.time_zone))
