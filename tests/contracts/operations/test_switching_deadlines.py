"""The deadlines of a switch: opened with it, met by its state, moved by what is declared, gone when it is withdrawn."""

import pytest

from accounts import tenancy
from accounts.operations.sweeping import SYSTEM
from contracts.enums import SwitchChoice, SwitchKind
from contracts.models import Deadline
from contracts.operations import deadlines
from tests.contracts.agreements import at
from tests.contracts.operations.lives import live_until
from tests.contracts.operations.switches import act, an_active_contract, day, opened, tell_unfeasible
from tests.contracts.operations.test_switching import ORDER

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def shown(case, now):
    """Compute the deadlines, and return the switch's: kind → (last day, met)."""
    with tenancy.vendor():
        deadlines.refresh([case.contract_id], now=at(now), by=SYSTEM)
        rows = Deadline.objects.standing().filter(subject_id=case.public_id)
        return {row.kind.removeprefix("switching_"): (str(row.legal_on), row.met_at is not None) for row in rows}


def test_a_switch_brings_its_deadlines_and_meets_them():
    case = opened(an_active_contract())
    assert shown(case, "2026-12-01") == {
        "unfeasible_limit": ("2026-12-21", False),
        "notice_end": ("2027-02-01", False),
        "transition_end": ("2027-03-03", False),
        "retrieval_end": ("2027-04-02", False),
    }
    tell_unfeasible(case, length=2)
    moved = shown(case, "2026-12-10")
    assert (moved["unfeasible_limit"], moved["transition_end"]) == (("2026-12-21", True), ("2027-04-01", False))
    live_until("2027-02-02", order=ORDER)
    assert shown(case, "2027-02-02")["notice_end"] == ("2027-02-01", True)
    act("complete", case, now="2027-02-10", completed_on=day("2027-02-10"))
    assert shown(case, "2027-02-10")["transition_end"] == ("2027-04-01", True)


def test_an_unfinished_switch_asks_for_the_clients_choice():
    case = opened(an_active_contract())
    shown(case, "2026-12-01")
    live_until("2027-03-04", order=ORDER)
    found = shown(case, "2027-03-04")
    assert (found["choice"], found["transition_end"]) == (("2027-04-02", False), ("2027-03-03", False))
    act("choose", case, now="2027-03-05", on=day("2027-03-05"), choice=SwitchChoice.DELETE)
    assert shown(case, "2027-03-05")["choice"] == ("2027-04-02", True)


def test_erasure_only_has_its_notice_and_a_withdrawn_switch_nothing():
    case = opened(an_active_contract(), kind=SwitchKind.ERASURE_ONLY)
    assert shown(case, "2026-12-01") == {"notice_end": ("2027-02-01", False)}
    act("withdraw", case, now="2026-12-02", on=day("2026-12-02"))
    assert shown(case, "2026-12-02") == {}
