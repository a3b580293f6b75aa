"""The database refuses what the rules forbid: an example that breaks each constraint of contracts, and only it."""

from datetime import date
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import IntegrityError, connection

from accounts import tenancy
from contracts import sweeps
from contracts.enums import TerminationGround
from contracts.models import (
    Amendment,
    CalendarEvent,
    Contract,
    Deadline,
    Notice,
    Payment,
    Quote,
    RenewalPlan,
    StatementLine,
    Term,
    Termination,
)
from contracts.operations import payments, quotes
from tests.contracts import (
    calendar_examples,
    deadline_examples,
    index_constraints,
    price_constraints,
)
from tests.contracts import (
    clause_constraints as clauses,
)
from tests.contracts import switching_constraints as switching
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.amendment_examples import an_amendment
from tests.contracts.broken_intakes import FOREIGN_KEYS as INTAKE_KEYS
from tests.contracts.broken_intakes import INTAKES, an_intake
from tests.contracts.broken_outgoing import FOREIGN_KEYS as OUTGOING_KEYS
from tests.contracts.broken_outgoing import OUTGOING, a_document, an_outgoing_notice
from tests.contracts.broken_reminders import FOREIGN_KEYS as REMINDER_KEYS
from tests.contracts.broken_reminders import REMINDERS, a_reminder
from tests.contracts.changing import (
    _contracts,
    _lines,
    _next_door,
    _notices,
    _payments,
    _quotes,
    _same_public_id,
    _terminations,
    _terms,
    amendment,
    contract,
    line,
    notice,
    payment,
    quote,
    term,
    termination,
)
from tests.contracts.copies import copy
from tests.contracts.operations.lives import give, live_until, utc
from tests.retention.vaults import an_organization

# The target of composite foreign keys. No row can break it without breaking the primary key first.
TENANT_KEYS = {
    "contracts_renewaloffer_tenant_key",
    "contracts_uplift_tenant_key",
    "contracts_contract_tenant_key",
    "contracts_amendment_tenant_key",
    "contracts_notice_tenant_key",
    "contracts_renewalplan_tenant_key",
    "contracts_outgoingnotice_tenant_key",
    "contracts_reminder_tenant_key",
    "contracts_term_tenant_key",
    "contracts_termination_tenant_key",
    "contracts_deadline_tenant_key",
    "contracts_statementline_tenant_key",
    "contracts_payment_tenant_key",
    "contracts_quote_tenant_key",
    *switching.TENANT_KEYS,
    "contracts_calendarevent_tenant_key",
    *clauses.TENANT_KEYS,
}


def _amendments(found):
    return Amendment.objects.filter(contract=found)


AMENDMENTS = {
    "contracts_amendment_public_id_key": copy(_amendments, public_id=lambda found: found.amendments.get().public_id),
    "amendment_changes_something": amendment(values={}),
    "amendment_proved_or_from_both_sides": amendment(source=None),
    "amendment_applied_or_voided": amendment(applied_at=at("2026-01-02"), voided_at=at("2026-01-02")),
    "amendment_applied_when_valid": amendment(applied_at=at("2025-12-01")),
}


def plan(**values):
    return lambda found: found.plans.update(**values)


def _plans(found):
    return RenewalPlan.objects.filter(contract=found)


