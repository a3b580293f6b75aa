"""After a restore from before a search: what others wrote and the client decided on goes again, and it is said."""

import io
from datetime import date, timedelta

import psycopg
import pytest
from django.core.management import call_command
from django.db.utils import DatabaseError
from django.utils import timezone

from accounts import tenancy
from accounts.operations.sweeping import SYSTEM
from retention import ledger
from retention.enums import HoldGround, RequestStatus, RunPhase
from retention.models import (
    Certificate,
    CertificateAddendum,
    Conversation,
    ErasureEntry,
    ErasureRun,
    ErasureStep,
    LegalHold,
    MentionScan,
    Restore,
)
from retention.operations import erasure, holds, ledger_entries, proof, run_control, runs
from retention.operations.restore_texts import shown
from retention.papers import certificate as paper
from tests.engines import admin_dsn
from tests.retention.restoring import Backup, codes, replayed
from tests.retention.test_life import live_until
from tests.retention.test_mentions import a_client_that_talks, searched, taken, texts, written
from tests.retention.under_contract import AFTER_GRACE, NOW, OFFICER, approved, asked, person, state_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
THEIRS = {"guest", "by-address"}


def entry():
    with ledger.vendor():
        return ErasureEntry.objects.get()


def erased_with_what_others_wrote(organization, *, live=True):
    """Return the request of ann's erasure, by which what others wrote about her went too."""
    request = asked(organization, "ann-1")
    taken(searched(request))
    approved(request)
    if live:
        live_until(AFTER_GRACE)
    return request


def said():
    with tenancy.vendor():
        return Certificate.objects.get().document["others_content"]


def a_hold_on(organization, external_id, now=NOW):
    with tenancy.vendor():
        return holds.place(
            organization,
            ground=HoldGround.LAW,
            citation="Art. 145 CPC",
            review_on=date(2030, 1, 1),
            now=now,
            by=OFFICER,
            person=person(organization, external_id).public_id,
        )


def test_what_others_wrote_is_taken_again_and_the_report_and_the_certificate_say_so():
    organization = a_client_that_talks()
    backup = Backup()
    erased_with_what_others_wrote(organization)
    listed = entry().others_refs
    assert len(listed) == 4 and not THEIRS & texts(organization)
    kept = texts(organization)
    backup.restore()
    assert texts(organization) >= THEIRS, "they are back, and neither search nor decision is"
    with tenancy.vendor():
        assert not MentionScan.objects.exists()
    told = replayed()
    assert codes() == [] and texts(organization) == kept
    with tenancy.vendor():
        assert bytes(Conversation.objects.get(external_id="titled").sealed) == b""
        run, restore = ErasureRun.objects.get(), Restore.objects.get()
    assert run.replayed_at is not None
    again = {"named_in": 4, "erased": 4, "kept": 0, "kept_because": {}, "not_there": 0}
    assert told["report"]["others_content"] == [{"run": str(run.public_id), **again}]
    nobody = {"searched_at": None, "opened": None, "did_not_open": None}
    assert said() == {"state": "replayed", **nobody, "to_be_erased": True, **again}
    assert ("Rows of others that were erased again", 4) in shown(restore)["facts"]
    live_until(timezone.now() + timedelta(minutes=5))
    with tenancy.vendor():
        certificate, addendum = Certificate.objects.get(), CertificateAddendum.objects.get()
    assert addendum.document["others_content"] == said()
    assert paper(certificate.document, [addendum.document], language="pl")[:5] == b"%PDF-"


def test_what_the_backup_did_not_have_is_counted_as_not_there():
    organization = a_client_that_talks()
    backup = Backup()
    own = {"kind": "message", "at": "2026-02-03T10:00:00+00:00", "conversation": "cc", "role": "user"}
    written(organization, {**own, "id": "later", "author": "cyd-1", "text": "ann-1 again"})
    erased_with_what_others_wrote(organization)
    backup.restore()
    out = io.StringIO()
    call_command("replay_erasures", stdout=out)
    assert "Rows of others: 4 erased again, 1 had not come back." in out.getvalue()
    assert (said()["named_in"], said()["erased"], said()["kept"], said()["not_there"]) == (5, 4, 0, 1)


