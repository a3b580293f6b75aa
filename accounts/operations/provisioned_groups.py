"""Groups of the client's identity provider: kept as it says, and mapped to departments by the client."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.errors import FieldError, InvalidInput
from accounts.models import LicensedUser, Organization, ProvisionedGroup, ProvisionedMembership
from accounts.operations import audit, outbox, states, versions
from accounts.rules import checks
from accounts.rules.licence_states import LIVE
from accounts.rules.profiles import ENTERPRISE


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the members; ``set`` replaces them all."""

    what: Literal["add", "remove", "set"]
    people: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A group as the provider says, and what it does to the members, in order."""

    display_name: str
    provisioned_id: str
    steps: Sequence[Step] = ()


def find(organization: Organization, public_id: UUID, *, to_change: bool = False) -> ProvisionedGroup | None:
    """Return a group; ``to_change``: after whoever writes people or groups now, and locked."""
    rows = ProvisionedGroup.objects.filter(organization=organization, public_id=public_id)
    if to_change:
        states.take_turns(organization)
        rows = rows.select_for_update(no_key=True)
    return rows.first()


@transaction.atomic
def create(organization: Organization, sheet: Sheet, *, now: datetime, by: str) -> ProvisionedGroup:
    """Add a group with its members. Names need not be unique (RFC 7643 §4.2).

    :raises InvalidInput: a field cannot be stored, or a member is nobody of the organization.
    :raises OrganizationClosed: the organization's data are being erased.
    """
    _check(sheet)
    states.take_turns(organization)
    group = ProvisionedGroup.objects.create(
        organization=organization,
        display_name=sheet.display_name,
        provisioned_id=sheet.provisioned_id,
        created_at=now,
        changed_at=now,
    )
    added, _removed = _step(group, sheet.steps, now=now)
    _tell("created", group, now=now, by=by, added=added, removed=[])
    return group


@transaction.atomic
def change(group: ProvisionedGroup, sheet: Sheet, *, now: datetime, by: str) -> ProvisionedGroup:
    """Change a group that :func:`find` locked, and its members in one go. The same again writes nothing.

    :raises InvalidInput: a field cannot be stored, or a new member is nobody of the organization.
    """
    _check(sheet)
    named_otherwise = group.display_name != sheet.display_name
    renamed = named_otherwise or group.provisioned_id != sheet.provisioned_id
    added, removed = _step(group, sheet.steps, now=now)
    if renamed or added or removed:
        group.display_name, group.provisioned_id = sheet.display_name, sheet.provisioned_id
        group.version += 1
        group.changed_at = now
        group.save(update_fields=["display_name", "provisioned_id", "version", "changed_at"])
        if named_otherwise:
            stayed = _members(group).exclude(licensed_user__in=added).values_list("licensed_user_id", flat=True)
            versions.of_people(group.organization_id, stayed, now=now)
        _tell("changed", group, now=now, by=by, added=added, removed=removed)
    return group


@transaction.atomic
def delete(group: ProvisionedGroup, *, now: datetime, by: str) -> None:
    """Remove a group that :func:`find` locked. Its members stay people; a department that it gave them goes."""
    people = list(_members(group).values_list("licensed_user_id", flat=True))
    _tell("deleted", group, now=now, by=by, added=[], removed=people)
    _members(group).delete()
    group.delete()
    versions.of_people(group.organization_id, people, now=now)
    settle_departments(group.organization, people, now=now)


@transaction.atomic
def map_to_department(group: ProvisionedGroup, *, department: str, now: datetime, by: str) -> ProvisionedGroup:
    """Give the members of a group a department, which the client's own rules go by; empty: as their provider says.

    Who is in several such groups has the department of the oldest one.

    :raises InvalidInput: the department is no line of at most 120 characters.
    """
    if faults := checks.text("department", department, longest=120, may_be_empty=True):
        raise InvalidInput(faults)
    states.take_turns(group.organization)
    locked = ProvisionedGroup.objects.select_for_update(no_key=True).get(pk=group.pk)
    if locked.department != department:
        locked.department = department
        locked.save(update_fields=["department"])
        detail = {"department": department} if department else None
        audit.record("provisioned_group.mapped", locked, by=by, at=now, detail=detail)
        outbox.publish("provisioned_group.mapped", locked, at=now)
        settle_departments(
            locked.organization, list(_members(locked).values_list("licensed_user_id", flat=True)), now=now
        )
    return locked


def settle_departments(organization: Organization, people: Sequence[int], *, now: datetime) -> None:
    """Give people (keys) the department that a group of theirs is mapped to, else the one that their provider said."""
    if not people:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE accounts_licenseduser u SET department = f.department, changed_at = %(now)s
            FROM (
                SELECT p.id, coalesce((
                    SELECT g.department FROM accounts_provisionedmembership m
                    JOIN accounts_provisionedgroup g ON g.organization_id = m.organization_id AND g.id = m.group_id
                    WHERE m.organization_id = p.organization_id AND m.licensed_user_id = p.id AND g.department <> ''
                    ORDER BY g.id LIMIT 1
                ), p.profile -> %(enterprise)s ->> 'department', '') AS department
                FROM accounts_licenseduser p
                WHERE p.organization_id = %(organization)s AND p.id = ANY(%(people)s)
            ) f
            WHERE u.organization_id = %(organization)s AND u.id = f.id AND u.department <> f.department
            """,
            {"now": now, "enterprise": ENTERPRISE, "organization": organization.pk, "people": list(people)},
        )


