"""Taking a contract's row before it is changed, with its state asked again under the lock."""

from accounts.errors import Refused, phrase
from contracts.enums import ContractStatus
from contracts.models import Contract


class ContractNotInThatState(Refused):
    """The contract has moved on: another operator, or a sweep, was faster."""

    code = "contract_not_in_that_state"


def locked(
    contract: Contract,
    *states: ContractStatus,
    refusal: str = phrase("The contract is not in a state that allows this."),
) -> Contract:
    """Return the contract as it is stored now, its row taken until the transaction ends.

    :raises ContractNotInThatState: it is in none of the ``states``; ``refusal`` says so to people.
    """
    found = (
        Contract.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organization")
        .filter(pk=contract.pk, status__in=[state.value for state in states])
        .first()
    )
    if found is None:
        raise ContractNotInThatState(refusal)
    return found
