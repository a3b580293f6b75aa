"""Licensed users: added and changed in sets, all or nothing."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

from django.db import transaction
from django.db.models import CharField
from django.db.models.functions import Cast, Lower

from accounts.db.folding import folded
from accounts.enums import LicenceAct, LicenceStatus
from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import LicensedUser, LicensedUserChange, Organization
from accounts.operations import audit, outbox, states, versions
from accounts.operations.seats import Seats
from accounts.operations.states import OrganizationClosed as OrganizationClosed
from accounts.operations.states import wait_for_others as wait_for_others
from accounts.rules import checks, profiles

CHANGEABLE = ("email", "display_name", "department", "assignment_ends_on", "user_name")
# What the client's identity provider reads back, from the profile.
TOLD = ("email", "display_name", "department")


class Unsaid(Enum):
    """What the client does not say stays as it is."""

    UNSAID = "unsaid"


UNSAID: Final = Unsaid.UNSAID


@dataclass(frozen=True, slots=True)
class Person:
    """A licensed user as given by the client. ``row`` names its place in a file, if it came from one.

    ``assignment_ends_on`` is the first day after the person's assignment (``None``: no end). Without a ``user_name``
    the person is known by their e-mail address.
    """

    external_id: str
    email: str
    display_name: str
    department: str = ""
    row: int | None = None
    assignment_ends_on: date | Unsaid | None = UNSAID
    user_name: str | Unsaid = UNSAID

    def values(self) -> dict[str, Any]:
        """Return what is said beside the external id, by field."""
        said = {name: getattr(self, name) for name in CHANGEABLE}
        return {name: value for name, value in said.items() if value is not UNSAID}


@dataclass(frozen=True, slots=True)
class Added:
    """How many were new, how many changed, how many stayed as they were."""

    created: int
    changed: int
    same: int


def check(person: Person) -> list[FieldError]:
    """Return every fault of a person's fields."""
    faults = [
        *checks.text("external_id", person.external_id),
        *checks.email("email", person.email),
        *checks.text("display_name", person.display_name),
        *checks.text("department", person.department, longest=120, may_be_empty=True),
    ]
    if person.user_name is not UNSAID:
        faults += checks.text("user_name", person.user_name, longest=254)
    return [FieldError(f.field, f.code, f.message, person.row) for f in faults]


@transaction.atomic
def put(organization: Organization, people: Sequence[Person], *, now: datetime, by: str) -> Added:
    """Add people, or change those whose external id exists. All or nothing; the same again writes nothing.

    New users are active at once where a licence with a free seat is in force, else invited.

    :raises InvalidInput: a field is wrong, an external id comes twice, or a user name is somebody else's.
    :raises OrganizationClosed: the organization's data are being erased, or are erased.
    """
    faults = [fault for person in people for fault in check(person)]
    faults += _duplicates(people)
    if faults:
        raise InvalidInput(faults)
    states.take_turns(organization)
    known = {
        user.external_id: user
        for user in LicensedUser.objects.live()
        .select_for_update(no_key=True)
        .filter(organization=organization, external_id__in=[person.external_id for person in people])
        .order_by("pk")
    }
    shown_as = {external_id: user.display_name for external_id, user in known.items()}
    names = Names(organization, people, known.values())
    seats = Seats(organization, at=now)
    new, changed = [], []
    for person in people:
        user = known.get(person.external_id)
        if user is None:
            new.append(_new(organization, person, names, seated=seats.take(), now=now, by=by))
        elif _change(user, person, names, now=now):
            changed.append(user)
    if names.faults:
        raise InvalidInput(names.faults)
    store_new(new, now=now, by=by)
    # A name that passes from one person of the set to another is free in between.
    _let_go_of_names([user for user in changed if user.public_id in names.moved])
    LicensedUser.objects.bulk_update(changed, [*CHANGEABLE, "profile", "changed_at", "version"], batch_size=500)
    if renamed := [user.pk for user in changed if user.display_name != shown_as[user.external_id]]:
        versions.of_their_groups(organization.pk, renamed, now=now)
    if new or changed:
        counts = {"created": len(new), "changed": len(changed)}
        audit.record("licensed_users.put", organization, by=by, at=now, data=counts)
        outbox.publish("licensed_users.put", organization, at=now, payload=counts)
    return Added(len(new), len(changed), len(people) - len(new) - len(changed))


@transaction.atomic
def correct(user: LicensedUser, values: Mapping[str, str], *, now: datetime, by: str) -> LicensedUser:
    """Correct fields of one person by name: what a :class:`Person` has. The same again writes nothing.

    Unlike :func:`put` it changes the external id too: by that one the product knows the person from then on.

    :raises InvalidInput: a field is wrong, or a name or an external id is somebody else's.
    :raises OrganizationClosed: the organization's data are being erased, or are erased.
    :raises Refused: the person is deleted (``person_deleted``).
    """
    organization = user.organization
    states.take_turns(organization)
    locked = LicensedUser.objects.live().select_for_update(of=("self",), no_key=True).filter(pk=user.pk).first()
    if locked is None:
        raise Refused("The person is deleted: nothing of theirs is corrected any more.", code="person_deleted")
    person = Person(
        external_id=values.get("external_id", locked.external_id),
        email=values.get("email", locked.email),
        display_name=values.get("display_name", locked.display_name),
        department=values.get("department", locked.department),
        user_name=values.get("user_name", UNSAID),
    )
    others = LicensedUser.objects.live().filter(organization=organization, external_id=person.external_id)
    faults = check(person)
    if not faults and others.exclude(pk=locked.pk).exists():
        faults = [FieldError("external_id", "taken", "Somebody else has this external id.")]
    names = Names(organization, [person], [locked])
    shown_as = locked.display_name
    changed = not faults and _change(locked, person, names, now=now)
    if faults := [*faults, *names.faults]:
        raise InvalidInput(faults)
    if not changed and locked.external_id == person.external_id:
        return locked
    if not changed:
        locked.changed_at, locked.version = now, locked.version + 1
    locked.external_id = person.external_id
    locked.save(update_fields=[*CHANGEABLE, "external_id", "profile", "changed_at", "version"])
    if locked.display_name != shown_as:
        versions.of_their_groups(organization.pk, [locked.pk], now=now)
    detail = {"licensed_users": str(locked.public_id)}
    audit.record(
        "licensed_users.corrected", organization, by=by, at=now, data={"fields": sorted(values)}, detail=detail
    )
    outbox.publish("licensed_user.changed", locked, at=now, payload={"fields": sorted(values)})
    return locked


