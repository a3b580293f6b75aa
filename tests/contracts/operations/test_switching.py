"""Switching away: the dates of a case, what it does to the contract, each act and what refuses it."""

from datetime import date

import pytest

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from contracts import sweeps
from contracts.enums import SwitchChoice, SwitchKind, SwitchStatus
from contracts.models import SwitchingAct, SwitchingCase, Termination
from contracts.operations import switching
from tests.contracts.agreements import a_draft, a_signed_contract, at
from tests.contracts.operations.lives import fresh, give, licence_of, terms_of, utc
from tests.contracts.operations.lives import live_until as live
from tests.contracts.operations.switches import (
    act,
    an_active_contract,
    day,
    opened,
    stored,
    tell_unfeasible,
)
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ORDER = (
    sweeps.start_all,
    sweeps.make_all_certain,
    sweeps.renew_all,
    sweeps.step_all_switches,
    sweeps.end_all,
)


def live_until(instant):
    live(instant, order=ORDER)


def dates_of(case):
    found = stored(case)
    return [
        None if value is None else value.isoformat()
        for value in (found.notice_end, found.transition_end, found.retrieval_end, found.erase_from)
    ]


def the_end(contract):
    """Return (status, first day without service, current term) of the contract."""
    found = fresh(contract)
    return found.status, str(found.ends_on), found.term_number


def test_the_dates_of_the_rulebooks_example():
    contract = an_active_contract()
    case = opened(contract, destination="Else GmbH")
    assert dates_of(case) == ["2027-02-01", "2027-03-03", "2027-04-02", "2027-04-03"]
    assert stored(case).why["rule"] == "switching"
    assert stored(case).unfeasible_limit == date(2026, 12, 21)
    assert the_end(contract) == ("active", "2027-03-04", 1)
    assert licence_of(contract)[1] == utc("2027-03-03 23:00")


def test_the_term_ends_before_the_transition_and_no_new_one_begins():
    contract = an_active_contract()
    case = opened(contract)
    live_until("2027-01-15")
    assert (terms_of(contract), fresh(contract).renews_at) == ([(1, "2026-01-01", "2027-01-01")], None)
    live_until("2027-02-02")
    assert stored(case).status == "in_transition"
    act("complete", case, now="2027-02-10", completed_on=day("2027-02-10"))
    live_until("2027-02-11")
    assert the_end(contract) == ("ended", "2027-02-11", 1)
    assert fresh(contract).end_reason == "switching"
    # Retrieval counts from the agreed transition, not from its early completion.
    assert dates_of(case)[2:] == ["2027-04-02", "2027-04-03"]


def test_a_term_that_was_recorded_before_the_notice_is_void():
    contract = an_active_contract(until="2027-01-05")
    assert len(terms_of(contract)) == 2
    opened(contract, now="2027-01-05")
    assert terms_of(contract, voided=True) == [(2, "2027-01-01", "2028-01-01")]
    assert the_end(contract) == ("active", "2027-03-04", 1)


def test_a_switch_within_a_long_term_ends_it_early():
    contract = an_active_contract(first_term_months=36)
    opened(contract)
    live_until("2027-03-04")
    assert the_end(contract) == ("ended", "2027-03-04", 1)


def test_a_notice_does_not_cut_the_transition_short():
    contract = an_active_contract()
    give(contract, "2026-06-01")
    assert fresh(contract).ends_on == date(2027, 1, 1)
    case = opened(contract)
    assert the_end(contract) == ("active", "2027-03-04", 1)
    act("withdraw", case, now="2026-12-02", on=day("2026-12-02"))
    assert fresh(contract).ends_on == date(2027, 1, 1)


def test_three_months_are_recorded_as_they_are_and_counted_as_two():
    contract = an_active_contract(switching_notice_months=3)
    case = opened(contract)
    assert (stored(case).notice_months, dates_of(case)[0]) == (3, "2027-02-01")
    assert {"code": "notice_counted_as_two_months", "params": {}} in stored(case).why["steps"]


