"""The trail: codes stay for good, words and names can be erased, and the digest then says nothing."""

import hashlib
import json

import pytest
from django.db import connection, transaction

from accounts import tenancy
from accounts.models import AuditDetail, AuditEvent, Organization
from accounts.operations import audit, organizations, outbox
from tests.accounts.parties import NOW, an_announcement
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
DETAIL = {"reason": "Łucja Żółć asked for it", "address": "1 rue de l'Été"}


def record(subject, **values):
    with tenancy.vendor():
        return audit.record("thing.done", subject, **{"by": "user:x", "at": NOW, **values})


def digest(salt, detail):
    return hashlib.sha256(bytes(salt) + json.dumps(detail, sort_keys=True).encode()).hexdigest()


def test_an_event_says_who_did_what_to_which_tenants_row_when():
    organization = an_organization()
    (user,) = people_of(organization, "ann")
    event = record(user, data={"count": 1})
    with tenancy.vendor():
        event.refresh_from_db()
    assert (event.name, event.actor, event.occurred_at, event.data) == ("thing.done", "user:x", NOW, {"count": 1})
    assert (event.subject_type, event.subject_id) == ("LicensedUser", user.public_id)
    assert event.organization_id == organization.pk
    assert event.recorded_at is not None


def test_words_go_to_the_detail_and_nowhere_else():
    event = record(an_organization(), data={"code": "c"}, detail=DETAIL)
    with tenancy.vendor():
        (sealed,) = AuditEvent.objects.values()
        detail = AuditDetail.objects.get(event_id=event.pk)
    assert detail.text == DETAIL
    assert detail.organization_id == event.organization_id
    for word in ("Łucja", "rue", json.dumps("Łucja")[1:-1]):
        assert word not in str(sealed)


def test_the_digest_matches_with_the_salt_and_no_other():
    event = record(an_organization(), detail=DETAIL)
    with tenancy.vendor():
        detail = AuditDetail.objects.get(event_id=event.pk)
    assert event.detail_digest == digest(detail.salt, DETAIL)
    assert event.detail_digest != digest(detail.salt, {**DETAIL, "reason": "another"})
    assert event.detail_digest != digest(b"", DETAIL), "without a salt, a guess could be checked after erasure"
    assert len(detail.salt) >= 16


def test_the_same_words_twice_give_digests_that_do_not_tell_that_they_are_the_same():
    organization = an_organization()
    assert record(organization, detail=DETAIL).detail_digest != record(organization, detail=DETAIL).detail_digest


@pytest.mark.parametrize("detail", [None, {}])
def test_without_words_there_is_neither_detail_nor_digest(detail):
    assert record(an_organization(), detail=detail).detail_digest == ""
    with tenancy.vendor():
        assert not AuditDetail.objects.exists()


def test_the_eraser_takes_the_words_and_leaves_the_fact():
    organization = an_organization()
    event = record(organization, detail=DETAIL)
    with tenancy.eraser(organization.pk):
        AuditDetail.objects.filter(event_id=event.pk).delete()
    with tenancy.vendor():
        assert not AuditDetail.objects.exists()
        assert AuditEvent.objects.get().detail_digest == event.detail_digest


@pytest.mark.parametrize("scope", [tenancy.vendor, lambda: tenancy.tenant(1), lambda: tenancy.eraser(1)])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditevent SET name = 'other'",
        "UPDATE accounts_auditdetail SET text = '{}'",
        "DELETE FROM accounts_auditevent",
        "TRUNCATE accounts_auditevent",
    ],
)
def test_nobody_changes_or_removes_a_fact(scope, statement):
    record(an_organization(), detail=DETAIL)
    with scope(), pytest.raises(Exception, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement)
    with tenancy.vendor():
        assert AuditEvent.objects.get().name == "thing.done"


def test_an_event_and_the_change_it_tells_of_are_written_together_or_not_at_all():
    organization = an_organization()
    with pytest.raises(KeyboardInterrupt), tenancy.vendor():
        organizations.change(organization, name="Other", now=NOW, by="user:x")
        raise KeyboardInterrupt
    with tenancy.vendor():
        assert Organization.objects.get().name == organization.name
        assert not AuditEvent.objects.exists()


def test_the_tenant_of_a_row_is_found_and_an_organization_is_its_own():
    organization = an_organization()
    message = an_announcement("x", organization)
    assert audit.organization_of(organization) == organization.pk
    assert audit.organization_of(message) == organization.pk
    message.organization = None
    assert audit.organization_of(message) is None


def test_a_stated_tenant_wins():
    organization, other = an_organization(), an_organization()
    assert record(organization, organization_id=other.pk).organization_id == other.pk


def test_a_tenant_reads_its_own_trail_only():
    organization, neighbour = an_organization(), an_organization()
    record(organization, detail=DETAIL)
    record(neighbour, detail=DETAIL)
    with tenancy.tenant(organization.pk):
        assert list(AuditEvent.objects.values_list("organization_id", flat=True)) == [organization.pk]
        assert list(AuditDetail.objects.values_list("organization_id", flat=True)) == [organization.pk]


def test_an_announcement_waits_from_its_instant_and_names_its_subject():
    organization = an_organization()
    with tenancy.vendor():
        message = outbox.publish("thing.done", organization, at=NOW, payload={"count": 1})
    assert (message.next_attempt_at, message.subject_id, message.payload) == (NOW, organization.public_id, {"count": 1})
