"""The proof beside a call: a file in a multipart body, stored with what it proves."""

from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.parsers import MultiPartParser

from accounts.api.parsers import JSONParser
from accounts.enums import DocumentKind
from accounts.models import Document
from accounts.operations import documents
from contracts.models import Contract

# A call with a proof is sent as a form with its file, one without as JSON.
PARSERS = [JSONParser, MultiPartParser]


class ProofField(serializers.FileField):
    """A file that proves a declaration."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "required": False,
                "allow_null": True,
                "default": None,
                "max_length": 200,
                "help_text": "The vendor's staff send the proof: as multipart/form-data, at most 25 MiB.",
                **kwargs,
            }
        )


def kept(
    contract: Contract,
    upload: documents.Upload | None,
    *,
    now: datetime,
    by: str,
    kind: DocumentKind = DocumentKind.NOTICE_PROOF,
) -> Document | None:
    """Store an uploaded proof; ``None`` where there is none."""
    return documents.keep_upload(contract.organization, upload, kind=kind, now=now, by=by)
