"""Stores beyond the vault: added, changed, switched, tested; the connector of one, and whom an erasure means there."""

import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import datetime
from typing import Any

from django.conf import settings as configuration
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts import crypto, outbound, tenancy
from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import LicensedUser, Organization
from accounts.operations import audit
from accounts.rules import addresses, checks, provider_checks
from retention.connectors.bucket import BucketStore
from retention.connectors.postgresql import PostgresStore
from retention.connectors.protocol import Connector, Person, StoreMisconfigured, Target
from retention.connectors.service import ServiceStore
from retention.enums import StoreFault, StoreKind
from retention.models import ExternalStore
from retention.operations.attesting import ManualStore
from retention.rules.stores import bucket, manual, postgresql, service

LONGEST_SETTINGS = 500_000  # characters of JSON
MOST_POSITION = 32_000
CHANGEABLE = ("name", "position", "settings", "holds", "location", "processor")
# Settings that say whom the secret is shown to, and how well: changed, the secret is asked for again.
ADDRESS: Mapping[str, tuple[str, ...]] = {
    StoreKind.POSTGRESQL: ("host", "port", "database", "user", "tls", "authority"),
    StoreKind.S3: ("endpoint", "region", "bucket", "access_key"),
    StoreKind.HTTP: ("url",),
    StoreKind.MANUAL: (),
}


@transaction.atomic
def create(
    *,
    code: str,
    name: str,
    kind: str,
    settings: Any,
    holds: str,
    location: str,
    processor: str = "",
    position: int = 0,
    secret: str = "",
    now: datetime,
    by: str,
) -> ExternalStore:
    """Add a store: from now on every erasure empties it too. Its secret is sealed and never shown.

    :raises InvalidInput: a field is wrong; those of the settings begin with ``settings``.
    :raises Refused: the code is taken.
    """
    faults = [FieldError("code", fault.code, fault.message) for fault in provider_checks.slug(code)]
    faults += checks.one_of("kind", kind, StoreKind.values)
    faults += _faults(name=name, holds=holds, location=location, processor=processor, position=position)
    if kind in StoreKind.values:
        faults += _settings_faults(kind, settings) + _secret_faults(kind, secret)
    if faults:
        raise InvalidInput(faults)
    row = ExternalStore(
        code=code,
        name=name,
        kind=kind,
        settings=settings,
        holds=holds,
        location=location,
        processor=processor,
        position=position,
        created_by=by,
        created_at=now,
    )
    _seal(row, secret)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Refused("This code is taken.", code="code_taken") from error
    audit.record("external_store.added", row, by=by, at=now, data={"code": code, "kind": kind})
    return row


@transaction.atomic
def change(store: ExternalStore, *, now: datetime, by: str, secret: str | None = None, **values: Any) -> ExternalStore:
    """Change what is given. An empty secret stays as it is; another address needs it given again.

    What the last test of the connection found is forgotten. The same again writes nothing.

    :raises InvalidInput: a field is wrong.
    """
    row = ExternalStore.objects.select_for_update().get(pk=store.pk)
    wanted = {field: value for field, value in values.items() if field in CHANGEABLE and getattr(row, field) != value}
    faults = _faults(**{field: value for field, value in wanted.items() if field != "settings"})
    if "settings" in wanted:
        faults += _settings_faults(row.kind, wanted["settings"])
    if secret:
        faults += _secret_faults(row.kind, secret)
    elif row.secret is not None and not faults and _leads_elsewhere(row, wanted.get("settings")):
        # Nobody sends a secret that they may not read to an address of their own.
        faults.append(FieldError("secret", "required", "Another address needs the secret given anew."))
    if faults:
        raise InvalidInput(faults)
    for field, value in wanted.items():
        setattr(row, field, value)
    changed = sorted(wanted) + (["secret"] if secret else [])
    if secret:
        _seal(row, secret)
    if secret or "settings" in wanted:
        row.checked_at, row.check_faults = None, []
    if changed:
        row.save()
        audit.record("external_store.changed", row, by=by, at=now, data={"code": row.code, "changed": changed})
    return row


