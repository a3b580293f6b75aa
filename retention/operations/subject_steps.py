"""What time brings on the requests of people: reminders, warnings of lateness, what lapses, what is forgotten."""

from datetime import datetime

from django.db import transaction

from accounts.models import Organization
from accounts.operations import audit, outbox
from contracts.rules.periods import local_day
from retention.enums import SubjectOutcome, SubjectState
from retention.models import SubjectRequest
from retention.operations import instructions, subject_decisions, subject_requests
from retention.operations.subject_requests import clock_of, close
from retention.rules import subjects as rules
from retention.rules.subjects import Due


@transaction.atomic
def step(request: SubjectRequest, *, now: datetime, by: str) -> SubjectRequest:
    """Do what is due on a request, and note when the next step is. Nothing is done twice, however often it is asked."""
    rows = SubjectRequest.objects.select_for_update(of=("self",), no_key=True).select_related("organization", "request")
    row = rows.get(pk=request.pk)
    if row.state == SubjectState.GRANTED and row.request.status in subject_decisions.OVER:
        subject_decisions.finish(row, now=now, by=by)
        return row
    if row.state in subject_requests.OPEN and row.organization is not None and _gone(row.organization, now):
        # The client left before it decided, and everything was erased: the person is told that nothing is held.
        subject_requests.answer(row, outcome=SubjectOutcome.NOT_HELD, now=now, by=by)
        return row
    due = rules.due(clock_of(row), now=now)
    if Due.LAPSE in due:
        row.state = SubjectState.LAPSED
        close(row, now=now)
        audit.record("subject_request.lapsed", row, by=by, at=now)
        forget(row, now=now, by=by)
    if Due.PURGE in due:
        forget(row, now=now, by=by)
    if Due.DROP in due:
        audit.record("subject_request.period_over", row, by=by, at=now)
        row.delete()
        return row
    if Due.FORWARD in due:
        row.chased_at = now
        audit.record("subject_request.not_forwarded", row, by=by, at=now)
        data = {"forward_by": row.forward_by.isoformat()}
        outbox.publish("subject_request.not_forwarded", row, at=now, payload=data)
    if Due.CHASE in due:
        row.chased_at, row.chases = now, row.chases + 1
        audit.record("subject_request.chased", row, by=by, at=now, data={"times": row.chases})
        if instructions.contacts_of(subject_requests.client_of(row)):
            subject_requests.ask_the_client(row, "subject_request.chased", now=now)
        else:  # its last contact left: the privacy officers are told, who find another
            outbox.publish("subject_request.nobody_decides", row, at=now)
    if Due.WARN in due:
        today = local_day(now, subject_requests.zone_of(row))
        row.warnings = rules.warnings_by(row.due_on, today)
        late = rules.is_late(row.due_on, today)
        audit.record("subject_request.late" if late else "subject_request.due_soon", row, by=by, at=now)
        topic = "subject_request.late" if late else "subject_request.due_soon"
        outbox.publish(topic, row, at=now, payload={"due_on": row.due_on.isoformat()})
    row.next_at = rules.next_at(clock_of(row))
    row.save()
    return row


def _gone(client: Organization, now: datetime) -> bool:
    """Say whether everything of the client is erased, and it has not come back."""
    return client.closed_at is not None and client.content_erased_at is not None and client.content_erased_at <= now


def forget(row: SubjectRequest, *, now: datetime, by: str) -> None:
    """Destroy the key and the words of a locked request, with what only served the answer: what stays names nobody."""
    row.links.all().delete()
    row.doubts.all().delete()
    row.sealed_facts = row.wrapped_key = row.key_version = None
    row.purged_at = now
    audit.record("subject_request.forgotten", row, by=by, at=now)
