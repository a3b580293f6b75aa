"""The deadlines of a switch: what is due now and next, and what its state has answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.enums import DeadlineKind, SwitchStatus
from contracts.rules import workdays
from contracts.rules.deadlines import Met, Wanted
from contracts.rules.explanation import Explanation

SUBJECT = "switching_case"
# An unfinished switch: the client is asked what it wants after these days (rulebook §5).
ASK_AFTER = timedelta(days=30)
_ON_THE_WAY = (SwitchStatus.NOTIFIED, SwitchStatus.IN_TRANSITION)


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch as its deadlines depend on it; the days are inclusive. ``noted_at`` is when its state was last told."""

    case: UUID
    status: SwitchStatus
    country: str
    zone: str
    notice_end: date
    unfeasible_limit: date | None
    unfeasible_told: bool
    transition_end: date | None
    retrieval_end: date | None
    noted_at: datetime
    why: Mapping[str, Any] = field(default_factory=dict)


def of_switch(switch: Switch) -> list[Wanted | Met]:
    """Return the deadlines of a switch that lie ahead, and those that were met. One that is withdrawn has none."""
    status = switch.status
    if status is SwitchStatus.WITHDRAWN:
        return []
    found: list[Wanted | Met] = []
    limit = switch.unfeasible_limit
    if limit is not None and switch.unfeasible_told:
        found.append(_met(switch, DeadlineKind.SWITCHING_UNFEASIBLE_LIMIT))
    elif limit is not None and status in _ON_THE_WAY:
        found.append(_wanted(switch, DeadlineKind.SWITCHING_UNFEASIBLE_LIMIT, limit))
    if status in (SwitchStatus.NOTIFIED, SwitchStatus.ERASE_ONLY):
        found.append(_wanted(switch, DeadlineKind.SWITCHING_NOTICE_END, switch.notice_end))
    else:
        found.append(_met(switch, DeadlineKind.SWITCHING_NOTICE_END))
    if switch.transition_end is None:
        return found
    if status is SwitchStatus.COMPLETED:
        found.append(_met(switch, DeadlineKind.SWITCHING_TRANSITION_END))
    elif status is not SwitchStatus.ENDED:
        found.append(_wanted(switch, DeadlineKind.SWITCHING_TRANSITION_END, switch.transition_end))
    if status is SwitchStatus.UNFINISHED:
        found.append(_wanted(switch, DeadlineKind.SWITCHING_CHOICE, switch.transition_end + ASK_AFTER))
    elif status in (SwitchStatus.COMPLETED, SwitchStatus.ENDED):
        found.append(_met(switch, DeadlineKind.SWITCHING_CHOICE))
    if switch.retrieval_end is not None:
        found.append(_wanted(switch, DeadlineKind.SWITCHING_RETRIEVAL_END, switch.retrieval_end))
    return found


def _met(switch: Switch, kind: DeadlineKind) -> Met:
    return Met(kind, switch.case, 0, switch.noted_at)


def _wanted(switch: Switch, kind: DeadlineKind, day: date) -> Wanted:
    """What binds the vendor is done by a working day before; what the client is granted is its own last day."""
    granted = kind is DeadlineKind.SWITCHING_RETRIEVAL_END
    return Wanted(
        kind=kind,
        subject_type=SUBJECT,
        subject=switch.case,
        occurrence=0,
        nominal=day,
        legal=day,
        internal=day if granted else workdays.on_or_before(day, switch.country).to,
        calendar_country=switch.country,
        zone=switch.zone,
        explanation=Explanation.from_json(switch.why),
    )
