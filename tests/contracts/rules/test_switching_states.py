"""Every pair of states of a switch: which may follow which, which are final, which hold the data back."""

import itertools

import pytest

from contracts.enums import SwitchStatus
from contracts.models import switching as model
from contracts.rules import switching_states
from contracts.rules.dated import SWITCHING_CHARGED

ALLOWED = {
    ("notified", "in_transition"),
    ("notified", "completed"),
    ("notified", "withdrawn"),
    ("in_transition", "completed"),
    ("in_transition", "unfinished"),
    ("in_transition", "withdrawn"),
    ("unfinished", "in_transition"),
    ("unfinished", "completed"),
    ("unfinished", "ended"),
    ("erase_only", "ended"),
    ("erase_only", "withdrawn"),
}


@pytest.mark.parametrize(
    ("before", "after"), list(itertools.product(SwitchStatus, repeat=2)), ids=lambda member: member.value
)
def test_a_state_changes_only_as_the_table_says(before, after):
    assert switching_states.may_become(before, after) == ((before.value, after.value) in ALLOWED)


def test_the_table_names_every_state():
    assert set(switching_states.ALLOWED) == set(SwitchStatus)


def test_what_is_final_and_what_holds_the_data_back():
    assert {status.value for status in switching_states.FINAL} == {"completed", "ended", "withdrawn"}
    assert {status.value for status in switching_states.HOLDING} == {"notified", "in_transition", "unfinished"}


def test_the_table_in_the_database_goes_by_the_same_states_and_day():
    assert set(model.FINAL) == {status.value for status in switching_states.FINAL}
    assert [line.from_on for line in SWITCHING_CHARGED if not line.value] == [model.NO_CHARGES_FROM]
