"""What others wrote about those who are to be erased: searched under their keys, and taken if the client says so."""

from datetime import date, timedelta

import psycopg
import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import tenancy
from accounts.models import AuditEvent
from accounts.operations import users
from accounts.operations.sweeping import SYSTEM
from retention.enums import HoldGround, RequestKind, RequestStatus, ScanState
from retention.models import Certificate, Conversation, MentionScan, Message
from retention.operations import erasure, holds, mentions, people_requests, runs, vault
from retention.papers import certificate as paper
from tests.accounts.parties import at_once
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.engines import admin_dsn
from tests.retention.test_life import live_until
from tests.retention.under_contract import (
    AFTER_GRACE,
    CLIENT,
    NOW,
    OFFICER,
    a_client,
    approved,
    asked,
    person,
    state_of,
)
from tests.retention.vaults import parsed

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
AT = "2026-02-03T10:00:00+00:00"


def written(organization, *lines):
    with tenancy.tenant(organization.pk):
        result = vault.write(organization, parsed(list(lines)), now=NOW, by="user:product")
    assert not result.rejected


def a_client_that_talks():
    """Return a client whose ben and cyd wrote about ann: by address, by id, by her bare name, which finds nobody."""
    organization = a_client()
    own = {"kind": "message", "at": AT, "conversation": "cc", "role": "user", "author": "cyd-1"}
    written(
        organization,
        {**own, "id": "by-address", "text": "Ask Ann-1@Client.example."},
        {**own, "id": "by-name", "text": "Ask Ann about it"},
        {"kind": "conversation", "id": "titled", "at": AT, "author": "ben-1", "title": "About ann-1"},
        {"kind": "context_item", "id": "of-ben", "at": AT, "author": "ben-1", "name": "team", "text": "ann-1, cyd-1"},
    )
    return organization


def started(request, by=CLIENT):
    with tenancy.vendor():
        return mentions.start(request, now=NOW, by=by)


def searched(request):
    scan = started(request)
    assert mentions.work(scan, now=NOW, by=SYSTEM)
    return again(scan)


def again(scan):
    with tenancy.vendor():
        return MentionScan.objects.select_related("request", "organization").get(pk=scan.pk)


def taken(scan, **values):
    with tenancy.vendor():
        return mentions.take(scan, now=NOW, by=CLIENT, **values)


def texts(organization):
    with tenancy.vendor():
        return set(Message.objects.filter(organization=organization).values_list("external_id", flat=True))


def test_what_names_them_is_found_by_exact_terms_whoever_wrote_it(settings):
    organization = a_client_that_talks()
    scan = searched(asked(organization, "ann-1"))
    assert (scan.state, scan.found) == (
        ScanState.DONE,
        {"messages": 2, "context_items": 1, "conversations": 1},
    )
    with tenancy.vendor():
        named = {(row["store"], row["external_id"], row["licensed_user"]) for row in mentions.named_rows(scan)}
        data = AuditEvent.objects.get(name="mentions.searched").data
    assert named == {
        ("messages", "guest", "ben-1"),
        ("messages", "by-address", "cyd-1"),
        ("context_items", "of-ben", "ben-1"),
        ("conversations", "titled", "ben-1"),
    }
    assert data == {"state": "done", "examined": scan.examined, "unreadable": 0, "found": 4}
    assert scan.rows.keys() == scan.found.keys()


def test_what_the_client_decides_on_goes_with_them_and_the_certificate_says_so():
    organization = a_client_that_talks()
    request = asked(organization, "ann-1")
    taken(searched(request))
    approved(request)
    live_until(AFTER_GRACE)
    assert state_of(request) == RequestStatus.CERTIFIED
    assert not {"guest", "by-address"} & texts(organization)
    assert {"by-name", "cc-1"} <= texts(organization)
    with tenancy.vendor():
        found = Certificate.objects.get()
        titled = Conversation.objects.get(external_id="titled")
        assert not Conversation.objects.filter(external_id="ca").exists(), "ben's word was all that was left in it"
    assert bytes(titled.sealed) == b""
    said = found.document["others_content"]
    assert (said["named_in"], said["erased"], said["kept"], said["did_not_open"]) == (4, 4, 0, 0)
    assert said["to_be_erased"] is True
    step = next(one for one in found.document["stores"] if one["store"] == "mentions")
    assert (step["before"], step["erased"], step["anonymised"]) == (4, 3, 1)
    assert paper(found.document, language="fr")[:5] == b"%PDF-"


def test_without_a_decision_nothing_of_others_goes():
    organization = a_client_that_talks()
    request = approved(asked(organization, "ann-1"))
    scan = searched(request)
    live_until(AFTER_GRACE)
    assert {"guest", "by-address"} <= texts(organization)
    with tenancy.vendor():
        said = Certificate.objects.get().document["others_content"]
    assert (said["searched_at"], said["named_in"], said["erased"], said["to_be_erased"]) == (
        scan.finished_at.isoformat(),
        4,
        0,
        False,
    )


