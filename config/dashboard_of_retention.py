"""The tables of the admin's first page about erasures, holds, and requests of people."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.dashboard_rows import Row, Table, row_of, table_of
from contracts.admin.days import said
from contracts.rules.periods import local_day
from retention import explain
from retention.admin.blocking import blocks_of, with_blocks
from retention.enums import RunPhase, StepStatus, SubjectState
from retention.models import (
    DeletionRequest,
    ErasureRun,
    ErasureStep,
    LegalHold,
    ManualErasure,
    SubjectDoubt,
    SubjectRequest,
)
from retention.operations import subject_requests
from retention.querysets import GONE
from retention.rules import lateness as rules


def deletion_requests(now: datetime) -> Table:
    """Open requests: what blocks each, and by when its content must be gone."""
    found = with_blocks(DeletionRequest.objects.open(), now=now).order_by("erase_by", "pk")
    headers = (_("Client"), _("Status"), _("Blocked by"), _("Erase by"))

    def row(request: DeletionRequest) -> Row:
        blocked = " ".join(explain.block(code) for code in blocks_of(request))
        until = formats.date_format(request.erase_by, "DATETIME_FORMAT")
        gone = request.status in GONE
        if late := request.erase_by <= now and not gone:
            until = _("%(instant)s, late") % {"instant": until}
        elif not gone and (near := rules.days_left(request.erase_by, now=now)):
            until = ngettext("%(instant)s, in %(days)d day", "%(instant)s, in %(days)d days", near) % {
                "instant": until,
                "days": near,
            }
        return row_of(
            request,
            str(request.organization),
            str(request.get_status_display()),
            blocked or _("nothing"),
            until,
            late=late,
        )

    return table_of(_("Deletion requests"), "retention_deletionrequest", headers, found, row)


def stuck_runs(now: datetime) -> Table:
    """Erasure runs that failed, gave a store up, or whose verification found something; not those that are over."""
    given_up = ErasureStep.objects.filter(run=OuterRef("pk"), status=StepStatus.FAILED)
    found = (
        ErasureRun.objects.exclude(phase__in=(RunPhase.CERTIFIED, RunPhase.COMPLETE, RunPhase.CANCELLED))
        .filter(Q(phase=RunPhase.RESIDUE_FOUND) | Q(failures__gt=0) | Exists(given_up))
        .order_by("planned_at", "pk")
    )
    headers = (_("Client"), _("Phase"), _("Failures"), _("Last error"))

    def row(run: ErasureRun) -> Row:
        return row_of(
            run, str(run.organization), str(run.get_phase_display()), str(run.failures), run.last_error, late=True
        )

    return table_of(_("Erasure runs that need people"), "retention_erasurerun", headers, found, row)


def held_too_long(now: datetime) -> Table:
    """Legal holds in force whose day of review has come: released, or known to be needed still."""
    found = LegalHold.objects.in_force().filter(review_on__lte=now.date()).order_by("review_on", "pk")
    headers = (_("Hold"), _("Client"), _("Scope"), _("Review on"))

    def row(hold: LegalHold) -> Row:
        late = hold.review_on < local_day(now, hold.organization.time_zone)
        scope = str(hold.get_scope_display())
        return row_of(hold, hold.citation, str(hold.organization), scope, said(hold.review_on), late=late)

    return table_of(_("Legal holds to review"), "retention_legalhold", headers, found, row)


def not_attested(now: datetime) -> Table:
    """Stores that somebody was to empty by hand, and nobody attests it although it is due."""
    found = ManualErasure.objects.filter(attested_at__isnull=True, due_at__lte=now).order_by("due_at", "pk")
    headers = (_("Store"), _("Client"), _("Due at"))

    def row(erasure: ManualErasure) -> Row:
        until = formats.date_format(erasure.due_at, "DATETIME_FORMAT")
        return row_of(erasure, erasure.store_name, str(erasure.organization), until, late=True)

    return table_of(_("Erasures by hand that nobody attested"), "retention_manualerasure", headers, found, row)


def peoples_requests(now: datetime) -> Table:
    """Requests of people that no client has yet, late once the day to forward them is over; and late answers."""
    doubted = SubjectDoubt.objects.filter(request=OuterRef("pk"), answered_on__isnull=True)
    decided = SubjectRequest.objects.filter(state__in=(SubjectState.FORWARDED, SubjectState.GRANTED))
    late = decided.filter(~Exists(doubted), due_on__lt=now.date())
    found = (SubjectRequest.objects.filter(state=SubjectState.RECEIVED) | late).order_by("due_on", "pk")
    headers = (_("Request"), _("Client"), _("State"), _("Forward by"), _("Answer by"))

    def row(asked: SubjectRequest) -> Row:
        client = "" if asked.organization is None else str(asked.organization)
        waits = asked.state == SubjectState.RECEIVED
        day = asked.forward_by if waits else asked.due_on
        forward_by = said(asked.forward_by) if waits else ""
        state = str(asked.get_state_display())
        over = day < local_day(now, subject_requests.zone_of(asked))
        return row_of(asked, asked.reference, client, state, forward_by, said(asked.due_on), late=over)

    return table_of(_("Requests of people to forward, or late"), "retention_subjectrequest", headers, found, row)
