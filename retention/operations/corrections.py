"""Corrections (Art. 16 GDPR): kept sealed under the person's key, made here, passed on, confirmed by the product."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from accounts import crypto, tenancy
from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import LicensedUser, Organization
from accounts.operations import audit, outbox, users
from retention.enums import RequestKind, RequestStatus
from retention.models import DeletionRequest, RequestSubject
from retention.operations import keys, requests, vault
from retention.rules import corrections as rules


class NothingToCorrect(Refused):
    """The request holds no values: none were given yet, or they went when it was over."""

    code = "nothing_to_correct"


@dataclass(frozen=True, slots=True)
class Correction:
    """What is wrong about somebody, and how it is right. ``known_as``: the external id before the correction."""

    licensed_user: UUID
    known_as: str
    values: dict[str, str]


def seal(request: DeletionRequest, values: Mapping[str, str], *, now: datetime) -> None:
    """Keep the values of a correction with its person, sealed under the person's key. They replace earlier ones.

    The caller has locked the request, or is making it. It writes in the tenant's scope, inside the vault's fence.

    :raises InvalidInput: a name or a value is wrong, by field.
    :raises vault.VaultClosed: everything is being erased, or is erased.
    :raises requests.NobodyLeft: the person is being erased.
    """
    if found := rules.faults(values):
        raise InvalidInput(found)
    organization = request.organization
    with tenancy.tenant(organization.pk):
        vault.enter(organization, now=now)
        row = _row(request)
        if row is None or row.licensed_user_id in vault.fenced(organization):
            raise requests.NobodyLeft("The person whom this request is about is erased, or is being erased.")
        key = keys.for_writing(organization, [row.licensed_user], now=now)[row.licensed_user_id]
        said = {"known_as": row.licensed_user.external_id, "values": dict(values)}
        row.correction = crypto.encrypt(key.secret, orjson.dumps(said), context=_context(organization, row, key.id))
        row.correction_key, row.corrected_fields = key.id, sorted(values)
        row.save(update_fields=["correction", "correction_key", "corrected_fields"])


def of(request: DeletionRequest) -> Correction:
    """Return the values of a correction, for the client and its product.

    :raises NothingToCorrect: it holds none: none were given yet, or it is over.
    :raises keys.ContentDestroyed: the person's key is gone.
    """
    row = _row(request)
    if row is None or row.correction is None or row.correction_key is None:
        raise NothingToCorrect("This request holds no values: none were given, or it is over.")
    secret = keys.for_reading(request.organization, [row.correction_key])[row.correction_key]
    context = _context(request.organization, row, row.correction_key)
    said = orjson.loads(crypto.decrypt(secret, bytes(row.correction), context=context))
    return Correction(row.licensed_user.public_id, said["known_as"], said["values"])


def make(locked: DeletionRequest, *, now: datetime, by: str) -> None:
    """Correct what Terme holds itself and announce the correction, in the transaction of the client's decision.

    The announcement names the request and the fields, never a value: the product fetches those, and confirms.

    :raises InvalidInput: no values were given, or one of Terme's own fields cannot be that, by field.
    """
    try:
        found = of(locked)
    except NothingToCorrect:
        raise InvalidInput(rules.faults({})) from None
    own = {name: value for name, value in found.values.items() if name in rules.OWN}
    if own:
        person = LicensedUser.objects.get(organization=locked.organization_id, public_id=found.licensed_user)
        try:
            users.correct(person, own, now=now, by=by)
        except InvalidInput as error:
            raise InvalidInput(
                [FieldError(f"corrections.{one.field}", one.code, one.message) for one in error.errors]
            ) from error
    locked.carried_out_at = now
    locked.save(update_fields=["carried_out_at"])
    data: dict[str, Any] = {"fields": sorted(found.values), "own": len(own)}
    audit.record("correction.made", locked, by=by, at=now, data=data)
    outbox.publish("correction.made", locked, at=now, payload={"fields": data["fields"]})


@transaction.atomic
def confirm(request: DeletionRequest, *, now: datetime, by: str) -> DeletionRequest:
    """Record that the product has made the correction too: the request is done, and its values are not kept.

    :raises requests.RequestNotInThatState: it is no correction, is not made here yet, or is over.
    """
    locked = requests.in_state(request, RequestStatus.CONFIRMED)
    if locked.kind != RequestKind.CORRECT or locked.carried_out_at is None:
        raise requests.RequestNotInThatState("There is no correction that waits to be confirmed.")
    row = _row(locked)
    fields = [] if row is None else row.corrected_fields
    audit.record("correction.confirmed", locked, by=by, at=now, data={"fields": fields})
    requests.finish(locked, now=now, by=by, facts={"fields": fields})
    return locked


def _row(request: DeletionRequest) -> RequestSubject | None:
    return RequestSubject.objects.filter(request=request).select_related("licensed_user").first()


def _context(organization: Organization, row: RequestSubject, key: UUID) -> bytes:
    return crypto.context("correction", str(organization.public_id), str(row.public_id), str(key))
