"""The steps of a run in stores beyond the vault: asked outside of any transaction, journalled in one of their own.

Whom a store is asked to erase is read from what the run has sealed: the people's rows may be gone by then.
"""

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from uuid import UUID

from accounts import tenancy
from accounts.models import Organization
from retention.connectors.protocol import Person, Progress, StoreMisconfigured, Target
from retention.enums import StoreFault
from retention.models import ErasureRun, ErasureStep, ExternalStore
from retention.operations import external, runs
from retention.rules.terms import Identifiers

# What such a step is called in the journal and on the certificate: this, and the store's code.
BEYOND = "external:"
AT_ONCE = 1_000


def names() -> list[str]:
    """Return the steps that a run planned now has: one for each store that is enabled. In the vendor's scope."""
    return [f"{BEYOND}{store.code}" for store in external.enabled()]


def is_beyond(step: ErasureStep) -> bool:
    """Say whether the step is about a store beyond the vault."""
    return step.store.startswith(BEYOND)


def erase(run: ErasureRun, step: ErasureStep, *, now: datetime) -> tuple[Progress, int | None]:
    """Erase on in a store from where the step stands; the second is what was there, when it is asked first.

    :raises StoreUnavailable: it does not answer now.
    :raises StoreMisconfigured: a person must act; also where the store was disabled, or is there no more.
    """
    store, target = _asked(run, step)
    with closing(external.connector_for(store, now=now)) as connector:
        found = None if step.started_at else sum(connector.inventory(target).values())
        progress = connector.erase_chunk(target, run=run.public_id, checkpoint=step.cursor, limit=AT_ONCE, now=now)
    return progress, found


def _asked(run: ErasureRun, step: ErasureStep) -> tuple[ExternalStore, Target]:
    with tenancy.vendor():
        store = ExternalStore.objects.filter(code=step.store.removeprefix(BEYOND), enabled=True).first()
        if store is None:
            raise StoreMisconfigured(StoreFault.MISSING, "store")
        seen = ErasureRun.objects.select_related("request").get(pk=run.pk)
        organization = Organization.objects.get(pk=run.organization_id)
        return store, target_of(organization, runs.unseal(seen), whole=seen.request.whole)


def target_of(organization: Organization, sealed: Identifiers, *, whole: bool) -> Target:
    """Return whom a store is asked about, as a run has sealed it."""
    terms = {*sealed.emails, *sealed.uuid_texts()}
    asked = external.target_of(organization, terms=terms)
    if whole:
        return asked
    return Target(asked.organization_ref, tuple(_people(sealed.known_as)), asked.registration_number, frozenset(terms))


def _people(known_as: Iterable[tuple[str, str, str, str]]) -> Iterable[Person]:
    for public_id, external_id, email, user_name in known_as:
        named = dict.fromkeys(text for text in (email, user_name) if "@" in text)
        yield Person(UUID(public_id), external_id, tuple(named), user_name)
