"""The revision of a price before the next term: by the value that counts, and flagged where it is missing."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.enums import UpliftState
from contracts.explain import reasons
from contracts.rules import uplifts
from contracts.rules.indexation import IndexValue
from contracts.rules.indices import Latest
from contracts.rules.money import Money
from contracts.rules.uplifts import IndexClause

day = date.fromisoformat
P, F, A, R, L, V = UpliftState
MAY = {(P, P), (P, F), (P, A), (P, R), (P, L), (F, P), (F, F), (F, R), (F, L), (A, V)}
CLAUSE = IndexClause(s0=Decimal("242.60"), s0_period=day("2024-11-01"))


@pytest.mark.parametrize("state", UpliftState)
@pytest.mark.parametrize("following", UpliftState)
def test_every_transition(state, following):
    assert uplifts.may_become(state, following) == ((state, following) in MAY)


def latest(value, month="2025-11", link=None):
    published = IndexValue(day(f"{month}-01"), Decimal(value), day(f"{month}-28"))
    return Latest(published, link and Decimal(link))


@pytest.mark.parametrize(
    ("found", "values", "price"),
    [
        pytest.param(latest("245.60"), {}, "10123.66", id="the-rulebooks"),
        pytest.param(latest("245.60"), {"fixed_part": Decimal("0.15")}, "10105.11", id="a-fixed-part"),
        pytest.param(latest("300"), {"cap": Decimal("1.03")}, "10300.00", id="capped"),
        pytest.param(latest("200"), {"floor": Decimal(1)}, "10000.00", id="floored"),
        pytest.param(latest("122.80", link="2"), {}, "10123.66", id="linked"),
    ],
)
def test_the_price_follows_the_latest_value(found, values, price):
    clause = IndexClause(CLAUSE.s0, CLAUSE.s0_period, **values)
    proposal = uplifts.propose(Money(Decimal(10000), "EUR"), clause, found, on=day("2026-01-01"))
    assert proposal.price == Money(Decimal(price), "EUR")
    assert not proposal.flagged and proposal.latest == found
    assert proposal.explanation.steps[0].code == "index_value_taken"
    assert all("%(" not in sentence for sentence in reasons(proposal.explanation.to_json()))


@pytest.mark.parametrize(
    ("found", "code"),
    [
        pytest.param(None, "index_never_published", id="none"),
        pytest.param(latest("245.60", "2024-11"), "index_not_renewed", id="still-that-of-the-signature"),
        pytest.param(latest("245.60", "2024-10"), "index_not_renewed", id="older-than-the-base"),
        pytest.param(latest("245.60", "2025-08"), "index_too_old", id="imports-have-stopped"),
    ],
)
def test_what_is_missing_is_flagged_and_never_guessed(found, code):
    proposal = uplifts.propose(Money(Decimal(10000), "EUR"), CLAUSE, found, on=day("2026-01-01"))
    assert (proposal.flagged, proposal.price, proposal.factor, proposal.latest) == (True, None, None, None)
    assert [step.code for step in proposal.explanation.steps] == [code, "index_missing"]
    assert all("%(" not in sentence for sentence in reasons(proposal.explanation.to_json()))


def test_a_value_of_the_longest_delay_still_counts():
    proposal = uplifts.propose(Money(Decimal(10000), "EUR"), CLAUSE, latest("245.60", "2025-09"), on=day("2026-01-01"))
    assert not proposal.flagged
