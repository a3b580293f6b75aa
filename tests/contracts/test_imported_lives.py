"""Imports against time, size and each other: caught up by the sweeps, in sets, two at once."""

import threading
from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from accounts import tenancy
from accounts.models import AuditEvent, LicensedUser, Organization
from accounts.operations import users
from accounts.operations.sweeping import SYSTEM
from contracts import sweeps
from contracts.models import Contract
from contracts.operations import importing
from contracts.operations.importing import Outcome
from tests.contracts.imports import BY, NOW, run, stored, two_clients
from tests.contracts.portfolio.files import CONTRACT, USER, a_row, read_rows

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def three_years_old():
    """Return the row of a yearly contract that began on 1 March 2023, three years before the import."""
    return a_row(
        CONTRACT,
        USER,
        concluded_on="2023-02-01",
        starts_on="2023-03-01",
        first_term_months="12",
        renewal_term_months="12",
    )


def sweep_all(instant):
    for sweep in (sweeps.start_all, sweeps.make_all_certain, sweeps.renew_all, sweeps.end_all):
        assert not sweep(at=instant, by=SYSTEM).refused


def test_a_contract_of_three_years_ago_is_caught_up_term_by_term():
    run(three_years_old())
    sweep_all(NOW)
    with tenancy.vendor():
        contract = Contract.objects.get()
        terms = list(contract.terms.order_by("number"))
        events = Counter(AuditEvent.objects.filter(subject_id=contract.public_id).values_list("name", flat=True))
        recorded = AuditEvent.objects.filter(subject_id=contract.public_id, recorded_at__isnull=True).exists()
        late = AuditEvent.objects.filter(subject_id=contract.public_id).exclude(occurred_at=NOW).exists()
        numbers = AuditEvent.objects.filter(name="contract.renewed").order_by("pk").values_list("data", flat=True)
        renewed = [(data["number"], data["starts_on"]) for data in numbers]
    assert (contract.status, contract.term_number, contract.term_ends_on) == ("active", 4, date(2027, 3, 1))
    assert contract.last_notice_on == date(2026, 11, 30)
    assert [(term.number, term.days.lower, term.days.upper) for term in terms] == [
        (number, date(2022 + number, 3, 1), date(2023 + number, 3, 1)) for number in (1, 2, 3, 4)
    ]
    assert all(one.days.upper == two.days.lower for one, two in pairwise(terms))
    # Each term started at its own local midnight, and was certain the day after its last day for notice.
    assert [term.started_at for term in terms] == [
        datetime(2023, 2, 28, 23, tzinfo=UTC),
        datetime(2024, 2, 29, 23, tzinfo=UTC),
        datetime(2025, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 2, 28, 23, tzinfo=UTC),
    ]
    assert [term.certain_at for term in terms[1:]] == [
        datetime(2023, 11, 30, 23, tzinfo=UTC),
        datetime(2024, 11, 30, 23, tzinfo=UTC),
        datetime(2025, 11, 30, 23, tzinfo=UTC),
    ]
    assert renewed == [(2, "2024-03-01"), (3, "2025-03-01"), (4, "2026-03-01")]
    assert not recorded and not late, "the trail says when it was done here, the terms when it came to be"
    assert events == {
        "contract.drafted": 1,
        "contract.signed": 1,
        "contract.started": 1,
        "contract.renewal_certain": 3,
        "contract.renewed": 3,
    }


def test_after_the_sweeps_the_same_file_is_the_same():
    run(three_years_old())
    sweep_all(NOW)
    before = stored()
    assert {item.outcome for item in run(three_years_old()).items()} == {Outcome.SAME}
    sweep_all(NOW)
    assert stored() == before


def test_a_contract_that_was_over_before_the_import_ends_and_lets_nobody_in():
    run({**three_years_old(), "auto_renewal": "no"})
    sweep_all(NOW)
    with tenancy.vendor():
        contract = Contract.objects.get()
        assert (contract.status, contract.end_reason, contract.term_number) == ("ended", "expiry", 1)
        assert contract.ended_at == datetime(2024, 2, 29, 23, tzinfo=UTC)
        assert LicensedUser.objects.get().status == "invited"


def test_users_are_written_in_sets():
    """A thousand more users cost a few queries, not a thousand."""
    costs = []
    for count in (1_000, 2_000):
        rows = [a_row(USER, user_external_id=f"{count}-{number}") for number in range(count)]
        portfolio = read_rows(*rows)
        with CaptureQueriesContext(connections["default"]) as queries, tenancy.vendor():
            plan = importing.run(portfolio, now=NOW, by=BY)
        assert plan.counts()["users"]["created"] == count
        costs.append(len(queries))
    with tenancy.vendor():
        assert LicensedUser.objects.count() == 3_000
    assert costs[1] - costs[0] < 20, costs


def test_changed_users_are_written_in_sets():
    rows = [a_row(USER, user_external_id=f"u-{number}") for number in range(500)]
    run(*rows)
    portfolio = read_rows(*(row | {"user_department": "Legal"} for row in rows))
    with CaptureQueriesContext(connections["default"]) as queries, tenancy.vendor():
        assert importing.run(portfolio, now=NOW, by=BY).counts()["users"]["changed"] == 500
    assert len(queries) < 30
    with tenancy.vendor():
        assert LicensedUser.objects.filter(department="Legal").count() == 500


def test_two_imports_of_one_file_at_once_make_one_set():
    rows = [*two_clients(), *(a_row(USER, user_external_id=f"x{number}") for number in range(50))]
    portfolio = read_rows(*rows)
    both_ready = threading.Barrier(2)
    found, failed = [], []

    def worker():
        try:
            with tenancy.vendor():
                both_ready.wait(timeout=20)
                plan = importing.run(portfolio, now=NOW, by=BY)
            found.append({item.outcome for item in plan.items()})
        except Exception as error:  # a refusal would be as clean; anything else is not
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not failed
    assert sorted(found, key=str) == sorted([{Outcome.CREATED}, {Outcome.SAME}], key=str)
    with tenancy.vendor():
        assert (Organization.objects.count(), Contract.objects.count(), LicensedUser.objects.count()) == (2, 2, 52)
        assert AuditEvent.objects.filter(name="portfolio.imported").count() == 1


def test_an_import_and_a_client_that_puts_its_users_do_not_lose_each_other(monkeypatch):
    """A user who comes in by another door between plan and write stays one user, with what the file says."""
    run(a_row(CONTRACT))
    found = importing.preview

    def meanwhile(portfolio, *, now):
        plan = found(portfolio, now=now)
        users.put(plan.organizations[0].stored, [users.Person("u-1", "old@example.org", "Old")], now=now, by="user:x")
        return plan

    monkeypatch.setattr(importing, "preview", meanwhile)
    run(a_row(USER))
    with tenancy.vendor():
        assert LicensedUser.objects.filter(email="ann@example.org", display_name="Ann Żak").count() == 1
        assert LicensedUser.objects.count() == 1


def test_the_paid_day_is_recorded_once():
    run(a_row(CONTRACT))
    with tenancy.vendor():
        contract = Contract.objects.get()
        for _again in range(2):
            importing.set_paid_until(contract, date(2027, 1, 1), now=NOW, by=BY)
        assert AuditEvent.objects.filter(name="contract.paid_until_changed").count() == 1
