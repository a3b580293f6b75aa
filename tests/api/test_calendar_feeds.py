"""Calendar feeds over REST and at their address: who makes which, the token told once, the file as RFC 5545 has it."""

import re
from datetime import date, timedelta

import icalendar
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import tenancy
from accounts.models import AuditEvent, IdempotencyKey, User
from contracts import sweeps
from contracts.enums import CalendarFeedKind
from contracts.models import CalendarEvent, CalendarFeed, Contract
from contracts.operations import feeds
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import at_once, give, live_until, utc, withdraw
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ODD = "Żółw, gęś; jaźń\\ & co. " * 2


@pytest.fixture(autouse=True)
def in_spring(monkeypatch):
    """It is spring 2025."""
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-03-01"))


def a_contract(organization=None, **values):
    found = a_signed_contract(organization or an_organization(), **values)
    live_until("2025-01-02")
    refresh("2025-01-02")
    return found


def refresh(instant):
    sweeps.refresh_all_deadlines(at=at(instant), by="system")
    sweeps.refresh_all_calendars(at=at(instant), by="system")


def a_feed(kind=CalendarFeedKind.PORTFOLIO, role="contract_manager", home=None, **values):
    maker = a_member(role, home)
    with tenancy.vendor():
        found, token = feeds.make(kind=kind, maker=maker, now=at("2025-01-03"), **values)
    return found, f"/calendar/{token}.ics"


def read(address, **headers):
    return Client(headers=headers).get(address)


def events(address):
    found = icalendar.Calendar.from_ical(read(address).content)
    return {(one["SUMMARY"].split(":")[0], one.decoded("DTSTART")): one for one in found.walk("VEVENT")}


