"""The package for auditors: what is in it, what never is, who gets it, and that nobody changes it unseen."""

import csv
import io
import json
import tracemalloc
import uuid
from datetime import date, timedelta
from itertools import batched

import pytest

from accounts import tenancy
from accounts.models import AuditEvent, LicensedUser, Organization, OutboxMessage, User, WebhookDelivery
from accounts.operations import audit, endpoints, processing, signatures
from contracts.models import ContractClause
from retention.models import Certificate, DeletionRequest, ExternalStore
from retention.operations.audit_package import notifications, package
from retention.operations.audit_package import processing as record
from retention.rules.audit_package import PACKAGE, Span
from tests.admin.world import NOW, a_whole_world
from tests.contracts.agreements import at
from tests.retention.packages import ALL, made, rows

pytestmark = pytest.mark.usefixtures("world", "undone")
TABLES = {
    "request-register",
    "request-events",
    "legal-holds",
    "subject-requests",
    "subject-request-events",
    "instruction-log",
    "record-of-processing",
    "notifications",
    "certificates",
}


@pytest.fixture(scope="module")
def world(shared_rows):
    """One world for all: the client that left, and the one that stays, of whom one is restricted."""
    left, stays = a_whole_world()
    with tenancy.vendor():
        somebody = LicensedUser.objects.filter(organization=stays).earliest("pk")
        processing.restrict(somebody, now=NOW, by="user:one")
        # As a later version may write it: about a person, by a person, with ids in places of its own.
        ids = {"person": str(somebody.public_id), "people": [str(somebody.public_id)], "mail": somebody.email}
        actor = f"licensed_user:{somebody.public_id}"
        audit.record("correction.asked", somebody, by=actor, at=NOW, data=ids)
        audit.record("correction.decided", stays, by=actor, at=NOW, data=ids)
        Organization.objects.filter(pk=stays.pk).update(name='=HYPERLINK("x")')
    return left, stays


@pytest.fixture(autouse=True)
def vendor_named(settings):
    settings.VENDOR_NAME, settings.VENDOR_CONTACT, settings.VENDOR_DPO = "Vendor SAS", "privacy@vendor.example", "DPO"


def test_the_manifest_is_signed_and_names_every_file():
    files = made()
    manifest = PACKAGE.verify(json.loads(files["manifest.json"]), signatures.private_key().public_key())
    assert {one["name"] for one in manifest["files"]} == files.keys() - {"manifest.json"}
    assert {f"{name}.{kind}" for name in TABLES for kind in ("csv", "json")} < files.keys()
    counted = {one["name"]: one["rows"] for one in manifest["files"] if "rows" in one}
    assert counted == {f"{n}.{kind}": len(rows(files, n)) for n in TABLES for kind in ("csv", "json")}
    assert (manifest["from"], manifest["until"], manifest["made_by"]) == ("2024-01-01", "2027-01-01", "user:auditor")


def test_csv_and_json_say_the_same_and_no_cell_is_a_formula():
    files = made()
    for name in TABLES:
        table = list(csv.DictReader(io.StringIO(files[f"{name}.csv"].decode(), newline="")))
        said = rows(files, name)
        assert len(table) == len(said) > 0, name
        assert table[0].keys() == said[0].keys()
        for line, one in zip(table, said, strict=True):
            for column, value in one.items():
                plain = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value or "")
                assert line[column].removeprefix("'") in (plain, "0", "false", str(value)), (name, column)
    assert "\"'=HYPERLINK" in files["record-of-processing.csv"].decode()


def test_the_register_has_each_request_with_its_states_and_instants(world):
    left, _stays = world
    files = made()
    (request,) = [one for one in rows(files, "request-register") if one["organization"] == str(left.public_id)]
    assert request["status"] == "certified" and request["approved_by"] and request["confirmed_at"]
    events = [one for one in rows(files, "request-events") if one["request"] == request["request"]]
    names = [one["name"] for one in events]
    for name in ("deletion_request.opened", "deletion_request.end_confirmed", "deletion_request.approved"):
        assert names.count(name) == 1
    assert names.index("deletion_request.approved") < names.index("erasure.keys_destroyed")
    assert names.index("erasure.keys_destroyed") < names.index("certificate.issued")
    assert all(one["occurred_at"] and one["by"] for one in events)
    assert {one["ground"] for one in rows(files, "legal-holds")} == {"law"}
    assert "citation" not in rows(files, "legal-holds")[0], "it is a free text"


