"""A person's request that was forwarded to the wrong client: it is taken back, for another client, or for none."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts.operations import audit, outbox
from contracts.rules.periods import local_day
from retention.enums import IdentityProof, LinkPurpose, SubjectState
from retention.models import SubjectDoubt, SubjectLink, SubjectRequest
from retention.operations.subject_requests import clock_of, count, locked
from retention.rules import subjects as rules


@transaction.atomic
def take_back(request: SubjectRequest, *, now: datetime, by: str) -> SubjectRequest:
    """Take a request back from a client that it does not concern: it waits to be forwarded again, or to be answered.

    That client's links open nothing more, and its contacts are told. Its questions about who asks, and its extension,
    count for nothing: the last day to answer is the one that it was before.

    :raises SubjectRequestNotInThatState: it is with no client, or was decided.
    """
    row = locked(request, SubjectState.FORWARDED)
    audit.record("subject_request.taken_back", row, by=by, at=now)
    outbox.publish("subject_request.taken_back", row, at=now)
    SubjectLink.objects.filter(request=row, purpose=LinkPurpose.DECIDE).delete()
    SubjectDoubt.objects.filter(request=row).delete()
    if row.identity == IdentityProof.CLIENT:
        row.identity = IdentityProof.UNCHECKED if row.confirmed_at is None else IdentityProof.MAILBOX
    row.organization, row.state = None, SubjectState.RECEIVED
    today = local_day(now, settings.VENDOR_TIME_ZONE)
    row.forwarded_at, row.forwarded_by, row.chases = None, "", 0
    # Who takes it back knows that it is late: they are reminded of it later.
    row.chased_at = now if rules.is_late(row.forward_by, today) else None
    row.extended_at, row.extended_for = None, ""
    count(row)
    row.warnings = rules.warnings_by(row.due_on, today)
    row.next_at = rules.next_at(clock_of(row))
    row.save()
    return row
