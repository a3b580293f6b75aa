"""Notice: judged, given its effect on the contract, withdrawn. Ends in the tables are last days, as letters say."""

from datetime import date, timedelta

import pytest

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from contracts.enums import NoticeChannel, NoticeParty
from contracts.models import Notice, Term
from contracts.operations import notices, renewal
from tests.contracts.agreements import a_draft, a_signed_contract, at
from tests.contracts.operations.lives import (
    MANAGER,
    NON_RENEWAL,
    TERMINATION,
    at_once,
    fresh,
    give,
    licence_of,
    live_until,
    terms_of,
    trail,
    utc,
    withdraw,
)
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ONE_DAY = timedelta(days=1)
YEARLY = {}
CASSATION = {"concluded_on": date(2002, 6, 1), "starts_on": date(2002, 7, 1), "notice_length": 6}
COMMITTED = {"starts_on": date(2026, 1, 1), "minimum_commitment_months": 6, "mid_term_exit": True}
LONG = {"starts_on": date(2025, 1, 1), "minimum_commitment_months": 18, "first_term_months": 12}
INDEFINITE = {"renewal_term_months": None}


def a_contract_before(day, **terms):
    """Return a contract that lived until the eve of the day."""
    contract = a_signed_contract(an_organization(), **terms)
    live_until(at(date.fromisoformat(day) - ONE_DAY))
    return fresh(contract)


@pytest.mark.parametrize(
    ("terms", "on", "kind", "judgment", "last_day"),
    [
        pytest.param(YEARLY, "2025-09-30", NON_RENEWAL, "in_time", "2025-12-31", id="on-the-last-day"),
        pytest.param(YEARLY, "2025-10-01", NON_RENEWAL, "late", "2026-12-31", id="a-day-late"),
        pytest.param(
            YEARLY, "2025-02-01", TERMINATION, "in_time", "2025-12-31", id="no-right-to-leave-within-the-term"
        ),
        pytest.param(CASSATION, "2002-12-31", NON_RENEWAL, "in_time", "2003-06-30", id="cassation-the-greatest-day"),
        pytest.param(CASSATION, "2003-01-01", NON_RENEWAL, "late", "2004-06-30", id="cassation-a-day-late"),
        pytest.param(COMMITTED, "2026-06-10", TERMINATION, "premature", "2026-09-10", id="within-the-commitment"),
        pytest.param(COMMITTED, "2026-02-01", TERMINATION, "premature", "2026-06-30", id="commitment-outlasts-notice"),
        pytest.param(COMMITTED, "2026-07-01", TERMINATION, "in_time", "2026-10-01", id="mid-term-exit"),
        pytest.param(COMMITTED, "2026-06-10", NON_RENEWAL, "in_time", "2026-12-31", id="non-renewal-ends-no-term"),
        pytest.param(LONG, "2025-06-01", NON_RENEWAL, "premature", "2026-12-31", id="commitment-outlasts-the-term"),
        pytest.param(INDEFINITE, "2025-09-30", NON_RENEWAL, "in_time", "2025-12-31", id="before-it-is-indefinite"),
        pytest.param(INDEFINITE, "2025-11-15", NON_RENEWAL, "late", "2026-02-15", id="late-ends-the-indefinite-term"),
        pytest.param(INDEFINITE, "2027-03-31", TERMINATION, "in_time", "2027-06-30", id="indefinite-on-notice"),
    ],
)
def test_a_notice_takes_effect_on_its_day(terms, on, kind, judgment, last_day):
    contract = a_contract_before(on, **terms)
    notice = give(contract, on, kind=kind)
    ends_on = date.fromisoformat(last_day) + ONE_DAY
    assert (notice.judgment, notice.ends_on) == (judgment, ends_on)
    assert notice.why["rule"] == "notice" and notice.why["steps"]
    contract = fresh(contract)
    assert (contract.ends_on, contract.last_notice_on) == (ends_on, None)
    assert licence_of(contract)[1] == contract.ends_at
    live_until(at(ends_on))
    contract = fresh(contract)
    assert (contract.status, contract.end_reason, contract.ended_at) == ("ended", "notice", contract.ends_at)
    with tenancy.vendor():
        last = contract.terms.get(number=contract.term_number, voided_at__isnull=True)
    last_lived = ends_on - ONE_DAY
    assert last.days.lower <= last_lived and (last.days.upper is None or last_lived < last.days.upper)


