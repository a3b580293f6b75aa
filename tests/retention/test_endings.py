"""What was kept on a basis, years later: contract file, evidence and contacts, then accounts; holds keep all of it."""

import json
from datetime import date
from io import BytesIO, StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from accounts import tenancy
from accounts.enums import DocumentKind
from accounts.models import AuditDetail, AuditEvent, Document, Membership, Organization, User
from accounts.operations import documents
from contracts.models import Contract, Notice, StatementLine
from retention.enums import DoubtReason, HoldGround, SubjectOutcome
from retention.models import (
    Certificate,
    DeletionRequest,
    ErasureRun,
    LegalHold,
    SubjectDoubt,
    SubjectLink,
    SubjectRequest,
)
from retention.operations import archive, endings, exports, requests, subject_decisions, subject_requests
from tests.admin.people import a_member
from tests.admin.world import a_client_that_left, a_client_that_stays
from tests.api.callers import caller
from tests.contracts.agreements import at
from tests.engines import owner_dsn
from tests.retention.asking import forwarded, swept, taken
from tests.retention.test_life import a_leaving_client, live_until
from tests.retention.under_contract import person
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
COMPLETE = at("2026-05-01")
# The contract ended on 1 January 2026, its erasure was certified in February; lines of 2025 stay to the end of 2035.
BEFORE, FIVE_YEARS, TEN_YEARS = at("2030-12-30"), at("2031-06-01"), at("2037-01-02")
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def left():
    """Return a client that left, whose erasure is complete, with a contact and a proof of its own."""
    organization = a_client_that_left()
    a_member("client_administrator", organization)
    with tenancy.vendor():
        documents.store(
            organization,
            BytesIO(b"%PDF proof"),
            kind=DocumentKind.OTHER,
            filename="proof.pdf",
            content_type="application/pdf",
            now=COMPLETE,
            by="user:one",
        )
    live_until(at("2026-02-20"))  # the last look: what it looked for is in backups until a horizon after it
    live_until(COMPLETE)
    with tenancy.vendor():
        assert ErasureRun.objects.get(organization=organization).phase == "complete"
    return organization


def rows_of(organization):
    """Return how many rows each table has of an organization, and their digest."""
    with psycopg.connect(owner_dsn("default")) as owner:
        tables = owner.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND column_name = 'organization_id'"
        ).fetchall()
        return {
            table: owner.execute(
                f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t "
                "WHERE organization_id = %s",
                [organization.pk],
            ).fetchone()
            for (table,) in tables
        }


def count(model, organization):
    with tenancy.vendor():
        return model.objects.filter(organization=organization).count()


def due(instant):
    with tenancy.vendor():
        return list(endings.due(at=instant))


def ended(instant):
    return endings.end_all(at=instant, by="system").done


def test_a_file_goes_in_its_time_and_a_neighbour_keeps_every_byte(left, settings):
    stays = a_client_that_stays()
    with tenancy.vendor():
        (proof,) = Document.objects.filter(organization=left)
    path = documents._path(proof.public_id)
    before = rows_of(stays)
    assert due(BEFORE) == [] and ended(BEFORE) == 0
    assert due(FIVE_YEARS) == [left]
    seen = endings.preview(left, now=FIVE_YEARS)
    assert count(Notice, left) == 1 and path.exists(), "looking lets go of nothing"
    assert ended(FIVE_YEARS) == 1 and due(FIVE_YEARS) == []
    with tenancy.vendor():
        event = AuditEvent.objects.filter(name="retention.period_over").latest("pk")
        assert event.data["tables"] == seen
    assert {count(model, left) for model in (Notice, Certificate, ErasureRun, Membership, Document)} == {0}
    assert not path.exists()
    assert count(Contract, left) == 1 and count(StatementLine, left) > 0, "an invoice keeps its contract"
    assert count(DeletionRequest, left) == 1, "an archive that the client authorised keeps its request"
    ended(at("2035-12-31"))
    assert count(Contract, left) == 1, "to the last day of the tenth year"
    assert ended(TEN_YEARS) == 1
    assert count(Contract, left) == count(StatementLine, left) == 0
    assert ended(TEN_YEARS) == 0
    assert rows_of(stays) == before
    with tenancy.vendor():
        assert Organization.objects.filter(pk=left.pk).exists(), "the archive is still its own"


def test_in_poland_accounts_are_kept_for_five_years_only(left, settings):
    settings.VENDOR_COUNTRY = "PL"
    with tenancy.vendor():
        contact = Membership.objects.get(organization=left).user_id
    assert ended(at("2032-01-02")) == 1, "the last line is of 2026"
    with tenancy.vendor():
        assert not User.objects.filter(pk=contact).exists(), "a contact who belongs nowhere any more goes too"
    assert count(Contract, left) == count(StatementLine, left) == 0


def a_hold(organization):
    with tenancy.vendor():
        return LegalHold.objects.create(
            organization=organization,
            ground=HoldGround.LAW,
            citation="Art. 145",
            review_on=date(2040, 1, 1),
            placed_by="user:one",
            placed_at=COMPLETE,
        )


