"""Where values stand that are wrapped under a key-encryption key: each can be counted, tried, and wrapped anew.

A guard (tests/guards/test_sealed_places.py) fails on a column or a module that wraps and is not named here.
"""

import base64
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import connections, models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import crypto, tenancy
from accounts.models import Document, IdentityProvider, WebhookEndpoint
from accounts.operations import documents, endpoints, providers
from accounts.signin import factors
from contracts.models import Intake
from contracts.operations import intakes
from retention import ledger
from retention.models import DataKey, ErasureRun, Export, ExternalStore, SubjectRequest
from retention.operations import exports, external, keys, subject_facts

SAMPLE = 5


@dataclass(frozen=True, slots=True)
class Walked:
    """What one chunk met: the key of its last row, how many rows, and values wrapped anew or not to be opened."""

    last: str
    rows: int
    changed: int
    failed: int


class Place(ABC):
    """A kind of values under a key-encryption key. All methods run in :meth:`scope`."""

    name: str
    title: str | Promise
    database = "default"

    def scope(self) -> AbstractContextManager[None]:
        """Return the scope that sees the place: the whole vendor's, of its own database."""
        return ledger.vendor() if self.database == ledger.ALIAS else tenancy.vendor()

    @abstractmethod
    def versions(self) -> Counter[int]:
        """Return how many values are under each version."""

    @abstractmethod
    def used(self) -> set[int]:
        """Return the versions that some value is under, more cheaply than by counting."""

    @abstractmethod
    def older(self, target: int) -> int:
        """Return how many values are under a version below the target."""

    @abstractmethod
    def opens(self, version: int, own: crypto.KeyEncryptionKeys) -> bool:
        """Say whether some value under a version opens with the keys; a few are tried."""

    @abstractmethod
    def rewrap(self, after: str, *, target: int, limit: int, own: crypto.KeyEncryptionKeys) -> Walked:
        """Wrap the next values below the target anew, in the order of their rows' keys, ``after`` a row ("": all).

        Rows that others hold are passed over, and rows that are gone stay gone: a value is written only over the very
        one that was read.
        """


@dataclass(frozen=True, slots=True)
class Columns(Place):
    """Values in a table of ours: the bytes in one column, the version in another. ``context`` binds them to a row."""

    name: str
    title: str | Promise
    model: type[models.Model]
    value: str
    version: str
    context: Callable[[Any], bytes]
    related: tuple[str, ...] = ()
    database: str = "default"

    def versions(self) -> Counter[int]:
        counted = self._rows().values_list(self.version).annotate(count=models.Count("pk")).order_by()
        return Counter(dict(counted))

    def used(self) -> set[int]:
        """Ask for the next higher version until there is none: where the version is indexed, a look at the index."""
        found: set[int] = set()
        while True:
            above = {f"{self.version}__gt": max(found)} if found else {}
            following = self._rows().filter(**above).aggregate(version=models.Min(self.version))["version"]
            if following is None:
                return found
            found.add(following)

    def older(self, target: int) -> int:
        return self._below(target).count()

    def opens(self, version: int, own: crypto.KeyEncryptionKeys) -> bool:
        rows = self._rows().filter(**{self.version: version}).order_by("-pk")[:SAMPLE]
        return any(self._opened(row, own) is not None for row in rows)

    def rewrap(self, after: str, *, target: int, limit: int, own: crypto.KeyEncryptionKeys) -> Walked:
        rows = self._below(target).order_by("pk")
        if after:
            rows = rows.filter(pk__gt=self.model._meta.pk.to_python(after))
        found = list(rows.select_for_update(of=("self",), skip_locked=True)[:limit])
        anew: list[tuple[Any, bytes, bytes, int]] = []
        for row in found:
            secret = self._opened(row, own)
            if secret is not None:
                wrapped = own.wrap(secret, context=self.context(row))
                anew.append((row.pk, bytes(getattr(row, self.value)), wrapped.ciphertext, wrapped.version))
        changed = self._write(anew) if anew else 0
        return Walked(str(found[-1].pk) if found else after, len(found), changed, len(found) - len(anew))

    def _rows(self) -> models.QuerySet[Any]:
        sealed = {f"{self.version}__isnull": False, f"{self.value}__isnull": False}
        rows = self.model._default_manager.filter(**sealed)
        return rows.select_related(*self.related) if self.related else rows

    def _below(self, target: int) -> models.QuerySet[Any]:
        return self._rows().filter(**{f"{self.version}__lt": target})

    def _opened(self, row: Any, own: crypto.KeyEncryptionKeys) -> bytes | None:
        wrapped = crypto.WrappedKey(getattr(row, self.version), bytes(getattr(row, self.value)))
        try:
            return own.unwrap(wrapped, context=self.context(row))
        except (crypto.DecryptionFailed, crypto.UnknownKeyVersion):
            return None

    def _write(self, anew: list[tuple[Any, bytes, bytes, int]]) -> int:
        meta = self.model._meta
        kind = "uuid" if isinstance(meta.pk, models.UUIDField) else "bigint"
        ids, old, new, versions = zip(*anew, strict=True)
        with connections[self.database].cursor() as cursor:
            cursor.execute(
                f"UPDATE {meta.db_table} AS t SET {self.value} = v.anew, {self.version} = v.version "
                f"FROM unnest(%s::{kind}[], %s::bytea[], %s::bytea[], %s::integer[]) AS v(id, old, anew, version) "
                f"WHERE t.{meta.pk.column} = v.id AND t.{self.value} = v.old",
                [list(ids), list(old), list(new), list(versions)],
            )
            return int(cursor.rowcount)


