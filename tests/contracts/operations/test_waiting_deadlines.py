"""Deadlines of what waits for a word: opened, met by the answer, withdrawn, passed; and whose eyes they are for."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import sweeps as accounts_sweeps
from accounts import tenancy
from accounts.enums import Role
from accounts.operations.sweeping import SYSTEM
from contracts import sweeps
from contracts.enums import NoticeChannel, NoticeKind, TerminationGround
from contracts.models import CalendarEvent, Deadline, Uplift
from contracts.operations import chatel, offers, outgoing, quotes, uplifts
from tests.accounts.parties import a_member
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.indices import a_series, import_rows
from tests.contracts.operations.lives import IN_ORDER, MANAGER, fresh, give, live_until, withdraw
from tests.contracts.operations.switches import a_proof
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ORDER = (*IN_ORDER, sweeps.expire_all, sweeps.remind_all, sweeps.refresh_all_deadlines, sweeps.refresh_all_calendars)
WAITING = ("offer_expiry", "quote_expiry", "uplift_proposal", "send_by", "chatel_reminder")


def an_active_contract(organization=None, **values):
    contract = a_signed_contract(organization or an_organization(), **values)
    live_until("2025-01-02", ORDER)
    return fresh(contract)


def states(contract, now):
    """Return what is stored of the waiting kinds, once the sweep has run: (kind, last day, act by, state)."""
    sweeps.refresh_all_deadlines(at=at(now), by=SYSTEM)
    with tenancy.vendor():
        rows = Deadline.objects.filter(contract=contract, kind__in=WAITING).order_by("pk")
        return [(one.kind, str(one.legal_on), str(one.internal_on), _state(one)) for one in rows]


def _state(row):
    if row.superseded_at is not None:
        return "superseded" if row.superseded_by else "withdrawn"
    return "open" if row.met_at is None else "met"


def done(act, *args, now, by=MANAGER, **values):
    with tenancy.vendor():
        return act(*args, now=at(now), by=by, **values)


def an_offer(contract, *, send=True):
    made = done(offers.make, contract, values={"seats": 4}, valid_until=date(2025, 8, 15), now="2025-03-01")
    return done(offers.send, made, now="2025-03-01") if send else made


@pytest.mark.parametrize(
    ("act", "now", "state"),
    [
        pytest.param(None, "2025-03-02", "open", id="waits"),
        pytest.param(None, "2025-08-16", "met", id="passes"),
        pytest.param(offers.accept, "2025-03-05", "met", id="accepted"),
        pytest.param(offers.withdraw, "2025-03-05", "withdrawn", id="withdrawn"),
    ],
)
def test_an_offer_that_the_client_has(act, now, state):
    contract = an_active_contract()
    offer = an_offer(contract)
    day = ("offer_expiry", "2025-08-15", "2025-08-15")
    assert states(contract, "2025-03-02") == [(*day, "open")]
    if act is not None:
        done(act, offer, now=now)
    live_until(now, ORDER)
    assert states(contract, now) == [(*day, state)]


def test_a_draft_of_an_offer_has_no_deadline():
    contract = an_active_contract()
    an_offer(contract, send=False)
    assert states(contract, "2025-03-02") == []


def a_quote(contract, ground=TerminationGround.AGREEMENT, **values):
    named = {"agreed": Decimal(100)} if ground is TerminationGround.AGREEMENT else {}
    return done(quotes.make, contract, exit_on=date(2025, 6, 30), ground=ground, now="2025-03-01", **named, **values)


@pytest.mark.parametrize(
    ("act", "now", "state"),
    [
        pytest.param(None, "2025-03-31", "open", id="on-its-last-day"),
        pytest.param(None, "2025-04-01", "met", id="passes"),
        pytest.param("accept", "2025-03-05", "met", id="accepted"),
        pytest.param("leave", "2025-03-05", "withdrawn", id="the-contract-ends-before"),
    ],
)
def test_a_quote_that_grants_an_exit(act, now, state):
    contract = an_active_contract(minimum_commitment_months=1, mid_term_exit=True)
    quote = a_quote(contract)
    day = ("quote_expiry", "2025-03-31", "2025-03-31")
    assert states(contract, "2025-03-02") == [(*day, "open")]
    if act == "accept":
        done(quotes.accept, quote, now=now)
    if act == "leave":
        give(contract, "2025-03-03", kind=NoticeKind.TERMINATION)
    assert states(contract, now) == [(*day, state)]


def test_a_quote_that_informs_only_has_no_deadline():
    contract = an_active_contract()
    a_quote(contract, ground=TerminationGround.VENDOR_BREACH)
    assert states(contract, "2025-03-02") == []


@pytest.mark.parametrize("act", ["apply", "reject"])
def test_a_price_is_decided_before_its_term_and_known_while_notice_can_be_given(act):
    series = a_series()
    import_rows("SYN,2024-10,242.60,2024-11-15", "SYN,2025-07,245.60,2025-08-15", now=at("2025-08-20"))
    contract = an_active_contract(index_series=series, annual_fee=Decimal(10000))
    live_until("2025-08-31", (*ORDER, sweeps.propose_all))
    # The last day for notice is Tuesday 30 September; the term begins on 1 January.
    day = ("uplift_proposal", "2025-12-31", "2025-09-30")
    assert states(contract, "2025-09-01") == [(*day, "open")]
    with tenancy.vendor():
        found = Uplift.objects.get(contract=contract)
    done(getattr(uplifts, act), found, now="2025-09-02")
    assert states(contract, "2025-09-02") == [(*day, "met")]


@pytest.mark.parametrize(
    ("act", "state"),
    [pytest.param("send", "met", id="sent"), pytest.param("cancel", "withdrawn", id="given-up")],
)
def test_a_notice_of_the_vendors_own_is_sent_in_time(act, state):
    contract = an_active_contract()
    made = done(
        outgoing.draft,
        contract,
        kind=NoticeKind.NON_RENEWAL,
        channel=NoticeChannel.LETTER,
        last_day=date(2025, 12, 31),
        now="2025-03-01",
    )
    day = ("send_by", made.send_by.isoformat(), made.send_by.isoformat())
    assert states(contract, "2025-03-02") == [(*day, "open")]
    if act == "send":
        done(outgoing.approve, made, now="2025-03-03", by="user:another")
        proof = a_proof(contract.organization, "2025-03-04")
        done(outgoing.send, made, sent_on=date(2025, 3, 4), proof=proof, received_on=None, now="2025-03-04")
    else:
        done(outgoing.cancel, made, now="2025-03-04")
    assert states(contract, "2025-03-05") == [(*day, state)]


def test_one_that_is_not_sent_is_late():
    contract = an_active_contract()
    made = done(
        outgoing.draft,
        contract,
        kind=NoticeKind.NON_RENEWAL,
        channel=NoticeChannel.LETTER,
        last_day=date(2025, 12, 31),
        now="2025-03-01",
    )
    states(contract, "2025-12-01")
    with tenancy.vendor():
        (late,) = Deadline.objects.late(at=at("2025-12-01")).filter(kind="send_by")
    assert late.subject_id == made.public_id and late.vendor_only


# Last day for notice 2025-09-30; window 2025-06-30 to Saturday 2025-08-30.
CHATEL = ("chatel_reminder", "2025-08-30", "2025-08-29")


def an_association(*, reachable=True, **values):
    organization = an_organization(legal_category="association")
    if reachable:
        a_member(Role.AUTHORISED_CONTACT, organization)
    return an_active_contract(organization, reminder_leads=[], **values)


def test_the_reminder_that_the_law_asks_for_is_met_when_it_is_delivered():
    contract = an_association()
    assert states(contract, "2025-01-03") == [(*CHATEL, "open")]
    live_until("2025-06-30", ORDER)
    assert states(contract, "2025-06-30") == [(*CHATEL, "open")]
    accounts_sweeps.deliver_all(at=at("2025-06-30"), by=SYSTEM)
    assert states(contract, "2025-06-30") == [(*CHATEL, "met")]
    live_until("2026-01-02", ORDER)
    assert states(contract, "2026-01-02")[1:] == [("chatel_reminder", "2026-08-30", "2026-08-28", "open")]


def test_nobody_can_be_told_so_it_is_late_until_a_letter_is_recorded():
    contract = an_association(reachable=False)
    with tenancy.vendor():
        late = Deadline.objects.late(at=at("2025-08-31")).filter(kind="chatel_reminder")
        assert [row.contract_id for row in late] == [contract.pk]
    proof = a_proof(contract.organization, "2025-07-01")
    done(chatel.record, contract, sent_on=date(2025, 7, 1), proof=proof, now="2025-09-02")
    assert states(contract, "2025-09-02") == [(*CHATEL, "met")]


def test_under_notice_nobody_is_reminded():
    contract = an_association()
    give(contract, "2025-03-01")
    assert states(contract, "2025-03-02") == [(*CHATEL, "withdrawn")]
    withdraw(fresh(contract), "2025-03-03")
    assert states(contract, "2025-03-04") == [(*CHATEL, "withdrawn"), (*CHATEL, "open")]


def test_a_company_is_owed_no_reminder():
    assert states(an_active_contract(reminder_leads=[]), "2025-01-03") == []


def test_a_client_sees_what_it_may_accept_and_none_of_the_vendors_plans():
    contract = an_active_contract()
    an_offer(contract)
    a_quote(contract)
    done(
        outgoing.draft,
        contract,
        kind=NoticeKind.NON_RENEWAL,
        channel=NoticeChannel.LETTER,
        last_day=date(2025, 12, 31),
        now="2025-03-01",
    )
    live_until("2025-03-02", ORDER)
    with tenancy.tenant(contract.organization_id):
        for rows in (Deadline.objects, CalendarEvent.objects):
            kinds = set(rows.values_list("kind", flat=True))
            assert {"offer_expiry", "quote_expiry"} <= kinds and "send_by" not in kinds
