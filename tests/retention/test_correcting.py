"""Corrections (Art. 16 GDPR): what they may say, made here, sealed until the product confirms, and gone afterwards."""

import json
from datetime import timedelta

import psycopg
import pytest
from django.urls import reverse

from accounts import tenancy
from accounts.errors import InvalidInput
from accounts.models import AuditEvent, LicensedUser, OutboxMessage
from retention.enums import RefusalGround, RequestKind, RequestStatus
from retention.models import DeletionRequest, RequestSubject
from retention.operations import blocking, corrections, people_requests, requests
from retention.rules import corrections as rules
from tests.accounts.parties import at_once
from tests.api.callers import caller
from tests.engines import owner_dsn
from tests.retention.test_life import live_until
from tests.retention.test_restricting import browser_of
from tests.retention.under_contract import AFTER_GRACE, CLIENT, NOW, a_client, approved, asked, person, state_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
CORRECT = RequestKind.CORRECT
VALUES = {"display_name": "Anna Żółć", "email": "anna.zolc@client.example", "shoe_size": "SEVENANDAHALF"}


@pytest.fixture
def client_():
    return a_client()


def correct(organization, values=VALUES, decided=True):
    return asked(organization, "ann-1", kind=CORRECT, corrections=values, decided=decided)


def everywhere(text):
    """Return the tables in which a text stands in clear, whatever the column."""
    found = set()
    with psycopg.connect(owner_dsn("default"), autocommit=True) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (name,) in names:
            query = f"SELECT EXISTS (SELECT 1 FROM {name} AS t WHERE t::text LIKE %s OR t::text LIKE %s)"
            escaped = json.dumps(text)[1:-1].replace("\\", "\\\\")
            if connection.execute(query, [f"%{text}%", f"%{escaped}%"]).fetchone()[0]:
                found.add(name)
    return found


def test_it_is_made_here_with_the_decision_and_done_when_the_product_confirms(client_):
    request = correct(client_)
    assert (request.status, request.carried_out_at) == (RequestStatus.CONFIRMED, NOW)
    ann = person(client_, "ann-1")
    assert (ann.display_name, ann.email) == (VALUES["display_name"], VALUES["email"])
    with tenancy.vendor():
        told = OutboxMessage.objects.get(topic="correction.made")
        assert told.subject_id == request.public_id
        assert told.payload == {"fields": sorted(VALUES)}
        assert corrections.of(request).values == VALUES
        done = corrections.confirm(request, now=NOW, by="token:product")
        assert (done.status, done.closed_at) == (RequestStatus.DONE, NOW)
        row = RequestSubject.objects.get(request=request)
        assert (row.correction, row.correction_key, row.corrected_fields) == (None, None, sorted(VALUES))
        with pytest.raises(corrections.NothingToCorrect):
            corrections.of(request)
        with pytest.raises(requests.RequestNotInThatState):
            corrections.confirm(request, now=NOW, by="token:product")
        data = AuditEvent.objects.get(name="deletion_request.done").data
        assert data == {"kind": "correct", "fields": sorted(VALUES)}


def test_the_values_stand_nowhere_in_clear_but_in_the_person(client_):
    request = correct(client_)
    assert everywhere("SEVENANDAHALF") == set()
    assert everywhere("anna.zolc@client.example") == {"accounts_licenseduser"}
    assert everywhere("Anna Żółć") == {"accounts_licenseduser"}
    with tenancy.vendor():
        row = RequestSubject.objects.get(request=request)
        assert row.correction is not None and b"SEVENANDAHALF" not in bytes(row.correction)


def test_a_value_moved_to_another_row_does_not_open(client_):
    request, other = correct(client_), asked(client_, "ben-1", kind=CORRECT, corrections={"shoe_size": "3"})
    with tenancy.vendor():
        mine = RequestSubject.objects.get(request=request)
        RequestSubject.objects.filter(request=other).update(
            correction=mine.correction, correction_key=mine.correction_key
        )
        with pytest.raises(corrections.crypto.DecryptionFailed):
            corrections.of(other)


