"""Every pair of contract statuses: which may follow which."""

import itertools

import pytest

from contracts.enums import ContractStatus
from contracts.rules import status

ALLOWED = {
    ("draft", "signed"),
    ("draft", "cancelled"),
    ("signed", "active"),
    ("signed", "cancelled"),
    ("active", "ended"),
}


@pytest.mark.parametrize(
    ("before", "after"), list(itertools.product(ContractStatus, repeat=2)), ids=lambda member: member.value
)
def test_a_status_changes_only_as_the_table_says(before, after):
    assert status.may_become(before, after) == ((before.value, after.value) in ALLOWED)


def test_the_table_names_every_status():
    assert set(status.ALLOWED) == set(ContractStatus)
