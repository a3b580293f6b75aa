"""What an attacker of the erasure would try: late writers, early ends, blocked requests, residue in other clothes."""

import base64
import gzip
import json
import os
from datetime import date, timedelta
from email.message import EmailMessage

import psycopg
import pytest
from django.db import connections

from accounts import tenancy
from accounts.enums import SuspensionReason
from accounts.errors import Refused
from accounts.models import AuditDetail, LicensedUser
from accounts.operations import access, audit, users
from accounts.operations.sweeping import SYSTEM
from contracts.operations import signing
from retention.enums import HoldGround, RequestOrigin, RequestStatus, RunPhase
from retention.models import DeletionRequest, ErasureRun, ErasureStep, Export, Verification
from retention.operations import blocking, erasure, exports, holds, requests, runs, saga, vault
from retention.rules.terms import Searcher, distinctive
from tests.contracts.agreements import a_draft, a_signed_contract, at
from tests.retention.test_life import (
    CONTRACT_MANAGER,
    PRIVACY_OFFICER,
    a_leaving_client,
    decide_everything,
    live_until,
    plant,
    the_request,
)
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def planned(organization):
    live_until(at("2026-01-02"))
    request = decide_everything(organization)
    with tenancy.vendor():
        return runs.plan(request, now=at("2026-02-05"), by=SYSTEM)


def test_who_is_added_or_renamed_after_the_plan_is_searched_for_too():
    organization = a_leaving_client()
    run = planned(organization)
    with tenancy.tenant(organization.pk):
        people = [
            users.Person("late-7", "late@client.example", "Late"),
            users.Person("ann-1", "renamed@client.example", "Ann"),
        ]
        users.put(organization, people, now=at("2026-02-05"), by="user:product")
    plant(organization, ("contracts_notice", "recorded_by", "'renamed@client.example'"))
    live_until(at("2026-02-06"))
    with tenancy.vendor():
        steps = {step.store: (step.found, step.erased) for step in ErasureStep.objects.filter(run=run)}
        assert steps["licensed_users"] == (3, 3)
        assert Verification.objects.get().hits[0]["kind"] == "email"


def test_a_plan_is_looked_at_again_before_anything_is_destroyed():
    run = planned(a_leaving_client())
    with pytest.raises(saga.Refused, match="retrieval_period_runs"):
        erasure.advance(run, now=at("2026-01-20"), by=SYSTEM)
    with tenancy.vendor():
        assert ErasureRun.objects.get().phase == RunPhase.PLANNED


def test_nobody_gives_a_request_up_without_a_contract_that_keeps_the_data():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    with tenancy.vendor(), pytest.raises(requests.NoContract):
        requests.cancel(the_request(organization), now=at("2026-01-03"), by="user:contact")


def test_a_successor_that_never_starts_does_not_keep_the_data_for_ever():
    organization = a_leaving_client()
    run = planned(organization)
    successor = a_signed_contract(
        organization, reference="C-2", concluded_on=date(2026, 2, 1), starts_on=date(2026, 6, 1)
    )
    live_until(at("2026-02-05"))
    assert the_request(organization).status == RequestStatus.CANCELLED
    with tenancy.vendor():
        assert ErasureRun.objects.get(pk=run.pk).identifiers is None, "what would have been searched for is gone too"
        signing.cancel(successor, now=at("2026-02-06"), by=CONTRACT_MANAGER)
    live_until(at("2026-02-06"))
    with tenancy.vendor():
        second = DeletionRequest.objects.exclude(status=RequestStatus.CANCELLED).get(organization=organization)
    assert second.retrieval_ends_on > date(2026, 3, 6), "a whole retrieval period again"


def test_a_client_whose_contract_never_ran_may_ask_for_erasure():
    organization = an_organization()
    draft = a_draft(organization)
    with tenancy.vendor():
        signing.cancel(draft, now=at("2024-12-05"), by=CONTRACT_MANAGER)
        request = requests.open_request(organization, origin=RequestOrigin.CLIENT, now=at("2026-01-05"), by="user:c")
    assert request.service_ended_on == date(2026, 1, 5)


def test_an_archive_that_nobody_decided_on_delays_nothing():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    with tenancy.vendor():
        request = the_request(organization)
        requests.confirm_end(request, now=at("2026-01-10"), by=CONTRACT_MANAGER)
        requests.approve(request, now=at("2026-01-10"), by=PRIVACY_OFFICER)
        exports.waive(DeletionRequest.objects.select_related("organization").get(), now=at("2026-01-10"), by="user:c")
    live_until(at("2026-02-05"))
    assert (the_request(organization).status, the_request(organization).archive_decision) == ("certified", "declined")


