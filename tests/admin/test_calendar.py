"""The admin of calendars: a feed made and its address shown once; revoked; the events with their why."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from contracts import sweeps
from contracts.models import CalendarEvent, CalendarFeed
from tests.contracts.agreements import a_signed_contract, at
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"])
ADD = reverse("admin:contracts_calendarfeed_add")


def made(client, **form):
    """Make a feed through the page; return the address that the answer shows."""
    assert client.get(ADD).status_code == 200
    answer = client.post(ADD, {"language": "", "confirmed": "yes", **form})
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    return re.search(r"http://testserver(/calendar/[\w-]+\.ics)", answer.content.decode())[1]


def test_the_address_is_shown_once_and_revoked(sign_in):
    client = sign_in("contract_manager")
    address = made(client, kind="portfolio")
    assert Client().get(address).status_code == 200
    assert client.get(address).status_code == 200  # signed in, it is the same
    with tenancy.vendor():
        feed = CalendarFeed.objects.get()
    token = address.removeprefix("/calendar/").removesuffix(".ics")
    for page in ("change", "changelist"):
        args = [feed.pk] if page == "change" else []
        text = client.get(reverse(f"admin:contracts_calendarfeed_{page}", args=args)).content.decode()
        assert feed.prefix in text and token not in text and feed.digest not in text
    act = reverse("admin:contracts_calendarfeed_revoke", args=[feed.pk])
    assert client.get(act).status_code == 200
    assert client.post(act, {"confirmed": "yes"}).status_code == 302
    assert Client().get(address).status_code == 404


def test_a_client_is_asked_for_the_language_only_and_gets_its_own(sign_in):
    organization = an_organization()
    client = sign_in("client_administrator", organization)
    text = client.get(ADD).content.decode()
    assert 'name="language"' in text and 'name="kind"' not in text and 'name="organization"' not in text
    made(client, kind="portfolio")
    with tenancy.vendor():
        assert CalendarFeed.objects.get().organization_id == organization.pk


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"kind": "organization"}, id="no-organization"),
        pytest.param({"kind": "owner"}, id="no-owner"),
        pytest.param({"kind": "universe"}, id="unknown-kind"),
        pytest.param({"kind": "portfolio", "language": "de"}, id="unknown-language"),
    ],
)
def test_a_wrong_form_makes_nothing(sign_in, form):
    answer = sign_in("finance").post(ADD, {"language": "", "confirmed": "yes", **form})
    assert answer.status_code == 200 and b"/calendar/tcal_" not in answer.content
    with tenancy.vendor():
        assert not CalendarFeed.objects.exists()


def test_an_event_says_why(sign_in):
    a_signed_contract(an_organization())
    sweeps.refresh_all_deadlines(at=at("2024-12-03"), by="system")
    sweeps.refresh_all_calendars(at=at("2024-12-03"), by="system")
    with tenancy.vendor():
        event = CalendarEvent.objects.get(kind="last_notice", occurrence=1)
    page = reverse("admin:contracts_calendarevent_change", args=[event.pk])
    assert "3 months counted back" in sign_in("auditor").get(page).content.decode()
