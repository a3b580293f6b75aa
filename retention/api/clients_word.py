"""REST: the client's word, as the vendor's staff send it with what they record for the client."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from accounts.api.views import ScopedView
from accounts.models import Document, Organization
from retention.operations import instructions


class InstructionSerializer(serializers.Serializer[Any]):
    """What the vendor's staff send when they record what the client wrote."""

    proof = serializers.FileField(
        required=False, allow_null=True, default=None, max_length=200, help_text="The instruction: at most 25 MiB."
    )
    sender = serializers.EmailField(
        required=False, default="", help_text="The address of the authorised contact of the client who gave it."
    )


def kept(view: ScopedView, organization: Organization, sent: Mapping[str, Any]) -> Document | None:
    """Store the proof that a call brought, if it brought one, with who gave it.

    ``sent`` is what an :class:`InstructionSerializer` read.

    :raises InvalidInput: as :func:`instructions.keep`, by field.
    """
    return instructions.keep(
        organization,
        sent["proof"],
        sender=sent["sender"],
        now=view.now,
        by=view.actor,
        for_client=view.caller.works_for_vendor,
    )
