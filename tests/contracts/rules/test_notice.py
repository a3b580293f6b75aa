"""What a notice is worth and when it takes effect. Days in the tables are inclusive, as letters state them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enums import GoverningLaw, NoticeEffect, NoticeJudgment, NoticeKind, NoticeParty, NoticeUnit
from contracts.rules import notice, worth
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation
from contracts.rules.notice import NoticeClause
from tests.contracts.rules.clauses import clauses

day = date.fromisoformat
ONE = timedelta(days=1)
IN_TIME, LATE, PREMATURE, NOT_ENTITLED = NoticeJudgment
NON_RENEWAL, TERMINATION = NoticeKind


def clause(anchor="2026-01-01", **changed):
    """Twelve months, then yearly, three months' notice, counted from receipt, French law."""
    usual = {
        "first": 12,
        "renewal": 12,
        "length": 3,
        "unit": NoticeUnit.MONTHS,
        "effect": NoticeEffect.RECEIPT,
        "law": GoverningLaw.FR,
        "calendar_country": "FR",
    }
    return NoticeClause(anchor=day(anchor), **(usual | changed))


def given_on(on, of, **more):
    return notice.judge(of, sent_on=day(on), received_on=day(on), **({"entitled": True} | more))


YEARLY = clause()
LONG_FIRST = clause("2024-01-01", first=36, commitment=6)
INDEFINITE = clause(renewal=None)
MID_TERM = clause(commitment=6, mid_term_exit=True)
POLISH = clause("2026-02-01", law=GoverningLaw.PL, calendar_country="PL")


