"""Certificates: what was erased, when, how it was checked and what stays, signed. No personal data in them."""

from datetime import datetime
from uuid import uuid4

from django.db import transaction

from accounts.errors import Refused
from accounts.operations import audit, outbox
from accounts.operations.signatures import former_pems, private_key, public_pem
from retention.enums import AddendumKind, RequestStatus, RunPhase
from retention.models import Certificate, DeletionRequest, ErasureRun, Verification
from retention.operations import addenda, proof
from retention.rules import certificate as rules
from retention.rules import levels
from retention.rules.checks import next_check

__all__ = ["NotCertifiable", "certify", "complete", "former_pems", "private_key", "public_pem"]


class NotCertifiable(Refused):
    """The run is not verified, or has its certificate."""

    code = "not_certifiable"


class NotComplete(Refused):
    """A window is still open: the certificate stays provisional."""

    code = "not_complete"


@transaction.atomic
def certify(run: ErasureRun, *, now: datetime, by: str) -> Certificate:
    """Issue the signed certificate of a verified run, and close its request. The caller is in the vendor's scope.

    It is provisional until :func:`complete`. What is searched for is kept for the checks after an hour, a day and a
    week. A run that has its certificate, because residue was found later, gets an addendum instead.

    :raises NotCertifiable: the last verification did not pass, or the certificate was issued.
    """
    locked = _locked(run)
    if locked.phase != RunPhase.VERIFIED:
        raise NotCertifiable("The run is not verified, or has its certificate.")
    request = DeletionRequest.objects.select_for_update(no_key=True).get(pk=locked.request_id)
    check = Verification.objects.filter(run=locked).order_by("pk").last()
    if check is None or not check.passed:
        raise NotCertifiable("The last verification did not pass.")
    locked.phase, locked.certified_at = RunPhase.CERTIFIED, now
    locked.next_check_at = next_check(now, after=now)
    locked.save(update_fields=["phase", "certified_at", "next_check_at"])
    request.status, request.closed_at = RequestStatus.CERTIFIED, now
    request.save(update_fields=["status", "closed_at"])
    certificate = Certificate.objects.filter(run=locked).first()
    if certificate is not None:
        addenda.issue(locked, AddendumKind.CLEAN_AGAIN, now=now, by=by)
        return certificate
    public_id = uuid4()
    document = {
        "schema": rules.SCHEMA,
        "certificate": str(public_id),
        **proof.document(locked, request, check, now=now),
    }
    if by.endswith(":simulated"):
        document["simulated_time"] = True
    document = rules.signed(document, private_key())
    certificate = Certificate.objects.create(
        organization_id=locked.organization_id,
        public_id=public_id,
        run=locked,
        issued_at=now,
        signing_key=document["signature"]["key_id"],
        document=document,
    )
    data = {"run": str(locked.public_id), "signing_key": certificate.signing_key}
    audit.record("certificate.issued", certificate, by=by, at=now, data=data)
    outbox.publish("certificate.issued", certificate, at=now, payload=data)
    return certificate


@transaction.atomic
def complete(run: ErasureRun, *, now: datetime, by: str) -> ErasureRun:
    """Say that every window has closed: the last check is done, dead rows and backups are gone. Signed as an addendum.

    The caller is in the vendor's scope. :raises NotComplete: something is still open, or all was said already.
    """
    locked = _locked(run)
    if locked.phase != RunPhase.CERTIFIED or locked.next_check_at is not None:
        raise NotComplete("The run is not certified, or is looked at again first.")
    if not levels.complete(levels.levels(proof.facts(locked), now=now)):
        raise NotComplete("A window is still open.")
    locked.phase, locked.completed_at = RunPhase.COMPLETE, now
    locked.save(update_fields=["phase", "completed_at"])
    DeletionRequest.objects.filter(pk=locked.request_id, status=RequestStatus.CERTIFIED).update(
        status=RequestStatus.COMPLETE
    )
    addenda.issue(locked, AddendumKind.COMPLETE, now=now, by=by)
    audit.record("erasure.complete", locked, by=by, at=now)
    outbox.publish("erasure.complete", locked, at=now)
    return locked


def _locked(run: ErasureRun) -> ErasureRun:
    rows = ErasureRun.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("organization").get(pk=run.pk)
