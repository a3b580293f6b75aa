"""The states of licensed users, changed in sets: a rule decides for each, a statement writes all that go one way."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Lower

from accounts.db.folding import folded
from accounts.enums import LicenceAct
from accounts.errors import Refused, phrase
from accounts.models import LicensedUser, LicensedUserChange, Organization, OutboxMessage
from accounts.operations import audit, versions
from accounts.operations.seats import Seats
from accounts.rules.licence_states import (
    BY_CLIENT,
    LIVE,
    PROVISIONING,
    SUSPENDED,
    Act,
    Standing,
    Wish,
    after,
    may,
    needs_seat,
)
from accounts.rules.profiles import WORD

NOT_IN_THAT_STATE = "licensed_user_not_in_that_state"
NO_LICENCE = "no_licence"
NO_SEAT = "no_free_seat"
NAME_TAKEN = "name_taken"
END_PAST = "suspension_end_past"
# What is told when an act is done.
EVENTS = {
    Act.ACTIVATE: "activated",
    Act.RESTRICT: "restricted",
    Act.LIFT: "restriction_lifted",
    Act.SUSPEND: "suspended",
    Act.REINSTATE: "reinstated",
    Act.SCHEDULE: "deletion_scheduled",
    Act.CANCEL: "deletion_cancelled",
    Act.DELETE: "deleted",
}
MESSAGES = {
    NOT_IN_THAT_STATE: phrase("The user's state has changed meanwhile."),
    NO_LICENCE: phrase("No licence of the organization is in force."),
    NO_SEAT: phrase("All seats of the licence are taken."),
    NAME_TAKEN: phrase("Somebody else has this external id or user name now."),
    END_PAST: phrase("The suspension would have ended by now."),
}


class NotInThatState(Refused):
    """The act does not start from the state that the person is in."""

    code = NOT_IN_THAT_STATE


class OrganizationClosed(Refused):
    """The organization's data are being erased, or are erased: nothing is written about its people, nobody added."""

    code = "organization_closed"


@dataclass(slots=True)
class Moved:
    """Whom an act moved, by key, with the state they came from; and whom it did not, with a code (:data:`MESSAGES`)."""

    done: dict[int, Standing] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)


def standing_of(user: LicensedUser) -> Standing:
    """Return a person's state as the rules see it."""
    return Standing(
        user.status,
        user.suspension_reason,
        user.suspended_at,
        user.suspended_until,
        None if user.features is None else tuple(user.features),
        user.delete_at,
        user.deleted_at,
    )


def take_turns(organization: Organization) -> None:
    """Wait for whoever writes people of this organization, and hold others up until the caller's transaction ends.

    Who comes second finds the first one's people, and seats, there. An erasure takes its turn as it closes the
    organization: a row that somebody wrote about a person afterwards would keep the person from being erased.

    :raises OrganizationClosed: its data are being erased, or are erased.
    """
    wait_for_others(organization)
    if is_closed(organization):
        raise OrganizationClosed("The data of this organization are being erased, or are erased: nobody is added.")


def is_closed(organization: Organization) -> bool:
    """Say whether the data of the organization are being erased, or are erased."""
    return Organization.objects.filter(pk=organization.pk, closed_at__isnull=False).exists()