def test_what_a_hold_on_its_author_covers_stays():
    organization = a_client_that_talks()
    with tenancy.vendor():
        holds.place(
            organization,
            ground=HoldGround.LAW,
            citation="Art. 145 CPC",
            review_on=date(2030, 1, 1),
            now=NOW,
            by=OFFICER,
            person=person(organization, "ben-1").public_id,
        )
    request = asked(organization, "ann-1")
    taken(searched(request))
    approved(request)
    live_until(AFTER_GRACE)
    assert state_of(request) == RequestStatus.CERTIFIED
    assert "guest" in texts(organization) and "by-address" not in texts(organization)
    with tenancy.vendor():
        assert Certificate.objects.get().document["others_content"]["erased"] == 1


def test_a_decision_between_plan_and_fence_is_carried_out():
    organization = a_client_that_talks()
    request = approved(asked(organization, "ann-1"))
    scan = searched(request)
    with tenancy.vendor():
        runs.plan(request, now=AFTER_GRACE, by=SYSTEM)
    taken(scan)
    live_until(AFTER_GRACE + timedelta(hours=1))
    assert state_of(request) == RequestStatus.CERTIFIED
    assert not {"guest", "by-address"} & texts(organization)
    with tenancy.vendor():
        assert Certificate.objects.get().document["others_content"]["erased"] == 4


def test_the_last_decision_counts_and_is_what_the_certificate_tells():
    organization = a_client_that_talks()
    request = approved(asked(organization, "ann-1"))
    taken(searched(request))
    own = {"kind": "message", "at": AT, "conversation": "cc", "role": "user", "author": "cyd-1"}
    written(organization, {**own, "id": "later", "text": "ann-1 again"})
    last = taken(searched(request))
    searched(request)
    live_until(AFTER_GRACE)
    with tenancy.vendor():
        said = Certificate.objects.get().document["others_content"]
    assert (said["named_in"], said["erased"], said["searched_at"]) == (5, 5, last.finished_at.isoformat())
    assert "later" not in texts(organization)


def test_what_somebody_else_is_called_now_names_them():
    organization = a_client_that_talks()
    with tenancy.tenant(organization.pk):
        for who, email in (
            ("ann-1", "sales@client.example"),
            ("ann-1", "a@client.example"),
            ("ben-1", "sales@client.example"),
        ):
            users.put(organization, [users.Person(who, email, who)], now=NOW, by=CLIENT)
    own = {"kind": "message", "at": AT, "conversation": "cb", "role": "user", "author": "ben-1"}
    written(organization, {**own, "id": "signed", "text": "Regards, sales@client.example"})
    scan = searched(asked(organization, "ann-1"))
    with tenancy.vendor():
        assert "signed" not in {row["external_id"] for row in mentions.named_rows(scan)}
    assert scan.number == 4


def test_more_rows_than_are_named_are_not_taken(monkeypatch):
    monkeypatch.setattr(mentions, "MOST_ROWS", 3)
    scan = searched(asked(a_client_that_talks(), "ann-1"))
    assert (scan.number, sum(map(len, scan.rows.values()))) == (4, 3)
    with pytest.raises(mentions.TooManyMentions):
        taken(scan)


def test_staff_open_nothing_before_the_client_has_decided():
    request = asked(a_client_that_talks(), "ann-1", decided=False)
    officer = caller("privacy_officer")
    body = {"deletion_request": str(request.public_id)}
    assert officer("POST", "mention-scans", body, expect=409)["code"] == "client_undecided"
    with tenancy.vendor():
        people_requests.decide(request, now=NOW, by=CLIENT, for_client=False)
    assert officer("POST", "mention-scans", body, expect=201)["state"] == "running"


def test_the_page_names_the_rows_to_whoever_may_see_content(client):
    organization = a_client_that_talks()
    scan = searched(asked(organization, "ann-1"))
    where = reverse("admin:retention_mentionscan_change", args=[scan.pk])
    for member, shown in ((a_member("authorised_contact", organization), True), (a_member("privacy_officer"), False)):
        client.force_login(member, backend="config.backends.EmailBackend")
        assert ("by-address" in client.get(where).content.decode()) == shown


