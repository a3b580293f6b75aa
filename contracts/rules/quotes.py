"""The quote: what leaving on a given day costs and gives back, line by line, each with its clause and its reasons."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from contracts.enums import GoverningLaw, NoticeParty, TerminationGround
from contracts.rules import billing, chatel, leaving, money, worth
from contracts.rules.billing import PricedTerm
from contracts.rules.dated import DISCLOSURE_REQUIRED, SWITCHING_CHARGED, in_force
from contracts.rules.days import ONE_DAY, check_day
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation, Step
from contracts.rules.free_exit import Missed
from contracts.rules.money import Money
from contracts.rules.notice import NoticeClause

VERSION = 1

# What a judge may do about a penalty, and what a prepaid fee is given back on after a breach, by governing law.
JUDGE_MAY_REDUCE: Mapping[GoverningLaw, tuple[Step, str]] = {
    GoverningLaw.FR: (Step("judge_may_reduce_fr"), "Code civil, art. 1231-5"),
    GoverningLaw.DE: (Step("judge_may_reduce_de"), "BGB § 343, HGB § 348"),
    GoverningLaw.PL: (Step("judge_may_reduce_pl"), "Kodeks cywilny, art. 484 § 2"),
    GoverningLaw.OTHER: (Step("judge_may_reduce_other"), "governing_law"),
}
RESTITUTION: Mapping[GoverningLaw, str] = {
    GoverningLaw.FR: "Code civil, art. 1229",
    GoverningLaw.DE: "BGB § 812",
    GoverningLaw.PL: "Kodeks cywilny, art. 410 § 2",
    GoverningLaw.OTHER: "governing_law",
}


class LineKind(StrEnum):
    """What a line of the quote is about. Only some count towards the total; the others inform."""

    FEE_REMAINING = "fee_remaining"
    ARREARS = "arrears"
    FEES_TO_END = "fees_to_end"
    PENALTY = "penalty"
    SET_OFF = "set_off"
    REFUND = "refund"
    PREPAID_KEPT = "prepaid_kept"
    CREDIT = "credit"
    SWITCHING_CHARGE = "switching_charge"


@dataclass(frozen=True, slots=True)
class ExitClause:
    """What the contract says about leaving early. ``rate=None``: it grants no right to leave for convenience.

    ``rate`` is a share of the fee that remains, ``refunds`` whether prepaid and unused fees are given back,
    ``disclosed_on`` when the fee was disclosed to the client, if it was.
    """

    rate: Decimal | None
    refunds: bool
    law: GoverningLaw
    concluded_on: date
    cap: Money | None = None
    disclosed_on: date | None = None
    committed_until: date | None = None

    @property
    def disclosed(self) -> bool:
        """Whether the fee was disclosed before signature."""
        return self.disclosed_on is not None and self.disclosed_on <= self.concluded_on

    def holds(self, exit_on: date) -> bool:
        """Whether the minimum commitment outlasts an exit for convenience on that day."""
        return self.committed_until is not None and exit_on < self.committed_until


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the contract stands on the day of the quote.

    ``next_end`` is the first day, from the exit on, with which a notice given today or later can end the contract
    (:func:`next_end`); ``terms`` hold every day from the exit to it. ``paid`` was paid for the term in which the exit
    lies and those before, ``charged_before`` is the fee of those before; ``credits`` are owed to the client.
    ``free_of_charge``: that notice needs the way out of a missed reminder, so what is prepaid is given back.
    ``freed_after`` is the last day that a notice which stands leaves: no early-exit fee is asked for the days after it.
    """

    terms: Sequence[PricedTerm]
    next_end: date
    paid: Money
    credits: Money
    charged_before: Money | None = None
    free_of_charge: bool = False
    freed_after: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An amount before VAT: above zero the client pays, below zero the client receives. ``counts``: in the total."""

    kind: LineKind
    amount: Money
    counts: bool
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Quote:
    """What leaving costs. ``exit_on`` is the last day of service, ``remaining_days`` those of its term after it.

    ``right_to_leave`` is false where nothing lets the client go on that day: the fees then go on. ``blocked``: the
    early-exit fee cannot be asked; ``flagged``: it can, but was not disclosed before signature. ``on_notice``: nothing
    is asked because a notice that is still to be given ends the contract on that day.
    """

    exit_on: date
    ground: TerminationGround | None
    remaining_days: int
    lines: tuple[Line, ...]
    total: Money
    penalty: Money
    refund: Money
    right_to_leave: bool
    blocked: bool
    flagged: bool
    on_notice: bool


@dataclass(frozen=True, slots=True)
class Owed:
    """What takes the place of the fees after the exit: exact, so that each line is rounded once."""

    kind: LineKind
    exact: Fraction
    steps: tuple[Step, ...]
    source: str
    right: bool = True
    blocked: bool = False
    flagged: bool = False
    on_notice: bool = False


def quote(
    clause: ExitClause,
    standing: Standing,
    *,
    exit_on: date,
    ground: TerminationGround | None,
    party: NoticeParty = NoticeParty.CLIENT,
    agreed: Money | None = None,
    switching_cost: Money | None = None,
) -> Quote:
    """Return what leaving with ``exit_on`` as the last day of service costs (rulebook §4).

    No ground means at the term's end, on notice. The early-exit fee is asked for convenience, for the client's breach,
    for switching, and by agreement unless another amount is ``agreed``. On notice and for the vendor's breach there is
    none; a grave cause (``immediate``) is the other side's breach, ``party`` being who declares it. What is prepaid and
    unused is set off first; the rest is given back where the clause refunds, and always after the vendor's breach.

    :raises InvalidInput: no term holds the exit (``outside_term``), the contract cannot be left on notice on that day
        (``at_term``: ``not_an_end``), an amount is negative or in another currency.
    """
    current = _term_of(standing.terms, exit_on)
    currency = current.fee.currency
    for name, amount in (
        ("paid", standing.paid),
        ("credits", standing.credits),
        ("charged_before", standing.charged_before),
        ("agreed", agreed),
        ("switching_cost", switching_cost),
    ):
        _check(name, amount, currency)
    after = exit_on + ONE_DAY
    earned = current.between(current.term.starts_on, after)
    remaining = current.between(after)
    days = (current.term.ends_on - after).days if current.term.ends_on else 0
    total_days = days + (after - current.term.starts_on).days
    blame = blame_of(ground, party)
    owed = _owed(clause, standing, exit_on, blame, current, agreed)
    paid = Fraction(standing.paid.amount)
    if standing.charged_before is not None:
        earned += Fraction(standing.charged_before.amount)
    unused = max(paid - earned, Fraction(0))
    breach = blame is TerminationGround.VENDOR_BREACH
    free = standing.free_of_charge and exit_on == standing.next_end and blame is not TerminationGround.CLIENT_BREACH
    refunds = clause.refunds or breach or free

    def line(kind: LineKind, exact: Fraction, steps: Sequence[Step], source: str, *, counts: bool = True) -> Line:
        inputs: dict[str, Any] = {"exit_on": exit_on, "ground": ground, "fee": str(current.fee)}
        inputs["paid"] = str(standing.paid)
        if current.changes:
            inputs["fee_changes"] = {day.isoformat(): str(fee) for day, fee in current.changes}
        why = Explanation(rule=f"quote.{kind}", version=VERSION, inputs=inputs, steps=tuple(steps), source=source)
        return Line(kind, money.from_exact(exact, currency), counts, why)

    def said(exact: Fraction) -> str:
        return str(money.from_exact(exact, currency))

    remainder = [
        Step("days_remaining", {"after": exit_on, "days": days, "of": total_days, "last_day": current.term.last_day}),
        *_remaining(current, after, total_days),
    ]
    lines = [line(LineKind.FEE_REMAINING, remaining, remainder, billing.SOURCE, counts=False)]
    if earned > paid:
        step = Step("fees_until_exit", {"exit_on": exit_on, "earned": said(earned), "paid": str(standing.paid)})
        lines.append(line(LineKind.ARREARS, earned - paid, [step], billing.SOURCE))
    lines.append(line(owed.kind, owed.exact, owed.steps, owed.source))
    set_off = min(unused, owed.exact)
    if set_off:
        step = Step("prepaid_set_off", {"unused": said(unused), "amount": said(set_off)})
        lines.append(line(LineKind.SET_OFF, -set_off, [step], billing.SOURCE))
    refund = unused - set_off if refunds else Fraction(0)
    if unused > set_off:
        params = {"unused": said(unused), "set_off": said(set_off), "amount": said(unused - set_off)}
        if refunds:
            source = RESTITUTION[clause.law] if breach else chatel.SOURCE if free else leaving.SOURCE
            lines.append(line(LineKind.REFUND, -refund, [Step("prepaid_refunded", params)], source))
        else:
            step = Step("prepaid_not_refunded", params)
            lines.append(line(LineKind.PREPAID_KEPT, unused - set_off, [step], leaving.SOURCE, counts=False))
    if standing.credits.amount:
        step = Step("credits_given", {"amount": str(standing.credits)})
        lines.append(line(LineKind.CREDIT, -Fraction(standing.credits.amount), [step], "service_level_clause"))
    if ground is TerminationGround.SWITCHING:
        charge, step, source = switching_charge(switching_cost, on=exit_on, currency=currency)
        lines.append(line(LineKind.SWITCHING_CHARGE, Fraction(charge.amount), [step], source))
    total = Money(sum((one.amount.amount for one in lines if one.counts), Decimal(0)), currency)
    penalty = owed.exact if owed.kind is LineKind.PENALTY else Fraction(0)
    return Quote(
        exit_on=exit_on,
        ground=ground,
        remaining_days=days,
        lines=tuple(lines),
        total=total.rounded(),
        penalty=money.from_exact(penalty, currency),
        refund=money.from_exact(refund, currency),
        right_to_leave=owed.right,
        blocked=owed.blocked,
        flagged=owed.flagged,
        on_notice=owed.on_notice,
    )


def next_end(clause: NoticeClause, *, on: date, exit_on: date, missed: Sequence[Missed] = ()) -> date:
    """Return the first day, not before ``exit_on``, with which a notice given on ``on`` or later ends the contract.

    A later notice never ends it earlier, so the first one that reaches ``exit_on`` is found by halving. ``missed`` as
    for ``worth.weigh``.

    :raises InvalidInput: the exit is before ``on``, or as ``notice.judge`` does.
    """
    check_day(exit_on, field="exit_on")
    if exit_on < on:
        raise InvalidInput("exit_on", "in_the_past", "a contract is not left before today")
    earliest = end_if_given(clause, on, missed)
    if (named := worth.named_end(clause, exit_on, earliest=earliest, missed=missed)) is not None:
        return named
    within = range((exit_on - on).days + 1)
    found = bisect_left(within, exit_on, key=lambda days: end_if_given(clause, on + timedelta(days=days), missed))
    return end_if_given(clause, on + timedelta(days=found), missed)


def last_notice_for(clause: NoticeClause, *, on: date, exit_on: date, missed: Sequence[Missed] = ()) -> date | None:
    """Return the last day, not before ``on``, on which a notice can still end the contract with ``exit_on``.

    ``None`` if there is none, as after the last term of a contract that does not renew.

    :raises InvalidInput: as ``notice.judge`` does.
    """
    if clause.over_on is not None and clause.over_on <= exit_on:
        return None
    within = range((exit_on - on).days + 1)
    found = bisect_right(within, exit_on, key=lambda days: end_if_given(clause, on + timedelta(days=days), missed))
    return on + timedelta(days=found - 1) if found else None


def end_if_given(clause: NoticeClause, on: date, missed: Sequence[Missed] = ()) -> date:
    """Return the last day that a notice given on ``on`` leaves to the contract.

    :raises InvalidInput: as ``notice.judge`` does.
    """
    return worth.ends_if_given(clause, on=on, missed=missed).takes_effect_on or date.max


def early_exit_fee(clause: ExitClause, remaining: Fraction, currency: str) -> Owed:
    """Return the fee that the clause asks of what remains, unless the law blocks it, and what a judge may do about it.

    :raises InvalidInput: the rate is over 100 % or negative, the cap is negative or in another currency.
    """
    if clause.rate is None:
        return Owed(LineKind.PENALTY, Fraction(0), (Step("no_penalty_agreed"),), leaving.SOURCE)
    exact, steps = leaving.share_of(remaining, rate=clause.rate, cap=clause.cap, currency=currency)
    if not exact:
        return Owed(LineKind.PENALTY, exact, steps, leaving.SOURCE)
    judge, law = JUDGE_MAY_REDUCE[clause.law]
    if clause.disclosed:
        return Owed(LineKind.PENALTY, exact, (*steps, judge), f"{leaving.SOURCE}; {law}")
    rule = in_force(DISCLOSURE_REQUIRED, on=clause.concluded_on)
    if rule.value:
        step = Step("penalty_blocked", {"concluded_on": clause.concluded_on, "since": rule.from_on})
        return Owed(LineKind.PENALTY, Fraction(0), (*steps, step), rule.source, blocked=True)
    flag = Step("penalty_not_disclosed", {"concluded_on": clause.concluded_on})
    return Owed(LineKind.PENALTY, exact, (*steps, flag, judge), f"{leaving.SOURCE}; {law}", flagged=True)


def switching_charge(cost: Money | None, *, on: date, currency: str) -> tuple[Money, Step, str]:
    """Return what may be asked for a switch that ends on ``on``: its cost at most, and nothing from the law's day on.

    A cost that nobody has stated is not charged.
    """
    rule = in_force(SWITCHING_CHARGED, on=on)
    nothing = Money(Decimal(0), currency).rounded()
    if not rule.value:
        return nothing, Step("switching_is_free", {"on": on, "since": rule.from_on}), rule.source
    if cost is None:
        return nothing, Step("switching_cost_not_stated", {"on": on}), rule.source
    return cost.rounded(), Step("switching_at_cost", {"on": on, "amount": str(cost.rounded())}), rule.source


def blame_of(ground: TerminationGround | None, party: NoticeParty) -> TerminationGround | None:
    """A grave cause lets one side go at once because of what the other did."""
    if ground is not TerminationGround.IMMEDIATE:
        return ground
    return TerminationGround.VENDOR_BREACH if party is NoticeParty.CLIENT else TerminationGround.CLIENT_BREACH


def _owed(
    clause: ExitClause,
    standing: Standing,
    exit_on: date,
    ground: TerminationGround | None,
    current: PricedTerm,
    agreed: Money | None,
) -> Owed:
    nothing = Fraction(0)
    if ground is TerminationGround.VENDOR_BREACH:
        return Owed(LineKind.PENALTY, nothing, (Step("no_penalty_after_breach"),), RESTITUTION[clause.law])
    on_notice = exit_on == standing.next_end
    if ground is None and not on_notice:
        params = {"next_end": standing.next_end}
        raise InvalidInput("exit_on", "not_an_end", "no notice given today ends the contract on this day", params)
    if ground is TerminationGround.AGREEMENT and agreed is not None:
        step = Step("penalty_agreed", {"amount": str(agreed.rounded())})
        return Owed(LineKind.PENALTY, Fraction(agreed.amount), (step,), "agreement")
    if on_notice and ground is not TerminationGround.CLIENT_BREACH:
        step = Step("left_on_notice", {"exit_on": exit_on})
        source = chatel.SOURCE if standing.free_of_charge else "notice_clause"
        return Owed(LineKind.PENALTY, nothing, (step,), source, on_notice=True)
    held = clause.holds(exit_on)
    if ground is TerminationGround.CONVENIENCE and (clause.rate is None or held):
        return _fees_go_on(clause, standing, exit_on, held=held)
    freed = standing.freed_after
    if freed is None or not current.term.covers(freed + ONE_DAY):
        return early_exit_fee(clause, current.between(exit_on + ONE_DAY), standing.paid.currency)
    remaining = current.between(exit_on + ONE_DAY, freed + ONE_DAY)
    amount = str(money.from_exact(remaining, standing.paid.currency))
    step = Step("freed_by_notice", {"until": freed, "amount": amount})
    owed = early_exit_fee(clause, remaining, standing.paid.currency)
    return replace(owed, steps=(step, *owed.steps))


def _fees_go_on(clause: ExitClause, standing: Standing, exit_on: date, *, held: bool) -> Owed:
    """Without a right to leave there is no penalty: the fees are owed until the contract can end."""
    end = standing.next_end
    exact = billing.fees_between(standing.terms, starts_on=exit_on + ONE_DAY, ends_on=end + ONE_DAY)
    currency = standing.paid.currency
    steps = [Step("held_by_commitment", {"committed_until": clause.committed_until})] if held else []
    steps.append(Step("no_right_to_leave", {"until": end, "amount": str(money.from_exact(exact, currency))}))
    return Owed(LineKind.FEES_TO_END, exact, tuple(steps), billing.SOURCE, right=False)


def _remaining(current: PricedTerm, after: date, total_days: int) -> Iterator[Step]:
    """Yield what the days after the exit cost, at each of the prices that they have."""
    currency = current.fee.currency
    parts = current.stretches(after) or (billing.Stretch(after, after, current.fee_on(after - ONE_DAY)),)
    for part in parts:
        days = (part.ends_on - part.starts_on).days
        amount = str(money.from_exact(current.between(part.starts_on, part.ends_on), currency))
        if len(parts) > 1:
            yield Step("fee_changes", {"from": part.starts_on, "fee": str(part.fee)})
        yield Step("fee_remaining", {"fee": str(part.fee), "days": days, "of": total_days, "amount": amount})


def _term_of(terms: Sequence[PricedTerm], day: date) -> PricedTerm:
    for one in terms:
        if one.term.covers(day):
            return one
    raise InvalidInput("exit_on", "outside_term", "the last day of service lies outside the contract's terms")


def _check(field: str, amount: Money | None, currency: str) -> None:
    if amount is None:
        return
    if amount.currency != currency:
        codes = {"one": currency, "other": amount.currency}
        raise InvalidInput(field, "mixed_currencies", "two currencies in one quote", codes)
    leaving.check_not_negative(field, amount)
