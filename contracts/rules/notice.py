"""Notice: until which day it can be given for a term, what one that was given is worth, and when it takes effect."""

from dataclasses import dataclass, replace
from datetime import date

from contracts.enums import GoverningLaw, NoticeEffect, NoticeEndOf, NoticeJudgment, NoticeKind, NoticeParty, NoticeUnit
from contracts.rules import terms
from contracts.rules.days import ONE_DAY, add_months, end_containing, shift
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation, Step
from contracts.rules.periods import SOURCES, Deadline, contract_regime, count_back
from contracts.rules.terms import Term

VERSION = 1


@dataclass(frozen=True, slots=True)
class Stay:
    """What both sides signed: the renewal after term ``number`` neither becomes certain nor starts before the local
    day ``until`` is over.
    """

    number: int
    until: date

    @property
    def over_on(self) -> date:
        """The first day after it."""
        return self.until + ONE_DAY


@dataclass(frozen=True, slots=True)
class NoticeClause:
    """What the contract says about its terms and about leaving it.

    ``first``, ``renewal`` and ``commitment`` are months from ``anchor``; ``renewal=None`` means indefinite after the
    first term; ``auto_renews=False`` means that the contract ends by itself with term ``last_term``: its first, or the
    one that ran when both sides agreed on that. ``mid_term_exit`` is the right to leave within a term, on notice, once
    the commitment is over. With ``end_of``, a notice takes effect only at the end of the calendar month or quarter in
    which it expires. ``fixed`` are the lengths of renewals from before an amendment of the renewal term.
    """

    anchor: date
    first: int
    renewal: int | None
    length: int
    unit: NoticeUnit
    effect: NoticeEffect
    law: GoverningLaw
    calendar_country: str
    commitment: int = 0
    mid_term_exit: bool = False
    auto_renews: bool = True
    end_of: NoticeEndOf | None = None
    fixed: terms.Fixed = ()
    stay: Stay | None = None
    last_term: int = 1

    def __post_init__(self) -> None:
        """:raises InvalidInput: the notice or the commitment is negative."""
        for name, value in (("length", self.length), ("commitment", self.commitment)):
            if value < 0:
                raise InvalidInput(name, "negative", "a period is not negative")

    @property
    def committed_until(self) -> date | None:
        """The last day (inclusive) of the minimum commitment, if there is one."""
        return add_months(self.anchor, self.commitment) - ONE_DAY if self.commitment else None

    @property
    def over_on(self) -> date | None:
        """The first day on which a contract that does not renew is over by itself, if one comes."""
        return None if self.auto_renews else self.term(self.last_term).ends_on

    def renews_after(self, of: Term) -> bool:
        """Whether a term that ends is followed by another one, if nobody gives notice."""
        return self.auto_renews or of.number < self.last_term

    def takes_effect(self, day: date) -> date:
        """Return ``day``, or the end of the month or quarter that contains it where the contract asks for one."""
        return day if self.end_of is None else end_containing(day, self.end_of)

    def end_within(self, day: date) -> date:
        """Return the last day of a contract that is left within a term or an indefinite one, from ``day`` on.

        Whoever may leave within a term may also leave with it, where the month or quarter would end later.
        """
        named, last_day = self.takes_effect(day), self.term_at(day).last_day
        return named if last_day is None else min(named, last_day)

    def counts_from(self, sent_on: date | None, received_on: date | None) -> date:
        """Return the day that counts for a notice. :raises InvalidInput: it is missing, or receipt precedes sending."""
        if sent_on is not None and received_on is not None and received_on < sent_on:
            raise InvalidInput("received_on", "before_sending", "a notice is not received before it is sent")
        sending = self.effect is NoticeEffect.SENDING
        counted, field = (sent_on, "sent_on") if sending else (received_on, "received_on")
        if counted is None:
            raise InvalidInput(field, "missing", "the contract counts from %(effect)s", {"effect": str(self.effect)})
        return counted

    def term(self, number: int) -> Term:
        """:raises InvalidInput: as ``terms.term`` does."""
        return terms.term(number, anchor=self.anchor, first=self.first, renewal=self.renewal, fixed=self.fixed)

    def term_at(self, day: date) -> Term:
        """:raises InvalidInput: as ``terms.term_at`` does."""
        return terms.term_at(day, anchor=self.anchor, first=self.first, renewal=self.renewal, fixed=self.fixed)


