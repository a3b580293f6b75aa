"""Identity providers: added, changed, switched on and off; which one binds a person; who a subject of one is."""

from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse

from accounts import crypto
from accounts.enums import Role
from accounts.errors import FieldError, Refused
from accounts.errors import InvalidInput as Invalid
from accounts.models import IdentityProvider, Organization, User
from accounts.operations import audit
from accounts.rules import checks, provider_checks

CHANGEABLE = ("name", "issuer", "client_id", "enforced", "checks_second_factor")


@transaction.atomic
def create(
    *,
    organization: Organization | None,
    slug: str,
    name: str,
    issuer: str,
    client_id: str,
    client_secret: str,
    now: datetime,
    by: str,
    enforced: bool = False,
    checks_second_factor: bool = False,
) -> IdentityProvider:
    """Add the provider of a client, or of the vendor's staff. Its secret is sealed and never shown.

    :raises InvalidInput: a field is wrong. :raises Refused: the short name is taken.
    """
    faults = [*provider_checks.slug(slug), *_faults(name=name, issuer=issuer, client_id=client_id)]
    if faults := [*faults, *_secret_faults(client_secret)]:
        raise Invalid(faults)
    row = IdentityProvider(
        organization=organization,
        slug=slug,
        name=name,
        issuer=issuer,
        client_id=client_id,
        enforced=enforced,
        checks_second_factor=checks_second_factor,
        created_at=now,
    )
    _seal(row, client_secret)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Refused("This short name is taken.", code="slug_taken") from error
    data = {"slug": slug, "enforced": enforced, "checks_second_factor": checks_second_factor}
    audit.record("identity_provider.added", row, by=by, at=now, data=data)
    return row


@transaction.atomic
def change(
    provider: IdentityProvider, *, now: datetime, by: str, client_secret: str | None = None, **values: Any
) -> IdentityProvider:
    """Change what a provider is called, where it is, its credentials, and what it is enough for.

    Another issuer or client id knows people by other subjects: who was known is then matched by e-mail again.

    :raises InvalidInput: a field is wrong. :raises Refused: it is to be the only way in while it is switched off.
    """
    row = IdentityProvider.objects.select_for_update(of=("self",)).select_related("organization").get(pk=provider.pk)
    wanted = {field: value for field, value in values.items() if field in CHANGEABLE and getattr(row, field) != value}
    faults = _faults(**{field: value for field, value in wanted.items() if isinstance(value, str)})
    if client_secret is not None:
        faults += _secret_faults(client_secret)
    elif "issuer" in wanted:  # nobody sends a secret that they may not read to an address of their own
        faults.append(FieldError("client_secret", "required", "Another issuer needs its secret given anew."))
    if faults:
        raise Invalid(faults)
    if wanted.get("enforced") and not row.enabled:
        raise Refused("Switch the provider on first.", code="provider_disabled")
    if wanted.keys() & {"issuer", "client_id"}:
        SocialAccount.objects.filter(provider=row.slug).delete()
    for field, value in wanted.items():
        setattr(row, field, value)
    changed = sorted(wanted)
    if client_secret is not None:
        _seal(row, client_secret)
        changed.append("client_secret")
    if changed:
        row.save()
        audit.record("identity_provider.changed", row, by=by, at=now, data={"slug": row.slug, "changed": changed})
    return row


@transaction.atomic
def switch(provider: IdentityProvider, *, on: bool, now: datetime, by: str) -> IdentityProvider:
    """Switch a provider on or off; one that is off is no longer the only way in.

    :raises Refused: it is so already.
    """
    standing = IdentityProvider.objects.filter(pk=provider.pk).exclude(enabled=on)
    if not standing.update(enabled=on, **({} if on else {"enforced": False})):
        raise Refused("This is so already.", code="provider_unchanged")
    provider.refresh_from_db()
    name = "identity_provider.enabled" if on else "identity_provider.disabled"
    audit.record(name, provider, by=by, at=now, data={"slug": provider.slug})
    return provider