def test_erasure_only_ends_with_the_notice_and_needs_no_retrieval():
    contract = an_active_contract(first_term_months=36)
    case = opened(contract, kind=SwitchKind.ERASURE_ONLY)
    assert dates_of(case) == ["2027-02-01", None, None, "2027-02-02"]
    live_until("2027-02-02")
    assert (stored(case).status, the_end(contract)) == ("ended", ("ended", "2027-02-02", 1))


def test_erasure_only_prolongs_no_contract_that_ends_before():
    contract = an_active_contract()
    give(contract, "2026-06-01")
    case = opened(contract, kind=SwitchKind.ERASURE_ONLY)
    assert (the_end(contract), dates_of(case)[3]) == (("active", "2027-01-01", 1), "2027-02-02")


def test_an_unfeasible_transition_lasts_as_told_and_moves_the_end():
    contract = an_active_contract()
    case = tell_unfeasible(opened(contract), length=7)
    assert dates_of(case) == ["2027-02-01", "2027-09-01", "2027-10-01", "2027-10-02"]
    assert the_end(contract) == ("active", "2027-09-02", 1)
    with tenancy.vendor():
        assert SwitchingAct.objects.get(step="unfeasible_told").reasons == "The volume is 40 TB."
        assert [str(row.ends_on) for row in Termination.objects.filter(withdrawn_at__isnull=False)] == ["2027-03-04"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        pytest.param({"now": "2026-12-22"}, "unfeasible_too_late", id="the-15th-working-day"),
        pytest.param({"length": 8}, "over_seven_months", id="eight-months"),
        pytest.param({"length": 29, "unit": "days"}, "not_longer", id="shorter-than-thirty-days"),
        pytest.param({"reasons": "  "}, "blank", id="without-reasons"),
        pytest.param({"told_on": "2026-12-05", "proof": False}, "required", id="an-earlier-day-unproved"),
        pytest.param({"told_on": "2026-12-12"}, "in_the_future", id="tomorrow"),
        pytest.param({"told_on": "2026-11-30"}, "too_early", id="before-the-notice"),
    ],
)
def test_what_an_unfeasible_transition_is_refused_for(values, code):
    case = opened(an_active_contract())
    values = {"now": "2026-12-10", "length": 5, "unit": "months", "reasons": "40 TB", **values}
    values |= {"told_on": day(values.get("told_on")), "unit": switching.NoticeUnit(values["unit"])}
    assert refusal("tell_unfeasible", case, **values) == code
    assert stored(case).unfeasible_told_on is None


def test_told_on_the_14th_working_day_is_in_time_even_if_recorded_later():
    case = opened(an_active_contract())
    tell_unfeasible(case, now="2027-01-10", told_on=day("2026-12-21"))
    assert dates_of(case)[1] == "2027-07-01"


def test_it_is_told_once():
    case = tell_unfeasible(opened(an_active_contract()))
    assert refusal(
        "tell_unfeasible", case, now="2026-12-11", length=6, unit=switching.NoticeUnit.MONTHS, reasons="x"
    ) == ("switch_not_in_that_state")


def refusal(name, case, **values):
    """Do an act and return the code that refuses it."""
    with pytest.raises((Refused, InvalidInput)) as raised:
        act(name, case, **values)
    error = raised.value
    return error.code if isinstance(error, Refused) else error.errors[0].code


def test_the_customer_extends_once_for_as_long_as_it_sees_fit():
    contract = an_active_contract()
    case = opened(contract)
    act("extend", case, now="2026-12-05", on=day("2026-12-05"), until=day("2028-06-30"))
    assert dates_of(case)[1:] == ["2028-06-30", "2028-07-31", "2028-08-01"]
    assert the_end(contract) == ("active", "2028-07-01", 1)
    again = {"now": "2026-12-06", "on": day("2026-12-06"), "until": day("2029-01-01")}
    assert refusal("extend", case, **again) == "extended_already"


@pytest.mark.parametrize(
    ("until", "code"),
    [
        pytest.param("2027-03-03", "extends_nothing", id="the-same-day"),
        pytest.param("2026-12-04", "in_the_past", id="a-day-that-is-over"),
    ],
)
def test_an_extension_that_is_none_is_refused(until, code):
    case = opened(an_active_contract())
    assert refusal("extend", case, now="2026-12-05", on=day("2026-12-05"), until=day(until)) == code