@dataclass(frozen=True, slots=True)
class JudgedNotice:
    """What a notice is worth. ``ends_on`` is exclusive: the first day without the contract, ``None`` if never."""

    judgment: NoticeJudgment
    given_on: date
    ends_on: date | None
    explanation: Explanation

    @property
    def takes_effect_on(self) -> date | None:
        """The contract's last day (inclusive), as the rulebook, letters and screens state the effective date."""
        return None if self.ends_on is None else self.ends_on - ONE_DAY


def last_notice(clause: NoticeClause, of: Term) -> Deadline | None:
    """Return until when a notice can be given so that the contract ends with the term ``of``.

    ``None`` where no notice can do that or none is needed: an indefinite term, a term that ends before the minimum
    commitment does, a contract that does not renew.

    :raises InvalidInput: a negative length, an unknown country, or a day outside the calendar.
    """
    deadline = _strict_last_notice(clause, of)
    if deadline is None or clause.stay is None or held_back(clause, of, deadline.latest) == deadline.latest:
        return deadline
    until = clause.stay.until
    why = deadline.explanation
    why = replace(why, steps=(*why.steps, Step("renewal_stayed", {"until": until})))
    return replace(deadline, legal=until, internal=until, disputed=None, explanation=why)


def held_back(clause: NoticeClause, of: Term, day: date) -> date:
    """Return ``day``, or the first day after the stay of the renewal after ``of``, whichever is later."""
    stay = clause.stay
    return day if stay is None or stay.number != of.number else max(day, stay.over_on)


def _strict_last_notice(clause: NoticeClause, of: Term) -> Deadline | None:
    """Return what :func:`last_notice` would without a stay."""
    if of.last_day is None or not clause.renews_after(of) or _before_commitment_ends(clause, of.last_day):
        return None
    return count_back(
        of.last_day,
        length=clause.length,
        unit=clause.unit,
        regime=contract_regime(clause.law),
        calendar_country=clause.calendar_country,
        end_of=clause.end_of,
    )


def renewal_certain_on(clause: NoticeClause, of: Term) -> date | None:
    """Return the first day on which no notice can end the contract with the term ``of`` any more.

    It is the day after the last one under the reading most favourable to the customer, and the term's first day where
    the minimum commitment outlasts the term. ``None`` where nothing renews: an indefinite term, or no tacit renewal.

    :raises InvalidInput: as ``last_notice`` does.
    """
    if of.indefinite or not clause.renews_after(of):
        return None
    deadline = last_notice(clause, of)
    return held_back(clause, of, of.starts_on if deadline is None else deadline.latest + ONE_DAY)


def judge(
    clause: NoticeClause,
    *,
    sent_on: date | None,
    received_on: date | None,
    entitled: bool,
    party: NoticeParty = NoticeParty.CLIENT,
    kind: NoticeKind = NoticeKind.TERMINATION,
) -> JudgedNotice:
    """Judge a notice given by ``party``, and say when it takes effect (rulebook §3).

    A *termination* ends the contract as soon as the contract allows: with a mid-term exit right, or in an indefinite
    term, on the later of the notice's expiry and the end of the minimum commitment; otherwise at the end of the first
    term that it is in time for. A *non-renewal* never ends a contract within a term. Nothing is lost:

    - ``in_time``: it ends the term that is running, or it uses a right to leave that is open;
    - ``late``: it came too late for the running term, and takes effect at the end of the next one it is in time for;
    - ``premature``: the minimum commitment, or a beginning still to come, holds it back or was running when a mid-term
      exit was declared;
    - ``not_entitled``: it takes no effect; the explanation says when one by an entitled person would.

    A client's notice is late only under the reading most favourable to the client; the vendor's is held to ``legal``.

    :raises InvalidInput: the date that counts is missing, receipt precedes sending, the contract does not renew and
        is over already, or a day lies outside the calendar.
    """
    given_on = clause.counts_from(sent_on, received_on)
    steps = [Step("counts_from", {"effect": clause.effect, "on": given_on})]
    running = clause.term_at(max(given_on, clause.anchor))
    over_on = clause.over_on
    if over_on is not None and given_on >= over_on:
        raise InvalidInput("given_on", "contract_over", "the contract does not renew, and its last term is over")
    expires_on = shift(given_on, clause.length, clause.unit)
    steps.append(
        Step("notice_expires", {"length": clause.length, "unit": clause.unit, "from": given_on, "on": expires_on})
    )
    if clause.end_of is not None:
        expires_on = clause.takes_effect(expires_on)
        steps.append(Step("effective_at_end_of", {"end_of": clause.end_of, "on": expires_on}))
    judgment, last_day = _weigh(clause, running, given_on, expires_on, party, kind, steps)
    if not entitled:
        steps.append(Step("sender_not_entitled", {"would_end_on": last_day}))
        judgment = NoticeJudgment.NOT_ENTITLED
    explanation = Explanation(
        rule="notice",
        version=VERSION,
        inputs={
            "anchor": clause.anchor,
            "first": clause.first,
            "renewal": clause.renewal,
            "auto_renews": clause.auto_renews,
            "commitment": clause.commitment,
            "mid_term_exit": clause.mid_term_exit,
            "length": clause.length,
            "unit": clause.unit,
            "end_of": clause.end_of,
            "effect": clause.effect,
            "law": clause.law,
            "calendar_country": clause.calendar_country,
            "sent_on": sent_on,
            "received_on": received_on,
            "entitled": entitled,
            "party": party,
            "kind": kind,
            **({} if clause.auto_renews else {"last_term": clause.last_term}),
        },
        steps=tuple(steps),
        source=SOURCES[contract_regime(clause.law)],
    )
    return JudgedNotice(judgment, given_on, last_day + ONE_DAY if entitled else None, explanation)


