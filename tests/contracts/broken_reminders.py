"""What breaks each constraint of reminders, and those by which contracts have them; for test_constraints.py."""

import uuid
from datetime import date

from contracts.models import Contract, Reminder
from tests.contracts.agreements import at


def a_reminder(contract, **values):
    """Make a reminder that was sent."""
    return Reminder.objects.create(
        **{
            "organization_id": contract.organization_id,
            "contract": contract,
            "term_number": 1,
            "kind": "notice",
            "lead": 90,
            "due_on": date(2025, 7, 2),
            "last_notice_on": date(2025, 9, 30),
            "message": uuid.uuid4(),
            "sent_at": at("2025-07-02"),
            **values,
        }
    )


def reminder(**values):
    return lambda found: Reminder.objects.filter(contract=found).update(**values)


def contract(**values):
    return lambda found: Contract.objects.filter(pk=found.pk).update(**values)


REMINDERS = {
    "contracts_reminder_public_id_key": lambda found: a_reminder(
        found, lead=60, public_id=found.reminders.get().public_id
    ),
    "reminder_kind_known": reminder(kind="whim"),
    "reminder_sent_or_skipped": reminder(skipped_at=at("2025-07-02")),
    "reminder_sent_with_proof": reminder(message=None),
    "reminder_due_before_the_last_day": reminder(due_on=date(2025, 10, 1)),
    "reminder_outcome_of_an_announcement": lambda found: a_reminder(
        found, lead=60, message=None, sent_at=None, skipped_at=at("2025-07-02"), outcome_at=at("2025-07-02")
    ),
    "reminder_once": a_reminder,
    "contract_reminds_only_before_a_renewal": contract(
        next_reminder_at=at("2025-07-02"), ends_on=date(2027, 1, 1), ends_at=at("2027-01-01")
    ),
    "contract_reminders_not_too_many": contract(reminder_leads=list(range(1, 14))),
}
FOREIGN_KEYS = {
    "contracts_reminder_contract_id_tenant_fk": reminder(contract_id=2**40),
    "contracts_reminder_proof_id_tenant_fk": reminder(proof_id=2**40),
}