def test_the_file_is_a_calendar_of_dated_events():
    contract = a_contract()
    _feed, address = a_feed(language="en")
    answer = read(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"].startswith("private")
    calendar = icalendar.Calendar.from_ical(answer.content)
    assert calendar["VERSION"] == "2.0" and "Terme" in calendar["PRODID"] and "METHOD" not in calendar
    assert calendar["X-WR-CALNAME"] == "All contracts"
    assert calendar.decoded("REFRESH-INTERVAL") == timedelta(hours=6)
    one = events(address)["Last day for notice", date(2025, 9, 30)]
    assert one.decoded("DTEND") == date(2025, 10, 1)
    assert one.decoded("DTSTAMP") == at("2025-01-02") and one["SEQUENCE"] == 0
    assert (one["STATUS"], one["TRANSP"]) == ("CONFIRMED", "TRANSPARENT")
    assert one["URL"] == f"http://testserver/admin/contracts/contract/{contract.pk}/change/"
    assert "3 months counted back" in one["DESCRIPTION"] and "Source:" in one["DESCRIPTION"]
    alarms = [alarm.decoded("TRIGGER") for alarm in one.walk("VALARM")]
    assert alarms == [timedelta(days=-days) for days in (90, 60, 30, 7)]
    assert {alarm["ACTION"] for alarm in one.walk("VALARM")} == {"DISPLAY"}


def test_there_is_no_recurrence_and_no_event_beyond_two_years():
    a_contract(starts_on=date(2024, 2, 29), concluded_on=date(2024, 1, 2))
    refresh("2025-03-01")
    _feed, address = a_feed(language="en")
    text = read(address).content.decode()
    assert "RRULE" not in text and "RDATE" not in text
    renewals = sorted(on for kind, on in events(address) if kind == "New term starts")
    assert renewals == [date(2025, 2, 28), date(2026, 2, 28), date(2027, 2, 28)]
    assert text.count("BEGIN:VEVENT") == len(set(re.findall(r"UID:(\S+)", text)))


def test_lines_are_folded_and_texts_escaped_as_rfc_5545_asks():
    organization = an_organization(name="Client, with; signs")
    contract = a_contract(organization)
    with tenancy.vendor():
        Contract.objects.filter(pk=contract.pk).update(reference=ODD + "\nsecond line")
    _feed, address = a_feed(CalendarFeedKind.ORGANIZATION, organization=organization, language="pl")
    raw = read(address).content
    assert raw.endswith(b"\r\n") and b"\n" not in raw.replace(b"\r\n", b"")
    lines = raw.split(b"\r\n")[:-1]
    for line in lines:
        assert len(line) <= 75, line
        line.decode("utf-8")  # no character is torn apart
    unfolded = raw.replace(b"\r\n ", b"").decode().split("\r\n")
    assert not [line for line in unfolded if line and not re.match(r"[A-Z-]+[;:]", line)]
    summaries = [line for line in unfolded if line.startswith("SUMMARY")]
    assert summaries and all(r"gęś\; jaźń\\ & co." in line and r"\nsecond line" in line for line in summaries)
    assert r"X-WR-CALNAME:" in raw.decode() and r"Client\, with\; signs" in "\n".join(unfolded)
    found = icalendar.Calendar.from_ical(raw).walk("VEVENT")[0]
    assert found["SUMMARY"].endswith(ODD + "\nsecond line")


def test_nothing_changed_is_the_same_to_the_byte_and_answers_304():
    a_contract()
    _feed, address = a_feed()
    first = read(address)
    with tenancy.vendor():
        Contract.objects.update(deadlines_stale=True)
    refresh("2025-02-01")
    again = read(address)
    assert again.content == first.content and again["ETag"] == first["ETag"]
    known = read(address, if_none_match=first["ETag"])
    assert (known.status_code, known.content, known["ETag"]) == (304, b"", first["ETag"])
    assert read(address, if_none_match=f'W/{first["ETag"]}, "x"').status_code == 304
    assert read(address, if_none_match='"another"').status_code == 200
    head = Client().head(address)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", first["ETag"])
    assert read(address, accept="text/html").status_code == 200


def test_a_notice_cancels_and_its_withdrawal_brings_back_the_same_events():
    contract = a_contract()
    _feed, address = a_feed(language="en")
    key = ("Last day for notice", date(2025, 9, 30))
    before = events(address)[key]
    give(contract, "2025-02-01")
    refresh("2025-02-02")
    cancelled = events(address)[key]
    assert (cancelled["STATUS"], cancelled["SEQUENCE"], cancelled["UID"]) == ("CANCELLED", 1, before["UID"])
    assert cancelled.decoded("DTSTAMP") == at("2025-02-02") and not cancelled.walk("VALARM")
    assert ("Last day of the contract", date(2025, 12, 31)) in events(address)
    withdraw(contract, "2025-02-03")
    refresh("2025-02-04")
    back = events(address)[key]
    assert (back["STATUS"], back["SEQUENCE"], back["UID"]) == ("CONFIRMED", 2, before["UID"])


def test_a_cancelled_event_is_told_for_thirteen_months(monkeypatch):
    contract = a_contract()
    _feed, address = a_feed(language="en")
    give(contract, "2025-02-01")
    refresh("2025-02-02")
    key = ("New term starts", date(2027, 1, 1))
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2026-02-20"))
    assert events(address)[key]["STATUS"] == "CANCELLED"
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2026-04-20"))
    assert key not in events(address)


@pytest.mark.parametrize(("language", "title"), [("en", "All contracts"), ("fr", None), ("pl", None)])
def test_it_speaks_the_language_of_the_feed(language, title):
    a_contract()
    _feed, address = a_feed(language=language)
    answer = Client(headers={"accept-language": "de"}).get(address)
    calendar = icalendar.Calendar.from_ical(answer.content)
    assert title is None or calendar["X-WR-CALNAME"] == title


def test_an_organization_an_owner_and_the_portfolio_each_have_their_own():
    owner = a_member("contract_manager")
    mine, other = an_organization(name="Mine"), an_organization(name="Other")
    a_contract(mine, reference="M-1")
    a_contract(other, reference="O-1", owner=owner)

    def references(address):
        return set(re.findall(r"[MO]-1", read(address).content.decode()))

    assert references(a_feed(CalendarFeedKind.ORGANIZATION, organization=mine)[1]) == {"M-1"}
    assert references(a_feed(CalendarFeedKind.ORGANIZATION, "client_finance", mine, organization=mine)[1]) == {"M-1"}
    assert references(a_feed(CalendarFeedKind.OWNER, owner=owner)[1]) == {"O-1"}
    assert references(a_feed()[1]) == {"M-1", "O-1"}


def test_what_the_vendor_plans_is_in_no_clients_calendar_and_no_person_in_any():
    organization = an_organization()
    owner = a_member("contract_manager")
    a_contract(organization, owner=owner)
    with tenancy.vendor():
        CalendarEvent.objects.filter(kind="last_notice").update(kind="send_by", vendor_only=True)
    _feed, address = a_feed(CalendarFeedKind.ORGANIZATION, organization=organization, language="en")
    assert "Last day to send our notice" not in read(address).content.decode()
    _feed, address = a_feed(CalendarFeedKind.OWNER, owner=owner, language="en")
    text = read(address).content.decode()
    assert "Last day to send our notice" in text
    assert owner.name not in text and owner.email not in text


def test_unknown_malformed_revoked_and_orphaned_addresses_get_the_same_answer():
    a_contract()
    feed, address = a_feed()
    orphan, orphaned = a_feed()
    owner = a_member("support")
    _owned, ownerless = a_feed(CalendarFeedKind.OWNER, owner=owner)
    assert {read(one).status_code for one in (address, orphaned, ownerless)} == {200}
    with tenancy.vendor():
        feeds.revoke(feed, now=at("2025-02-01"), by="user:x")
        User.objects.filter(public_id=orphan.created_by.removeprefix("user:")).update(is_active=False)
        User.objects.filter(pk=owner.pk).update(is_active=False)
    wrong = [
        address,
        orphaned,
        ownerless,
        address[:-5] + "x.ics",
        "/calendar/tcal_.ics",
        f"/calendar/{'a' * 5000}.ics",
        "/calendar/%00.ics",
        "/calendar/%ED%A0%80.ics",
        "/calendar/ż.ics",
        f"/calendar/{feed.digest}.ics",
    ]
    answers = {(one.status_code, one.content, one["Content-Type"]) for one in map(read, wrong)}
    assert answers == {(404, b"Not found.\n", "text/plain; charset=utf-8")}


def test_the_token_is_kept_as_a_digest_and_enters_no_log(caplog):
    a_contract()
    feed, address = a_feed()
    token = address.removeprefix("/calendar/").removesuffix(".ics")
    with caplog.at_level("DEBUG"):
        read(address)
        read(address[:-5] + "x.ics")
    assert token[:20] not in caplog.text and "/calendar/<str:token>.ics" in caplog.text
    assert token not in str(CalendarFeed.__dict__) and feed.digest != token
    with tenancy.vendor():
        row = CalendarFeed.objects.values().get()
        assert token not in str(row) and row["last_fetched_at"] == at("2025-03-01")
        assert token not in str(list(AuditEvent.objects.values()))


def test_many_requests_are_turned_away(monkeypatch):
    monkeypatch.setattr("accounts.api.throttling.PerActor.get_rate", lambda self: "2/min")
    found = [read("/calendar/guess.ics").status_code for _one in range(3)]
    assert found == [404, 404, 429]


def test_a_feed_costs_as_many_queries_for_two_events_as_for_two_hundred():
    organization = an_organization()
    _feed, address = a_feed(CalendarFeedKind.ORGANIZATION, organization=organization)

    def cost():
        read(address)
        with CaptureQueriesContext(connection) as queries:
            size = read(address).content.count(b"BEGIN:VEVENT")
        return len(queries), size

    a_contract(organization, reference="C-0")
    few, small = cost()
    for number in range(1, 30):
        a_signed_contract(organization, reference=f"C-{number}")
    refresh("2025-01-03")
    many, large = cost()
    assert few == many and small < 10 and large > 150


NEW = {"kind": "portfolio"}


def test_a_feed_is_made_listed_and_revoked():
    a_contract()
    call = caller("contract_manager")
    made = call("POST", "calendar-feeds", {**NEW, "language": "fr"}, expect=201)
    assert made["url"] == f"http://testserver/calendar/{made['token']}.ics"
    assert read(made["url"].removeprefix("http://testserver")).status_code == 200
    listed = call("GET", "calendar-feeds")["results"]
    assert [one["public_id"] for one in listed] == [made["public_id"]]
    assert listed[0]["prefix"] == made["token"][:12] and made["token"] not in str(listed)
    assert listed[0]["last_fetched_at"] and not {"token", "url", "digest"} & listed[0].keys()
    assert call("POST", f"calendar-feeds/{made['public_id']}/revoke")["revoked_at"]
    assert call("POST", f"calendar-feeds/{made['public_id']}/revoke", expect=409)["code"] == "feed_revoked"
    assert read(made["url"].removeprefix("http://testserver")).status_code == 404


def test_the_token_is_told_once_even_to_a_repeated_call():
    call = caller("contract_manager")
    made = call("POST", "calendar-feeds", NEW, expect=201, key="once")
    again = call("POST", "calendar-feeds", NEW, expect=201, key="once")
    assert again["public_id"] == made["public_id"] and not {"token", "url"} & again.keys()
    with tenancy.vendor():
        assert made["token"] not in str(list(IdempotencyKey.objects.values()))
        assert CalendarFeed.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"kind": "universe"}, "kind", id="unknown-kind"),
        pytest.param({"kind": "organization"}, "organization", id="no-organization"),
        pytest.param({"kind": "organization", "organization": "7"}, "organization", id="no-id"),
        pytest.param(
            {"kind": "organization", "organization": "00000000-0000-4000-8000-000000000000"},
            "organization",
            id="unknown-organization",
        ),
        pytest.param({"kind": "owner", "owner": "00000000-0000-4000-8000-000000000000"}, "owner", id="unknown-owner"),
        pytest.param({"kind": "portfolio", "language": "de"}, "language", id="language-without-texts"),
    ],
)
def test_bad_input_is_named(body, field):
    answer = caller("contract_manager")("POST", "calendar-feeds", body, expect=400)
    assert {error["attr"] for error in answer["errors"]} == {field}


