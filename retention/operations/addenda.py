"""Addenda: what is said of a certificate later, signed, each naming the digest of what came before it."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from accounts.operations import audit, outbox
from accounts.operations.signatures import private_key
from retention.enums import AddendumKind
from retention.models import Certificate, CertificateAddendum, ErasureRun
from retention.operations import proof
from retention.rules import certificate as rules


def issue(run: ErasureRun, kind: AddendumKind, *, now: datetime, by: str) -> CertificateAddendum | None:
    """Sign an addendum to the run's certificate, with the levels as they stand; nothing, where there is none.

    The caller holds the run's row, so addenda are numbered one after the other. It is provisional until every window
    has closed and that was said: what is said after it is so no more, unless residue reopened the run.
    """
    certificate = Certificate.objects.filter(run=run).first()
    if certificate is None:
        return None
    last = certificate.addenda.order_by("-number").first()
    before = certificate.document if last is None else last.document
    number = 1 if last is None else last.number + 1
    public_id = uuid4()
    document: dict[str, Any] = {
        "schema": rules.ADDENDUM.schema,
        "addendum": str(public_id),
        "number": number,
        "kind": kind.value,
        "issued_at": now.isoformat(),
        "certificate": str(certificate.public_id),
        "run": str(run.public_id),
        "certificate_sha256": rules.digest(certificate.document),
        "previous_sha256": rules.digest(before),
        "stands": _stands(kind, before),
        "provisional": run.completed_at is None,
        **proof.standing(run, now=now),
    }
    if by.endswith(":simulated"):
        document["simulated_time"] = True
    document = rules.ADDENDUM.signed(document, private_key())
    made = CertificateAddendum.objects.create(
        organization_id=run.organization_id,
        public_id=public_id,
        certificate=certificate,
        number=number,
        kind=kind,
        issued_at=now,
        signing_key=document["signature"]["key_id"],
        document=document,
    )
    data = {"certificate": str(certificate.public_id), "kind": kind.value, "number": number}
    audit.record("certificate.addendum_issued", made, by=by, at=now, data=data)
    outbox.publish("certificate.addendum_issued", made, at=now, payload=data)
    return made


def _stands(kind: AddendumKind, before: dict[str, Any]) -> bool:
    """Keys that go again say nothing of residue: what was said of that before holds."""
    if kind == AddendumKind.KEYS_GONE_AGAIN:
        return bool(before.get("stands", True))
    return kind != AddendumKind.RESIDUE_FOUND
