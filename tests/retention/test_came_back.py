"""A client that came back after everything of it was erased, when something old is found: what it has now stays."""

from datetime import date

import pytest

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import LicensedUser
from accounts.operations import users
from accounts.operations.sweeping import SYSTEM
from retention import replaying, sweeps
from retention.enums import AcceptanceGround, RequestOrigin, RequestStatus, RestoreOutcome, RunPhase, VaultState
from retention.models import DeletionRequest, ErasureRun, ErasureStep, Message, Vault
from retention.operations import acceptance, blocking, run_control, runs, saga, vault, verification
from tests.api.callers import caller
from tests.contracts.agreements import a_signed_contract, at
from tests.retention.test_checks_again import addenda, the_run
from tests.retention.test_life import PRIVACY_OFFICER, a_leaving_client, decide_everything, live_until, plant
from tests.retention.test_restores import entries, keys_of
from tests.retention.vaults import a_talk, parsed

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
BACK = at("2026-02-09")
OLD = ("contracts_notice", "recorded_by", "'ann-1@client.example'")


def a_client_that_came_back():
    """Return an organization that was erased, is under contract again with content, and has an old address left."""
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    live_until(at("2026-02-05"))
    comes_back(organization)
    plant(organization, OLD)
    live_until(BACK)
    assert the_run().phase == RunPhase.RESIDUE_FOUND
    return organization


def comes_back(organization):
    a_signed_contract(organization, reference="C-2", concluded_on=date(2026, 2, 6), starts_on=date(2026, 2, 7))
    live_until(at("2026-02-08"))
    with tenancy.tenant(organization.pk):
        people = [users.Person("new-1", "new@client.example", "New")]
        users.put(organization, people, now=at("2026-02-08"), by="user:x")
        vault.write(organization, parsed(a_talk(author="new-1")), now=at("2026-02-08"), by="user:x")


def what_it_has(organization):
    with tenancy.vendor():
        return (
            LicensedUser.objects.filter(organization=organization).count(),
            Message.objects.filter(organization=organization).count(),
        )


def test_it_is_not_erased_again_with_what_it_has_now():
    organization = a_client_that_came_back()
    with pytest.raises(blocking.ClientCameBack), tenancy.vendor():
        run_control.erase_again(the_run(), now=BACK, by=PRIVACY_OFFICER)
    live_until(BACK)
    assert (the_run().phase, what_it_has(organization)) == (RunPhase.RESIDUE_FOUND, (1, 2))


def test_no_chunk_erases_into_an_open_vault_whatever_the_run_says():
    organization = a_client_that_came_back()
    with tenancy.vendor():
        ErasureRun.objects.update(phase=RunPhase.KEYS_DESTROYED)
        ErasureStep.objects.update(status="waiting", finished_at=None)
        DeletionRequest.objects.update(status=RequestStatus.ERASING)
    with pytest.raises(blocking.ClientCameBack):
        sweeps.work(the_run(), at=BACK, by=PRIVACY_OFFICER)
    assert what_it_has(organization) == (1, 2)
    assert the_run().last_error == "client_came_back"


def test_mended_by_hand_it_is_searched_again_and_stands():
    organization = a_client_that_came_back()
    plant(organization, (*OLD[:2], "'user:x'"))
    with tenancy.vendor():
        assert verification.ask_again([the_run()], now=BACK, by=PRIVACY_OFFICER) == 1
    live_until(BACK)
    assert (the_run().phase, what_it_has(organization)) == (RunPhase.CERTIFIED, (1, 2))
    assert [one["kind"] for one in addenda()] == ["residue_found", "clean_again"]


def test_what_is_not_mended_is_found_again():
    organization = a_client_that_came_back()
    with tenancy.vendor():
        verification.ask_again([the_run()], now=BACK, by=PRIVACY_OFFICER)
    live_until(BACK)
    assert (the_run().phase, what_it_has(organization)) == (RunPhase.RESIDUE_FOUND, (1, 2))