def test_a_portfolio_is_of_no_organization_and_an_owner_is_the_vendors():
    organization = an_organization()
    call = caller("contract_manager")
    body = {"kind": "portfolio", "organization": str(organization.public_id)}
    assert call("POST", "calendar-feeds", body, expect=400)["errors"][0]["code"] == "not_of_this_kind"
    member = a_member("client_finance", organization)
    body = {"kind": "owner", "owner": str(member.public_id)}
    assert call("POST", "calendar-feeds", body, expect=400)["errors"][0]["code"] == "not_of_the_vendor"
    assert call("POST", "calendar-feeds", {"kind": "owner"}, expect=201)["owner"]


def test_clients_make_their_own_organizations_and_see_no_other():
    mine, other = an_organization(), an_organization()
    a_contract(mine, reference="M-1")
    a_contract(other, reference="O-1")
    theirs, _address = a_feed(CalendarFeedKind.ORGANIZATION, organization=other)
    a_feed()
    call = caller("client_finance", str(mine.public_id))
    made = call("POST", "calendar-feeds", {}, expect=201)
    assert (made["kind"], made["organization"]) == ("organization", str(mine.public_id))
    text = read(made["url"].removeprefix("http://testserver")).content.decode()
    assert "M-1" in text and "O-1" not in text
    assert [one["public_id"] for one in call("GET", "calendar-feeds")["results"]] == [made["public_id"]]
    for kind in ("owner", "portfolio"):
        assert call("POST", "calendar-feeds", {"kind": kind}, expect=409)["code"] == "not_your_calendar"
    body = {"kind": "organization", "organization": str(other.public_id)}
    assert call("POST", "calendar-feeds", body, expect=400)["errors"][0]["code"] == "unknown_organization"
    call("POST", f"calendar-feeds/{theirs.public_id}/revoke", expect=404)


