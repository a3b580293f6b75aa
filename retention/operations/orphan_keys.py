"""Orphan keys: made in the ledger for a person or an organization that this database never had, or has no more."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet

from accounts import tenancy
from accounts.models import LicensedUser, Organization
from accounts.operations import audit
from retention import ledger
from retention.models import DataKey, LedgerHead, Restore, Vault
from retention.operations.ledger_older import CONTENT

EVERY = timedelta(days=1)
# A writer commits its key first and its content soon after: no transaction lasts so long.
AGE = timedelta(days=1)
BATCH = 1000


def due(*, at: datetime) -> QuerySet[LedgerHead]:
    """Return the head if the keys were not looked at for a day, and no restore was noticed lately.

    Who restored the wrong backup restores another one after it: until the horizon has passed, keys that this database
    does not know may be those of the next one.
    """
    if Restore.objects.filter(noticed_at__gt=at - settings.BACKUP_HORIZON).exists():
        return LedgerHead.objects.none()
    return LedgerHead.objects.filter(Q(orphans_sought_at__isnull=True) | Q(orphans_sought_at__lte=at - EVERY))


def sweep(*, now: datetime, by: str) -> int:
    """Look through all keys; destroy those that are orphans; return how many. Opens scopes of its own on both."""
    destroyed, after = 0, UUID(int=0)
    while True:
        with ledger.vendor():
            old = DataKey.objects.filter(created_at__lte=now - AGE, pk__gt=after).order_by("pk")
            batch = list(old.values_list("pk", "organization_ref", "subject_ref")[:BATCH])
        if not batch:
            break
        after = batch[-1][0]
        for organization_ref, ids in _suspects(batch).items():
            destroyed += _destroy(organization_ref, ids, now=now, by=by)
    with tenancy.vendor():
        LedgerHead.objects.filter(pk=1).update(orphans_sought_at=now)
    return destroyed


def _suspects(batch: list[tuple[UUID, UUID, UUID | None]]) -> dict[UUID, set[UUID]]:
    """Return the keys whose person, or whose organization, is not here; by organization."""
    with tenancy.vendor():
        refs = {ref for _pk, ref, _subject in batch}
        organizations = set(Organization.objects.filter(public_id__in=refs).values_list("public_id", flat=True))
        subjects = {subject for _pk, _ref, subject in batch if subject is not None}
        people = set(LicensedUser.objects.filter(public_id__in=subjects).values_list("public_id", flat=True))
    found: dict[UUID, set[UUID]] = {}
    for pk, ref, subject in batch:
        if ref not in organizations or (subject is not None and subject not in people):
            found.setdefault(ref, set()).add(pk)
    return found


def _destroy(organization_ref: UUID, ids: set[UUID], *, now: datetime, by: str) -> int:
    """Look again with the vault locked, which waits for every writer inside, and destroy what is an orphan still."""
    with tenancy.vendor():
        organization = Organization.objects.filter(public_id=organization_ref).first()
    if organization is None:
        return _delete(organization_ref, ids)
    with tenancy.eraser(organization.pk):
        try:
            with transaction.atomic():
                list(Vault.objects.select_for_update(nowait=True).filter(organization=organization))
        except OperationalError:  # somebody is writing or exporting: another day
            return 0
        orphans = ids - _used(organization.pk) - _of_people(organization, ids)
        count = _delete(organization_ref, orphans)
        if count:
            audit.record("ledger.orphan_keys_destroyed", organization, by=by, at=now, data={"keys": count})
        return count


def _of_people(organization: Organization, ids: set[UUID]) -> set[UUID]:
    """Return those of the keys whose person is here after all."""
    with ledger.tenant(organization.public_id):
        subjects = dict(DataKey.objects.filter(pk__in=ids).values_list("pk", "subject_ref"))
    wanted = {ref for ref in subjects.values() if ref is not None}
    found = LicensedUser.objects.filter(organization=organization, public_id__in=wanted)
    here = set(found.values_list("public_id", flat=True))
    return {pk for pk, subject in subjects.items() if subject in here}


def _used(organization_id: int) -> set[UUID]:
    with connection.cursor() as cursor:
        each = (f"SELECT key_id FROM {table} WHERE organization_id = %(id)s AND sealed <> ''" for table in CONTENT)
        cursor.execute(" UNION ".join(each), {"id": organization_id})
        return {row[0] for row in cursor.fetchall()}


def _delete(organization_ref: UUID, ids: set[UUID]) -> int:
    with ledger.eraser(organization_ref):
        found = DataKey.objects.filter(organization_ref=organization_ref, pk__in=ids)
        return found._raw_delete(using=ledger.ALIAS) if ids else 0
