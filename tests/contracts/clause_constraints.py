"""An example that breaks each constraint of clauses, and only it: read by tests/contracts/test_constraints.py."""

from datetime import date

from contracts.models import ContractClause
from tests.contracts.agreements import at
from tests.contracts.switching_constraints import again

TENANT_KEYS = {"contracts_contractclause_tenant_key"}


def rows(contract):
    """Make a clause without evidence."""
    ContractClause.objects.create(
        organization=contract.organization,
        contract=contract,
        code="erasure_guarantee",
        value=True,
        recorded_by="user:one",
        recorded_at=at("2025-06-01"),
    )


def clause(**values):
    return lambda _found: ContractClause.objects.update(**values)


EXAMPLES = {
    "contracts_contractclause_public_id_key": again(ContractClause, code="client_separation", public_id=None),
    "clause_current_once": again(ContractClause),
    "clause_code_known": clause(code="whim"),
    "clause_validity_is_of_evidence": clause(valid_until=date(2026, 1, 1)),
    "clause_training_only_authorised": clause(code="training_allowed"),
}
FOREIGN_KEYS = {
    "contracts_contractclause_contract_id_tenant_fk": clause(contract_id=2**40),
    "contracts_contractclause_evidence_id_tenant_fk": clause(evidence_id=2**40),
}
ALLOWED = {
    "training-that-is-refused": clause(code="training_allowed", value=False),
    "a-clause-that-was-superseded": again(ContractClause, superseded_at=at("2025-06-02")),
}
