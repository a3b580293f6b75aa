"""Searching the stores beyond the vault that a run emptied: each by its own connector, outside of any transaction."""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime

import structlog

from accounts import tenancy
from accounts.models import Organization
from retention.connectors.protocol import StoreError
from retention.enums import RunPhase, StoreFault, StoreKind
from retention.models import ErasureStep, ExternalStore
from retention.operations import external, outside
from retention.operations.sought import Sought

log = structlog.get_logger(__name__)


def search_beyond(sought: Sequence[Sought], *, now: datetime) -> None:
    """Ask each store beyond the vault what of a run's people it still has.

    One that does not answer, or cannot be asked, is noted as such: nothing is known of it, so nothing may be claimed.
    Of an organization that is a client again nothing is asked: a store tells old people from new ones no more.
    """
    for one in sought:
        with tenancy.vendor():
            steps = ErasureStep.objects.filter(run=one.run, store__startswith=outside.BEYOND).order_by("position")
            names = list(steps.values_list("store", flat=True))
            stores = {store.code: store for store in external.enabled()}
            organization = Organization.objects.get(pk=one.run.organization_id)
        for name in names:
            _ask(one, name, stores.get(name.removeprefix(outside.BEYOND)), organization, now=now)


def _ask(one: Sought, name: str, store: ExternalStore | None, organization: Organization, *, now: datetime) -> None:
    if one.whole and one.found.came_back:  # what it has of the organization may be the new people's
        one.found.left_out.append(name)
        return
    if store is None:  # disabled, or taken out, since it was emptied
        # Nothing is certified unsearched, nor after residue; of what stands certified the other stores are looked at.
        certified = one.run.phase in (RunPhase.CERTIFIED, RunPhase.COMPLETE)
        (one.found.left_out if certified else one.found.unanswered).append(name)
        one.found.why_silent |= {} if certified else {name: StoreFault.SWITCHED_OFF.value}
        return
    target = outside.target_of(organization, one.terms, whole=one.whole)
    try:
        with closing(external.connector_for(store, now=now)) as connector:
            residue = connector.verify(target, run=one.run.public_id)
    except StoreError as error:
        log.warning("erasure.store_silent", store=name, fault=error.fault.value)
        one.found.unanswered.append(name)
        one.found.why_silent[name] = error.fault.value
        return
    # Whoever emptied one by hand has attested it: nobody looked into it.
    (one.found.attested if store.kind == StoreKind.MANUAL else one.found.beyond).append(name)
    for left in residue:
        one.found.note(f"{name}.{left.place}", left.kind, left.count)