def test_a_late_notice_lets_the_contract_renew_once_and_then_ends_it():
    contract = a_contract_before("2025-11-01")
    give(contract, "2025-11-01")
    contract = fresh(contract)
    assert (contract.term_number, contract.renews_at, contract.certain_at) == (1, utc("2025-12-31 23:00"), None)
    live_until("2026-01-02")
    contract = fresh(contract)
    assert (contract.term_number, contract.renews_at, contract.ends_on) == (2, None, date(2027, 1, 1))
    assert [number for number, *_days in terms_of(contract)] == [1, 2]


def test_the_last_day_under_the_reading_most_favourable_to_the_client():
    """30 September 2028 is a Saturday: under Polish law Monday's notice of the client is in time, the vendor's late."""
    found = {}
    for party in NoticeParty:
        contract = a_signed_contract(
            an_organization(country="PL", time_zone="Europe/Warsaw"), governing_law="PL", starts_on=date(2028, 1, 1)
        )
        live_until("2028-10-01")
        found[party.value] = give(contract, "2028-10-02", party=party).judgment
    assert found == {"client": "in_time", "vendor": "late"}


def test_one_by_somebody_not_entitled_is_recorded_and_has_no_effect():
    contract = a_contract_before("2025-06-01")
    before = fresh(contract)
    notice = give(contract, "2025-06-01", entitled=False)
    assert (notice.judgment, notice.ends_on) == ("not_entitled", None)
    after = fresh(contract)
    assert (after.ends_on, after.renews_at, after.certain_at) == (None, before.renews_at, before.certain_at)
    give(contract, "2025-06-02")  # by somebody who is
    assert fresh(contract).ends_on == date(2026, 1, 1)
    give(contract, "2025-06-03", entitled=False)
    assert fresh(contract).ends_on == date(2026, 1, 1)


def test_sending_counts_where_the_contract_says_so():
    for effect, judgment in (("sending", "in_time"), ("receipt", "late")):
        contract = a_contract_before("2025-09-30", notice_effect=effect)
        assert give(contract, "2025-09-30", received="2025-10-02").judgment == judgment


def test_sent_and_not_received_yet():
    contract = a_contract_before("2025-06-01", notice_effect="sending")
    with tenancy.vendor():
        notice = notices.give(
            contract,
            kind=NON_RENEWAL,
            party=NoticeParty.CLIENT,
            channel=NoticeChannel.LETTER,
            sent_on=date(2025, 6, 1),
            received_on=None,
            entitled=True,
            now=at("2025-06-01"),
            by=MANAGER,
        )
    assert notice.judgment == "in_time"


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        pytest.param({"sent_on": "2025-06-03"}, ("sent_on", "in_the_future"), id="sent-tomorrow"),
        pytest.param({"received_on": "2025-06-03"}, ("received_on", "in_the_future"), id="received-tomorrow"),
        pytest.param({"received_on": "2025-05-31"}, ("received_on", "before_sending"), id="received-before-sent"),
        pytest.param({"received_on": None}, ("received_on", "missing"), id="no-receipt"),
        pytest.param({"sent_on": "2024-11-30"}, ("sent_on", "before_the_contract"), id="before-the-contract"),
    ],
)
def test_wrong_days_are_named_and_nothing_is_recorded(values, fault):
    contract = a_contract_before("2025-06-01")
    days = {"sent_on": "2025-06-01", "received_on": "2025-06-01"} | values
    with pytest.raises(InvalidInput) as raised, tenancy.vendor():
        notices.give(
            contract,
            kind=NON_RENEWAL,
            party=NoticeParty.CLIENT,
            channel=NoticeChannel.EMAIL,
            entitled=True,
            now=at("2025-06-02"),
            by=MANAGER,
            **{name: day and date.fromisoformat(day) for name, day in days.items()},
        )
    assert [(error.field, error.code) for error in raised.value.errors] == [fault]
    with tenancy.vendor():
        assert not Notice.objects.exists()


def test_today_is_the_contracts_own():
    """At noon UTC of 31 May it is 1 June in Auckland, and still 31 May in Paris."""
    for zone, accepted in (("Pacific/Auckland", True), ("Europe/Paris", False)):
        contract = a_contract_before("2025-05-31", time_zone=zone)
        if accepted:
            assert give(contract, "2025-06-01", recorded="2025-05-31").judgment == "in_time"
        else:
            with pytest.raises(InvalidInput):
                give(contract, "2025-06-01", recorded="2025-05-31")


