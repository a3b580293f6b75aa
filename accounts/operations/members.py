"""Members: who signs in, for the vendor or for a client, and in what role."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.enums import CLIENT_ROLES, Language, Role
from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import Membership, Organization, User
from accounts.operations import audit
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
    :raises Refused: the person works elsewhere, or has this role already.
    """
    faults = [
        *checks.email("email", email),
        *checks.text("name", name),
        *checks.one_of("language", language, Language.values),
    ]
    if (organization is not None) != (role in CLIENT_ROLES):
        faults.append(FieldError("role", "other_side", "This role belongs to the other side of the contract."))
    user = User.objects.select_for_update(no_key=True).filter(email__iexact=email).first()
    if user is None:
        user = User(email=email, name=name, language=language, created_at=now)
        faults += _weaknesses(password, user)
        user.set_password(password)
    if faults:
        raise InvalidInput(faults)
    if user.pk is None:
        user.save(force_insert=True)
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
    """Take a role away. :raises Refused: it is the vendor's last administrator."""
    if membership.role == Role.ADMINISTRATOR:
        others = Membership.objects.select_for_update().filter(role=Role.ADMINISTRATOR, user__is_active=True)
        if not any(other.pk != membership.pk for other in others):
            raise Refused("The last administrator stays.", code="last_administrator")
    data = {"user": str(membership.user.public_id), "role": membership.role}
    audit.record("member.removed", membership, by=by, at=now, data=data)
    membership.delete()


def _weaknesses(password: str | None, user: User) -> list[FieldError]:
    if password is None:
        return []
    try:
        validate_password(password, user)
    except ValidationError as error:
        return [FieldError("password", "weak", message) for message in error.messages]
    return []
