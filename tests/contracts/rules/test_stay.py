"""The stay of a renewal: nothing is certain or begins before it is over; a notice within it is in time."""

from datetime import date

import pytest

from contracts.enums import GoverningLaw, NoticeEffect, NoticeJudgment, NoticeKind, NoticeUnit
from contracts.rules import notice, schedule, stay
from contracts.rules.errors import InvalidInput
from contracts.rules.notice import NoticeClause, Stay
from contracts.rules.periods import midnight

day = date.fromisoformat
ZONE = "Europe/Paris"


def clause(**values):
    """Terms of calendar years, three months' notice: the last day for notice of 2025 is 30 September."""
    return NoticeClause(
        **{
            "anchor": day("2025-01-01"),
            "first": 12,
            "renewal": 12,
            "length": 3,
            "unit": NoticeUnit.MONTHS,
            "effect": NoticeEffect.RECEIPT,
            "law": GoverningLaw.FR,
            "calendar_country": "FR",
            **values,
        }
    )


@pytest.mark.parametrize(
    ("until", "last_notice", "certain_on", "renews_on"),
    [
        pytest.param(None, "2025-09-30", "2025-10-01", "2026-01-01", id="no-stay"),
        pytest.param("2025-09-01", "2025-09-30", "2025-10-01", "2026-01-01", id="shorter-than-the-notice-allows"),
        pytest.param("2025-11-15", "2025-11-15", "2025-11-16", "2026-01-01", id="within-the-term"),
        pytest.param("2025-12-31", "2025-12-31", "2026-01-01", "2026-01-01", id="to-the-terms-last-day"),
        pytest.param("2026-01-01", "2026-01-01", "2026-01-02", "2026-01-02", id="one-day-beyond"),
        pytest.param("2026-02-10", "2026-02-10", "2026-02-11", "2026-02-11", id="beyond-the-term"),
    ],
)
def test_the_renewal_waits_until_the_stay_is_over(until, last_notice, certain_on, renews_on):
    agreed = None if until is None else Stay(1, day(until))
    found = schedule.compute(clause(stay=agreed), number=1, zone=ZONE, notice_ends_on=None, certain=False)
    assert found.last_notice_on == day(last_notice)
    assert found.certain_at == midnight(day(certain_on), ZONE)
    assert found.renews_at == midnight(day(renews_on), ZONE)
    assert found.ends_on is None
    stayed = until is not None and until > "2025-09-30"
    assert ("renewal_stayed" in [step["code"] for step in found.why["steps"]]) == stayed


def test_the_next_term_is_counted_from_the_anchor_as_ever_and_has_its_own_last_day():
    agreed = Stay(1, day("2026-02-10"))
    found = schedule.compute(clause(stay=agreed), number=2, zone=ZONE, notice_ends_on=None, certain=False)
    assert (found.term.starts_on, found.term.ends_on) == (day("2026-01-01"), day("2027-01-01"))
    assert found.last_notice_on == day("2026-09-30")
    assert found.renews_at == midnight(day("2027-01-01"), ZONE)


def test_an_indefinite_term_is_not_stayed():
    stayed = clause(renewal=None, stay=Stay(2, day("2026-02-10")))
    found = schedule.compute(stayed, number=2, zone=ZONE, notice_ends_on=None, certain=False)
    assert (found.renews_at, found.certain_at, found.last_notice_on) == (None, None, None)