def _check(sheet: Sheet) -> None:
    faults = checks.text("displayName", sheet.display_name, longest=256)
    faults += checks.text("externalId", sheet.provisioned_id, longest=254, may_be_empty=True)
    if faults:
        raise InvalidInput(faults)


def _step(group: ProvisionedGroup, steps: Sequence[Step], *, now: datetime) -> tuple[list[int], list[int]]:
    """Do the steps set-wise; return whom they added and removed, by key."""
    if not steps:
        return [], []
    organization = group.organization
    named = frozenset().union(*(step.people for step in steps))
    keys, live = _keys(organization, named)
    unknown = sorted(str(one) for step in steps if step.what != "remove" for one in step.people if one not in live)
    if unknown:
        raise InvalidInput([FieldError("members.value", "unknown_member", f"There is no user {unknown[0]}.")])
    before = set(_members(group).values_list("licensed_user_id", flat=True))
    after = set(before)
    for step in steps:
        people = {keys[one] for one in step.people if one in keys}
        after = people if step.what == "set" else after | people if step.what == "add" else after - people
    added, removed = sorted(after - before), sorted(before - after)
    _members(group).filter(licensed_user__in=removed).delete()
    ProvisionedMembership.objects.bulk_create(
        [
            ProvisionedMembership(organization=organization, group=group, licensed_user_id=pk, created_at=now)
            for pk in added
        ],
        batch_size=1000,
    )
    touched = [*added, *removed]
    versions.of_people(organization.pk, touched, now=now)
    if group.department:
        settle_departments(organization, touched, now=now)
    return added, removed


def _keys(organization: Organization, people: Iterable[UUID]) -> tuple[dict[UUID, int], frozenset[UUID]]:
    """Return the keys of people, and who of them counts: whom the client let go can leave a group, and join none."""
    rows = LicensedUser.objects.filter(organization=organization, public_id__in=list(people))
    found = list(rows.values_list("public_id", "pk", "status"))
    return {one: pk for one, pk, _status in found}, frozenset(one for one, _pk, status in found if status in LIVE)


def _members(group: ProvisionedGroup) -> QuerySet[ProvisionedMembership]:
    return ProvisionedMembership.objects.filter(organization=group.organization_id, group=group.pk)


def _tell(
    what: str, group: ProvisionedGroup, *, now: datetime, by: str, added: Sequence[int], removed: Sequence[int]
) -> None:
    counts = {"added": len(added), "removed": len(removed)}
    people = LicensedUser.objects.filter(organization=group.organization_id, pk__in=[*added, *removed])
    ids = dict(people.values_list("pk", "public_id"))
    sets = (("added", added), ("removed", removed))
    detail = {name: " ".join(str(ids[pk]) for pk in keys) for name, keys in sets if keys}
    audit.record(f"provisioned_group.{what}", group, by=by, at=now, data=counts, detail=detail or None)
    outbox.publish(f"provisioned_group.{what}", group, at=now, payload=counts)