def test_the_log_says_who_instructed_and_decided(world):
    _left, stays = world
    log = rows(made(), "instruction-log")
    assert [one["occurred_at"] for one in log] == sorted(one["occurred_at"] for one in log)
    names = {one["name"] for one in log}
    assert {"deletion_request.approved", "legal_hold.placed", "archive.authorised", "processing.restricted"} <= names
    assert not names & {"contract.signed", "sign_in.succeeded", "access_rule.looked"}
    (restricted,) = [one for one in log if one["name"] == "processing.restricted"]
    assert (restricted["organization"], restricted["by"]) == (str(stays.public_id), "user:one")


def test_the_record_of_processing_names_processor_controllers_and_sub_processors(world):
    files = made()
    record, service = rows(files, "record-of-processing"), json.loads(files["processing.json"])
    assert {one["organization"] for one in record} == {str(one.public_id) for one in world}
    (stays,) = [one for one in record if one["organization"] == str(world[1].public_id)]
    assert (stays["processor"], stays["categories"]) == ("Vendor SAS", ["content", "licensed_users", "integrations"])
    assert (stays["sub_processors"], stays["transfers"]) == (["Else"], [])
    assert [one["location"] for one in stays["places"]] == ["FR", "Paris, FR"]
    assert service["processor"]["data_protection_officer"] == "DPO" and service["not_stated"] == []
    assert [one["category"] for one in service["categories"]] == stays["categories"]
    assert "retention.Message" in service["categories"][0]["tables"] and len(service["security_measures"]) > 5
    assert service["retention"]["backups_expire_within_days"] == 35


def test_hosting_outside_the_economic_area_is_a_transfer(world):
    with tenancy.vendor():
        ContractClause.objects.filter(code="hosting").update(value={"location": "US", "provider": "Far Inc."})
    (stays,) = [one for one in rows(made(), "record-of-processing") if one["sub_processors"]]
    assert [(one["name"], one["outside_eea"]) for one in stays["transfers"]] == [("Far Inc.", True)]
    with tenancy.vendor():
        ExternalStore.objects.update(location="eu-west-1", processor="Cloud Ltd")
    for one in rows(made(), "record-of-processing"):
        assert "Cloud Ltd" in one["sub_processors"]
        assert ("Cloud Ltd", None) in [(place["name"], place["outside_eea"]) for place in one["transfers"]]


def test_what_is_not_stated_of_the_vendor_is_named(settings):
    settings.VENDOR_DPO = ""
    assert json.loads(made()["processing.json"])["not_stated"] == ["VENDOR_DPO"]


def test_notifications_say_who_was_told_when_and_what_was_answered(world):
    left, _stays = world
    with tenancy.vendor():
        endpoint, _secret = endpoints.make(organization=None, url="https://8.8.8.8/secret-path", now=NOW, by="user:one")
        message = OutboxMessage.objects.get(topic="certificate.issued")
        WebhookDelivery.objects.create(
            endpoint=endpoint,
            message=message,
            lane=left.pk,
            state="delivered",
            attempts=2,
            next_attempt_at=NOW,
            last_attempt_at=NOW,
            last_status=204,
            delivered_at=NOW,
            created_at=NOW,
        )
        OutboxMessage.objects.filter(pk=message.pk).update(delivered_at=NOW)
    files = made()
    told = [one for one in rows(files, "notifications") if one["topic"] == "certificate.issued"]
    mail, call = sorted(told, key=lambda one: one["channel"])
    assert "privacy_officer" in mail["recipient"] and mail["told_at"]
    assert call["recipient"] == f"vendor {endpoint.public_id} 8.8.8.8"
    assert (call["state"], call["answer"], call["attempts"], call["told_at"]) == ("delivered", 204, 2, NOW.isoformat())
    assert b"secret-path" not in b"".join(files.values())
    assert {one["topic"] for one in rows(files, "notifications")} >= {"processing.restricted", "export.made"}


def test_certificates_are_in_it_as_they_were_signed():
    files = made()
    with tenancy.vendor():
        (one,) = Certificate.objects.all()
    assert json.loads(files[f"certificates/{one.public_id}.json"]) == one.document
    (listed,) = rows(files, "certificates")
    assert (listed["certificate"], listed["file"]) == (str(one.public_id), f"certificates/{one.public_id}.json")
    head = json.loads(files["trail.json"])
    assert head["position"] > 0 and head["last_signed_head"]["schema"] == "terme.trail-head/1"


def test_no_licensed_user_is_in_it():
    text = b"".join(made().values()).decode()
    with tenancy.vendor():
        people = list(LicensedUser.objects.all())
        members = list(User.objects.values_list("email", "name"))
    assert len(people) > 3
    for person in people:
        for identifier in (str(person.public_id), person.email, person.user_name):
            assert identifier not in text
    for email, name in members:
        assert email not in text and name not in text


