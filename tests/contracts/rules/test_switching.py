"""Every date of a switching notice: what moves, what does not, and what ends a right."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enums import NoticeUnit
from contracts.rules import switching, workdays
from contracts.rules.dated import SWITCHING_CHARGED, in_force
from contracts.rules.days import add_months
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation
from contracts.rules.switching import Request, Unfeasible

day = date.fromisoformat
ONE = timedelta(days=1)
DAYS, WEEKS, MONTHS = NoticeUnit.DAYS, NoticeUnit.WEEKS, NoticeUnit.MONTHS


def asked(notice_on="2026-12-01", length=2, unit=MONTHS, country="FR", **more):
    notice = switching.notice_asked(length, unit, notice_on=day(notice_on))
    told = more.pop("unfeasible", None)
    days = {name: day(value) if isinstance(value, str) else value for name, value in more.items()}
    unfeasible = told and Unfeasible(day(told[0]), *told[1:])
    return Request(day(notice_on), notice, country, unfeasible=unfeasible, **days)


def codes(found):
    return [step.code for step in found.explanation.steps]


@pytest.mark.parametrize(
    ("request_", "dates"),  # notice_end, transition_end, retrieval_end, erase_from, contract_ends
    [
        pytest.param(asked(), "2027-02-01 2027-03-03 2027-04-02 2027-04-03 2027-03-03", id="the-rulebook's"),
        pytest.param(
            asked(country="DE"), "2027-02-01 2027-03-03 2027-04-02 2027-04-03 2027-03-03", id="another-country"
        ),
        pytest.param(
            asked("2026-12-31"), "2027-02-28 2027-03-30 2027-04-29 2027-04-30 2027-03-30", id="clamped-sunday"
        ),
        pytest.param(
            asked("2026-06-03", 1), "2026-07-03 2026-08-02 2026-09-01 2026-09-02 2026-08-02", id="max-not-moved"
        ),
        pytest.param(asked("2026-06-05", 1), "2026-07-05 2026-08-04 2026-09-03 2026-09-04 2026-08-04", id="one-month"),
        pytest.param(
            asked("2026-06-08", 1), "2026-07-08 2026-08-07 2026-09-07 2026-09-08 2026-08-07", id="minimum-moves"
        ),
        pytest.param(
            asked("2026-10-13", 14, DAYS),
            "2026-10-27 2026-11-26 2026-12-28 2026-12-29 2026-11-26",
            id="retrieval-over-saint-stephen",
        ),
        pytest.param(
            asked("2026-11-24", 0, DAYS, "PL"),
            "2026-11-24 2026-12-24 2027-01-25 2027-01-26 2026-12-24",
            id="no-notice-christmas-eve-in-poland-not-moved",
        ),
        pytest.param(
            asked(completed_on="2027-02-10"),
            "2027-02-01 2027-03-03 2027-04-02 2027-04-03 2027-02-10",
            id="early-completion-shortens-no-retrieval",
        ),
        pytest.param(
            asked(completed_on="2026-12-15"),
            "2027-02-01 2027-03-03 2027-04-02 2027-04-03 2026-12-15",
            id="completed-within-the-notice",
        ),
        pytest.param(
            asked(completed_on="2027-03-20"),
            "2027-02-01 2027-03-03 2027-04-02 2027-04-03 2027-03-20",
            id="completed-after-the-transition",
        ),
        pytest.param(
            asked(completed_on="2027-05-10"),
            "2027-02-01 2027-03-03 2027-04-02 2027-05-11 2027-05-10",
            id="completed-after-retrieval-erased-after-it",
        ),
        pytest.param(
            asked(extend_to="2027-06-30"),
            "2027-02-01 2027-06-30 2027-07-30 2027-07-31 2027-06-30",
            id="extended-by-the-client",
        ),
        pytest.param(
            asked(extend_to="2029-06-30", completed_on="2027-04-01"),
            "2027-02-01 2029-06-30 2029-07-30 2029-07-31 2027-04-01",
            id="extended-for-years-completed-early",
        ),
        pytest.param(
            asked(unfeasible=("2026-12-21", 7, MONTHS)),
            "2027-02-01 2027-09-01 2027-10-01 2027-10-02 2027-09-01",
            id="seven-months-in-total",
        ),
        pytest.param(
            asked(unfeasible=("2026-12-21", 90, DAYS)),
            "2027-02-01 2027-05-02 2027-06-01 2027-06-02 2027-05-02",
            id="ninety-days",
        ),
        pytest.param(
            asked(unfeasible=("2026-12-22", 7, MONTHS)),
            "2027-02-01 2027-03-03 2027-04-02 2027-04-03 2027-03-03",
            id="told-on-the-fifteenth-working-day",
        ),
        pytest.param(
            asked(unfeasible=("2026-12-10", 4, MONTHS), extend_to="2028-01-31"),
            "2027-02-01 2028-01-31 2028-03-01 2028-03-02 2028-01-31",
            id="unfeasible-and-extended-beyond-seven-months",
        ),
        pytest.param(
            asked(term_end="2026-12-31"),
            "2027-02-01 2027-03-03 2027-04-02 2027-04-03 2027-03-03",
            id="goes-on-past-the-term",
        ),
        pytest.param(
            asked(term_end="2028-12-31"),
            "2027-02-01 2027-03-03 2027-04-02 2027-04-03 2027-03-03",
            id="ends-within-the-term",
        ),
        pytest.param(
            asked(retrieval_days=60),
            "2027-02-01 2027-03-03 2027-05-03 2027-05-04 2027-03-03",
            id="the-contract-grants-more",
        ),
        pytest.param(
            asked(retrieval_days=10),
            "2027-02-01 2027-03-03 2027-04-02 2027-04-03 2027-03-03",
            id="the-contract-grants-too-little",
        ),
    ],
)
def test_a_switching_notice_leads_to(request_, dates):
    found = switching.compute(request_)
    ends = (found.notice_end, found.transition_end, found.retrieval_end, found.erase_from, found.contract_ends)
    assert " ".join(map(str, ends)) == dates
    assert ("goes_on_past_term" in codes(found)) == (request_.term_end == day("2026-12-31"))
    assert ("erasure_after_retrieval" in codes(found)) == (request_.completed_on is not None)
    assert ("unfeasible_told_late" in codes(found)) == (
        request_.unfeasible is not None and request_.unfeasible.told_on == day("2026-12-22")
    )


def test_the_transition_is_finished_by_a_working_day_before_its_maximum():
    found = switching.compute(asked("2026-06-03", 1))
    assert (found.transition_end, found.act_by) == (day("2026-08-02"), day("2026-07-31"))
    assert "internal_pulled_back" in codes(found)


@pytest.mark.parametrize(
    ("notice_on", "country", "limit"),
    [
        pytest.param("2026-12-01", "FR", "2026-12-21", id="plain"),
        pytest.param("2026-12-15", "FR", "2027-01-06", id="over-christmas-in-france"),
        pytest.param("2026-12-15", "PL", "2027-01-08", id="over-christmas-in-poland"),
        pytest.param("2026-12-05", "FR", "2026-12-24", id="asked-on-a-saturday"),
        pytest.param("2026-12-04", "FR", "2026-12-24", id="asked-on-the-friday-before"),
        pytest.param("2026-04-30", "FR", "2026-05-26", id="holidays-of-may"),
    ],
)
def test_unfeasibility_is_told_within_fourteen_working_days(notice_on, country, limit):
    found = switching.compute(asked(notice_on, country=country)).unfeasible_limit
    assert found == day(limit)
    worked = [day(notice_on) + n * ONE for n in range(1, (found - day(notice_on)).days + 1)]
    assert sum(workdays.why_not_worked(each, country) is None for each in worked) == 14


def test_only_erasure_needs_neither_transition_nor_retrieval():
    found = switching.compute(asked("2026-12-30", erase_only=True, term_end="2027-06-30"))
    assert (found.notice_end, found.contract_ends, found.erase_from) == (
        day("2027-02-28"),
        day("2027-02-28"),
        day("2027-03-01"),
    )
    assert (found.transition_end, found.act_by, found.retrieval_end, found.unfeasible_limit) == (None,) * 4
    assert codes(found)[-1] == "erase_only" and "clamped_to_month_end" in codes(found)


@pytest.mark.parametrize(
    ("length", "unit", "notice_on", "too_long"),
    [
        pytest.param(2, MONTHS, "2026-12-01", False, id="two-months"),
        pytest.param(3, MONTHS, "2026-12-01", True, id="three-months"),
        pytest.param(62, DAYS, "2026-12-01", False, id="the-days-of-two-months"),
        pytest.param(63, DAYS, "2026-12-01", True, id="a-day-more"),
        pytest.param(60, DAYS, "2027-01-01", True, id="more-than-two-short-months"),
        pytest.param(8, WEEKS, "2026-12-01", False, id="eight-weeks"),
        pytest.param(9, WEEKS, "2026-12-01", True, id="nine-weeks"),
    ],
)
def test_a_longer_notice_is_refused_when_asked_and_counted_as_two_months_when_stored(length, unit, notice_on, too_long):
    stored = switching.notice_of_contract(length, unit, notice_on=day(notice_on))
    assert stored.violation == too_long
    found = switching.compute(Request(day(notice_on), stored, "FR"))
    assert ("notice_counted_as_two_months" in codes(found)) == too_long
    if not too_long:
        assert switching.notice_asked(length, unit, notice_on=day(notice_on)) == stored
        return
    assert found.notice_end == add_months(day(notice_on), 2)
    with pytest.raises(InvalidInput) as refused:
        switching.notice_asked(length, unit, notice_on=day(notice_on))
    assert (refused.value.field, refused.value.code) == ("notice", "over_two_months")


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        pytest.param({"completed_on": "2026-11-30"}, "completed_on", "before_notice", id="completed-before"),
        pytest.param({"extend_to": "2026-11-30"}, "extend_to", "before_notice", id="extended-before"),
        pytest.param({"term_end": "2026-11-30"}, "term_end", "before_notice", id="term-over"),
        pytest.param(
            {"unfeasible": ("2026-11-30", 3, MONTHS)}, "unfeasible_told_on", "before_notice", id="unfeasible-before"
        ),
        pytest.param({"extend_to": "2027-03-03"}, "extend_to", "extends_nothing", id="not-a-day-more"),
        pytest.param({"unfeasible": ("2026-12-10", 8, MONTHS)}, "transition", "over_seven_months", id="eight-months"),
        pytest.param({"unfeasible": ("2026-12-10", 213, DAYS)}, "transition", "over_seven_months", id="a-day-over"),
        pytest.param(
            {"unfeasible": ("2026-12-10", 3, MONTHS), "extend_to": "2027-05-01"},
            "extend_to",
            "extends_nothing",
            id="extends-less-than-unfeasible",
        ),
        pytest.param(
            {"erase_only": True, "completed_on": "2027-01-01"},
            "completed_on",
            "not_with_erase_only",
            id="completed-erasure",
        ),
        pytest.param(
            {"erase_only": True, "extend_to": "2027-05-01"}, "extend_to", "not_with_erase_only", id="erase-ext"
        ),
        pytest.param(
            {"erase_only": True, "unfeasible": ("2026-12-10", 3, MONTHS)},
            "unfeasible_told_on",
            "not_with_erase_only",
            id="erase-unfeasible",
        ),
        pytest.param({"country": "XX"}, "calendar_country", "unknown_country", id="nowhere"),
        pytest.param({"country": "XX", "erase_only": True}, "calendar_country", "unknown_country", id="nowhere-erased"),
        pytest.param({"extend_to": "9999-01-01"}, "extend_to", "out_of_calendar", id="year-9999"),
    ],
)
def test_what_cannot_be_is_refused_by_field(more, field, code):
    with pytest.raises(InvalidInput) as refused:
        switching.compute(asked(**more))
    assert (refused.value.field, refused.value.code) == (field, code)


def test_a_negative_notice_is_refused():
    with pytest.raises(InvalidInput, match="notice: a period is not negative"):
        switching.notice_of_contract(-1, DAYS, notice_on=day("2026-12-01"))


def test_before_the_data_act_the_contract_alone_decides_and_the_steps_say_so():
    assert codes(switching.compute(asked("2025-09-11")))[0] == "before_data_act"
    assert "before_data_act" not in codes(switching.compute(asked("2025-09-12")))


@pytest.mark.parametrize(
    ("on", "charged"),
    [("2024-01-10", True), ("2024-01-11", True), ("2027-01-11", True), ("2027-01-12", False), ("2030-01-01", False)],
)
def test_switching_charges_end(on, charged):
    assert in_force(SWITCHING_CHARGED, on=day(on)).value is charged


requests = st.builds(
    Request,
    notice_on=st.dates(date(2025, 9, 12), date(2060, 12, 31)),
    notice=st.builds(switching.Notice, st.integers(0, 2), st.sampled_from([MONTHS, WEEKS, DAYS])),
    country=st.sampled_from(["FR", "PL", "DE"]),
    erase_only=st.booleans(),
)


@given(requests, st.integers(0, 600))
def test_the_dates_stand_in_their_order_and_are_explained(request_, later):
    found = switching.compute(request_)
    assert request_.notice_on <= found.notice_end <= found.contract_ends < found.erase_from
    assert Explanation.from_json(found.explanation.to_json()) == found.explanation
    if request_.erase_only:
        return
    assert found.act_by <= found.transition_end < found.retrieval_end == found.erase_from - ONE
    assert (found.retrieval_end - found.transition_end).days >= 30
    assert workdays.why_not_worked(found.retrieval_end, request_.country) is None
    done = switching.compute(replace(request_, completed_on=request_.notice_on + later * ONE))
    assert done.retrieval_end == found.retrieval_end and done.erase_from >= found.erase_from


@given(requests)
def test_a_notice_a_day_later_brings_no_date_forward(request_):
    one = switching.compute(request_)
    other = switching.compute(replace(request_, notice_on=request_.notice_on + ONE))
    assert one.notice_end <= other.notice_end and one.erase_from <= other.erase_from
    assert request_.erase_only or one.unfeasible_limit <= other.unfeasible_limit
