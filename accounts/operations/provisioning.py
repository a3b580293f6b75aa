"""People as the client's identity provider keeps them: created, changed, let go."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower

from accounts.enums import LicenceStatus, SuspensionReason
from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import LicensedUser, Organization, ProvisionedMembership
from accounts.operations import access, audit, outbox, states, users, versions
from accounts.operations.seats import Seats
from accounts.rules import checks, profiles
from accounts.rules.licence_states import BY_CLIENT, Act, Wish, may
from accounts.rules.profiles import WORD

BY_PROVIDER = SuspensionReason.PROVISIONING.value


@dataclass(frozen=True, slots=True)
class Account:
    """A person as the provider says. ``active``: ``None`` leaves the state as it is. ``profile`` as of RFC 7643."""

    user_name: str
    provisioned_id: str
    active: bool | None
    profile: dict[str, Any]


class NameTaken(Refused):
    """Somebody of the organization has this user name: names are unique without regard to case (RFC 7643 §4.1.1)."""

    code = "user_name_taken"


def find(organization: Organization, public_id: UUID, *, to_change: bool = False) -> LicensedUser | None:
    """Return a person whom the provider sees; ``to_change``: after whoever writes people now, and locked."""
    rows = LicensedUser.objects.live().filter(organization=organization, public_id=public_id)
    if to_change:
        states.take_turns(organization)
        rows = rows.select_for_update(no_key=True)
    return rows.first()


def is_active(user: LicensedUser) -> bool:
    """Say whether the provider let the person in. What else keeps them out, a licence or the client, is not its word.

    So a provider reads back what it wrote, and repeats nothing.
    """
    if user.status != LicenceStatus.SUSPENDED:
        return True
    if user.suspension_reason in BY_CLIENT:
        return bool(user.profile.get(WORD, True))
    return user.suspension_reason != BY_PROVIDER


@transaction.atomic
def create(organization: Organization, account: Account, *, now: datetime, by: str) -> LicensedUser:
    """Add a person: active with a free seat, else waiting for one; suspended if the provider does not let them in.

    The product knows them by the provider's id where that is free, else by the user name, else by our own.

    :raises InvalidInput: a field cannot be stored. :raises NameTaken: somebody has the user name.
    :raises OrganizationClosed: the organization's data are being erased.
    """
    _check(account)
    states.take_turns(organization)
    user = LicensedUser(
        organization=organization,
        status=LicenceStatus.INVITED,
        status_at=now,
        status_by=by,
        created_at=now,
        changed_at=now,
    )
    _refuse_taken(user, account.user_name)
    user.external_id = _key(organization, account, user)
    for name, value in _columns(account).items():
        setattr(user, name, value)
    if account.active is not False and Seats(organization, at=now).take():
        user.status = LicenceStatus.ACTIVE
    users.store_new([user], now=now, by=by)
    _tell("created", user, now=now, by=by)
    if account.active is False:
        states.move_one(user, Wish(Act.SUSPEND, reason=BY_PROVIDER), now=now, by=by)
    return user


@transaction.atomic
def change(user: LicensedUser, account: Account, *, now: datetime, by: str) -> LicensedUser:
    """Change a person whom :func:`find` locked to what the provider says. The same again writes nothing.

    Who is let in again was kept out by the provider: what the client decided, or its own rule, stays.

    :raises InvalidInput: a field cannot be stored. :raises NameTaken: somebody else has the user name.
    """
    _check(account)
    columns = _columns(account)
    mapped = _mapped_departments(user)
    if mapped:
        columns["department"] = mapped
    said = account.active is False if account.active is not None else WORD in user.profile
    if said and _kept_out_by_client(user):
        columns["profile"] = {**columns["profile"], WORD: False}
    changed = sorted(name for name, value in columns.items() if getattr(user, name) != value)
    if "user_name" in changed:
        _refuse_taken(user, account.user_name)
    if changed:
        for name in changed:
            setattr(user, name, columns[name])
        user.version += 1
        user.changed_at = now
        user.save(update_fields=[*changed, "version", "changed_at"])
        if "display_name" in changed:
            versions.of_their_groups(user.organization_id, [user.pk], now=now)
        _tell("changed", user, now=now, by=by, data={"fields": changed})
    if account.active is None:
        return user
    standing = states.standing_of(user)
    if not account.active:
        if may(Act.SUSPEND, standing, reason=BY_PROVIDER):
            states.move_one(user, Wish(Act.SUSPEND, reason=BY_PROVIDER), now=now, by=by)
    elif standing.status == LicenceStatus.SUSPENDED and standing.suspension_reason == BY_PROVIDER:
        access.reinstate(user, now=now, by=by, waits=True)
    return user


@transaction.atomic
def delete(user: LicensedUser, *, now: datetime, by: str) -> None:
    """Schedule the deletion of a person whom :func:`find` locked, with the client's grace; they leave their groups."""
    _tell("deleted", user, now=now, by=by)
    versions.of_their_groups(user.organization_id, [user.pk], now=now)
    ProvisionedMembership.objects.filter(organization=user.organization_id, licensed_user=user.pk).delete()
    access.schedule_deletion(user, now=now, by=by)


