"""The states of a licensed user, and which act leads from which state to which. Art. 18 GDPR is another matter.

Access is one thing, processing of the data another: whose processing is restricted may hold any of these states.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

INVITED, ACTIVE, RESTRICTED, SUSPENDED = "invited", "active", "restricted", "suspended"
SCHEDULED, DELETED = "scheduled", "deleted"
STATES = (INVITED, ACTIVE, RESTRICTED, SUSPENDED, SCHEDULED, DELETED)
# Who uses the product takes a seat; who waits, is suspended or goes takes none.
SEATED = (ACTIVE, RESTRICTED)
# Those who still count: their names are taken. Who is scheduled for deletion makes room for a new person of that name.
LIVE = (INVITED, ACTIVE, RESTRICTED, SUSPENDED)
GONE = (SCHEDULED, DELETED)
LICENCE_ENDED = "licence_ended"
PROVISIONING = "provisioning"
# The client's own reasons, by which the provider's word changes nothing as long as they last.
BY_CLIENT = ("client_rule", "client_decision")


class Act(StrEnum):
    """What changes a licensed user's state."""

    ACTIVATE = "activate"
    RESTRICT = "restrict"
    LIFT = "lift"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    SCHEDULE = "schedule_deletion"
    CANCEL = "cancel_deletion"
    DELETE = "delete"


# The states an act starts from.
ALLOWED: Mapping[Act, tuple[str, ...]] = {
    Act.ACTIVATE: (INVITED,),
    Act.RESTRICT: (ACTIVE,),
    Act.LIFT: (RESTRICTED,),
    Act.SUSPEND: (INVITED, ACTIVE, RESTRICTED, SUSPENDED),
    Act.REINSTATE: (SUSPENDED,),
    Act.SCHEDULE: LIVE,
    Act.CANCEL: (SCHEDULED,),
    Act.DELETE: (SCHEDULED,),
}
# The act that takes an act back.
UNDO: Mapping[Act, Act] = {
    Act.RESTRICT: Act.LIFT,
    Act.LIFT: Act.RESTRICT,
    Act.SUSPEND: Act.REINSTATE,
    Act.REINSTATE: Act.SUSPEND,
    Act.SCHEDULE: Act.CANCEL,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's state. What a state does not need is empty; instants are aware.

    ``features`` are those that a restriction leaves (``None``: no restriction). A suspension and a schedule keep it,
    and a schedule keeps the suspension, so that taking them back leads to where the person stood.
    """

    status: str
    suspension_reason: str = ""
    suspended_at: datetime | None = None
    suspended_until: datetime | None = None
    features: tuple[str, ...] | None = None
    delete_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What an act asks for: reason and end of a suspension, what a restriction leaves, the instant of a deletion.

    ``instead``: a suspension takes the place of whichever is there. Only who takes an act back asks for that.
    """

    act: Act
    reason: str = ""
    until: datetime | None = None
    features: tuple[str, ...] = ()
    delete_at: datetime | None = None
    instead: bool = False


def may(act: Act, standing: Standing, *, reason: str = "", instead: bool = False) -> bool:
    """Say whether an act starts from a standing.

    Who is suspended is suspended again only where nobody meant it yet: because the licence ended. Then the client's
    reason takes that place, and the next licence does not let the person in. A suspension with an end gives way to
    the identity provider's, which has none. ``instead`` any gives way.
    """
    if standing.status not in ALLOWED[act]:
        return False
    if act is Act.SUSPEND and standing.status == SUSPENDED and not instead:
        if standing.suspension_reason == LICENCE_ENDED:
            return reason != LICENCE_ENDED
        return reason == PROVISIONING and standing.suspended_until is not None
    return True


def needs_seat(act: Act, standing: Standing) -> bool:
    """Say whether the act lets in somebody who takes no seat now."""
    if act is Act.CANCEL:
        return not standing.suspension_reason
    return act in (Act.ACTIVATE, Act.REINSTATE)


def after(standing: Standing, wish: Wish, *, seat: bool, at: datetime) -> Standing:
    """Return where an allowed act leads. Without a ``seat`` whoever would be let in waits for a licence.

    :raises ValueError: the act is not allowed from there.
    """
    if not may(wish.act, standing, reason=wish.reason, instead=wish.instead):
        raise ValueError(f"act: {wish.act.value} does not start from {standing.status}")
    match wish.act:
        case Act.RESTRICT:
            return replace(standing, status=RESTRICTED, features=wish.features)
        case Act.LIFT:
            return replace(standing, status=ACTIVE, features=None)
        case Act.SUSPEND:
            return replace(
                standing,
                status=SUSPENDED,
                suspension_reason=wish.reason,
                suspended_at=at,
                suspended_until=wish.until,
            )
        case Act.SCHEDULE:
            return replace(standing, status=SCHEDULED, delete_at=wish.delete_at)
        case Act.DELETE:
            return replace(standing, status=DELETED, deleted_at=at)
        case Act.CANCEL if standing.suspension_reason:
            return replace(standing, status=SUSPENDED, delete_at=None)
    return _let_in(standing) if seat else _waiting(standing, at=at)


def _let_in(standing: Standing) -> Standing:
    status = ACTIVE if standing.features is None else RESTRICTED
    return Standing(status, features=standing.features)


def _waiting(standing: Standing, *, at: datetime) -> Standing:
    """Nobody's decision keeps the person out, only the licence."""
    return Standing(SUSPENDED, suspension_reason=LICENCE_ENDED, suspended_at=at, features=standing.features)