@pytest.mark.parametrize(
    ("given", "until", "ends_on"),
    [
        pytest.param("2025-09-30", "2026-02-10", "2026-01-01", id="in-time-without-the-stay-too"),
        pytest.param("2025-10-01", "2025-11-15", "2026-01-01", id="late-but-stayed-ends-with-the-term"),
        pytest.param("2025-11-15", "2025-11-15", "2026-01-01", id="on-the-stays-last-day"),
        pytest.param("2025-12-20", "2026-02-10", "2026-02-11", id="ends-with-the-stay"),
        pytest.param("2026-02-10", "2026-02-10", "2026-02-11", id="after-the-terms-end-within-the-stay"),
    ],
)
def test_within_the_stay_a_notice_is_in_time(given, until, ends_on):
    agreed = Stay(1, day(until))
    judged = notice.judge(clause(stay=agreed), sent_on=day(given), received_on=day(given), entitled=True)
    found, void_from = stay.judged(judged, clause(stay=agreed))
    assert (found.judgment, found.ends_on) == (NoticeJudgment.IN_TIME, day(ends_on))
    assert void_from == (None if judged.ends_on == found.ends_on else day("2026-01-01"))
    end = found.ends_on
    after = schedule.compute(clause(stay=agreed), number=1, zone=ZONE, notice_ends_on=end, certain=False)
    assert (after.renews_at, after.certain_at) == (None, None), "no new term begins before the end"
    assert after.ends_at == midnight(end, ZONE)


def test_where_the_commitment_outlasts_the_term_the_renewal_waits_too():
    stayed = clause(commitment=24, stay=Stay(1, day("2025-11-15")))
    found = schedule.compute(stayed, number=1, zone=ZONE, notice_ends_on=None, certain=False)
    assert (found.last_notice_on, found.certain_at) == (None, midnight(day("2025-11-16"), ZONE))


def same(given, **values):
    judged = notice.judge(
        clause(**values), sent_on=day(given), received_on=day(given), entitled=True, kind=NoticeKind.TERMINATION
    )
    return judged, stay.judged(judged, clause(**values, stay=Stay(1, day("2026-02-10"))))


@pytest.mark.parametrize(
    ("given", "values"),
    [
        pytest.param("2026-02-11", {}, id="a-day-after-the-stay"),
        pytest.param("2025-10-20", {"mid_term_exit": True}, id="leaves-earlier-by-a-right-of-its-own"),
        pytest.param("2025-12-20", {"commitment": 24}, id="the-commitment-holds-it-back"),
        pytest.param("2024-12-20", {"renewal": 1}, id="given-before-the-term"),
        pytest.param("2025-12-20", {"first": 12, "auto_renews": False}, id="it-would-not-renew"),
    ],
)
def test_the_stay_leaves_alone(given, values):
    judged, (found, void_from) = same(given, **values)
    assert (found, void_from) == (judged, None)


def test_without_a_stay_or_without_effect_nothing_changes():
    judged = notice.judge(clause(), sent_on=day("2025-12-20"), received_on=day("2025-12-20"), entitled=False)
    assert stay.judged(judged, clause(stay=Stay(1, day("2026-02-10")))) == (judged, None)
    assert stay.judged(judged, clause()) == (judged, None)
    assert stay.ends_if_noticed(clause(renewal=None).term(2), Stay(2, day("2026-02-10"))) is None
    late = notice.judge(clause(renewal=None), sent_on=day("2026-02-01"), received_on=day("2026-02-01"), entitled=True)
    assert stay.judged(late, clause(renewal=None, stay=Stay(2, day("2026-02-10")))) == (late, None)


@pytest.mark.parametrize(
    ("values", "number", "until", "code"),
    [
        pytest.param({}, 1, "2025-08-31", "in_the_past", id="over"),
        pytest.param({}, 1, "2026-12-31", "too_long", id="as-long-as-the-next-term"),
        pytest.param({}, 1, "2026-12-30", None, id="a-day-shorter"),
        pytest.param({}, 1, "2025-09-01", None, id="today"),
        pytest.param({"renewal": None}, 1, "2030-01-01", None, id="an-indefinite-term-follows"),
        pytest.param({"renewal": None}, 2, "2026-01-01", "nothing_renews", id="indefinite"),
        pytest.param({"auto_renews": False}, 1, "2026-01-01", "nothing_renews", id="no-tacit-renewal"),
    ],
)
def test_a_stay_is_checked(values, number, until, code):
    agreed = Stay(number, day(until))
    if code is None:
        stay.check(clause(**values), agreed, today=day("2025-09-01"))
        return
    with pytest.raises(InvalidInput) as raised:
        stay.check(clause(**values), agreed, today=day("2025-09-01"))
    assert raised.value.code == code
