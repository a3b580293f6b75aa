"""After certification: looked at again after an hour, a day, a week; what is found reopens; who came back is none."""

import json
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import IdempotencyKey, Organization
from accounts.operations import audit
from accounts.operations.sweeping import SYSTEM
from contracts.models import Deadline
from retention.enums import RequestStatus, RunPhase
from retention.models import Certificate, CertificateAddendum, DeletionRequest, ErasureRun, Verification
from retention.operations import run_control, runs, verification
from retention.operations.certificates import public_pem
from retention.rules import certificate as documents
from retention.rules.checks import gives_up_at, next_check
from tests.api.callers import caller
from tests.contracts.agreements import a_signed_contract, at
from tests.retention.test_life import a_leaving_client, decide_everything, live_until, plant
from tests.retention.under_contract import AFTER_GRACE, OFFICER, a_client, approved, asked, person, state_of
from tests.retention.vaults import people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
KEY = documents.read_public_key(public_pem())


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param("2026-02-05T10:00", "2026-02-05T11:00", id="an-hour"),
        pytest.param("2026-02-05T11:00", "2026-02-06T02:00", id="then-the-night"),
        pytest.param("2026-02-06T02:00", "2026-02-06T10:00", id="a-day"),
        pytest.param("2026-02-06T10:00", "2026-02-07T02:00", id="every-night"),
        pytest.param("2026-02-12T02:00", "2026-02-12T10:00", id="a-week"),
        pytest.param("2026-02-10T20:00", "2026-02-11T02:00", id="a-late-check-covers-those-before"),
        pytest.param("2026-02-12T10:00", None, id="the-last-was"),
        pytest.param("2026-03-12T10:00", None, id="long-after"),
    ],
)
def test_the_instants_of_the_checks(after, expected):
    certified = datetime.fromisoformat("2026-02-05T10:00+00:00")
    found = next_check(certified, after=datetime.fromisoformat(f"{after}+00:00"))
    assert found == (expected and datetime.fromisoformat(f"{expected}+00:00"))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(None, "2026-02-13T10:00", id="a-day-past-the-last"),
        pytest.param("2026-02-06T10:00", "2026-02-13T10:00", id="asked-for-before-it"),
        pytest.param("2026-03-05T09:00", "2026-03-06T09:00", id="asked-for-long-after"),
    ],
)
def test_until_when_a_silent_store_is_waited_for(asked, expected):
    certified, asked, expected = (
        one and datetime.fromisoformat(f"{one}+00:00") for one in ("2026-02-05T10:00", asked, expected)
    )
    assert gives_up_at(certified, asked_at=asked) == expected


def erased(organization, *external_ids):
    """Erase people of an organization, to their certificate."""
    request = approved(asked(organization, *external_ids))
    live_until(AFTER_GRACE)
    assert state_of(request) == RequestStatus.CERTIFIED
    return request


def the_run():
    with tenancy.vendor():
        return ErasureRun.objects.select_related("organization", "request").latest("pk")


def checked_at(instant):
    """Do the pass of an instant; return whether each look passed, and what the last one found."""
    verification.check_due(now=instant, by=SYSTEM)
    with tenancy.vendor():
        checks = list(Verification.objects.order_by("pk"))
    return [one.passed for one in checks], {(hit["place"], hit["kind"]) for hit in checks[-1].hits}


def addenda():
    with tenancy.vendor():
        return [one.document for one in CertificateAddendum.objects.order_by("pk")]


def absent_since(document):
    """Return since when a document claims that a search of everything finds nothing."""
    since = next(level["at"] for level in document["levels"] if level["level"] == "logically_absent")
    return None if since is None else datetime.fromisoformat(since).replace(microsecond=0)


