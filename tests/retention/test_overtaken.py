"""Erasures of people that everything of their organization overtakes: they end, and whoever asked is answered."""

from datetime import date, timedelta

import pytest
from django.core import mail

from accounts import tenancy
from accounts.models import AuditEvent, Organization, OutboxMessage
from accounts.operations import delivery
from accounts.operations.sweeping import SYSTEM
from retention import ledger, sweeps
from retention.enums import RequestKind, RequestStatus, RunPhase
from retention.models import DeletionRequest, ErasureEntry, ErasureRun, Message
from retention.operations import (
    impact,
    people_requests,
    requests,
    run_control,
    runs,
    saga,
    subject_decisions,
    subject_steps,
    vault,
)
from tests.admin.people import a_member
from tests.contracts.agreements import a_signed_contract, at
from tests.retention.asking import again, forwarded, taken
from tests.retention.restoring import Backup, replayed
from tests.retention.test_life import a_leaving_client, decide_everything, live_until, the_request
from tests.retention.under_contract import CLIENT, OFFICER, person, state_of
from tests.retention.vaults import a_talk, parsed, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
LEFT, GONE = at("2026-01-03"), at("2026-02-05")


@pytest.fixture
def leaving():
    """Return a client whose contract has ended: its retrieval period runs."""
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    return organization


def asked(organization, *, decided=True):
    with tenancy.vendor():
        people = [person(organization, "ben-1").public_id]
        return people_requests.open_for_people(organization, people=people, decided=decided, now=LEFT, by=CLIENT)


def test_who_approves_the_erasure_of_everything_is_told_of_peoples_exports(leaving):
    with tenancy.vendor():
        people = [person(leaving, "ben-1").public_id]
        people_requests.open_for_people(
            leaving, people=people, kind=RequestKind.EXPORT, decided=False, now=LEFT, by=OFFICER
        )
        assert impact.of(the_request(leaving))["open_exports"] == 1


def approved(organization):
    with tenancy.vendor():
        return requests.approve(asked(organization), now=LEFT, by=OFFICER)


def planned(request, *, fenced=False):
    """Return the paused run of a request: it has destroyed nothing, though its people may be fenced."""
    with tenancy.vendor():
        run = runs.plan(request, now=LEFT + timedelta(days=2), by=SYSTEM)
    if fenced:
        with runs.working_on(run, now=LEFT + timedelta(days=2)) as lease:
            saga.fence(run, lease, by=SYSTEM)
    with tenancy.vendor():
        return run_control.pause(run, now=LEFT + timedelta(days=2), by=OFFICER)


def all_goes(organization):
    decide_everything(organization)
    live_until(GONE)
    assert the_request(organization).status == RequestStatus.CERTIFIED


def entries():
    with ledger.vendor():
        return list(ErasureEntry.objects.order_by("pk").values_list("run", "subject_refs"))


@pytest.mark.parametrize("how", ["undecided", "undone", "approved", "planned"])
def test_an_erasure_of_people_ends_with_everything_of_their_organization(leaving, how):
    request = asked(leaving, decided=how != "undecided")
    if how in ("approved", "planned"):
        with tenancy.vendor():  # an approval can be taken back for a day, and everything goes meanwhile
            requests.approve(request, now=LEFT if how == "planned" else GONE - timedelta(hours=1), by=OFFICER)
    if how == "planned":
        planned(request)
    all_goes(leaving)
    live_until(GONE + timedelta(minutes=1))
    assert state_of(request) == RequestStatus.CANCELLED
    with tenancy.vendor():
        run = ErasureRun.objects.filter(request=request).first()
        events = AuditEvent.objects.filter(subject_id=request.public_id, name="deletion_request.cancelled")
        assert [event.data for event in events] == [{"kind": "erase", "why": "people_erased"}]
        message = OutboxMessage.objects.get(subject_id=request.public_id, topic="deletion_request.cancelled")
        a_member("privacy_officer")
        (letter,) = delivery.letters(message)
    assert run is None or (run.phase, run.identifiers) == (RunPhase.CANCELLED, None)
    assert "Nothing" not in letter.body and "erased meanwhile" in letter.body
    assert len(entries()) == 1, "the ledger knows of one erasure"


def test_it_waits_until_it_is_sure_that_nothing_is_left(leaving):
    request = asked(leaving)
    decide_everything(leaving)
    with tenancy.vendor():
        run = runs.plan(the_request(leaving), now=GONE, by=SYSTEM)
    sweeps.work_all(at=GONE, by=SYSTEM)
    with tenancy.vendor():
        ErasureRun.objects.filter(pk=run.pk).update(phase=RunPhase.RESIDUE_FOUND)
        DeletionRequest.objects.filter(pk=run.request_id).update(status=RequestStatus.FAILED)
    sweeps.carry_out_all(at=GONE, by=SYSTEM)
    assert state_of(request) == RequestStatus.CONFIRMED


