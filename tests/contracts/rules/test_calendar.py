"""The events that a calendar foresees: each on its own day, term after term, without a recurrence."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from contracts.enums import ContractStatus
from contracts.rules import calendar
from contracts.rules.forecast import PendingAmendment, State
from tests.contracts.rules.test_deadlines import a_clause, a_life, day

NOW = datetime(2024, 3, 1, tzinfo=UTC)


def foreseen(life, until, **ahead):
    """Return the events of a life until a day."""
    state = State(
        **{
            "clause": life.clause,
            "zone": life.zone,
            "number": life.term_number,
            "fee": Decimal(12000),
            "currency": "EUR",
            "started": life.status is ContractStatus.ACTIVE,
            "ends_on": life.ends_on,
            "prolongs": life.prolongs,
            **ahead,
        }
    )
    living = life.status in (ContractStatus.SIGNED, ContractStatus.ACTIVE)
    return calendar.of_life(life, state if living else None, now=NOW, until=until)


def said(life, until, **ahead):
    """Return the events as (kind, occurrence, day)."""
    found = foreseen(life, day(until), **ahead)
    assert len({one.key for one in found}) == len(found), "each event has a key of its own"
    return [(one.kind, one.occurrence, str(one.on)) for one in found]


FIRST = [("last_notice", 1, "2025-09-30"), ("term_end", 1, "2025-12-31"), ("renewal", 2, "2026-01-01")]
SECOND = [("last_notice", 2, "2026-09-30"), ("term_end", 2, "2026-12-31"), ("renewal", 3, "2027-01-01")]


@pytest.mark.parametrize(
    ("life", "until", "expected"),
    [
        pytest.param(a_life(), "2025-12-31", FIRST[:2], id="until-a-day-inclusive"),
        pytest.param(a_life(), "2027-01-01", FIRST + SECOND, id="term-after-term"),
        pytest.param(a_life(status=ContractStatus.SIGNED), "2026-01-01", FIRST, id="signed"),
        pytest.param(a_life(status=ContractStatus.DRAFT), "2027-01-01", [], id="draft"),
        pytest.param(a_life(status=ContractStatus.CANCELLED), "2027-01-01", [], id="cancelled"),
        pytest.param(
            a_life(ends_on=day("2026-01-01")),
            "2027-01-01",
            [("contract_end", 0, "2025-12-31"), ("retrieval_end", 0, "2026-01-30")],
            id="ends-with-its-term",
        ),
        pytest.param(
            a_life(ends_on=day("2027-01-01")),
            "2028-01-01",
            [
                ("term_end", 1, "2025-12-31"),
                ("renewal", 2, "2026-01-01"),
                ("contract_end", 0, "2026-12-31"),
                ("retrieval_end", 0, "2027-02-01"),
            ],
            id="renews-once-more",
        ),
        pytest.param(
            a_life(ends_on=day("2026-02-11"), prolongs=True),
            "2027-01-01",
            [("contract_end", 0, "2026-02-10"), ("retrieval_end", 0, "2026-03-12")],
            id="a-switch-prolongs",
        ),
        pytest.param(
            a_life(a_clause(renewal=None)),
            "2027-01-01",
            FIRST,
            id="indefinite-after-the-first-term",
        ),
        pytest.param(a_life(a_clause(renewal=None), term_number=2), "2030-01-01", [], id="indefinite"),
        pytest.param(
            a_life(a_clause(commitment=24)),
            "2026-10-01",
            [("term_end", 1, "2025-12-31"), ("renewal", 2, "2026-01-01"), ("last_notice", 2, "2026-09-30")],
            id="no-notice-before-the-commitment-ends",
        ),
        pytest.param(
            a_life(a_clause(anchor=day("2024-02-29"), length=1)),
            "2028-02-29",
            [
                ("last_notice", 1, "2025-01-27"),
                ("term_end", 1, "2025-02-27"),
                ("renewal", 2, "2025-02-28"),
                ("last_notice", 2, "2026-01-27"),
                ("term_end", 2, "2026-02-27"),
                ("renewal", 3, "2026-02-28"),
                ("last_notice", 3, "2027-01-27"),
                ("term_end", 3, "2027-02-27"),
                ("renewal", 4, "2027-02-28"),
                ("last_notice", 4, "2028-01-28"),
                ("term_end", 4, "2028-02-28"),
                ("renewal", 5, "2028-02-29"),
            ],
            id="29-february-each-on-its-own-day",
        ),
        pytest.param(
            a_life(status=ContractStatus.ENDED, ends_on=day("2026-01-01"), ended_at=date.min),
            "2027-01-01",
            [("retrieval_end", 0, "2026-01-30")],
            id="ended",
        ),
    ],
)
def test_what_a_calendar_foresees(life, until, expected):
    assert said(life, until) == expected


def test_an_amendment_that_is_agreed_counts_from_its_day_on():
    amendment = PendingAmendment(day("2026-02-01"), {"notice_length": 1})
    assert said(a_life(), "2027-01-01", amendments=(amendment,)) == [
        *FIRST,
        ("last_notice", 2, "2026-11-30"),
        *SECOND[1:],
    ]


def test_an_amendment_that_ends_the_renewal_ends_the_contract():
    amendment = PendingAmendment(day("2025-02-01"), {"auto_renews": False})
    assert said(a_life(), "2027-01-01", amendments=(amendment,)) == [
        ("contract_end", 0, "2025-12-31"),
        ("retrieval_end", 0, "2026-01-30"),
    ]


@pytest.mark.parametrize(
    ("clause", "alarms"),
    [
        pytest.param(a_clause(), (90, 60, 30, 7), id="yearly"),
        pytest.param(a_clause(first=4, renewal=4), (30, 7), id="leads-before-the-term-are-left-out"),
        pytest.param(a_clause(first=1, renewal=1, length=1), (), id="the-first-day-of-a-monthly-term"),
    ],
)
def test_alarms_of_the_last_day_for_notice(clause, alarms):
    found = {one.kind: one for one in foreseen(a_life(clause), clause.term(1).last_day)}
    assert found["last_notice"].alarms == alarms
    assert found["term_end"].alarms == ()


def test_every_event_says_why():
    for life in (a_life(), a_life(ends_on=day("2026-01-01"))):
        for one in foreseen(life, day("2027-01-01")):
            assert one.why["steps"] and one.why["source"] and one.act_by <= one.on and not one.vendor_only
