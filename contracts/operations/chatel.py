"""The reminder that the Loi Chatel demands: sent in its window with proof, or missed, which opens a free way out."""

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import Document, Membership
from accounts.operations import audit, outbox
from accounts.operations.delivery import AUDIENCE
from contracts.enums import ContractStatus, ReminderKind
from contracts.models import Contract, Reminder
from contracts.operations import reminding, stored
from contracts.rules import chatel, reminders
from contracts.rules.chatel import Window
from contracts.rules.free_exit import Missed
from contracts.rules.periods import local_day, midnight
from contracts.rules.terms import Term

TOPIC = "contract.chatel_reminder"
MISSED = "contract.chatel_missed"
UNREACHABLE = "contract.chatel_unreachable"
NAG_EVERY = 7


class NotProtected(Refused):
    """The client is a company, the law is not French, or nothing renews: no such reminder is due."""

    code = "chatel_does_not_apply"


class RemindedAlready(Refused):
    """A reminder of this day is recorded."""

    code = "reminded_already"


@transaction.atomic
def settle(contract: Contract, due: reminders.Due, *, now: datetime, by: str) -> Reminder | None:
    """Send the reminder of the locked contract's current term, or record that its window has closed without one.

    Without a contact of the client nobody can be told: the vendor's people are, week by week, and it waits.
    """
    window = reminding.window(contract, stored.clause_of(contract), contract.term_number)
    if window is None:
        return None
    today = local_day(now, contract.time_zone)
    facts = {"term": contract.term_number, "deadline": window.deadline.isoformat(), "closes": window.closes.isoformat()}
    if today > window.closes:
        return _missed(contract, due, window, number=contract.term_number, now=now, by=by)
    if not _client_can_be_told(contract):
        if (today - due.due_on).days % NAG_EVERY == 0:
            audit.record(UNREACHABLE, contract, by=by, at=now, data=facts)
            outbox.publish(UNREACHABLE, contract, at=now, payload={**facts, **_owner(contract), "tells_client": False})
        return None
    payload = {**facts, **_owner(contract), "contract": contract.reference, "ends_on": _iso(contract.term_ends_on)}
    message = outbox.publish(TOPIC, contract, at=now, payload=payload)
    audit.record(TOPIC, contract, by=by, at=now, data=facts)
    return reminding.keep(
        contract,
        due,
        number=contract.term_number,
        last_notice_on=window.deadline,
        why=window.explanation,
        sent_at=now,
        message=message.public_id,
    )


@transaction.atomic
def record(contract: Contract, *, sent_on: date, proof: Document, now: datetime, by: str) -> Reminder:
    """Record a reminder that was sent otherwise, by letter for instance, with its proof.

    :raises InvalidInput: the day is to come, or lies in no term.
    :raises NotProtected, RemindedAlready: there is nothing to record.
    """
    locked = (
        Contract.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organization")
        .filter(pk=contract.pk, status=ContractStatus.ACTIVE.value)
        .first()
    )
    if locked is None:
        raise NotProtected("The contract is not running.")
    clause = stored.clause_of(locked)
    if not locked.starts_on <= sent_on <= local_day(now, locked.time_zone):
        raise InvalidInput([FieldError("sent_on", "out_of_range", "Between the contract's first day and today.")])
    number = clause.term_at(sent_on).number
    window = reminding.window(locked, clause, number)
    if window is None or sent_on > window.deadline:
        raise NotProtected("No reminder is due for a renewal that could be rejected after this day.")
    judged = chatel.judge(window, sent_on=sent_on, term=clause.term(number), protected=True)
    due = reminders.Due(ReminderKind.CHATEL, (window.deadline - sent_on).days, sent_on)
    try:
        with transaction.atomic():
            found = reminding.keep(
                locked,
                due,
                number=number,
                last_notice_on=window.deadline,
                why=judged.explanation,
                sent_at=midnight(sent_on, locked.time_zone),
                proof=proof,
            )
    except IntegrityError as error:
        raise RemindedAlready("A reminder of this day is recorded.") from error
    if locked.next_reminder_at is not None:
        locked.next_reminder_at = reminding.next_at(locked, clause)
        locked.save(update_fields=["next_reminder_at"])
    stored.deadlines_changed(locked)
    data = {"term": number, "sent_on": sent_on.isoformat(), "in_window": judged.in_window}
    audit.record("contract.chatel_recorded", locked, by=by, at=now, data=data)
    outbox.publish("contract.chatel_recorded", locked, at=now, payload=data)
    return found


