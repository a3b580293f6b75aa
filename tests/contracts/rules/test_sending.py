"""By when the vendor sends its own notice."""

from datetime import date

import pytest

from contracts.enums import GoverningLaw, NoticeChannel, NoticeEffect, NoticeEndOf, NoticeKind, NoticeUnit
from contracts.rules import sending
from contracts.rules.errors import InvalidInput
from contracts.rules.notice import NoticeClause

day = date.fromisoformat
LETTER, REGISTERED, EMAIL, _PORTAL, HAND = NoticeChannel


def clause(**values):
    return NoticeClause(
        **{
            "anchor": day("2026-01-01"),
            "first": 12,
            "renewal": 12,
            "length": 3,
            "unit": NoticeUnit.MONTHS,
            "effect": NoticeEffect.RECEIPT,
            "law": GoverningLaw.FR,
            "calendar_country": "FR",
            **values,
        }
    )


@pytest.mark.parametrize(
    ("values", "last_day", "channel", "send_by"),
    [
        pytest.param({}, "2026-12-31", REGISTERED, "2026-09-25", id="three-working-days-before-wednesday"),
        pytest.param({}, "2026-12-31", LETTER, "2026-09-24", id="a-letter-takes-four"),
        pytest.param({}, "2026-12-31", EMAIL, "2026-09-30", id="mail-arrives-at-once"),
        pytest.param({}, "2026-12-31", HAND, "2026-09-30", id="by-hand"),
        pytest.param({}, "2027-12-31", EMAIL, "2027-09-30", id="the-second-term"),
        pytest.param({"effect": NoticeEffect.SENDING}, "2026-12-31", REGISTERED, "2026-09-30", id="sending-counts"),
        pytest.param(
            {"anchor": day("2025-02-01"), "effect": NoticeEffect.SENDING},
            "2026-01-31",
            LETTER,
            "2025-10-31",
            id="sending-counts-on-a-friday",
        ),
        pytest.param({"anchor": day("2025-02-16")}, "2026-02-15", EMAIL, "2025-11-14", id="pulled-back-from-saturday"),
        pytest.param({"anchor": day("2025-02-16")}, "2026-02-15", REGISTERED, "2025-11-10", id="over-armistice-day"),
        pytest.param(
            {"anchor": day("2025-02-16"), "calendar_country": "DE"},
            "2026-02-15",
            REGISTERED,
            "2025-11-11",
            id="in-germany-that-day-is-worked",
        ),
        pytest.param(
            {"anchor": day("2002-07-01"), "length": 6},
            "2003-06-30",
            EMAIL,
            "2002-12-30",
            id="the-earlier-reading-for-the-vendor",
        ),
        pytest.param(
            {"renewal": None, "length": 1, "end_of": NoticeEndOf.QUARTER},
            "2027-06-30",
            EMAIL,
            "2027-05-28",
            id="an-indefinite-term-to-the-end-of-a-quarter",
        ),
    ],
)
def test_the_last_day_to_send(values, last_day, channel, send_by):
    found = sending.send_by(clause(**values), last_day=day(last_day), channel=channel)
    assert found.send_by == day(send_by)
    assert found.explanation.rule == "send_by"
    assert found.explanation.steps[-1].params["on"] == send_by


@pytest.mark.parametrize(
    ("values", "last_day"),
    [
        pytest.param({}, "2026-11-30", id="within-a-term"),
        pytest.param({"commitment": 18}, "2026-12-31", id="within-the-commitment"),
        pytest.param({"mid_term_exit": True, "end_of": NoticeEndOf.MONTH}, "2026-08-15", id="not-a-months-end"),
    ],
)
def test_a_day_on_which_no_notice_ends_the_contract(values, last_day):
    with pytest.raises(InvalidInput) as raised:
        sending.send_by(clause(**values), last_day=day(last_day), channel=EMAIL)
    assert (raised.value.field, raised.value.code) == ("last_day", "not_an_end")
    assert "nearest" in raised.value.params


@pytest.mark.parametrize(
    ("on", "channel", "last_day"),
    [
        ("2026-09-30", EMAIL, "2026-12-31"),
        ("2026-09-28", REGISTERED, "2027-12-31"),
        ("2026-10-01", EMAIL, "2027-12-31"),
    ],
)
def test_the_first_end_that_a_notice_sent_today_brings(on, channel, last_day):
    found = sending.earliest_end(clause(), on=day(on), kind=NoticeKind.NON_RENEWAL, channel=channel)
    assert found == day(last_day)


def test_postal_times_go_by_their_day():
    assert sending.postal_days(LETTER, on=day("2026-01-01")) == 4