@pytest.mark.parametrize(
    ("of", "on", "judgment", "takes_effect_on"),
    [
        pytest.param(YEARLY, "2026-09-30", IN_TIME, "2026-12-31", id="last-day"),
        pytest.param(YEARLY, "2026-10-01", LATE, "2027-12-31", id="a-day-late-ends-the-next-term"),
        pytest.param(YEARLY, "2026-12-31", LATE, "2027-12-31", id="on-the-last-day-of-the-term"),
        pytest.param(YEARLY, "2027-01-01", IN_TIME, "2027-12-31", id="early-in-the-next-term"),
        pytest.param(YEARLY, "2026-01-01", IN_TIME, "2026-12-31", id="on-the-first-day"),
        pytest.param(YEARLY, "2025-12-01", IN_TIME, "2026-12-31", id="before-the-first-day"),
        pytest.param(
            clause("2002-07-01", length=6), "2002-12-31", IN_TIME, "2003-06-30", id="cass-2006-the-greatest-day"
        ),
        pytest.param(clause("2002-07-01", length=6), "2003-01-01", LATE, "2004-06-30", id="cass-2006-a-day-late"),
        pytest.param(clause("2024-02-29"), "2024-11-27", IN_TIME, "2025-02-27", id="leap-anchor-first-term"),
        pytest.param(clause("2024-02-29"), "2024-11-28", LATE, "2026-02-27", id="leap-anchor-late"),
        pytest.param(clause("2024-02-29"), "2027-11-28", IN_TIME, "2028-02-28", id="leap-anchor-before-its-return"),
        pytest.param(clause("2025-08-31", first=6, renewal=6), "2025-11-30", LATE, "2026-08-30", id="month-end-late"),
        pytest.param(clause("2025-08-31", first=6, renewal=6), "2025-11-27", IN_TIME, "2026-02-27", id="month-end"),
        pytest.param(LONG_FIRST, "2026-09-30", IN_TIME, "2026-12-31", id="36-months-then-yearly"),
        pytest.param(LONG_FIRST, "2026-10-01", LATE, "2027-12-31", id="36-months-then-a-year-more"),
        pytest.param(LONG_FIRST, "2024-02-01", IN_TIME, "2026-12-31", id="commitment-shorter-than-the-term"),
        pytest.param(
            clause(commitment=24), "2026-05-01", PREMATURE, "2027-12-31", id="commitment-outlasts-the-first-term"
        ),
        pytest.param(clause(commitment=24), "2026-11-01", LATE, "2027-12-31", id="late-and-committed"),
        pytest.param(clause(commitment=18), "2026-05-01", PREMATURE, "2027-12-31", id="commitment-ends-within-a-term"),
        pytest.param(clause(commitment=12), "2026-05-01", IN_TIME, "2026-12-31", id="commitment-equals-the-term"),
        pytest.param(
            clause(commitment=24, renewal=None), "2026-05-01", PREMATURE, "2027-12-31", id="committed-then-indefinite"
        ),
        pytest.param(MID_TERM, "2026-06-10", PREMATURE, "2026-09-10", id="mid-term-during-commitment"),
        pytest.param(MID_TERM, "2026-02-10", PREMATURE, "2026-06-30", id="mid-term-held-to-commitment-end"),
        pytest.param(MID_TERM, "2026-06-30", PREMATURE, "2026-09-30", id="mid-term-last-committed-day"),
        pytest.param(MID_TERM, "2026-07-01", IN_TIME, "2026-10-01", id="mid-term-right-open"),
        pytest.param(MID_TERM, "2026-11-30", IN_TIME, "2027-02-28", id="mid-term-into-the-next-term-clamped"),
        pytest.param(clause(mid_term_exit=True), "2026-01-31", IN_TIME, "2026-04-30", id="mid-term-no-commitment"),
        pytest.param(clause(mid_term_exit=True), "2025-01-31", PREMATURE, "2026-01-01", id="mid-term-before-the-start"),
        pytest.param(clause(mid_term_exit=True), "2026-01-01", IN_TIME, "2026-04-01", id="mid-term-on-the-first-day"),
        pytest.param(INDEFINITE, "2026-09-30", IN_TIME, "2026-12-31", id="before-it-becomes-indefinite"),
        pytest.param(INDEFINITE, "2026-10-01", LATE, "2027-01-01", id="too-late-for-the-first-term-then-indefinite"),
        pytest.param(INDEFINITE, "2030-05-15", IN_TIME, "2030-08-15", id="indefinite"),
        pytest.param(INDEFINITE, "2030-11-30", IN_TIME, "2031-02-28", id="indefinite-clamped"),
        pytest.param(
            clause(first=1, renewal=None, commitment=6),
            "2026-02-10",
            PREMATURE,
            "2026-06-30",
            id="indefinite-still-committed",
        ),
        pytest.param(
            clause(length=30, unit=NoticeUnit.DAYS), "2026-12-01", IN_TIME, "2026-12-31", id="thirty-days-last-day"
        ),
        pytest.param(clause(length=30, unit=NoticeUnit.DAYS), "2026-12-02", LATE, "2027-12-31", id="thirty-days-late"),
        pytest.param(
            clause(length=6, unit=NoticeUnit.WEEKS), "2026-11-19", IN_TIME, "2026-12-31", id="six-weeks-last-day"
        ),
        pytest.param(clause(length=6, unit=NoticeUnit.WEEKS), "2026-11-20", LATE, "2027-12-31", id="six-weeks-late"),
        pytest.param(clause(first=1, renewal=1, length=1), "2026-01-01", LATE, "2026-02-28", id="monthly-a-month"),
        pytest.param(clause(first=1, renewal=1, length=1), "2025-12-31", IN_TIME, "2026-01-31", id="monthly-in-time"),
        pytest.param(
            clause(first=12, renewal=1, length=3), "2026-11-15", LATE, "2027-02-28", id="notice-over-several-terms"
        ),
        pytest.param(clause(auto_renews=False), "2026-12-15", IN_TIME, "2026-12-31", id="ends-by-itself"),
        pytest.param(
            clause(auto_renews=False, mid_term_exit=True), "2026-05-15", IN_TIME, "2026-08-15", id="leaves-earlier"
        ),
        pytest.param(
            clause(auto_renews=False, mid_term_exit=True), "2026-11-15", IN_TIME, "2026-12-31", id="ends-even-earlier"
        ),
        pytest.param(
            clause(auto_renews=False, mid_term_exit=True, commitment=12),
            "2026-05-15",
            IN_TIME,
            "2026-12-31",
            id="committed-to-an-end-that-comes-by-itself",
        ),
    ],
)
def test_a_notice_takes_effect_on_the_day_that_the_contract_gives(of, on, judgment, takes_effect_on):
    found = given_on(on, of)
    assert (found.judgment, found.takes_effect_on) == (judgment, day(takes_effect_on))
    assert found.ends_on == day(takes_effect_on) + ONE
    assert found.given_on == day(on)


@pytest.mark.parametrize(
    ("on", "judgment", "takes_effect_on"),
    [
        pytest.param("2026-06-10", IN_TIME, "2026-12-31", id="in-time-for-the-term"),
        pytest.param("2026-10-01", LATE, "2027-12-31", id="late"),
    ],
)
def test_a_non_renewal_waits_for_the_term_even_with_a_right_to_leave_earlier(on, judgment, takes_effect_on):
    found = given_on(on, MID_TERM, kind=NON_RENEWAL)
    assert (found.judgment, found.takes_effect_on) == (judgment, day(takes_effect_on))


