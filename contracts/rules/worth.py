"""What a notice is worth: by its clause, by the way out that a missed reminder opens, and under a stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contracts.enums import NoticeKind, NoticeParty
from contracts.rules import free_exit, notice, stay
from contracts.rules.free_exit import Missed
from contracts.rules.notice import JudgedNotice, NoticeClause


@dataclass(frozen=True, slots=True)
class Worth:
    """What a notice is worth in the end, whether a missed reminder decided, and from when on a stay voids terms."""

    judged: JudgedNotice
    free_of_charge: bool = False
    void_from: date | None = None


def weigh(
    clause: NoticeClause,
    *,
    sent_on: date | None,
    received_on: date | None,
    entitled: bool,
    party: NoticeParty = NoticeParty.CLIENT,
    kind: NoticeKind = NoticeKind.TERMINATION,
    missed: Sequence[Missed] = (),
) -> Worth:
    """Return what a notice is worth. A client that was not reminded leaves free of charge; a stay holds for both sides.

    ``missed`` are the reminders of the Loi Chatel that did not come in their window. Where the stay decides, the
    notice is an ordinary one that came in time.

    :raises InvalidInput: as ``notice.judge`` does.
    """
    ordinary = found = notice.judge(
        clause, sent_on=sent_on, received_on=received_on, entitled=entitled, party=party, kind=kind
    )
    reminded = free_exit.open_on(clause, ordinary.given_on, missed) if party is NoticeParty.CLIENT else None
    if reminded is not None:
        found = free_exit.judge(ordinary, clause, reminded=reminded, kind=kind)
    stayed, void_from = stay.judged(found, clause)
    return Worth(stayed, found is not ordinary and void_from is None, void_from)


def ends_if_given(
    clause: NoticeClause, *, on: date, party: NoticeParty = NoticeParty.CLIENT, missed: Sequence[Missed] = ()
) -> JudgedNotice:
    """Return what a notice to leave as soon as possible, sent and received on ``on``, would do.

    This is what an indefinite contract shows in place of a last notice day: "notice given today ends on …".

    :raises InvalidInput: as ``notice.judge`` does.
    """
    return weigh(clause, sent_on=on, received_on=on, entitled=True, party=party, missed=missed).judged


def named_end(clause: NoticeClause, day: date, *, earliest: date, missed: Sequence[Missed] = ()) -> date | None:
    """Return the end that a notice given early enough may name: ``day`` itself, or the end of its month or quarter,
    or of its term where that comes first.

    ``earliest`` is the end that a notice brings which names none: no day before it can be named, and that day always
    can. ``None`` where the contract ends with a term only, or is over by itself on that day. A client that was not
    reminded in time may name any day of the renewed term.
    """
    if clause.over_on is not None and clause.over_on <= day:
        return None
    if day <= earliest:
        return day if day == earliest else None
    way = free_exit.open_on(clause, day, missed)
    if way is not None and way.free_exit_from is not None and way.free_exit_from <= day:
        return day
    if not clause.mid_term_exit and not clause.term_at(day).indefinite:
        return None
    return clause.end_within(day)