def test_the_external_id_is_corrected_and_the_product_told_the_one_it_knows(client_):
    request = correct(client_, {"external_id": "anna-1"})
    assert person(client_, "anna-1").display_name == "Ann-1"
    with tenancy.vendor():
        found = corrections.of(request)
    assert (found.known_as, found.values) == ("ann-1", {"external_id": "anna-1"})


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        pytest.param({"email": "nothing"}, "corrections.email", "invalid_email", id="no-address"),
        pytest.param({"external_id": "ben-1"}, "corrections.external_id", "taken", id="somebody-elses-id"),
        pytest.param({"user_name": "BEN-1@client.example"}, "corrections.user_name", "taken", id="somebody-elses-name"),
        pytest.param({"display_name": ""}, "corrections.display_name", "blank", id="no-name"),
        pytest.param({"department": "x" * 121}, "corrections.department", "too_long", id="too-long"),
        pytest.param({"status": "deleted"}, "corrections.status", "not_corrected", id="no-matter-of-correction"),
        pytest.param({"Ann Żółć": "x"}, "corrections", "field_name", id="a-name-that-says-too-much"),
        pytest.param({"shoe_size": "x\x00"}, "corrections.shoe_size", "control_character", id="a-nul"),
        pytest.param({}, "corrections", "blank", id="nothing"),
    ],
)
def test_what_cannot_be_is_refused_by_field_and_nothing_is_written(client_, values, field, code):
    with pytest.raises(InvalidInput) as found:
        correct(client_, values)
    assert [(one.field, one.code) for one in found.value.errors] == [(field, code)]
    with tenancy.vendor():
        assert not DeletionRequest.objects.exists() and not RequestSubject.objects.exists()
        assert not OutboxMessage.objects.filter(topic="correction.made").exists()


@pytest.mark.parametrize(
    ("values", "code"),
    [
        pytest.param({f"f{n}": "x" for n in range(51)}, "too_many", id="too-many"),
        pytest.param({"f": 3}, "no_text", id="no-text"),
        pytest.param({"f": "x" * 2001}, "too_long", id="too-long"),
        pytest.param({"f" * 61: "x"}, "field_name", id="long-name"),
        pytest.param({"f": "<b>x</b>"}, "html", id="html"),
    ],
)
def test_rules_of_corrections(values, code):
    assert [one.code for one in rules.faults(values)] == [code]


def test_a_field_is_emptied_and_lines_are_kept():
    assert rules.faults({"nickname": "", "address": "1 Rue X\nParis"}) == []


def test_the_client_decides_with_its_own_values(client_):
    request = correct(client_, decided=False)
    assert person(client_, "ann-1").display_name == "Ann-1"
    with tenancy.vendor():
        with pytest.raises(InvalidInput):
            people_requests.decide(
                request, now=NOW, by=CLIENT, for_client=False, corrections={"email": "ben-1@client.example\x00"}
            )
        people_requests.decide(request, now=NOW, by=CLIENT, for_client=False, corrections={"department": "Stock"})
        assert corrections.of(request).values == {"department": "Stock"}
    ann = person(client_, "ann-1")
    assert (ann.display_name, ann.department) == ("Ann-1", "Stock")


def test_refused_it_keeps_no_values_and_made_it_is_not_refused(client_):
    waiting = correct(client_, decided=False)
    with tenancy.vendor():
        people_requests.refuse(waiting, ground=RefusalGround.CLIENT_REFUSED, now=NOW, by=CLIENT)
        assert RequestSubject.objects.get(request=waiting).correction is None
    made = correct(client_)
    for act in (
        lambda: people_requests.refuse(made, ground=RefusalGround.CLIENT_REFUSED, now=NOW, by=CLIENT),
        lambda: requests.cancel(made, now=NOW, by=CLIENT),
    ):
        with tenancy.vendor(), pytest.raises(requests.RequestNotInThatState):
            act()