def test_what_was_mended_by_hand_is_absent_since_the_look_that_found_nothing():
    organization = a_client()
    erased(organization, "ann-1")
    plant(organization, ("contracts_contract", "reference", "'C of ann-1@client.example'"))
    assert checked_at(AFTER_GRACE + DAY)[0] == [True, False]
    plant(organization, ("contracts_contract", "reference", "'C'"))
    with tenancy.vendor():
        assert verification.ask_again([the_run()], now=AFTER_GRACE + 2 * DAY, by=OFFICER) == 1
    live_until(AFTER_GRACE + 2 * DAY)
    found, clean = addenda()
    assert (absent_since(found), absent_since(clean)) == (None, AFTER_GRACE + 2 * DAY)


def test_a_certified_run_is_looked_at_again_until_the_last_check_then_forgets_what_it_sought():
    organization = a_client()
    erased(organization, "ann-1")
    seen = []
    while (due := the_run().next_check_at) is not None:
        assert the_run().identifiers is not None
        seen.append(due)
        assert checked_at(due)[0][-1]
    certified = the_run().certified_at
    assert {certified + HOUR, certified + DAY, certified + WEEK} <= set(seen)
    assert len(seen) == 10, "and every night between"
    with pytest.raises(Refused, match="destroyed"):
        runs.unseal(the_run())
    assert addenda() == [], "nothing is said that the certificate does not say"


def test_a_hit_a_day_later_reopens_and_the_certificate_says_so_until_it_is_clean_again():
    organization = a_client()
    request = erased(organization, "ann-1")
    plant(organization, ("contracts_contract", "reference", "'C of ann-1@client.example'"))
    passed, hits = checked_at(AFTER_GRACE + DAY)
    assert passed == [True, False]
    assert hits == {
        ("default.contracts_contract.reference", "email"),
        ("default.contracts_contract.reference", "external_id"),
    }
    assert (state_of(request), the_run().phase) == (RequestStatus.FAILED, RunPhase.RESIDUE_FOUND)
    (first,) = addenda()
    assert (first["kind"], first["stands"]) == ("residue_found", False)
    assert "ann" not in json.dumps(first)
    plant(organization, ("contracts_contract", "reference", "'C'"))
    with tenancy.vendor():
        run_control.erase_again(the_run(), now=AFTER_GRACE + 2 * DAY, by=OFFICER)
    live_until(AFTER_GRACE + 2 * DAY)
    assert state_of(request) == RequestStatus.CERTIFIED
    assert the_run().next_check_at > AFTER_GRACE + 2 * DAY
    with tenancy.vendor():
        certificate = Certificate.objects.get().document
    assert [one["kind"] for one in addenda()] == ["residue_found", "clean_again"]
    assert [absent_since(one) for one in addenda()] == [None, AFTER_GRACE + 2 * DAY]
    assert all(documents.verify(one, KEY) for one in addenda())
    assert documents.follows(addenda(), certificate)
    assert not documents.follows(addenda()[1:], certificate), "one is missing"


def test_one_pass_reads_each_table_once_and_gives_each_hit_to_its_run(django_assert_max_num_queries):
    one, two, three = a_client(), a_client(), a_client()
    for organization in (one, two, three):
        erased(organization, "ann-1")
    plant(two, ("contracts_contract", "reference", "'C of ann-1@client.example'"))
    with django_assert_max_num_queries(400), tenancy.vendor(), connection.execute_wrapper(counting := Counting()):
        assert verification.check_due(now=AFTER_GRACE + DAY, by=SYSTEM) == 3
    assert counting.reads("contracts_contract") == 1
    with tenancy.vendor():
        found = {run.organization_id: run.phase for run in ErasureRun.objects.all()}
    assert found == {one.pk: "certified", two.pk: "residue_found", three.pk: "certified"}


class Counting:
    """Counts the statements that read a table's columns as texts, as the verifier does."""

    def __init__(self):
        self.statements = []

    def __call__(self, execute, sql, params, many, context):
        self.statements.append(sql)
        return execute(sql, params, many, context)

    def reads(self, table):
        return sum(f'FROM "public"."{table}" AS t' in sql for sql in self.statements)


