"""A request that is due and held up leaves evidence: since when, by what, until when; told to the client once."""

from datetime import date, timedelta

import pytest

from accounts import tenancy
from accounts.models import AuditEvent, OutboxMessage
from retention import sweeps
from retention.enums import HoldGround, RequestKind, RequestStatus
from retention.models import DeletionRequest
from retention.operations import corrections, evidence, holds, requests
from retention.rules import requests as rules
from tests.accounts.parties import at_once
from tests.api.callers import caller
from tests.contracts.agreements import a_draft, at
from tests.retention.test_life import a_leaving_client, decide_everything, live_until, the_request
from tests.retention.under_contract import AFTER_GRACE, CLIENT, NOW, STAFF, a_client, approved, asked, person, state_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture
def client_():
    return a_client()


def hold(organization, who=None):
    with tenancy.vendor():
        return holds.place(
            organization,
            ground=HoldGround.LAW,
            citation="Art. 145",
            review_on=date(2099, 1, 1),
            person=None if who is None else person(organization, who).public_id,
            now=NOW,
            by=STAFF,
        )


def events(request):
    with tenancy.vendor():
        found = AuditEvent.objects.filter(subject_id=request.public_id, name__contains="blocked").order_by("pk")
        return [(one.name.partition(".")[2], one.data, one.occurred_at) for one in found]


def since(request):
    with tenancy.vendor():
        return DeletionRequest.objects.get(pk=request.pk).blocked_since


def test_a_hold_on_a_due_erasure_is_evident_until_it_is_released(client_):
    placed = hold(client_, "ann-1")
    request = approved(asked(client_, "ann-1"))
    live_until(NOW + timedelta(hours=1))
    assert (since(request), events(request)) == (None, []), "the approval can still be taken back: it is not due"
    live_until(AFTER_GRACE)
    live_until(AFTER_GRACE + timedelta(days=1))
    blocked = ("blocked", {"kind": "erase", "codes": ["legal_hold"]}, AFTER_GRACE)
    assert (since(request), events(request)) == (AFTER_GRACE, [blocked])
    with tenancy.vendor():
        told = OutboxMessage.objects.get(topic="deletion_request.blocked")
        assert told.payload == {"kind": "erase", "codes": ["legal_hold"]}
        holds.release(placed, now=AFTER_GRACE, by=STAFF)
    later = AFTER_GRACE + timedelta(days=2)
    live_until(later)
    assert events(request)[1:] == [("unblocked", {"kind": "erase", "since": AFTER_GRACE.isoformat()}, later)]
    assert (since(request), state_of(request)) == (None, RequestStatus.CERTIFIED)


def test_one_that_the_client_decided_on_counts_as_due_before_it_is_approved_and_others_are_not_touched(client_):
    hold(client_, "ann-1")
    held, free = asked(client_, "ann-1"), asked(client_, "cyd-1")
    waiting = asked(client_, "ben-1", decided=False)
    restricted = asked(client_, "ann-1", kind=RequestKind.RESTRICT)
    live_until(NOW)
    assert [since(one) for one in (held, free, waiting, restricted)] == [NOW, None, None, None]


def test_one_that_is_given_up_is_no_longer_held_up(client_):
    hold(client_, "ann-1")
    request = asked(client_, "ann-1")
    live_until(NOW)
    with tenancy.vendor():
        requests.cancel(request, now=NOW, by=CLIENT)
    live_until(NOW)
    assert (since(request), [name for name, _data, _at in events(request)]) == (None, ["blocked", "unblocked"])


def test_a_contract_that_is_negotiated_holds_the_end_up():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    with tenancy.vendor():
        a_draft(organization, reference="AGAIN")
    request = the_request(organization)
    due = max(request.erase_from, request.grace_until)
    with tenancy.vendor():
        assert not sweeps.blocks_due(at=due - timedelta(seconds=1)).exists()
        assert evidence.following(after=due - timedelta(seconds=1)) == due
    assert sweeps.note_blocks(at=due, by="system").done == 1
    assert events(request) == [("blocked", {"kind": "erase", "codes": ["contract_drafted"]}, due)]


def test_a_correction_that_the_product_does_not_confirm_is_noted_and_told(client_, settings):
    request = asked(client_, "ann-1", kind=RequestKind.CORRECT, corrections={"shoe_size": "38"})
    due = NOW + settings.CORRECTION_CONFIRMED_WITHIN
    with tenancy.vendor():
        assert evidence.following(after=NOW) == due
    live_until(due - timedelta(seconds=1))
    assert since(request) is None
    live_until(due)
    assert events(request) == [("blocked", {"kind": "correct", "codes": ["correction_unconfirmed"]}, due)]
    with tenancy.vendor():
        corrections.confirm(request, now=due, by="token:product")
    live_until(due)
    assert (since(request), state_of(request)) == (None, RequestStatus.DONE)


def test_two_sweeps_note_it_once(client_):
    hold(client_)
    request = asked(client_, "ann-1")

    def note():
        with tenancy.vendor():
            return evidence.note(DeletionRequest.objects.get(pk=request.pk), now=NOW, by="system")

    assert sorted(type(one).__name__ for one in at_once(note, note)) == ["AsNoted", "DeletionRequest"]
    assert len(events(request)) == 1


def test_by_rest_those_that_are_held_up_are_listed(client_):
    hold(client_, "ann-1")
    held, _free = asked(client_, "ann-1"), asked(client_, "cyd-1")
    live_until(NOW)
    officer = caller("privacy_officer")
    listed = officer("GET", f"deletion-requests?blocked=true&organization={client_.public_id}")["results"]
    assert [one["public_id"] for one in listed] == [str(held.public_id)]
    assert len(officer("GET", f"deletion-requests?blocked=false&organization={client_.public_id}")["results"]) == 1
    assert officer("GET", f"deletion-requests/{held.public_id}")["blocked_since"] is not None


@pytest.mark.parametrize(
    ("codes", "held_up"),
    [
        pytest.param(("not_approved", "legal_hold"), ("legal_hold",), id="decided"),
        pytest.param(("contract_open", "switch_unfinished"), ("contract_open", "switch_unfinished"), id="both"),
        pytest.param(("client_undecided", "legal_hold"), (), id="undecided"),
        pytest.param(("grace_runs", "legal_hold"), (), id="can-be-taken-back"),
        pytest.param(("retrieval_period_runs", "contract_open"), (), id="retrieval"),
        pytest.param(("not_approved",), (), id="nobody-but-us"),
        pytest.param((), (), id="nothing"),
    ],
)
def test_what_counts_as_held_up(codes, held_up):
    assert rules.held_up_by(codes) == held_up
