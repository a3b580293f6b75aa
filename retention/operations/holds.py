"""Legal holds: placed and released; one placed before keys are destroyed stops the erasure with the data readable."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import LicensedUser, Organization
from accounts.operations import audit, outbox
from accounts.rules import checks
from contracts.rules.periods import local_day
from retention import ledger
from retention.enums import HoldGround, HoldScope, RunPhase, VaultState
from retention.models import ErasureEntry, ErasureRun, LegalHold, RetentionRule, Vault
from retention.operations.vault import fenced as fenced_people


@transaction.atomic
def place(
    organization: Organization,
    *,
    ground: HoldGround,
    citation: str,
    review_on: date,
    now: datetime,
    by: str,
    person: UUID | None = None,
    department: str = "",
) -> LegalHold | None:
    """Place a hold on an organization's content, or on one person's or a department's; ``None``: it comes too late.

    A department's people are listed, so none is free by being moved. The vault is locked ``FOR UPDATE``, so no chunk of
    an erasure runs while it is placed. Once keys are being
    destroyed the hold is refused; that it was asked for, and on what ground, is recorded,
    which is why this does not raise. So it is for somebody who is erased, while the ledger knows that. A hold on more
    than the people who are being erased stands for the others.

    :raises InvalidInput: the client's instruction or the law is not cited, the review date is not ahead, or what is to
        be held is unknown.
    """
    faults = checks.text("citation", citation)
    subject, unknown = _meant(organization, person, department)
    erased = person is not None and subject is None and not department and _is_erased(organization, person)
    if erased:
        unknown = []
    faults += unknown + _not_ahead(organization, review_on, now=now)
    if faults:
        raise InvalidInput(faults)
    Vault.objects.bulk_create([Vault(organization=organization, changed_at=now)], ignore_conflicts=True)
    scope = HoldScope.PERSON if person else HoldScope.DEPARTMENT if department else HoldScope.ORGANIZATION
    vault = Vault.objects.select_for_update().get(organization=organization)
    fenced = erased or (subject is not None and subject.pk in fenced_people(organization))
    if vault.state != VaultState.OPEN or fenced:
        data = {"ground": ground.value, "scope": scope.value, "vault": vault.state, "person": fenced}
        audit.record("legal_hold.refused", organization, by=by, at=now, data=data, detail={"citation": citation})
        return None
    hold = LegalHold.objects.create(
        organization=organization,
        scope=scope,
        department=department,
        subject=subject,
        listed=[] if not department else _people_of(organization, department),
        ground=ground,
        citation=citation,
        review_on=review_on,
        placed_by=by,
        placed_at=now,
    )
    detail = {"licensed_users": str(subject.public_id)} if subject else None
    data = {"ground": ground.value, "scope": scope.value}
    audit.record("legal_hold.placed", hold, by=by, at=now, data=data, detail=detail)
    outbox.publish("legal_hold.placed", hold, at=now, payload={"ground": ground.value})
    return hold


def _meant(
    organization: Organization, person: UUID | None, department: str
) -> tuple[LicensedUser | None, list[FieldError]]:
    people = LicensedUser.objects.filter(organization=organization)
    if person is not None and department:
        return None, [FieldError("department", "person_or_department", "Hold one person or a department, not both.")]
    if person is not None:
        found = people.filter(public_id=person).first()
        return found, [] if found else [FieldError("licensed_user", "unknown", "No licensed user has this id.")]
    if department and not people.filter(department=department).exists():
        return None, [FieldError("department", "unknown", "Nobody is in this department.")]
    return None, []


def _is_erased(organization: Organization, person: UUID) -> bool:
    with ledger.vendor():
        entries = ErasureEntry.objects.filter(organization_ref=organization.public_id, purged_at__isnull=True)
        return entries.filter(subject_refs__contains=[person]).exists()


def _people_of(organization: Organization, department: str) -> list[int]:
    people = LicensedUser.objects.filter(organization=organization, department=department)
    return sorted(set(people.values_list("pk", flat=True)) - set(fenced_people(organization)))


def _not_ahead(organization: Organization, review_on: date, *, now: datetime) -> list[FieldError]:
    if review_on > local_day(now, organization.time_zone):
        return []
    return [FieldError("review_on", "not_ahead", "The review date must lie ahead.")]


@transaction.atomic
def keep(hold: LegalHold, *, review_on: date, now: datetime, by: str) -> LegalHold:
    """Say after a review that a hold is needed still, and when it is looked at again (a day in the client's zone).

    :raises InvalidInput: that day does not lie ahead. :raises Refused: the hold was released already.
    """
    in_force = LegalHold.objects.select_for_update(of=("self",), no_key=True).select_related("organization")
    locked = in_force.filter(pk=hold.pk, released_at__isnull=True).first()
    if locked is None:
        raise Refused("The hold was released already.", code="hold_released")
    if faults := _not_ahead(locked.organization, review_on, now=now):
        raise InvalidInput(faults)
    data = {"review_on": review_on.isoformat(), "before": locked.review_on.isoformat()}
    locked.review_on, locked.reminded_at = review_on, None
    locked.save(update_fields=["review_on", "reminded_at"])
    audit.record("legal_hold.kept", locked, by=by, at=now, data=data)
    outbox.publish("legal_hold.kept", locked, at=now, payload={"review_on": data["review_on"]})
    return locked


@transaction.atomic
def release(hold: LegalHold, *, now: datetime, by: str) -> LegalHold:
    """Release a hold; the data are eligible at once. :raises Refused: it was released already."""
    in_force = LegalHold.objects.filter(pk=hold.pk, released_at__isnull=True)
    count = in_force.update(released_at=now, released_by=by, listed=[])
    if count != 1:
        raise Refused("The hold was released already.", code="hold_released")
    hold.refresh_from_db()
    # A run that met the hold waits for its next attempt: now it need not.
    waiting = ErasureRun.objects.filter(organization=hold.organization_id, phase=RunPhase.PLANNED, lease__isnull=True)
    waiting.update(leased_until=None)
    # Nor need a retention rule wait for the next night.
    rules = RetentionRule.objects.enforced().filter(organization=hold.organization_id, next_at__gt=now)
    rules.update(next_at=now)
    audit.record("legal_hold.released", hold, by=by, at=now)
    outbox.publish("legal_hold.released", hold, at=now)
    return hold
