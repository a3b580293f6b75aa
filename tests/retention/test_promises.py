"""Within how many days a contract promises the erasure: it sets *erase by*, and a promise too early is flagged."""

import json
from datetime import date, timedelta

import pytest

from accounts import tenancy
from accounts.models import AuditEvent, OutboxMessage
from accounts.operations import delivery
from contracts.enums import SwitchChoice
from contracts.models import Contract
from contracts.rules import periods
from contracts.rules.explanation import Explanation
from retention.operations import exports, requests
from retention.operations import windows as windows_of
from retention.rules import requests as rules
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.switches import act, day, opened
from tests.contracts.test_amending import amend, an_active_contract
from tests.retention.test_life import a_leaving_client, live_until, the_request
from tests.retention.test_switching import a_client
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
DAY = timedelta(days=1)
WHY = Explanation("test", 1, {}, (), "Art. 28(3)(g) GDPR")


def window(erase_from, within, *, agreed=False):
    start = periods.midnight(erase_from, "Europe/Paris")
    end = periods.midnight(erase_from + timedelta(days=within), "Europe/Paris")
    return rules.Window(erase_from, start, end, WHY, agreed)


@pytest.mark.parametrize(
    ("windows", "erase_by", "promised"),
    [
        pytest.param([(date(2026, 2, 3), 30, False)], date(2026, 3, 5), None, id="the vendor's own"),
        pytest.param([(date(2026, 2, 3), 10, True)], date(2026, 2, 13), None, id="the contract's figure"),
        pytest.param([(date(2026, 2, 3), 90, True)], date(2026, 5, 4), None, id="later than the vendor's own"),
        pytest.param(
            [(date(2026, 2, 3), 30, False), (date(2026, 1, 20), 30, True)],
            date(2026, 2, 19),
            None,
            id="another contract promised an earlier day",
        ),
        pytest.param(
            [(date(2026, 2, 3), 30, False), (date(2026, 1, 10), 5, False)],
            date(2026, 3, 5),
            None,
            id="another contract promised nothing of its own",
        ),
        pytest.param(
            [(date(2026, 2, 3), 30, False), (date(2026, 1, 10), 5, True)],
            date(2026, 2, 4),
            date(2026, 1, 15),
            id="promised before it is allowed",
        ),
        pytest.param(
            [(date(2026, 2, 3), 30, True), (date(2026, 1, 24), 10, True)],
            date(2026, 2, 4),
            date(2026, 2, 3),
            id="promised for the first instant at which it is allowed",
        ),
    ],
)
def test_the_longest_window_and_the_earliest_promise_count(windows, erase_by, promised):
    found = rules.longest([window(on, within, agreed=agreed) for on, within, agreed in windows])
    assert found.ends_on == date(2026, 2, 3)
    assert found.erase_by == periods.midnight(erase_by, "Europe/Paris")
    assert found.promised_by == (None if promised is None else periods.midnight(promised, "Europe/Paris"))


WAIVED = periods.midnight(date(2026, 1, 20), "Europe/Paris")


@pytest.mark.parametrize(
    ("other", "due", "promised"),
    [
        pytest.param((date(2026, 1, 10), 20, True), date(2026, 1, 30), None, id="another contract's promise is kept"),
        pytest.param((date(2026, 1, 10), 20, False), date(2026, 2, 19), None, id="another contract promised nothing"),
        pytest.param((date(2026, 1, 10), 5, True), date(2026, 1, 21), date(2026, 1, 15), id="promised, and past"),
    ],
)
def test_after_a_waiver_the_figure_counts_from_now_and_others_promises_stay(other, due, promised):
    windows = [window(date(2026, 4, 1), 30), window(other[0], other[1], agreed=other[2])]
    found = rules.waived(windows, now=WAIVED, erase_by=periods.midnight(date(2026, 5, 1), "Europe/Paris"))
    assert found == tuple(None if day is None else periods.midnight(day, "Europe/Paris") for day in (due, promised))


@pytest.mark.parametrize("longest_first", [True, False])
def test_a_contract_counts_by_its_longest_window_whichever_comes_first(longest_first):
    both = [window(date(2026, 2, 3), 10), window(date(2026, 1, 10), 10)]
    found = {}
    for one in both if longest_first else both[::-1]:
        windows_of.put(found, one, contract=Contract(pk=7))
    assert found == {7: both[0]}


def test_the_figure_of_the_contract_sets_the_day():
    organization = a_leaving_client(erasure_days=10)
    live_until(at("2026-01-02"))
    request = the_request(organization)
    assert (request.erase_by - request.erase_from, request.promised_by) == (10 * DAY, None)
    with tenancy.vendor():
        exports.waive(request, now=at("2026-01-03"), by="user:client")
        waived = requests.waive_retrieval(request, now=at("2026-01-03"), by="user:client")
    assert waived.erase_by == at("2026-01-03") + 10 * DAY, "not the vendor's own figure"


