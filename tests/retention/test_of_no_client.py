"""What names a client's people though it is no client's: answers to staff, words about letters that were put away."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from accounts import tenancy
from accounts.models import AuditDetail, IdempotencyKey
from contracts.letters import reader
from contracts.operations import intakes
from retention.enums import RequestStatus
from retention.models import ErasureStep, Verification
from retention.operations.stores import BY_NAME, Place, Target
from retention.rules.terms import Identifiers
from tests.contracts.agreements import at
from tests.engines import admin_dsn
from tests.retention.test_life import a_leaving_client, decide_everything, live_until
from tests.retention.under_contract import AFTER_GRACE, NOW, a_client, approved, asked, person, state_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.mark.parametrize("whole", [False, True], ids=["people", "whole"])
def test_an_answer_that_is_no_clients_goes_where_it_names_the_people(whole):
    organization = a_leaving_client() if whole else a_client()
    who = "Ann-1@client.example"
    with tenancy.vendor():
        for key, answer in {
            "by-address": {"results": [{"email": who}]},
            "by-its-key ann-1": {"created": 1},  # another client may have an ann-1
            "in-a-text": {"note": f"see {who}"},
            "by-opaque-id": [str(person(organization, "ann-1").public_id)],
            "of-others": {"email": "dora-9@elsewhere.example"},
            "of-nobody": None,
        }.items():
            IdempotencyKey.objects.create(
                actor="user:staff", key=key, response_body=answer, created_at=NOW, expires_at=NOW + timedelta(days=400)
            )
    if whole:
        live_until(at("2026-01-02"))
        decide_everything(organization)
        live_until(at("2026-02-05"))
    else:
        request = approved(asked(organization, "ann-1"))
        live_until(AFTER_GRACE)
        assert state_of(request) == RequestStatus.CERTIFIED
    with tenancy.vendor():
        assert [check.hits for check in Verification.objects.all()] == [[]]
        assert {one.key for one in IdempotencyKey.objects.filter(organization=None)} == {
            "by-its-key ann-1",
            "of-others",
            "of-nobody",
        }
        (step,) = ErasureStep.objects.filter(store="idempotency_keys")
        assert (step.found, step.erased) == (3, 3)


@pytest.mark.parametrize("whole", [False, True], ids=["people", "whole"])
def test_why_a_letter_of_no_client_was_put_away_goes_where_it_names_the_people(whole, settings):
    settings.ERASURE_CHUNK_ROWS = 2
    organization = a_leaving_client() if whole else a_client()
    with tenancy.vendor():
        for reason in (
            "No notice",
            "Of ann-1@client.example, who wants a brochure",
            "Of ann-1, whose client nobody knows",
            "Of dora-9@x.example",
        ) * 2:
            letter = intakes.drop(reader.pasted("Buy now!"), now=NOW, by="user:one")
            intakes.reject(letter, now=NOW, by="user:one", reason=reason)
    if whole:
        live_until(at("2026-01-02"))
        decide_everything(organization)
        live_until(at("2026-02-05"))
    else:
        approved(asked(organization, "ann-1"))
        live_until(AFTER_GRACE)
    with tenancy.vendor():
        left = [
            row["reason"]
            for row in AuditDetail.objects.filter(organization_id=None).values_list("text", flat=True)
            if "reason" in row
        ]
        assert sorted(set(left)) == ["No notice", "Of ann-1, whose client nobody knows", "Of dora-9@x.example"]
        assert len(left) == 6
        assert ErasureStep.objects.get(store="audit_details").erased >= 2


# Events and details of nobody, as many as there are numbers: every other one of a sign-in.
OF_NOBODY = """
    WITH event AS (
        INSERT INTO accounts_auditevent (public_id, name, subject_type, subject_id, actor, data, detail_digest,
                                         occurred_at)
        SELECT gen_random_uuid(), CASE WHEN n %% 2 = 0 THEN 'sign_in.failed' ELSE 'intake.rejected' END, 'User',
               gen_random_uuid(), 'system', '{}', '', now()
        FROM generate_series(1, %s) AS n RETURNING id
    )
    INSERT INTO accounts_auditdetail (event_id, salt, text) SELECT id, '', '{"reason": "No notice"}' FROM event
"""
READ = "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_all_tables WHERE relname = 'accounts_auditevent'"


def test_no_chunk_reads_what_the_chunks_before_it_have_read():
    organization = a_client()
    with psycopg.connect(admin_dsn("default"), autocommit=True) as engine:
        engine.execute(OF_NOBODY, [5000])
        engine.execute("ANALYZE accounts_auditevent, accounts_auditdetail")
        ((last,),) = engine.execute("SELECT max(event_id) FROM accounts_auditdetail").fetchall()
    target = Target(organization.pk, 1, Identifiers(emails=frozenset({"ann-1@client.example"})))
    with tenancy.eraser(organization.pk), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")  # as the planner chooses of many rows
        BY_NAME["audit_details"].erase(target, after=Place(1, last - 200), limit=100, until=0.0)
        cursor.execute(READ)
        assert cursor.fetchone()[0] < 1000
