"""What makes two announcements the same thing told twice: pure rules."""

import hashlib
import json
import re
from typing import Any
from uuid import UUID

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def meaning(topic: str, subject_type: str, subject_id: UUID, payload: dict[str, Any]) -> str:
    """Return a digest of what is told, and about what: ids in the payload do not count.

    What was done again after a restore has new ids in its payload; what it is about, and its dates, are the same.
    """
    return _digest([topic, subject_type, str(subject_id), _without_ids(payload)])


def matter(topic: str, organization: UUID | None, subject_id: UUID) -> str:
    """Return a digest of the topic and of whom it concerns: the organization, else the subject itself."""
    return _digest([topic, str(organization or subject_id)])


def reader(kind: str, id_: str) -> str:
    """Return a digest of whom something was sent to: the random id of a person or of an endpoint."""
    return _digest([kind, id_])


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_ids(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_ids(one) for one in value]
    return _ID.sub("*", value) if isinstance(value, str) else value


def _digest(facts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