def test_one_that_the_product_does_not_confirm_is_seen_after_a_while(client_, settings):
    request = correct(client_)
    within = settings.CORRECTION_CONFIRMED_WITHIN
    with tenancy.vendor():
        request.refresh_from_db()
        assert blocking.blocks(request, now=NOW + within - timedelta(seconds=1)) == ()
        assert blocking.blocks(request, now=NOW + within) == ("correction_unconfirmed",)


def test_two_products_confirm_once(client_):
    request = correct(client_)

    def confirm():
        with tenancy.vendor():
            return corrections.confirm(request, now=NOW, by="token:product")

    found = at_once(confirm, confirm)
    assert sorted(type(one).__name__ for one in found) == ["DeletionRequest", "RequestNotInThatState"]


def test_it_is_erased_with_the_person(client_):
    correct(client_)
    erased = approved(asked(client_, "ann-1"))
    live_until(AFTER_GRACE)
    assert state_of(erased) == RequestStatus.CERTIFIED
    assert everywhere("anna.zolc@client.example") == set()
    with tenancy.vendor():
        assert not RequestSubject.objects.exists()
        assert DeletionRequest.objects.get(kind=CORRECT).status == RequestStatus.CANCELLED


def test_by_rest_the_product_fetches_and_confirms_and_staff_see_no_value(client_):
    contact = caller("client_administrator", str(client_.public_id))
    officer, neighbour = caller("privacy_officer"), caller("client_administrator", str(a_client().public_id))
    body = {
        "organization": str(client_.public_id),
        "kind": "correct",
        "licensed_users": [str(person(client_, "ann-1").public_id)],
        "corrections": VALUES,
    }
    made = contact("POST", "deletion-requests", body, expect=201)
    assert (made["status"], made["carried_out_at"] is None) == ("confirmed", False)
    assert "SEVENANDAHALF" not in json.dumps(made)
    path = f"deletion-requests/{made['public_id']}"
    told = contact("GET", f"{path}/corrections")
    assert (told["known_as"], told["values"]) == ("ann-1", VALUES)
    assert officer("GET", f"{path}/corrections", expect=409)["code"] == "client_only"
    assert neighbour("GET", f"{path}/corrections", expect=404)["errors"]
    assert neighbour("POST", f"{path}/confirm-correction", expect=404)["errors"]
    assert contact("POST", f"{path}/confirm-correction")["status"] == "done"
    assert contact("GET", f"{path}/corrections", expect=409)["code"] == "nothing_to_correct"
    for values, attr in (
        ({"corrections": {"email": "x\x00"}}, "corrections.email"),
        ({"corrections": ["x"]}, "corrections"),
        ({"corrections": {"external_id": "ben-1"}}, "corrections.external_id"),
        ({"kind": "erase"}, "corrections"),
        ({"licensed_users": [], "department": "Sales"}, "licensed_users"),
    ):
        answer = contact("POST", "deletion-requests", {**body, **values}, expect=400)
        assert [error["attr"] for error in answer["errors"]] == [attr]


def test_in_the_browser_it_is_asked_for_line_by_line_and_confirmed(client_):
    browser = browser_of("client_administrator", client_)
    form = {"organization": client_.pk, "kind": "correct", "people": "ann-1", "department": "", "note": ""}
    add = reverse("admin:retention_deletionrequest_add")
    wrong = browser.post(add, {**form, "corrections": "no equals sign", "confirmed": "yes"})
    assert "Line 1" in wrong.text
    browser.post(add, {**form, "corrections": "department = Stock\nshoe_size = 38", "confirmed": "yes"})
    with tenancy.vendor():
        request = DeletionRequest.objects.get()
        assert corrections.of(request).values == {"department": "Stock", "shoe_size": "38"}
        assert LicensedUser.objects.get(organization=client_, external_id="ann-1").department == "Stock"
    page = reverse("admin:retention_deletionrequest_change", args=[request.pk])
    assert "Confirm the correction" in browser.get(page).text
    act = reverse("admin:retention_deletionrequest_confirm_correction", args=[request.pk])
    browser.post(act, {"confirmed": "yes"})
    assert state_of(request) == RequestStatus.DONE
