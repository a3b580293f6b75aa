"""Privacy officers are reminded of what waits for them: holds to review, erasures by hand that nobody attests."""

from datetime import UTC, datetime, time, timedelta

from django.db import transaction
from django.db.models import Min, Q, QuerySet

from accounts.errors import Refused
from accounts.operations import audit, outbox
from accounts.operations.sweeping import Swept, earliest, walk
from retention.models import LegalHold, ManualErasure
from retention.querysets import LegalHoldQuerySet

# A hold may be needed for years; a store that is not emptied keeps a certificate waiting.
HOLDS_EVERY = timedelta(days=30)
ATTESTATIONS_EVERY = timedelta(days=7)


class NotOverdue(Refused):
    """It is done, not due yet, or somebody was told of it lately."""

    code = "not_overdue"


def holds_due(*, at: datetime) -> LegalHoldQuerySet:
    """Return the holds in force whose day of review has come (in UTC), and of which nobody was told for a month."""
    found = LegalHold.objects.in_force().filter(review_on__lte=at.astimezone(UTC).date())
    return found.filter(_silent(at, HOLDS_EVERY)).order_by("pk")


def hold_following(*, after: datetime) -> datetime | None:
    """Return when the next day of review comes, or the next reminder."""
    held = LegalHold.objects.in_force()
    day = held.filter(review_on__gt=after.astimezone(UTC).date()).aggregate(on=Min("review_on"))["on"]
    first = None if day is None else datetime.combine(day, time(), tzinfo=UTC)
    again = earliest(held, "reminded_at", after=after - HOLDS_EVERY)
    found = (first, None if again is None else again + HOLDS_EVERY)
    return min((instant for instant in found if instant is not None), default=None)


@transaction.atomic
def ask_to_review(hold: LegalHold, *, now: datetime, by: str) -> None:
    """Tell the privacy officers that a hold is to be reviewed. :raises NotOverdue: it is not, or they were told."""
    if holds_due(at=now).filter(pk=hold.pk).order_by().update(reminded_at=now) != 1:
        raise NotOverdue("The hold is not due for a review, or somebody was told of it.")
    data = {"review_on": hold.review_on.isoformat(), "asked_on": now.date().isoformat()}
    audit.record("legal_hold.review_due", hold, by=by, at=now, data=data, vendor_only=True)
    outbox.publish("legal_hold.review_due", hold, at=now, payload=data)


def ask_for_all_reviews(*, at: datetime, by: str) -> Swept:
    """Tell of every hold that is to be reviewed."""
    return walk(lambda: holds_due(at=at), lambda hold: ask_to_review(hold, now=at, by=by))


def attestations_due(*, at: datetime) -> QuerySet[ManualErasure]:
    """Return the erasures by hand that should be attested by now, and of which nobody was told for a week."""
    found = ManualErasure.objects.filter(attested_at__isnull=True, due_at__lte=at)
    return found.filter(_silent(at, ATTESTATIONS_EVERY)).order_by("pk")


def attestation_following(*, after: datetime) -> datetime | None:
    """Return when the next erasure by hand falls due, or the next reminder."""
    waiting = ManualErasure.objects.filter(attested_at__isnull=True)
    again = earliest(waiting, "reminded_at", after=after - ATTESTATIONS_EVERY)
    found = (earliest(waiting, "due_at", after=after), None if again is None else again + ATTESTATIONS_EVERY)
    return min((instant for instant in found if instant is not None), default=None)


@transaction.atomic
def press(erasure: ManualErasure, *, now: datetime, by: str) -> None:
    """Tell the privacy officers that an attestation is missing. :raises NotOverdue: it is not, or they were told."""
    if attestations_due(at=now).filter(pk=erasure.pk).order_by().update(reminded_at=now) != 1:
        raise NotOverdue("The attestation is not due, or somebody was told of it.")
    data = {"due_at": erasure.due_at.isoformat(), "asked_on": now.date().isoformat()}
    audit.record("manual_erasure.overdue", erasure, by=by, at=now, data=data, vendor_only=True)
    outbox.publish("manual_erasure.overdue", erasure, at=now, payload=data)


def press_all(*, at: datetime, by: str) -> Swept:
    """Tell of every attestation that is missing."""
    return walk(lambda: attestations_due(at=at), lambda erasure: press(erasure, now=at, by=by))


def _silent(at: datetime, every: timedelta) -> Q:
    return Q(reminded_at__isnull=True) | Q(reminded_at__lte=at - every)
