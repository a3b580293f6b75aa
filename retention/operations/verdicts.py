"""What holds of a file that is said to be a certificate: whether it is ours, unchanged, and the last word.

Nothing is written, and nothing of the file is kept.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from accounts import tenancy
from accounts.operations.signatures import public_keys
from retention.models import Certificate, CertificateAddendum, ErasureRun
from retention.rules import certificate as rules


class Verdict(StrEnum):
    """What holds of a file. Superseded: signed by us and unchanged, but something came later.

    An addendum, or after a restore another certificate of the same run.
    """

    VALID = "valid"
    SUPERSEDED = "superseded"
    CHANGED = "changed"
    OTHER_KEY = "other_key"
    NOT_A_CERTIFICATE = "not_a_certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A verdict, and where it is valid what the document says of itself, and which addendum is the last.

    ``stands``: whether what is certified still holds, and ``provisional``: whether a window is open still, as far as
    this service knows: what was said last. Nobody knows (``None``) while what a restore brought back is being erased
    again. ``known``: it is in its lists. ``replaced_by``: the certificate that took its place after a restore.
    """

    verdict: Verdict
    kind: str = ""
    certificate: str = ""
    number: int = 0
    issued_at: str = ""
    key_id: str = ""
    provisional: bool | None = None
    simulated_time: bool = False
    known: bool = False
    stands: bool | None = None
    latest: dict[str, Any] | None = None
    replaced_by: dict[str, Any] | None = None


_REFUSED = {"changed": Verdict.CHANGED, "other_key": Verdict.OTHER_KEY}


def check(raw: bytes) -> Answer:
    """Return what holds of a file's bytes. Whatever they are, this raises nothing of theirs."""
    if len(raw) > rules.LARGEST:
        return Answer(verdict=Verdict.NOT_A_CERTIFICATE)
    try:
        signed = rules.read(raw)
        document = rules.verify(signed, *public_keys())
    except rules.BadCertificate as error:
        return Answer(verdict=_REFUSED.get(error.code, Verdict.NOT_A_CERTIFICATE))
    addendum = document["schema"] == rules.ADDENDUM.schema
    number = int(document["number"]) if addendum else 0
    with tenancy.vendor():
        known, latest = _standing(document["certificate"], document["addendum"] if addendum else None)
        run = _replayed(document)
        other = None if run is None else Certificate.objects.filter(run=run).first()
        latest = latest if other is None else other.addenda.order_by("-number").first()
    superseded = other is not None or (latest is not None and latest.number > number)
    said = document if other is None else other.document
    last = said if latest is None else latest.document
    return Answer(
        verdict=Verdict.SUPERSEDED if superseded else Verdict.VALID,
        kind="addendum" if addendum else "certificate",
        certificate=document["certificate"],
        number=number,
        issued_at=document["issued_at"],
        key_id=signed["signature"]["key_id"],
        provisional=last.get("provisional", True),
        simulated_time=document.get("simulated_time", False),
        known=known,
        stands=None if run is not None and other is None else last.get("stands", True),
        latest=None
        if latest is None
        else {
            "number": latest.number,
            "kind": latest.kind,
            "issued_at": latest.issued_at.isoformat(),
            "stands": latest.document["stands"],
            "provisional": latest.document["provisional"],
        },
        replaced_by=None
        if other is None
        else {"certificate": str(other.public_id), "issued_at": other.issued_at.isoformat()},
    )


def _replayed(document: dict[str, Any]) -> ErasureRun | None:
    """Return the run of a document whose certificate a restore lost, where it was replayed: what it erased was back.

    Addenda from before they named their run are of none.
    """
    run = document.get("run") or document.get("keys", {}).get("run")
    if run is None or Certificate.objects.filter(public_id=UUID(document["certificate"])).exists():
        return None
    found = ErasureRun.objects.filter(public_id=UUID(run), replayed_at__isnull=False)
    if "organization" in document:  # an addendum names none
        found = found.filter(organization__public_id=UUID(document["organization"]))
    return found.first()


def _standing(certificate: str, addendum: str | None) -> tuple[bool, CertificateAddendum | None]:
    """Say whether the document is in our lists, and return the certificate's last addendum."""
    found = Certificate.objects.filter(public_id=UUID(certificate)).first()
    if found is None:
        return False, None
    latest = found.addenda.order_by("-number").first()
    return addendum is None or found.addenda.filter(public_id=UUID(addendum)).exists(), latest
