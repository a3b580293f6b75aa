"""May a person use the product: the table of states and grants, and that no answer outlives what it says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules.entitlements import Grant, judge
from accounts.rules.licence_states import Standing

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEEP = timedelta(seconds=60)
OPEN = Grant(NOW - DAY, None)
READ, WRITE = Grant(NOW - DAY, NOW + DAY, ("read",)), Grant(NOW - DAY, NOW + 2 * DAY, ("write", "read"))
ENDED, TO_COME = Grant(NOW - 2 * DAY, NOW), Grant(NOW + DAY, None)
ACTIVE, RESTRICTED = Standing("active"), Standing("restricted", features=("read", "export"))


@pytest.mark.parametrize(
    ("standing", "grants", "allowed", "features", "until", "reasons"),
    [
        pytest.param(ACTIVE, [OPEN], True, ("*",), None, (), id="active"),
        pytest.param(ACTIVE, [READ], True, ("read",), NOW + DAY, (), id="active-some-features"),
        pytest.param(ACTIVE, [READ, WRITE], True, ("read", "write"), NOW + 2 * DAY, (), id="features-add-up"),
        pytest.param(ACTIVE, [READ, OPEN], True, ("*",), None, (), id="one-grant-opens-all"),
        pytest.param(RESTRICTED, [OPEN], True, ("export", "read"), None, (), id="restricted"),
        pytest.param(RESTRICTED, [WRITE], True, ("read",), NOW + 2 * DAY, (), id="restricted-within-the-grant"),
        pytest.param(ACTIVE, [], False, (), None, ("no_licence",), id="no-licence"),
        pytest.param(ACTIVE, [ENDED], False, (), None, ("no_licence",), id="licence-ended-this-instant"),
        pytest.param(ACTIVE, [TO_COME], False, (), NOW + DAY, ("no_licence",), id="licence-to-come"),
        pytest.param(ACTIVE, [READ, TO_COME], True, ("read",), NOW + DAY, (), id="another-licence-follows"),
        pytest.param(Standing("invited"), [OPEN], False, (), None, ("not_activated",), id="invited"),
        pytest.param(
            Standing("invited"), [], False, (), None, ("no_licence", "not_activated"), id="invited-no-licence"
        ),
        pytest.param(
            Standing("suspended", "client_rule", NOW),
            [OPEN],
            False,
            (),
            None,
            ("suspended", "client_rule"),
            id="suspended",
        ),
        pytest.param(
            Standing("suspended", "client_decision", NOW, NOW + DAY),
            [OPEN],
            False,
            (),
            NOW + DAY,
            ("suspended", "client_decision"),
            id="suspended-until",
        ),
        pytest.param(
            Standing("scheduled", delete_at=NOW + DAY),
            [OPEN],
            False,
            (),
            NOW + DAY,
            ("scheduled_for_deletion",),
            id="scheduled",
        ),
        pytest.param(
            Standing("deleted", delete_at=NOW, deleted_at=NOW), [OPEN], False, (), None, ("deleted",), id="deleted"
        ),
    ],
)
def test_an_answer(standing, grants, allowed, features, until, reasons):
    found = judge(standing, grants, at=NOW, keep=KEEP)
    assert (found.allowed, found.features, found.until, found.reasons) == (allowed, features, until, reasons)


def test_a_yes_is_not_kept_beyond_its_end():
    found = judge(ACTIVE, [Grant(NOW - DAY, NOW + timedelta(seconds=7))], at=NOW, keep=KEEP)
    assert (found.allowed, found.keep) == (True, timedelta(seconds=7))


_hours = st.integers(-48, 48).map(lambda hours: NOW + timedelta(hours=hours))
_features = st.lists(st.sampled_from(["read", "write", "export"]), unique=True, max_size=2).map(tuple)
_grants = st.lists(
    st.builds(
        lambda start, length, features: Grant(
            start, None if length is None else start + timedelta(hours=length), features
        ),
        _hours,
        st.one_of(st.none(), st.integers(0, 60)),
        _features,
    ),
    max_size=4,
)
_standings = st.sampled_from(
    [ACTIVE, RESTRICTED, Standing("invited"), Standing("suspended", "client_rule", NOW - DAY, NOW + DAY)]
)


@given(standing=_standings, grants=_grants, hours=st.integers(-60, 60), later=st.integers(0, 6000))
def test_an_answer_holds_until_the_instant_that_it_names_and_not_an_instant_longer(standing, grants, hours, later):
    at = NOW + timedelta(hours=hours)
    found = judge(standing, grants, at=at, keep=timedelta(days=9))
    inside = at + timedelta(minutes=later)
    if found.until is None or inside < found.until:
        same = judge(standing, grants, at=inside, keep=KEEP)
        assert (same.allowed, same.features, same.reasons) == (found.allowed, found.features, found.reasons)
    if found.until is not None:
        assert found.until > at and found.keep <= found.until - at