def _check(account: Account) -> None:
    faults = checks.text("userName", account.user_name, longest=254)
    faults += checks.text("externalId", account.provisioned_id, longest=254, may_be_empty=True)
    faults += checks.text("displayName", str(account.profile.get("displayName") or ""), may_be_empty=True)
    faults += checks.text("department", profiles.department_of(account.profile), longest=120, may_be_empty=True)
    for entry in account.profile.get("emails") or ():
        if entry.get("value"):
            faults += checks.email("emails.value", str(entry["value"]))
    if profiles.unstorable(account.profile):
        faults.append(FieldError("value", "control_character", "A text holds a character that cannot be stored."))
    if faults:
        raise InvalidInput(faults)


def _columns(account: Account) -> dict[str, Any]:
    profile = {name: value for name, value in account.profile.items() if name != WORD}
    return {
        "user_name": account.user_name,
        "provisioned_id": account.provisioned_id,
        "email": profiles.email_of(profile, account.user_name),
        "display_name": profiles.display_name_of(profile, account.user_name),
        "department": profiles.department_of(profile),
        "profile": profile,
    }


def _kept_out_by_client(user: LicensedUser) -> bool:
    """Say whether the client itself keeps the person out, for good: then the provider's word changes no state."""
    return (
        user.status == LicenceStatus.SUSPENDED and user.suspension_reason in BY_CLIENT and user.suspended_until is None
    )


def _refuse_taken(user: LicensedUser, user_name: str) -> None:
    same = LicensedUser.objects.live().filter(organization=user.organization_id).exclude(public_id=user.public_id)
    if same.annotate(lowered=Lower("user_name")).filter(lowered=Lower(Value(user_name))).exists():
        raise NameTaken("Somebody has this user name already.")


def _key(organization: Organization, account: Account, user: LicensedUser) -> str:
    wanted = [name for name in (account.provisioned_id, account.user_name) if name and not checks.text("id", name)]
    live = LicensedUser.objects.live().filter(organization=organization, external_id__in=wanted)
    taken = set(live.values_list("external_id", flat=True))
    return next((name for name in wanted if name not in taken), str(user.public_id))


def _mapped_departments(user: LicensedUser) -> str:
    rows = ProvisionedMembership.objects.filter(organization=user.organization_id, licensed_user=user.pk)
    mapped = rows.exclude(group__department="").order_by("group_id")
    return mapped.values_list("group__department", flat=True).first() or ""


def _tell(what: str, user: LicensedUser, *, now: datetime, by: str, data: dict[str, Any] | None = None) -> None:
    """The trail is kept when a person is erased: who it was stands in the erasable detail only."""
    detail = {"licensed_users": str(user.public_id)}
    organization = user.organization
    audit.record(f"licensed_user.provisioning_{what}", organization, by=by, at=now, data=data, detail=detail)
    if what != "deleted":
        outbox.publish(f"licensed_user.{what}", user, at=now)
