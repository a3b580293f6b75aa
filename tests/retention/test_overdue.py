"""Privacy officers are told of holds to review and of attestations that are missing: once, and again in good time."""

import contextlib
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from accounts.models import AuditEvent, OutboxMessage
from accounts.operations import delivery
from accounts.operations.fanning import CLIENTS_TOPICS
from retention.enums import HoldGround
from retention.models import LegalHold, ManualErasure
from retention.operations import attesting, holds, overdue
from tests.accounts.parties import at_once
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import at
from tests.retention.connectors.configured import paper
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NOW, BY = at("2026-03-10"), "system"
REVIEW = datetime(2026, 4, 1, tzinfo=UTC)


def a_hold():
    with tenancy.vendor():
        return holds.place(
            an_organization(),
            ground=HoldGround.LAW,
            citation="Art. 145 CPC",
            review_on=date(2026, 4, 1),
            now=NOW,
            by="user:officer",
        )


def an_erasure_by_hand():
    organization, store = an_organization(), paper()
    with tenancy.vendor():
        return ManualErasure.objects.create(
            organization=organization, store=store, store_name="Folder", run=uuid4(), asked_at=NOW, due_at=REVIEW
        )


HOLDS = (a_hold, overdue.ask_for_all_reviews, overdue.hold_following, "legal_hold.review_due", 30)
ATTESTATIONS = (an_erasure_by_hand, overdue.press_all, overdue.attestation_following, "manual_erasure.overdue", 7)
BOTH = pytest.mark.parametrize(
    ("made", "remind", "following", "topic", "days"), [HOLDS, ATTESTATIONS], ids=["hold", "attestation"]
)


def told(topic):
    with tenancy.vendor():
        found = OutboxMessage.objects.filter(topic=topic).count()
        assert AuditEvent.objects.filter(name=topic, vendor_only=True).count() == found
    return found


@BOTH
def test_it_is_told_once_it_is_overdue_and_again_after_an_interval(made, remind, following, topic, days):
    made()
    assert remind(at=REVIEW - timedelta(seconds=1), by=BY).done == 0
    with tenancy.vendor():
        assert following(after=NOW) == REVIEW
    assert remind(at=REVIEW, by=BY).done == 1 and told(topic) == 1
    again = REVIEW + timedelta(days=days)
    with tenancy.vendor():
        assert following(after=REVIEW) == again
    for hours in (0, 1, 24, 24 * days - 1):
        assert remind(at=REVIEW + timedelta(hours=hours), by=BY).done == 0
    assert remind(at=again, by=BY).done == 1 and told(topic) == 2


def test_what_is_released_or_attested_is_told_no_more():
    hold, erasure = a_hold(), an_erasure_by_hand()
    with tenancy.vendor():
        holds.release(hold, now=NOW, by="user:officer")
        overdue.press(erasure, now=REVIEW, by=BY)
    upload = SimpleUploadedFile("protocol.pdf", b"%PDF", "application/pdf")
    with tenancy.vendor():
        attesting.attest(erasure, upload, now=REVIEW, by="user:officer")
    much_later = REVIEW + timedelta(days=60)
    assert overdue.ask_for_all_reviews(at=much_later, by=BY).done == overdue.press_all(at=much_later, by=BY).done == 0
    with tenancy.vendor():
        assert overdue.hold_following(after=NOW) is overdue.attestation_following(after=NOW) is None
        with pytest.raises(overdue.NotOverdue):
            overdue.ask_to_review(hold, now=REVIEW, by=BY)
        with pytest.raises(overdue.NotOverdue):
            overdue.press(erasure, now=much_later, by=BY)


@BOTH
def test_two_workers_tell_once(made, remind, following, topic, days):
    made()
    found = at_once(*[lambda: remind(at=REVIEW, by=BY)] * 2)
    assert sum(one.done for one in found) == 1 and told(topic) == 1
    refused = {code for one in found for code in one.refused}
    assert refused <= {"not_overdue"}


