"""Drafting, signing, starting, cancelling."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from accounts.models import AuditEvent, LicensedUser
from contracts.models import Contract
from contracts.operations import signing
from tests.contracts.agreements import TERMS, a_draft, a_signed_contract, at
from tests.contracts.operations.lives import MANAGER, at_once, fresh, licence_of, live_until, terms_of, trail, utc
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
BLINK = timedelta(microseconds=1)


def sign(contract, now="2024-12-02"):
    with tenancy.vendor():
        return signing.sign(contract, now=at(now), by=MANAGER)


def start(contract, now):
    with tenancy.vendor():
        return signing.start(contract, now=now, by=MANAGER)


def cancel(contract, now):
    with tenancy.vendor():
        return signing.cancel(contract, now=at(now), by=MANAGER)


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        pytest.param({"time_zone": "Mars/Base"}, {("time_zone", "unknown_time_zone")}, id="unknown-zone"),
        pytest.param({"time_zone": "localtime"}, {("time_zone", "unknown_time_zone")}, id="the-machines-own-zone"),
        pytest.param(
            {"notice_length": 13}, {("notice_length", "longer_than_term")}, id="notice-longer-than-first-term"
        ),
        pytest.param(
            {"first_term_months": 36, "notice_length": 13},
            {("notice_length", "longer_than_term")},
            id="notice-longer-than-renewal-term",
        ),
        pytest.param({"notice_length": -1}, {("notice_length", "negative")}, id="negative-notice"),
        pytest.param(
            {"first_term_months": 1200, "renewal_term_months": None, "notice_length": 33_000, "notice_unit": "days"},
            {("notice_length", "too_long")},
            id="notice-beyond-what-is-stored",
        ),
        pytest.param({"annual_fee": Decimal("1.005")}, {("annual_fee", "too_many_decimals")}, id="three-decimals"),
        pytest.param(
            {"annual_fee": Decimal("1.5"), "currency": "JPY"}, {("annual_fee", "too_many_decimals")}, id="half-a-yen"
        ),
        pytest.param({"annual_fee": Decimal("-1")}, {("annual_fee", "negative")}, id="negative-fee"),
        pytest.param({"annual_fee": Decimal("NaN")}, {("annual_fee", "not_a_number")}, id="no-number"),
        pytest.param({"annual_fee": Decimal("1e13")}, {("annual_fee", "too_large")}, id="too-large"),
        pytest.param({"currency": "EUX"}, {("currency", "unknown_currency")}, id="currency"),
        pytest.param({"reference": "<b>C-1</b>"}, {("reference", "html")}, id="html"),
        pytest.param({"reference": "C-1\0"}, {("reference", "control_character")}, id="nul"),
        pytest.param({"reference": "  "}, {("reference", "blank")}, id="blank-reference"),
        pytest.param({"reference": "x" * 81}, {("reference", "too_long")}, id="long-reference"),
        pytest.param({"first_term_months": 0}, {("first_term_months", "too_short")}, id="no-first-term"),
        pytest.param({"renewal_term_months": 0}, {("renewal_term_months", "too_short")}, id="no-renewal-term"),
        pytest.param({"first_term_months": 1201}, {("first_term_months", "too_long")}, id="a-century-and-more"),
        pytest.param({"starts_on": date(1900, 1, 1)}, {("starts_on", "too_early")}, id="too-early"),
        pytest.param({"starts_on": date(9990, 1, 1)}, {("starts_on", "out_of_calendar")}, id="too-late"),
        pytest.param({"notice_unit": "years"}, {("notice_unit", "unknown")}, id="unit"),
        pytest.param({"governing_law": "XX"}, {("governing_law", "unknown")}, id="law"),
        pytest.param({"billing_interval": "week"}, {("billing_interval", "unknown")}, id="interval"),
        pytest.param({"end_choice": "keep"}, {("end_choice", "unknown")}, id="end-choice"),
        pytest.param({"erasure_days": 0}, {("erasure_days", "out_of_range")}, id="erased-at-once"),
        pytest.param({"erasure_days": 366}, {("erasure_days", "out_of_range")}, id="erased-after-a-year"),
        pytest.param({"retrieval_days": 3651}, {("retrieval_days", "out_of_range")}, id="retrieval"),
        pytest.param(
            {"currency": "EUX", "reference": "", "notice_length": -1},
            {("currency", "unknown_currency"), ("reference", "blank"), ("notice_length", "negative")},
            id="all-at-once",
        ),
    ],
)
def test_a_draft_with_faults_is_refused_and_nothing_is_stored(values, faults):
    organization = an_organization()
    with pytest.raises(InvalidInput) as raised:
        a_draft(organization, **values)
    assert {(fault.field, fault.code) for fault in raised.value.errors} == faults
    with tenancy.vendor():
        assert not Contract.objects.exists() and not AuditEvent.objects.exists()


def test_a_reference_is_taken_once_in_an_organization():
    organization, other = an_organization(), an_organization()
    a_draft(organization)
    with pytest.raises(Refused) as raised:
        a_draft(organization)
    assert raised.value.code == "contract_exists"
    assert a_draft(other).reference == TERMS["reference"]
    with tenancy.vendor():
        assert Contract.objects.count() == 2


def test_one_reference_at_once_is_taken_once():
    organization = an_organization()

    def draft():
        signing.draft(organization, now=at("2024-12-01"), by=MANAGER, **TERMS)

    assert at_once(draft) == (1, ["contract_exists"])


def test_unusual_terms_are_drafted_and_noted():
    contract = a_draft(an_organization(), first_term_months=3, minimum_commitment_months=6)
    with tenancy.vendor():
        event = AuditEvent.objects.get(subject_id=contract.public_id)
    assert event.data == {"unusual": ["first_term_months", "minimum_commitment_months"]}


def test_a_draft_grants_nothing_and_begins_nothing():
    contract = a_draft(an_organization())
    live_until("2025-06-01")
    assert fresh(contract).status == "draft"
    assert licence_of(contract) is None and terms_of(contract) == []


def test_signing_agrees_the_first_term_and_grants_the_licence_from_its_first_day():
    contract = sign(a_draft(an_organization()))
    assert (contract.status, contract.term_number, contract.term_ends_on) == ("signed", 1, date(2026, 1, 1))
    assert contract.certain_at is contract.renews_at is contract.ends_at is None
    assert contract.last_notice_on == date(2025, 9, 30)
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01")]
    assert licence_of(contract) == (utc("2024-12-31 23:00"), None)


def test_a_contract_that_does_not_renew_grants_until_its_end():
    contract = sign(a_draft(an_organization(), auto_renews=False))
    assert (contract.ends_on, contract.last_notice_on) == (date(2026, 1, 1), None)
    assert licence_of(contract) == (utc("2024-12-31 23:00"), utc("2025-12-31 23:00"))


def test_signed_twice_it_is_refused():
    contract = sign(a_draft(an_organization()))
    with pytest.raises(signing.ContractNotInThatState):
        sign(contract)
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01")]
    assert trail(contract)[0]["contract.signed"] == 1


def test_signed_by_two_at_once_it_is_signed_once():
    contract = a_draft(an_organization())
    done, refused = at_once(lambda: signing.sign(contract, now=at("2024-12-02"), by=MANAGER))
    assert (done, refused) == (1, ["contract_not_in_that_state"])
    assert len(terms_of(contract)) == 1


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        pytest.param("Pacific/Auckland", "2024-12-31 11:00", id="auckland-first"),
        pytest.param("Europe/Paris", "2024-12-31 23:00", id="paris-twelve-hours-later"),
        pytest.param("America/New_York", "2025-01-01 05:00", id="new-york-last"),
    ],
)
def test_it_starts_at_midnight_in_its_own_zone_and_not_before(zone, midnight):
    contract = a_signed_contract(an_organization(), time_zone=zone)
    assert contract.starts_at == utc(midnight)
    with pytest.raises(signing.ContractNotInThatState):
        start(contract, utc(midnight) - BLINK)
    live_until(utc(midnight) - BLINK)
    assert fresh(contract).status == "signed"
    live_until(utc(midnight))
    assert fresh(contract).status == "active"


def test_started_once():
    contract = a_signed_contract(an_organization())
    start(contract, at("2025-01-01"))
    with pytest.raises(signing.ContractNotInThatState):
        start(contract, at("2025-01-01"))
    assert trail(contract)[0]["contract.started"] == 1


def test_a_draft_does_not_start():
    with pytest.raises(signing.ContractNotInThatState):
        start(a_draft(an_organization()), at("2025-01-02"))


def test_a_late_start_is_a_start_at_midnight():
    contract = a_signed_contract(an_organization())
    live_until("2025-02-11")
    with tenancy.vendor():
        assert contract.terms.get().started_at == utc("2024-12-31 23:00")


def test_the_start_lets_the_waiting_users_in():
    organization = an_organization()
    people_of(organization, "ann-1", "ben-1")
    contract = a_signed_contract(organization)
    with tenancy.vendor():
        assert set(LicensedUser.objects.values_list("status", flat=True)) == {"invited"}
    start(contract, at("2025-01-01"))
    with tenancy.vendor():
        assert set(LicensedUser.objects.values_list("status", flat=True)) == {"active"}


@pytest.mark.parametrize("make", [a_draft, a_signed_contract], ids=["draft", "signed"])
def test_what_has_not_started_can_be_cancelled(make):
    contract = make(an_organization())
    cancel(contract, "2024-12-20")
    live_until("2025-02-01")
    assert fresh(contract).status == "cancelled"
    grants = licence_of(contract)
    assert grants is None if make is a_draft else grants[0] == grants[1], "the licence is of no day"


@pytest.mark.parametrize("swept", [True, False], ids=["started", "the-sweep-has-not-seen-it-yet"])
def test_what_has_started_is_not_cancelled(swept):
    contract = a_signed_contract(an_organization())
    if swept:
        live_until("2025-01-01")
    with pytest.raises(signing.ContractNotInThatState):
        cancel(contract, "2025-01-01")
    assert licence_of(contract)[1] is None


@pytest.mark.parametrize("act", [sign, lambda one: cancel(one, "2024-12-20"), lambda one: start(one, at("2025-01-02"))])
def test_what_is_cancelled_stays_so(act):
    contract = cancel(a_draft(an_organization()), "2024-12-10")
    with pytest.raises(signing.ContractNotInThatState):
        act(contract)
    assert fresh(contract).status == "cancelled"


def test_a_reference_of_a_cancelled_contract_is_free_again():
    organization = an_organization()
    cancel(a_draft(organization), "2024-12-10")
    assert a_draft(organization).reference == "C-1"
