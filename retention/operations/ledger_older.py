"""A ledger that was restored from an older backup: keys that were destroyed are back, and go again."""

from datetime import datetime
from uuid import UUID

from django.db import connection

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import AuditEvent, LicensedUser
from accounts.operations import audit
from retention import ledger
from retention.enums import AddendumKind
from retention.models import DataKey, ErasureEntry, ErasureRun, RequestSubject, Restore
from retention.operations import addenda, others_content, runs, saga

CONTENT = ("retention_conversation", "retention_message", "retention_contextitem", "retention_diagnostic")


def forgotten(restore: Restore) -> list[ErasureRun]:
    """Return the runs whose keys were destroyed as this database knows, and of which the ledger has no entry.

    Or whose entry was appended again in this restore, and killed before that was written down here.
    """
    with tenancy.vendor():
        destroyed = ErasureRun.objects.filter(keys_destroyed_at__isnull=False, ledger_purged_at__isnull=True)
        found = list(destroyed.select_related("request", "organization").order_by("keys_destroyed_at", "pk"))
    with ledger.vendor():
        known = dict(ErasureEntry.objects.filter(run__isnull=False).values_list("run", "digest"))
    begun = restore.noticed_at
    again = {run.public_id for run in found if run.keys_destroyed_again_at and run.keys_destroyed_again_at >= begun}
    with tenancy.vendor():
        told = AuditEvent.objects.filter(name="erasure.keys_destroyed_again", occurred_at__gte=begun)
        again -= set(told.filter(subject_id__in=again).values_list("subject_id", flat=True))
    return [run for run in found if known.get(run.public_id) != run.ledger_digest or run.public_id in again]


def destroy_again(run: ErasureRun, *, now: datetime, by: str) -> int:
    """Destroy the run's keys again and append its entry again, under the same id; return how many keys went.

    Of an organization all keys go that were made before the run destroyed them and that no content uses: a client who
    came back has newer ones. Of some people theirs go: those whom the run still knows, and those who are no more. The
    entry says what it said, so it has the same digest where the entries before it are the same. Killed in between, it
    is done again. An addendum tells who has the certificate: until when the keys were there is no more what it said.
    """
    destroyed_at = run.keys_destroyed_at
    if destroyed_at is None:
        raise Refused("This run has not destroyed its keys.", code="erasure_not_due")
    reference = run.organization.public_id
    with tenancy.vendor():  # before they go: killed in between, it is claimed too late, never too early
        ErasureRun.objects.filter(pk=run.pk).update(keys_destroyed_again_at=now)
    used, living, refs, others = _used_keys(run), _living(run), _refs(run), others_content.listed(run)
    with ledger.eraser(reference):
        head = ledger.head()
        keys = DataKey.objects.filter(organization_ref=reference, created_at__lte=destroyed_at).exclude(pk__in=used)
        if not run.request.whole:
            keys = keys.filter(subject_ref__isnull=False).exclude(subject_ref__in=living - refs)
            refs |= {ref for ref in keys.values_list("subject_ref", flat=True) if ref is not None}
        entry = ErasureEntry.objects.filter(run=run.public_id).first()
        count = keys._raw_delete(using=ledger.ALIAS)
        told = sorted(refs)
        facts = (run.public_id, reference, told, run.keys_destroyed or 0, destroyed_at)
        entry = entry or ErasureEntry.objects.create(
            run=run.public_id,
            organization_ref=reference,
            request_ref=run.request.public_id,
            subject_refs=told,
            others_refs=others,
            keys_destroyed=run.keys_destroyed or 0,
            destroyed_at=destroyed_at,
            expires_at=run.ledger_expires_at,
            previous_digest=head,
            digest=saga.digest(*facts, previous=head, request=run.request.public_id, others=others),
        )
    with tenancy.vendor():
        locked = ErasureRun.objects.select_for_update(of=("self",), no_key=True).get(pk=run.pk)
        locked.ledger_digest = entry.digest
        locked.save(update_fields=["ledger_digest"])
        data = {"keys": count, "ledger_digest": entry.digest, "was": run.ledger_digest}
        audit.record("erasure.keys_destroyed_again", locked, by=by, at=now, data=data)
        if locked.keys_destroyed:  # else none came back
            addenda.issue(locked, AddendumKind.KEYS_GONE_AGAIN, now=now, by=by)
    return count


def _used_keys(run: ErasureRun) -> set[UUID]:
    """Return the keys that content of the organization is sealed with: what stands in the vault now is to be read."""
    with tenancy.eraser(run.organization_id), connection.cursor() as cursor:
        each = (f"SELECT key_id FROM {table} WHERE organization_id = %(id)s AND sealed <> ''" for table in CONTENT)
        cursor.execute(" UNION ".join(each), {"id": run.organization_id})
        return {row[0] for row in cursor.fetchall()}


def _living(run: ErasureRun) -> set[UUID]:
    with tenancy.vendor():
        return set(LicensedUser.objects.filter(organization=run.organization_id).values_list("public_id", flat=True))


def _refs(run: ErasureRun) -> set[UUID]:
    """Return whom the run still knows: the people whom its request lists, and those whom the verifier searches for."""
    if run.request.whole:
        return set()
    with tenancy.vendor():
        listed = RequestSubject.objects.filter(request=run.request_id, fenced_at__isnull=False)
        found = set(listed.values_list("licensed_user__public_id", flat=True))
    return found | (set(runs.unseal(run).uuids) if run.identifiers is not None else set())
