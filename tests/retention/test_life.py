"""From a contract's end to its certificate, driven by operations and sweeps at stated instants."""

import json
from datetime import date, timedelta

import pytest
from django.db import connection

from accounts import tenancy
from accounts.enums import LicenceStatus
from accounts.errors import Refused
from accounts.models import AuditDetail, AuditEvent, LicensedUser, Organization
from accounts.operations import users
from accounts.operations.sweeping import SYSTEM
from config import time_travel
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
from retention.operations import archive, blocking, erasure, exports, holds, requests, run_control, runs, saga, vault
from retention.operations.audit_package import instructions
from retention.rules import certificate as certificate_rules
from retention.rules.audit_package import Span
from tests.contracts.agreements import a_signed_contract, at
from tests.retention.vaults import a_talk, an_organization, parsed, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
MONTH = Span(date(2026, 2, 1), date(2026, 3, 1))
CONTRACT_MANAGER, PRIVACY_OFFICER = "user:manager", "user:officer"


def live_until(instant):
    """Run every sweep that has something to do at the instant, in their order, until nothing is due any more."""
    assert time_travel.live(instant, by=SYSTEM), "the sweeps find work for ever"


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
        return DeletionRequest.objects.get(organization=organization, scope="organization")


def decide_everything(organization, *, now=None):
    """Confirm, approve, waive the export, decline the archive."""
    now = now or at("2026-01-10")
    with tenancy.vendor():
        found = DeletionRequest.objects.select_related("organization")
        request = found.get(organization=organization, scope="organization")
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
    # 30 days from 1 January, when the end was carried out; the last is a Saturday, so Monday 2 February is granted too.
    assert (request.status, request.retrieval_ends_on) == (RequestStatus.RECEIVED, date(2026, 2, 3))

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
    assert found["provisional"] and all(store["residual"] == 0 for store in found["stores"])
    live_until(at("2026-02-13"))
    with tenancy.vendor(), pytest.raises(Refused, match="destroyed"):
        runs.unseal(ErasureRun.objects.get())
    assert "ann" not in json.dumps(document)


COMMITS = 12


@pytest.mark.parametrize("dies_at", range(COMMITS))
def test_killed_between_any_two_commits_it_goes_on(dies_at, monkeypatch, settings):
    """Each database transaction of the run is a place to die, just before it or just after its commit."""
    settings.ERASURE_CHUNK_ROWS = 4
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    with tenancy.vendor():
        request = sweeps.plans_due(at=at("2026-02-05")).get()
        run = runs.plan(request, now=at("2026-02-05"), by=SYSTEM)
    seen = []

    def deadly(enter):
        def scope(*args):
            seen.append(args)
            if len(seen) == dies_at + 1:
                raise KeyboardInterrupt
            return enter(*args)

        return scope

    with monkeypatch.context() as patch:
        for module, name in ((saga.tenancy, "eraser"), (saga.ledger, "eraser")):
            patch.setattr(module, name, deadly(getattr(module, name)))
        with pytest.raises(KeyboardInterrupt):
            # The real thing gives no lease back either: a killed process does nothing more.
            patch.setattr(runs, "give_back", lambda *args, **kwargs: None)
            erasure.advance(run, now=at("2026-02-05"), by=SYSTEM)
    later = at("2026-02-05") + timedelta(hours=1)
    live_until(later)
    assert the_request(organization).status == RequestStatus.CERTIFIED
    with tenancy.vendor():
        steps = {step.store: (step.found, step.erased) for step in ErasureStep.objects.all()}
    assert steps["messages"] == (9, 9), "no row is counted twice or left out"
    with tenancy.vendor():
        assert AuditEvent.objects.filter(name="erasure.keys_destroyed").count() == 1


