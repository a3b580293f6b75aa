"""Licensed users: added in sets, suspended and reinstated one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from accounts.enums import LicenceStatus, SuspensionReason
from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import LicensedUser, Organization
from accounts.operations import audit, outbox
from accounts.rules import checks

CHANGEABLE = ("email", "display_name", "department")


@dataclass(frozen=True, slots=True)
class Person:
    """A licensed user as given by the client. ``row`` names its place in a file, if it came from one."""

    external_id: str
    email: str
    display_name: str
    department: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """How many were new, how many changed, how many stayed as they were."""

    created: int
    changed: int
    same: int


class OrganizationClosed(Refused):
    """The organization's data are being erased, or are erased: nobody is added."""

    code = "organization_closed"


class NotSuspendable(Refused):
    """The user is not active, or not suspended, any more."""

    code = "licensed_user_not_in_that_state"


def check(person: Person) -> list[FieldError]:
    """Return every fault of a person's fields."""
    faults = [
        *checks.text("external_id", person.external_id),
        *checks.email("email", person.email),
        *checks.text("display_name", person.display_name),
        *checks.text("department", person.department, longest=120, may_be_empty=True),
    ]
    return [FieldError(f.field, f.code, f.message, person.row) for f in faults]


@transaction.atomic
def put(organization: Organization, people: Sequence[Person], *, now: datetime, by: str) -> Added:
    """Add people, or change those whose external id exists. All or nothing; the same again writes nothing.

    New users are active at once where a licence is in force, else invited.

    :raises InvalidInput: a field is wrong, or an external id comes twice.
    :raises OrganizationClosed: the organization's data are being erased, or are erased.
    """
    faults = [fault for person in people for fault in check(person)]
    faults += _duplicates(people)
    if faults:
        raise InvalidInput(faults)
    take_turns(organization)
    _refuse_if_closed(organization)
    known = {
        user.external_id: user
        for user in LicensedUser.objects.select_for_update(no_key=True)
        .filter(organization=organization, external_id__in=[person.external_id for person in people])
        .order_by("pk")
    }
    licensed = Organization.objects.with_licence(at=now).filter(pk=organization.pk).exists()
    new, changed = [], []
    for person in people:
        user = known.get(person.external_id)
        values = {name: getattr(person, name) for name in CHANGEABLE}
        if user is None:
            new.append(
                LicensedUser(
                    organization=organization,
                    external_id=person.external_id,
                    status=LicenceStatus.ACTIVE if licensed else LicenceStatus.INVITED,
                    created_at=now,
                    **values,
                )
            )
        elif any(getattr(user, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(user, name, value)
            changed.append(user)
    LicensedUser.objects.bulk_create(new)
    LicensedUser.objects.bulk_update(changed, CHANGEABLE)
    if new or changed:
        counts = {"created": len(new), "changed": len(changed)}
        audit.record("licensed_users.put", organization, by=by, at=now, data=counts)
        outbox.publish("licensed_users.put", organization, at=now, payload=counts)
    return Added(len(new), len(changed), len(people) - len(new) - len(changed))


@transaction.atomic
def suspend(user: LicensedUser, *, reason: SuspensionReason, now: datetime, by: str) -> LicensedUser:
    """Suspend an active user. :raises NotSuspendable: the user is not active."""
    count = LicensedUser.objects.filter(pk=user.pk, status=LicenceStatus.ACTIVE).update(
        status=LicenceStatus.SUSPENDED, suspension_reason=reason, suspended_at=now
    )
    return _done(user, "licensed_user.suspended", count, now=now, by=by, data={"reason": reason.value})


@transaction.atomic
def reinstate(user: LicensedUser, *, now: datetime, by: str) -> LicensedUser:
    """Let a suspended user in again.

    :raises NotSuspendable: the user is not suspended.
    :raises Refused: no licence of the organization is in force.
    """
    if not Organization.objects.with_licence(at=now).filter(pk=user.organization_id).exists():
        raise Refused("No licence of the organization is in force.", code="no_licence")
    count = LicensedUser.objects.filter(pk=user.pk, status=LicenceStatus.SUSPENDED).update(
        status=LicenceStatus.ACTIVE, suspension_reason="", suspended_at=None
    )
    return _done(user, "licensed_user.reinstated", count, now=now, by=by, data={})


def take_turns(organization: Organization) -> None:
    """Wait for whoever writes people of this organization, until the caller's transaction ends.

    Who comes second finds the first one's people there; an erasure takes its turn before it closes the organization.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"people:{organization.public_id}"])


def _refuse_if_closed(organization: Organization) -> None:
    if Organization.objects.filter(pk=organization.pk, closed_at__isnull=False).exists():
        raise OrganizationClosed("The data of this organization are being erased, or are erased: nobody is added.")


def _done(user: LicensedUser, name: str, count: int, *, now: datetime, by: str, data: dict[str, str]) -> LicensedUser:
    if count != 1:
        raise NotSuspendable("The user's state has changed meanwhile.")
    user.refresh_from_db()
    # The trail is kept when the person is erased: it names the organization; who it was stands in the erasable detail.
    audit.record(name, user.organization, by=by, at=now, data=data, detail={"licensed_user": str(user.public_id)})
    outbox.publish(name, user.organization, at=now, payload=data)
    return user


def _duplicates(people: Sequence[Person]) -> list[FieldError]:
    seen: dict[str, int | None] = {}
    faults = []
    for person in people:
        if person.external_id in seen:
            faults.append(
                FieldError("external_id", "duplicate", f"{person.external_id!r} comes more than once.", person.row)
            )
        seen.setdefault(person.external_id, person.row)
    return faults
