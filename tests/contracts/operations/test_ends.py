"""What ends a contract: the earliest end that stands counts, and a switch prolongs without a new term."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import tenancy
from contracts.enums import EndReason, NoticeParty, TerminationGround
from contracts.models import Contract
from contracts.operations import ends, foreseeing
from contracts.operations.lives import deadlines_of_lives
from contracts.rules.days import ONE_DAY
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import fresh, give, licence_of, live_until, terms_of, utc
from tests.contracts.operations.test_quotes import a_proof
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def an_active_contract():
    contract = a_signed_contract(an_organization())
    live_until("2025-01-02")
    return contract


def declare(contract, ends_on, ground=TerminationGround.CONVENIENCE, on="2025-03-01", prolongs=False):
    with tenancy.vendor():
        locked = Contract.objects.select_for_update(of=("self",)).select_related("organization").get(pk=contract.pk)
        return ends.declare(
            locked,
            ground=ground,
            party=NoticeParty.CLIENT,
            declared_on=date.fromisoformat(on),
            ends_on=date.fromisoformat(ends_on),
            penalty=None if ground is TerminationGround.SWITCHING else Decimal(0),
            prolongs=prolongs,
            now=at(on),
            by="user:manager",
            proof=a_proof(contract),
        )


def test_a_termination_ends_the_contract_within_its_term():
    contract = an_active_contract()
    declare(contract, "2025-07-01")
    assert (fresh(contract).ends_on, licence_of(contract)[1]) == (date(2025, 7, 1), utc("2025-06-30 22:00"))
    live_until("2025-07-01")
    ended = fresh(contract)
    assert (ended.status, ended.end_reason, ended.ended_at) == ("ended", "convenience", utc("2025-06-30 22:00"))
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01")]


@pytest.mark.parametrize("ground", list(TerminationGround))
def test_every_ground_says_why_the_contract_ended(ground):
    assert ground.end_reason in EndReason


@pytest.mark.parametrize(
    ("termination", "reason"),
    [
        pytest.param("2025-10-01", "convenience", id="the-termination-is-earlier"),
        pytest.param("2026-03-01", "notice", id="the-notice-is-earlier"),
    ],
)
def test_the_earliest_end_counts(termination, reason):
    contract = an_active_contract()
    give(contract, "2025-02-01")
    declare(contract, termination)
    live_until("2026-06-01")
    ended = fresh(contract)
    assert (ended.ends_on, ended.end_reason) == (min(date(2026, 1, 1), date.fromisoformat(termination)), reason)


def test_a_termination_of_the_past_voids_the_terms_it_prevents():
    contract = an_active_contract()
    live_until("2026-01-02")
    declare(contract, "2025-12-01", on="2026-01-03")
    assert terms_of(contract, voided=True) == [(2, "2026-01-01", "2027-01-01")]
    live_until("2026-01-04")
    assert (fresh(contract).status, terms_of(contract)) == ("ended", [(1, "2025-01-01", "2026-01-01")])


def test_a_pending_switch_goes_on_past_the_term_without_a_new_one():
    contract = an_active_contract()
    declare(contract, "2026-02-11", ground=TerminationGround.SWITCHING, on="2025-11-10", prolongs=True)
    waiting = fresh(contract)
    assert (waiting.renews_at, waiting.certain_at, waiting.ends_on) == (None, None, date(2026, 2, 11))
    live_until("2026-01-15")
    assert (fresh(contract).status, len(terms_of(contract))) == ("active", 1)
    live_until("2026-02-11")
    assert (fresh(contract).status, fresh(contract).end_reason) == ("ended", "switching")
    assert len(terms_of(contract)) == 1


@pytest.mark.parametrize(
    ("terminations", "ends_on"),
    [
        pytest.param({}, "2026-01-01", id="the-notice-alone"),
        pytest.param({"switching": "2026-03-04"}, "2026-03-04", id="a-switch-goes-on-past-the-notice"),
        pytest.param({"switching": "2025-11-15"}, "2025-11-15", id="a-switch-ends-before-the-notice"),
        pytest.param(
            {"switching": "2026-03-04", "convenience": "2026-02-11"},
            "2026-02-11",
            id="leaving-early-cuts-the-switch-short",
        ),
        pytest.param({"convenience": "2026-02-11"}, "2026-01-01", id="the-notice-is-earlier-than-leaving"),
    ],
)
def test_engine_forecast_and_deadlines_know_one_end(terminations, ends_on):
    contract = an_active_contract()
    give(contract, "2025-02-01")
    for ground, day in terminations.items():
        prolongs = ground == "switching"
        declare(contract, day, ground=TerminationGround(ground), on="2025-09-15", prolongs=prolongs)
    found = fresh(contract)
    with tenancy.vendor():
        events = foreseeing.events_of(found, now=at("2025-09-15"), until=date(2026, 12, 31))
        (deadlines,) = deadlines_of_lives([found]).values()
    told = {str(event.kind): str(event.on) for event in events}
    due = {str(one.kind): str(one.nominal) for one in deadlines}
    last_day = str(date.fromisoformat(ends_on) - ONE_DAY)
    assert (str(found.ends_on), told["ends"], due["contract_end"]) == (ends_on, last_day, last_day)
    assert not {"renews", "renewal_certain"} & told.keys()
    assert not {"renewal", "renewal_certain"} & due.keys()
