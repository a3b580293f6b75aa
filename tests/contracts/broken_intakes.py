"""What breaks each constraint of the inbox; for test_constraints.py."""

from contracts.letters import reader
from contracts.models import Intake
from contracts.operations import intakes
from tests.contracts.agreements import at


def an_intake(contract):
    """Drop a letter that is not decided."""
    intake = intakes.drop(reader.pasted("We terminate."), now=at("2025-06-01"), by="user:one")
    Intake.objects.filter(pk=intake.pk).update(organization=contract.organization)
    return intake


def intake(**values):
    return lambda found: Intake.objects.filter(organization=found.organization).update(**values)


DECIDED = {"state": "asked_back", "decided_at": at("2025-06-02")}
INTAKES = {
    "intake_state_known": intake(state="lost", decided_at=at("2025-06-02")),
    "intake_kind_known": intake(kind="whim"),
    "intake_sha256_is_hex": intake(sha256="x" * 64),
    "intake_decided_for_somebody": intake(**DECIDED, organization=None),
    "intake_decided_at_iff_decided": intake(state="asked_back"),
    "intake_confirmed_is_filed": intake(**DECIDED | {"state": "confirmed", "kind": "termination"}),
    "intake_new_holds_its_file": intake(sealed_file=None),
}
FOREIGN_KEYS = {
    "contracts_intake_document_id_tenant_fk": intake(document_id=2**40),
    "contracts_intake_acknowledgement_id_tenant_fk": intake(acknowledgement_id=2**40),
}
