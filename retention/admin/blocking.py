"""What keeps deletion requests from erasure, for many at once."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, DateTimeField, Exists, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from contracts.models import Contract, SwitchingCase
from retention.enums import Decision, RequestScope
from retention.models import DeletionRequest, LegalHold
from retention.operations.blocking import covering
from retention.rules import requests as rules


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