def clashing():
    organization = an_organization()
    long = {"starts_on": date(2024, 12, 20), "auto_renews": False, "retrieval_days": 120}
    short = {"starts_on": date(2024, 12, 31), "auto_renews": False, "erasure_days": 5}
    a_signed_contract(organization, reference="A", **long)
    a_signed_contract(organization, reference="B", **short)
    live_until(at("2025-12-25"))
    live_until(at("2025-12-31"))
    return organization


def test_a_promise_that_cannot_be_kept_is_flagged_wherever_the_request_is_seen():
    organization = clashing()
    request = the_request(organization)
    promised = request.promised_by
    assert promised < request.erase_from == request.erase_by - DAY, "the first day on which it is allowed"
    manager = a_member("contract_manager", email="manager@vendor.example")
    with tenancy.vendor():
        data = AuditEvent.objects.get(name="deletion_request.opened").data
        assert data["promised_by"] == promised.isoformat()
        message = OutboxMessage.objects.get(topic="deletion_request.opened")
        (letter,) = [one for one in delivery.letters(message) if one.to == manager.email]
    assert letter.body.startswith("Hello") and letter.body.count("A contract promised the erasure by") == 1
    found = caller("privacy_officer")("GET", f"deletion-requests/{request.public_id}")
    assert found["promised_by"].startswith(promised.date().isoformat())


def test_who_waives_the_rest_of_the_period_has_the_promise_kept():
    request = the_request(clashing())
    promised = request.promised_by
    with tenancy.vendor():
        exports.waive(request, now=at("2026-01-20"), by="user:client")
        waived = requests.waive_retrieval(request, now=at("2026-01-20"), by="user:client")
    assert (waived.erase_by, waived.promised_by) == (promised, None)


@pytest.mark.parametrize(("given", "code"), [(0, "min_value"), (366, "max_value"), ("soon", "invalid")])
def test_by_rest_a_figure_out_of_range_is_a_400_at_its_field(given, code):
    contract, manager = an_active_contract(), caller("contract_manager")
    answer = amend(manager, contract, values=json.dumps({"erasure_days": given}))
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["attr"], error["code"]) == ("values.erasure_days", code)
    assert manager("GET", f"contracts/{contract.public_id}")["erasure_days"] is None


def test_an_amendment_changes_the_promise(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-02-01"))
    contract, manager = an_active_contract(), caller("contract_manager")
    answer = amend(manager, contract, values=json.dumps({"erasure_days": 15}), valid_from="2025-02-01")
    assert answer.status_code == 201, answer.json()
    live_until(at("2025-02-01"))
    assert manager("GET", f"contracts/{contract.public_id}")["erasure_days"] == 15


def test_a_switch_that_takes_longer_is_no_broken_promise():
    organization, contract = a_client()
    case = opened(contract)
    live_until(at("2027-03-04"))
    extended = {"choice": SwitchChoice.EXTEND, "until": day("2027-08-31")}
    act("choose", case, now="2027-03-10", on=day("2027-03-10"), **extended)
    act("complete", case, now="2027-06-02", completed_on=day("2027-06-02"))
    live_until(at("2027-06-02"))
    request = the_request(organization)
    assert request.erase_from == at("2027-10-01").replace(hour=0) - timedelta(hours=2)
    assert (request.erase_by - request.erase_from, request.promised_by) == (30 * DAY, None)


def test_a_switch_that_takes_longer_keeps_the_figure_of_its_contract():
    organization, contract = a_client(erasure_days=10)
    case = opened(contract)
    live_until(at("2027-03-04"))
    act("choose", case, now="2027-03-10", on=day("2027-03-10"), choice=SwitchChoice.EXTEND, until=day("2027-08-31"))
    act("complete", case, now="2027-06-02", completed_on=day("2027-06-02"))
    live_until(at("2027-06-02"))
    request = the_request(organization)
    assert (request.erase_by - request.erase_from, request.promised_by) == (10 * DAY, None)


def test_a_contract_does_not_clash_with_itself_though_its_end_is_carried_out_late():
    organization, contract = a_client(erasure_days=10)
    case = opened(contract)
    act("complete", case, now="2026-12-20", completed_on=day("2026-12-20"))
    live_until(at("2027-01-15"))
    request = the_request(organization)
    assert request.promised_by is None
    assert request.erase_by - request.erase_from == 10 * DAY


def test_of_a_default_the_client_may_still_have_its_export():
    organization = a_leaving_client(end_choice="delete")
    live_until(at("2026-01-02"))
    request = the_request(organization)
    assert (request.export_decision, request.export_waived_at) == ("declined", None)
    client = caller("client_administrator", str(organization.public_id))
    path = f"organizations/{organization.public_id}/exports"
    client("POST", path, {"request": str(request.public_id)}, expect=201)
    assert the_request(organization).export_decision == "done"
