"""The levels that a certificate names: vacuumed if no snapshot held rows, complete when all windows closed."""

import json
import time
from datetime import timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from accounts.models import AuditDetail
from accounts.operations import audit
from accounts.operations.sweeping import SYSTEM
from retention import papers, sweeps
from retention.enums import AcceptanceGround, RequestStatus, RunPhase
from retention.models import Certificate, CertificateAddendum, ErasureRun, ErasureStep, Verification
from retention.operations import acceptance, certificates, erasure, proof, rewriting, runs, vacuuming, verification
from retention.policy import POLICY, WORDS_OF_ERASURES
from retention.rules.levels import NEEDED
from tests.api.callers import caller
from tests.contracts.agreements import at
from tests.engines import admin_dsn
from tests.retention.test_certificate_faces import text_of
from tests.retention.test_checks_again import addenda, checked_at, erased, the_run
from tests.retention.test_life import a_leaving_client, decide_everything, live_until, plant
from tests.retention.under_contract import AFTER_GRACE, OFFICER, a_client, approved, asked, state_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
OTHER_OFFICER = "user:second-officer"


def levels_of(document):
    return {one["level"]: one for one in document["levels"]}


def ask_at(instant):
    with tenancy.vendor():
        verification.ask_again([the_run()], now=instant, by=OFFICER)


def the_step(store):
    with tenancy.vendor():
        return ErasureStep.objects.get(store=store)


def test_the_first_certificate_claims_what_was_measured_and_nothing_by_the_calendar():
    erased(a_client(), "ann-1")
    with tenancy.vendor():
        document = Certificate.objects.get().document
    levels = levels_of(document)
    assert document["provisional"] is True
    assert levels["logically_absent"]["at"] == document["verifications"][-1]["performed_at"]
    assert {name for name, level in levels.items() if level["at"]} <= {"logically_absent", "vacuumed", "unreadable"}
    assert all(levels[name]["expected_at"] for name in ("log", "backups", "unreadable_in_backups", "model_vendor"))


def test_what_was_emptied_is_vacuumed_unless_a_snapshot_holds_it_back():
    organization = a_client()
    with psycopg.connect(admin_dsn("default")) as old:
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT count(*) FROM retention_message")
        erased(organization, "ann-1")
        step = the_step("messages")
        assert (step.vacuumed_at, step.held_by) == (None, "snapshot")
        vacuuming.vacuum(now=AFTER_GRACE + timedelta(hours=1))
        assert the_step("messages").vacuumed_at is None
    assert vacuuming.vacuum(now=AFTER_GRACE + timedelta(hours=2)) > 0
    step = the_step("messages")
    assert (step.vacuumed_at, step.vacuumed_how, step.held_by) == (AFTER_GRACE + timedelta(hours=2), "engine", "")
    with psycopg.connect(admin_dsn("default"), autocommit=True) as admin:
        admin.execute("CREATE EXTENSION IF NOT EXISTS pgstattuple")
        dead = admin.execute("SELECT dead_tuple_count FROM pgstattuple('retention_message')").fetchone()[0]
    assert dead == 0


def test_without_the_right_to_vacuum_it_is_left_to_autovacuum_and_claimed_by_its_statistics():
    organization = a_client()
    with psycopg.connect(admin_dsn("default"), autocommit=True) as admin:
        admin.execute("REVOKE MAINTAIN ON retention_message FROM terme_eraser")
        # The server's own may come at any moment, and would be claimed as it should. What vacuumed the table for
        # another test came later than this test's instants, which lie in the past.
        admin.execute("ALTER TABLE retention_message SET (autovacuum_enabled = false)")
        admin.execute("SELECT pg_stat_reset_single_table_counters('retention_message'::regclass)")
        try:
            erased(organization, "ann-1")
            step = the_step("messages")
            assert (step.vacuumed_at, step.held_by) == (None, "autovacuum")
            vacuumed_clean(admin, "retention_message")
            vacuuming.vacuum(now=AFTER_GRACE + timedelta(hours=2))
        finally:
            admin.execute("GRANT MAINTAIN ON retention_message TO terme_eraser")
            admin.execute("ALTER TABLE retention_message RESET (autovacuum_enabled)")
    step = the_step("messages")
    assert (step.vacuumed_how, step.held_by) == ("autovacuum", "")


