"""Legal holds: placed and released; one placed before keys are destroyed stops the erasure with the data readable."""

from datetime import date, datetime

from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import Organization
from accounts.operations import audit, outbox
from accounts.rules import checks
from contracts.rules.periods import local_day
from retention.enums import HoldGround, RunPhase, VaultState
from retention.models import ErasureRun, LegalHold, Vault


@transaction.atomic
def place(
    organization: Organization, *, ground: HoldGround, citation: str, review_on: date, now: datetime, by: str
) -> LegalHold | None:
    """Place a hold on an organization's content; return ``None`` where it comes too late.

    The vault is locked ``FOR UPDATE``, so no chunk of an erasure runs while it is placed. Once keys are being
    destroyed the hold is refused; that it was asked for is recorded, which is why this does not raise.

    :raises InvalidInput: the client's instruction or the law is not cited, or the review date is not ahead.
    """
    faults = checks.text("citation", citation)
    if review_on <= local_day(now, organization.time_zone):
        faults.append(FieldError("review_on", "not_ahead", "The review date must lie ahead."))
    if faults:
        raise InvalidInput(faults)
    Vault.objects.bulk_create([Vault(organization=organization, changed_at=now)], ignore_conflicts=True)
    vault = Vault.objects.select_for_update().get(organization=organization)
    if vault.state != VaultState.OPEN:
        audit.record("legal_hold.refused", organization, by=by, at=now, data={"vault": vault.state})
        return None
    hold = LegalHold.objects.create(
        organization=organization,
        ground=ground,
        citation=citation,
        review_on=review_on,
        placed_by=by,
        placed_at=now,
    )
    audit.record("legal_hold.placed", hold, by=by, at=now, data={"ground": ground.value})
    outbox.publish("legal_hold.placed", hold, at=now, payload={"ground": ground.value})
    return hold


@transaction.atomic
def release(hold: LegalHold, *, now: datetime, by: str) -> LegalHold:
    """Release a hold; the data are eligible at once. :raises Refused: it was released already."""
    count = LegalHold.objects.filter(pk=hold.pk, released_at__isnull=True).update(released_at=now, released_by=by)
    if count != 1:
        raise Refused("The hold was released already.", code="hold_released")
    hold.refresh_from_db()
    # A run that met the hold waits for its next attempt: now it need not.
    waiting = ErasureRun.objects.filter(organization=hold.organization_id, phase=RunPhase.PLANNED, lease__isnull=True)
    waiting.update(leased_until=None)
    audit.record("legal_hold.released", hold, by=by, at=now)
    outbox.publish("legal_hold.released", hold, at=now)
    return hold
