"""Switching and erasure: what a switch grants and blocks, and what releases it."""

from datetime import date

import pytest

from accounts import tenancy
from accounts.errors import Refused
from accounts.operations.sweeping import SYSTEM
from contracts.enums import SwitchChoice, SwitchKind
from contracts.models import Contract, SwitchingCase
from contracts.operations import switching
from retention import sweeps
from retention.models import Certificate, DeletionRequest, ErasureRun, Vault
from retention.operations import blocking, erasure, exports, requests, runs
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import MANAGER, at_once, utc
from tests.contracts.operations.switches import a_proof, act, an_active_contract, day, opened
from tests.retention.test_life import decide_everything, live_until, the_request
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def a_client(**contract):
    """Return an organization with people, whose contract of 2026 is active on 1 December."""
    organization = an_organization()
    people_of(organization, "ann", "cyr")
    return organization, an_active_contract(organization, **contract)


def window_of(organization):
    found = the_request(organization)
    return str(found.service_ended_on), str(found.retrieval_ends_on), found.erase_from


def blocks(organization, now):
    with tenancy.vendor():
        return blocking.blocks(DeletionRequest.objects.get(organization=organization), now=at(now))


def test_a_completed_switch_grants_retrieval_after_the_agreed_transition():
    organization, contract = a_client()
    case = opened(contract)
    act("complete", case, now="2026-12-20", completed_on=day("2026-12-20"))
    live_until(at("2026-12-22"))
    assert window_of(organization) == ("2026-12-21", "2027-04-03", utc("2027-04-02 22:00"))
    decide_everything(organization, now=at("2027-01-05"))
    live_until(at("2027-04-02"))
    assert blocks(organization, "2027-04-02") == ("retrieval_period_runs",)
    live_until(at("2027-04-03"))
    request = the_request(organization)
    assert (request.status, request.origin) == ("certified", "switching")
    with tenancy.vendor():
        asked = Certificate.objects.get().document["request"]
    assert (asked["origin"], asked["asked_by"]) == ("switching", "switch")


def test_erasure_only_needs_neither_completion_nor_retrieval():
    organization, contract = a_client(first_term_months=36)
    opened(contract, kind=SwitchKind.ERASURE_ONLY)
    live_until(at("2027-02-02"))
    request = the_request(organization)
    assert (window_of(organization), request.export_decision) == (
        ("2027-02-02", "2027-02-02", utc("2027-02-01 23:00")),
        "declined",
    )
    assert blocks(organization, "2027-02-02") == ("end_not_confirmed", "not_approved")


def test_erasure_only_waits_for_its_notice_where_the_contract_ended_before():
    organization, contract = a_client(auto_renews=False)
    opened(contract, kind=SwitchKind.ERASURE_ONLY)
    live_until(at("2027-01-02"))
    assert window_of(organization) == ("2027-01-01", "2027-02-02", utc("2027-02-01 23:00"))


def test_an_unfinished_switch_blocks_erasure_until_the_clients_choice():
    organization, contract = a_client()
    case = opened(contract)
    live_until(at("2027-03-04"))
    live_until(at("2027-05-10"))
    assert blocks(organization, "2027-05-10")[0] == "switch_unfinished"
    with pytest.raises(blocking.SwitchUnfinished), tenancy.vendor():
        requests.confirm_end(the_request(organization), now=at("2027-05-10"), by=MANAGER)
    act("choose", case, now="2027-05-10", on=day("2027-05-10"), choice=SwitchChoice.DELETE)
    decide_everything(organization, now=at("2027-05-10"))
    live_until(at("2027-05-11"))
    assert the_request(organization).status == "certified"


def test_more_time_moves_the_retrieval_period_of_the_open_request():
    organization, contract = a_client()
    case = opened(contract)
    live_until(at("2027-03-04"))
    assert window_of(organization)[1] == "2027-04-03"
    act("choose", case, now="2027-03-10", on=day("2027-03-10"), choice=SwitchChoice.EXTEND, until=day("2027-08-31"))
    live_until(at("2027-06-01"))
    assert "switch_unfinished" in blocks(organization, "2027-06-01")
    with tenancy.vendor():
        request = DeletionRequest.objects.get()
        DeletionRequest.objects.update(export_decision="declined")
    with pytest.raises(blocking.SwitchUnfinished), tenancy.vendor():
        requests.waive_retrieval(request, now=at("2027-06-01"), by="user:client")
    act("complete", case, now="2027-06-02", completed_on=day("2027-06-02"))
    # Even before a sweep has moved the dates, nothing may be erased.
    assert "retrieval_period_runs" in blocks(organization, "2027-06-02")
    live_until(at("2027-06-02"))
    assert window_of(organization)[1:] == ("2027-10-01", utc("2027-09-30 22:00"))
    with tenancy.vendor():
        requests.waive_retrieval(the_request(organization), now=at("2027-06-03"), by="user:client")
    live_until(at("2027-06-03"))
    assert blocks(organization, "2027-06-03") == ("end_not_confirmed", "not_approved")


