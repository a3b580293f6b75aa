"""What is done to a licensed user: restricted, suspended, let in again, deleted after a time; by hand or when due."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from accounts.enums import SuspensionReason
from accounts.errors import FieldError, InvalidInput
from accounts.models import LicensedUser, Organization
from accounts.operations import policies, states
from accounts.rules import checks
from accounts.rules.licence_states import Act, Wish

CHUNK = 500
# The other reason is the system's own: no licence is in force.
BY_HAND = (SuspensionReason.CLIENT_DECISION, SuspensionReason.CLIENT_RULE, SuspensionReason.PROVISIONING)


def wish(
    act: Act,
    organization: Organization,
    *,
    now: datetime,
    reason: str = "",
    until: datetime | None = None,
    features: Sequence[str] | None = None,
    note: str = "",
) -> Wish:
    """Return what an act asks for, with the client's own terms filled in.

    ``features`` that a restriction leaves default to those of the client's policy; a deletion comes after its grace.

    :raises InvalidInput: a suspension without a reason, or with an end that is past; a reason or an end that the act
        has no use for; a feature that is no code; a note that is no text.
    """
    faults = checks.note("note", note)
    if act is Act.SUSPEND:
        faults += checks.one_of("reason", reason, [one.value for one in BY_HAND])
        if until is not None and until <= now:
            faults.append(FieldError("until", "past", "A suspension ends later than now."))
    elif reason or until is not None:
        field = "reason" if reason else "until"
        faults.append(FieldError(field, "not_for_this_act", "Only a suspension has a reason and an end."))
    if features is not None:
        faults += checks.features("features", features)
        if act is not Act.RESTRICT:
            faults.append(FieldError("features", "not_for_this_act", "Only a restriction leaves features."))
    if faults:
        raise InvalidInput(faults)
    terms = policies.of(organization)
    return Wish(
        act,
        reason=reason,
        until=until,
        features=tuple(features if features is not None else terms.restricted_features) if act is Act.RESTRICT else (),
        delete_at=now + timedelta(days=terms.deletion_grace_days) if act is Act.SCHEDULE else None,
    )


@transaction.atomic
def suspend(
    user: LicensedUser,
    *,
    reason: SuspensionReason,
    now: datetime,
    by: str,
    until: datetime | None = None,
    note: str = "",
) -> LicensedUser:
    """Keep a person out, for good or until an instant; then they are let in again by themselves.

    :raises InvalidInput: the end is past. :raises NotInThatState: the person is not in, or kept out already.
    """
    asked = wish(Act.SUSPEND, user.organization, now=now, reason=reason.value, until=until, note=note)
    return states.move_one(user, asked, now=now, by=by, note=note)


@transaction.atomic
def reinstate(user: LicensedUser, *, now: datetime, by: str, waits: bool = False, note: str = "") -> LicensedUser:
    """Let a suspended person in again; who was restricted is restricted again.

    Whom the client kept out, and the identity provider has said no to since, is suspended by the provider from then on.
    ``waits``: where no licence or seat is free the person waits for one, instead of a refusal.

    :raises NotInThatState: the person is not suspended.
    :raises Refused: no licence is in force (``no_licence``), or all its seats are taken (``no_free_seat``).
    """
    asked = wish(Act.REINSTATE, user.organization, now=now, note=note)
    return states.move_one(user, asked, now=now, by=by, waits=waits, note=note)


@transaction.atomic
def restrict(
    user: LicensedUser, *, now: datetime, by: str, features: Sequence[str] | None = None, note: str = ""
) -> LicensedUser:
    """Leave an active person only some features. This is a licence matter, not Art. 18 GDPR.

    :raises InvalidInput: a feature is no code. :raises NotInThatState: the person is not active.
    """
    asked = wish(Act.RESTRICT, user.organization, now=now, features=features, note=note)
    return states.move_one(user, asked, now=now, by=by, note=note)


@transaction.atomic
def lift(user: LicensedUser, *, now: datetime, by: str, note: str = "") -> LicensedUser:
    """Give a restricted person everything again. :raises NotInThatState: the person is not restricted."""
    return states.move_one(user, wish(Act.LIFT, user.organization, now=now, note=note), now=now, by=by, note=note)


@transaction.atomic
def schedule_deletion(user: LicensedUser, *, now: datetime, by: str, note: str = "") -> LicensedUser:
    """Keep a person out at once, and delete them when the client's grace is over. Until then it can be taken back.

    :raises NotInThatState: the person is scheduled or deleted already.
    """
    return states.move_one(user, wish(Act.SCHEDULE, user.organization, now=now, note=note), now=now, by=by, note=note)


@transaction.atomic
def cancel_deletion(user: LicensedUser, *, now: datetime, by: str, note: str = "") -> LicensedUser:
    """Take a scheduled deletion back: the person stands where they stood; without a free seat they wait for one.

    :raises NotInThatState: the person is not scheduled, or deleted by now.
    :raises Refused: somebody new has the person's external id or user name (``name_taken``).
    """
    asked = wish(Act.CANCEL, user.organization, now=now, note=note)
    return states.move_one(user, asked, now=now, by=by, waits=True, note=note)


@transaction.atomic
def end_suspensions(organization: Organization, *, now: datetime, by: str) -> int:
    """Let in those whose suspension has its end, or let them wait for a seat. Return how many; again does nothing."""
    due = LicensedUser.objects.filter(organization=organization).due_to_be_reinstated(at=now)
    return _do_all(organization, due.values_list("pk", flat=True), Wish(Act.REINSTATE), now=now, by=by)


@transaction.atomic
def delete_due(organization: Organization, *, now: datetime, by: str) -> int:
    """Delete those whose grace is over: there is no way back. Return how many; again does nothing.

    A deleted person has no licence and no name any more. Their data go with a deletion request.
    """
    due = LicensedUser.objects.filter(organization=organization).due_to_be_deleted(at=now)
    return _do_all(organization, due.values_list("pk", flat=True), Wish(Act.DELETE), now=now, by=by)


def _do_all(organization: Organization, due: Iterable[int], asked: Wish, *, now: datetime, by: str) -> int:
    states.take_turns(organization)
    keys = sorted(due)
    for start in range(0, len(keys), CHUNK):
        states.move(organization, keys[start : start + CHUNK], asked, now=now, by=by, waits=True)
    return len(keys)
