"""What a notice is worth after the reminder of the Loi Chatel was missed."""

from datetime import date

import pytest

from contracts.enums import GoverningLaw, NoticeEffect, NoticeKind, NoticeUnit
from contracts.rules import chatel, free_exit, notice
from contracts.rules.notice import NoticeClause

day = date.fromisoformat
CLAUSE = NoticeClause(
    anchor=day("2025-01-01"),
    first=12,
    renewal=12,
    length=3,
    unit=NoticeUnit.MONTHS,
    effect=NoticeEffect.RECEIPT,
    law=GoverningLaw.FR,
    calendar_country="FR",
)
FIRST = CLAUSE.term(1)
WINDOW = chatel.window(day("2025-12-31"), length=3, unit=NoticeUnit.MONTHS)
NON_RENEWAL, TERMINATION = NoticeKind


def judged(on, kind=TERMINATION, entitled=True, **clause):
    own = NoticeClause(**{**{name: getattr(CLAUSE, name) for name in CLAUSE.__slots__}, **clause})
    plain = notice.judge(own, sent_on=day(on), received_on=day(on), entitled=entitled, kind=kind)
    missed = chatel.judge(WINDOW, sent_on=None, term=FIRST, protected=True)
    return plain, free_exit.judge(plain, own, reminded=missed, kind=kind)


@pytest.mark.parametrize(
    ("on", "kind", "last_day"),
    [
        pytest.param("2025-10-01", NON_RENEWAL, "2025-12-31", id="a-day-late-it-still-prevents-the-renewal"),
        pytest.param("2025-12-31", TERMINATION, "2025-12-31", id="on-the-last-day-of-the-term"),
        pytest.param("2026-01-01", TERMINATION, "2026-01-01", id="on-the-first-day-of-the-renewed-term"),
        pytest.param("2026-05-20", TERMINATION, "2026-05-20", id="at-any-time"),
        pytest.param("2026-11-30", TERMINATION, "2026-11-30", id="at-any-time-too-late-for-this-term-too"),
        pytest.param("2026-11-30", NON_RENEWAL, "2026-12-31", id="a-late-non-renewal-ends-with-the-term"),
    ],
)
def test_the_client_leaves_free_of_charge(on, kind, last_day):
    plain, found = judged(on, kind)
    assert plain.takes_effect_on > found.takes_effect_on == day(last_day)
    assert found.judgment == "in_time"
    assert "L215-1" in found.explanation.source
    assert found.explanation.steps[-1].code == "leaves_free_of_charge"
    assert {"reminder_missing", "free_exit"} <= {step.code for step in found.explanation.steps}


@pytest.mark.parametrize(
    ("on", "values"),
    [
        pytest.param("2025-09-30", {}, id="in-time-anyway"),
        pytest.param("2026-02-01", {"kind": NON_RENEWAL}, id="a-non-renewal-in-time-for-the-renewed-term"),
        pytest.param("2026-02-01", {"entitled": False}, id="somebody-not-entitled"),
        pytest.param("2026-02-01", {"mid_term_exit": True, "length": 0}, id="the-contract-lets-it-leave-as-early"),
    ],
)
def test_what_stays_as_it_was(on, values):
    plain, found = judged(on, **values)
    assert found is plain


def test_a_reminder_in_its_window_gives_nothing():
    plain, _found = judged("2026-05-20")
    reminded = chatel.judge(WINDOW, sent_on=day("2025-07-01"), term=FIRST, protected=True)
    assert free_exit.judge(plain, CLAUSE, reminded=reminded, kind=TERMINATION) is plain