_SEALED = re.compile(r"([1-9][0-9]{0,8}):([A-Za-z0-9+/]+={0,2})")


class Factors(Place):
    """What second factors are made from: texts of the form ``version:base64`` within the library's JSON."""

    name = "second_factors"
    title = _("Second factors")

    def versions(self) -> Counter[int]:
        return Counter(version for row in self._rows() for version in self._in(row.data))

    def used(self) -> set[int]:
        return set(self.versions())

    def older(self, target: int) -> int:
        return sum(count for version, count in self.versions().items() if version < target)

    def opens(self, version: int, own: crypto.KeyEncryptionKeys) -> bool:
        rows = [row for row in self._rows() if version in self._in(row.data)]
        return any(self._anew(row.data, version + 1, own)[1] for row in rows[-SAMPLE:])

    def rewrap(self, after: str, *, target: int, limit: int, own: crypto.KeyEncryptionKeys) -> Walked:
        rows = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).order_by("pk")
        found = list(rows.filter(pk__gt=int(after or 0)).select_for_update(of=("self",), skip_locked=True)[:limit])
        changed = failed = 0
        for row in found:
            data, here, not_opened = self._anew(row.data, target, own)
            if here:
                Authenticator.objects.filter(pk=row.pk, data=row.data).update(data=data)
            changed, failed = changed + here, failed + not_opened
        return Walked(str(found[-1].pk) if found else after, len(found), changed, failed)

    def _rows(self) -> Iterator[Any]:
        """Yield those that hold a secret: a passkey is a public key. A member has one or two."""
        return iter(Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).order_by("pk").iterator())

    def _in(self, data: Any) -> Iterator[int]:
        """Yield the version of each sealed text, however deep."""
        if isinstance(data, dict | list):
            for part in data.values() if isinstance(data, dict) else data:
                yield from self._in(part)
        elif isinstance(data, str) and (match := _SEALED.fullmatch(data)):
            yield int(match[1])

    def _anew(self, data: Any, target: int, own: crypto.KeyEncryptionKeys) -> tuple[Any, int, int]:
        """Return the data with what is below the target wrapped anew, and how many texts were, and did not open."""
        if isinstance(data, dict):
            parts = {name: self._anew(part, target, own) for name, part in data.items()}
            counts = parts.values()
            return {name: part[0] for name, part in parts.items()}, sum(p[1] for p in counts), sum(p[2] for p in counts)
        if isinstance(data, list):
            listed = [self._anew(part, target, own) for part in data]
            return [part[0] for part in listed], sum(p[1] for p in listed), sum(p[2] for p in listed)
        match = _SEALED.fullmatch(data) if isinstance(data, str) else None
        if match is None or int(match[1]) >= target:
            return data, 0, 0
        try:
            wrapped = crypto.WrappedKey(int(match[1]), base64.b64decode(match[2]))
            text = own.unwrap(wrapped, context=factors.PLACE)
        except (ValueError, crypto.DecryptionFailed, crypto.UnknownKeyVersion):
            return data, 0, 1
        sealed = own.wrap(text, context=factors.PLACE)
        return f"{sealed.version}:{base64.b64encode(sealed.ciphertext).decode()}", 1, 0


def _of_a_run(run: Any) -> bytes:
    return crypto.context("erasure identifiers", str(run.public_id))


# In this order they are walked: the ledger's keys, which are the most, last.
PLACES: tuple[Place, ...] = (
    Factors(),
    Columns(
        "identity_providers",
        _("Secrets of identity providers"),
        IdentityProvider,
        "sealed_secret",
        "key_version",
        providers.secret_context,
    ),
    Columns(
        "webhook_secrets",
        _("Secrets of webhooks"),
        WebhookEndpoint,
        "secret",
        "secret_version",
        lambda row: endpoints.secret_context(str(row.public_id)),
    ),
    Columns(
        "old_webhook_secrets",
        _("Old secrets of webhooks"),
        WebhookEndpoint,
        "old_secret",
        "old_secret_version",
        lambda row: endpoints.secret_context(str(row.public_id)),
    ),
    Columns(
        "external_stores",
        _("Secrets of external stores"),
        ExternalStore,
        "secret",
        "secret_version",
        external.secret_context,
    ),
    Columns(
        "intakes",
        _("Letters received"),
        Intake,
        "wrapped_key",
        "key_version",
        lambda row: intakes.sealed_context(row.public_id, "key"),
    ),
    Columns(
        "subject_requests",
        _("Requests of people"),
        SubjectRequest,
        "wrapped_key",
        "key_version",
        lambda row: subject_facts.sealed_context(row.public_id, "key"),
    ),
    Columns(
        "documents",
        _("Documents"),
        Document,
        "wrapped_key",
        "key_version",
        lambda row: documents.key_context(row.organization.public_id, row.public_id),
        related=("organization",),
    ),
    Columns(
        "exports",
        _("Exports"),
        Export,
        "wrapped_key",
        "key_version",
        lambda row: exports.key_context(row.organization.public_id, row.public_id),
        related=("organization",),
    ),
    Columns(
        "erasure_identifiers",
        _("Identifiers of erasure runs"),
        ErasureRun,
        "identifiers_key",
        "identifiers_key_version",
        _of_a_run,
    ),
    Columns(
        "data_keys",
        _("Data keys"),
        DataKey,
        "wrapped",
        "key_version",
        lambda row: keys.key_context(row.organization_ref, row.subject_ref, row.id),
        database=ledger.ALIAS,
    ),
)
BY_NAME = {place.name: place for place in PLACES}