PLANS = {
    "contracts_renewalplan_public_id_key": copy(
        _plans,
        contract=lambda found: a_signed_contract(found.organization, reference="C-2"),
        public_id=lambda found: found.plans.get().public_id,
    ),
    "renewal_plan_once_per_contract": copy(_plans),
    "renewal_plan_is_of_a_later_term": plan(number=1),
    "renewal_plan_covers_a_day": plan(days=(date(2026, 1, 1), date(2026, 1, 1))),
    "renewal_plan_ends_at_iff_ends_on": plan(ends_on=date(2026, 6, 1)),
    "renewal_plan_starts_before_the_end": plan(ends_on=date(2026, 1, 1), ends_at=utc("2025-12-31 23:00")),
    "contract_suspended_with_reason": contract(suspended_at=at("2025-06-01")),
    "contract_resumes_after_its_suspension": contract(
        suspended_at=at("2025-06-01"), suspension_reason="agreement", resumes_at=at("2025-06-01")
    ),
    "contract_planned_for_its_next_term_at_most": contract(planned_for=3),
}
EXAMPLES = {
    **PLANS,
    **AMENDMENTS,
    "contracts_contract_public_id_key": copy(_contracts, reference="C-2", public_id=_same_public_id),
    "contract_reference_once": copy(_contracts),
    "contract_status_known": contract(status="paused", renews_at=None, certain_at=None),
    "contract_first_term_at_least_a_month": contract(first_term_months=0),
    "contract_renewal_term_at_least_a_month": contract(renewal_term_months=0),
    "contract_fee_not_negative": contract(annual_fee=Decimal("-0.01")),
    "contract_notice_end_of_known": contract(notice_end_of="week"),
    "contract_early_exit_rate_is_a_share": contract(early_exit_rate=Decimal("1.0001")),
    "contract_early_exit_cap_not_negative": contract(early_exit_cap=Decimal("-0.01")),
    "contract_currency_is_iso": contract(currency="eur"),
    "contract_starts_before_it_ends": contract(
        ends_on=date(2024, 12, 31), ends_at=utc("2024-12-30 23:00"), renews_at=None, certain_at=None
    ),
    "contract_ends_at_iff_ends_on": contract(ends_on=date(2027, 1, 1)),
    "contract_ended_at_iff_ended": contract(ended_at=at("2026-01-01")),
    "contract_renews_only_before_it_ends": contract(ends_on=date(2025, 6, 1), ends_at=at("2025-06-01")),
    "contract_indefinite_term_never_renews": contract(term_ends_on=None),
    "contract_only_active_renews": contract(status="signed"),
    "contracts_term_public_id_key": copy(
        _terms, number=2, days=(date(2030, 1, 1), None), public_id=lambda found: found.terms.get(number=1).public_id
    ),
    "term_number_once": copy(_terms, days=(date(2030, 1, 1), None)),
    "term_number_from_one": term(number=0),
    "term_covers_a_day": term(days=(date(2025, 1, 1), date(2025, 1, 1))),
    "terms_do_not_overlap": copy(_terms, number=3, days=(date(2025, 12, 31), date(2026, 12, 31))),
    "contracts_notice_public_id_key": copy(
        _notices, judgment="not_entitled", ends_on=None, public_id=lambda found: found.notices.get().public_id
    ),
    "notice_received_after_it_was_sent": notice(received_on=date(2025, 5, 31)),
    "notice_ends_the_contract_iff_entitled": notice(ends_on=None),
    "notice_standing_once": copy(_notices),
    "contracts_termination_public_id_key": copy(
        _terminations,
        ground="switching",
        penalty=None,
        public_id=lambda found: found.terminations.get().public_id,
    ),
    "termination_ground_known": termination(ground="whim"),
    "termination_proved_where_it_must_be": termination(proof=None),
    "termination_priced_unless_it_is_a_switch": termination(penalty=None),
    "termination_standing_once": copy(_terminations),
    **deadline_examples.EXAMPLES,
    **index_constraints.EXAMPLES,
    "contracts_statementline_public_id_key": copy(
        _lines, kind="uplift", public_id=lambda found: found.statement_lines.get(kind="fee").public_id
    ),
    "statement_kind_known": line(kind="gift"),
    "statement_vat_known": line(vat="none"),
    "statement_covers_a_day": line(ends_on=date(2025, 1, 1)),
    "statement_currency_is_iso": line(currency="eur"),
    "statement_sign_goes_with_kind": line(amount=Decimal("-0.01")),
    "statement_fee_names_its_term": line(term=None),
    "statement_fee_once": copy(_lines),
    "contracts_payment_public_id_key": copy(
        _payments, reference="B-2", public_id=lambda found: found.payments.get().public_id
    ),
    "payment_reference_once": copy(_payments),
    "payment_is_not_nothing": payment(amount=Decimal(0)),
    "payment_currency_is_iso": payment(currency="EU"),
    "contracts_quote_public_id_key": copy(_quotes, public_id=lambda found: found.quotes.get().public_id),
    "quote_ground_known": quote(ground="whim"),
    "quote_valid_for_a_day_at_least": quote(valid_until=date(2025, 5, 31)),
    "quote_amounts_not_negative": quote(penalty=Decimal("-0.01")),
    "quote_currency_is_iso": quote(currency="eur"),
    "quote_accepted_by_somebody": quote(accepted_at=at("2025-06-02")),
    **switching.EXAMPLES,
    **INTAKES,
    **clauses.EXAMPLES,
    **OUTGOING,
    **REMINDERS,
    **calendar_examples.EXAMPLES,
    **price_constraints.EXAMPLES,
}
MORE = [
    pytest.param("contract_ended_at_iff_ended", contract(status="ended", renews_at=None, certain_at=None), id="no-end"),
    pytest.param("contract_ends_at_iff_ends_on", contract(ends_at=at("2027-01-01")), id="an-instant-without-a-day"),
    pytest.param("contract_currency_is_iso", contract(currency="EU"), id="two-letters"),
    pytest.param("contract_only_active_renews", contract(status="cancelled"), id="cancelled"),
    pytest.param("contract_early_exit_rate_is_a_share", contract(early_exit_rate=Decimal("-0.0001")), id="below-zero"),
    pytest.param(
        "termination_proved_where_it_must_be", termination(ground="client_breach", proof=None), id="breach-unproved"
    ),
    pytest.param(
        "termination_priced_unless_it_is_a_switch", termination(penalty=Decimal("-0.01")), id="a-fee-below-zero"
    ),
    pytest.param("termination_priced_unless_it_is_a_switch", termination(ground="switching"), id="a-priced-switch"),
    pytest.param(
        "terms_do_not_overlap", copy(_terms, number=3, days=(date(2020, 1, 1), None)), id="an-indefinite-term-around"
    ),
    pytest.param("statement_sign_goes_with_kind", line(kind="credit"), id="a-credit-that-charges"),
    pytest.param("quote_amounts_not_negative", quote(refund=Decimal("-0.01")), id="a-refund-below-zero"),
    pytest.param("quote_accepted_by_somebody", quote(accepted_by="user:one"), id="accepted-never"),
    pytest.param("notice_ends_the_contract_iff_entitled", notice(judgment="not_entitled"), id="not-entitled-ends-it"),
]
# Written in the migration, since Django has no composite foreign keys; checked at the end of the transaction.
FOREIGN_KEYS = {
    **price_constraints.FOREIGN_KEYS,
    "contracts_renewalplan_contract_id_tenant_fk": _next_door(RenewalPlan),
    "contracts_amendment_contract_id_tenant_fk": _next_door(Amendment),
    "contracts_amendment_proof_id_tenant_fk": amendment(proof_id=2**40),
    "contracts_term_contract_id_tenant_fk": lambda found: (
        line(kind="uplift", term=None)(found),
        _next_door(Term)(found),
    ),
    "contracts_notice_contract_id_tenant_fk": _next_door(Notice),
    "contracts_notice_proof_id_tenant_fk": notice(proof_id=2**40),
    "contracts_statementline_contract_id_tenant_fk": _next_door(StatementLine),
    "contracts_statementline_term_id_tenant_fk": line(term_id=2**40),
    "contracts_payment_contract_id_tenant_fk": _next_door(Payment),
    "contracts_quote_contract_id_tenant_fk": _next_door(Quote),
    "contracts_termination_contract_id_tenant_fk": _next_door(Termination),
    "contracts_termination_proof_id_tenant_fk": termination(proof_id=2**40),
    "contracts_deadline_contract_id_tenant_fk": _next_door(Deadline),
    **switching.FOREIGN_KEYS,
    **INTAKE_KEYS,
    **clauses.FOREIGN_KEYS,
    **OUTGOING_KEYS,
    **REMINDER_KEYS,
    "contracts_calendarevent_contract_id_tenant_fk": _next_door(CalendarEvent),
}


