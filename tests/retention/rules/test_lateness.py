"""When somebody is told that a request may miss its day: at each lead once, when it has come, weekly after it."""

from datetime import UTC, datetime, timedelta

import pytest

from retention.rules import lateness as rules

BY = datetime(2026, 3, 31, 22, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("told", "held_up", "now", "expected"),
    [
        pytest.param(None, False, BY - 14 * DAY - SECOND, False, id="not near"),
        pytest.param(None, False, BY - 14 * DAY, True, id="two weeks before"),
        pytest.param(BY - 14 * DAY, False, BY - 7 * DAY - SECOND, False, id="told, and the next lead is to come"),
        pytest.param(BY - 14 * DAY, False, BY - 7 * DAY, True, id="a week before"),
        pytest.param(BY - 7 * DAY, False, BY - 2 * DAY, True, id="two days before"),
        pytest.param(None, False, BY - 2 * DAY, True, id="whoever comes late tells once"),
        pytest.param(BY - 2 * DAY + SECOND, False, BY - DAY, False, id="and not of the leads that passed"),
        pytest.param(BY - 2 * DAY, False, BY, True, id="it has come"),
        pytest.param(BY, False, BY + 7 * DAY - SECOND, False, id="not every day"),
        pytest.param(BY, False, BY + 7 * DAY, True, id="every week"),
        pytest.param(BY + 7 * DAY, False, BY + 14 * DAY, True, id="and again"),
        pytest.param(BY - 2 * DAY, True, BY, True, id="held up, and its day comes"),
        pytest.param(BY, True, BY + 70 * DAY, False, id="held up: not every week"),
        pytest.param(BY - 30 * DAY, False, BY - 14 * DAY, True, id="put off after it was told: anew"),
    ],
)
def test_it_is_told_in_good_time(told, held_up, now, expected):
    assert rules.to_tell(BY, told_at=told, held_up=held_up, now=now) is expected


@pytest.mark.parametrize(
    ("held_up", "now", "expected"),
    [
        pytest.param(False, BY - DAY, False, id="everybody has decided"),
        pytest.param(True, BY - DAY, True, id="but something stands in the way"),
        pytest.param(False, BY, True, id="and its day has come"),
    ],
)
def test_what_is_left_to_the_engine_is_told_once_it_is_late(held_up, now, expected):
    assert rules.to_tell(BY, told_at=None, held_up=held_up, now=now, left_to_us=True) is expected


@pytest.mark.parametrize(
    ("now", "escalated", "left"),
    [
        (BY - 14 * DAY - SECOND, False, None),
        (BY - 14 * DAY, False, 14),
        (BY - 2 * DAY - SECOND, False, 3),
        (BY - 2 * DAY, True, 2),
        (BY - SECOND, True, 1),
        (BY + DAY, True, -1),
    ],
)
def test_it_is_escalated_two_days_before_and_a_begun_day_counts(now, escalated, left):
    assert rules.is_escalated(BY, now=now) is escalated
    assert rules.days_left(BY, now=now) == left


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((), False),
        (("not_approved", "legal_hold"), False),
        (("export_not_decided",), True),
        (("client_undecided", "not_approved"), True),
    ],
)
def test_the_client_is_told_of_what_it_decides(codes, expected):
    assert rules.clients_turn(codes) is expected
