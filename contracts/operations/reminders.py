"""Reminders before the last day for notice: each sent once, those that came too late passed over; their leads set."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused
from accounts.operations import audit, outbox
from contracts import explain
from contracts.enums import ReminderKind
from contracts.models import Contract, Reminder
from contracts.operations import chatel, plans, reminding, stored
from contracts.rules import errors, reminders
from contracts.rules.periods import local_day

TOPIC = "contract.notice_reminder"


class ReminderNotDue(Refused):
    """Nothing to remind of: done already, under notice, or not yet midnight in the contract's zone."""

    code = "reminder_not_due"


@transaction.atomic
def remind(contract: Contract, *, now: datetime, by: str) -> Reminder | None:
    """Send the most recent reminder that is due, and pass over older ones that nobody sent while they were of use.

    Once the last day for notice is over none is sent. The reminder of the Loi Chatel, where the client is owed one,
    goes its own way beside them. Returns what was sent of the ladder, if anything was.

    :raises ReminderNotDue: no reminder of this contract is due.
    """
    locked = (
        Contract.objects.due_for_reminder(at=now)
        .filter(pk=contract.pk)
        .select_related("organization", "owner")
        .select_for_update(of=("self",), no_key=True)
        .first()
    )
    if locked is None:
        raise ReminderNotDue("No reminder of this contract is due.")
    clause = stored.clause_of(locked)
    today = local_day(now, locked.time_zone)
    waiting = reminding.waiting(locked, clause)
    choice = reminders.choose(
        [due for due in waiting if due.kind is ReminderKind.NOTICE], today=today, last_day=locked.last_notice_on
    )
    for due in choice.skip:
        _keep(locked, due, skipped_at=now)
    sent = None if choice.send is None else _send(locked, choice.send, now=now)
    for due in waiting:
        if due.kind is ReminderKind.CHATEL and due.due_on <= today:
            chatel.settle(locked, due, now=now, by=by)
    following = reminding.next_at(locked, clause)
    locked.next_reminder_at = chatel.tomorrow(locked, now) if following and following <= now else following
    locked.save(update_fields=["next_reminder_at"])
    if sent is None and not choice.skip:
        return None
    audit.record(
        TOPIC if sent else "contract.reminders_skipped",
        locked,
        by=by,
        at=now,
        data={
            "term": locked.term_number,
            "sent": None if choice.send is None else choice.send.lead,
            "skipped": [due.lead for due in choice.skip],
        },
    )
    return sent


@transaction.atomic
def set_leads(
    contract: Contract, *, reminder_leads: Sequence[int], reminds_client: bool, now: datetime, by: str
) -> Contract:
    """Say how many days before the last day for notice a contract reminds, and whether the client's contacts too.

    :raises InvalidInput: a lead is out of range, or comes twice.
    :raises Refused: the contract is over.
    """
    if wrong := faults(reminder_leads):
        raise InvalidInput(wrong)
    locked = (
        Contract.objects.open()
        .filter(pk=contract.pk)
        .select_related("organization")
        .select_for_update(of=("self",), no_key=True)
        .first()
    )
    if locked is None:
        raise Refused("The contract is over.", code="contract_not_in_that_state")
    locked.reminder_leads = sorted(reminder_leads, reverse=True)
    locked.reminds_client = reminds_client
    certain = locked.terms.filter(number=locked.term_number + 1, voided_at__isnull=True).exists()
    locked.next_reminder_at = None if certain else reminding.next_at(locked, stored.clause_of(locked))
    plans.keep(locked)
    locked.calendar_due_at = now  # its alarms go by the same leads
    locked.save(
        update_fields=["reminder_leads", "reminds_client", "next_reminder_at", "planned_for", "calendar_due_at"]
    )
    data = {"leads": locked.reminder_leads, "client": reminds_client}
    audit.record("contract.reminders_set", locked, by=by, at=now, data=data)
    outbox.publish("contract.reminders_set", locked, at=now, payload=data)
    return locked


def faults(leads: Sequence[int]) -> list[FieldError]:
    """Return what is wrong with the leads of a contract."""
    try:
        reminders.check_leads(leads)
    except errors.InvalidInput as error:
        return [FieldError(error.field, error.code, explain.said(error))]
    return []


def _send(contract: Contract, due: reminders.Due, *, now: datetime) -> Reminder:
    """Announce a reminder. Delivery mails it to the owner, the contract managers and, where agreed, the client."""
    payload: dict[str, Any] = {
        "contract": contract.reference,
        "lead": due.lead,
        "last_notice_on": contract.last_notice_on.isoformat() if contract.last_notice_on else None,
        "term_ends_on": contract.term_ends_on.isoformat() if contract.term_ends_on else None,
        "days_left": reminders.days_left(contract.last_notice_on, today=local_day(now, contract.time_zone))
        if contract.last_notice_on
        else None,
        "owner": str(contract.owner.public_id) if contract.owner else None,
        "tells_client": contract.reminds_client,
    }
    message = outbox.publish(TOPIC, contract, at=now, payload=payload)
    return _keep(contract, due, sent_at=now, message=message.public_id)


def _keep(
    contract: Contract,
    due: reminders.Due,
    *,
    sent_at: datetime | None = None,
    skipped_at: datetime | None = None,
    message: UUID | None = None,
) -> Reminder:
    if contract.last_notice_on is None:
        raise LookupError(f"contract {contract.pk} has no last day for notice to remind of")
    return reminding.keep(
        contract,
        due,
        number=contract.term_number,
        last_notice_on=contract.last_notice_on,
        why=reminding.ladder(contract, stored.clause_of(contract)).explanation,
        sent_at=sent_at,
        skipped_at=skipped_at,
        message=message,
    )