@transaction.atomic
def link(user: User, *, provider: IdentityProvider, subject: str, now: datetime) -> SocialAccount | None:
    """Note that the provider's subject is this person from now on; nothing if the person is another subject's already.

    An address that the provider gave to somebody else does not hand the access on with it.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    known = SocialAccount.objects.filter(user=user, provider=provider.slug).first()
    if known is not None:
        return known if known.uid == subject else None
    made, new = SocialAccount.objects.get_or_create(provider=provider.slug, uid=subject, defaults={"user": user})
    if not new:
        return made if made.user_id == user.pk else None
    by = user.actor
    audit.record("sign_in.linked", user, by=by, at=now, data={"provider": str(provider.public_id)})
    return made


@transaction.atomic
def unlink(user: User, *, now: datetime, by: str) -> None:
    """Forget by which subjects providers know a person: the next sign-in is matched by e-mail again.

    :raises Refused: no provider knows them.
    """
    slugs = sorted(SocialAccount.objects.filter(user=user).values_list("provider", flat=True))
    if not slugs:
        raise Refused("No identity provider knows this person.", code="not_linked")
    SocialAccount.objects.filter(user=user).delete()
    audit.record("sign_in.unlinked", user, by=by, at=now, data={"providers": slugs})


def secret_of(provider: IdentityProvider) -> str:
    """Return the client secret.

    :raises crypto.UnknownKeyVersion: its key is not configured any more.
    :raises crypto.DecryptionFailed: it was changed, or belongs to another provider.
    """
    wrapped = crypto.WrappedKey(provider.key_version, bytes(provider.sealed_secret))
    return _keys().unwrap(wrapped, context=secret_context(provider)).decode()


def redirect_address(provider: IdentityProvider) -> str:
    """Return the address that must be registered at the provider."""
    return f"{settings.PUBLIC_URL}{reverse('openid_connect_callback', args=[provider.slug])}"


def enabled() -> QuerySet[IdentityProvider]:
    return IdentityProvider.objects.filter(enabled=True)


def binding(user: User) -> IdentityProvider | None:
    """Return the provider that is a person's only way in, if there is one.

    The vendor's administrators keep their own way: somebody must be able to come in when the provider does not answer.
    """
    if not user.roles or Role.ADMINISTRATOR in user.roles:
        return None
    return enabled().filter(organization=user.organization_id, enforced=True).order_by("pk").first()


def member_by_address(provider: IdentityProvider, email: str) -> User | None:
    """Return the active member of the provider's own side with this address; nobody else's."""
    user = User.objects.by_address(email)
    return user if user is not None and user.is_active and at_home(provider, user) else None


def at_home(provider: IdentityProvider, user: User) -> bool:
    """Say whether a person works where the provider speaks for."""
    return bool(user.roles) and user.organization_id == provider.organization_id


def _faults(**values: str) -> list[FieldError]:
    found: list[FieldError] = []
    if "name" in values:
        found += checks.text("name", values["name"], longest=200)
    if "issuer" in values:
        found += provider_checks.issuer(values["issuer"], plain_http=settings.SSO_ALLOW_INSECURE)
    if "client_id" in values:
        found += provider_checks.credential("client_id", values["client_id"], longest=255)
    return found


def _secret_faults(secret: str) -> list[FieldError]:
    return provider_checks.credential("client_secret", secret, longest=1000)


def _seal(row: IdentityProvider, secret: str) -> None:
    wrapped = _keys().wrap(secret.encode(), context=secret_context(row))
    row.sealed_secret, row.key_version = wrapped.ciphertext, wrapped.version


def secret_context(row: IdentityProvider) -> bytes:
    """Return what the secret of a provider is bound to."""
    return crypto.context("identity provider", str(row.public_id))


def _keys() -> crypto.KeyEncryptionKeys:
    return crypto.KeyEncryptionKeys.from_text(settings.KEY_ENCRYPTION_KEYS)