def test_while_somebody_is_there_nothing_ends(leaving):
    request = approved(leaving)
    planned(request)
    for moment in (LEFT, LEFT + timedelta(days=9)):
        live_until(moment)
        assert state_of(request) == RequestStatus.APPROVED


def test_who_asked_is_told_that_it_is_done(leaving):
    a_member("client_administrator", leaving)
    row = forwarded(leaving, taken(now=LEFT, received_at=LEFT), now=LEFT)
    with tenancy.tenant(leaving.pk):
        people = [person(leaving, "ben-1").public_id]
        row = subject_decisions.grant(row, people=people, now=LEFT, by=CLIENT, for_client=False)
    all_goes(leaving)
    live_until(GONE + timedelta(minutes=1))
    row = again(row)
    assert (row.state, row.outcome) == ("answered", "granted")
    body = [one.body for one in mail.outbox if one.to == ["Ann@canary.example"]][-1]
    assert "Your data are erased" in body and "against" not in body


def test_a_fence_is_not_closed_around_nobody(leaving):
    """However it came to that: an entry of the ledger that names nobody stands for everything of the organization."""
    request = approved(leaving)
    run = planned(request)
    decide_everything(leaving)
    sweeps.plan_all(at=GONE, by=SYSTEM)
    sweeps.work_all(at=GONE, by=SYSTEM)
    with tenancy.vendor():
        run_control.resume(run, now=GONE, by=OFFICER)
    with pytest.raises(requests.NobodyLeft), runs.working_on(run, now=GONE) as lease:
        saga.fence(run, lease, by=SYSTEM)
    with pytest.raises(requests.NobodyLeft):
        saga.destroy(run, lease, leaving.public_id, [], now=GONE)
    with tenancy.vendor():
        assert ErasureRun.objects.get(pk=run.pk).phase == RunPhase.PLANNED
    assert [run for run, _people in entries()] != [run.public_id]


def test_one_whose_fence_is_closed_goes_on_to_its_certificate(leaving):
    ben = person(leaving, "ben-1").public_id
    request = approved(leaving)
    run = planned(request, fenced=True)
    all_goes(leaving)
    assert state_of(request) == RequestStatus.DESTROYING
    with tenancy.vendor():
        run_control.resume(run, now=GONE, by=OFFICER)
    live_until(GONE + timedelta(minutes=1))
    assert state_of(request) == RequestStatus.CERTIFIED
    assert entries()[1] == (run.public_id, [ben])


def test_a_client_that_came_back_is_not_erased_by_a_restore(leaving):
    request = approved(leaving)
    planned(request, fenced=True)
    all_goes(leaving)
    a_signed_contract(leaving, reference="C-2", concluded_on=date(2026, 3, 1), starts_on=date(2026, 4, 1))
    live_until(at("2026-04-02"))
    people_of(leaving, "new-1")
    with tenancy.tenant(leaving.pk):
        vault.write(leaving, parsed(a_talk(author="new-1", turns=5)), now=at("2026-04-03"), by="user:product")
    backup = Backup()
    with tenancy.vendor():
        run_control.resume(ErasureRun.objects.get(request=request), now=at("2026-04-03"), by=OFFICER)
    live_until(at("2026-04-04"))
    assert state_of(request) == RequestStatus.CERTIFIED
    backup.restore()
    replayed()
    with tenancy.vendor():
        assert Message.objects.count() == 5


def test_who_asks_is_told_that_nothing_is_held_unless_the_client_came_back(leaving):
    a_member("client_administrator", leaving)
    before = forwarded(leaving, taken(now=LEFT, received_at=LEFT), now=LEFT)
    all_goes(leaving)
    live_until(GONE + timedelta(minutes=1))
    before = again(before)
    assert (before.state, before.outcome) == ("answered", "not_held")
    a_signed_contract(leaving, reference="C-2", concluded_on=date(2026, 3, 1), starts_on=date(2026, 4, 1))
    back = at("2026-04-02")
    live_until(back)
    row = forwarded(leaving, taken(now=back, received_at=back), now=back)
    with tenancy.vendor():
        assert Organization.objects.get(pk=leaving.pk).content_erased_at is None
        # As the erasure had left it in clients that came back before.
        Organization.objects.filter(pk=leaving.pk).update(content_erased_at=GONE)
        assert not sweeps.subjects_due(at=back + timedelta(minutes=1)).filter(pk=row.pk).exists()
        subject_steps.step(row, now=back + timedelta(minutes=1), by=SYSTEM)
    assert again(row).state == "forwarded"