def vacuumed_clean(admin, table):
    """Vacuum until no dead row is left: the server's own ANALYZE of another table may hold some for a moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")  # what this connection deleted, told before the vacuum
    until = time.monotonic() + 30
    while time.monotonic() < until:
        admin.execute(f"VACUUM {table}")
        query = "SELECT n_dead_tup FROM pg_stat_all_tables WHERE schemaname = 'public' AND relname = %s"
        if admin.execute(query, [table]).fetchone()[0] == 0:
            return
        time.sleep(0.1)
    pytest.fail(f"dead rows of {table} are held for half a minute")


def dead_in(table):
    with psycopg.connect(admin_dsn("default"), autocommit=True) as admin:
        admin.execute("CREATE EXTENSION IF NOT EXISTS pgstattuple")
        return admin.execute("SELECT dead_tuple_count FROM pgstattuple(%s)", [table]).fetchone()[0]


@pytest.fixture
def few_are_many(monkeypatch, settings):
    """Return a list of what was vacuumed before parents went, with the dead rows that were left."""
    settings.ERASURE_CHUNK_MILLISECONDS = 0  # so that not all goes in one transaction, as little does
    monkeypatch.setattr(vacuuming, "MANY_ROWS", 1)
    monkeypatch.setattr(vacuuming, "LARGE_PART", 0.0)
    done, real = [], vacuuming.vacuum_before_parents

    def noting(emptied, **more):
        tables = real(emptied, **more)
        done.append({table: dead_in(table) for table in tables})
        return tables

    monkeypatch.setattr(vacuuming, "vacuum_before_parents", noting)
    return done


def test_many_children_are_vacuumed_before_their_parents_go(few_are_many):
    erased(a_client(), "ann-1")
    # Before conversations, then before people: each table once.
    first, second = few_are_many
    assert first["retention_message"] == 0
    assert second["retention_contextitem"] == 0
    assert not first.keys() & second.keys()


@pytest.mark.parametrize(
    ("many", "part", "rows", "vacuumed"),
    [
        pytest.param(100, 0.1, 100, True, id="many-and-a-large-part"),
        pytest.param(101, 0.1, 100, False, id="few"),
        pytest.param(100, 0.2, 100, False, id="a-small-part"),
    ],
)
def test_only_many_rows_that_are_a_large_part_are_vacuumed_at_once(monkeypatch, many, part, rows, vacuumed):
    with psycopg.connect(admin_dsn("default"), autocommit=True) as admin:
        admin.execute("UPDATE pg_class SET reltuples = 1000 WHERE oid = 'retention_message'::regclass")
    monkeypatch.setattr(vacuuming, "MANY_ROWS", many)
    monkeypatch.setattr(vacuuming, "LARGE_PART", part)
    done = vacuuming.vacuum_before_parents({"messages": rows}, within=timedelta(minutes=1))
    assert done == (["retention_message"] if vacuumed else [])


@pytest.mark.parametrize("lock_timeout", ["0", "50ms"], ids=["it-takes-too-long", "the-role-waits-for-no-lock"])
def test_a_vacuum_that_fails_is_given_up_and_the_erasure_goes_on(few_are_many, settings, lock_timeout):
    settings.ERASURE_LEASE = timedelta(seconds=4)
    organization = a_client()
    with psycopg.connect(admin_dsn("default")) as other, connection.cursor() as cursor:
        other.execute("LOCK TABLE retention_message IN SHARE UPDATE EXCLUSIVE MODE")  # as another vacuum would
        request = approved(asked(organization, "ann-1"))
        with tenancy.vendor():
            run = runs.plan(request, now=AFTER_GRACE, by=SYSTEM)
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [lock_timeout])
        assert erasure.advance(run, now=AFTER_GRACE, by=SYSTEM)
        assert few_are_many and "retention_message" not in few_are_many[0]
        cursor.execute("RESET lock_timeout")
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "0"
    with tenancy.vendor():
        assert set(ErasureStep.objects.filter(run=run).values_list("failures", flat=True)) == {0}


def test_tables_written_anew_are_said_so():
    erased(a_client(), "ann-1")
    out = StringIO()
    call_command("rewrite_tables", format="json", stdout=out)
    said = json.loads(out.getvalue())
    assert "retention_message" in said["tables"] and said["addenda"] == 1
    (last,) = addenda()
    assert (last["kind"], last["provisional"]) == ("rewritten", True)
    assert levels_of(last)["rewritten"]["how"] == "operator"
    call_command("rewrite_tables", format="json", stdout=out)
    assert len(addenda()) == 1, "there is nothing left to write anew"


def test_tables_that_a_snapshot_holds_back_are_not_said_to_be_anew():
    organization = a_client()
    with psycopg.connect(admin_dsn("default")) as old:
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT 1")
        erased(organization, "ann-1")
        _tables, said = rewriting.rewrite(now=AFTER_GRACE + timedelta(hours=1), by=SYSTEM)
    assert (said, the_step("messages").rewritten_at, addenda()) == (0, None, [])


def test_it_is_complete_when_the_last_window_has_closed_and_not_before():
    request = erased(a_client(), "ann-1")
    live_until(AFTER_GRACE + timedelta(days=8))
    assert the_run().forgotten_at >= AFTER_GRACE + timedelta(days=8), "with the last look, which came late"
    live_until(AFTER_GRACE + timedelta(days=42))
    assert state_of(request) == RequestStatus.CERTIFIED, "what was searched for is in backups still"
    with tenancy.vendor():
        assert not sweeps.completions_due(at=AFTER_GRACE + timedelta(days=42)).exists()
        with pytest.raises(certificates.NotComplete):
            certificates.complete(the_run(), now=AFTER_GRACE + timedelta(days=42), by=SYSTEM)
    live_until(AFTER_GRACE + timedelta(days=44))
    assert (state_of(request), the_run().phase) == (RequestStatus.COMPLETE, RunPhase.COMPLETE)
    (last,) = addenda()
    assert (last["kind"], last["provisional"]) == ("complete", False)
    assert all(levels_of(last)[name]["at"] for name in NEEDED)
    assert levels_of(last)["rewritten"]["at"] is None, "nobody wrote the tables anew"
    with tenancy.vendor():
        with pytest.raises(certificates.NotComplete):
            certificates.complete(the_run(), now=AFTER_GRACE + timedelta(days=44), by=SYSTEM)
        assert CertificateAddendum.objects.count() == 1


def test_what_is_said_once_every_window_has_closed_is_provisional_only_if_residue_reopens_it():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    for day in ("2026-02-05", "2026-02-13", "2026-03-25"):
        live_until(at(day))
    later = at("2026-04-02")
    ask_at(later)
    assert checked_at(later)[0][-1]
    rewriting.rewrite(now=later, by=SYSTEM)
    with tenancy.vendor():
        document = Certificate.objects.get().document
    paper = text_of(papers.certificate(document, addenda(), language="en"))
    assert "Complete: every window has closed" in paper
    with tenancy.vendor():
        audit.record("x", organization, by="x", at=at("2026-01-20"), detail={"of": "somebody"})
    ask_at(later)
    assert not checked_at(later)[0][-1]
    assert [(one["kind"], one["provisional"]) for one in addenda()] == [
        ("complete", False),
        ("checked_again", False),
        ("rewritten", False),
        ("residue_found", True),
    ]


def test_what_stays_and_has_no_basis_is_on_no_certificate():
    erased(a_client(), "ann-1")
    with tenancy.vendor():
        run, check = ErasureRun.objects.select_related("organization", "request").get(), Verification.objects.get()
        assert POLICY["retention.RequestSubject"].reason is None
        check.searched["kept"] = ["retention.RequestSubject"]
        with pytest.raises(ValueError, match="RequestSubject stays, and no basis says why"):
            proof.document(run, run.request, check, now=AFTER_GRACE)


def test_where_nothing_to_search_for_is_known_any_more_no_search_says_that_nothing_is_left():
    request = erased(a_client(), "ann-1")
    for day in (8, 44):
        live_until(AFTER_GRACE + timedelta(days=day))
    later = AFTER_GRACE + timedelta(days=50)
    with pytest.raises(verification.NothingKnown):
        ask_at(later)
    assert (state_of(request), the_run().identifiers, the_run().check_asked_at) == (RequestStatus.COMPLETE, None, None)
    officer = caller("privacy_officer")
    path = f"deletion-requests/{request.public_id}/check-again"
    assert officer("POST", path, expect=409)["code"] == "nothing_known"
    assert [one["kind"] for one in addenda()] == ["complete"]


class TestAcceptance:
    PLACE = "default.contracts_contract.reference"

    def found(self):
        organization = a_client()
        request = erased(organization, "ann-1")
        plant(organization, ("contracts_contract", "reference", "'C of Ann-1@client.example'"))
        checked_at(AFTER_GRACE + timedelta(days=1))
        return request

    def accept(self, kind="email", by=OTHER_OFFICER, reason="The signed letter quotes it.", place=PLACE):
        with tenancy.vendor():
            run = ErasureRun.objects.get()
            ground = AcceptanceGround.QUOTED
            now = AFTER_GRACE + timedelta(days=2)
            return acceptance.accept(run, place=place, kind=kind, ground=ground, reason=reason, now=now, by=by)

    def test_another_officer_accepts_each_hit_and_the_certificate_stands_again(self):
        request = self.found()
        assert self.accept().phase == RunPhase.RESIDUE_FOUND, "the external id is open still"
        assert self.accept(kind="external_id").phase == RunPhase.ERASED
        live_until(AFTER_GRACE + timedelta(days=2))
        assert state_of(request) == RequestStatus.CERTIFIED
        last = addenda()[-1]
        assert (last["kind"], last["stands"]) == ("clean_again", True)
        assert {(one["place"], one["ground"]) for one in last["accepted"]} == {(self.PLACE, "quoted")}
        assert "quotes" not in str(last) and OTHER_OFFICER not in str(last)
        assert checked_at(AFTER_GRACE + timedelta(days=3))[0][-1], "it stays accepted"

    @pytest.mark.parametrize(
        ("changed", "refusal"),
        [
            pytest.param({"by": OFFICER}, acceptance.NotYoursToAccept, id="who-approved"),
            pytest.param({"by": "user:client"}, acceptance.NotYoursToAccept, id="who-asked"),
            pytest.param({"reason": " "}, InvalidInput, id="no-reason"),
            pytest.param({"place": "default.x"}, InvalidInput, id="nothing-found-there"),
            pytest.param({"kind": "person_id"}, InvalidInput, id="another-kind"),
        ],
    )
    def test_what_is_refused(self, changed, refusal):
        self.found()
        with pytest.raises(refusal):
            self.accept(**changed)
        assert the_run().accepted == []

    def test_of_everything_of_a_client_the_reason_stays_and_is_no_residue_itself(self):
        organization = a_leaving_client()
        live_until(at("2026-01-02"))
        request = decide_everything(organization)
        plant(organization, ("contracts_contract", "reference", "'C of Ann-1@client.example'"))
        live_until(at("2026-02-05"))
        assert state_of(request) == RequestStatus.FAILED
        for kind in ("email", "external_id"):
            self.accept(kind=kind, by="user:third-officer", reason="The signed letter quotes it.")
        live_until(at("2026-02-06"))
        assert state_of(request) == RequestStatus.CERTIFIED
        with tenancy.vendor():
            (check,) = Verification.objects.filter(passed=True)
            (certificate,) = Certificate.objects.all()
            reasons = [one.text for one in AuditDetail.objects.filter(organization_id=organization.pk)]
        assert {hit["place"] for hit in check.hits} == {self.PLACE}
        assert reasons == [{"reason": "The signed letter quotes it."}] * 2
        (kept,) = [one for one in certificate.document["kept"] if one["what"] == "accounts.AuditDetail"]
        assert kept["basis"] == WORDS_OF_ERASURES.text and kept["period"] == "5 years from the writing"
        for language, words in {"fr": "arrivé trop tard", "pl": "przyszło za późno"}.items():
            paper = text_of(papers.certificate(certificate.document, language=language))
            assert words in " ".join(paper.split())

    def test_where_nothing_was_found_there_is_nothing_to_accept(self):
        erased(a_client(), "ann-1")
        with pytest.raises(Refused, match="No residue"):
            self.accept()
