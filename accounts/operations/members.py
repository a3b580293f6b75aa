"""Members: who signs in, for the vendor or for a client, and in what role."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.enums import CLIENT_ROLES, Language, Role
from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import ApiToken, Membership, Organization, User
from accounts.operations import audit, signing_in, tokens
from accounts.rules import checks


@transaction.atomic
def add(
    *,
    email: str,
    name: str,
    role: Role,
    organization: Organization | None,
    now: datetime,
    by: str,
    password: str | None = None,
    language: str = Language.ENGLISH.value,
) -> User:
    """Give a person a role, and a sign-in if there is none; without a password nobody can sign in with it.

    A person works in one place: for the vendor, or for one client.

    :raises InvalidInput: a field is wrong, the password is weak, or the role belongs to the other side.
    :raises Refused: the person works elsewhere, has this role already, or was added by somebody else at this moment.
    """
    faults = [
        *checks.email("email", email),
        *checks.text("name", name),
        *checks.one_of("language", language, Language.values),
    ]
    if (organization is not None) != (role in CLIENT_ROLES):
        faults.append(FieldError("role", "other_side", "This role belongs to the other side of the contract."))
    person = User(email=email, name=name, language=language, created_at=now)
    person.joining = organization
    if faults:
        raise InvalidInput(faults + _weaknesses(password, person))
    known = User.objects.by_address(email)
    if known is not None:
        known = User.objects.select_for_update(no_key=True).get(pk=known.pk)
    user = known or _signing_in(person, password)
    homes = Membership.objects.filter(user=user)
    if homes.exclude(organization=organization).exists():
        raise Refused("This person works elsewhere.", code="member_elsewhere")
    membership, made = Membership.objects.get_or_create(
        user=user, organization=organization, role=role.value, defaults={"created_at": now}
    )
    if not made:
        raise Refused("This person has this role already.", code="member_exists")
    audit.record("member.added", membership, by=by, at=now, data={"user": str(user.public_id), "role": role.value})
    return user


@transaction.atomic
def remove(membership: Membership, *, now: datetime, by: str) -> None:
    """Take a role away, and end the person's sessions at once; with the last role their personal tokens end for good.

    :raises Refused: it is the vendor's last administrator, or was taken away already.
    """
    # All administrators are locked in one order, so that of two who remove each other only one does.
    administrators = Membership.objects.select_for_update(of=("self",)).filter(role=Role.ADMINISTRATOR).order_by("pk")
    if membership.role == Role.ADMINISTRATOR:
        working = [other.pk for other in administrators.select_related("user") if other.user.is_active]
        if not set(working) - {membership.pk}:
            raise Refused("The last administrator stays.", code="last_administrator")
    locked = Membership.objects.select_for_update(of=("self",)).select_related("user").filter(pk=membership.pk).first()
    if locked is None:
        raise Refused("This role was taken away already.", code="member_gone")
    data = {"user": str(locked.user.public_id), "role": locked.role}
    audit.record("member.removed", locked, by=by, at=now, data=data)
    locked.delete()
    signing_in.end_sessions(locked.user, now=now, by=by)
    if not Membership.objects.filter(user=locked.user).exists():  # whoever comes back is issued new ones
        for token in ApiToken.objects.filter(user=locked.user, revoked_at__isnull=True).order_by("pk"):
            tokens.revoke(token, now=now, by=by)


def _signing_in(person: User, password: str | None) -> User:
    """Store somebody new. :raises InvalidInput: the password is weak. :raises Refused: they have just been added."""
    if faults := _weaknesses(password, person):
        raise InvalidInput(faults)
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError as error:
        raise Refused("Somebody has just added this person. Try again.", code="member_just_added") from error
    return person


def _weaknesses(password: str | None, user: User) -> list[FieldError]:
    if password is None:
        return []
    try:
        validate_password(password, user)
    except ValidationError as error:
        return [FieldError("password", "weak", str(message)) for message in error.messages]
    return []