def test_batches_are_taken_in_turns_and_a_killed_worker_leaves_what_another_finishes(monkeypatch):
    organization = a_client_that_talks()
    monkeypatch.setattr(mentions, "ROWS_AT_ONCE", 2)
    scan = started(asked(organization, "ann-1"))
    assert mentions.work(scan, now=NOW, by=SYSTEM, budget=timedelta()) is False
    half = again(scan)
    assert 0 < half.examined <= 2
    at_once(*[lambda: mentions.work(scan, now=NOW, by=SYSTEM)] * 2)  # who comes while the other has it leaves
    assert mentions.work(scan, now=NOW, by=SYSTEM)
    done = again(scan)
    with tenancy.vendor():
        ann = person(organization, "ann-1").pk
        others = sum(
            model._default_manager.filter(organization=organization).exclude(subject=ann).count()
            for model in mentions.MODELS.values()
        )
    assert (done.state, done.number, done.examined) == (ScanState.DONE, 4, others)


def test_a_row_that_does_not_open_is_counted_and_the_others_are_searched():
    organization = a_client_that_talks()
    with psycopg.connect(admin_dsn("default"), autocommit=True) as admin:
        admin.execute("UPDATE retention_message SET sealed = repeat('x', 40)::bytea WHERE external_id = 'by-name'")
    scan = searched(asked(organization, "ann-1"))
    assert (scan.unreadable, scan.number) == (1, 4)


def test_one_that_is_overtaken_by_the_erasure_stops():
    organization = a_client_that_talks()
    request = approved(asked(organization, "ann-1"))
    scan = started(request)
    with tenancy.vendor():
        run = runs.plan(request, now=AFTER_GRACE, by=SYSTEM)
    assert erasure.advance(run, now=AFTER_GRACE, by=SYSTEM) is True
    assert mentions.work(scan, now=AFTER_GRACE, by=SYSTEM)
    assert again(scan).state == ScanState.STOPPED
    with pytest.raises(mentions.NothingToSearch):
        taken(again(scan))


@pytest.mark.parametrize("kind", [RequestKind.EXPORT, RequestKind.RESTRICT])
def test_there_is_nothing_to_search_for_what_erases_nothing(kind):
    with pytest.raises(mentions.NothingToSearch):
        started(asked(a_client(), "ann-1", kind=kind))


def test_one_search_at_a_time_and_one_decision(monkeypatch):
    organization = a_client_that_talks()
    request = asked(organization, "ann-1")
    scan = started(request)
    with pytest.raises(mentions.ScanRunning):
        started(request)
    with pytest.raises(mentions.ScanNotDone):
        taken(scan)
    mentions.work(scan, now=NOW, by=SYSTEM)
    outcomes = at_once(*[lambda: _code(lambda: taken(again(scan)))] * 2)
    assert sorted(outcomes) == ["", "mention_scan_not_done"]


def _code(act):
    try:
        act()
    except Exception as error:  # its code is what is compared
        return getattr(error, "code", type(error).__name__)
    return ""


class TestByRest:
    def test_the_way(self):
        organization = a_client_that_talks()
        request = asked(organization, "ann-1")
        client = caller("authorised_contact", str(organization.public_id))
        made = client("POST", "mention-scans", {"deletion_request": str(request.public_id)}, expect=201)
        assert (made["state"], made["found"]) == ("running", {})
        assert client("POST", "mention-scans", {"deletion_request": str(request.public_id)}, expect=409)["code"] == (
            "mention_scan_running"
        )
        assert mentions.search_all(at=timezone.now(), by=SYSTEM).done == 1
        path = f"mention-scans/{made['public_id']}"
        assert client("GET", path)["found"] == {"messages": 2, "context_items": 1, "conversations": 1}
        assert {row["external_id"] for row in client("GET", f"{path}/rows")} == {
            "guest",
            "by-address",
            "of-ben",
            "titled",
        }
        officer = caller("privacy_officer")
        assert officer("POST", f"{path}/take", expect=409)["code"] == "proof_needed"
        (nobody,) = officer.with_file(f"{path}/take", {}, expect=400)["errors"]
        assert (nobody["attr"], nobody["code"]) == ("sender", "required")
        said = officer.with_file(f"{path}/take", {"sender": "nobody@else.example"}, expect=400)
        assert "sender" in str(said)
        assert client("POST", f"{path}/take")["taken_by"].startswith("user:")
        assert client("POST", f"{path}/take", expect=409)["code"] == "mention_scan_not_done"

    def test_a_neighbour_sees_none_of_it_and_bad_input_is_named(self):
        scan = started(asked(a_client_that_talks(), "ann-1"))
        neighbour = caller("authorised_contact", str(a_client().public_id))
        assert neighbour("GET", "mention-scans")["results"] == []
        neighbour("GET", f"mention-scans/{scan.public_id}", expect=404)
        neighbour("POST", "mention-scans", {"deletion_request": str(scan.request.public_id)}, expect=404)
        said = neighbour("POST", "mention-scans", {"deletion_request": "x"}, expect=400)
        assert "deletion_request" in str(said), said
