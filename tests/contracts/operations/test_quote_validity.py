"""A quote is valid as long as it is true: no longer than a notice may be given, and not past a new clause."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts import tenancy
from accounts.errors import Refused
from contracts.enums import TerminationGround
from contracts.operations import amendments, quotes
from tests.contracts.agreements import at
from tests.contracts.operations.lives import fresh
from tests.contracts.operations.test_quotes import BY, accept, an_active_contract, make

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
G, HALF = TerminationGround, Decimal("0.5")


@pytest.mark.parametrize(
    ("on", "exit_on", "values", "until"),
    [
        pytest.param("2025-09-30", "2025-12-31", {}, "2025-09-30", id="the-last-day-for-notice"),
        pytest.param("2025-09-20", "2025-12-31", {}, "2025-09-30", id="some-days-before"),
        pytest.param("2025-03-01", "2025-12-31", {}, "2025-03-31", id="long-before"),
        pytest.param("2025-03-01", "2025-06-10", {"mid_term_exit": True}, "2025-03-10", id="within-the-term"),
        pytest.param("2025-09-30", "2025-12-30", {"early_exit_rate": HALF}, "2025-10-30", id="for-a-fee"),
    ],
)
def test_a_quote_gives_no_time_that_the_notice_clause_does_not(on, exit_on, values, until):
    contract = an_active_contract(**{"early_exit_rate": None, **values})
    with tenancy.vendor():
        quote = quotes.make_as_client(
            contract, exit_on=date.fromisoformat(exit_on), ground=G.CONVENIENCE, now=at(on), by=BY
        )
    assert (str(quote.valid_until), quote.right_to_leave) == (until, True)
    after = quote.valid_until + timedelta(days=1)
    with pytest.raises(Refused) as refused:
        accept(quote, after.isoformat())
    assert (refused.value.code, fresh(contract).ends_on) == ("quote_expired", None)


@pytest.mark.parametrize(
    ("amended", "rate", "code"),
    [
        pytest.param({"notice_length": 6}, None, "quote_outdated", id="too-late-under-the-new-clause"),
        pytest.param({"notice_length": 2}, None, None, id="in-time-under-the-new-clause"),
    ],
)
def test_a_quote_that_a_new_clause_overtakes_is_not_accepted(amended, rate, code):
    contract = an_active_contract(early_exit_rate=rate)
    quote = make(contract, "2025-12-31" if rate is None else "2025-12-30", on="2025-08-15")
    with tenancy.vendor():
        amendments.record(
            contract,
            values=amended,
            agreed_on=date(2025, 8, 20),
            valid_from=date(2025, 8, 20),
            source=contract.public_id,
            now=at("2025-08-20"),
            by=BY,
        )
    if code is None:
        assert accept(quote, "2025-09-01").accepted_at is not None
        return
    with pytest.raises(Refused) as refused:
        accept(quote, "2025-09-01")
    assert refused.value.code == code
