"""Licences: what contracts grant, and the users' states that follow from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.enums import LicenceAct, SuspensionReason
from accounts.models import LicenceGrant, LicensedUser, Organization
from accounts.operations import audit, outbox, states
from accounts.operations.seats import Seats
from accounts.rules.licence_states import Act, Standing, Wish, after

CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Alignment:
    """How many users an alignment touched."""

    activated: int = 0
    suspended: int = 0


def grant(
    organization_id: int,
    *,
    source: UUID,
    valid_from: datetime,
    valid_until: datetime | None,
    seats: int | None = None,
    features: Sequence[str] = (),
) -> LicenceGrant:
    """Write what a contract grants: one grant per contract, changed in place when the contract's end changes."""
    found, _created = LicenceGrant.objects.update_or_create(
        organization_id=organization_id,
        source=source,
        defaults={
            "valid_from": valid_from,
            "valid_until": valid_until,
            "seats": seats,
            "features": list(features),
        },
    )
    return found


@transaction.atomic
def align(organization: Organization, *, now: datetime, by: str) -> Alignment:
    """Suspend all users where no licence is in force; where one is, let in those who wait, as far as seats go.

    Users suspended for another reason stay suspended; who was restricted is restricted again. Who was added
    first comes first. Doing it again changes nothing. The rulebook (§2) wants the suspension at once when the last
    licence ends, and the reinstatement in one act when a successor is signed. Nothing is done to
    people who are being erased.
    """
    states.wait_for_others(organization)
    if states.is_closed(organization):
        return Alignment()
    seats = Seats(organization, at=now)
    users = LicensedUser.objects.filter(organization=organization)
    if seats.licensed:
        waiting = users.awaiting_licence().order_by("pk")
        if seats.left is not None:
            waiting = waiting[: max(seats.left, 0)]
        activated = _move(waiting.values_list("pk", flat=True), letting_in=True, now=now, by=by)
        return _announce(organization, "licences.activated", activated, now=now, by=by)
    seated = users.seated().order_by("pk").values_list("pk", flat=True)
    suspended = _move(seated, letting_in=False, now=now, by=by)
    return _announce(organization, "licences.suspended", suspended, now=now, by=by)


def _move(keys: Iterable[int], *, letting_in: bool, now: datetime, by: str) -> int:
    """Let the people in, or suspend them, a chunk at a time in this one transaction. Return how many."""
    chosen = list(keys)
    suspend = Wish(Act.SUSPEND, reason=SuspensionReason.LICENCE_ENDED.value)
    for start in range(0, len(chosen), CHUNK):
        rows = LicensedUser.objects.select_for_update(no_key=True).filter(pk__in=chosen[start : start + CHUNK])
        ways: dict[tuple[Standing, Act], list[LicensedUser]] = {}
        for user in rows.order_by("pk"):
            standing = states.standing_of(user)
            wish = _entry(standing) if letting_in else suspend
            ways.setdefault((after(standing, wish, seat=True, at=now), wish.act), []).append(user)
        for (standing, act), some in ways.items():
            states.write(some, standing, LicenceAct(act.value), now=now, by=by)
    return len(chosen)


def _entry(standing: Standing) -> Wish:
    return Wish(Act.REINSTATE if standing.suspension_reason else Act.ACTIVATE)


def _announce(organization: Organization, name: str, count: int, *, now: datetime, by: str) -> Alignment:
    if not count:
        return Alignment()
    audit.record(name, organization, by=by, at=now, data={"users": count})
    outbox.publish(name, organization, at=now, payload={"users": count})
    return Alignment(activated=count) if name == "licences.activated" else Alignment(suspended=count)
