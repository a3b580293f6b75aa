"""Files on the wire: bodies as multipart."""

from typing import Any

from rest_framework import serializers
from rest_framework.parsers import MultiPartParser

from accounts.api.parsers import JSONParser

PARSERS = [MultiPartParser, JSONParser]


class ProofSerializer(serializers.Serializer[Any]):
    """A body with a proof, as multipart."""

    proof = serializers.FileField(max_length=200, help_text="At most 25 MiB.")