def test_a_second_notice_of_the_same_side_is_refused_while_one_stands():
    contract = a_contract_before("2025-06-01")
    give(contract, "2025-06-01")
    with pytest.raises(notices.NoticeStands):
        give(contract, "2025-06-02")
    with tenancy.vendor():
        assert Notice.objects.count() == 1


def test_two_at_once_leave_one_standing():
    contract = a_contract_before("2025-06-01")

    def act():
        notices.give(
            contract,
            kind=NON_RENEWAL,
            party=NoticeParty.CLIENT,
            channel=NoticeChannel.PORTAL,
            sent_on=date(2025, 6, 1),
            received_on=date(2025, 6, 1),
            entitled=True,
            now=at("2025-06-01"),
            by=MANAGER,
        )

    assert at_once(act) == (1, ["notice_stands"])


def test_a_notice_and_the_renewal_at_once_agree():
    """Whichever comes first, the contract is either under notice with the term voided, or never renewed."""
    contract = a_contract_before("2025-09-30")
    acts = iter(
        [
            lambda: renewal.renew(contract, ending=date(2026, 1, 1), now=at("2026-01-01"), by=MANAGER),
            lambda: notices.give(
                contract,
                kind=NON_RENEWAL,
                party=NoticeParty.CLIENT,
                channel=NoticeChannel.EMAIL,
                sent_on=date(2025, 9, 29),
                received_on=date(2025, 9, 29),
                entitled=True,
                now=at("2026-01-01"),
                by=MANAGER,
            ),
        ]
    )
    at_once(lambda: next(acts)())
    found = fresh(contract)
    assert (found.term_number, found.ends_on, found.renews_at) == (1, date(2026, 1, 1), None)
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01")]


@pytest.mark.parametrize(
    ("make", "state"),
    [
        (lambda: a_draft(an_organization()), "draft"),
        (lambda: a_contract_before("2026-02-01", auto_renews=False), "ended"),
    ],
)
def test_notice_is_of_a_signed_or_active_contract(make, state):
    contract = make()
    assert fresh(contract).status == state
    with pytest.raises(Refused) as raised:
        give(contract, "2026-02-01")
    assert raised.value.code == "contract_not_in_that_state"


def test_given_before_the_start_it_ends_the_first_term():
    contract = a_signed_contract(an_organization())
    notice = give(contract, "2024-12-20")
    assert (notice.judgment, notice.ends_on) == ("in_time", date(2026, 1, 1))
    assert fresh(contract).status == "signed"
    live_until("2025-01-02")
    contract = fresh(contract)
    assert (contract.status, contract.renews_at, contract.certain_at) == ("active", None, None)
    assert contract.ends_on == date(2026, 1, 1)
    live_until("2026-01-02")
    assert fresh(contract).status == "ended"
    assert len(terms_of(contract)) == 1


def test_given_long_before_the_start_with_a_right_to_leave_it_lives_one_day():
    contract = a_signed_contract(
        an_organization(), starts_on=date(2025, 6, 1), mid_term_exit=True, notice_length=1, first_term_months=12
    )
    notice = give(contract, "2024-12-20", kind=TERMINATION)
    assert (notice.judgment, notice.ends_on) == ("premature", date(2025, 6, 2))
    live_until("2025-06-03")
    found = fresh(contract)
    assert (found.status, found.ended_at) == ("ended", utc("2025-06-01 22:00"))


def test_recorded_late_but_given_in_time_it_voids_the_terms_that_it_prevented():
    contract = a_contract_before("2027-11-15")
    assert [number for number, *_days in terms_of(contract)] == [1, 2, 3, 4], "the fourth is certain, not begun"
    notice = give(contract, "2025-09-15", recorded="2027-11-15")
    assert (notice.judgment, notice.ends_on) == ("in_time", date(2026, 1, 1))
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01")]
    assert [number for number, *_days in terms_of(contract, voided=True)] == [2, 3, 4]
    found = fresh(contract)
    assert (found.term_number, found.ends_on, found.renews_at, found.certain_at) == (1, date(2026, 1, 1), None, None)
    assert licence_of(contract)[1] == utc("2025-12-31 23:00")
    live_until("2027-11-16")
    found = fresh(contract)
    assert (found.status, found.ended_at) == ("ended", utc("2025-12-31 23:00"))
    with tenancy.vendor():
        assert Term.objects.filter(voided_at=at("2027-11-15")).count() == 3, "they stay as evidence"


