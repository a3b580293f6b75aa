"""Destroying the keys, in two databases that share no transaction: the ledger is the truth.

``default`` commits *destroying*, which fences writers; one ledger transaction, idempotent on the run's id, deletes the
keys and appends the entry: the point of no return; ``default`` catches up. Killed between any two, it resumes.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import OperationalError, connection, transaction

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import Organization
from accounts.operations import audit, outbox, users
from retention import ledger
from retention.enums import RequestStatus, RunPhase, VaultState
from retention.models import DataKey, DeletionRequest, ErasureEntry, ErasureRun, Vault
from retention.operations import keys, requests, runs
from retention.operations.runs import Lease, held


class HoldInForce(Refused):
    """A legal hold covers the organization: nothing is destroyed."""

    code = "legal_hold"


@dataclass(frozen=True, slots=True)
class Destruction:
    """What the ledger says about a run: how many keys went, when, and the digest of its entry."""

    keys_destroyed: int
    destroyed_at: datetime
    digest: str


def fence(run: ErasureRun, lease: Lease, *, by: str) -> None:
    """First commit: close the vault and the organization, so that no writer adds a key or a row any more.

    :raises HoldInForce: a hold was placed since; the data stay readable.
    :raises Refused: a contract was signed or drafted since.
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
        in_the_way = requests.blocks(request, now=now)
        if "legal_hold" in in_the_way:
            raise HoldInForce("A legal hold covers this organization.")
        if in_the_way:
            raise Refused("The erasure is blocked: " + ", ".join(in_the_way), code=in_the_way[0])
        runs.recount(locked)
        vault.state, vault.changed_at = VaultState.DESTROYING, now
        vault.save(update_fields=["state", "changed_at"])
        organization.closed_at = now
        organization.save(update_fields=["closed_at"])
        request.status = RequestStatus.DESTROYING
        request.save(update_fields=["status"])
        locked.phase = RunPhase.DESTROYING
        locked.save(update_fields=["phase"])
        audit.record("erasure.destroying", locked, by=by, at=now)


def destroy(run: ErasureRun, organization_ref: UUID, *, now: datetime) -> Destruction:
    """Second commit, in the ledger: the point of no return. A run that has its entry gets the same answer again."""
    with ledger.eraser(organization_ref):
        head = ledger.head()
        entry = ErasureEntry.objects.filter(run=run.public_id).first()
        if entry is None:
            count, _by_model = DataKey.objects.filter(organization_ref=organization_ref).delete()
            entry = ErasureEntry.objects.create(
                run=run.public_id,
                organization_ref=organization_ref,
                keys_destroyed=count,
                destroyed_at=now,
                previous_digest=head,
                digest=digest(run.public_id, organization_ref, count, now, previous=head),
            )
        return Destruction(entry.keys_destroyed, entry.destroyed_at, entry.digest)


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
        Vault.objects.filter(organization=run.organization_id).update(state=VaultState.DESTROYED, changed_at=now)
        DeletionRequest.objects.filter(pk=locked.request_id).update(status=RequestStatus.ERASING)
        data = {"keys": found.keys_destroyed, "ledger_digest": found.digest}
        audit.record("erasure.keys_destroyed", locked, by=by, at=now, data=data)
        outbox.publish("erasure.keys_destroyed", locked, at=now, payload={"keys": found.keys_destroyed})
    keys.forget(Organization(pk=run.organization_id, public_id=organization_ref_of(run)))


def digest(run: UUID, organization_ref: UUID, count: int, at: datetime, *, previous: str) -> str:
    """Return the digest of an entry; it covers the one before, so none can be taken out or changed unseen."""
    facts = [str(run), str(organization_ref), count, at.astimezone(UTC).isoformat(), previous]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def organization_ref_of(run: ErasureRun) -> UUID:
    """Return the public id of the run's organization."""
    with tenancy.eraser(run.organization_id), connection.cursor() as cursor:
        cursor.execute("SELECT public_id FROM accounts_organization WHERE id = %s", [run.organization_id])
        found = cursor.fetchone()
    return UUID(str(found[0]))
