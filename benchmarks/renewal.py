"""Renewal of what is due in a portfolio: the sweep, set-wise in chunks, against bare SQL that writes the same rows."""

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts import tenancy
from accounts.models import Organization
from benchmarks import bench
from contracts import sweeps
from contracts.models import Contract, Term
from contracts.operations import stored
from contracts.rules.periods import midnight

SIZES = {"small": (10_000, 500), "full": (100_000, 5_000)}
AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
SIGNED_AT = datetime(2025, 5, 1, 12, tzinfo=UTC)
ORGANIZATIONS = 200
TURNS = 5
BATCH = 2_000

# The limit: five plain statements in one transaction; nothing is locked, checked, chunked or ordered.
BARE = [
    "INSERT INTO contracts_term (organization_id, public_id, contract_id, number, days, fee, currency, clauses, "
    "certain_at, started_at) SELECT c.organization_id, gen_random_uuid(), c.id, p.number, p.days, p.fee, p.currency, "
    "p.clauses, coalesce(c.certain_at, c.renews_at), c.renews_at FROM {due}",
    "INSERT INTO contracts_statementline (organization_id, public_id, contract_id, term_id, kind, starts_on, ends_on, "
    "due_on, amount, currency, vat, why, recorded_by, recorded_at) SELECT c.organization_id, gen_random_uuid(), c.id, "
    "(SELECT t.id FROM contracts_term t WHERE t.organization_id = c.organization_id AND t.contract_id = c.id "
    "AND t.number = p.number), 'fee', lower(p.days), upper(p.days), lower(p.days), p.fee, p.currency, 'standard', "
    "'{}', 'system', %(at)s FROM {due}",
    "INSERT INTO accounts_auditevent (public_id, organization_id, name, subject_type, subject_id, actor, data, "
    "detail_digest, occurred_at) SELECT gen_random_uuid(), c.organization_id, e.name, 'Contract', c.public_id, "
    "'system', e.data, '', %(at)s FROM {due}, {events}",
    "INSERT INTO accounts_outboxmessage (public_id, organization_id, topic, subject_type, subject_id, payload, "
    "occurred_at, next_attempt_at, attempts, last_error) SELECT gen_random_uuid(), c.organization_id, e.name, "
    "'Contract', c.public_id, e.data, %(at)s, %(at)s, 0, '' FROM {due}, {events}",
    "UPDATE contracts_contract c SET term_number = p.number, term_ends_on = upper(p.days), "
    "last_notice_on = p.following_last_notice_on, last_notice_why = p.following_last_notice_why, "
    "certain_at = p.following_certain_at, renews_at = p.following_renews_at, ends_on = p.ends_on, ends_at = p.ends_at "
    "FROM contracts_renewalplan p WHERE p.organization_id = c.organization_id AND p.contract_id = c.id "
    "AND c.status = 'active' AND c.renews_at <= %(at)s",
]
DUE = (
    "contracts_contract c JOIN contracts_renewalplan p ON p.organization_id = c.organization_id "
    "AND p.contract_id = c.id {where} c.status = 'active' AND c.renews_at <= %(at)s"
)
EVENTS = (
    "LATERAL (VALUES ('contract.renewal_certain', jsonb_build_object('number', p.number, 'certain_at', "
    "to_char(coalesce(c.certain_at, c.renews_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') || '+00:00')), "
    "('contract.renewed', jsonb_build_object('number', p.number, 'starts_on', "
    "to_char(c.term_ends_on, 'YYYY-MM-DD')))) AS e (name, data)"
)
WRITTEN = {
    "terms": "SELECT contract_id, number, days, fee, currency, clauses, certain_at, started_at FROM contracts_term",
    "lines": "SELECT contract_id, kind, starts_on, ends_on, due_on, amount, currency, vat, seats, why, recorded_by, "
    "recorded_at, (SELECT number FROM contracts_term t WHERE t.id = term_id) FROM contracts_statementline",
    "contracts": "SELECT id, term_number, term_ends_on, last_notice_on, last_notice_why, certain_at, renews_at, "
    "ends_on FROM contracts_contract",
    "events": "SELECT subject_id, name, actor, data, occurred_at FROM accounts_auditevent",
    "messages": "SELECT subject_id, topic, payload, occurred_at, next_attempt_at FROM accounts_outboxmessage",
}


def measure(size: str) -> dict[str, Any]:
    """Renew what is due of the portfolio, both ways in turn, and compare times and rows."""
    contracts, due = SIZES[size]
    _load(contracts, due)
    seen: dict[str, set[tuple[Any, ...]]] = {"ours": set(), "bare": set()}
    transactions: list[float] = []

    def ours() -> None:
        with bench.longest_transaction(transactions):
            swept = sweeps.renew_all(at=AT, by="system")
        if (swept.done, swept.refused) != (due, {}):
            raise RuntimeError(f"renewed {swept.done}, refused {swept.refused}")

    def bare() -> None:
        with tenancy.vendor(), connection.cursor() as cursor:
            for statement in BARE:
                cursor.execute(_filled(statement), {"at": AT})

    last = ["", ""]

    def reset() -> None:
        if last[0]:
            seen[last[0]].add(_written())
        _reset()

    def noted(name: str, act: Any) -> Any:
        def run() -> None:
            act()
            last[0] = name

        return run

    with bench.administrator() as connected:
        connected.execute("CREATE TABLE at_first AS SELECT * FROM contracts_contract WHERE renews_at <= %s", [AT])
    took = bench.alternate(noted("ours", ours), noted("bare", bare), reset=reset, times=TURNS)
    reset()
    same = seen["ours"] == seen["bare"] and len(seen["ours"]) == 1
    if not same:
        raise RuntimeError("the two ways wrote different rows")
    idle = _idle()
    ours()
    began = time.perf_counter()
    planned = sweeps.plan_all(at=AT, by="system").done
    plan_s = time.perf_counter() - began
    return bench.result(
        "renewal",
        size,
        *took,
        longest_tx_ms=round(max(transactions) * 1000, 1),
        plan_s=round(plan_s, 3),
        planned=planned,
        contracts=contracts,
        renewed=due,
        sweep_with_nothing_due_ms=round(idle * 1000, 2),
        same_rows=same,
    )


