"""The steps of a run in stores beyond the vault: asked outside of any transaction, journalled in one of their own.

Whom a store is asked to erase is read from what the run has sealed: the people's rows may be gone by then.
"""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from accounts import tenancy
from accounts.models import Organization
from retention.connectors.protocol import (
    Connector,
    Person,
    Progress,
    StoreMisconfigured,
    StoreUnavailable,
    Target,
)
from retention.enums import StepStatus, StoreFault, StoreKind
from retention.models import ErasureRun, ErasureStep, ExternalStore
from retention.operations import external, identifying, runs
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


def switched_off(steps: Iterable[ErasureStep]) -> dict[str, datetime]:
    """Return which of the steps wait for a store that is switched off, by the step's name, and since when.

    One question for all of them, in the vendor's scope. Such a store is switched on again, and tried again then.
    """
    waiting = {one.store.removeprefix(BEYOND) for one in steps if is_beyond(one) and one.status != StepStatus.DONE}
    with tenancy.vendor():
        found = ExternalStore.objects.filter(code__in=waiting, disabled_at__isnull=False) if waiting else ()
        return {f"{BEYOND}{store.code}": store.disabled_at for store in found if store.disabled_at is not None}


def by_hand() -> frozenset[str]:
    """Return the stores that people empty by hand, as steps name them: nothing is counted there. In any scope."""
    with tenancy.vendor():
        found = ExternalStore.objects.filter(kind=StoreKind.MANUAL).values_list("code", flat=True)
        return frozenset(f"{BEYOND}{code}" for code in found)


def working(code: str) -> ExternalStore:
    """Return a store to ask. In the vendor's scope. :raises StoreMisconfigured: it is switched off, or is no more."""
    store = ExternalStore.objects.filter(code=code).first()
    if store is None:
        raise StoreMisconfigured(StoreFault.MISSING, "store")
    if not store.enabled:
        raise StoreMisconfigured(StoreFault.SWITCHED_OFF)
    return store


def erase(run: ErasureRun, step: ErasureStep, *, now: datetime) -> tuple[Progress, int | None]:
    """Erase on in a store from where the step stands; the second is what was there, when it is asked first.

    What a store cannot count in time is not counted (``None``), and goes all the same.

    :raises StoreUnavailable: it does not answer now.
    :raises StoreMisconfigured: a person must act; also where the store was disabled, or is there no more.
    """
    store, target = _asked(run, step)
    with closing(external.connector_for(store, now=now)) as connector:
        found = None if step.started_at else _counted(connector, target)
        progress = connector.erase_chunk(
            target,
            run=run.public_id,
            checkpoint=step.cursor,
            limit=AT_ONCE,
            now=now,
            sent_again=step.sent_again,
        )
    return progress, found


def _counted(connector: Connector, target: Target) -> int | None:
    try:
        return sum(connector.inventory(target).values())
    except StoreUnavailable as error:
        if error.fault != StoreFault.TIMEOUT:
            raise
        return None


def _asked(run: ErasureRun, step: ErasureStep) -> tuple[ExternalStore, Target]:
    with tenancy.vendor():
        store = working(step.store.removeprefix(BEYOND))
        seen = ErasureRun.objects.select_related("request").get(pk=run.pk)
        organization = Organization.objects.get(pk=run.organization_id)
        return store, target_of(organization, runs.unseal(seen), whole=seen.request.whole)


def target_of(organization: Organization, sealed: Identifiers, *, whole: bool) -> Target:
    """Return whom a store is asked about, as a run has sealed it: by no name that somebody else uses now."""
    with tenancy.vendor():
        theirs = identifying.of_living_others(organization.pk, sealed, whole=whole)
    taken = {term for one in theirs for term in one.terms}
    terms = {*(sealed.emails - taken), *sealed.uuid_texts()}
    names = {*sealed.emails, *sealed.searchable_ids, *sealed.uuid_texts()}
    asked = replace(external.target_of(organization, terms=terms), names=frozenset(names))
    return asked if whole else replace(asked, people=tuple(_people(sealed.known_as, taken)))


def _people(known_as: Iterable[tuple[str, str, str, str]], taken: set[str]) -> Iterable[Person]:
    """Yield each person, once under every name, the names of now first; all addresses come with each."""
    for public_id, entries in groupby(known_as, key=itemgetter(0)):
        names = [one[1:] for one in entries]
        outlived = any(text.lower() in taken for texts in names for text in texts if text)
        left = [tuple("" if text.lower() in taken else text for text in texts) for texts in names]
        external_id, _email, user_name = left[0]
        emails = tuple(dict.fromkeys(text for texts in left for text in texts[1:] if "@" in text))
        for called in dict.fromkeys((one[0] or external_id, one[2] or user_name) for one in left):
            yield Person(UUID(public_id), called[0], emails, called[1], outlived)
