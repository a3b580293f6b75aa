"""Notices to the end of a month or of a quarter, from the call that drafts the contract to the effective date."""

from datetime import date

import pytest

from tests.api.callers import caller
from tests.contracts.agreements import at
from tests.contracts.operations.lives import live_until
from tests.workflows import walk

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.mark.parametrize(
    ("clause", "last_notice_on", "judgment", "last_day"),
    [
        pytest.param({}, "2025-12-15", "in_time", "2025-04-10", id="no-calendar-period"),
        pytest.param({"notice_end_of": "month"}, "2025-11-30", "in_time", "2025-04-30", id="end-of-a-month"),
        pytest.param({"notice_end_of": "quarter"}, "2025-11-30", "in_time", "2025-06-30", id="end-of-a-quarter"),
        pytest.param(
            {"notice_end_of": "quarter", "notice_length": 6, "notice_unit": "weeks"},
            "2025-11-19",
            "in_time",
            "2025-06-30",
            id="weeks-to-the-end-of-a-quarter",
        ),
        pytest.param(
            {"notice_end_of": "month", "mid_term_exit": False},
            "2025-11-30",
            "in_time",
            "2026-01-15",
            id="no-exit-within-the-term",
        ),
    ],
)
def test_a_notice_reaches_the_end_that_the_contract_names(clause, last_notice_on, judgment, last_day, monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-03-10"))
    call = caller("administrator")
    organization = walk.register(call, 1, "end")
    values = {"notice_length": 1, "notice_unit": "months", "mid_term_exit": True, **clause}
    contract = walk.draft(call, organization, date(2025, 1, 16), **values)
    call("POST", f"contracts/{contract}/sign")
    live_until("2025-03-10")
    assert call("GET", f"contracts/{contract}")["last_notice_on"] == last_notice_on
    body = {"kind": "termination", "channel": "letter", "sent_on": "2025-03-10", "received_on": "2025-03-10"}
    given = call.with_file(f"contracts/{contract}/give-notice", body, expect=201)
    assert given["judgment"] == judgment
    assert call("GET", f"contracts/{contract}")["last_day"] == last_day


def test_an_end_that_nobody_knows_is_refused_by_its_field():
    call = caller("administrator")
    organization = walk.register(call, 1, "end")
    body = {"organization": organization, "notice_end_of": "year"}
    answer = call("POST", "contracts", body, expect=400)
    assert ("notice_end_of", "invalid_choice") in {(error["attr"], error["code"]) for error in answer["errors"]}