def _weigh(
    clause: NoticeClause,
    running: Term,
    given_on: date,
    expires_on: date,
    party: NoticeParty,
    kind: NoticeKind,
    steps: list[Step],
) -> tuple[NoticeJudgment, date]:
    """Return the judgment of an entitled notice and the contract's last day; add the steps that say why."""
    if running.last_day is None:
        return _leave_within_term(clause, running, given_on, expires_on, steps)
    deadline = _strict_last_notice(clause, running) if party is NoticeParty.CLIENT else None
    disputed = deadline is not None and expires_on > running.last_day and given_on <= deadline.latest
    if clause.mid_term_exit and kind is NoticeKind.TERMINATION and not disputed:
        return _leave_within_term(clause, running, given_on, expires_on, steps)
    if not clause.renews_after(running):
        steps.append(Step("ends_without_notice", {"last_day": running.last_day}))
        return NoticeJudgment.IN_TIME, running.last_day
    if deadline is not None and disputed:
        steps.append(Step("in_time_under_disputed_reading", {"legal": deadline.legal, "until": deadline.latest}))
    in_time = disputed or expires_on <= running.last_day
    committed_until = clause.committed_until
    if in_time and not _before_commitment_ends(clause, running.last_day):
        steps.append(Step("in_time_for_term", {"number": running.number, "last_day": running.last_day}))
        return NoticeJudgment.IN_TIME, running.last_day
    if in_time:
        judgment = NoticeJudgment.PREMATURE
        steps.append(Step("held_by_commitment", {"committed_until": committed_until}))
    else:
        judgment = NoticeJudgment.LATE
        steps.append(Step("late_for_term", {"number": running.number, "last_day": running.last_day}))
    # The first term that the notice is in time for and that the commitment lets end is the one that covers this day.
    earliest = max(expires_on, committed_until or expires_on)
    target = clause.term_at(earliest)
    if clause.over_on is not None and earliest >= clause.over_on:
        steps.append(Step("ends_without_notice", {"last_day": clause.over_on - ONE_DAY}))
        return judgment, clause.over_on - ONE_DAY
    if target.last_day is None:
        earliest = clause.end_within(earliest)
        steps.append(Step("ends_indefinite_term", {"last_day": earliest}))
        return judgment, earliest
    steps.append(Step("takes_effect_at_end_of_term", {"number": target.number, "last_day": target.last_day}))
    return judgment, target.last_day


def _leave_within_term(
    clause: NoticeClause, running: Term, given_on: date, expires_on: date, steps: list[Step]
) -> tuple[NoticeJudgment, date]:
    committed_until = clause.committed_until
    earliest = max(expires_on, clause.anchor, committed_until or expires_on)
    last_day = clause.end_within(earliest)
    premature = given_on < clause.anchor or (committed_until is not None and given_on <= committed_until)
    if premature:
        held_by = {"starts_on": clause.anchor, "committed_until": committed_until}
        steps.append(Step("given_before_exit_right_opens", held_by))
    if clause.over_on is not None and last_day >= clause.over_on - ONE_DAY:
        steps.append(Step("ends_without_notice", {"last_day": clause.over_on - ONE_DAY}))
        return NoticeJudgment.IN_TIME, clause.over_on - ONE_DAY
    code = "ends_indefinite_term" if running.indefinite else "mid_term_exit"
    steps.append(Step(code, {"last_day": last_day}))
    return NoticeJudgment.PREMATURE if premature else NoticeJudgment.IN_TIME, last_day


def _before_commitment_ends(clause: NoticeClause, last_day: date) -> bool:
    return clause.committed_until is not None and last_day < clause.committed_until
