"""What keeps deletion requests from erasure, for many at once, and in sentences."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, DateTimeField, Exists, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract, SwitchingCase
from retention.enums import Decision, RequestScope
from retention.models import DeletionRequest, LegalHold
from retention.operations.blocking import covering
from retention.rules import requests as rules

SENTENCES = {
    "contract_open": _("A contract is signed or active."),
    "contract_drafted": _("A contract is under negotiation: the draft is cancelled, or signed, which keeps the data."),
    "switch_unfinished": _("A switch is pending or unfinished: the client's written choice is needed."),
    "end_not_confirmed": _("The end of the collaboration is not confirmed."),
    "client_undecided": _("The client has not decided yet."),
    "grace_runs": _("The approval can still be taken back."),
    "not_approved": _("The erasure is not approved."),
    "retrieval_period_runs": _("The retrieval period still runs."),
    "export_not_decided": _("The export is neither made nor waived."),
    "archive_not_decided": _("The archive is neither made nor declined."),
    "correction_unconfirmed": _("The product has not confirmed yet that it made the correction."),
    "legal_hold": _("A legal hold is in force."),
}


def with_blocks(found: QuerySet[DeletionRequest], *, now: datetime) -> QuerySet[Any]:
    """Read along what blocks depend on, in the same query, and the instant at which one looks."""
    contracts = Contract.objects.filter(organization=OuterRef("organization"))
    in_force = LegalHold.objects.filter(organization=OuterRef("organization")).in_force().order_by()
    # Of an organization every hold counts; of some people those that cover one of them.
    whole = DeletionRequest.objects.filter(pk=OuterRef(OuterRef("pk")), scope=RequestScope.ORGANIZATION)
    of_people = covering(OuterRef(OuterRef("organization")), OuterRef(OuterRef("pk")))
    holds = in_force.filter(Q(Exists(whole)) | of_people)
    counted = holds.values("organization").annotate(count=Count("pk")).values("count")
    switches = SwitchingCase.objects.filter(organization=OuterRef("organization"))
    moved = switches.settled().order_by().values("organization").annotate(last=Max("erase_at")).values("last")
    return found.annotate(
        contracts_binding=Exists(contracts.binding()),
        contracts_drafted=Exists(contracts.drafted()),
        switches_held=Exists(switches.holding()),
        switch_erase_at=Subquery(moved),
        holds_in_force=Coalesce(Subquery(counted), 0),
        looked_at=Value(now, output_field=DateTimeField()),
    )


def blocks_of(request: Any) -> tuple[str, ...]:
    """Return the codes of what blocks a request that :func:`with_blocks` read, as the rule says."""
    return rules.blocks(
        kind=request.kind,
        whole=request.whole,
        status=request.status,
        now=request.looked_at,
        erase_from=rules.erasable_from(
            request.erase_from,
            waived=request.retrieval_waived_at is not None,
            switch_erase_at=request.switch_erase_at,
        ),
        grace_until=request.grace_until,
        contracts_binding=request.contracts_binding,
        contracts_drafted=request.contracts_drafted,
        switch_unfinished=request.switches_held,
        holds=request.holds_in_force,
        export_decided=request.export_decision != Decision.PENDING,
        archive_decided=request.archive_decision != Decision.PENDING,
        unconfirmed=rules.unconfirmed(
            request.carried_out_at, now=request.looked_at, within=settings.CORRECTION_CONFIRMED_WITHIN
        ),
    )


def sentence(code: str) -> str:
    """Say a block's code; an unknown one in its own words."""
    return str(SENTENCES.get(code, code.replace("_", " ")))