def _filled(statement: str) -> str:
    joined, condition = DUE.split(" {where} ")
    if "{events}" in statement:
        return statement.replace("{due}, {events}", f"{joined} CROSS JOIN {EVENTS} WHERE {condition}")
    return statement.replace("{due}", f"{joined} WHERE {condition}")


def _load(contracts: int, due: int) -> None:
    bench.say(f"  loading {contracts} contracts, {due} of them due")
    with tenancy.vendor():
        organizations = Organization.objects.bulk_create(
            Organization(
                name=f"Client {number}",
                country="FR",
                time_zone="Europe/Paris",
                legal_category="company",
                registration_number=f"B{number:08}",
                created_at=SIGNED_AT,
            )
            for number in range(ORGANIZATIONS)
        )
    templates: dict[date, Contract] = {}
    for first in range(0, contracts, BATCH):
        rows = [
            _contract(number, organizations[number % ORGANIZATIONS], _starts_on(number, due), templates)
            for number in range(first, min(first + BATCH, contracts))
        ]
        with tenancy.vendor():
            Contract.objects.bulk_create(rows)
            terms = [stored.new_term(row, 1) for row in rows]
            for term, row in zip(terms, rows, strict=True):
                term.certain_at, term.started_at = SIGNED_AT, row.starts_at
            Term.objects.bulk_create(terms)
    began = time.perf_counter()
    planned = sweeps.plan_all(at=AT, by="system").done
    bench.say(f"  planned {planned} renewals in {time.perf_counter() - began:.1f} s")
    with bench.administrator() as connected:
        connected.execute("VACUUM ANALYZE")


def _starts_on(number: int, due: int) -> date:
    """The first ones began a year and some days before the sweep; the terms of the others go on."""
    if number < due:
        return date(2025, 6, 1) + timedelta(days=number % 14)
    return date(2025, 6, 17) + timedelta(days=number % 340)


def _contract(number: int, organization: Organization, starts_on: date, templates: dict[date, Contract]) -> Contract:
    """Return a contract in its first term, as the operations store it; the rules compute each first day once."""
    if starts_on not in templates:
        template = Contract(
            status="active",
            concluded_on=date(2025, 5, 1),
            starts_on=starts_on,
            starts_at=midnight(starts_on, "Europe/Paris"),
            time_zone="Europe/Paris",
            governing_law="FR",
            first_term_months=12,
            renewal_term_months=12,
            notice_length=3,
            notice_unit="months",
            notice_effect="receipt",
            annual_fee=Decimal("12000.00"),
            currency="EUR",
            billing_interval="year",
            billing_timing="advance",
            end_choice="return_then_delete",
            term_number=1,
            created_at=SIGNED_AT,
        )
        template.organization = organization
        template.pk = 0
        with tenancy.vendor():
            stored.reschedule(template, ends_on=None)
        templates[starts_on] = template
    template = templates[starts_on]
    names = [
        field.attname
        for field in Contract._meta.concrete_fields
        if field.attname not in ("id", "public_id", "organization_id", "reference")
    ]
    return Contract(
        organization=organization, reference=f"C-{number}", **{name: getattr(template, name) for name in names}
    )


def _written() -> tuple[Any, ...]:
    """Return a digest of every row, without what is drawn by lot or counted up."""
    with bench.administrator() as connected:
        return tuple(
            connected.execute(
                f"SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY t::text)) FROM ({query}) AS t"
            ).fetchone()
            for query in WRITTEN.values()
        )


def _reset() -> None:
    """Put everything back as it was before the renewal."""
    columns = "term_number, term_ends_on, last_notice_on, last_notice_why, certain_at, renews_at, ends_on, ends_at"
    with bench.administrator() as connected:
        connected.execute("TRUNCATE contracts_statementline")
        connected.execute("DELETE FROM contracts_term WHERE number > 1")
        connected.execute("TRUNCATE accounts_auditevent, accounts_outboxmessage")
        connected.execute(
            f"UPDATE contracts_contract c SET ({columns}) = "
            f"(SELECT {columns} FROM at_first f WHERE f.id = c.id) WHERE c.term_number > 1"
        )
        written = ("contracts_statementline", "accounts_auditevent", "accounts_outboxmessage")
        for table in ("contracts_contract", "contracts_term", *written):
            connected.execute(f"VACUUM ANALYZE {table}")
        connected.execute("CHECKPOINT")


def _idle() -> float:
    """Time a sweep that finds nothing due, the best of some."""
    took = []
    for _time in range(5):
        began = time.perf_counter()
        sweeps.renew_all(at=datetime(2026, 5, 1, tzinfo=UTC), by="system")
        took.append(time.perf_counter() - began)
    return min(took)