def test_a_switch_that_goes_on_moves_no_dates_until_it_is_settled():
    organization, contract = a_client()
    case = opened(contract)
    live_until(at("2027-03-04"))
    act("choose", case, now="2027-03-10", on=day("2027-03-10"), choice=SwitchChoice.EXTEND, until=day("2027-08-31"))
    with tenancy.vendor():
        case.refresh_from_db()
        assert case.erase_at > the_request(organization).erase_from, "its dates lie ahead, and may change again"
        assert not sweeps.switches_due(at=at("2027-03-11")).exists()
    live_until(at("2027-03-11"))
    assert window_of(organization)[1] == "2027-04-03"
    act("complete", case, now="2027-06-02", completed_on=day("2027-06-02"))
    with tenancy.vendor():
        assert list(sweeps.switches_due(at=at("2027-06-02"))) == [the_request(organization)]


def test_who_waived_the_rest_of_the_period_gets_no_other_from_the_switch():
    organization, contract = a_client()
    case = opened(contract)
    act("complete", case, now="2026-12-20", completed_on=day("2026-12-20"))
    live_until(at("2026-12-22"))
    decide_everything(organization, now=at("2027-01-05"))
    with tenancy.vendor():
        requests.waive_retrieval(the_request(organization), now=at("2027-01-06"), by="user:client")
        case.refresh_from_db()
        assert case.erase_at > the_request(organization).erase_from, "what the switch granted"
        assert not sweeps.switches_due(at=at("2027-01-06")).exists()
    swept = sweeps.follow_switches(at=at("2027-01-06"), by=SYSTEM)
    assert (swept.done, swept.refused) == (0, {}) and the_request(organization).erase_from == at("2027-01-06")


def test_a_switch_that_is_unfinished_again_stops_a_run_that_was_planned():
    """The fence asks again, under the organization's row: whatever was planned, the data stay readable."""
    organization, contract = a_client()
    case = opened(contract)
    act("complete", case, now="2026-12-20", completed_on=day("2026-12-20"))
    live_until(at("2026-12-22"))
    request = decide_everything(organization, now=at("2027-01-05"))
    with tenancy.vendor():
        run = runs.plan(request, now=at("2027-04-05"), by=SYSTEM)
        SwitchingCase.objects.update(status="unfinished", completed_on=None, closed_at=None)
    with pytest.raises(Refused) as raised:
        erasure.advance(run, now=at("2027-04-05"), by=SYSTEM)
    assert raised.value.code == "switch_unfinished"
    with tenancy.vendor():
        assert Vault.objects.get(organization=organization).state == "open"


def test_a_case_opened_while_an_erasure_is_planned_keeps_everything():
    organization, contract = a_client()
    act("complete", opened(contract), now="2026-12-20", completed_on=day("2026-12-20"))
    live_until(at("2026-12-22"))
    request = decide_everything(organization, now=at("2027-01-05"))
    proof = a_proof(organization)
    again = a_signed_contract(organization, reference="C-2", starts_on=date(2027, 4, 1))
    with tenancy.vendor():
        Contract.objects.filter(pk=again.pk).update(status="active")

    def open_one():
        switching.open_case(
            again,
            kind=SwitchKind.PROVIDER,
            received_on=day("2027-04-05"),
            proof=proof,
            now=at("2027-04-05"),
            by=MANAGER,
        )

    works = iter([open_one, lambda: runs.plan(request, now=at("2027-04-05"), by=SYSTEM)])
    assert at_once(lambda: next(works)()) == (1, ["erasure_not_due"])
    assert blocks(organization, "2027-04-05")[:2] == ("contract_open", "switch_unfinished")
    with tenancy.vendor():
        assert not ErasureRun.objects.exists()


def test_opening_waits_for_the_fence_and_the_fence_for_the_opening():
    """Both take the organization's row, so one of them sees what the other did."""
    organization, contract = a_client()
    with tenancy.vendor():
        from django.db import connection

        proof = a_proof(organization)
        switching.open_case(
            contract, kind=SwitchKind.PROVIDER, received_on=day("2026-12-01"), proof=proof, now=at("2026-12-01"), by="x"
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE pid = %s AND relation = 'accounts_organization'::regclass "
                "AND mode = 'RowShareLock'",
                [pid],
            )
            assert cursor.fetchone()[0] == 1


def test_the_categories_of_the_checklist_are_those_of_an_exports_manifest(settings):
    organization = an_organization()
    people_of(organization, "ann")
    with tenancy.tenant(organization.pk):
        made = exports.make(organization, request=None, now=at("2026-12-01"), by="user:one")
    assert sorted(made.rows) == sorted(settings.EXPORTED_CATEGORIES)


def test_the_page_of_requests_names_the_switch():
    from retention import explain
    from retention.admin.blocking import blocks_of, with_blocks

    organization, contract = a_client()
    opened(contract)
    live_until(at("2027-03-05"))
    with tenancy.vendor():
        (shown,) = with_blocks(DeletionRequest.objects.all(), now=at("2027-03-05"))
        assert blocks_of(shown) == blocking.blocks(shown, now=at("2027-03-05"))
    assert "switch" in explain.block(blocks_of(shown)[0])
    with tenancy.vendor():
        assert not sweeps.switches_due(at=at("2027-03-05")).exists(), organization