def test_a_hold_keeps_all_of_it_and_the_database_stands_behind_it(left):
    hold = a_hold(left)
    assert due(FIVE_YEARS) == []
    for act in (endings.preview, lambda *args, **kw: endings.end(*args, **kw, by="system")):
        with pytest.raises(endings.FileKept):
            act(left, now=FIVE_YEARS)
    with pytest.raises(DatabaseError) as refused, tenancy.eraser(left.pk), connection.cursor() as cursor:
        cursor.execute("DELETE FROM contracts_deadline WHERE organization_id = %s", [left.pk])
    assert refused.value.__cause__.sqlstate == "TH001"
    with tenancy.vendor():
        LegalHold.objects.filter(pk=hold.pk).update(released_at=COMPLETE, released_by="user:one")
    assert due(FIVE_YEARS) == [left] and ended(FIVE_YEARS) == 1


def test_an_open_request_keeps_its_evidence(left):
    with tenancy.vendor():
        DeletionRequest.objects.filter(organization=left).update(status="erased")
    assert due(FIVE_YEARS) == []
    with pytest.raises(endings.FileKept):
        endings.end(left, now=FIVE_YEARS, by="system")


def test_a_contact_of_two_clients_stays_with_the_other(left):
    other = an_organization()
    with tenancy.vendor():
        contact = Membership.objects.get(organization=left).user
        Membership.objects.create(user=contact, organization=other, role="client_finance", created_at=COMPLETE)
    ended(FIVE_YEARS)
    with tenancy.vendor():
        assert list(Membership.objects.filter(user=contact).values_list("organization", flat=True)) == [other.pk]


def test_words_beside_the_trail_go_after_five_years_while_the_contract_goes_on():
    organization = a_client_that_stays()
    with tenancy.vendor():
        LegalHold.objects.update(released_at=COMPLETE, released_by="user:one")
        DeletionRequest.objects.update(status="cancelled", closed_at=COMPLETE)
        Contract.objects.update(status="active", ended_at=None)
        before = AuditDetail.objects.filter(organization_id=organization.pk).count()
    assert before and ended(at("2031-06-01")) == 1
    with tenancy.vendor():
        assert not AuditDetail.objects.filter(organization_id=organization.pk).exists()
        assert AuditEvent.objects.filter(organization_id=organization.pk).exists()
    assert count(Contract, organization) == 1


def test_command_and_rest_tell_what_would_go(left):
    def told(organization, *options):
        out = StringIO()
        call_command("kept_file", str(organization), *options, stdout=out)
        return out.getvalue()

    assert told(left.public_id).strip() == "Nothing: every period runs."
    assert json.loads(told(left.public_id, "--format", "json"))["tables"] == {}
    with pytest.raises(CommandError) as caught:
        told(NOBODY)
    assert caught.value.returncode == 2
    a_hold(left)
    with pytest.raises(CommandError) as caught:
        told(left.public_id)
    assert caught.value.returncode == 1
    officer, path = caller("privacy_officer"), f"organizations/{left.public_id}/kept-file"
    assert officer("GET", path, expect=409)["code"] == "file_kept"
    with tenancy.vendor():
        LegalHold.objects.update(released_at=COMPLETE, released_by="user:one")
    assert officer("GET", path)["tables"] == {}
    officer("GET", f"organizations/{NOBODY}/kept-file", expect=404)


def test_a_persons_request_keeps_nobody_and_nothing_longer_than_the_rest():
    organization = a_leaving_client()
    contact = a_member("client_administrator", organization)
    asked_at = at("2025-06-10")
    row = forwarded(organization, taken(now=asked_at, received_at=asked_at), now=asked_at)
    with tenancy.tenant(organization.pk):
        row = subject_decisions.doubt(row, reason=DoubtReason.DATA_DIFFER, now=asked_at, by="user:contact")
        row = subject_decisions.settle_doubt(row, now=asked_at, by="user:contact")
        subject_decisions.grant(
            row, people=[person(organization, "ann-1").public_id], now=asked_at, by="user:contact", for_client=False
        )
    with tenancy.vendor():
        requests.approve(DeletionRequest.objects.get(), now=asked_at, by="user:officer")
    live_until(at("2025-06-12"))
    live_until(at("2026-01-02"))
    with tenancy.vendor():
        whole = DeletionRequest.objects.select_related("organization").get(scope="organization")
        for act in (requests.confirm_end, archive.decline, exports.waive):
            act(whole, now=at("2026-01-10"), by="user:manager")
        requests.approve(whole, now=at("2026-01-10"), by="user:officer")
    for day in ("2026-02-05", "2026-02-13", "2026-05-01"):
        live_until(at(day))
    with tenancy.vendor():
        assert SubjectLink.objects.exists() and SubjectDoubt.objects.exists(), "a year from the answer"
    swept(at("2026-06-13"))
    with tenancy.vendor():
        assert not SubjectLink.objects.exists() and not SubjectDoubt.objects.exists()
    ended(at("2030-06-10"))
    assert count(SubjectRequest, organization) == 1, "five years, as evidence"
    for day in ("2031-06-01", "2037-01-02"):
        ended(at(day))
    assert count(SubjectRequest, organization) == count(DeletionRequest, organization) == 0
    with tenancy.vendor():
        assert not User.objects.filter(pk=contact.pk).exists()
        assert not Organization.objects.filter(pk=organization.pk).exists()


def test_what_was_with_no_client_goes_by_itself():
    closed_at = at("2025-06-10")
    row = taken(now=closed_at, received_at=closed_at)
    with tenancy.vendor():
        subject_requests.close_without_client(row, outcome=SubjectOutcome.NOT_HELD, now=closed_at, by="user:officer")
    for day, there in (("2026-06-11", True), ("2030-06-10", True), ("2030-06-11", False)):
        swept(at(day))
        with tenancy.vendor():
            assert SubjectRequest.objects.filter(pk=row.pk).exists() == there, day
