"""The revision of a price before the next term: by which value, to which price, or why not; and who may follow whom."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from contracts.enums import UpliftState
from contracts.rules import indexation, indices
from contracts.rules.explanation import Explanation, Step
from contracts.rules.indices import Latest
from contracts.rules.money import Money

S = UpliftState
# What nobody decided is computed anew as often as its inputs change; a decision stands, unless both
# sides take its amendment back.
ALLOWED: Mapping[UpliftState, frozenset[UpliftState]] = MappingProxyType(
    {
        S.PROPOSED: frozenset({S.PROPOSED, S.FLAGGED, S.APPLIED, S.REJECTED, S.LAPSED}),
        S.FLAGGED: frozenset({S.PROPOSED, S.FLAGGED, S.REJECTED, S.LAPSED}),
        S.APPLIED: frozenset({S.VOIDED}),
        S.REJECTED: frozenset(),
        S.LAPSED: frozenset(),
        S.VOIDED: frozenset(),
    }
)


@dataclass(frozen=True, slots=True)
class IndexClause:
    """What the contract says of its index, and S0: the value at signature or at the last revision."""

    s0: Decimal
    s0_period: date
    fixed_part: Decimal = Decimal(0)
    floor: Decimal | None = None
    cap: Decimal | None = None
    longest_delay_months: int = 4


@dataclass(frozen=True, slots=True)
class Proposal:
    """The revised price, or none: then a value is missing, and somebody must look (never a silent guess)."""

    latest: Latest | None
    price: Money | None
    factor: Decimal | None
    explanation: Explanation

    @property
    def flagged(self) -> bool:
        return self.price is None


def propose(price: Money, clause: IndexClause, latest: Latest | None, *, on: date) -> Proposal:
    """Return the price from the next term on, by the value that is the latest published ``on`` the revision date.

    S1 is missing where none was published since S0, or where the latest is older than the series' longest delay: the
    real last one is then not known here.

    :raises InvalidInput: as :func:`contracts.rules.indexation.revise` does.
    """
    taken, why = _usable(clause, latest, on)
    found = indexation.revise(
        price,
        s0=clause.s0,
        s1=taken.value.value if taken else None,
        fixed_share=clause.fixed_part,
        floor=clause.floor,
        cap=clause.cap,
        link=taken.link if taken else None,
    )
    explanation = replace(found.explanation, steps=(why, *found.explanation.steps))
    if taken is None:
        return Proposal(None, None, None, explanation)
    return Proposal(taken, found.price, found.factor, explanation)


def may_become(state: UpliftState, following: UpliftState) -> bool:
    """Tell whether an uplift in ``state`` may be moved to ``following``."""
    return following in ALLOWED[state]


def _usable(clause: IndexClause, latest: Latest | None, on: date) -> tuple[Latest | None, Step]:
    if latest is None:
        return None, Step("index_never_published", {"on": on})
    month = latest.value.month
    if month <= clause.s0_period:
        return None, Step("index_not_renewed", {"period": month, "base": clause.s0_period, "on": on})
    if indices.is_stale(month, on=on, longest_delay_months=clause.longest_delay_months):
        return None, Step("index_too_old", {"period": month, "months": clause.longest_delay_months, "on": on})
    params = {"value": latest.value.value, "period": month, "published_on": latest.value.published_on, "on": on}
    return latest, Step("index_value_taken", params)