def test_by_rest_it_is_a_conflict_that_says_what_to_do_and_searching_again_is_not():
    organization = a_client_that_came_back()
    officer = caller("privacy_officer")
    path = f"deletion-requests/{the_run().request.public_id}"
    assert officer("POST", f"{path}/erase-again", expect=409)["code"] == "client_came_back"
    plant(organization, (*OLD[:2], "'user:x'"))
    assert officer("POST", f"{path}/check-again")["status"] == RequestStatus.ERASED
    live_until(BACK)
    assert the_run().phase == RunPhase.CERTIFIED


def test_while_it_leaves_once_more_the_earlier_erasure_waits_for_the_later_one():
    """The database lets one request for everything be open at a time: the earlier one is refused in words."""
    organization = a_client_that_came_back()
    with tenancy.vendor():
        DeletionRequest.objects.update(status=RequestStatus.CERTIFIED)  # as where the later one was open before the hit
        DeletionRequest.objects.create(
            organization=organization,
            origin=RequestOrigin.CONTRACT_END,
            requested_by="system",
            received_at=BACK,
            service_ended_on=date(2026, 2, 9),
            retrieval_ends_on=date(2026, 2, 9),
            erase_from=BACK,
            erase_by=BACK,
        )
    with tenancy.eraser(organization.pk):
        Vault.objects.update(state=VaultState.DESTROYED)
    hit = {"place": f"default.{OLD[0]}.{OLD[1]}", "ground": AcceptanceGround.QUOTED, "reason": "A letter."}
    run = the_run()
    with tenancy.vendor():
        acceptance.accept(run, kind="email", **hit, now=BACK, by="user:three")
    for do in (
        lambda: run_control.erase_again(run, now=BACK, by=PRIVACY_OFFICER),
        lambda: verification.ask_again([run], now=BACK, by=PRIVACY_OFFICER),
        lambda: acceptance.accept(run, kind="external_id", **hit, now=BACK, by="user:three"),
    ):
        with pytest.raises(Refused) as refused, tenancy.vendor():
            do()
        assert refused.value.code == "request_exists"
    with pytest.raises(vault.VaultClosed):
        vault.reopen(organization, now=BACK, by="system")


def test_a_replay_that_meets_it_leaves_it_to_people():
    organization = a_client_that_came_back()
    assert replaying._work(the_run(), by="system") is RestoreOutcome.RESIDUE
    assert what_it_has(organization) == (1, 2)


@pytest.mark.parametrize("fenced", [True, False], ids=["by-its-phase", "by-its-lease"])
def test_a_worker_that_was_held_up_meanwhile_destroys_no_key_of_what_it_has_now(fenced):
    """A machine that slept from the fence on: another one has done everything, and the client is back."""
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    sweeps.plan_all(at=at("2026-02-04"), by=SYSTEM)
    run, lease = the_run(), runs.claim(the_run(), now=at("2026-02-04"))
    if fenced:
        saga.fence(run, lease, by=SYSTEM)
    live_until(at("2026-02-05"))
    comes_back(organization)
    if fenced:
        with tenancy.vendor():
            ErasureRun.objects.update(lease=lease.id)
    with pytest.raises(runs.LeaseLost):
        saga.destroy(run, lease, organization.public_id, None, now=at("2026-02-04"))
    assert keys_of(organization) > 0
    assert len(entries()) == 1


def test_a_run_that_is_paused_behind_its_fence_keeps_its_keys():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    sweeps.plan_all(at=at("2026-02-04"), by=SYSTEM)
    run, lease, before = the_run(), runs.claim(the_run(), now=at("2026-02-04")), keys_of(organization)
    saga.fence(run, lease, by=SYSTEM)
    with tenancy.vendor():
        run_control.pause(run, now=at("2026-02-04"), by=PRIVACY_OFFICER)
    with pytest.raises(runs.RunPaused):
        saga.destroy(run, lease, organization.public_id, None, now=at("2026-02-04"))
    assert (keys_of(organization), entries()) == (before, [])
    runs.give_back(run, lease)
    with tenancy.vendor():
        run_control.resume(run, now=at("2026-02-04"), by=PRIVACY_OFFICER)
    live_until(at("2026-02-05"))
    assert (the_run().phase, keys_of(organization)) == (RunPhase.CERTIFIED, 0)
