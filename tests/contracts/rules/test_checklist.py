"""The leaving checklist under a switch: its own days, and nothing to fetch where only erasure was asked for."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.rules.checklist import leaving_checklist
from contracts.rules.explanation import Explanation
from contracts.rules.money import Money
from contracts.rules.switching import AfterSwitch

day = date.fromisoformat


@pytest.mark.parametrize(
    ("retrieval_end", "erase_from", "days"),
    [
        pytest.param(
            "2027-04-02",
            "2027-05-11",
            {"export_asked": "2026-12-10", "export_checked": "2027-04-02", "data_lost": "2027-04-03"},
            id="completed-long-after-the-transition",
        ),
        pytest.param(None, "2027-02-02", {"data_lost": "2027-02-02"}, id="erasure-only"),
    ],
)
def test_a_switch_has_its_own_days(retrieval_end, erase_from, days):
    last_day = None if retrieval_end is None else day(retrieval_end)
    found = leaving_checklist(
        exit_on=day("2026-12-10"),
        act_by=day("2026-12-01"),
        penalty=Money(Decimal(0), "EUR"),
        refund=Money(Decimal(0), "EUR"),
        retrieval_days=30,
        country="FR",
        switch=AfterSwitch(last_day, day(erase_from), Explanation("switching", 1, {}, (), "Data Act")),
    )
    assert {item.code.value: str(item.on) for item in found[3:]} == {**days, "erasure": erase_from}
    assert found[-1].explanation.source == "Data Act"
