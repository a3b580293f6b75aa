"""An example that breaks each constraint of switching, and only it: read by tests/contracts/test_constraints.py."""

import uuid
from datetime import date
from decimal import Decimal

from contracts.models import SwitchingAct, SwitchingCase
from tests.contracts.agreements import at
from tests.retention.vaults import an_organization

TENANT_KEYS = {"contracts_switchingcase_tenant_key", "contracts_switchingact_tenant_key"}
DAYS = {
    "received_on": date(2025, 6, 1),
    "notice_end": date(2025, 8, 1),
    "unfeasible_limit": date(2025, 6, 20),
    "transition_end": date(2025, 8, 31),
    "retrieval_end": date(2025, 9, 30),
    "erase_from": date(2025, 10, 1),
    "erase_at": at("2025-10-01"),
}
RECORDED = {"recorded_by": "user:one", "recorded_at": at("2025-06-01")}


def rows(contract):
    """Make a case that was notified, and its first act."""
    case = SwitchingCase.objects.create(
        organization=contract.organization,
        contract=contract,
        kind="provider",
        status="notified",
        notice_months=2,
        next_at=at("2025-08-02"),
        **DAYS,
        **RECORDED,
    )
    SwitchingAct.objects.create(
        organization=contract.organization, case=case, step="opened", done_on=date(2025, 6, 1), **RECORDED
    )


def case(**values):
    return lambda found: SwitchingCase.objects.filter(contract=found).update(**values)


def made(**values):
    return lambda found: SwitchingAct.objects.filter(case__contract=found).update(**values)


def again(model, **values):
    """Insert the row of the model again, with other values."""

    def insert(_found):
        row = model.objects.order_by("pk")[0]
        earlier = row.public_id
        row.pk, row.public_id, row._state.adding = None, uuid.uuid4(), True
        for name, value in values.items():
            setattr(row, name, earlier if name == "public_id" else value)
        row.save(force_insert=True)

    return insert


def _next_door(model):
    return lambda _found: model.objects.update(organization=an_organization())


OVER = {"status": "withdrawn", "closed_at": at("2025-06-02"), "next_at": None}
EXAMPLES = {
    "contracts_switchingcase_public_id_key": again(SwitchingCase, public_id=None, **OVER),
    "switching_open_once": again(SwitchingCase),
    "switching_status_known": case(status="paused"),
    "switching_kind_known": case(kind="whim"),
    "switching_transition_iff_transfer": case(transition_end=None),
    "switching_erasure_only_transfers_nothing": case(kind="erasure_only", transition_end=None, retrieval_end=None),
    "switching_notice_after_receipt": case(received_on=date(2025, 8, 2)),
    "switching_transition_after_notice": case(transition_end=date(2025, 7, 31)),
    "switching_retrieval_after_transition": case(retrieval_end=date(2025, 8, 31)),
    "switching_erasure_after_retrieval": case(erase_from=date(2025, 9, 30)),
    "switching_unfeasible_told_in_time": case(
        unfeasible_told_on=date(2025, 6, 21), unfeasible_length=5, unfeasible_unit="months"
    ),
    "switching_completed_on_iff_completed": case(completed_on=date(2025, 6, 2)),
    "switching_completed_after_receipt": case(
        status="completed", completed_on=date(2025, 5, 31), closed_at=at("2025-06-02"), next_at=None
    ),
    "switching_closed_at_iff_final": case(closed_at=at("2025-06-02")),
    "switching_charge_at_most_cost": case(
        charge=Decimal("10.01"), charge_cost=Decimal(10), charged_on=date(2025, 6, 2)
    ),
    "switching_no_charge_from_2027_01_12": case(
        charge=Decimal("0.01"), charge_cost=Decimal(10), charged_on=date(2027, 1, 12)
    ),
    "contracts_switchingact_public_id_key": again(SwitchingAct, step="extended", public_id=None),
    "switching_act_step_known": made(step="sung"),
    "switching_act_once": again(SwitchingAct),
    "switching_unfeasible_with_reasons": made(step="unfeasible_told"),
    "switching_withdrawal_proved": made(step="withdrawn"),
}
FOREIGN_KEYS = {
    "contracts_switchingcase_contract_id_tenant_fk": case(contract_id=2**40),
    "contracts_switchingact_case_id_tenant_fk": _next_door(SwitchingAct),
    "contracts_switchingact_proof_id_tenant_fk": made(proof_id=2**40),
}
ALLOWED = {
    "a-charge-of-nothing-for-ever": case(charge=0, charge_cost=Decimal(10), charged_on=date(2027, 1, 12)),
    "a-charge-at-cost-on-the-last-day": case(charge=10, charge_cost=Decimal(10), charged_on=date(2027, 1, 11)),
    "a-case-beside-one-that-is-over": again(SwitchingCase, **OVER),
    "told-on-the-last-day": case(unfeasible_told_on=date(2025, 6, 20), unfeasible_length=5, unfeasible_unit="months"),
    "two-choices": lambda found: [
        SwitchingAct.objects.create(
            organization=found.organization,
            case=SwitchingCase.objects.get(),
            step="chosen",
            done_on=date(2025, 6, 1),
            **RECORDED,
        )
        for _ in range(2)
    ],
}