def test_only_what_is_left_of_the_retrieval_period_is_waived_and_not_before_the_export():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    with tenancy.vendor():
        request = the_request(organization)
        with pytest.raises(requests.ExportUndecided):
            requests.waive_retrieval(request, now=at("2026-01-05"), by="user:client")
    decide_everything(organization, now=at("2026-01-05"))
    with tenancy.vendor():
        requests.waive_retrieval(request, now=at("2026-01-06"), by="user:client")
    live_until(at("2026-01-06"))
    assert the_request(organization).status == RequestStatus.CERTIFIED


def test_an_export_opens_no_more_once_keys_are_destroyed_and_its_row_goes_first():
    organization = a_leaving_client()
    with tenancy.tenant(organization.pk):
        made = exports.make(organization, request=None, now=at("2025-03-01"), by="user:client")
    run = planned(organization)
    lease = runs.claim(run, now=at("2026-02-05"))
    saga.fence(run, lease, by=SYSTEM)
    with tenancy.vendor(), pytest.raises(vault.VaultClosed):
        exports.stream(Export.objects.select_related("organization").get(pk=made.pk), now=at("2026-02-05"), by="user:x")
    with tenancy.vendor():
        assert ErasureStep.objects.filter(run=run).order_by("position").first().store == "exports"


def test_what_is_written_down_during_the_erasure_is_erased_too(monkeypatch):
    organization = a_leaving_client()
    run = planned(organization)
    finish = erasure._Work._finish
    wrote = []

    def write_then_finish(*args, **kwargs):
        if not wrote:
            with tenancy.vendor():
                wrote.append(
                    audit.record("x", organization, by="x", at=at("2026-02-05"), detail={"reason": "of ann-1"})
                )
        return finish(*args, **kwargs)

    monkeypatch.setattr(erasure._Work, "_finish", write_then_finish)
    assert erasure.advance(run, now=at("2026-02-05"), by=SYSTEM)
    with tenancy.vendor():
        assert wrote and not AuditDetail.objects.exists()


def test_a_released_hold_lets_the_run_go_on_at_once():
    organization = a_leaving_client()
    run = planned(organization)
    with tenancy.vendor():
        hold = holds.place(
            organization,
            ground=HoldGround.LAW,
            citation="Art. 145",
            review_on=date(2030, 1, 1),
            now=at("2026-02-05"),
            by=PRIVACY_OFFICER,
        )
    with pytest.raises(blocking.HoldInForce):
        erasure.advance(run, now=at("2026-02-05"), by=SYSTEM)
    with tenancy.vendor():
        holds.release(hold, now=at("2026-02-05"), by=PRIVACY_OFFICER)
    live_until(at("2026-02-05") + timedelta(seconds=1))
    assert the_request(organization).status == RequestStatus.CERTIFIED


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ann.lee@x.example", id="as-it-is"),
        pytest.param("Ann.Lee@X.EXAMPLE wrote", id="capitals"),
        pytest.param("see emp-77.pdf", id="file-name"),
        pytest.param("user_emp-77_2026", id="between-underscores"),
        pytest.param("ann.lee%40x.example", id="per-cent"),
        pytest.param(r"ann.lee\u0040x.example", id="json-escape"),
        pytest.param("mailto:ann.lee@x.example.", id="sentence"),
        pytest.param("Zoe\u0308-1", id="decomposed"),
        pytest.param("ZO\u00cb-1", id="composed-capitals"),
        pytest.param("an O'Neil 12!", id="with-blank-and-quote"),
    ],
)
def test_an_identifier_is_found_in_other_clothes(text):
    assert Searcher({"ann.lee@x.example", "emp-77", "zo\u00eb-1", "O'Neil 12"}).found_in(text)


@pytest.mark.parametrize("text", ["joann.lee@x.example", "emp-778", "temp-77", "ann.lee@x.examples", "", "emp 77"])
def test_what_only_resembles_an_identifier_is_not_found(text):
    assert not Searcher({"ann.lee@x.example", "emp-77"}).found_in(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("system", False),
        ("1000", False),
        ("A1", False),
        ("year", False),
        ("emp-7", True),
        ("1234567", True),
        ("x@y", False),
        ("ann@y", True),
    ],
)
def test_an_id_that_could_stand_for_something_else_is_not_searched_for(text, expected):
    assert distinctive(text) is expected


def admin(alias):
    name = connections[alias].settings_dict["NAME"]
    return psycopg.connect(psycopg.conninfo.make_conninfo(os.environ["TERME_TEST_ADMIN"], dbname=name), autocommit=True)