def wait_for_others(organization: Organization) -> None:
    """Wait for whoever writes people of this organization: for whom it does not matter whether it is closed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"people:{organization.public_id}"])


def hold(organization: Organization, people: Collection[int] | QuerySet[Any, Any]) -> None:
    """Lock people (keys, or a question for them) in the one order in which everybody does who takes no turn.

    Who does several acts to them in one transaction holds them first: reports of use never wait for each other and it.
    """
    rows = LicensedUser.objects.select_for_update(no_key=True).filter(organization=organization, pk__in=people)
    list(rows.order_by("pk").values_list("pk", flat=True))


def move(
    organization: Organization,
    people: Iterable[int],
    wish: Wish,
    *,
    now: datetime,
    by: str,
    source: UUID | None = None,
    waits: bool = False,
    note: str = "",
) -> Moved:
    """Do an act to each of the people (keys) whom the rules let; others are returned with the reason.

    In the caller's transaction: state, history, the event of the trail and one announcement a person commit together.
    ``waits`` lets those for whom there is no licence or seat wait for one, instead of refusing. ``note`` is a free
    text; it goes to the erasable part of the trail.
    """
    take_turns(organization)
    rows = LicensedUser.objects.select_for_update(no_key=True).filter(organization=organization, pk__in=list(people))
    users = {user.pk: user for user in rows.order_by("pk")}
    found = Moved()
    taken = _taken_names(organization, users.values()) if wish.act is Act.CANCEL else frozenset()
    seats = Seats(organization, at=now)
    ways: dict[Standing, list[LicensedUser]] = defaultdict(list)
    told: dict[Wish, list[LicensedUser]] = defaultdict(list)
    for pk, user in users.items():
        standing = standing_of(user)
        asked = _with_the_provider(user, standing, wish)
        code = _obstacle(user, standing, asked, seats, taken, waits=waits, now=now)
        if code:
            found.refused[pk] = code
            continue
        seat = needs_seat(asked.act, standing) and seats.take()
        way = after(standing, asked, seat=seat, at=now)
        ways[way].append(user)
        told[_to_tell(asked, way)].append(user)
        found.done[pk] = standing
    for standing, some in ways.items():
        write(some, standing, LicenceAct(wish.act.value), now=now, by=by, source=source)
    for said, some in told.items():
        _tell(organization, some, said, now=now, by=by, note=note)
    return found


def move_one(
    user: LicensedUser, wish: Wish, *, now: datetime, by: str, waits: bool = False, note: str = ""
) -> LicensedUser:
    """Do an act to one person. :raises NotInThatState: :raises Refused: with one of the codes of :data:`MESSAGES`."""
    found = move(user.organization, [user.pk], wish, now=now, by=by, waits=waits, note=note)
    if user.pk not in found.done:
        code = found.refused.get(user.pk, NOT_IN_THAT_STATE)
        raise NotInThatState(MESSAGES[code]) if code == NOT_IN_THAT_STATE else Refused(MESSAGES[code], code=code)
    user.refresh_from_db()
    return user


def write(
    users: Sequence[LicensedUser],
    standing: Standing,
    act: LicenceAct,
    *,
    now: datetime,
    by: str,
    source: UUID | None = None,
) -> None:
    """Put locked people into one state, and note the change of each. The caller leaves the event."""
    LicensedUser.objects.filter(pk__in=[user.pk for user in users]).update(
        **values_of(standing), status_at=now, status_by=by, changed_at=now, version=F("version") + 1
    )
    LicensedUserChange.objects.bulk_create(
        [noted(user, standing, act, before=user.status, now=now, by=by, source=source) for user in users],
        batch_size=1000,
    )
    # Who leaves for good, or comes back, is no longer, or again, read as a member of their groups.
    gone = [user.pk for user in users if (user.status in LIVE) != (standing.status in LIVE)]
    if gone:
        versions.of_their_groups(users[0].organization_id, gone, now=now)


def values_of(standing: Standing) -> dict[str, Any]:
    """Return the columns of a state."""
    return {
        "status": standing.status,
        "suspension_reason": standing.suspension_reason,
        "suspended_at": standing.suspended_at,
        "suspended_until": standing.suspended_until,
        "features": None if standing.features is None else list(standing.features),
        "delete_at": standing.delete_at,
        "deleted_at": standing.deleted_at,
    }


def noted(
    user: LicensedUser,
    standing: Standing,
    act: LicenceAct,
    *,
    before: str,
    now: datetime,
    by: str,
    source: UUID | None = None,
) -> LicensedUserChange:
    """Return the row of history that says where an act led."""
    return LicensedUserChange(
        organization_id=user.organization_id,
        licensed_user_id=user.pk,
        act=act.value,
        before=before,
        status=standing.status,
        suspension_reason=standing.suspension_reason,
        features=None if standing.features is None else list(standing.features),
        until=standing.suspended_until if standing.status == SUSPENDED else standing.delete_at,
        source=source,
        by=by,
        occurred_at=now,
    )


def _with_the_provider(user: LicensedUser, standing: Standing, wish: Wish) -> Wish:
    """Return what an act comes to: whom the client lets go stays out where the provider has said so meanwhile."""
    if wish.act is Act.REINSTATE and standing.suspension_reason in BY_CLIENT and user.profile.get(WORD) is False:
        return Wish(Act.SUSPEND, reason=PROVISIONING, instead=True)
    return wish


def _to_tell(asked: Wish, standing: Standing) -> Wish:
    """Return what is told of an act: whoever waits for a licence instead of being let in is not said to be in again."""
    if asked.act is Act.REINSTATE and standing.status == SUSPENDED:
        return Wish(Act.SUSPEND, reason=standing.suspension_reason)
    return asked


def _obstacle(
    user: LicensedUser,
    standing: Standing,
    wish: Wish,
    seats: Seats,
    taken: frozenset[int],
    *,
    waits: bool,
    now: datetime,
) -> str:
    if not may(wish.act, standing, reason=wish.reason, instead=wish.instead):
        return NOT_IN_THAT_STATE
    if user.pk in taken:
        return NAME_TAKEN
    if wish.act is Act.SUSPEND and wish.until is not None and wish.until <= now:
        return END_PAST
    if needs_seat(wish.act, standing) and not waits and not seats.free:
        return NO_SEAT if seats.licensed else NO_LICENCE
    return ""


def _taken_names(organization: Organization, users: Iterable[LicensedUser]) -> frozenset[int]:
    """Return those whose names others have now, or somebody before them in this same set."""
    wanted = list(users)
    live = LicensedUser.objects.live().filter(organization=organization)
    ids = set(live.filter(external_id__in=[u.external_id for u in wanted]).values_list("external_id", flat=True))
    small = folded({u.user_name for u in wanted})
    same = live.annotate(lowered=Lower("user_name")).filter(lowered__in=list(small.values()))
    names = set(same.values_list("lowered", flat=True))
    found = set()
    for user in wanted:
        name = small[user.user_name]
        if user.external_id in ids or name in names:
            found.add(user.pk)
        ids.add(user.external_id)
        names.add(name)
    return frozenset(found)


def _tell(
    organization: Organization, users: Sequence[LicensedUser], wish: Wish, *, now: datetime, by: str, note: str
) -> None:
    """Leave one event, and announce each person: the product listens for whom it must let go.

    The trail is kept when a person is erased: it names the organization; who it was stands in the erasable detail.
    """
    what = EVENTS[wish.act]
    data: dict[str, Any] = {"users": len(users)}
    if wish.reason:
        data["reason"] = wish.reason
    for name, instant in (("until", wish.until), ("delete_at", wish.delete_at)):
        if instant is not None:
            data[name] = instant.isoformat()
    detail = {"licensed_users": " ".join(str(user.public_id) for user in users)}
    if note:
        detail["note"] = note
    audit.record(f"licensed_users.{what}", organization, by=by, at=now, data=data, detail=detail)
    payload = {name: value for name, value in data.items() if name != "users"}
    OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                organization=organization,
                topic=f"licensed_user.{what}",
                subject_type="LicensedUser",
                subject_id=user.public_id,
                payload=payload,
                occurred_at=now,
                next_attempt_at=now,
            )
            for user in users
        ],
        batch_size=1000,
    )