@transaction.atomic
def switch(store: ExternalStore, *, on: bool, now: datetime, by: str) -> ExternalStore:
    """Empty a store again, or no more. One that is disabled says since when. :raises Refused: it is so already."""
    standing = ExternalStore.objects.filter(pk=store.pk).exclude(enabled=on)
    if not standing.update(enabled=on, disabled_at=None if on else now):
        raise Refused("This is so already.", code="store_unchanged")
    store.refresh_from_db()
    name = "external_store.enabled" if on else "external_store.disabled"
    audit.record(name, store, by=by, at=now, data={"code": store.code})
    return store


def test(store: ExternalStore, *, now: datetime, by: str) -> ExternalStore:
    """Try the connection and keep what was seen. Nothing is locked while the store is asked.

    :raises Refused: the store was changed meanwhile: what was seen is of something else.
    """
    seen = ExternalStore.objects.get(pk=store.pk)
    return _note(seen, _tried(seen, now=now), now=now, by=by)


def connector_for(store: ExternalStore, *, now: datetime) -> Connector:
    """Return the connector of a store; ``contextlib.closing`` gives back what it holds.

    :raises StoreMisconfigured: its settings are not what they must be any more, or its secret does not open.
    """
    try:
        match store.kind:
            case StoreKind.POSTGRESQL:
                return PostgresStore(postgresql.read(store.settings), secret_of(store))
            case StoreKind.S3:
                return BucketStore(bucket.read(store.settings), secret_of(store))
            case StoreKind.HTTP:
                private = configuration.WEBHOOK_ALLOW_PRIVATE
                found = service.read(store.settings, allow_private=private)
                return ServiceStore(found, service.key(secret_of(store)), now=now, allow_private=private)
            case _:
                return ManualStore(store, manual.read(store.settings))
    except InvalidInput as error:
        raise StoreMisconfigured(StoreFault.SETTINGS, error.errors[0].field) from None


def spares(store: ExternalStore, category: str) -> bool | None:
    """Say whether a store can leave out single people of what it erases by age; ``None``: not of this category.

    :raises InvalidInput: its settings are not what they must be any more.
    """
    match store.kind:
        case StoreKind.POSTGRESQL:
            return True if category in postgresql.read(store.settings).categories else None
        case StoreKind.S3:
            kept = bucket.read(store.settings).by_age.get(category)
            return None if kept is None else bool(kept.person_prefixes)
        case StoreKind.HTTP:
            found = service.read(store.settings, allow_private=configuration.WEBHOOK_ALLOW_PRIVATE)
            return found.spares if category in found.categories else None
        case _:
            return None


def enabled() -> QuerySet[ExternalStore]:
    """Return the stores that an erasure empties, in their order."""
    return ExternalStore.objects.filter(enabled=True).order_by("position", "pk")


def target_of(
    organization: Organization, people: Iterable[LicensedUser] | None = None, *, terms: Iterable[str] = ()
) -> Target:
    """Return whose data is meant: single people of an organization, or without them all of it.

    A registration number that a client of another country has too names nobody: then it is left out, and a store that
    goes by it is misconfigured. Reads in the vendor's scope.
    """
    with tenancy.vendor():
        same = Organization.objects.filter(registration_number=organization.registration_number).count()
    return Target(
        organization.public_id,
        None if people is None else tuple(_person(one) for one in people),
        organization.registration_number if same == 1 else "",
        frozenset(terms),
    )


def _person(user: LicensedUser) -> Person:
    # What the client's identity provider calls somebody is often an address.
    named = [text for text in (user.email, user.user_name) if text and not checks.email("email", text)]
    return Person(user.public_id, user.external_id, tuple(dict.fromkeys(named)), user.user_name)


def _tried(store: ExternalStore, *, now: datetime) -> list[FieldError]:
    try:
        with closing(connector_for(store, now=now)) as connector:
            return connector.check()
    except StoreMisconfigured as error:
        field = "secret" if error.fault == StoreFault.CREDENTIALS else error.place or "settings"
        return [FieldError(field, error.fault.value, str(error.fault.label))]


