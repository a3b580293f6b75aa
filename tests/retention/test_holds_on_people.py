"""Legal holds on a person, a department, or everything: what they stop, and the wall that stands in the database."""

import uuid
from datetime import date, timedelta

import psycopg
import pytest
from django.db import connection
from django.db.utils import DatabaseError

from accounts import tenancy
from accounts.errors import InvalidInput
from accounts.models import AuditEvent
from accounts.operations import users
from accounts.operations.sweeping import SYSTEM
from retention.admin.blocking import blocks_of, with_blocks
from retention.enums import HoldGround, RequestStatus
from retention.models import Certificate, DeletionRequest, LegalHold
from retention.operations import (
    blocking,
    erasure,
    holds,
    runs,
)
from tests.retention.test_life import live_until
from tests.retention.under_contract import (
    AFTER_GRACE,
    NOW,
    OFFICER,
    a_client,
    approved,
    asked,
    person,
    state_of,
)

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def a_hold(organization, **what):
    with tenancy.vendor():
        return holds.place(
            organization,
            ground=HoldGround.LAW,
            citation="Art. 145 CPC",
            review_on=date(2030, 1, 1),
            now=NOW,
            by=OFFICER,
            **what,
        )


class TestHolds:
    def test_a_certificate_names_the_holds_that_covered_its_people_and_no_others(self):
        organization = a_client()
        own = a_hold(organization, person=person(organization, "ann-1").public_id)
        department = a_hold(organization, department="Sales")
        earlier = a_hold(organization)
        a_hold(organization, person=person(organization, "cyd-1").public_id)
        a_hold(organization, department="Stock")
        with tenancy.vendor():
            holds.release(earlier, now=NOW - timedelta(days=1), by=OFFICER)
        approved(asked(organization, "ann-1"))
        live_until(AFTER_GRACE)
        with tenancy.vendor():
            for hold in (own, department):
                holds.release(hold, now=AFTER_GRACE, by=OFFICER)
        live_until(AFTER_GRACE)
        with tenancy.vendor():
            met = Certificate.objects.get().document["holds_met"]
        assert [hold["scope"] for hold in met] == ["person", "department"]
        assert {hold["released_at"] for hold in met} == {AFTER_GRACE.isoformat()}

    def test_a_hold_covers_its_person_and_no_other(self):
        organization = a_client()
        a_hold(organization, person=person(organization, "ann-1").public_id)
        held, free = approved(asked(organization, "ann-1")), approved(asked(organization, "cyd-1"))
        live_until(AFTER_GRACE)
        assert (state_of(held), state_of(free)) == (RequestStatus.APPROVED, RequestStatus.CERTIFIED)
        with tenancy.vendor():
            assert blocking.blocks(held, now=AFTER_GRACE) == ("legal_hold",)
            holds.release(LegalHold.objects.get(), now=AFTER_GRACE, by=OFFICER)
        live_until(AFTER_GRACE)
        assert state_of(held) == RequestStatus.CERTIFIED
        with tenancy.vendor():
            assert LegalHold.objects.get().subject_id is None, "the hold's record stays, its person does not"

    def test_a_hold_on_somebody_who_is_erased_comes_too_late_and_leaves_its_word(self):
        organization, other = a_client(), a_client()
        ann = person(organization, "ann-1").public_id
        approved(asked(organization, "ann-1"))
        live_until(AFTER_GRACE)
        assert a_hold(organization, person=ann) is None
        with tenancy.vendor():
            refused = AuditEvent.objects.get(name="legal_hold.refused")
            assert refused.data == {"ground": "law", "scope": "person", "vault": "open", "person": True}
            assert refused.organization_id == organization.pk
        for where, whom in ((other, ann), (organization, uuid.uuid4())):
            with pytest.raises(InvalidInput):
                a_hold(where, person=whom)

    @pytest.mark.parametrize("held", ["person", "department", "everything", "another"])
    def test_a_list_of_requests_and_one_alone_say_the_same(self, held):
        organization = a_client()
        meant = {
            "person": {"person": person(organization, "ann-1").public_id},
            "department": {"department": "Sales"},
            "everything": {},
            "another": {"department": "Stock"},
        }[held]
        request = approved(asked(organization, "ann-1"))
        a_hold(organization, **meant)
        with tenancy.vendor():
            listed = with_blocks(DeletionRequest.objects.all(), now=AFTER_GRACE).get()
            assert blocks_of(listed) == blocking.blocks(request, now=AFTER_GRACE)
            assert ("legal_hold" in blocks_of(listed)) == (held != "another")

    def test_a_departments_hold_covers_who_is_in_it(self):
        organization = a_client()
        a_hold(organization, department="Sales")
        held, free = approved(asked(organization, "ben-1")), approved(asked(organization, "cyd-1"))
        live_until(AFTER_GRACE)
        assert (state_of(held), state_of(free)) == (RequestStatus.APPROVED, RequestStatus.CERTIFIED)

    def test_who_is_moved_out_of_a_held_department_stays_held_until_its_release(self):
        organization = a_client()
        hold = a_hold(organization, department="Sales")
        for external_id, department in (("ann-1", "Elsewhere"), ("cyd-1", "Sales")):
            moved = users.Person(external_id, f"{external_id}@client.example", external_id, department=department)
            with tenancy.tenant(organization.pk):
                users.put(organization, [moved], now=NOW, by="user:client")
        ann, cyd = approved(asked(organization, "ann-1")), approved(asked(organization, "cyd-1"))
        with tenancy.vendor():
            listed = with_blocks(DeletionRequest.objects.filter(pk=ann.pk), now=AFTER_GRACE).get()
            assert "legal_hold" in blocks_of(listed)
        live_until(AFTER_GRACE)
        assert (state_of(ann), state_of(cyd)) == (RequestStatus.APPROVED, RequestStatus.APPROVED)
        with pytest.raises(DatabaseError), tenancy.eraser(organization.pk), connection.cursor() as cursor:
            cursor.execute("DELETE FROM retention_message WHERE external_id = 'ca-1'")
        with tenancy.vendor():
            assert holds.release(hold, now=AFTER_GRACE, by=OFFICER).listed == []
        live_until(AFTER_GRACE + timedelta(hours=1))
        assert (state_of(ann), state_of(cyd)) == (RequestStatus.CERTIFIED, RequestStatus.CERTIFIED)

    def test_nobody_deletes_a_hold_in_force(self):
        organization = a_client()
        hold = a_hold(organization, person=person(organization, "ann-1").public_id)
        with pytest.raises(DatabaseError) as caught, tenancy.eraser(organization.pk), connection.cursor() as cursor:
            cursor.execute("DELETE FROM retention_legalhold")
        assert caught.value.__cause__.sqlstate == "TH001"
        with tenancy.vendor():
            holds.release(hold, now=NOW, by=OFFICER)
        with tenancy.eraser(organization.pk), connection.cursor() as cursor:
            cursor.execute("DELETE FROM retention_legalhold")
            assert cursor.rowcount == 1

    def test_on_a_person_whose_key_is_destroyed_it_comes_too_late_and_is_recorded(self):
        organization = a_client()
        ann, ben = person(organization, "ann-1"), person(organization, "ben-1")
        request = approved(asked(organization, "ann-1"))
        with tenancy.vendor():
            run = runs.plan(request, now=AFTER_GRACE, by=SYSTEM)
        assert not erasure.advance(run, now=AFTER_GRACE, by=SYSTEM, budget=timedelta())
        assert a_hold(organization, person=ann.public_id) is None
        assert a_hold(organization, person=ben.public_id) is not None
        assert a_hold(organization) is not None, "it holds everybody else"
        live_until(AFTER_GRACE + timedelta(hours=1))
        assert state_of(request) == RequestStatus.CERTIFIED

    @pytest.mark.parametrize("what", ["everything", "a-person", "a-department"])
    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM retention_message",
            "DELETE FROM retention_message WHERE external_id = 'ca-1'",
            "UPDATE retention_conversation SET sealed = '' WHERE external_id = 'ca'",
            "DELETE FROM accounts_licenseduser WHERE external_id = 'ann-1'",
        ],
    )
    def test_the_wall_stands_in_the_database_whoever_comes(self, what, statement):
        organization = a_client()
        scope = {
            "everything": {},
            "a-person": {"person": person(organization, "ann-1").public_id},
            "a-department": {"department": "Sales"},
        }[what]
        a_hold(organization, **scope)
        with pytest.raises(DatabaseError) as caught, tenancy.eraser(organization.pk), connection.cursor() as cursor:
            cursor.execute(statement)
        assert isinstance(caught.value.__cause__, psycopg.Error)
        assert caught.value.__cause__.sqlstate == "TH001"

    def test_what_no_hold_covers_passes_the_wall(self):
        organization = a_client()
        a_hold(organization, person=person(organization, "ann-1").public_id)
        with tenancy.eraser(organization.pk), connection.cursor() as cursor:
            cursor.execute("DELETE FROM retention_message WHERE external_id = 'cc-1'")
            assert cursor.rowcount == 1