def test_a_transition_that_runs_out_is_unfinished_and_the_client_is_asked_after_thirty_days():
    contract = an_active_contract()
    case = opened(contract)
    live_until("2027-03-04")
    assert (stored(case).status, the_end(contract)) == ("unfinished", ("ended", "2027-03-04", 1))
    live_until("2027-04-02")
    assert stored(case).asked_at is None
    live_until("2027-04-03")
    assert (stored(case).asked_at, stored(case).next_at) == (at("2027-04-03"), None)


def unfinished(contract=None, until="2027-03-04"):
    case = opened(contract or an_active_contract())
    live_until(until)
    return case


def test_the_client_chooses_more_time_after_the_contract_has_ended():
    case = unfinished()
    choice = {"now": "2027-03-10", "on": day("2027-03-09"), "choice": SwitchChoice.EXTEND}
    assert refusal("choose", case, **choice) == "required"
    act("choose", case, until=day("2027-05-31"), **choice)
    assert (stored(case).status, dates_of(case)[1:]) == ("in_transition", ["2027-05-31", "2027-06-30", "2027-07-01"])
    live_until("2027-06-01")
    assert stored(case).status == "unfinished"
    assert refusal("choose", case, until=day("2027-12-31"), **{**choice, "now": "2027-06-02"}) == "extended_already"


@pytest.mark.parametrize(
    "first",
    [
        pytest.param((), id="no-sweep"),
        pytest.param((sweeps.step_all_switches,), id="switches"),
        pytest.param(ORDER, id="switches-and-ends"),
    ],
)
def test_an_extension_after_the_end_keeps_the_data_whichever_sweep_was_faster(first):
    contract = an_active_contract()
    case = opened(contract)
    if first:
        live("2027-03-04", order=first)
    more = {"now": "2027-03-04", "on": day("2027-03-04"), "until": day("2027-05-31")}
    if first:
        act("choose", case, choice=SwitchChoice.EXTEND, **more)
    else:
        act("extend", case, **more)
    live_until("2027-03-05")
    assert the_end(contract) == ("ended", "2027-03-04", 1)
    assert (stored(case).status, dates_of(case)[1:]) == ("in_transition", ["2027-05-31", "2027-06-30", "2027-07-01"])


def test_an_extension_before_the_end_keeps_the_service():
    contract = an_active_contract()
    case = opened(contract)
    live_until("2027-03-03")
    act("extend", case, now="2027-03-03", on=day("2027-03-03"), until=day("2027-05-31"))
    live_until("2027-03-05")
    assert the_end(contract) == ("active", "2027-06-01", 1)


@pytest.mark.parametrize(
    ("choice", "status", "erase_from"),
    [
        pytest.param(SwitchChoice.COMPLETED, "completed", "2027-05-11", id="completed-after-all"),
        pytest.param(SwitchChoice.DELETE, "ended", "2027-04-03", id="delete"),
    ],
)
def test_the_client_chooses_once(choice, status, erase_from):
    case = unfinished(until="2027-05-10")
    act("choose", case, now="2027-05-10", on=day("2027-05-10"), choice=choice)
    assert (stored(case).status, dates_of(case)[3], stored(case).choice) == (status, erase_from, choice.value)
    assert refusal("choose", case, now="2027-05-11", on=day("2027-05-11"), choice=choice) == "switch_not_in_that_state"


def test_a_switch_withdrawn_by_agreement_lets_the_contract_renew():
    contract = an_active_contract()
    case = opened(contract)
    live_until("2027-01-10")
    act("withdraw", case, now="2027-01-10", on=day("2027-01-10"))
    live_until("2027-01-10")
    assert (stored(case).status, the_end(contract)) == ("withdrawn", ("active", "None", 2))
    assert terms_of(contract) == [(1, "2026-01-01", "2027-01-01"), (2, "2027-01-01", "2028-01-01")]
    opened(contract, received="2027-01-11")