def test_it_goes_though_the_person_was_not_restored():
    organization = a_client_that_talks()
    with psycopg.connect(admin_dsn("default"), autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        erased = Backup()
        erased_with_what_others_wrote(organization)
        erased.restore()
        ann = person(organization, "ann-1").pk
        for table in ("message", "contextitem", "diagnostic", "conversation"):
            admin.execute(f"DELETE FROM retention_{table} WHERE subject_id = %s", [ann])
        admin.execute("DELETE FROM accounts_licenseduser WHERE id = %s", [ann])
    told = replayed()
    assert told["erasures"]["erased"] == 1
    assert not THEIRS & texts(organization)
    assert said()["erased"] == 4


def test_what_a_restored_hold_keeps_closes_the_gate_until_people_look_at_it():
    organization = a_client_that_talks()
    a_hold_on(organization, "ben-1")
    backup = Backup()
    with tenancy.vendor():
        holds.release(LegalHold.objects.get(), now=NOW, by=OFFICER)
    erased_with_what_others_wrote(organization)
    assert len(entry().others_refs) == 4
    backup.restore()
    assert replayed(expect=1)["code"] == "not_replayed"
    assert codes() == ["replay_unfinished"]
    told = replayed("--with-residue")
    assert codes() == [] and told["erasures"]["residue"] == 1
    (one,) = told["report"]["others_content"]
    assert (one["erased"], one["kept"], one["kept_because"]) == (1, 3, {"legal_hold": 3})
    with tenancy.vendor():
        run = ErasureRun.objects.get()
        assert {(hit["place"], hit["kind"], hit["count"]) for hit in run.verifications.latest("pk").hits} == {
            ("mentions.messages", "others_content", 1),
            ("mentions.context_items", "others_content", 1),
            ("mentions.conversations", "others_content", 1),
        }
        hold = LegalHold.objects.get()
        assert run.holds_met == [str(hold.public_id)]
        assert ("Rows of others that stay: look at them", 3) in shown(Restore.objects.get())["facts"]
        holds.release(hold, now=timezone.now(), by=OFFICER)
        run_control.erase_again(run, now=timezone.now(), by=OFFICER)
    live_until(timezone.now() + timedelta(minutes=5))
    assert not THEIRS & texts(organization)
    assert (said()["erased"], said()["kept"]) == (4, 0)


def test_two_erasures_that_name_each_others_people_are_both_replayed_at_once():
    organization = a_client_that_talks()
    backup = Backup()
    erased_with_what_others_wrote(organization)
    approved(asked(organization, "ben-1"))
    live_until(AFTER_GRACE + timedelta(hours=1))
    backup.restore()
    assert replayed()["erasures"] == {"erased": 2, "residue": 0, "unfinished": 0, "beyond": 0, "nobody": 0, "keys": 0}
    assert not THEIRS & texts(organization)


def test_a_decision_that_was_restored_counts_as_the_ledger_lists_it():
    organization = a_client_that_talks()
    request = erased_with_what_others_wrote(organization, live=False)
    backup = Backup()
    live_until(AFTER_GRACE)
    backup.restore()
    replayed()
    assert state_of(request) == RequestStatus.CERTIFIED
    assert not THEIRS & texts(organization)
    assert (said()["state"], said()["erased"]) == ("replayed", 4)


def test_a_restored_ledger_gets_the_list_again():
    organization = a_client_that_talks()
    other = Backup("ledger")
    erased_with_what_others_wrote(organization)
    before = entry()
    other.restore()
    replayed("--ledger-older")
    assert (entry().others_refs, entry().digest) == (before.others_refs, before.digest)
    assert ledger_entries.broken_links() == []


def test_the_list_is_covered_by_the_digest_bounded_and_purged():
    organization = a_client_that_talks()
    erased_with_what_others_wrote(organization)
    with psycopg.connect(admin_dsn("ledger"), autocommit=True) as admin:
        changed = "UPDATE retention_erasureentry SET others_refs = others_refs[1:3]"
        admin.execute(changed)
        assert ledger_entries.broken_links() == [entry().pk]
        with pytest.raises(psycopg.errors.CheckViolation):
            admin.execute(
                "UPDATE retention_erasureentry SET others_refs = ARRAY(SELECT gen_random_uuid() "
                "FROM generate_series(1, 10001))"
            )
    with pytest.raises(DatabaseError), ledger.tenant(organization.public_id):
        ErasureEntry.objects.update(others_refs=[])
    ledger_entries.tend(now=AFTER_GRACE + timedelta(days=1), by=SYSTEM)
    ledger_entries.tend(now=AFTER_GRACE + timedelta(days=100), by=SYSTEM)
    assert (entry().others_refs, entry().purged_at is None) == ([], False)
    with tenancy.vendor():
        run, step = ErasureRun.objects.get(), ErasureStep.objects.get(store="mentions")
        assert (step.listed, proof.standing(run, now=NOW)["others_content"]) == ([], said())


def test_what_a_hold_keeps_at_the_fence_is_not_listed_and_stays_after_a_restore():
    organization = a_client_that_talks()
    backup = Backup()
    request = asked(organization, "ann-1")
    taken(searched(request))
    a_hold_on(organization, "ben-1")
    approved(request)
    live_until(AFTER_GRACE)
    assert len(entry().others_refs) == 1
    backup.restore()
    replayed()
    assert THEIRS & texts(organization) == {"guest"}, "its hold was lost, and the evidence was not"


def test_a_hold_that_keeps_others_rows_is_met_and_the_certificate_says_how_many():
    organization = a_client_that_talks()
    a_hold_on(organization, "cyd-1")
    hold = a_hold_on(organization, "ben-1")
    written(
        organization,
        {"kind": "context_item", "id": "free", "at": "2026-02-03T10:00:00+00:00", "name": "team", "text": "ann-1"},
    )
    with tenancy.vendor():
        other = LegalHold.objects.exclude(pk=hold.pk).get()
        holds.release(other, now=NOW, by=OFFICER)
    erased_with_what_others_wrote(organization)
    with tenancy.vendor():
        run, document = ErasureRun.objects.get(), Certificate.objects.get().document
    assert run.holds_met == [str(hold.public_id)]
    assert [one["scope"] for one in document["holds_met"]] == ["person"]
    told = document["others_content"]
    assert (told["named_in"], told["erased"], told["kept"]) == (5, 2, 3)
    assert (told["kept_because"], told["not_there"]) == ({"legal_hold": 3}, 0)


@pytest.mark.parametrize("scope", ["department", "everything"])
def test_a_hold_placed_once_the_keys_are_gone_is_met_too(scope):
    organization = a_client_that_talks()
    request = erased_with_what_others_wrote(organization, live=False)
    with tenancy.vendor():
        run = runs.plan(request, now=AFTER_GRACE, by=SYSTEM)
    assert not erasure.advance(run, now=AFTER_GRACE, by=SYSTEM, budget=timedelta())
    with tenancy.vendor():
        assert ErasureStep.objects.get(run=run, store="mentions").status == "waiting"
        hold = holds.place(
            organization,
            ground=HoldGround.LAW,
            citation="Art. 145 CPC",
            review_on=date(2030, 1, 1),
            now=AFTER_GRACE,
            by=OFFICER,
            **({"department": "Sales"} if scope == "department" else {}),
        )
    live_until(AFTER_GRACE + timedelta(hours=1))
    with tenancy.vendor():
        run.refresh_from_db()
    assert run.phase == RunPhase.CERTIFIED and run.holds_met == [str(hold.public_id)]
    erased = 1 if scope == "department" else 0
    assert (said()["erased"], said()["kept_because"]) == (erased, {"legal_hold": 4 - erased})
