"""Restriction of processing (Art. 18 GDPR): the data are kept and not used. It is no matter of the licence."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.errors import InvalidInput, Refused
from accounts.models import LicensedUser, Organization, OutboxMessage
from accounts.operations import audit, outbox, states
from accounts.rules import checks


class NotRestricted(Refused):
    """The processing of this person's data is not restricted."""

    code = "processing_not_restricted"


@transaction.atomic
def restrict(user: LicensedUser, *, now: datetime, by: str, note: str = "") -> LicensedUser:
    """Restrict the processing of a person's data, whatever their state. :raises Refused: it is restricted already."""
    locked = _locked(user, note)
    if locked.processing_restricted_at is not None:
        raise Refused("The processing of this person's data is restricted already.", code="processing_restricted")
    locked.processing_restricted_at = now
    return _done(locked, "restricted", note, now=now, by=by)


@transaction.atomic
def restrict_all(organization: Organization, people: Collection[int], *, request: UUID, now: datetime, by: str) -> int:
    """Restrict the processing of these people's data (internal keys) as a request asks; return of how many.

    Whose processing is restricted already stays as they are, since when and by what.
    """
    states.take_turns(organization)
    found = LicensedUser.objects.filter(organization=organization, pk__in=people, processing_restricted_at__isnull=True)
    chosen = list(found.select_for_update(of=("self",), no_key=True).order_by("pk").only("public_id"))
    if not chosen:
        return 0
    LicensedUser.objects.filter(pk__in=[one.pk for one in chosen]).update(
        processing_restricted_at=now, processing_request=request
    )
    detail = {"licensed_users": " ".join(str(one.public_id) for one in chosen)}
    data = {"request": str(request), "users": len(chosen)}
    audit.record("processing.restricted", organization, by=by, at=now, data=data, detail=detail)
    OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                organization=organization,
                topic="processing.restricted",
                subject_type="LicensedUser",
                subject_id=one.public_id,
                payload={"request": str(request)},
                occurred_at=now,
                next_attempt_at=now,
            )
            for one in chosen
        ],
        batch_size=1000,
    )
    return len(chosen)


@transaction.atomic
def tell_of_lifting(user: LicensedUser, *, now: datetime, by: str, note: str = "") -> LicensedUser:
    """Record that the person was told that the restriction will be lifted (Art. 18(3)): it is, afterwards.

    :raises NotRestricted: nothing is restricted.
    """
    locked = _locked(user, note)
    if locked.processing_restricted_at is None:
        raise NotRestricted("The processing of this person's data is not restricted.")
    locked.processing_lift_told_at = now
    return _done(locked, "lifting_told", note, now=now, by=by)


@transaction.atomic
def lift(user: LicensedUser, *, now: datetime, by: str, note: str = "") -> LicensedUser:
    """Let the data be used again.

    :raises NotRestricted: nothing is restricted.
    :raises Refused: the person was not told before (``person_not_told``).
    """
    locked = _locked(user, note)
    if locked.processing_restricted_at is None:
        raise NotRestricted("The processing of this person's data is not restricted.")
    if locked.processing_lift_told_at is None:
        raise Refused("The person must be told before the restriction is lifted (Art. 18(3)).", code="person_not_told")
    locked.processing_restricted_at = locked.processing_lift_told_at = locked.processing_request = None
    return _done(locked, "lifted", note, now=now, by=by)


def _locked(user: LicensedUser, note: str) -> LicensedUser:
    if faults := checks.note("note", note):
        raise InvalidInput(faults)
    states.take_turns(user.organization)
    return LicensedUser.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)


def _done(user: LicensedUser, what: str, note: str, *, now: datetime, by: str) -> LicensedUser:
    user.save(update_fields=["processing_restricted_at", "processing_lift_told_at", "processing_request"])
    detail = {"licensed_users": str(user.public_id)} | ({"note": note} if note else {})
    audit.record(f"processing.{what}", user.organization, by=by, at=now, detail=detail)
    outbox.publish(f"processing.{what}", user, at=now)
    return user
