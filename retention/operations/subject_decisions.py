"""What the client does with a person's request: it decides, doubts who asks, or takes longer and says why."""

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import Document, LicensedUser, Organization
from accounts.operations import audit, outbox
from accounts.rules import checks
from contracts.rules.periods import local_day
from retention.enums import (
    DoubtReason,
    ExtensionReason,
    IdentityProof,
    RefusalGround,
    RequestKind,
    RequestOrigin,
    RequestStatus,
    SubjectOutcome,
    SubjectState,
)
from retention.models import SubjectDoubt, SubjectRequest
from retention.operations import carrying_out, instructions, people_requests, subject_facts
from retention.operations.subject_requests import answer, client_of, clock_of, count, locked, write
from retention.rules import subjects as rules

# A granted request is answered once it is carried out, refused, or given up.
DONE = (RequestStatus.CERTIFIED, RequestStatus.COMPLETE, RequestStatus.DONE)
OVER = (*DONE, RequestStatus.REFUSED, RequestStatus.CANCELLED)


class DoubtOpen(Refused):
    """Who asks is in doubt: the clock stands still until that is answered."""

    code = "doubt_open"


class NoDoubt(Refused):
    """No question about who asks is open."""

    code = "no_doubt"


class SomebodyMeant(Refused):
    """The client has people of the address: it cannot say that it holds nothing of who asks."""

    code = "somebody_meant"


class ExtendedTooLate(Refused):
    """The person must be told of the extension within the first month (Art. 12(3) GDPR)."""

    code = "extended_too_late"


class ExtendedAlready(Refused):
    """There is one extension, to three months in all."""

    code = "extended_already"


@transaction.atomic
def grant(
    request: SubjectRequest,
    *,
    people: Collection[uuid.UUID],
    now: datetime,
    by: str,
    for_client: bool,
    corrections: dict[str, str] | None = None,
    proof: Document | None = None,
) -> SubjectRequest:
    """Record that the client decided for what the person asks; it is carried out by a deletion request of its kind.

    ``people``: the licensed users who the person is, by public id; one person may have several accounts.

    :raises InvalidInput: as :func:`people_requests.open_for_people`.
    :raises instructions.ProofNeeded: the vendor's staff records it ``for_client``, and there is no proof.
    :raises DoubtOpen: the client has asked who it is, and has no answer yet.
    :raises SubjectRequestNotInThatState: it is not with a client, or was decided.
    """
    row = _with_client(request, for_client=for_client, proof=proof)
    if row.doubts.filter(answered_on__isnull=True).exists():
        raise DoubtOpen("Who asks is in doubt: first record the answer.")
    opened = people_requests.open_for_people(
        client_of(row),
        people=people,
        kind=RequestKind(row.kind),
        origin=RequestOrigin.SUBJECT,
        decided=True,
        corrections=corrections or ({} if row.kind == RequestKind.CORRECT else None),
        proof=proof,
        now=now,
        by=by,
    )
    row.state, row.granted, row.request = SubjectState.GRANTED, True, opened
    row.identity = IdentityProof.CLIENT
    _decided(row, now=now, by=by, proof=proof)
    audit.record(
        "subject_request.granted", row, by=by, at=now, data={"request": str(opened.public_id), "people": len(people)}
    )
    outbox.publish("subject_request.decided", row, at=now, payload={"granted": True})
    return row


@transaction.atomic
def refuse(
    request: SubjectRequest,
    *,
    ground: RefusalGround,
    reasons: str,
    now: datetime,
    by: str,
    for_client: bool,
    proof: Document | None = None,
) -> SubjectRequest:
    """Record that the client refuses: the person is told the reasons, and where to complain (Art. 12(4) GDPR).

    :raises InvalidInput: no reasons, or no plain text.
    :raises instructions.ProofNeeded: the vendor's staff records it ``for_client``, and there is no proof.
    :raises SubjectRequestNotInThatState: it is not with a client, or was decided.
    """
    faults = checks.note("reasons", reasons)
    if not reasons.strip():
        faults.append(FieldError("reasons", "blank", "The person must be told why (Art. 12(4) GDPR)."))
    if faults:
        raise InvalidInput(faults)
    row = _with_client(request, for_client=for_client, proof=proof)
    row.granted, row.refusal = False, ground
    subject_facts.add_reasons(row, reasons)
    _decided(row, now=now, by=by, proof=proof)
    audit.record("subject_request.refused", row, by=by, at=now, data={"ground": ground.value})
    outbox.publish("subject_request.decided", row, at=now, payload={"granted": False, "ground": ground.value})
    answer(row, outcome=SubjectOutcome.REFUSED, now=now, by=by)
    return row


@transaction.atomic
def not_held(
    request: SubjectRequest, *, now: datetime, by: str, for_client: bool, proof: Document | None = None
) -> SubjectRequest:
    """Record that the client has nothing of the person, or no more: it neither grants nor refuses.

    :raises instructions.ProofNeeded: the vendor's staff records it ``for_client``, and there is no proof.
    :raises SomebodyMeant: people of this address are there: the client decides for it, against it, or asks who it is.
    :raises SubjectRequestNotInThatState: it is not with a client, or was decided.
    """
    row = _with_client(request, for_client=for_client, proof=proof)
    if people_meant(row):
        raise SomebodyMeant("Somebody of this address is there: grant it, refuse it, or ask first who it is.")
    row.proof = proof
    audit.record("subject_request.not_held", row, by=by, at=now)
    answer(row, outcome=SubjectOutcome.NOT_HELD, now=now, by=by)
    return row