def test_two_people_revoke_one_once():
    feed, _address = a_feed()
    assert at_once(lambda: feeds.revoke(feed, now=at("2025-02-01"), by="user:x")) == (1, ["feed_revoked"])


def test_its_days_are_those_of_the_contracts_zone():
    organization = an_organization(country="NZ", time_zone="Pacific/Auckland")
    a_contract(organization, governing_law="OTHER")
    _feed, address = a_feed(language="en")
    assert ("Last day for notice", date(2025, 9, 30)) in events(address)


def test_it_reaches_two_years_from_the_day_of_each_contracts_zone(monkeypatch):
    instant = utc("2024-12-31 12:00")
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: instant)
    for reference, country, zone in (("NZ-1", "NZ", "Pacific/Auckland"), ("FR-1", "FR", "Europe/Paris")):
        home = an_organization(country=country, time_zone=zone)
        a_signed_contract(home, reference=reference, governing_law="OTHER")
    sweeps.refresh_all_deadlines(at=instant, by="system")
    sweeps.refresh_all_calendars(at=instant, by="system")
    _feed, address = a_feed(language="en")
    found = icalendar.Calendar.from_ical(read(address).content).walk("VEVENT")
    last = [one["SUMMARY"] for one in found if one.decoded("DTSTART") == date(2027, 1, 1)]
    assert len(last) == 1 and "NZ-1" in last[0]