def missed(contract: Contract, *, on: date) -> tuple[Missed, ...]:
    """Return what :func:`missed_of` does, of one contract."""
    return missed_of([contract], on=lambda _contract: on)[contract.pk]


def missed_of(contracts: Iterable[Contract], *, on: Callable[[Contract], date]) -> dict[int, tuple[Missed, ...]]:
    """Return, by contract, the reminders that had not come in their window by a day: of its term and the one before.

    What was missed before the contract was signed here is not ours to say, so it gives nothing. In three queries.
    """
    closed = {one.pk: (one, _closed(one, on(one))) for one in contracts}
    owed = {key: one for key, (one, windows) in closed.items() if windows}
    told = reminding.chatel_told(owed.keys()) if owed else {}
    signed = reminding.signed_at(owed.values()) if owed else {}
    found: dict[int, tuple[Missed, ...]] = {}
    for key, (contract, windows) in closed.items():
        ours = [one for one in windows if reminding.closed_here(contract, one[1], since=signed.get(key))]
        judged = (_judged(term, window, told.get((key, term.number), ())) for term, window in ours)
        found[key] = tuple(one for one in judged if one.reminded.free_exit_from is not None)
    return found


def _closed(contract: Contract, on: date) -> list[tuple[Term, Window]]:
    """Return the windows of the term of a day and of the one before that had closed by then, where one was owed."""
    if not reminding.protected(contract) or not contract.auto_renews:
        return []
    clause = stored.clause_of(contract)
    running = clause.term_at(max(on, clause.anchor)).number
    numbers = range(max(running - 1, 1), running + 1)
    windows = [(clause.term(number), reminding.window(contract, clause, number)) for number in numbers]
    return [(term, window) for term, window in windows if window is not None and window.closes < on]


def _judged(term: Term, window: Window, told: Collection[tuple[datetime, date]]) -> Missed:
    sent_on = chatel.counted(window, [day for _at, day in told])
    return Missed(term.number, window.closes, chatel.judge(window, sent_on=sent_on, term=term, protected=True))


def _missed(contract: Contract, due: reminders.Due, window: Window, *, number: int, now: datetime, by: str) -> Reminder:
    judged = chatel.judge(window, sent_on=None, term=stored.clause_of(contract).term(number), protected=True)
    data = {"term": number, "closes": window.closes.isoformat(), "free_from": _iso(judged.free_exit_from)}
    audit.record(MISSED, contract, by=by, at=now, data=data)
    payload = {**data, **_owner(contract), "contract": contract.reference, "tells_client": False}
    outbox.publish(MISSED, contract, at=now, payload=payload)
    return reminding.keep(
        contract, due, number=number, last_notice_on=window.deadline, why=judged.explanation, skipped_at=now
    )


def tomorrow(contract: Contract, now: datetime) -> datetime:
    """Return the next local midnight, at which what could not be sent is tried again."""
    return midnight(local_day(now, contract.time_zone) + timedelta(days=1), contract.time_zone)


def _client_can_be_told(contract: Contract) -> bool:
    contacts = Membership.objects.filter(
        organization_id=contract.organization_id, user__is_active=True, role__in=AUDIENCE[TOPIC].client
    )
    return contacts.exists()


def _owner(contract: Contract) -> dict[str, str | None]:
    return {"owner": str(contract.owner.public_id) if contract.owner else None}


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