ACTS = {
    "complete": {"completed_on": day("2026-12-05")},
    "extend": {"on": day("2026-12-05"), "until": day("2027-12-31")},
    "withdraw": {"on": day("2026-12-05")},
    "choose": {"on": day("2026-12-05"), "choice": SwitchChoice.DELETE},
}
DOES = {
    "notified": {"complete", "extend", "withdraw"},
    "in_transition": {"complete", "extend", "withdraw"},
    "unfinished": {"choose"},
    "erase_only": {"withdraw"},
    "completed": set(),
    "ended": set(),
    "withdrawn": set(),
}


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("status", [status.value for status in SwitchStatus])
def test_an_act_is_done_in_its_states_and_refused_in_every_other(status, name):
    contract = an_active_contract(first_term_months=36)
    kind = SwitchKind.ERASURE_ONLY if status == "erase_only" else SwitchKind.PROVIDER
    case = opened(contract, kind=kind)
    final = {"completed_on": day("2026-12-02")} if status == "completed" else {}
    closed = {"closed_at": at("2026-12-02"), "next_at": None} if status in ("completed", "ended", "withdrawn") else {}
    with tenancy.vendor():
        SwitchingCase.objects.filter(pk=case.pk).update(status=status, **final, **closed)
    if name in DOES[status]:
        act(name, case, now="2026-12-05", **ACTS[name])
    else:
        assert refusal(name, case, now="2026-12-05", **ACTS[name]) == "switch_not_in_that_state"
        assert stored(case).status == status


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        pytest.param({"received": None, "now": "2026-12-01"}, "received_on", "required", id="no-day"),
        pytest.param({"received": "2026-12-02", "now": "2026-12-01"}, "received_on", "in_the_future", id="tomorrow"),
        pytest.param({"received": "2024-11-30", "now": "2026-12-01"}, "received_on", "too_early", id="before-it-all"),
        pytest.param({"destination": "<b>Else</b>"}, "destination", "html", id="html"),
    ],
)
def test_a_wrong_notice_is_refused_by_field(values, field, code):
    contract = an_active_contract()
    with pytest.raises(InvalidInput) as raised:
        opened(contract, **values)
    assert [(error.field, error.code) for error in raised.value.errors] == [(field, code)]
    with tenancy.vendor():
        assert not SwitchingCase.objects.exists() and not Termination.objects.exists()


def test_staff_need_a_proof_and_a_member_declares_it_today():
    contract = an_active_contract()
    with pytest.raises(InvalidInput) as raised, tenancy.vendor():
        switching.open_case(
            contract, kind=SwitchKind.PROVIDER, received_on=day("2026-12-01"), now=at("2026-12-01"), by="x"
        )
    assert [error.field for error in raised.value.errors] == ["proof"]
    with tenancy.tenant(contract.organization_id):
        case = switching.open_case(
            contract, kind=SwitchKind.ON_PREMISES, as_client=True, now=utc("2026-12-01 23:30"), by="user:client"
        )
        done = switching.complete(case, as_client=True, now=at("2026-12-24"), by="user:client")
    assert (case.received_on, done.completed_on) == (date(2026, 12, 2), date(2026, 12, 24))


@pytest.mark.parametrize("status", ["draft", "signed", "ended"])
def test_only_an_active_contract_is_switched_away_from(status):
    organization = an_organization()
    contract = (
        a_draft(organization, starts_on=date(2026, 1, 1))
        if status == "draft"
        else a_signed_contract(organization, starts_on=date(2026, 1, 1), auto_renews=False)
    )
    if status == "ended":
        live_until("2027-01-02")
    with pytest.raises(Refused) as raised:
        opened(fresh(contract), received="2027-01-02")
    assert raised.value.code == "contract_not_in_that_state"


def test_a_long_outage_is_caught_up_in_order():
    contract = an_active_contract()
    case = opened(contract)
    live_until("2027-06-01")
    assert (stored(case).status, the_end(contract)) == ("unfinished", ("ended", "2027-03-04", 1))
