"""What is known of a contract's reminders: which still wait, when the next is due, which protect the client, proofs."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from accounts.enums import LegalCategory
from accounts.models import Document, OutboxMessage
from contracts.enums import ContractStatus, GoverningLaw, ReminderKind
from contracts.models import Contract, Reminder
from contracts.rules import chatel, notice, reminders
from contracts.rules.chatel import Window
from contracts.rules.explanation import Explanation
from contracts.rules.notice import NoticeClause
from contracts.rules.periods import local_day, midnight

# L215-3 C. consom.: what the law on consumers gives to legal persons that are no professionals.
PROTECTED = (
    LegalCategory.ASSOCIATION.value,
    LegalCategory.WORKS_COUNCIL.value,
    LegalCategory.OTHER_NON_PROFESSIONAL.value,
)


def protected(contract: Contract) -> bool:
    """Say whether the Loi Chatel protects the client: French law, and no professional."""
    return contract.governing_law == GoverningLaw.FR.value and contract.organization.legal_category in PROTECTED


def window(contract: Contract, clause: NoticeClause, number: int) -> Window | None:
    """Return when a protected client must be reminded in term ``number``; nothing where no renewal can be rejected."""
    term = clause.term(number)
    if not protected(contract) or term.last_day is None or notice.last_notice(clause, term) is None:
        return None
    return chatel.window(term.last_day, length=clause.length, unit=clause.unit, end_of=clause.end_of)


def planned(
    contract: Contract, clause: NoticeClause, number: int, *, last_notice_on: date | None
) -> list[reminders.Due]:
    """Return the reminders of term ``number``, whose last day for notice is ``last_notice_on``."""
    if last_notice_on is None:
        return []
    term = clause.term(number)
    found = reminders.ladder(term, last_notice_on=last_notice_on, leads=contract.reminder_leads)
    owed = window(contract, clause, number)
    if owed is None or not closed_here(contract, owed, since=signed_at([contract]).get(contract.pk)):
        return list(found.reminders)
    due_on = max(owed.opens, term.starts_on)
    return [*found.reminders, reminders.Due(ReminderKind.CHATEL, max((owed.deadline - due_on).days, 0), due_on)]


def waiting(contract: Contract, clause: NoticeClause) -> tuple[reminders.Due, ...]:
    """Return the reminders of the current term that are neither sent nor passed over, the earliest first."""
    if contract.status != ContractStatus.ACTIVE.value or contract.ends_on is not None:
        return ()
    due = planned(contract, clause, contract.term_number, last_notice_on=contract.last_notice_on)
    rows = contract.reminders.filter(term_number=contract.term_number).values_list("kind", "lead", "due_on")
    handled = {reminders.Due(ReminderKind(kind), lead, due_on) for kind, lead, due_on in rows} if due else set()
    return reminders.pending(due, handled=handled)


def ladder(contract: Contract, clause: NoticeClause) -> reminders.Plan:
    """Return the reminders that the contract asks for in its current term."""
    return reminders.ladder(
        clause.term(contract.term_number), last_notice_on=contract.last_notice_on, leads=contract.reminder_leads
    )


def next_at(contract: Contract, clause: NoticeClause) -> datetime | None:
    """Return the local midnight from which the next reminder of the current term is due, if there is one."""
    left = waiting(contract, clause)
    return midnight(left[0].due_on, contract.time_zone) if left else None


def first_at(contract: Contract, clause: NoticeClause, number: int, *, last_notice_on: date | None) -> datetime | None:
    """Return the local midnight from which the first reminder of a term to come will be due, if there is one."""
    due = planned(contract, clause, number, last_notice_on=last_notice_on)
    return midnight(min(one.due_on for one in due), contract.time_zone) if due else None


def keep(
    contract: Contract,
    due: reminders.Due,
    *,
    number: int,
    last_notice_on: date,
    why: Explanation,
    sent_at: datetime | None = None,
    skipped_at: datetime | None = None,
    message: UUID | None = None,
    proof: Document | None = None,
) -> Reminder:
    """Write what became of a reminder."""
    return Reminder.objects.create(
        organization_id=contract.organization_id,
        contract=contract,
        term_number=number,
        kind=due.kind.value,
        lead=due.lead,
        due_on=due.due_on,
        last_notice_on=last_notice_on,
        why=why.to_json(),
        message=message,
        proof=proof,
        sent_at=sent_at,
        skipped_at=skipped_at,
    )


def chatel_told(keys: Collection[int]) -> dict[tuple[int, int], list[tuple[datetime, date]]]:
    """Return when reminders of the Loi Chatel went out, with the local day, by contract and term, in two queries.

    What was announced counts once it was delivered; what was posted, on the day that its proof says. Both the deadline
    of the reminder and the free exit where it was missed go by this.
    """
    sent = Reminder.objects.filter(contract__in=keys, kind=ReminderKind.CHATEL.value, sent_at__isnull=False)
    rows = list(sent.select_related("contract").order_by("pk"))
    announced = [row.message for row in rows if row.proof_id is None and row.message is not None]
    delivered = dict(OutboxMessage.objects.filter(public_id__in=announced).values_list("public_id", "delivered_at"))
    found: defaultdict[tuple[int, int], list[tuple[datetime, date]]] = defaultdict(list)
    for row in rows:
        at = delivered.get(row.message) if row.proof_id is None and row.message is not None else row.sent_at
        if at is not None:
            found[row.contract_id, row.term_number].append((at, local_day(at, row.contract.time_zone)))
    return found


def signed_at(contracts: Iterable[Contract]) -> dict[int, datetime]:
    """Return when each contract was signed here: its first term was certain then."""
    many = list(contracts)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (contract_id) contract_id, certain_at FROM contracts_term "
            "WHERE organization_id = ANY(%s) AND contract_id = ANY(%s) ORDER BY contract_id, id",
            [list({one.organization_id for one in many}), [one.pk for one in many]],
        )
        return dict(cursor.fetchall())


def closed_here(contract: Contract, within: Window, *, since: datetime | None) -> bool:
    """Say whether the window closed after ``since``, when the contract was signed here: of what was before, nobody here
    knows.
    """
    return since is None or local_day(since, contract.time_zone) <= within.closes