@pytest.mark.parametrize(
    ("on", "party", "judgment", "takes_effect_on"),
    [
        pytest.param("2026-10-31", NoticeParty.CLIENT, IN_TIME, "2027-01-31", id="client-on-the-saturday"),
        pytest.param("2026-11-02", NoticeParty.CLIENT, IN_TIME, "2027-01-31", id="client-on-the-disputed-monday"),
        pytest.param("2026-11-03", NoticeParty.CLIENT, LATE, "2028-01-31", id="client-a-day-after-it"),
        pytest.param("2026-10-31", NoticeParty.VENDOR, IN_TIME, "2027-01-31", id="vendor-on-the-saturday"),
        pytest.param("2026-11-02", NoticeParty.VENDOR, LATE, "2028-01-31", id="vendor-on-the-disputed-monday"),
    ],
)
def test_a_disputed_reading_helps_the_client_only(on, party, judgment, takes_effect_on):
    found = given_on(on, POLISH, party=party)
    assert (found.judgment, found.takes_effect_on) == (judgment, day(takes_effect_on))
    disputed = [step for step in found.explanation.steps if step.code == "in_time_under_disputed_reading"]
    assert bool(disputed) == (on == "2026-11-02" and party is NoticeParty.CLIENT)


@pytest.mark.parametrize("mid_term_exit", [False, True], ids=["at-the-end-of-the-term", "whatever-else-is-allowed"])
def test_a_disputed_reading_helps_the_client_even_where_it_may_leave_within_a_term(mid_term_exit):
    of = clause("2026-02-01", law=GoverningLaw.PL, calendar_country="PL", mid_term_exit=mid_term_exit)
    found = given_on("2026-11-02", of)
    assert (found.judgment, found.takes_effect_on) == (IN_TIME, day("2027-01-31"))


@pytest.mark.parametrize(
    ("effect", "judgment"),
    [
        pytest.param(NoticeEffect.SENDING, IN_TIME, id="sent-in-time"),
        pytest.param(NoticeEffect.RECEIPT, LATE, id="received-late"),
    ],
)
def test_the_contract_says_whether_sending_or_receipt_counts(effect, judgment):
    found = notice.judge(clause(effect=effect), sent_on=day("2026-09-29"), received_on=day("2026-10-02"), entitled=True)
    assert found.judgment == judgment


def test_sending_counts_before_anything_is_received():
    found = notice.judge(
        clause(effect=NoticeEffect.SENDING), sent_on=day("2026-09-30"), received_on=None, entitled=True
    )
    assert found.takes_effect_on == day("2026-12-31")


@pytest.mark.parametrize("on", ["2026-09-30", "2026-10-01"], ids=["otherwise-in-time", "otherwise-late"])
def test_a_notice_by_someone_not_entitled_takes_no_effect(on):
    found = given_on(on, YEARLY, entitled=False)
    assert (found.judgment, found.ends_on, found.takes_effect_on) == (NOT_ENTITLED, None, None)
    would = given_on(on, YEARLY).takes_effect_on
    assert found.explanation.steps[-1].params == {"would_end_on": would.isoformat()}


@pytest.mark.parametrize(
    ("of", "sent_on", "received_on", "field", "code"),
    [
        pytest.param(YEARLY, "2026-09-01", None, "received_on", "missing", id="no-receipt-where-receipt-counts"),
        pytest.param(
            clause(effect=NoticeEffect.SENDING),
            None,
            "2026-09-01",
            "sent_on",
            "missing",
            id="no-sending-where-it-counts",
        ),
        pytest.param(YEARLY, "2026-09-02", "2026-09-01", "received_on", "before_sending", id="received-before-sent"),
        pytest.param(
            clause(auto_renews=False), "2027-01-01", "2027-01-01", "given_on", "contract_over", id="after-the-end"
        ),
        pytest.param(YEARLY, "9999-01-01", "9999-01-01", "day", "out_of_calendar", id="year-9999"),
    ],
)
def test_a_notice_that_cannot_be_judged_names_the_field(of, sent_on, received_on, field, code):
    with pytest.raises(InvalidInput) as refused:
        notice.judge(of, sent_on=sent_on and day(sent_on), received_on=received_on and day(received_on), entitled=True)
    assert (refused.value.field, refused.value.code) == (field, code)