def test_of_one_client_it_says_nothing_of_a_neighbour(world):
    for own, other in (world, world[::-1]):
        text = b"".join(made(organization=own).values()).decode()
        assert str(own.public_id) in text
        assert str(other.public_id) not in text and other.name not in text


@pytest.mark.parametrize(
    ("span", "requests", "certificates"),
    [
        pytest.param(Span(date(2024, 1, 1), date(2024, 6, 1)), 0, 0, id="before-all"),
        pytest.param(Span(date(2026, 1, 2), date(2026, 1, 3)), 1, 0, id="the-day-it-was-opened"),
        pytest.param(Span(date(2026, 1, 20), date(2026, 1, 21)), 1, 0, id="a-day-within"),
        pytest.param(Span(date(2026, 2, 5), date(2026, 2, 6)), 1, 1, id="the-day-it-ended"),
        pytest.param(Span(date(2026, 2, 6), date(2026, 3, 1)), 0, 0, id="after-it"),
    ],
)
def test_a_request_is_in_the_periods_that_it_touches(world, span, requests, certificates):
    with tenancy.vendor():
        closed = DeletionRequest.objects.get(organization=world[0]).closed_at
    assert at("2026-02-05") <= closed < at("2026-02-05") + timedelta(days=1)
    files = made(span, world[0])
    assert (len(rows(files, "request-register")), len(rows(files, "certificates"))) == (requests, certificates)


def test_its_making_is_in_the_trail_for_the_vendor_only(world):
    made(organization=world[1])
    with tenancy.vendor():
        event = AuditEvent.objects.get(name="audit_package.made")
    assert event.vendor_only and event.actor == "user:auditor"
    assert event.data["organization"] == str(world[1].public_id) and len(event.data["sha256"]) == 64


def test_it_is_made_in_the_vendors_scope_only(world):
    with tenancy.tenant(world[1].pk), pytest.raises(tenancy.NoScope):
        package.make(ALL, organization=world[1], now=NOW, by="user:one")


def test_memory_stays_flat():
    def peak():
        tracemalloc.start()
        with tenancy.vendor():
            made = package.make(ALL, organization=None, now=NOW, by="user:one")
        made.file.close()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    def more(count):
        with tenancy.vendor():
            subject = {"subject_type": "Export", "subject_id": uuid.uuid4(), "actor": "user:one"}
            events = (
                AuditEvent(name="export.fetched", occurred_at=NOW, data={"n": n}, **subject) for n in range(count)
            )
            for batch in batched(events, 1000):
                AuditEvent.objects.bulk_create(batch)

    more(2_000)
    peak()
    few = peak()
    more(30_000)
    assert peak() < few + 2**20


def test_the_register_of_peoples_requests_names_nobody():
    files = made()
    register = rows(files, "subject-requests")
    assert {(one["state"], one["kind"], one["doubts"]) for one in register} == {("forwarded", "export", 1)}
    events = {one["name"] for one in rows(files, "subject-request-events")}
    assert {"subject_request.received", "subject_request.forwarded", "subject_request.doubted"} <= events
    said = b"".join(files.values()).lower()
    assert b"canary.example" not in said and b"what do you know" not in said


@pytest.mark.parametrize(
    ("after", "within"),
    [
        pytest.param(timedelta(microseconds=-1), False, id="before-it"),
        pytest.param(timedelta(), True, id="its-first-instant"),
        pytest.param(timedelta(days=1, microseconds=-1), True, id="its-last"),
        pytest.param(timedelta(days=1), False, id="the-next-period's-first"),
    ],
)
def test_a_notification_belongs_to_one_period(world, after, within):
    span = Span(date(2026, 5, 4), date(2026, 5, 5))
    with tenancy.vendor():
        one = OutboxMessage.objects.filter(topic="deletion_request.approved").earliest("pk")
        OutboxMessage.objects.filter(pk=one.pk).update(occurred_at=span.begins_at + after)
        told = {row["message"] for row in notifications.part(span, None).rows}
    assert (str(one.public_id) in told) is within


@pytest.mark.parametrize(("after", "there"), [(timedelta(microseconds=-1), False), (timedelta(), True)])
def test_a_client_that_left_at_a_periods_first_instant_is_in_its_record(world, after, there):
    left, _stays = world
    span = Span(date(2026, 5, 4), date(2026, 5, 5))
    with tenancy.vendor():
        Organization.objects.filter(pk=left.pk).update(closed_at=span.begins_at + after)
        told = {row["organization"] for row in record.part(span, None).rows}
    assert (str(left.public_id) in told) is there
