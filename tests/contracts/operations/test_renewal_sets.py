"""Renewal of many contracts at once: the same rows as one by one, each failure alone, once, at a flat cost."""

import re
import threading
from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import connection, connections

from accounts import tenancy
from accounts.models import AuditEvent, OutboxMessage
from accounts.operations.sweeping import SYSTEM, walk
from contracts import sweeps
from contracts.models import Contract, RenewalPlan
from contracts.operations import ending, renewal, renewal_sets, signing, stored
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import fresh, give, live_until, terms_of, trail, utc, withdraw
from tests.engines import admin_dsn
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
# Contracts whose next renewals differ in all that a plan holds.
PORTFOLIO = {
    "yearly": {},
    "from-a-leap-day": {"starts_on": date(2024, 2, 29), "concluded_on": date(2024, 1, 1)},
    "quarterly": {"first_term_months": 3, "renewal_term_months": 3, "notice_length": 10, "notice_unit": "days"},
    "becomes-indefinite": {"renewal_term_months": None},
    "committed-beyond-its-term": {"minimum_commitment_months": 18},
    "in-polish-law": {"governing_law": "PL", "time_zone": "Europe/Warsaw"},
    "in-auckland": {"time_zone": "Pacific/Auckland"},
    "to-the-end-of-a-quarter": {"notice_end_of": "quarter"},
    "ends-by-itself": {"auto_renews": False},
    "with-seats": {"seats": 40, "notice_length": 0},
}


def a_portfolio():
    organization = an_organization()
    for name, values in PORTFOLIO.items():
        a_signed_contract(organization, reference=name, **values)
    return organization


def one_by_one(instant):
    """Live until an instant as the one-item operations do it."""
    acts = (
        (sweeps.starts_due, lambda one: signing.start(one, now=instant, by=SYSTEM)),
        (
            sweeps.certainties_due,
            lambda one: renewal.make_certain(one, ending=one.term_ends_on, now=instant, by=SYSTEM),
        ),
        (sweeps.renewals_due, lambda one: renewal.renew(one, ending=one.term_ends_on, now=instant, by=SYSTEM)),
        (sweeps.ends_due, lambda one: ending.end(one, now=instant, by=SYSTEM)),
    )
    while sum(walk(lambda due=due: due(at=instant), act).done for due, act in acts):
        pass


def written(organization):
    """Return every row about the organization's contracts, without what is drawn by lot or counted up."""
    with tenancy.vendor():
        contracts = {one.public_id: one for one in Contract.objects.filter(organization=organization)}
        names = [
            field.name
            for field in Contract._meta.concrete_fields
            if field.name not in ("id", "public_id", "organization", "planned_for")
        ]
        found = [[getattr(one, name) for name in names] for one in contracts.values()]
        for one in contracts.values():
            rows = one.terms.order_by("number", "pk").values_list(
                "number", "days", "fee", "currency", "clauses", "certain_at", "started_at", "voided_at"
            )
            found.append([one.reference, *map(list, rows)])
        for model, fields in (
            (AuditEvent, ("name", "subject_type", "actor", "data", "detail_digest", "occurred_at")),
            (OutboxMessage, ("topic", "subject_type", "payload", "occurred_at", "next_attempt_at", "attempts")),
        ):
            for public_id, one in contracts.items():
                rows = model.objects.filter(subject_id=public_id).order_by("pk").values_list(*fields)
                found.append([model.__name__, one.reference, *map(list, rows)])
    return sorted(found, key=str)


DAYS = ("2025-01-02", "2025-07-15", "2025-10-15", "2026-01-15", "2026-03-01", "2027-02-01")


@pytest.mark.parametrize("days", [DAYS, DAYS[:1] + DAYS[-1:]], ids=["in-time", "after-two-years"])
@pytest.mark.parametrize("planned", [True, False], ids=["planned-beforehand", "never-planned-beforehand"])
def test_the_set_and_the_single_operation_write_the_same_rows(days, planned, monkeypatch):
    in_sets, used = a_portfolio(), []
    write = renewal_sets.SetWise.write
    monkeypatch.setattr(
        renewal_sets.SetWise, "write", lambda self, **values: used.append(write(self, **values)) or used[-1]
    )
    for day in days:
        live_until(day)
        if planned:
            sweeps.plan_all(at=at(day), by=SYSTEM)
    assert sum(chunk.done for chunk in used) > 20, "the set-wise path was taken"
    singly = a_portfolio()
    for day in days:
        one_by_one(at(day))
    assert written(in_sets) == written(singly)