@transaction.atomic
def doubt(request: SubjectRequest, *, reason: DoubtReason, now: datetime, by: str) -> SubjectRequest:
    """Ask the person who they are: the clock stands still until it is answered (Art. 12(6) GDPR).

    :raises DoubtOpen: it was asked already.
    :raises SubjectRequestNotInThatState: it is not with a client, or was decided.
    """
    row = locked(request, SubjectState.FORWARDED)
    if row.doubts.filter(answered_on__isnull=True).exists():
        raise DoubtOpen("Who asks was asked already, and has not answered.")
    client = client_of(row)
    SubjectDoubt.objects.create(
        organization=client, request=row, reason=reason, asked_on=local_day(now, client.time_zone), asked_by=by
    )
    row.next_at = rules.next_at(clock_of(row))
    row.save(update_fields=["next_at"])
    audit.record("subject_request.doubted", row, by=by, at=now, data={"reason": reason.value})
    write(row, "subject_request.identity_asked", now=now, reason=reason.value)
    return row


@transaction.atomic
def settle_doubt(request: SubjectRequest, *, now: datetime, by: str) -> SubjectRequest:
    """Record that the person has shown who they are: the clock goes on, the days between are added. Nothing is kept.

    :raises NoDoubt: nobody asked.
    :raises SubjectRequestNotInThatState: it is not with a client, or was decided.
    """
    row = locked(request, SubjectState.FORWARDED)
    asked = row.doubts.filter(answered_on__isnull=True).first()
    if asked is None:
        raise NoDoubt("No question about who asks is open.")
    zone = client_of(row).time_zone
    today = local_day(now, zone)
    asked.answered_on, asked.answered_by = max(today, asked.asked_on), by
    asked.save(update_fields=["answered_on", "answered_by"])
    row.identity = IdentityProof.CLIENT
    count(row)
    row.warnings = rules.warnings_by(row.due_on, today)
    row.next_at = rules.next_at(clock_of(row))
    row.save(update_fields=["identity", "due_on", "why", "warnings", "next_at"])
    audit.record("subject_request.doubt_settled", row, by=by, at=now, data={"due_on": row.due_on.isoformat()})
    return row


@transaction.atomic
def extend(request: SubjectRequest, *, reason: ExtensionReason, now: datetime, by: str) -> SubjectRequest:
    """Take three months in all instead of one: the person is told at once, and why (Art. 12(3) GDPR).

    :raises ExtendedAlready: it was extended.
    :raises ExtendedTooLate: the first month is over.
    :raises SubjectRequestNotInThatState: it is not with a client, or was decided.
    """
    row = locked(request, SubjectState.FORWARDED)
    if row.extended_at is not None:
        raise ExtendedAlready("It was extended: there is one extension only.")
    today = local_day(now, client_of(row).time_zone)
    row.extended_at, row.extended_for = now, reason
    count(row)
    if rules.is_late(row.due_on, today):
        raise ExtendedTooLate("The first month is over: an extension counts for nothing now.")
    row.warnings = rules.warnings_by(row.due_on, today)
    row.next_at = rules.next_at(clock_of(row))
    row.save(update_fields=["extended_at", "extended_for", "due_on", "why", "warnings", "next_at"])
    audit.record(
        "subject_request.extended", row, by=by, at=now, data={"reason": reason.value, "due_on": row.due_on.isoformat()}
    )
    write(row, "subject_request.extension_told", now=now, reason=reason.value, due_on=row.due_on.isoformat())
    return row


def finish(row: SubjectRequest, *, now: datetime, by: str) -> None:
    """Answer a locked request that was granted, once that is carried out, or was refused or given up after all.

    Whose data went with everything of the client has what was granted. Of another kind, where no person is listed any
    more nobody gave it up either: all were erased meanwhile, and nothing of them is held.
    """
    outcome = SubjectOutcome.GRANTED if row.request.status in DONE else SubjectOutcome.REFUSED
    if carrying_out.has_lapsed(row.request):
        outcome = SubjectOutcome.GRANTED if row.kind == RequestKind.ERASE else SubjectOutcome.NOT_HELD
    answer(row, outcome=outcome, now=now, by=by)


def people_meant(request: SubjectRequest) -> list[LicensedUser]:
    """Return the client's people who have the address of the request: whom its contacts are shown first."""
    email = subject_facts.opened(request).email
    return [] if not email or request.organization is None else of_address(request.organization, email)


def of_address(organization: Organization, email: str) -> list[LicensedUser]:
    """Return the client's people of an address. Letters that only look alike in capitals are others."""
    rows = LicensedUser.objects.filter(organization=organization, email__iexact=email).order_by("pk")
    return [one for one in rows if one.email.lower() == email.lower()]


def _with_client(request: SubjectRequest, *, for_client: bool, proof: Document | None) -> SubjectRequest:
    row = locked(request, SubjectState.FORWARDED)
    if for_client:
        instructions.demand(proof)
    return row


def _decided(row: SubjectRequest, *, now: datetime, by: str, proof: Document | None) -> None:
    row.decided_at, row.decided_by, row.proof = now, by, proof
    row.next_at = rules.next_at(clock_of(row))
    row.save()
