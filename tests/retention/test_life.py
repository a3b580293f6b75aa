"""From a contract's end to its certificate, driven by operations and sweeps at stated instants."""

import json
from datetime import date, timedelta

import pytest
from django.db import connection

from accounts import tenancy
from accounts.enums import LicenceStatus
from accounts.models import AuditDetail, AuditEvent, LicensedUser, Organization
from accounts.operations import users
from accounts.operations.sweeping import SYSTEM
from config.sweeps import SWEEPS
from contracts.enums import NoticeChannel, NoticeKind, NoticeParty
from contracts.models import Contract
from contracts.operations import notices
from retention import sweeps
from retention.enums import Decision, HoldGround, RequestStatus, RunPhase, VaultState
from retention.models import (
    Certificate,
    DataKey,
    DeletionRequest,
    ErasureEntry,
    ErasureRun,
    ErasureStep,
    LegalHold,
    Message,
    Vault,
    Verification,
)
from retention.operations import archive, erasure, exports, holds, requests, runs, saga, vault
from retention.rules import certificate as certificate_rules
from tests.contracts.agreements import a_signed_contract, at
from tests.retention.vaults import a_talk, an_organization, parsed, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
CONTRACT_MANAGER, PRIVACY_OFFICER = "user:manager", "user:officer"


def live_until(instant):
    """Run every sweep at the instant, until nothing is due any more."""
    for _round in range(5):
        if not sum(sweep.do(at=instant, by=SYSTEM).done for sweep in SWEEPS):
            return
    raise AssertionError("the sweeps find work for ever")


def a_leaving_client(**contract):
    """Return an organization whose contract ended on 2026-01-01, with people and content."""
    organization = an_organization()
    signed = a_signed_contract(organization, **contract)
    people_of(organization, "ann-1", "ben-1")
    live_until(at("2025-01-02"))
    with tenancy.tenant(organization.pk):
        vault.write(organization, parsed(a_talk(author="ann-1", turns=9)), now=at("2025-02-02"), by="user:product")
    with tenancy.vendor():
        notices.give(
            signed,
            kind=NoticeKind.NON_RENEWAL,
            party=NoticeParty.CLIENT,
            channel=NoticeChannel.EMAIL,
            sent_on=date(2025, 6, 1),
            received_on=date(2025, 6, 1),
            entitled=True,
            now=at("2025-06-02"),
            by=CONTRACT_MANAGER,
        )
    return organization


def the_request(organization):
    with tenancy.vendor():
        return DeletionRequest.objects.get(organization=organization)


def decide_everything(organization, *, now=None):
    """Confirm, approve, waive the export, decline the archive."""
    now = now or at("2026-01-10")
    with tenancy.vendor():
        request = DeletionRequest.objects.select_related("organization").get(organization=organization)
        requests.confirm_end(request, now=now, by=CONTRACT_MANAGER)
        requests.approve(request, now=now, by=PRIVACY_OFFICER)
        archive.decline(request, now=now, by=PRIVACY_OFFICER)
        exports.waive(request, now=now, by="user:client")
    return request


def test_a_client_leaves_and_nothing_is_left():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    with tenancy.vendor():
        assert Contract.objects.get(organization=organization).status == "ended"
        assert set(LicensedUser.objects.values_list("status", flat=True)) == {LicenceStatus.SUSPENDED}
    request = the_request(organization)
    assert (request.status, request.retrieval_ends_on) == (RequestStatus.RECEIVED, date(2026, 1, 31))

    decide_everything(organization)
    live_until(at("2026-01-20"))
    assert the_request(organization).status == RequestStatus.APPROVED, "the retrieval period still runs"

    live_until(at("2026-02-05"))
    request = the_request(organization)
    with tenancy.vendor():
        run = ErasureRun.objects.get(request=request)
        check = Verification.objects.get(run=run)
    assert check.hits == []
    assert request.status == RequestStatus.CERTIFIED
    with tenancy.vendor():
        assert LicensedUser.objects.count() == Message.objects.count() == AuditDetail.objects.count() == 0
        assert Vault.objects.get().state == VaultState.DESTROYED
        steps = {step.store: step.erased for step in ErasureStep.objects.all()}
        assert (steps["messages"], steps["conversations"], steps["licensed_users"]) == (9, 1, 2)
        document = Certificate.objects.get().document
    from retention import ledger

    with ledger.vendor():
        assert DataKey.objects.count() == 0
        assert ErasureEntry.objects.get().run == run.public_id
    from retention.operations.certificates import public_pem

    key = certificate_rules.read_public_key(public_pem())
    found = certificate_rules.verify(json.loads(json.dumps(document)), key)
    assert found["keys"]["destroyed"] == 1
    assert "ann" not in json.dumps(document)
