"""Switching by two at once: one case opened, one end agreed, one step taken."""

import pytest

from accounts import tenancy
from accounts.errors import Refused
from contracts.enums import SwitchKind, SwitchStatus
from contracts.models import SwitchingCase, Termination
from contracts.operations import switching
from tests.contracts.agreements import at
from tests.contracts.operations.lives import MANAGER, at_once, fresh
from tests.contracts.operations.switches import a_proof, an_active_contract, day, opened, stored

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def test_two_who_open_a_case_at_once_open_one():
    contract = an_active_contract()
    proof = a_proof(contract.organization)

    def open_one():
        switching.open_case(
            contract,
            kind=SwitchKind.PROVIDER,
            received_on=day("2026-12-01"),
            proof=proof,
            now=at("2026-12-01"),
            by=MANAGER,
        )

    assert at_once(open_one) == (1, ["switch_stands"])
    with tenancy.vendor():
        assert (SwitchingCase.objects.count(), Termination.objects.count()) == (1, 1)


def test_complete_and_extend_at_once_agree_on_the_end():
    contract = an_active_contract()
    case = opened(contract)
    proof = a_proof(contract.organization)
    works = iter(
        [
            lambda: switching.complete(
                case, completed_on=day("2026-12-05"), proof=proof, now=at("2026-12-05"), by=MANAGER
            ),
            lambda: switching.extend(
                case, on=day("2026-12-05"), until=day("2027-12-31"), proof=proof, now=at("2026-12-05"), by=MANAGER
            ),
        ]
    )
    done, refused = at_once(lambda: next(works)())
    assert done + len(refused) == 2 and set(refused) <= {"switch_not_in_that_state"}
    # Whoever was first, the switch is completed, and the contract ends with that day.
    assert (stored(case).status, fresh(contract).ends_on) == ("completed", day("2026-12-06"))
    with tenancy.vendor():
        assert Termination.objects.filter(withdrawn_at__isnull=True).count() == 1


def test_a_step_taken_twice_is_taken_once():
    case = opened(an_active_contract())

    def go_on():
        switching.step(case, status=SwitchStatus.NOTIFIED, now=at("2027-02-02"), by=MANAGER)

    assert at_once(go_on) == (1, ["switch_not_in_that_state"])
    early = stored(case)
    with pytest.raises(Refused), tenancy.vendor():
        switching.step(early, status=SwitchStatus.IN_TRANSITION, now=at("2027-03-03"), by=MANAGER)