def test_a_mid_term_exit_recorded_late_keeps_the_term_it_ends_in():
    terms = {**COMMITTED, "starts_on": date(2025, 1, 1)}
    contract = a_contract_before("2027-03-01", **terms)
    give(contract, "2026-02-01", recorded="2027-03-01", kind=TERMINATION)
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01"), (2, "2026-01-01", "2027-01-01")]
    found = fresh(contract)
    assert (found.term_number, found.ends_on) == (2, date(2026, 5, 2))


def test_withdrawn_it_renews_as_if_it_had_not_been():
    contract = a_contract_before("2025-06-01")
    before = fresh(contract)
    give(contract, "2025-06-01")
    withdraw(contract, at("2025-07-01"))
    after = fresh(contract)
    for name in ("ends_on", "ends_at", "renews_at", "certain_at", "last_notice_on", "last_notice_why"):
        assert getattr(after, name) == getattr(before, name), name
    assert licence_of(contract)[1] is None
    live_until("2026-01-02")
    assert fresh(contract).term_number == 2
    assert trail(contract)[0]["contract.notice_withdrawn"] == 1


def test_withdrawn_after_the_last_day_for_notice_the_renewal_is_certain_at_once():
    contract = a_contract_before("2025-06-01")
    give(contract, "2025-06-01")
    live_until("2025-12-01")
    withdraw(contract, at("2025-12-01"))
    live_until("2025-12-01")
    assert terms_of(contract)[1:] == [(2, "2026-01-01", "2027-01-01")]


def test_withdrawn_after_terms_were_voided_they_are_made_anew():
    contract = a_contract_before("2025-11-15")
    assert len(terms_of(contract)) == 2, "the second is certain"
    give(contract, "2025-09-15", recorded="2025-11-15")
    withdraw(contract, at("2025-11-20"))
    live_until("2026-01-02")
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01"), (2, "2026-01-01", "2027-01-01")]
    assert terms_of(contract, voided=True) == [(2, "2026-01-01", "2027-01-01")]
    assert fresh(contract).term_number == 2


def test_withdrawn_another_can_be_given():
    contract = a_contract_before("2025-06-01")
    give(contract, "2025-06-01")
    withdraw(contract, at("2025-06-10"))
    give(contract, "2025-06-20")
    assert fresh(contract).ends_on == date(2026, 1, 1)


def test_a_contract_that_would_end_by_itself_still_does_after_a_withdrawal():
    contract = a_contract_before("2025-06-01", auto_renews=False)
    give(contract, "2025-06-01")
    withdraw(contract, at("2025-06-10"))
    assert fresh(contract).ends_on == date(2026, 1, 1)
    assert licence_of(contract)[1] == utc("2025-12-31 23:00")


@pytest.mark.parametrize(
    ("now", "swept"),
    [
        pytest.param("2025-12-31 23:00", False, id="the-end-has-come-and-no-sweep-saw-it"),
        pytest.param("2026-01-02 12:00", True, id="ended"),
    ],
)
def test_what_has_taken_effect_is_not_withdrawn(now, swept):
    contract = a_contract_before("2025-06-01")
    give(contract, "2025-06-01")
    if swept:
        live_until(utc(now))
    with pytest.raises(Refused):
        withdraw(contract, utc(now))
    with tenancy.vendor():
        assert Notice.objects.get().withdrawn_at is None


def test_until_the_last_instant_it_can_be_withdrawn_and_only_once():
    contract = a_contract_before("2025-06-01")
    give(contract, "2025-06-01")
    withdraw(contract, utc("2025-12-31 23:00") - timedelta(microseconds=1))
    with pytest.raises(notices.NotUnderNotice):
        withdraw(contract, utc("2025-12-31 22:59"))


def test_one_not_entitled_is_nothing_to_withdraw():
    contract = a_contract_before("2025-06-01")
    give(contract, "2025-06-01", entitled=False)
    with pytest.raises(notices.NotUnderNotice):
        withdraw(contract, at("2025-06-02"))


def test_given_while_the_service_was_down_over_a_renewal():
    """No sweep has seen term 2 begin: the notice is of term 2 all the same, which is caught up and then ends."""
    contract = a_contract_before("2025-03-01")
    notice = give(contract, "2026-03-01")
    assert notice.ends_on == date(2027, 1, 1)
    live_until("2026-03-02")
    found = fresh(contract)
    assert (found.term_number, found.ends_on, found.renews_at) == (2, date(2027, 1, 1), None)
    assert [number for number, *_days in terms_of(contract)] == [1, 2]