def an_example():
    """Return a contract in its first term with the next certain, and a notice that stands but was not applied."""
    found = a_signed_contract(an_organization())
    live_until("2025-06-01")
    sweeps.refresh_all_deadlines(at=at("2025-06-01"), by="system")
    sweeps.refresh_all_calendars(at=at("2025-06-01"), by="system")
    give(found, "2025-06-01")
    with tenancy.vendor():
        Termination.objects.create(
            organization=found.organization,
            contract=found,
            ground="convenience",
            party="client",
            declared_on=date(2025, 6, 1),
            ends_on=date(2025, 9, 1),
            penalty=Decimal(0),
            proof=a_document(found),
            recorded_by="user:one",
            recorded_at=at("2025-06-01"),
        )
        payments.record(
            found,
            reference="B-1",
            paid_on=date(2025, 6, 1),
            amount=Decimal(1),
            currency="EUR",
            now=at("2025-06-01"),
            by="user:one",
        )
        quotes.make(
            found, exit_on=date(2025, 8, 1), ground=TerminationGround.AGREEMENT, now=at("2025-06-01"), by="user:one"
        )
        switching.rows(found)
        clauses.rows(found)
        a_reminder(found)
        an_intake(found)
        an_outgoing_notice(found)
        an_amendment(found)
        # As it was before the notice: each constraint is broken by the example alone.
        Contract.objects.update(
            ends_on=None,
            ends_at=None,
            renews_at=utc("2025-12-31 23:00"),
            certain_at=utc("2025-09-30 22:00"),
        )
        return Contract.objects.get(pk=found.pk)