def test_a_plan_is_made_with_every_schedule_and_used_once():
    contract = a_signed_contract(an_organization())
    live_until("2025-01-02")
    contract = fresh(contract)
    with tenancy.vendor():
        plan = RenewalPlan.objects.get(contract=contract)
        assert (contract.planned_for, plan.number, plan.starts_at) == (2, 2, contract.renews_at)
        assert (plan.following_certain_at, plan.following_last_notice_on) == (
            utc("2026-09-30 22:00"),
            date(2026, 9, 30),
        )
        assert renewal_sets.RENEWAL.left_over(at=at("2026-01-02")) == []
    sweeps.make_all_certain(at=at("2026-01-02"), by=SYSTEM)
    assert sweeps.renew_all(at=at("2026-01-02"), by=SYSTEM).done == 1
    with tenancy.vendor():
        assert list(Contract.objects.due_for_planning()) == [contract], "its plan is used up"
    assert sweeps.plan_all(at=at("2026-01-02"), by=SYSTEM).done == 1
    assert sweeps.plan_all(at=at("2026-01-02"), by=SYSTEM).done == 0
    assert fresh(contract).planned_for == 3


CHANGES = {
    "the-fee": {"annual_fee": 999},
    "a-clause": {"notice_length": 2},
    "the-seats": {"seats": 7},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_plan_whose_inputs_changed_is_never_used(change):
    """Whoever changed them forgot to plan again: the single operation takes what is there."""
    contract = a_signed_contract(an_organization())
    live_until("2025-01-02")
    with tenancy.vendor():
        Contract.objects.update(**change)
        assert renewal_sets.RENEWAL.left_over(at=at("2026-01-02")) == [contract.pk]
        assert renewal_sets.RENEWAL.write(at=at("2026-01-02"), by=SYSTEM).done == 0
    live_until("2026-01-02")
    with tenancy.vendor():
        second = fresh(contract).terms.get(number=2)
    for name, value in change.items():
        assert (second.fee if name == "annual_fee" else second.clauses[name]) == value


def test_a_notice_makes_another_plan():
    contract = a_signed_contract(an_organization())
    live_until("2025-01-02")
    give(contract, "2025-12-15", recorded="2025-12-15")  # too late for the first term: it ends with the second
    live_until("2026-02-01")
    found = fresh(contract)
    assert (found.term_number, found.renews_at, found.ends_on) == (2, None, date(2027, 1, 1))
    withdraw(found, "2026-02-01")
    assert fresh(contract).planned_for == 3


def test_one_that_is_refused_is_left_alone_and_the_others_go_through():
    """A term that is in the way breaks a constraint: the chunk is halved until only that contract is left out."""
    organization = an_organization()
    contracts = [a_signed_contract(organization, reference=f"C-{number}") for number in range(9)]
    live_until("2025-01-02")
    with tenancy.vendor():
        in_the_way = stored.new_term(fresh(contracts[4]), 3)
        in_the_way.days, in_the_way.certain_at = (date(2026, 6, 1), date(2027, 6, 1)), at("2025-01-02")
        in_the_way.save(force_insert=True)
    swept = sweeps.renew_all(at=at("2026-01-02"), by=SYSTEM)
    assert (swept.done, swept.refused) == (8, {"error": 1})
    assert [fresh(one).term_number for one in contracts] == [2, 2, 2, 2, 1, 2, 2, 2, 2]


def test_those_that_fail_do_not_hold_up_what_is_behind_them(monkeypatch):
    """A chunk of contracts without a plan that all fail is left out when the next ones are looked for."""
    monkeypatch.setattr(renewal_sets, "CHUNK", 2)
    organization = an_organization()
    contracts = [a_signed_contract(organization, reference=f"C-{number}") for number in range(4)]
    live_until("2025-01-02")
    with tenancy.vendor():
        for one in contracts[:2]:
            in_the_way = stored.new_term(fresh(one), 3)
            in_the_way.days, in_the_way.certain_at = (date(2026, 6, 1), date(2027, 6, 1)), at("2025-01-02")
            in_the_way.save(force_insert=True)
        Contract.objects.update(paid_ahead=1)  # none goes by the set-wise way
    swept = sweeps.renew_all(at=at("2026-01-02"), by=SYSTEM)
    assert (swept.done, swept.refused) == (2, {"error": 2})


def test_a_free_term_is_paid_until_its_end_whichever_way_it_is_renewed():
    in_sets = a_signed_contract(an_organization(), annual_fee=Decimal(0))
    live_until("2025-01-02")
    assert sweeps.renew_all(at=at("2026-01-02"), by=SYSTEM).done == 1
    singly = a_signed_contract(an_organization(), annual_fee=Decimal(0))
    for day in ("2025-01-02", "2026-01-02"):
        one_by_one(at(day))
    assert fresh(in_sets).term_number == fresh(singly).term_number == 2
    assert fresh(in_sets).paid_until == fresh(singly).paid_until


def test_two_sweeps_at_once_renew_once():
    organization = an_organization()
    contracts = [a_signed_contract(organization, reference=f"C-{number}") for number in range(20)]
    live_until("2025-01-02")
    ready, done, failed = threading.Barrier(3), [], []

    def work():
        try:
            ready.wait(timeout=20)
            swept = sweeps.renew_all(at=at("2028-02-02"), by=SYSTEM)
            done.append((swept.done, swept.refused))
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not failed, failed
    sweeps.renew_all(at=at("2028-02-02"), by=SYSTEM)
    for one in contracts:
        assert [number for number, *_days in terms_of(one)] == [1, 2, 3, 4]
        events, topics = trail(one)
        assert events["contract.renewed"] == topics["contract.renewed"] == 3


def test_what_another_worker_holds_is_skipped():
    contract = a_signed_contract(an_organization())
    live_until("2025-01-02")
    held, over = threading.Event(), threading.Event()

    def hold():
        try:
            with tenancy.vendor():
                Contract.objects.select_for_update(no_key=True).get(pk=contract.pk)
                held.set()
                over.wait(timeout=20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(timeout=20)
    try:
        assert sweeps.renew_all(at=at("2026-01-02"), by=SYSTEM).done == 0
    finally:
        over.set()
        thread.join(timeout=20)
    assert sweeps.renew_all(at=at("2026-01-02"), by=SYSTEM).done == 1


@pytest.mark.parametrize(
    ("kind", "index"),
    [(renewal_sets.RENEWAL, "contract_due_renewal"), (renewal_sets.CERTAINTY, "contract_due_certainty")],
    ids=["renewals", "certainties"],
)
def test_the_sweep_reads_what_is_due_and_nothing_else(kind, index):
    """However many contracts are not due: the index holds those that renew, in the order in which they fall due."""
    a_signed_contract(an_organization())
    live_until("2025-01-02")
    for query in (kind.ready_query, kind.left_over_query):
        with tenancy.vendor(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            place = {"at": at("2025-06-01"), "without": [], "limit": 500, "after": renewal_sets.START[0], "after_id": 0}
            cursor.execute(f"EXPLAIN {query}", place)
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert re.search(rf"Index (Only )?Scan using {index}", plan), plan
        assert "Seq Scan on contracts_contract" not in plan, plan


@pytest.mark.parametrize(
    ("due", "index"),
    [(sweeps.renewals_due, "contract_due_renewal"), (sweeps.certainties_due, "contract_due_certainty")],
    ids=["renewals", "certainties"],
)
def test_the_question_of_the_single_operation_reads_the_same_index(due, index):
    a_signed_contract(an_organization())
    live_until("2025-01-02")
    with tenancy.vendor(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        plan = due(at=at("2025-06-01")).explain()
    assert re.search(rf"Index Scan using {index}", plan), plan


def test_what_is_to_be_planned_is_read_from_its_own_index():
    a_signed_contract(an_organization())
    # Of one row each index costs the same: the one for what is due, which serves too, is not asked for its price.
    valid = "UPDATE pg_index SET indisvalid = %s WHERE indexrelid = 'contract_due_renewal'::regclass"
    with psycopg.connect(admin_dsn("default"), autocommit=True) as admin:
        admin.execute(valid, [False])
        try:
            with tenancy.vendor(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
                plan = Contract.objects.due_for_planning().explain()
        finally:
            admin.execute(valid, [True])
    assert "contract_due_plan" in plan, plan


def test_a_past_that_is_taken_over_is_recorded_and_not_announced():
    contract = a_signed_contract(an_organization(), starts_on=date(2020, 1, 1), concluded_on=date(2019, 12, 1))
    live_until("2025-01-15")
    events, topics = trail(contract)
    assert (events["contract.renewed"], topics["contract.renewed"]) == (5, 1)


def test_an_instant_with_microseconds_is_written_as_python_writes_it():
    organization = an_organization()
    contracts = [a_signed_contract(organization, reference=name) for name in ("set", "single")]
    live_until("2025-01-02")
    instant = at("2025-10-05") + timedelta(microseconds=120)
    with tenancy.vendor():
        Contract.objects.update(certain_at=instant)
    with tenancy.vendor():
        renewal.make_certain(contracts[1], ending=date(2026, 1, 1), now=at("2025-10-06"), by=SYSTEM)
    sweeps.make_all_certain(at=at("2025-10-06"), by=SYSTEM)
    with tenancy.vendor():
        data = AuditEvent.objects.filter(name="contract.renewal_certain").values_list("data", flat=True)
        assert list(data) == [{"number": 2, "certain_at": instant.isoformat()}] * 2