TABLES = {
    "another-schema": (
        "CREATE SCHEMA staging; CREATE TABLE staging.people (x text); GRANT USAGE ON SCHEMA staging TO PUBLIC; "
        "GRANT SELECT ON staging.people TO PUBLIC; INSERT INTO staging.people VALUES ('ann-1@client.example')",
        "DROP SCHEMA staging CASCADE",
        "default.staging.people.x",
    ),
    "a-tsvector": (
        "CREATE TABLE copy_of (x tsvector); GRANT SELECT ON copy_of TO PUBLIC; "
        "INSERT INTO copy_of VALUES ('ann-1@client.example'::tsvector)",
        "DROP TABLE copy_of",
        "default.copy_of.x",
    ),
    "an-array-of-json": (
        "CREATE TABLE copy_of (x jsonb[]); GRANT SELECT ON copy_of TO PUBLIC; "
        'INSERT INTO copy_of VALUES (ARRAY[\'{"a": "ann-1@client.example"}\'::jsonb])',
        "DROP TABLE copy_of",
        "default.copy_of.x",
    ),
    "unreadable": ("CREATE TABLE copy_of (x text)", "DROP TABLE copy_of", "default.copy_of"),
    "hidden-by-row-security": (
        "CREATE TABLE copy_of (x text); GRANT SELECT ON copy_of TO PUBLIC; "
        "ALTER TABLE copy_of ENABLE ROW LEVEL SECURITY",
        "DROP TABLE copy_of",
        "default.copy_of",
    ),
    "bytes-nobody-declared": (
        "CREATE TABLE copy_of (x bytea); GRANT SELECT ON copy_of TO PUBLIC",
        "DROP TABLE copy_of",
        "default.copy_of.x",
    ),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_copy_in_any_table_is_found(case):
    create, drop, place = TABLES[case]
    planned(a_leaving_client())
    with admin("default") as connection:
        connection.execute(create)
        try:
            live_until(at("2026-02-05"))
        finally:
            connection.execute(drop)
    with tenancy.vendor():
        assert place in {hit["place"] for hit in Verification.objects.get().hits}


def a_mail():
    message = EmailMessage()
    message["To"] = "somebody@terme.example"
    message["Subject"] = "Liste"
    message.set_content("Voilà: ann-1@client.example", cte="base64")
    return message.as_bytes()


FILES = {
    "mail/1.log": a_mail,
    "logs/web.log": lambda: json.dumps({"to": "ann-1@client.example"}).encode(),
    "logs/old.log.gz": lambda: gzip.compress(b"ann-1@client.example"),
    "notes.txt": lambda: "ann-1@client.example".encode("utf-16-le"),
    "postgresql/log": lambda: b"ERROR: Key (email)=(ann-1@client.example)",
}


@pytest.mark.parametrize("name", FILES)
def test_a_copy_in_any_file_is_found(name, settings):
    planned(a_leaving_client())
    path = settings.DATA_DIR / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(FILES[name]())
    live_until(at("2026-02-05"))
    with tenancy.vendor():
        hits = Verification.objects.get().hits
        assert [hit["kind"] for hit in hits] == ["file_content"] and not LicensedUser.objects.exists()
    assert base64.b64encode(b"ann-1@client.example").decode() not in json.dumps(hits)


def test_a_user_suspended_by_hand_leaves_no_id_in_the_trail():
    organization = a_leaving_client()
    with tenancy.tenant(organization.pk):
        ann = LicensedUser.objects.get(external_id="ann-1")
        access.suspend(ann, reason=SuspensionReason.CLIENT_DECISION, now=at("2025-03-01"), by="user:client")
        access.reinstate(ann, now=at("2025-03-02"), by="user:client")
    planned(organization)
    live_until(at("2026-02-05"))
    assert the_request(organization).status == RequestStatus.CERTIFIED


def test_of_several_contracts_the_longest_window_counts_and_one_that_returns_returns():
    organization = an_organization()
    long = {"starts_on": date(2024, 12, 20), "auto_renews": False, "retrieval_days": 120}
    short = {"starts_on": date(2024, 12, 31), "auto_renews": False, "end_choice": "delete"}
    a_signed_contract(organization, reference="A", **long)
    a_signed_contract(organization, reference="B", **short)
    live_until(at("2025-12-25"))
    live_until(at("2025-12-31"))
    found = the_request(organization)
    assert found.retrieval_ends_on > date(2026, 4, 18) and found.export_decision == "pending"


def test_an_export_that_runs_does_not_hold_up_the_workers():
    organization = a_leaving_client()
    run = planned(organization)
    with admin("default") as connection, connection.transaction():
        connection.execute("SELECT 1 FROM retention_vault WHERE organization_id = %s FOR SHARE", [organization.pk])
        with pytest.raises(Refused, match="later"):
            erasure.advance(run, now=at("2026-02-05"), by=SYSTEM)
    live_until(at("2026-02-06"))
    assert the_request(organization).status == RequestStatus.CERTIFIED


def test_what_was_erased_is_not_asked_for_again():
    organization = a_leaving_client()
    planned(organization)
    live_until(at("2026-02-05"))
    with tenancy.vendor(), pytest.raises(Refused, match="erased"):
        requests.open_request(organization, origin=RequestOrigin.CLIENT, now=at("2026-02-06"), by="user:c")
