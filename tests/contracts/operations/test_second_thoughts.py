"""What comes too late, or undoes what both sides did: refused, or proved; and what was undone leaves nothing behind."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from accounts.models import AuditEvent, OutboxMessage
from contracts.enums import NoticeParty, TerminationGround
from contracts.models import StatementLine, Termination
from contracts.operations import amendments, notices, terminations, uplifts
from tests.contracts.agreements import at
from tests.contracts.indexation import test_offers, test_uplifts
from tests.contracts.operations import test_amendments, test_both_sides
from tests.contracts.operations.lives import TERMINATION, an_agreement, fresh, give, live_until
from tests.contracts.operations.test_quotes import BY, an_active_contract, terminate

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def refused(act):
    with tenancy.vendor(), pytest.raises(Refused) as found:
        act()
    return found.value.code


def test_a_contract_that_is_over_is_not_ended_again():
    contract = an_active_contract()
    give(contract, "2025-02-01")
    live_until("2026-01-02")
    assert fresh(contract).status == "ended"
    with pytest.raises(Refused) as found:
        terminate(contract, TerminationGround.VENDOR_BREACH, on="2025-03-01", now="2026-02-01")
    assert found.value.code == "contract_not_in_that_state"
    with tenancy.vendor():
        assert not Termination.objects.exists()
    assert fresh(contract).ends_on == date(2026, 1, 1)


def test_a_termination_of_a_contract_that_is_over_is_not_taken_back():
    contract = an_active_contract()
    give(contract, "2025-02-01")
    terminate(contract, last_day="2025-06-30")
    live_until("2025-07-02")
    with tenancy.vendor():
        Termination.objects.update(ends_on=date(2025, 12, 1))
        later = Termination.objects.select_related("contract").get()
    assert (
        refused(lambda: terminations.revert(later, proof=None, now=at("2025-08-01"), by=BY))
        == "contract_not_in_that_state"
    )


def test_an_amendment_dated_back_does_not_overwrite_a_later_one():
    contract = test_amendments.an_active_contract("2025-02-01")
    test_amendments.amend(contract, "2025-06-01", on="2025-05-01", annual_fee=Decimal("13000.00"))
    test_amendments.live_until("2025-07-01")
    with pytest.raises(Refused) as found:
        test_amendments.amend(contract, "2025-03-01", on="2025-07-01", annual_fee=Decimal("12500.00"))
    assert (found.value.code, fresh(contract).annual_fee) == ("amendment_clashes", Decimal(13000))
    with tenancy.vendor():
        assert StatementLine.objects.filter(contract=contract, amount__lt=0).count() == 0
    test_amendments.amend(contract, "2025-03-01", on="2025-07-01", seats=5)
    assert fresh(contract).seats == 5, "another clause may be"


def test_an_amendment_ahead_does_not_keep_an_earlier_day_from_being_agreed():
    contract = test_amendments.an_active_contract("2025-02-01")
    test_amendments.amend(contract, "2025-09-01", annual_fee=Decimal("13000.00"))
    test_amendments.amend(contract, "2025-06-01", annual_fee=Decimal("12500.00"))
    test_amendments.live_until("2025-10-01")
    assert fresh(contract).annual_fee == Decimal(13000)


def under_both_notices():
    contract = test_both_sides.a_contract_before("2025-06-01", mid_term_exit=True)
    vendors = give(contract, "2025-06-01", party=NoticeParty.VENDOR)
    clients = give(fresh(contract), "2025-06-02", kind=TERMINATION)
    return fresh(contract), vendors, clients


def take_back(contract, **values):
    now = at("2025-06-03")
    with tenancy.vendor():
        proof = an_agreement(contract, now)
        return notices.withdraw(contract, **{"proof": proof, "now": now, "by": BY, **values})


def test_one_side_s_notice_is_taken_back_and_the_other_s_stands():
    contract, vendors, clients = under_both_notices()
    with pytest.raises(InvalidInput) as wrong:
        take_back(contract)
    assert [(one.field, one.code) for one in wrong.value.errors] == [("notices", "which_notice")]
    take_back(contract, named=[clients])
    assert fresh(contract).ends_on == vendors.ends_on
    with tenancy.vendor():
        event = AuditEvent.objects.get(name="contract.notice_withdrawn")
        message = OutboxMessage.objects.get(topic="contract.notice_withdrawn")
    assert event.data["notices"] == message.payload["notices"] == [str(clients.public_id)]
    with pytest.raises(notices.NotUnderNotice):
        take_back(fresh(contract), named=[clients])


def test_nothing_is_taken_back_without_the_agreement_of_both_sides():
    contract = an_active_contract()
    termination = terminate(contract)
    amendment = test_amendments.amend(contract, "2025-06-01", on="2025-03-01", seats=5)
    given = give(contract, "2025-03-02")
    attempts = (
        lambda: notices.withdraw(fresh(contract), proof=None, now=at("2025-03-03"), by=BY),
        lambda: terminations.revert(termination, proof=None, now=at("2025-03-03"), by=BY),
        lambda: amendments.void(amendment, proof=None, now=at("2025-03-03"), by=BY),
    )
    for act in attempts:
        with tenancy.vendor(), pytest.raises(InvalidInput) as wrong:
            act()
        assert [(one.field, one.code) for one in wrong.value.errors] == [("proof", "missing")]
    with tenancy.vendor():
        for row, name in ((given, "withdrawn_at"), (termination, "withdrawn_at"), (amendment, "voided_at")):
            row.refresh_from_db()
            assert getattr(row, name) is None


def test_the_trail_names_the_proof_of_what_was_taken_back():
    contract = an_active_contract()
    termination = terminate(contract)
    amendment = test_amendments.amend(contract, "2025-06-01", on="2025-03-01", seats=5)
    with tenancy.vendor():
        proof = an_agreement(contract, at("2025-03-03"))
        terminations.revert(termination, proof=proof, now=at("2025-03-03"), by=BY)
        amendments.void(amendment, proof=proof, now=at("2025-03-03"), by=BY)
        for name in ("contract.termination_reverted", "contract.amendment_voided"):
            assert AuditEvent.objects.get(name=name).data["proof"] == str(proof.public_id)


def void_the_amendment(contract):
    with tenancy.vendor():
        amendment = contract.amendments.select_related("contract").latest("pk")
        return amendments.void(amendment, proof=an_agreement(contract, at("2025-09-02")), now=at("2025-09-02"), by=BY)


def test_an_offer_whose_amendment_was_taken_back_leaves_room_for_another():
    contract = test_offers.an_active_contract()
    first = test_offers.sent(contract)
    test_offers.accept(first)
    void_the_amendment(contract)
    assert test_offers.stored(first).state == "voided"
    second = test_offers.sent(contract, values={"annual_fee": Decimal("12600.00")})
    test_offers.accept(second)
    test_offers.live_until("2026-01-02", test_offers.AMENDING)
    assert fresh(contract).annual_fee == Decimal(12600)


def test_an_uplift_whose_amendment_was_taken_back_is_proposed_anew():
    contract = test_uplifts.an_indexed_contract()
    test_uplifts.import_rows(test_uplifts.SUMMER, now=at("2025-08-20"))
    test_uplifts.sweep(test_uplifts.DUE)
    test_uplifts.decide(uplifts.apply)
    void_the_amendment(contract)
    assert test_uplifts.state()[0] == "voided"
    assert test_uplifts.sweep(at("2025-09-03")) == (1, 0)
    with tenancy.vendor():
        found = list(contract.uplifts.order_by("pk").values_list("state", "s0", "price_after"))
    assert [one[0] for one in found] == ["voided", "proposed"] and found[0][1:] == found[1][1:]
    test_uplifts.decide(uplifts.apply, now=at("2025-09-03"))
    assert test_uplifts.state()[0] == "applied"
