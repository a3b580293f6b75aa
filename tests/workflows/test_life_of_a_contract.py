"""The life of a contract, from signature to certificate, through REST and scheduled jobs; its neighbour beside it."""

import json
import os
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from accounts import tenancy
from accounts.models import AuditDetail, AuditEvent, Organization
from accounts.operations import audit
from contracts.rules.days import add_months
from tests.accounts.trails import sealed, verified
from tests.api.callers import caller
from tests.workflows import walk

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def admin_dsn(alias):
    """Return where the server's administrator reads everything, past row security."""
    return psycopg.conninfo.make_conninfo(
        os.environ["TERME_TEST_ADMIN"], dbname=connections[alias].settings_dict["NAME"]
    )


def travel(to, *, since=None):
    """Drive the registry's sweeps up to an instant."""
    at = since or to
    out = StringIO()
    call_command("run_sweeps", "--at", at.isoformat(), "--until", to.isoformat(), "--i-mean-it", stdout=out)
    return out.getvalue()


def noon(day):
    return datetime.combine(day, time(12), tzinfo=UTC)


def test_from_signature_to_certificate(tmp_path):
    manager, officer, administrator = caller("contract_manager"), caller("privacy_officer"), caller("administrator")
    leaving = walk.register(administrator, 1, "canary")
    staying = walk.register(administrator, 2, "neighbour")
    client = caller("client_administrator", leaving)
    neighbour = caller("client_administrator", staying)

    starts_on = add_months(datetime.now(UTC).date().replace(day=1), 1)
    contract, other = (walk.draft(manager, organization, starts_on) for organization in (leaving, staying))
    for one in (contract, other):
        assert manager("POST", f"contracts/{one}/sign")["status"] == "signed"
    users = administrator("GET", f"licensed-users?organization={leaving}&page_size=100")["results"]
    assert {user["status"] for user in users} == {"invited"}

    # The first day: the contract starts, its people may work, content comes in.
    travel(noon(starts_on))
    assert manager("GET", f"contracts/{contract}")["status"] == "active"
    talked_at = noon(starts_on) + timedelta(hours=1)
    walk.ingest(client, leaving, walk.content("canary", talked_at))
    walk.ingest(neighbour, staying, walk.content("neighbour", talked_at))
    client("GET", f"contracts/{other}", expect=404)
    assert [row["public_id"] for row in client("GET", "organizations")["results"]] == [leaving]
    client("POST", f"organizations/{staying}/content", walk.content("canary", talked_at)[:1], expect=404)

    # Tacit renewal: certain when the last day for notice is over, then the new term.
    second_term = add_months(starts_on, 12)
    travel(noon(add_months(starts_on, 10)), since=noon(starts_on))
    assert [term["number"] for term in manager("GET", f"contracts/{contract}/terms")] == [1, 2]
    assert manager("GET", f"contracts/{contract}")["term_number"] == 1
    travel(noon(second_term), since=noon(add_months(starts_on, 10)))
    assert manager("GET", f"contracts/{contract}")["term_number"] == 2

    # Notice, judged on the spot; the end; nobody works any more.
    today = second_term.isoformat()
    notice = client(
        "POST",
        f"contracts/{contract}/give-notice",
        {"kind": "non_renewal", "sent_on": today, "received_on": today},
        expect=201,
    )
    third_term = add_months(starts_on, 24)
    assert (notice["judgment"], notice["ends_on"]) == ("in_time", third_term.isoformat())
    travel(noon(third_term), since=noon(second_term))
    assert manager("GET", f"contracts/{contract}")["status"] == "ended"
    assert manager("GET", f"contracts/{other}")["term_number"] == 3
    users = administrator("GET", f"licensed-users?organization={leaving}&page_size=100")["results"]
    assert {(user["status"], user["suspension_reason"]) for user in users} == {("suspended", "licence_ended")}

    # The request opened by itself; it waits for people.
    (request,) = officer("GET", f"deletion-requests?organization={leaving}")["results"]
    path = f"deletion-requests/{request['public_id']}"
    assert client("GET", path)["blocked_by"] == [
        "end_not_confirmed",
        "not_approved",
        "retrieval_period_runs",
        "export_not_decided",
        "archive_not_decided",
    ]
    neighbour("GET", path, expect=404)
    officer("POST", f"{path}/confirm-end", expect=403)
    manager("POST", f"{path}/confirm-end")
    manager("POST", f"{path}/approve", expect=403)
    officer("POST", f"{path}/approve")
    export = client("POST", f"organizations/{leaving}/exports", {"request": request["public_id"]}, expect=201)
    assert client("GET", f"exports/{export['public_id']}/download")[:2] == b"PK"
    officer("POST", f"{path}/make-archive", expect=409)
    client("POST", f"organizations/{leaving}/archive-authorization", {"granted": True}, expect=201)
    archived = officer("POST", f"{path}/make-archive", expect=201)
    assert "canary" not in json.dumps(archived).lower()
    assert officer("GET", path)["blocked_by"] == ["grace_runs", "retrieval_period_runs"]

    with tenancy.vendor():
        note = audit.record(
            "note.kept",
            Organization.objects.get(public_id=leaving),
            by="user:x",
            at=noon(third_term),
            detail={"reason": "canary-name asked for it"},
        )

    # Before: the canaries are there, so the search that follows can find something.
    assert walk.canaries_in_tables(admin_dsn("default"), ("canary-mail", "canary-name", "canary-id"))
    erase_from = datetime.fromisoformat(request["erase_from"])
    travel(erase_from - timedelta(minutes=1), since=noon(third_term))
    assert officer("GET", path)["status"] == "approved"
    before = walk.rows_of(admin_dsn("default"), staying)

    travel(erase_from + timedelta(minutes=1))
    done = officer("GET", path)
    assert done["status"] == "certified", officer("GET", f"{path}/verifications")
    after = walk.rows_of(admin_dsn("default"), staying)
    assert after == before, "the neighbour's rows are untouched, byte for byte"
    assert walk.canaries_in_tables(admin_dsn("default")) == []
    assert walk.canaries_in_tables(admin_dsn("ledger")) == []
    assert walk.canaries_in_valkey(settings.REDIS_URL) == []
    assert walk.canaries_in_files(settings.DATA_DIR) == []
    client("POST", f"organizations/{leaving}/content", walk.content("canary", talked_at)[:1], expect=409)
    erased = {step["store"]: step["erased"] for step in done["steps"]}
    assert (erased["messages"], erased["conversations"], erased["licensed_users"]) == (120, 24, 24)

    # The certificate, checked offline with the public key alone.
    certificate, key = tmp_path / "certificate.json", tmp_path / "key.pem"
    certificate.write_text(json.dumps(client("GET", f"{path}/certificate")))
    key.write_text(client("GET", "public-key")["pem"])
    check(certificate, key)
    certificate.write_text(certificate.read_text().replace('"erased": 120', '"erased": 121'))
    with pytest.raises(Exception, match="NOT VALID"):
        check(certificate, key)

    # The trail of all of it is whole, though its words were erased; a head that was carried away before still stands.
    with tenancy.vendor():
        assert not AuditDetail.objects.filter(event_id=note.pk).exists()
        assert AuditEvent.objects.get(pk=note.pk).detail_digest == note.detail_digest
    sealed()
    whole = verified("--details")
    assert whole["entries"] > 50 and whole["heads"] > 1 and whole["waiting"] == 0
    assert verified("--organization", leaving)["entries"] > 20


def check(certificate: Path, key: Path):
    call_command("verify_certificate", str(certificate), "--public-key", str(key), stdout=StringIO())
