"""Heads: where the chain stands, signed and carried away, so that nobody cuts it off or writes it anew unseen."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import AuditEvent, AuditSeal, Organization, TrailHead
from accounts.operations import checking, clock, outbox, sealing
from accounts.operations.signatures import private_key
from accounts.rules import signing
from accounts.rules.trail_check import Fault, Finding, Report

HEAD = signing.Kind("head", "terme.trail-head/1", b"terme trail head 1\n")
TOPIC = "trail.head"
EVERY = timedelta(days=1)
# The last link of every chain of readers.
_CHAINS = """
SELECT c.organization_id, o.public_id::text, c.vendor_only, c.organization_position, c.organization_digest
FROM (SELECT DISTINCT ON (organization_id, vendor_only) organization_id, vendor_only, organization_position,
        organization_digest FROM accounts_auditseal
    ORDER BY organization_id, vendor_only, organization_position DESC) c
LEFT JOIN accounts_organization o ON o.id = c.organization_id ORDER BY c.organization_id, c.vendor_only
"""


def folder() -> Path:
    """Return where the files of heads are."""
    return Path(settings.DATA_DIR) / "trail"


def due(*, at: datetime) -> QuerySet[AuditSeal]:
    """Return the last seal if the chain has grown since its last head, and that is a day ago."""
    seal, head = _grown(at)
    if seal is None or (head is not None and head.exported_at > at - EVERY):
        return AuditSeal.objects.none()
    return AuditSeal.objects.filter(pk=seal.pk)


def following(*, after: datetime) -> datetime | None:
    """Return when the next head is due, if the chain has grown since the last one."""
    seal, head = _grown(after)
    if seal is None or head is None or head.exported_at <= after - EVERY:
        return None
    return head.exported_at + EVERY


def export(*, now: datetime, by: str) -> TrailHead | None:
    """Sign where the chain stands, announce it, and write its file; nothing, if none is due.

    It leaves no event in the trail, which would otherwise grow by itself every day. What goes to an organization is
    the head of the chain that it reads. The caller is in the vendor's scope. :raises OSError: the file is not written.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [sealing.LOCK])
        seal = due(at=now).first()
        if seal is None:
            return None
        cursor.execute(_CHAINS)
        chains = cursor.fetchall()
    before = TrailHead.objects.order_by("-position").first()
    head = TrailHead(position=seal.position, digest=seal.digest, exported_at=now)
    head.document = HEAD.signed(_document(head, seal, chains, simulated=by.endswith(":simulated")), private_key())
    head.signing_key = head.document["signature"]["key_id"]
    head.save(force_insert=True)
    _announce(head, chains, before, now=now)
    write(head)
    return head


def write(head: TrailHead) -> Path:
    """Write a head's file, whole or not at all, readable by the service only. :raises OSError: it cannot."""
    target = folder()
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = target / f"head-{head.position:012d}.json"
    descriptor, name = tempfile.mkstemp(dir=target, prefix=".head-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(head.document, file, indent=1, sort_keys=True, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    opened = os.open(target, os.O_RDONLY)
    try:
        os.fsync(opened)  # else the name itself may be lost with the power
    finally:
        os.close(opened)
    return path


def files() -> Iterator[Path]:
    """Yield the files of the heads that were carried away, the oldest first."""
    yield from sorted(folder().glob("head-*.json"))


def _grown(at: datetime) -> tuple[AuditSeal | None, TrailHead | None]:
    """Return the last seal, if the chain has grown since the last head, and the last head by the instant.

    Simulated time may have gone ahead: its heads hold up no real one. That time was moved is no growth: a rehearsal
    would stop every day to carry away the head that names its last stop.
    """
    known = TrailHead.objects.order_by("-position").values_list("position", flat=True).first() or 0
    facts = AuditEvent.objects.filter(pk=OuterRef("event_id")).exclude(name__in=(clock.MOVED, clock.GIVEN_BACK))
    seals = AuditSeal.objects.filter(position__gt=known)
    if not seals.filter(Exists(facts)).exists():
        return None, None
    seal = seals.order_by("-position").first()
    return seal, TrailHead.objects.filter(exported_at__lte=at).order_by("-exported_at", "-pk").first()


def _document(head: TrailHead, seal: AuditSeal, chains: list[tuple[Any, ...]], *, simulated: bool) -> dict[str, Any]:
    found = {
        "schema": HEAD.schema,
        "head": str(head.public_id),
        "exported_at": head.exported_at.isoformat(),
        "position": seal.position,
        "digest": seal.digest,
        "sealed_at": seal.sealed_at.isoformat(),
        "chains": [
            {"organization": public_id, "vendor_only": own, "position": position, "digest": digest}
            for _pk, public_id, own, position, digest in chains
        ],
    }
    return {**found, "simulated_time": True} if simulated else found


def _announce(head: TrailHead, chains: list[tuple[Any, ...]], before: TrailHead | None, *, now: datetime) -> None:
    """Tell the vendor of the whole chain, and each organization of its own where that has grown."""
    outbox.publish(TOPIC, head, at=now, payload={"position": head.position, "digest": head.digest})
    earlier = [] if before is None else before.document["chains"]
    known = {one["organization"]: one["position"] for one in earlier if not one["vendor_only"]}
    for pk, public_id, own, position, digest in chains:
        if pk is not None and not own and known.get(public_id) != position:
            outbox.publish(TOPIC, head, at=now, organization_id=pk, payload={"position": position, "digest": digest})


def compare(
    report: Report,
    name: str,
    text: bytes,
    *,
    keys: Sequence[Ed25519PublicKey],
    organization: Organization | None,
    of_any_key: bool = False,
) -> None:
    """Check a head's signature, and that the chain still goes through it; ``name`` says in the report which it is.

    Of the keys, one must have signed it. ``of_any_key`` passes over a head that none of them signed: it was carried
    away before the key changed. The caller is in the vendor's scope.
    """
    try:
        signed = signing.read(text)
        named = signing.signer(signed)
        key = next((one for one in keys if signing.key_id(one) == named), None)
        if key is None and of_any_key and named is not None:
            return
        document = HEAD.verify(signed, key or keys[0])
    except signing.BadDocument as error:
        report.add(Finding(Fault.HEAD_NOT_SIGNED, what=(name, str(error))))
        return
    report.heads += 1
    if organization is None:
        _compare(report, name, document["position"], document["digest"], None)
        return
    for one in document["chains"]:
        if one["organization"] == str(organization.public_id):
            readers = (organization.pk, one["vendor_only"])
            _compare(report, name, one["position"], one["digest"], readers)


def _compare(report: Report, name: str, position: int, digest: str, readers: checking.Readers | None) -> None:
    found = checking.digest_at(position, readers)
    if found is None:
        report.add(Finding(Fault.HEAD_CUT_OFF, position, what=(name,)))
    elif found != digest:
        report.add(Finding(Fault.HEAD_DIFFERS, position, what=(name,)))