def test_a_hold_stops_the_run_with_the_data_readable():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    request = decide_everything(organization)
    with tenancy.vendor():
        run = runs.plan(request, now=at("2026-02-05"), by=SYSTEM)
        hold = holds.place(
            organization,
            ground=HoldGround.CLIENT_INSTRUCTION,
            citation="Letter of 4 February",
            review_on=date(2026, 6, 1),
            now=at("2026-02-05"),
            by=PRIVACY_OFFICER,
        )
    with pytest.raises(blocking.HoldInForce):
        erasure.advance(run, now=at("2026-02-05"), by=SYSTEM)
    with tenancy.tenant(organization.pk):
        assert len(vault.read(organization, Message.objects.all())) == 9
    with tenancy.vendor():
        assert Vault.objects.get(organization=organization).state == VaultState.OPEN
        holds.release(hold, now=at("2026-02-06"), by=PRIVACY_OFFICER)
    live_until(at("2026-02-06"))
    assert the_request(organization).status == RequestStatus.CERTIFIED


def test_a_hold_that_comes_too_late_is_refused_and_recorded():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    live_until(at("2026-02-05"))
    with tenancy.vendor():
        late = holds.place(
            organization,
            ground=HoldGround.LAW,
            citation="Art. 145",
            review_on=date(2026, 6, 1),
            now=at("2026-02-06"),
            by=PRIVACY_OFFICER,
        )
        assert late is None and not LegalHold.objects.exists()
        refused = AuditEvent.objects.get(name="legal_hold.refused")
        assert refused.data == {"ground": "law", "scope": "organization", "vault": "destroyed", "person": False}
        assert AuditDetail.objects.get(organization_id=organization.pk).text == {"citation": "Art. 145"}
        (line,) = [one for one in instructions.part(MONTH, organization).rows if one["name"] == "legal_hold.refused"]
    assert (line["by"], line["data"]["ground"]) == (PRIVACY_OFFICER, "law")
    live_until(at("2026-02-07"))
    with tenancy.vendor():
        assert Verification.objects.count() > 1 and not Verification.objects.filter(passed=False).exists()


def test_nobody_and_nothing_is_added_once_keys_are_destroyed():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    live_until(at("2026-02-05"))
    with pytest.raises(vault.VaultClosed), tenancy.tenant(organization.pk):
        vault.write(organization, parsed(a_talk(author="ann-1")), now=at("2026-02-06"), by="user:product")
    person = users.Person("new-1", "new@client.example", "New")
    with pytest.raises(users.OrganizationClosed), tenancy.tenant(organization.pk):
        users.put(organization, [person], now=at("2026-02-06"), by="user:product")


def test_a_client_that_comes_back_after_its_erasure_is_let_in_again():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    live_until(at("2026-02-05"))
    a_signed_contract(organization, reference="C-2", concluded_on=date(2026, 3, 1), starts_on=date(2026, 4, 1))
    live_until(at("2026-04-02"))
    with tenancy.tenant(organization.pk):
        users.put(organization, [users.Person("new-1", "new@client.example", "New")], now=at("2026-04-03"), by="user:x")
        assert vault.write(organization, parsed(a_talk(author="new-1")), now=at("2026-04-03"), by="user:x").created == 3


def test_a_successor_contract_keeps_everything():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    a_signed_contract(organization, reference="C-2", concluded_on=date(2026, 1, 20), starts_on=date(2026, 3, 1))
    live_until(at("2026-02-05"))
    assert the_request(organization).status == RequestStatus.CANCELLED
    with tenancy.vendor():
        assert Message.objects.count() == 9 and not ErasureRun.objects.exists()
        assert Organization.objects.get().closed_at is None


def test_a_draft_under_negotiation_keeps_the_end_from_being_confirmed():
    from tests.contracts.agreements import a_draft

    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    a_draft(organization, reference="C-2", concluded_on=date(2026, 1, 5), starts_on=date(2026, 3, 1))
    with pytest.raises(blocking.ContractDrafted), tenancy.vendor():
        requests.confirm_end(the_request(organization), now=at("2026-01-10"), by=CONTRACT_MANAGER)


@pytest.mark.parametrize("by", [SYSTEM, CONTRACT_MANAGER])
def test_who_asked_or_confirmed_cannot_approve(by):
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    with tenancy.vendor():
        request = requests.confirm_end(the_request(organization), now=at("2026-01-10"), by=CONTRACT_MANAGER)
    with pytest.raises(requests.SamePerson), tenancy.vendor():
        requests.approve(request, now=at("2026-01-10"), by=by)