class TestWhoCameBack:
    def test_under_the_same_address_is_no_residue(self):
        organization = a_client()
        request = erased(organization, "ann-1")
        (again,) = people_of(organization, "ann-1")
        with tenancy.vendor():
            audit.record("x", again, by="x", at=AFTER_GRACE, detail={"email": again.email})
            IdempotencyKey.objects.create(
                organization=organization,
                actor="user:one",
                key="k",
                response_body={"id": str(again.public_id), "email": again.email},
                created_at=AFTER_GRACE,
                expires_at=AFTER_GRACE + timedelta(days=400),
            )
        assert checked_at(AFTER_GRACE + WEEK) == ([True, True], set())
        assert state_of(request) == RequestStatus.CERTIFIED

    @pytest.mark.parametrize(
        "where",
        [
            pytest.param(("contracts_contract", "reference", "'C of ann-1@client.example'"), id="an-address-in-a-text"),
            pytest.param(("contracts_contract", "reference", "'of ann-1'"), id="an-external-id-in-a-text"),
        ],
    )
    def test_what_was_left_of_the_old_person_is_found_all_the_same(self, where):
        organization = a_client()
        erased(organization, "ann-1")
        people_of(organization, "ann-1")
        plant(organization, where)
        passed, hits = checked_at(AFTER_GRACE + WEEK)
        assert passed == [True, False]
        assert {place for place, _kind in hits} == {"default.contracts_contract.reference"}

    def test_a_row_that_names_both_is_the_old_persons_too(self):
        organization = a_client()
        old = person(organization, "ann-1").public_id
        erased(organization, "ann-1")
        (again,) = people_of(organization, "ann-1")
        with tenancy.vendor():
            audit.record(
                "x", again, by="x", at=AFTER_GRACE, detail={"a": f"{old} is {again.public_id}", "b": again.email}
            )
        passed, hits = checked_at(AFTER_GRACE + WEEK)
        assert passed == [True, False]
        assert {kind for _place, kind in hits} == {"person_id", "email", "external_id"}


def test_it_is_looked_at_again_when_asked_though_what_was_sought_is_destroyed():
    organization = a_client()
    old = person(organization, "ann-1").public_id
    erased(organization, "ann-1")
    live_until(AFTER_GRACE + WEEK + HOUR)
    run = the_run()
    assert (run.next_check_at, run.identifiers) == (None, None)
    later = at("2025-06-01")
    with tenancy.vendor():
        assert verification.ask_again([run], now=later, by=OFFICER) == 1
    assert checked_at(later)[0][-1]
    assert [one["kind"] for one in addenda()] == ["checked_again"]
    assert the_run().identifiers is None, "and destroyed again"
    with tenancy.vendor():
        audit.record("x", organization, by="x", at=later, detail={"of": str(old)})
        verification.ask_again([the_run()], now=later, by=OFFICER)
    passed, hits = checked_at(later)
    assert (passed[-1], hits) == (False, {("default.accounts_auditdetail.text", "person_id")})


def test_words_about_the_contract_file_since_are_no_residue_by_being_there_but_by_what_they_say():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    live_until(at("2026-02-05"))
    with tenancy.vendor():
        gone = Organization.objects.get(pk=organization.pk).closed_at
        deadline = Deadline.objects.filter(organization=organization).latest("pk")
        said = {"reason": "Nobody fetched it."}
        audit.record("deadline.met", deadline, by=OFFICER, at=at("2026-02-06"), detail=said)
        verification.ask_again([the_run()], now=at("2026-02-06"), by=OFFICER)
    assert checked_at(at("2026-02-06")) == ([True, True], set())
    with tenancy.vendor():
        audit.record("note.kept", organization, by=OFFICER, at=gone - timedelta(days=1), detail={"reason": "x"})
        audit.record("note.kept", organization, by=OFFICER, at=gone, detail={"reason": "ben-1@client.example asked"})
        verification.ask_again([the_run()], now=at("2026-02-07"), by=OFFICER)
    live_until(at("2026-02-07"))
    with tenancy.vendor():
        hits = {(hit["place"], hit["kind"], hit["count"]) for hit in Verification.objects.latest("pk").hits}
    assert ("default.accounts_auditdetail", "rows", 1) in hits, "it should have gone"
    assert ("default.accounts_auditdetail.text", "email", 1) in hits


