"""The demo's clients and contracts: valid, fresh on any day, and every awkward case among them."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accounts.enums import Language, LegalCategory
from accounts.rules import checks
from config.demo.model import DemoContract, DemoOrganization, Stage, last_31st, last_leap_day, paid_until
from config.demo.organizations import TOUR, organizations
from contracts.enums import (
    BillingInterval,
    BillingTiming,
    GoverningLaw,
    NoticeEffect,
    NoticeJudgment,
    NoticeParty,
    NoticeUnit,
)
from contracts.rules import notice, validation
from contracts.rules.notice import NoticeClause
from contracts.rules.periods import midnight

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)
RUNNING = {Stage.ACTIVE, Stage.UNDER_NOTICE}
OVER = {Stage.ENDED, Stage.IN_RETRIEVAL, Stage.AWAITS_APPROVAL, Stage.ERASED}

any_day = st.dates(min_value=date(2026, 1, 1), max_value=date(2040, 12, 31))


def on_awkward_days(test):
    for today in ("2028-02-29", "2027-03-31", "2027-12-31", "2028-03-01", "2027-01-01", "2029-05-30"):
        test = example(today=date.fromisoformat(today))(test)
    return settings(max_examples=60, deadline=None)(given(today=any_day)(test))


def all_contracts(today: date) -> list[tuple[DemoOrganization, DemoContract]]:
    return [(client, contract) for client in organizations(today) for contract in client.contracts]


def clause(client: DemoOrganization, contract: DemoContract) -> NoticeClause:
    return NoticeClause(
        anchor=contract.starts_on,
        first=contract.first_term_months,
        renewal=contract.renewal_term_months,
        length=contract.notice_length,
        unit=contract.notice_unit,
        effect=contract.notice_effect,
        law=contract.governing_law,
        calendar_country=client.country,
        commitment=contract.minimum_commitment_months,
        mid_term_exit=contract.mid_term_exit,
        auto_renews=contract.auto_renews,
    )


def judged(client: DemoOrganization, contract: DemoContract) -> notice.JudgedNotice:
    given_notice = contract.notice
    assert given_notice is not None
    return notice.judge(
        clause(client, contract),
        sent_on=given_notice.sent_on,
        received_on=given_notice.received_on,
        entitled=True,
        party=given_notice.party,
        kind=given_notice.kind,
    )


def days_to_last_notice(client: DemoOrganization, contract: DemoContract, today: date) -> int | None:
    terms = clause(client, contract)
    if contract.stage is not Stage.ACTIVE or today < contract.starts_on:
        return None
    deadline = notice.last_notice(terms, terms.term_at(today))
    return None if deadline is None else (deadline.legal - today).days


def term_number(client: DemoOrganization, contract: DemoContract, today: date) -> int:
    return clause(client, contract).term_at(today).number if contract.stage in RUNNING else 0


@on_awkward_days
def test_every_organization_is_accepted_as_it_is(today):
    for client in organizations(today):
        assert not checks.text("name", client.name)
        assert not checks.country("country", client.country)
        assert not checks.time_zone("time_zone", client.time_zone)
        assert not checks.text("registration_number", client.registration_number, longest=40)
        assert client.language in Language.values
        assert client.legal_category in LegalCategory.values


@on_awkward_days
def test_every_contract_is_accepted_as_it_is(today):
    for client, contract in all_contracts(today):
        problems = validation.check_terms(
            starts_on=contract.starts_on,
            time_zone=client.time_zone,
            first_term_months=contract.first_term_months,
            renewal_term_months=contract.renewal_term_months,
            minimum_commitment_months=contract.minimum_commitment_months,
            notice_length=contract.notice_length,
            notice_unit=contract.notice_unit,
            annual_fee=contract.annual_fee,
            currency=contract.currency,
        )
        assert not [problem for problem in problems if problem.refuses], contract.reference
        assert contract.concluded_on <= min(today, contract.starts_on), contract.reference
        assert contract.paid_until is None or contract.starts_on < contract.paid_until, contract.reference


@on_awkward_days
def test_every_stage_is_what_the_dates_say(today):
    for _client, contract in all_contracts(today):
        match contract.stage:
            case Stage.DRAFT | Stage.SIGNED:
                assert today < contract.starts_on, contract.reference
            case Stage.ACTIVE:
                assert contract.starts_on <= today, contract.reference
                assert contract.ends_on is None, contract.reference
            case Stage.UNDER_NOTICE:
                assert contract.ends_on is not None and contract.starts_on <= today < contract.ends_on
            case Stage.ENDED | Stage.IN_RETRIEVAL:
                assert contract.ends_on is not None
                assert today - timedelta(days=contract.retrieval_days - 5) < contract.ends_on <= today
            case Stage.AWAITS_APPROVAL | Stage.ERASED:
                assert contract.ends_on is not None
                assert contract.ends_on + timedelta(days=contract.retrieval_days) < today, contract.reference


@on_awkward_days
def test_every_end_is_the_one_that_the_rules_compute(today):
    for client, contract in all_contracts(today):
        if contract.notice is not None:
            assert contract.notice.sent_on <= contract.notice.received_on < today, contract.reference
            assert judged(client, contract).ends_on == contract.ends_on, contract.reference
        elif contract.ends_on is not None:
            assert contract.ends_on == clause(client, contract).term(1).ends_on, contract.reference
            assert not contract.auto_renews, contract.reference


@on_awkward_days
def test_nothing_is_there_twice(today):
    clients = organizations(today)
    for values in (
        [client.slug for client in clients],
        [client.name for client in clients],
        [client.domain for client in clients],
        [(client.country, client.registration_number) for client in clients],
        [contract.reference for _client, contract in all_contracts(today)],
    ):
        assert len(values) == len(set(values))


def test_about_25_organizations_in_four_countries():
    clients = organizations(TODAY)
    assert 24 <= len(clients) <= 28
    assert {client.country for client in clients} == {"FR", "PL", "DE", "NZ"}
    assert 1400 <= sum(client.users for client in clients) <= 1600
    assert min(client.users for client in clients) == 5
    assert max(client.users for client in clients) <= 400


def test_the_tour_starts_with_a_draft_after_a_pilot():
    client = next(client for client in organizations(TODAY) if client.slug == TOUR)
    assert [contract.stage for contract in client.contracts] == [Stage.DRAFT]
    assert client.piloted


def test_every_stage_occurs():
    assert {contract.stage for _client, contract in all_contracts(TODAY)} == set(Stage)


def test_every_story_is_a_sentence_of_its_own():
    stories = [contract.story for _client, contract in all_contracts(TODAY)]
    assert len(stories) == len(set(stories))
    assert all(story.endswith(".") and len(story) > 30 for story in stories)


Case = Callable[[DemoOrganization, DemoContract, date], bool]

CASES: dict[str, Case] = {
    "anchor-on-29-february": lambda o, c, t: (c.starts_on.month, c.starts_on.day) == (2, 29),
    "anchor-on-a-31st-monthly": lambda o, c, t: c.starts_on.day == 31 and c.renewal_term_months == 1,
    "anchor-on-31-august-half-yearly": lambda o, c, t: (
        (c.starts_on.month, c.starts_on.day) == (8, 31) and c.renewal_term_months == 6
    ),
    "notice-in-days": lambda o, c, t: c.notice_unit is NoticeUnit.DAYS,
    "notice-in-weeks": lambda o, c, t: c.notice_unit is NoticeUnit.WEEKS,
    "indefinite-after-the-first-term": lambda o, c, t: (
        c.renewal_term_months is None and c.auto_renews and term_number(o, c, t) == 2
    ),
    "36-months-then-yearly-no-exit-before-month-6": lambda o, c, t: (
        (c.first_term_months, c.renewal_term_months, c.minimum_commitment_months) == (36, 12, 6)
    ),
    "first-term-under-six-months": lambda o, c, t: c.first_term_months < 6,
    "works-council": lambda o, c, t: o.legal_category == "works_council" and o.country == "FR",
    "association": lambda o, c, t: o.legal_category == "association" and o.country == "FR",
    "public-body-that-does-not-renew": lambda o, c, t: o.legal_category == "public_body" and not c.auto_renews,
    "polish-law-on-receipt": lambda o, c, t: (
        c.governing_law is GoverningLaw.PL and c.notice_effect is NoticeEffect.RECEIPT
    ),
    "monthly-in-arrears": lambda o, c, t: (
        c.billing_interval is BillingInterval.MONTH and c.billing_timing is BillingTiming.ARREARS
    ),
    "second-contract-keeps-the-data": lambda o, c, t: (
        c.stage is Stage.ENDED and any(other.stage is Stage.ACTIVE for other in o.contracts)
    ),
    "last-day-for-notice-is-near": lambda o, c, t: 0 <= (days_to_last_notice(o, c, t) or -1) <= 31,
    "works-council-in-its-reminder-window": lambda o, c, t: (
        o.legal_category == "works_council" and 28 <= (days_to_last_notice(o, c, t) or 0) <= 92
    ),
    "renewal-certain-not-begun": lambda o, c, t: (
        c.stage is Stage.ACTIVE and c.first_term_months == 12 and -75 <= (days_to_last_notice(o, c, t) or 0) < 0
    ),
    "just-renewed": lambda o, c, t: (
        term_number(o, c, t) > 1 and (t - clause(o, c).term_at(t).starts_on).days <= 14 and c.renewal_term_months == 12
    ),
    "in-its-sixth-term": lambda o, c, t: term_number(o, c, t) == 6 and c.renewal_term_months == 12,
    "notice-sent-in-time-received-late": lambda o, c, t: (
        c.notice is not None
        and judged(o, c).judgment is NoticeJudgment.LATE
        and c.notice.sent_on <= notice.last_notice(clause(o, c), clause(o, c).term_at(c.notice.sent_on)).legal
    ),
    "notice-within-the-minimum-commitment": lambda o, c, t: (
        c.minimum_commitment_months == 6 and c.notice is not None and judged(o, c).judgment is NoticeJudgment.PREMATURE
    ),
    "notice-by-the-vendor": lambda o, c, t: c.notice is not None and c.notice.party is NoticeParty.VENDOR,
    "fee-with-cents": lambda o, c, t: c.annual_fee != c.annual_fee.to_integral_value(),
    "three-currencies-euro": lambda o, c, t: c.currency == "EUR",
    "three-currencies-zloty": lambda o, c, t: c.currency == "PLN",
    "three-currencies-new-zealand-dollar": lambda o, c, t: c.currency == "NZD",
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize(
    "today", [pytest.param(TODAY, id="the-day"), pytest.param(date(2028, 2, 29), id="a-leap-day"), date(2031, 1, 31)]
)
def test_the_awkward_case_is_there(case, today):
    assert any(case(client, contract, today) for client, contract in all_contracts(today))


def test_the_zones_lie_far_apart():
    zones = {client.time_zone for client in organizations(TODAY)}
    midnights = [midnight(TODAY, zone) for zone in zones]
    assert max(midnights) - min(midnights) >= timedelta(hours=17)
    assert "Pacific/Chatham" in zones


def test_no_registration_number_can_be_a_real_one():
    for client in organizations(TODAY):
        number = client.registration_number
        match client.country:
            case "FR" if number.startswith("W"):
                assert number.startswith("W999") and len(number) == 10
            case "FR":
                assert len(number) == 9 and not _luhn(number), f"{number} could be a real SIREN"
            case "NZ":
                assert len(number) == 13 and not _gs1(number), f"{number} could be a real NZBN"
            case "PL":
                assert len(number) == 10 and number.startswith("99")
            case _:
                assert number.endswith(" Musterhafen")


def test_every_domain_is_reserved():
    assert all(client.domain.endswith((".example", ".test")) for client in organizations(TODAY))


@pytest.mark.parametrize(
    ("interval", "timing", "on", "expected"),
    [
        pytest.param("year", "advance", "2026-01-30", None, id="before-the-start"),
        pytest.param("year", "advance", "2026-01-31", "2027-01-31", id="a-year-in-advance"),
        pytest.param("month", "advance", "2026-02-28", "2026-03-31", id="a-short-month-in-advance"),
        pytest.param("month", "arrears", "2026-02-27", None, id="the-first-month-in-arrears"),
        pytest.param("month", "arrears", "2026-03-30", "2026-02-28", id="one-month-in-arrears"),
        pytest.param("quarter", "arrears", "2026-08-01", "2026-07-31", id="two-quarters-in-arrears"),
    ],
)
def test_paid_until_is_the_first_unpaid_day(interval, timing, on, expected):
    found = paid_until(date(2026, 1, 31), BillingInterval(interval), BillingTiming(timing), on=date.fromisoformat(on))
    assert found == (date.fromisoformat(expected) if expected else None)


def test_a_contract_that_is_over_is_paid_to_its_end():
    ended = date(2026, 5, 1)
    found = paid_until(date(2025, 5, 1), BillingInterval.MONTH, BillingTiming.ARREARS, on=TODAY, ends_on=ended)
    assert found == ended


@given(before=any_day)
def test_the_last_leap_day_and_31st_are_not_after(before):
    assert last_leap_day(before) <= before < date(last_leap_day(before).year + 9, 1, 1)
    assert before - timedelta(days=62) < last_31st(before) <= before
    assert (last_31st(before, month=8).month, last_31st(before).day) == (8, 31)


def test_fees_are_exact():
    assert all(isinstance(contract.annual_fee, Decimal) for _client, contract in all_contracts(TODAY))


def _luhn(number: str) -> bool:
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number))]
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0


def _gs1(number: str) -> bool:
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(number)) % 10 == 0