@pytest.fixture(scope="module")
def life(shared_rows):
    """One life for all examples."""
    return an_example()


@pytest.fixture
def example(life, undone):
    """Return its contract."""
    with tenancy.vendor():
        return Contract.objects.select_related("organization").get(pk=life.pk)


def broken_by(breaks, found):
    """Return the name of the constraint that refuses."""
    with pytest.raises(IntegrityError) as raised, tenancy.vendor():
        breaks(found)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return raised.value.__cause__.diag.constraint_name


@pytest.mark.parametrize(("name", "breaks"), EXAMPLES.items(), ids=EXAMPLES)
def test_each_constraint_refuses_its_example(name, breaks, example):
    assert broken_by(breaks, example) == name


@pytest.mark.parametrize(("name", "breaks"), MORE)
def test_other_ways_to_break_one(name, breaks, example):
    assert broken_by(breaks, example) == name


@pytest.mark.parametrize(("name", "breaks"), FOREIGN_KEYS.items(), ids=FOREIGN_KEYS)
def test_nothing_points_next_door(name, breaks, example):
    assert broken_by(breaks, example) == name


def test_every_constraint_has_an_example():
    named = {
        constraint.name
        for model in apps.get_app_config("contracts").get_models()
        for constraint in model._meta.constraints
    }
    assert not named - EXAMPLES.keys() - TENANT_KEYS, "add an example to EXAMPLES"
    assert not EXAMPLES.keys() - named, "these exist no more"


def test_every_named_constraint_is_in_the_database(shared_rows):
    with tenancy.vendor(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid "
            "WHERE t.relname LIKE 'contracts\\_%' UNION "
            "SELECT indexname FROM pg_indexes WHERE tablename LIKE 'contracts\\_%'"
        )
        found = {name for (name,) in cursor.fetchall()}
    assert not {*EXAMPLES, *TENANT_KEYS, *FOREIGN_KEYS} - found


ALLOWED = {
    "a-voided-term-may-overlap": copy(
        _terms, number=1, days=(date(2025, 1, 1), date(2026, 1, 1)), voided_at=at("2025-06-01")
    ),
    "terms-may-meet": copy(_terms, number=2, days=(date(2026, 1, 1), date(2027, 1, 1))),
    "another-reference": copy(_contracts, reference="C-2"),
    "a-withdrawn-notice-beside-one-that-stands": copy(_notices, withdrawn_at=at("2025-06-02")),
    "one-not-entitled-beside-one-that-stands": copy(_notices, judgment="not_entitled", ends_on=None),
    "received-on-the-day-it-was-sent": notice(received_on=date(2025, 6, 1)),
    "a-voided-fee-beside-one-that-stands": copy(_lines, voided_at=at("2025-06-02")),
    "an-uplift-below-zero": line(kind="uplift", amount=Decimal(-1)),
    "money-that-went-back": payment(amount=Decimal(-1)),
    "the-same-ground-again-after-a-withdrawal": copy(_terminations, withdrawn_at=at("2025-06-02")),
    "another-ground-beside-one-that-stands": copy(_terminations, ground="switching", penalty=None),
    "an-early-exit-for-all-that-remains": contract(early_exit_rate=Decimal(1), early_exit_cap=Decimal(0)),
    "a-fee-of-nothing": contract(annual_fee=Decimal(0)),
    "an-end-on-the-first-day": contract(
        ends_on=date(2025, 1, 1), ends_at=utc("2024-12-31 23:00"), renews_at=None, certain_at=None
    ),
    **switching.ALLOWED,
    **clauses.ALLOWED,
}


@pytest.mark.parametrize("change", ALLOWED.values(), ids=ALLOWED)
def test_what_is_next_to_it_is_accepted(change, example):
    with tenancy.vendor():
        change(example)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