def test_what_a_call_was_answered_since_is_no_residue_by_being_there_but_by_what_it_says():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    live_until(at("2026-02-05"))
    with tenancy.vendor():
        request, gone = DeletionRequest.objects.get(), Organization.objects.get(pk=organization.pk).closed_at
    with time_machine.travel(at("2026-02-06"), tick=False):
        caller("privacy_officer")("POST", f"deletion-requests/{request.public_id}/check-again", key="once")
    assert checked_at(at("2026-02-06")) == ([True, True], set()), "the call asked for this very look"
    with tenancy.vendor():
        (answer,) = IdempotencyKey.objects.filter(organization=organization)
        IdempotencyKey.objects.update(created_at=gone - timedelta(seconds=1))
    assert checked_at(at("2026-02-07"))[1] == {("default.accounts_idempotencykey", "rows")}, "it should have gone"
    with tenancy.vendor():
        IdempotencyKey.objects.update(created_at=answer.created_at, response_body={"of": "ben-1@client.example"})
        verification.ask_again([the_run()], now=at("2026-02-07"), by=OFFICER)
    live_until(at("2026-02-07"))
    with tenancy.vendor():
        hits = {(hit["place"], hit["kind"]) for hit in Verification.objects.latest("pk").hits}
    assert ("default.accounts_idempotencykey.response_body", "email") in hits
    assert ("default.accounts_idempotencykey", "rows") not in hits


def test_what_is_asked_for_during_a_pass_is_for_the_next_one(monkeypatch):
    erased(a_client(), "ann-1")
    instant = AFTER_GRACE + DAY

    def search(wanted, *, now):
        with tenancy.vendor():
            verification.ask_again(wanted, now=instant + HOUR, by=OFFICER)
        return found(wanted, now=now)

    found = verification.search
    monkeypatch.setattr(verification, "search", search)
    verification.check_due(now=instant, by=SYSTEM)
    assert (the_run().next_check_at, addenda()) == (instant + HOUR, [])
    monkeypatch.setattr(verification, "search", found)
    verification.check_due(now=instant + HOUR, by=SYSTEM)
    assert [one["kind"] for one in addenda()] == ["checked_again"]


def test_an_organization_that_came_back_is_searched_for_its_old_people_only():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    live_until(at("2026-02-05"))
    a_signed_contract(organization, reference="C-2", concluded_on=date(2026, 2, 6), starts_on=date(2026, 2, 7))
    live_until(at("2026-02-08"))
    people_of(organization, "ann-1", "new-1")
    live_until(at("2026-02-09"))
    with tenancy.vendor():
        check = Verification.objects.order_by("pk").last()
        assert check.passed and check.searched["came_back"]
        audit.record("x", organization, by="x", at=at("2026-02-09"), detail={"of": "ben-1@client.example"})
    live_until(at("2026-02-10"))
    assert the_run().phase == RunPhase.RESIDUE_FOUND


def test_two_passes_at_once_do_not_look_at_a_run_twice():
    erased(a_client(), "ann-1")
    instant = AFTER_GRACE + DAY
    lease = runs.Lease.starting(instant)
    with tenancy.vendor():
        ErasureRun.objects.to_check(at=instant).update(lease=lease.id, leased_until=instant + HOUR)
    assert verification.check_due(now=instant, by=SYSTEM) == 0
    assert verification.check_due(now=instant + 2 * HOUR, by=SYSTEM) == 1, "the other was killed"
