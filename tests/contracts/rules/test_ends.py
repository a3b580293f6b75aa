"""Which end counts: the earliest, unless a pending switch carries the contract on past a notice."""

from datetime import date

import pytest

from contracts.rules import ends
from contracts.rules.ends import End

day = date.fromisoformat


def notice(text):
    return End(day(text), f"notice {text}", by_notice=True)


def termination(text):
    return End(day(text), f"termination {text}")


def switch(text):
    return End(day(text), f"switch {text}", prolongs=True)


@pytest.mark.parametrize(
    ("found", "source", "prolongs"),
    [
        pytest.param([notice("2026-03-01"), notice("2026-01-01")], "notice 2026-01-01", False, id="both-sides-notices"),
        pytest.param(
            [notice("2026-01-01"), termination("2025-12-01")], "termination 2025-12-01", False, id="the-earliest"
        ),
        pytest.param(
            [termination("2026-01-01"), notice("2026-01-01")],
            "termination 2026-01-01",
            False,
            id="on-one-day-what-was-priced",
        ),
        pytest.param([notice("2026-01-01"), switch("2026-03-04")], "switch 2026-03-04", True, id="past-the-notice"),
        pytest.param([switch("2025-11-15"), notice("2026-01-01")], "switch 2025-11-15", True, id="before-the-notice"),
        pytest.param(
            [switch("2026-03-04"), termination("2026-02-11")],
            "termination 2026-02-11",
            True,
            id="a-termination-cuts-the-switch-short-and-no-term-begins",
        ),
        pytest.param(
            [notice("2025-12-01"), termination("2026-02-11"), switch("2026-03-04")],
            "termination 2026-02-11",
            True,
            id="the-notice-still-ends-nothing",
        ),
    ],
)
def test_which_end_counts(found, source, prolongs):
    end = ends.standing(found)
    assert (end.source, end.prolongs) == (source, prolongs)


def test_without_an_end_none_counts():
    assert ends.standing([]) is None
