"""The rules of webhooks: what is told, when the next attempt is made, when an endpoint is given up."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.rules import webhooks

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ID = "0b7c9f0e-4d1a-4c9f-9a52-1d2f3a4b5c6d"


@pytest.mark.parametrize(
    ("attempts", "shortest"),
    [
        (1, timedelta(seconds=5)),
        (2, timedelta(minutes=5)),
        (3, timedelta(minutes=30)),
        (4, timedelta(hours=2)),
        (5, timedelta(hours=5)),
        (6, timedelta(hours=10)),
        (7, timedelta(hours=14)),
        (8, timedelta(hours=20)),
        (9, timedelta(hours=24)),
    ],
)
def test_the_waits_grow_and_are_up_to_a_fifth_longer(attempts, shortest):
    assert webhooks.next_attempt(attempts, now=NOW, jitter=0) == NOW + shortest
    assert webhooks.next_attempt(attempts, now=NOW, jitter=0.5) == NOW + shortest * 1.1
    assert webhooks.next_attempt(attempts, now=NOW, jitter=1) == NOW + shortest * 1.2


def test_after_ten_attempts_there_is_no_other():
    assert webhooks.next_attempt(10, now=NOW, jitter=0) is None
    assert webhooks.next_attempt(11, now=NOW, jitter=0, retry_after=NOW + timedelta(hours=1)) is None


def test_what_the_receiver_asks_for_prolongs_a_wait_and_never_shortens_it():
    soon, late = NOW + timedelta(seconds=1), NOW + timedelta(hours=1)
    assert webhooks.next_attempt(1, now=NOW, jitter=0, retry_after=late) == late
    assert webhooks.next_attempt(1, now=NOW, jitter=0, retry_after=soon) == NOW + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        pytest.param("0", timedelta(0), id="no-time"),
        pytest.param("120", timedelta(minutes=2), id="seconds"),
        pytest.param(" 120 ", timedelta(minutes=2), id="blanks"),
        pytest.param("86401", timedelta(hours=24), id="bounded"),
        pytest.param("999999999", timedelta(hours=24), id="as-good-as-never"),
        pytest.param("Sun, 01 Mar 2026 12:05:00 GMT", timedelta(minutes=5), id="a-date"),
        pytest.param("Sun, 01 Mar 2026 12:05:00 -0000", timedelta(minutes=5), id="a-date-in-no-zone"),
        pytest.param("Sun, 01 Mar 2026 14:05:00 +0200", timedelta(minutes=5), id="a-date-elsewhere"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(hours=24), id="a-date-far-away"),
        pytest.param("Sun, 01 Mar 2026 11:00:00 GMT", None, id="a-date-past"),
        pytest.param("-5", None, id="below-zero"),
        pytest.param("1.5", None, id="a-fraction"),
        pytest.param("9" * 400, None, id="astronomical"),
        pytest.param("soon", None, id="a-word"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="absent"),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(text, wait):
    assert webhooks.retry_after(text, now=NOW) == (None if wait is None else NOW + wait)


@pytest.mark.parametrize(
    ("days", "over"), [(timedelta(days=5) - timedelta(seconds=1), False), (timedelta(days=5), True)]
)
def test_an_endpoint_is_given_up_after_five_days_of_failures(days, over):
    assert webhooks.is_over(NOW - days, now=NOW) is over


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param(ID, True, id="public-id"),
        pytest.param("in_time", True, id="code"),
        pytest.param("contract.signed", True, id="name-of-an-event"),
        pytest.param("2026-03-01", True, id="day"),
        pytest.param("2026-03-01T12:00:00+00:00", True, id="instant"),
        pytest.param("0" * 64, True, id="digest"),
        pytest.param(3, True, id="count"),
        pytest.param(False, True, id="no"),
        pytest.param(None, True, id="nothing"),
        pytest.param([ID, ID], True, id="ids"),
        pytest.param("Ann Example", False, id="a-name"),
        pytest.param("ann@client.example", False, id="an-address"),
        pytest.param("C-2026/7", False, id="a-reference"),
        pytest.param("12000.00", False, id="an-amount"),
        pytest.param(1.5, False, id="a-fraction"),
        pytest.param("", False, id="an-empty-text"),
        pytest.param({"a": ID}, False, id="an-object"),
        pytest.param([[ID]], False, id="lists-of-lists"),
        pytest.param([ID, "Ann Example"], False, id="a-name-among-ids"),
        pytest.param("a" * 81, False, id="a-long-word"),
    ],
)
def test_of_a_payload_ids_and_codes_are_told_and_no_free_text(value, told):
    assert webhooks.details({"it": value}, for_client=True) == ({"it": value} if told else {})


def test_a_client_is_not_told_who_of_the_vendor_has_it_in_hand():
    payload = {"owner": ID, "tells_client": True, "lead": 30}
    assert webhooks.details(payload, for_client=True) == {"lead": 30}
    assert webhooks.details(payload, for_client=False) == payload


def test_a_call_says_type_instant_and_ids():
    said = webhooks.body(
        topic="contract.signed",
        occurred_at=datetime.fromisoformat("2026-03-01T13:00:00.5+01:00"),
        message=ID,
        organization=None,
        subject_type="Contract",
        subject=ID,
        payload={"starts_on": "2026-04-01", "note": "Call Ann"},
        for_client=False,
    )
    assert said == {
        "type": "contract.signed",
        "timestamp": "2026-03-01T12:00:00.500000Z",
        "data": {
            "message": ID,
            "organization": None,
            "subject_type": "Contract",
            "subject": ID,
            "details": {"starts_on": "2026-04-01"},
        },
    }
