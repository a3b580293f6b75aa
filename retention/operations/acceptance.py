"""An officer's acceptance of what the verifier found: it stays, on a ground, and the certificate says so."""

from datetime import datetime

from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.operations import audit, outbox
from retention.enums import AcceptanceGround, RunPhase
from retention.models import DeletionRequest, ErasureRun, Verification
from retention.operations import verification
from retention.rules.acceptance import open_hits

LONGEST_REASON = 1000


class NotYoursToAccept(Refused):
    """Who asked for an erasure, decided or approved it does not accept what it left."""

    code = "same_person"


@transaction.atomic
def accept(
    run: ErasureRun, *, place: str, kind: str, ground: AcceptanceGround, reason: str, now: datetime, by: str
) -> ErasureRun:
    """Accept one hit of the last verification: so many as were found may stay, more of them are residue again.

    When nothing is left open, everything is looked at once more before it is certified. The reason goes to the
    erasable detail of the trail. The caller is in the vendor's scope.

    :raises NotYoursToAccept: the same person asked for the erasure, decided or approved it.
    :raises InvalidInput: no reason, or no such open hit.
    :raises Refused: no residue was found, or a later request for the whole organization is open.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise InvalidInput(
            [FieldError("reason", "required", phrase("Say why, in 1 to %(most)s characters.", most=LONGEST_REASON))]
        )
    locked = ErasureRun.objects.select_for_update(of=("self",), no_key=True).get(pk=run.pk)
    if locked.phase != RunPhase.RESIDUE_FOUND:
        raise Refused("No residue was found: there is nothing to accept.", code="no_residue")
    request = DeletionRequest.objects.select_for_update(no_key=True).get(pk=locked.request_id)
    if by in (request.requested_by, request.confirmed_by, request.approved_by):
        raise NotYoursToAccept("Who asked for the erasure, decided or approved it does not accept what it left.")
    hits = Verification.objects.filter(run=locked).latest("pk").hits
    found = [hit for hit in open_hits(hits, locked.accepted) if (hit["place"], hit["kind"]) == (place, kind)]
    if not found:
        raise InvalidInput([FieldError("place", "unknown", "The last verification found nothing open there.")])
    others = [one for one in locked.accepted if (one["place"], one["kind"]) != (place, kind)]
    hit = {name: found[0][name] for name in ("place", "kind", "count")}
    locked.accepted = [*others, {**hit, "ground": ground.value, "accepted_at": now.isoformat(), "by": by}]
    locked.save(update_fields=["accepted"])
    data = {**hit, "ground": ground.value}
    audit.record("erasure.hit_accepted", locked, by=by, at=now, data=data, detail={"reason": reason})
    outbox.publish("erasure.hit_accepted", locked, at=now, payload=data)
    if not open_hits(hits, locked.accepted):
        verification.search_again(locked)
    return locked