@transaction.atomic
def _note(seen: ExternalStore, faults: list[FieldError], *, now: datetime, by: str) -> ExternalStore:
    row = ExternalStore.objects.select_for_update().get(pk=seen.pk)
    if (row.settings, row.secret) != (seen.settings, seen.secret):
        raise Refused("The store was changed meanwhile: test it again.", code="store_changed")
    row.checked_at = now
    row.check_faults = [{"field": one.field, "code": one.code, "message": one.message} for one in faults]
    row.save(update_fields=["checked_at", "check_faults"])
    data = {"code": row.code, "faults": [one.code for one in faults]}
    audit.record("external_store.tested", row, by=by, at=now, data=data)
    return row


def _faults(**values: Any) -> list[FieldError]:
    found: list[FieldError] = []
    for field, longest in (("name", 200), ("holds", 1000), ("location", 200)):
        if field in values:
            found += checks.text(field, values[field], longest=longest)
    if "processor" in values:
        found += checks.text("processor", values["processor"], may_be_empty=True)
    if "position" in values and not 0 <= values["position"] <= MOST_POSITION:
        found.append(FieldError("position", "out_of_range", phrase("From 0 to %(most)s.", most=MOST_POSITION)))
    return found


def _settings_faults(kind: str, settings: Any) -> list[FieldError]:
    if len(json.dumps(settings)) > LONGEST_SETTINGS:
        return [
            FieldError("settings", "too_long", phrase("At most %(most)s characters of JSON.", most=LONGEST_SETTINGS))
        ]
    try:
        match kind:
            case StoreKind.POSTGRESQL:
                postgresql.read(settings)
            case StoreKind.S3:
                bucket.read(settings)
            case StoreKind.HTTP:
                private = configuration.WEBHOOK_ALLOW_PRIVATE
                found = service.read(settings, allow_private=private)
                if not private and outbound.leads_inside(found.url):
                    raise InvalidInput([addresses.forbidden("url")])
            case _:
                manual.read(settings)
    except InvalidInput as error:
        return [
            FieldError(
                fault.field if fault.field == "settings" else f"settings.{fault.field}", fault.code, fault.message
            )
            for fault in error.errors
        ]
    return []


def _secret_faults(kind: str, secret: str) -> list[FieldError]:
    match kind:
        case StoreKind.POSTGRESQL:  # a database may let in by other means
            wrong = len(secret) > 1000 or not secret.isprintable()
            return [FieldError("secret", "invalid_secret", "At most 1000 characters in one line.")] if wrong else []
        case StoreKind.S3:
            return provider_checks.credential("secret", secret, longest=200)
        case StoreKind.HTTP:
            try:
                service.key(secret)
            except ValueError:
                message = phrase("whsec_ and base64 of 24 to 64 bytes, as Standard Webhooks writes a secret.")
                return [FieldError("secret", "invalid_secret", message)]
            return []
    return [FieldError("secret", "no_secret", "This kind of store has none.")] if secret else []


def _leads_elsewhere(row: ExternalStore, settings: Any) -> bool:
    if settings is None:
        return False
    return any(row.settings.get(name) != settings.get(name) for name in ADDRESS[row.kind])


def _seal(row: ExternalStore, secret: str) -> None:
    if not secret:
        return
    wrapped = _keys().wrap(secret.encode(), context=secret_context(row))
    row.secret, row.secret_version = wrapped.ciphertext, wrapped.version


def secret_of(store: ExternalStore) -> str:
    """Return the secret; empty where there is none. :raises StoreMisconfigured: it does not open."""
    if store.secret is None:
        return ""
    wrapped = crypto.WrappedKey(store.secret_version or 0, bytes(store.secret))
    try:
        return _keys().unwrap(wrapped, context=secret_context(store)).decode()
    except (crypto.UnknownKeyVersion, crypto.DecryptionFailed):
        raise StoreMisconfigured(StoreFault.CREDENTIALS) from None


def secret_context(row: ExternalStore) -> bytes:
    """Return the place that a store's secret is bound to."""
    return crypto.context("external store", str(row.public_id))


def _keys() -> crypto.KeyEncryptionKeys:
    return crypto.KeyEncryptionKeys.from_text(configuration.KEY_ENCRYPTION_KEYS)
