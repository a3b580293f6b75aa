"""Data keys: made lazily in the ledger, unwrapped for a batch, forgotten after a minute at most."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import Q

from accounts import crypto
from accounts.errors import Refused
from accounts.models import LicensedUser, Organization
from retention import ledger
from retention.models import DataKey


class ContentDestroyed(Refused):
    """The key that would open the content is gone from the ledger: nobody can read it any more."""

    code = "content_destroyed"


@dataclass(frozen=True, slots=True)
class Key:
    """A data key and its id in the ledger. The secret is not shown when the key is printed."""

    id: UUID
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.id})"


class _Cache:
    """Unwrapped keys of this process by organization, each kept ``DATA_KEY_CACHE`` from its unwrapping."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[UUID, dict[UUID, tuple[bytes, float]]] = {}

    def get(self, organization_ref: UUID, key_ids: Iterable[UUID]) -> dict[UUID, bytes]:
        at = time.monotonic()
        with self._lock:
            kept = self._kept.get(organization_ref, {})
            return {id_: kept[id_][0] for id_ in key_ids if id_ in kept and kept[id_][1] > at}

    def put(self, organization_ref: UUID, secrets: dict[UUID, bytes]) -> None:
        at = time.monotonic()
        until = at + settings.DATA_KEY_CACHE.total_seconds()
        with self._lock:
            # Expired secrets of every organization go now: none stays in memory because nobody asks for it again.
            for ref in list(self._kept):
                left = {id_: entry for id_, entry in self._kept[ref].items() if entry[1] > at}
                if left:
                    self._kept[ref] = left
                else:
                    del self._kept[ref]
            self._kept.setdefault(organization_ref, {}).update({id_: (s, until) for id_, s in secrets.items()})

    def drop(self, organization_ref: UUID) -> None:
        with self._lock:
            self._kept.pop(organization_ref, None)


_cache = _Cache()


def for_writing(
    organization: Organization, subjects: Iterable[LicensedUser | None], *, now: datetime
) -> dict[int | None, Key]:
    """Return the key of each subject (``None``: the organization's own), by the subject's internal key.

    What is missing is made and committed in the ledger before this returns: key first, content after, so that no row
    is ever sealed with a key that a rollback took away. Two writers at once agree on one key. The caller holds the
    vault's fence (:func:`retention.operations.vault.enter`), else a key might be made anew while its scope is being
    destroyed. Which keys stand is always read from the ledger; only the unwrapping is cached.
    """
    owners = {None if s is None else s.public_id: None if s is None else s.pk for s in subjects}
    if not owners:
        return {}
    with ledger.tenant(organization.public_id):
        rows = _rows_of(organization.public_id, owners)
        missing = owners.keys() - {row.subject_ref for row in rows}
        if missing:
            # In one order for everybody: two writers that wait for each other's keys would deadlock.
            ordered = sorted(missing, key=lambda ref: (ref is not None, str(ref)))
            new = [_new(organization.public_id, ref, now=now) for ref in ordered]
            DataKey.objects.bulk_create(new, ignore_conflicts=True)
            rows = _rows_of(organization.public_id, owners)
    secrets = _unwrapped(organization.public_id, rows)
    return {owners[row.subject_ref]: Key(row.id, secrets[row.id]) for row in rows}


def for_reading(organization: Organization, key_ids: Iterable[UUID]) -> dict[UUID, bytes]:
    """Return the secrets of these keys. One read of the ledger at most; none when all are cached.

    :raises ContentDestroyed: a key is not in the ledger: it was destroyed, and what it sealed with it.
    """
    wanted = set(key_ids)
    found = _cache.get(organization.public_id, wanted)
    missing = wanted - found.keys()
    if missing:
        with ledger.tenant(organization.public_id):
            rows = list(DataKey.objects.filter(organization_ref=organization.public_id, pk__in=missing))
        found |= _unwrapped(organization.public_id, rows)
    if len(found) < len(wanted):
        raise ContentDestroyed(
            "The keys of this content were destroyed: it cannot be read any more.", keys=len(wanted) - len(found)
        )
    return found


def forget(organization: Organization) -> None:
    """Drop the organization's unwrapped keys from this process now; other processes drop theirs within the minute."""
    _cache.drop(organization.public_id)


def key_encryption_keys() -> crypto.KeyEncryptionKeys:
    """Return the keys that wrap data keys, from the settings."""
    return _parsed(settings.KEY_ENCRYPTION_KEYS)


def _rows_of(organization_ref: UUID, subject_refs: Iterable[UUID | None]) -> list[DataKey]:
    refs = set(subject_refs)
    which = Q(subject_ref__in=refs - {None})
    if None in refs:
        which |= Q(subject_ref__isnull=True)
    return list(DataKey.objects.filter(which, organization_ref=organization_ref))


def _new(organization_ref: UUID, subject_ref: UUID | None, *, now: datetime) -> DataKey:
    key_id = uuid4()
    context = key_context(organization_ref, subject_ref, key_id)
    wrapped = key_encryption_keys().wrap(crypto.new_data_key(), context=context)
    return DataKey(
        id=key_id,
        organization_ref=organization_ref,
        subject_ref=subject_ref,
        wrapped=wrapped.ciphertext,
        key_version=wrapped.version,
        created_at=now,
    )


def _unwrapped(organization_ref: UUID, rows: list[DataKey]) -> dict[UUID, bytes]:
    found = _cache.get(organization_ref, [row.id for row in rows])
    fresh = {row.id: _unwrap(row) for row in rows if row.id not in found}
    if fresh:
        _cache.put(organization_ref, fresh)
    return found | fresh


def _unwrap(row: DataKey) -> bytes:
    wrapped = crypto.WrappedKey(row.key_version, bytes(row.wrapped))
    context = key_context(row.organization_ref, row.subject_ref, row.id)
    return key_encryption_keys().unwrap(wrapped, context=context)


def key_context(organization_ref: UUID, subject_ref: UUID | None, key_id: UUID) -> bytes:
    """Return what a data key of the ledger is bound to."""
    return crypto.context("data_key", str(organization_ref), str(subject_ref or ""), str(key_id))


@lru_cache(maxsize=2)
def _parsed(text: str) -> crypto.KeyEncryptionKeys:
    return crypto.KeyEncryptionKeys.from_text(text)