def plant(organization, where):
    """Leave something of a person behind, as a careless program would."""
    table, column, value = where
    with tenancy.vendor(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', 'none', true)")
        cursor.execute("SELECT set_config('terme.organization_id', %s, true)", [str(organization.pk)])
        cursor.execute(f"UPDATE {table} SET {column} = {value} WHERE organization_id = %s", [organization.pk])
        assert cursor.rowcount


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        pytest.param(("contracts_notice", "recorded_by", "'ann-1@client.example'"), "email", id="address-in-a-text"),
        pytest.param(
            ("contracts_notice", "why", """'{"by": "mail of Ann-1@Client.example."}'"""), "email", id="address-in-json"
        ),
        pytest.param(("contracts_notice", "why", """'{"x": ["ben-1"]}'"""), "external_id", id="external-id-in-json"),
        pytest.param(("contracts_contract", "reference", "'C-1 of ben-1'"), "external_id", id="external-id-in-a-text"),
    ],
)
def test_what_was_left_behind_is_found_and_stops_the_certificate(where, kind):
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    plant(organization, where)
    live_until(at("2026-02-05"))
    with tenancy.vendor():
        run, check = ErasureRun.objects.get(), Verification.objects.get()
        assert not Certificate.objects.exists()
    assert (run.phase, the_request(organization).status) == (RunPhase.RESIDUE_FOUND, RequestStatus.FAILED)
    assert {hit["place"] for hit in check.hits} == {f"default.{where[0]}.{where[1]}"}
    assert kind in {hit["kind"] for hit in check.hits}
    assert "client.example" not in json.dumps(check.hits)


def test_once_the_residue_is_mended_the_run_goes_through_again_to_its_certificate():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    plant(organization, ("contracts_notice", "recorded_by", "'ann-1@client.example'"))
    live_until(at("2026-02-05"))
    plant(organization, ("contracts_notice", "recorded_by", "'user:x'"))
    with tenancy.vendor():
        run = run_control.erase_again(ErasureRun.objects.get(), now=at("2026-02-06"), by=PRIVACY_OFFICER)
        with pytest.raises(Refused):
            run_control.erase_again(run, now=at("2026-02-06"), by=PRIVACY_OFFICER)
    live_until(at("2026-02-06"))
    assert the_request(organization).status == RequestStatus.CERTIFIED
    with tenancy.vendor():
        assert [check.passed for check in Verification.objects.order_by("pk")] == [False, True]


def test_an_opaque_id_is_found_in_a_neighbours_row_and_in_a_file(settings):
    organization = a_leaving_client()
    neighbour = an_organization()
    a_signed_contract(neighbour)
    live_until(at("2026-01-02"))
    decide_everything(organization)
    with tenancy.vendor():
        person = LicensedUser.objects.get(external_id="ann-1").public_id
        Contract.objects.filter(organization=neighbour).update(last_notice_why={"of": person.hex})
    (settings.DATA_DIR / "mail").mkdir(parents=True, exist_ok=True)
    (settings.DATA_DIR / "mail" / "1.log").write_text("To: Ann-1@client.example, hello")
    (settings.DATA_DIR / f"{person}.csv").write_text("")
    live_until(at("2026-02-05"))
    with tenancy.vendor():
        hits = {(hit["place"], hit["kind"]) for hit in Verification.objects.get().hits}
    assert hits == {
        ("default.contracts_contract.last_notice_why", "person_id"),
        ("files.mail", "file_content"),
        ("files.data_directory", "file_name"),
    }


def test_the_neighbour_who_knows_the_same_person_is_no_residue():
    organization = a_leaving_client()
    neighbour = an_organization()
    a_signed_contract(neighbour, renewal_term_months=12)
    people_of(neighbour, "ann-1", "ben-1")
    live_until(at("2026-01-02"))
    decide_everything(organization)
    live_until(at("2026-02-05"))
    assert the_request(organization).status == RequestStatus.CERTIFIED
    with tenancy.vendor():
        assert LicensedUser.objects.filter(organization=neighbour).count() == 2
        assert DeletionRequest.objects.get().export_decision == Decision.DECLINED
