"""Destroying the keys, in two databases that share no transaction: the ledger is the truth.

``default`` commits *destroying*, which fences writers; one ledger transaction, idempotent on the run's id, deletes the
keys and appends the entry: the point of no return; ``default`` catches up. Killed between any two, it resumes.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import Organization
from accounts.operations import audit, outbox, users
from retention import ledger
from retention.enums import RequestStatus, RunPhase, VaultState
from retention.models import DataKey, DeletionRequest, ErasureEntry, ErasureRun, RequestSubject, Vault
from retention.operations import blocking, keys, ledger_head, others_content, requests, runs
from retention.operations.runs import Lease, held
from retention.operations.stores import Target

NOBODY = "The people whom this erasure is about are gone, with everything of their organization."


@dataclass(frozen=True, slots=True)
class Destruction:
    """What the ledger says about a run: how many keys went, when, and the digest of its entry."""

    keys_destroyed: int
    destroyed_at: datetime
    digest: str
    position: int


def fence(run: ErasureRun, lease: Lease, *, by: str) -> None:
    """First commit: no writer adds a key or a row any more.

    Of a whole organization the vault and the organization are closed; of some people, their places in the request are
    fenced, which every writer looks at inside the vault.

    :raises blocking.HoldInForce: a hold was placed since; the data stay readable.
    :raises RunPaused: somebody paused the run.
    :raises requests.NobodyLeft: all its people went with everything of the organization.
    :raises Refused: a contract was signed or drafted since, or the approval was taken back.
    """
    with tenancy.eraser(run.organization_id):
        locked = held(run, lease)
        if locked.phase != RunPhase.PLANNED:
            return
        request = DeletionRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=locked.request_id)
        if request.status != RequestStatus.APPROVED:
            raise Refused("The request is not approved any more.", code="request_not_in_that_state")
        # Without waiting: an export inside may take long, and this holds the rows of run and request meanwhile.
        try:
            with transaction.atomic():
                vault = Vault.objects.select_for_update(nowait=True).get(organization=run.organization_id)
        except OperationalError as error:
            raise Refused(
                "Somebody is writing or exporting: the keys are destroyed later.", code="vault_busy"
            ) from error
        # Whoever signs a contract takes this row too, so a contract is seen here or sees the closed organization.
        organization = Organization.objects.select_for_update(no_key=True).get(pk=run.organization_id)
        # Waits for whoever is adding or changing people, who looks at ``closed_at`` in their turn.
        users.wait_for_others(organization)
        now = lease.now()
        in_the_way = blocking.blocks(request, now=now)
        if "legal_hold" in in_the_way:
            raise blocking.HoldInForce("A legal hold covers this organization.")
        if in_the_way:
            raise Refused("The erasure is blocked: " + ", ".join(in_the_way), code=in_the_way[0])
        people = RequestSubject.objects.filter(request=request, let_go_at__isnull=True)
        if not request.whole and not people.exists():
            raise requests.NobodyLeft(NOBODY)
        runs.recount(locked)
        others_content.list_rows(locked)
        if request.whole:
            vault.state, vault.changed_at = VaultState.DESTROYING, now
            vault.save(update_fields=["state", "changed_at"])
            organization.closed_at = now
            organization.save(update_fields=["closed_at"])
        else:
            people.update(fenced_at=now)
        request.status = RequestStatus.DESTROYING
        request.save(update_fields=["status"])
        locked.phase = RunPhase.DESTROYING
        locked.save(update_fields=["phase"])
        audit.record("erasure.destroying", locked, by=by, at=now)


def destroy(
    run: ErasureRun, lease: Lease, organization_ref: UUID, subjects: Sequence[UUID] | None, *, now: datetime
) -> Destruction:
    """Second commit, in the ledger: the point of no return. A run that has its entry gets the same answer again.

    ``subjects`` are the public ids of the people whose keys go; ``None``: all keys of the organization. Keys that were
    made since, by who wrote into a restored database, go too. So the run is looked at once more while nobody else can
    append: who was held up so long that another worker took it over would take what a client has that came back since.

    :raises requests.NobodyLeft: no people: an entry that names nobody would stand for the whole organization.
    :raises runs.LeaseLost: another worker has the run, or had it and is through.
    :raises runs.RunPaused: somebody paused it.
    """
    request_ref, others = _request_ref(run), others_content.listed(run)
    with ledger.eraser(organization_ref):
        head = ledger.head()
        entry = ErasureEntry.objects.filter(run=run.public_id).first()
        if entry is None and subjects is not None and not subjects:
            raise requests.NobodyLeft(NOBODY)
        _refuse_overtaken(run, lease)
        count = _raw_delete(_keys_of(organization_ref, subjects))
        if entry is None:
            refs = sorted(subjects or ())
            entry = ErasureEntry.objects.create(
                run=run.public_id,
                organization_ref=organization_ref,
                request_ref=request_ref,
                subject_refs=refs,
                others_refs=others,
                keys_destroyed=count,
                destroyed_at=now,
                previous_digest=head,
                digest=digest(
                    run.public_id,
                    organization_ref,
                    refs,
                    count,
                    now,
                    previous=head,
                    request=request_ref,
                    others=others,
                ),
            )
        return Destruction(entry.keys_destroyed, entry.destroyed_at, entry.digest, entry.pk)


def _refuse_overtaken(run: ErasureRun, lease: Lease) -> None:
    with tenancy.eraser(run.organization_id):
        if held(run, lease).phase != RunPhase.DESTROYING:
            raise runs.LeaseLost("The keys of this run are destroyed already.")


def subjects_of(run: ErasureRun, target: Target) -> list[UUID] | None:
    """Return the public ids of the people whose keys go; ``None``: the whole organization's.

    Those whom the run has sealed count too: an erasure of everything may have taken them from the list meanwhile.
    """
    if target.whole:
        return None
    with tenancy.eraser(run.organization_id):
        listed = RequestSubject.objects.filter(organization=run.organization_id, request=target.request_id)
        found = set(listed.values_list("licensed_user__public_id", flat=True))
    return sorted(found | {UUID(public_id) for public_id, *_names in target.terms.known_as})


def _keys_of(organization_ref: UUID, subjects: Sequence[UUID] | None) -> QuerySet[DataKey]:
    found = DataKey.objects.filter(organization_ref=organization_ref)
    return found if subjects is None else found.filter(subject_ref__in=subjects)


def _raw_delete(found: QuerySet[DataKey]) -> int:
    """Delete in one statement: the collector would fetch every key first."""
    return found._raw_delete(using=ledger.ALIAS)


def catch_up(run: ErasureRun, lease: Lease, found: Destruction, *, by: str) -> None:
    """Third commit: write down in ``default`` what the ledger says."""
    with tenancy.eraser(run.organization_id):
        locked = held(run, lease)
        if locked.phase != RunPhase.DESTROYING:
            return
        now = lease.now()
        locked.phase = RunPhase.KEYS_DESTROYED
        locked.keys_destroyed = found.keys_destroyed
        locked.keys_destroyed_at = found.destroyed_at
        locked.ledger_digest = found.digest
        locked.save(update_fields=["phase", "keys_destroyed", "keys_destroyed_at", "ledger_digest"])
        Vault.objects.filter(organization=run.organization_id, state=VaultState.DESTROYING).update(
            state=VaultState.DESTROYED, changed_at=now
        )
        DeletionRequest.objects.filter(pk=locked.request_id).update(status=RequestStatus.ERASING)
        data = {"keys": found.keys_destroyed, "ledger_digest": found.digest}
        audit.record("erasure.keys_destroyed", locked, by=by, at=now, data=data)
        outbox.publish("erasure.keys_destroyed", locked, at=now, payload={"keys": found.keys_destroyed})
    ledger_head.note(found.position, found.digest)
    keys.forget(Organization(pk=run.organization_id, public_id=organization_ref_of(run)))


def digest(
    run: UUID,
    organization_ref: UUID,
    subjects: Sequence[UUID],
    count: int,
    at: datetime,
    *,
    previous: str,
    request: UUID | None = None,
    others: Sequence[UUID] | None = None,
) -> str:
    """Return the digest of an entry; it covers the one before, so none can be taken out or changed unseen."""
    facts: list[Any] = [str(run), str(organization_ref), count, at.astimezone(UTC).isoformat(), previous]
    if subjects:
        facts.append([str(one) for one in subjects])
    if request is not None:
        facts.append({"request": str(request)})
    if others:
        facts.append({"others": [str(one) for one in others]})
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _request_ref(run: ErasureRun) -> UUID:
    with tenancy.eraser(run.organization_id):
        return DeletionRequest.objects.values_list("public_id", flat=True).get(pk=run.request_id)


def organization_ref_of(run: ErasureRun) -> UUID:
    """Return the public id of the run's organization."""
    with tenancy.eraser(run.organization_id), connection.cursor() as cursor:
        cursor.execute("SELECT public_id FROM accounts_organization WHERE id = %s", [run.organization_id])
        found = cursor.fetchone()
    return UUID(str(found[0]))