@BOTH
def test_the_vendors_privacy_officers_are_mailed_and_the_client_hears_nothing(made, remind, following, topic, days):
    row = made()
    officer = a_member("privacy_officer")
    for role in ("client_privacy_officer", "client_administrator"):
        a_member(role, row.organization)
    a_member("administrator")
    remind(at=REVIEW, by=BY)
    with tenancy.vendor():
        (letter,) = delivery.letters(OutboxMessage.objects.get(topic=topic))
    assert letter.to == officer.email and "1 Apr 2026" in letter.body
    assert topic not in CLIENTS_TOPICS


def test_the_words_of_a_hold_are_in_no_announcement():
    a_hold()
    overdue.ask_for_all_reviews(at=REVIEW, by=BY)
    with tenancy.vendor():
        assert "CPC" not in str(OutboxMessage.objects.latest("pk").payload)
        assert LegalHold.objects.get().reminded_at == REVIEW


def test_a_hold_that_was_reviewed_rests_until_its_new_day():
    hold = a_hold()
    assert overdue.ask_for_all_reviews(at=REVIEW, by=BY).done == 1
    with tenancy.vendor():
        kept = holds.keep(hold, review_on=date(2026, 10, 1), now=REVIEW, by="user:officer")
        assert (kept.review_on, kept.reminded_at) == (date(2026, 10, 1), None)
        assert AuditEvent.objects.get(name="legal_hold.kept").data == {
            "review_on": "2026-10-01",
            "before": "2026-04-01",
        }
        assert overdue.hold_following(after=REVIEW) == datetime(2026, 10, 1, tzinfo=UTC)
    assert overdue.ask_for_all_reviews(at=REVIEW + timedelta(days=60), by=BY).done == 0
    assert overdue.ask_for_all_reviews(at=datetime(2026, 10, 1, tzinfo=UTC), by=BY).done == 1


@pytest.mark.parametrize("day", [date(2026, 3, 31), date(2026, 4, 1)])
def test_a_review_is_set_for_a_day_ahead_in_the_clients_zone(day):
    hold = a_hold()
    with tenancy.vendor(), pytest.raises(InvalidInput) as wrong:
        holds.keep(hold, review_on=day, now=REVIEW, by=BY)  # in Paris it is 1 April already
    assert [(one.field, one.code) for one in wrong.value.errors] == [("review_on", "not_ahead")]


def test_of_a_review_and_a_release_at_once_the_release_stands():
    hold = a_hold()

    def keep():
        with tenancy.vendor(), contextlib.suppress(Refused):
            holds.keep(hold, review_on=date(2027, 1, 1), now=NOW, by="user:one")

    def release():
        with tenancy.vendor():
            holds.release(hold, now=NOW, by="user:two")

    at_once(keep, release)
    with tenancy.vendor():
        hold.refresh_from_db()
        assert hold.released_by == "user:two"
        with pytest.raises(Refused):
            holds.keep(hold, review_on=date(2027, 1, 1), now=NOW, by="user:one")


def test_a_review_by_rest_is_a_400_by_field_or_moves_the_day():
    hold = a_hold()
    officer = caller("privacy_officer")
    assert officer("POST", f"legal-holds/{hold.public_id}/keep", {}, expect=400)["errors"][0]["attr"] == "review_on"
    body = {"review_on": "2020-01-01"}
    assert officer("POST", f"legal-holds/{hold.public_id}/keep", body, expect=400)["errors"][0]["code"] == "not_ahead"
    found = officer("POST", f"legal-holds/{hold.public_id}/keep", {"review_on": "2099-01-01"})
    assert found["review_on"] == "2099-01-01"
    manager = caller("contract_manager")
    manager("POST", f"legal-holds/{hold.public_id}/keep", {"review_on": "2099-01-01"}, expect=403)
