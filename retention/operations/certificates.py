"""Certificates: what was erased, when, how it was checked and what stays, signed. No personal data in them."""

from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from accounts.errors import Refused
from accounts.operations import audit, outbox
from accounts.operations.signatures import private_key, public_pem
from retention.enums import RequestStatus, RunPhase
from retention.models import AggregateArchive, Certificate, DeletionRequest, ErasureRun, ErasureStep, Verification
from retention.operations import runs
from retention.policy import POLICY
from retention.rules import certificate as rules

__all__ = ["NotCertifiable", "certify", "private_key", "public_pem"]


class NotCertifiable(Refused):
    """The run is not verified, or has its certificate."""

    code = "not_certifiable"


@transaction.atomic
def certify(run: ErasureRun, *, now: datetime, by: str) -> Certificate:
    """Issue the signed certificate of a verified run, and close its request. The caller is in the vendor's scope.

    What was searched for is destroyed with it: this was the last check.

    :raises NotCertifiable: the last verification did not pass, or the certificate was issued.
    """
    locked = (
        ErasureRun.objects.select_for_update(of=("self",), no_key=True).select_related("organization").get(pk=run.pk)
    )
    if locked.phase != RunPhase.VERIFIED:
        raise NotCertifiable("The run is not verified, or has its certificate.")
    request = DeletionRequest.objects.select_for_update(no_key=True).get(pk=locked.request_id)
    check = Verification.objects.filter(run=locked).order_by("pk").last()
    if check is None or not check.passed:
        raise NotCertifiable("The last verification did not pass.")
    public_id, key = uuid4(), private_key()
    document = _document(locked, request, check, public_id=str(public_id), now=now)
    if by.endswith(":simulated"):
        document["simulated_time"] = True
    document = rules.signed(document, key)
    certificate = Certificate.objects.create(
        organization_id=locked.organization_id,
        public_id=public_id,
        run=locked,
        issued_at=now,
        signing_key=document["signature"]["key_id"],
        document=document,
    )
    locked.phase = RunPhase.CERTIFIED
    runs.forget_identifiers(locked)
    locked.save(update_fields=["phase", "identifiers", "identifiers_key", "identifiers_key_version"])
    request.status, request.closed_at = RequestStatus.CERTIFIED, now
    request.save(update_fields=["status", "closed_at"])
    data = {"run": str(locked.public_id), "signing_key": certificate.signing_key}
    audit.record("certificate.issued", certificate, by=by, at=now, data=data)
    outbox.publish("certificate.issued", certificate, at=now, payload=data)
    return certificate


def _document(
    run: ErasureRun, request: DeletionRequest, check: Verification, *, public_id: str, now: datetime
) -> dict[str, Any]:
    destroyed_at = run.keys_destroyed_at
    if destroyed_at is None or run.erased_at is None:
        raise NotCertifiable("The run has not destroyed its keys, or has not emptied its stores.")
    steps = list(ErasureStep.objects.filter(run=run).order_by("position"))
    # Exports have keys of their own: content was readable through them until the last was gone.
    gone_at = [step.finished_at for step in steps if step.store == "exports" and step.finished_at is not None]
    unreadable_from = max(destroyed_at + settings.DATA_KEY_CACHE, *gone_at)
    return {
        "schema": rules.SCHEMA,
        "certificate": public_id,
        "issued_at": now.isoformat(),
        "organization": str(run.organization.public_id),
        "request": {
            "id": str(request.public_id),
            "origin": request.origin,
            "received_at": request.received_at.isoformat(),
            "scope": request.scope,
            "service_ended_on": _iso(request.service_ended_on),
            "retrieval_ended_on": _iso(request.retrieval_ends_on),
            "end_confirmed_at": _iso(request.confirmed_at),
            "approved_at": _iso(request.approved_at),
            "approved_by_another_person": request.approved_by not in (request.requested_by, request.confirmed_by),
            "export": request.export_decision,
            "archive": request.archive_decision,
        },
        "keys": {
            "run": str(run.public_id),
            "destroyed": run.keys_destroyed or 0,
            "destroyed_at": destroyed_at.isoformat(),
            "ledger_entry": run.ledger_digest,
        },
        "stores": [
            {
                "store": step.store,
                "found": step.found,
                "erased": step.erased,
                "anonymised": step.anonymised,
                "finished_at": _iso(step.finished_at),
            }
            for step in steps
        ],
        "erased_at": run.erased_at.isoformat(),
        "verification": {
            "performed_at": check.performed_at.isoformat(),
            "passed": check.passed,
            "searched": check.searched,
            "method": "tables and columns from the catalogues of both databases; files; broker and cache",
        },
        "archives": [
            {"name": archive.name, "sha256": archive.sha256}
            for archive in AggregateArchive.objects.filter(request=request).order_by("pk")
        ],
        "kept": [
            {"what": label, "basis": table.basis}
            for label, table in sorted(POLICY.items())
            if label in check.searched.get("kept", [])
        ],
        "readability": {
            "live_systems": {
                "unreadable_from": unreadable_from.isoformat(),
                "because": "keys destroyed, key caches expired, exports removed",
                "freed_pages": "plain identifiers may stand in freed pages of the databases until they are reused",
            },
            "backups": {
                "unreadable_from": None,
                "expected_by": (run.erased_at + settings.BACKUP_HORIZON).isoformat(),
                "because": "claimed only when the last backups that hold the keys or the erased rows have expired",
            },
        },
    }


def _iso(at: date | None) -> str | None:
    return None if at is None else at.isoformat()