def store_new(users: Sequence[LicensedUser], *, now: datetime, by: str) -> None:
    """Insert people, each with the first row of their history. The caller has taken turns and leaves the event."""
    LicensedUser.objects.bulk_create(users, batch_size=1000)
    LicensedUserChange.objects.bulk_create(
        [states.noted(user, states.standing_of(user), LicenceAct.ADD, before="", now=now, by=by) for user in users],
        batch_size=1000,
    )


class Names:
    """Whose user name is whose, without regard to case, while a set of people is written."""

    def __init__(self, organization: Organization, people: Iterable[Person], known: Collection[LicensedUser]) -> None:
        wanted = {name for person in people for name in _candidates(person)}
        self._folded = folded(wanted | {user.user_name for user in known})
        rows = LicensedUser.objects.live().filter(organization=organization).annotate(lowered=Lower("user_name"))
        small = {self._folded[name] for name in wanted}
        self._owner: dict[str, Any] = dict(rows.filter(lowered__in=small).values_list("lowered", "public_id"))
        self._owner |= {self._folded[user.user_name]: user.public_id for user in known}
        self.moved: set[Any] = set()
        self.faults: list[FieldError] = []

    def of_new(self, person: Person, user: LicensedUser) -> str:
        """Return the name of somebody new: the one that is said, else the first candidate that is free."""
        for name in _candidates(person):
            if self._take(name, user):
                return name
        if person.user_name is not UNSAID:
            self._taken(person)
        return str(user.public_id)

    def of_known(self, person: Person, user: LicensedUser) -> str:
        """Return the name of somebody known: the one that is said; one that was their e-mail address follows it.

        Unless an identity provider keeps the person: it gave the name.
        """
        follows = not user.provisioned_id and user.user_name.lower() == user.email.lower()
        wanted = person.user_name if person.user_name is not UNSAID else person.email if follows else user.user_name
        if wanted == user.user_name:
            return wanted
        before = self._folded[user.user_name]
        if not self._take(wanted, user):
            if person.user_name is not UNSAID:
                self._taken(person)
            return user.user_name
        if before != self._folded[wanted] and self._owner.get(before) == user.public_id:
            del self._owner[before]
        self.moved.add(user.public_id)
        return wanted

    def _take(self, name: str, user: LicensedUser) -> bool:
        return bool(self._owner.setdefault(self._folded[name], user.public_id) == user.public_id)

    def _taken(self, person: Person) -> None:
        self.faults.append(FieldError("user_name", "taken", "Somebody else has this user name.", person.row))


def _candidates(person: Person) -> tuple[str, ...]:
    return (person.email, person.external_id) if person.user_name is UNSAID else (person.user_name,)


def _new(
    organization: Organization, person: Person, names: Names, *, seated: bool, now: datetime, by: str
) -> LicensedUser:
    user = LicensedUser(
        organization=organization,
        external_id=person.external_id,
        status=LicenceStatus.ACTIVE if seated else LicenceStatus.INVITED,
        status_at=now,
        status_by=by,
        created_at=now,
        changed_at=now,
        **{name: value for name, value in person.values().items() if name != "user_name"},
    )
    user.user_name = names.of_new(person, user)
    user.profile = profiles.following(
        {}, email=person.email, display_name=person.display_name, department=person.department
    )
    return user


def _change(user: LicensedUser, person: Person, names: Names, *, now: datetime) -> bool:
    values = {**person.values(), "user_name": names.of_known(person, user)}
    if all(getattr(user, name) == value for name, value in values.items()):
        return False
    told = {name: values[name] for name in TOLD if values[name] != getattr(user, name)}
    user.profile = profiles.following(user.profile, **told)
    for name, value in values.items():
        setattr(user, name, value)
    user.changed_at = now
    user.version += 1
    return True


def _let_go_of_names(users: Sequence[LicensedUser]) -> None:
    LicensedUser.objects.filter(pk__in=[user.pk for user in users]).update(user_name=Cast("public_id", CharField()))


def _duplicates(people: Sequence[Person]) -> list[FieldError]:
    seen: dict[str, int | None] = {}
    faults = []
    for person in people:
        if person.external_id in seen:
            faults.append(
                FieldError(
                    "external_id",
                    "duplicate",
                    phrase("%(name)s comes more than once.", name=repr(person.external_id)),
                    person.row,
                )
            )
        seen.setdefault(person.external_id, person.row)
    return faults
