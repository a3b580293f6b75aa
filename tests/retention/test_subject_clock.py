"""By when a person is answered, who is reminded of it, what is forgotten when: with the sweep that does it."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.cache import cache

from accounts import tenancy
from accounts.enums import Language
from accounts.models import AuditEvent, LicensedUser
from retention.enums import DoubtReason, ExtensionReason, RequestKind, SubjectOutcome
from retention.models import SubjectRequest
from retention.operations import subject_decisions, subject_facts, subject_requests
from retention.operations.subject_facts import Facts
from tests.admin.people import a_member
from tests.contracts.agreements import at
from tests.retention.asking import (
    NOW,
    WHO,
    a_client,
    again,
    browser,
    forwarded,
    link_in,
    posted,
    swept,
    taken,
)

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
BY = "user:contact"


@pytest.fixture(autouse=True)
def nobody_has_tried():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client_():
    organization = a_client()
    a_member("client_privacy_officer", organization, email="dpo@client.example")
    return organization


def the_row():
    with tenancy.vendor():
        return SubjectRequest.objects.select_related("organization", "request").get()


def events(row):
    with tenancy.vendor():
        found = AuditEvent.objects.filter(subject_id=row.public_id).order_by("pk")
        return [event.name.removeprefix("subject_request.") for event in found]


def granted(row, organization, *, people=("ann-1",), now=NOW):
    with tenancy.vendor():
        keys = LicensedUser.objects.filter(organization=organization, external_id__in=people)
        keys = list(keys.values_list("public_id", flat=True))
    with tenancy.tenant(organization.pk):
        return subject_decisions.grant(row, people=keys, now=now, by=BY, for_client=False)


# The clock.


@pytest.mark.parametrize(
    ("country", "zone", "received", "due"),
    [
        ("FR", "Europe/Paris", "2026-01-31", date(2026, 3, 2)),
        ("FR", "Europe/Paris", "2026-11-24", date(2026, 12, 24)),
        ("PL", "Europe/Warsaw", "2026-11-24", date(2026, 12, 28)),
    ],
)
def test_the_answer_is_due_by_the_days_of_the_clients_country(country, zone, received, due):
    organization = a_client(country=country, time_zone=zone)
    a_member("client_privacy_officer", organization)
    with time_machine.travel(at(received), tick=False):
        row = forwarded(organization, taken(received_at=at(received), now=at(received)), now=at(received))
    assert row.due_on == due and row.why["rule"] == "gdpr-response"


def test_a_doubt_stops_the_clock_and_adds_its_days(client_):
    row = forwarded(client_)
    assert row.due_on == date(2025, 4, 3)
    with tenancy.tenant(client_.pk):
        subject_decisions.doubt(row, reason=DoubtReason.ADDRESS_UNKNOWN, now=at("2025-03-05"), by=BY)
        with pytest.raises(subject_decisions.DoubtOpen):
            subject_decisions.doubt(row, reason=DoubtReason.ADDRESS_UNKNOWN, now=at("2025-03-05"), by=BY)
    assert again(row).next_at > at("2025-03-28"), "the client is hardly chased while the person must answer"
    with pytest.raises(subject_decisions.DoubtOpen):
        granted(row, client_, now=at("2025-03-06"))
    with tenancy.tenant(client_.pk):
        subject_decisions.settle_doubt(row, now=at("2025-03-15"), by=BY)
        with pytest.raises(subject_decisions.NoDoubt):
            subject_decisions.settle_doubt(row, now=at("2025-03-15"), by=BY)
    row = again(row)
    assert (row.due_on, row.identity) == (date(2025, 4, 14), "client")  # the 13th is a Sunday


def test_an_extension_counts_only_within_the_first_month_and_once(client_):
    row = forwarded(client_)
    late = forwarded(client_, taken())
    with tenancy.tenant(client_.pk):
        extended = subject_decisions.extend(row, reason=ExtensionReason.COMPLEX, now=at("2025-04-03"), by=BY)
        assert extended.due_on == date(2025, 6, 3)
        with pytest.raises(subject_decisions.ExtendedAlready):
            subject_decisions.extend(row, reason=ExtensionReason.NUMBER, now=at("2025-04-03"), by=BY)
        with pytest.raises(subject_decisions.ExtendedTooLate):
            subject_decisions.extend(late, reason=ExtensionReason.COMPLEX, now=at("2025-04-04"), by=BY)


def test_an_extension_while_who_asks_is_in_doubt_tells_a_day_to_come(client_):
    row, late = forwarded(client_), forwarded(client_, taken())
    with tenancy.tenant(client_.pk):
        subject_decisions.doubt(row, reason=DoubtReason.DATA_DIFFER, now=at("2025-03-20"), by=BY)
        posted()
        row = subject_decisions.extend(row, reason=ExtensionReason.COMPLEX, now=at("2025-04-20"), by=BY)
        assert row.due_on == date(2025, 7, 4), "three months, and the 31 days for which the clock stood still so far"
        told = posted()["Ann@canary.example"][0].body
        row = subject_decisions.settle_doubt(row, now=at("2025-04-22"), by=BY)
        assert row.due_on == date(2025, 7, 7), "two days more; the 6th is a Sunday"
        # A question that is asked once the month is over stops nothing, so an extension then comes too late.
        subject_decisions.doubt(late, reason=DoubtReason.DATA_DIFFER, now=at("2025-04-10"), by=BY)
        with pytest.raises(subject_decisions.ExtendedTooLate):
            subject_decisions.extend(late, reason=ExtensionReason.COMPLEX, now=at("2025-04-11"), by=BY)
    assert "4 Jul 2025" in told
    assert again(late).extended_at is None


def test_the_client_is_chased_and_lateness_is_told_once_a_lead(client_):
    a_member("privacy_officer", email="officer@vendor.example")
    row = forwarded(client_)
    posted()
    told = []
    for day in range(1, 60):
        now = NOW + timedelta(days=day)
        with time_machine.travel(now, tick=False):
            swept(now)
            swept(now)  # a second run finds nothing
            for address, letters in posted().items():
                told += [(day, address, letter.subject.split(" (")[0]) for letter in letters]
    chased = [day for day, address, said in told if said.startswith("Still undecided")]
    assert chased[:3] == [7, 14, 21], "five working days, at the client's midnight"
    soon = [day for day, address, said in told if said.startswith("Soon due") and address == "officer@vendor.example"]
    late = [day for day, address, said in told if said.startswith("Late") and address == "officer@vendor.example"]
    assert (soon, late) == ([17, 24, 29], [32])
    assert again(row).chases == len(chased)


def test_the_vendors_own_day_to_forward_is_told_to_its_officers_until_it_is_forwarded(client_):
    a_member("privacy_officer", email="officer@vendor.example")
    row = taken()
    posted()
    told = []
    for day in range(1, 20):
        now = NOW + timedelta(days=day)
        with time_machine.travel(now, tick=False):
            swept(now)
            swept(now)  # a second run finds nothing
            told += [(day, one.subject.split(":")[0]) for letters in posted().values() for one in letters]
    # Two working days after Monday 3 March are over, then five more each time; two weeks before its end, the answer.
    assert told == [(3, "Not forwarded"), (10, "Not forwarded"), (17, "Not forwarded"), (17, "Soon due")]
    now = NOW + timedelta(days=19)
    assert again(forwarded(client_, row, now=now)).next_at > now + timedelta(days=1), "the client has its own days"
    assert events(row).count("not_forwarded") == 3


def test_an_address_that_nobody_confirms_is_forgotten(client_):
    with tenancy.vendor():
        subject_requests.ask(WHO, kind=RequestKind.EXPORT, language=Language.POLISH, now=NOW)
    path = link_in(posted()["Ann@canary.example"][0])
    swept(NOW + timedelta(days=6))
    assert the_row().state == "unconfirmed"
    swept(NOW + timedelta(days=7))
    row = the_row()
    assert (row.state, row.sealed_facts, row.wrapped_key) == ("lapsed", None, None)
    with time_machine.travel(NOW + timedelta(days=7), tick=False):
        assert browser().get(path).status_code == 410


def test_the_words_go_a_year_after_the_answer_and_the_row_stays_for_five(client_):
    row = taken()
    with tenancy.vendor():
        subject_requests.close_without_client(row, outcome=SubjectOutcome.NOT_HELD, now=NOW, by=BY)
    assert subject_facts.opened(again(row)).email == WHO.email
    swept(NOW + timedelta(days=364))
    assert again(row).sealed_facts is not None
    swept(NOW + timedelta(days=365))
    row = again(row)
    assert (row.sealed_facts, row.outcome) == (None, "not_held")
    assert row.next_at.isoformat() == "2030-03-03T23:00:00+00:00", "then it goes: midnight in Paris"
    assert subject_facts.opened(row) == Facts("", "")