@pytest.mark.parametrize("field", ["length", "commitment"])
def test_a_clause_has_no_negative_period(field):
    with pytest.raises(InvalidInput, match=f"{field}: a period is not negative"):
        clause(**{field: -1})


@pytest.mark.parametrize(
    ("of", "number", "legal", "certain_on"),
    [
        pytest.param(YEARLY, 1, "2026-09-30", "2026-10-01", id="yearly"),
        pytest.param(YEARLY, 40, "2065-09-30", "2065-10-01", id="forty-years-on"),
        pytest.param(INDEFINITE, 1, "2026-09-30", "2026-10-01", id="before-indefinite"),
        pytest.param(INDEFINITE, 2, None, None, id="indefinite-has-none"),
        pytest.param(clause(auto_renews=False), 1, None, None, id="nothing-renews"),
        pytest.param(clause(commitment=24), 1, None, "2026-01-01", id="commitment-makes-the-renewal-certain"),
        pytest.param(clause(commitment=24), 2, "2027-09-30", "2027-10-01", id="commitment-ends-with-the-term"),
        pytest.param(POLISH, 1, "2026-10-31", "2026-11-03", id="certain-after-the-disputed-reading"),
    ],
)
def test_a_renewal_is_certain_when_the_last_day_for_notice_has_passed(of, number, legal, certain_on):
    found = notice.last_notice(of, of.term(number))
    assert (found and found.legal) == (legal and day(legal))
    assert notice.renewal_certain_on(of, of.term(number)) == (certain_on and day(certain_on))


@pytest.mark.parametrize(
    ("on", "takes_effect_on"),
    [("2030-05-15", "2030-08-15"), ("2030-11-30", "2031-02-28"), ("2031-11-29", "2032-02-29")],
    ids=["plain", "clamped", "leap-day"],
)
def test_an_indefinite_contract_shows_when_a_notice_given_today_ends_it(on, takes_effect_on):
    assert worth.ends_if_given(INDEFINITE, on=day(on)).takes_effect_on == day(takes_effect_on)


def test_the_vendor_too_sees_when_its_own_notice_would_end_the_contract():
    assert worth.ends_if_given(POLISH, on=day("2026-11-02"), party=NoticeParty.VENDOR).judgment == LATE


offsets = st.integers(-60, 4000)


@given(clauses, st.integers(1, 30))
def test_a_notice_on_the_last_day_is_in_time_and_a_day_later_it_is_not(of, number):
    term = of.term(min(number, 2) if of.renewal is None else number)
    deadline = notice.last_notice(of, term)
    if deadline is None or deadline.legal < term.starts_on:
        return
    latest = given_on(deadline.latest.isoformat(), of, kind=NON_RENEWAL)
    assert (latest.judgment, latest.ends_on) == (IN_TIME, term.ends_on)
    later = given_on((deadline.latest + ONE).isoformat(), of, kind=NON_RENEWAL)
    assert later.ends_on > term.ends_on
    assert later.judgment == LATE or deadline.latest == term.last_day


@given(clauses, offsets)
def test_a_contract_that_cannot_be_left_within_a_term_ends_with_one(of, later):
    on = of.anchor + timedelta(days=later)
    found = given_on(on.isoformat(), of, kind=NON_RENEWAL)
    ending = of.term_at(found.takes_effect_on)
    assert found.takes_effect_on >= max(on, of.committed_until or on)
    assert ending.indefinite or ending.ends_on == found.ends_on


@given(clauses, offsets)
def test_a_notice_a_day_later_never_ends_a_contract_sooner(of, later):
    on = of.anchor + timedelta(days=later)
    for kind in NoticeKind:
        assert (
            given_on(on.isoformat(), of, kind=kind).ends_on <= given_on((on + ONE).isoformat(), of, kind=kind).ends_on
        )


@given(clauses, offsets)
def test_a_right_to_leave_never_ends_a_contract_later(of, later):
    on = (of.anchor + timedelta(days=later)).isoformat()
    assert given_on(on, of, kind=TERMINATION).ends_on <= given_on(on, of, kind=NON_RENEWAL).ends_on


@given(clauses, offsets)
def test_every_judgment_is_explained_in_json(of, later):
    why = given_on((of.anchor + timedelta(days=later)).isoformat(), of).explanation
    assert Explanation.from_json(why.to_json()) == why
    assert why.steps[0].code == "counts_from"
    assert why.source
