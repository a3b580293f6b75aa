"""When somebody is told that a request may miss its day, and who: pure rules (rulebook §6)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

# So long before the instant by which a request must be carried out somebody is told; zero: it has come.
LEADS = (timedelta(days=14), timedelta(days=7), timedelta(days=2), timedelta())
# After it, again and again, unless it is noted that something stands in the way.
AGAIN = timedelta(days=7)
# From so long before it the vendor's administrators are told too.
ESCALATE = timedelta(days=2)
# What the client, and nobody else, decides.
CLIENTS_TURN = frozenset({"client_undecided", "export_not_decided"})


def to_tell(by: datetime, *, told_at: datetime | None, held_up: bool, now: datetime, left_to_us: bool = False) -> bool:
    """Say whether somebody is to be told by now that something must be done by an instant.

    ``told_at``: when somebody was told last. Whoever comes late tells once, not of each lead. An instant that was put
    off is told of anew. ``held_up``: it is noted that something stands in the way, so nobody is told after the day.
    ``left_to_us``: everybody has decided, and the engine has it in hand or waits for its time; before the day nobody
    has anything to do.
    """
    if left_to_us and not held_up and now < by:
        return False
    passed = [by - lead for lead in LEADS if by - lead <= now]
    if not passed:
        return False
    if told_at is None or told_at < passed[-1]:
        return True
    return by <= now and not held_up and told_at + AGAIN <= now


def is_escalated(by: datetime, *, now: datetime) -> bool:
    """Say whether it is told to those, too, who see to it that others act."""
    return by - ESCALATE <= now


def days_left(by: datetime, *, now: datetime) -> int | None:
    """Return how many days are left, a begun one counted, once somebody is told of it; ``None``: it is not near."""
    left = by - now
    return None if left > LEADS[0] else -(-left // timedelta(days=1))


def clients_turn(codes: Iterable[str]) -> bool:
    """Say whether the client has to decide something, of what keeps a request from being carried out."""
    return not CLIENTS_TURN.isdisjoint(codes)
