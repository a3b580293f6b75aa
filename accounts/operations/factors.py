"""Second factors that a role must have: required, lifted, and who lacks one."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.enums import Role
from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import FactorRequirement, User
from accounts.operations import audit

# Recovery codes stand beside a factor and are none.
KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


@transaction.atomic
def require(role: str, *, now: datetime, by: str) -> FactorRequirement:
    """Ask everybody who holds the role for a second factor, from their next page on.

    :raises InvalidInput: there is no such role.
    :raises Refused: it is required already.
    """
    if role not in Role.values:
        raise InvalidInput([FieldError("role", "unknown", phrase("One of: %(known)s.", known=", ".join(Role.values)))])
    made = FactorRequirement.objects.bulk_create(
        [FactorRequirement(role=role, required_at=now, required_by=by)], ignore_conflicts=True
    )[0]
    found = FactorRequirement.objects.filter(public_id=made.public_id).first()
    if found is None:
        raise Refused("This role needs a second factor already.", code="factor_required_already")
    audit.record("factor_requirement.made", found, by=by, at=now, data={"role": role})
    return found


@transaction.atomic
def lift(requirement: FactorRequirement, *, now: datetime, by: str) -> FactorRequirement:
    """Ask for it no more. :raises Refused: it was lifted already."""
    standing = FactorRequirement.objects.filter(pk=requirement.pk, lifted_at__isnull=True)
    if not standing.update(lifted_at=now, lifted_by=by):
        raise Refused("This was lifted already.", code="factor_requirement_lifted")
    audit.record("factor_requirement.lifted", requirement, by=by, at=now, data={"role": requirement.role})
    requirement.refresh_from_db()
    return requirement


def lacks_one(user: User) -> bool:
    """Say whether a role of the person needs a second factor, and there is none."""
    required = FactorRequirement.objects.filter(role__in=user.roles, lifted_at__isnull=True)
    return required.exists() and not Authenticator.objects.filter(user=user, type__in=KINDS).exists()
