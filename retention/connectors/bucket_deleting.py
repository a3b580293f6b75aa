"""Having versions of a bucket deleted, and why one was not."""

import contextlib
from collections.abc import Sequence
from typing import Any

from retention.connectors.bucket_entries import Entry, sayable
from retention.connectors.bucket_errors import DENIED, code_of
from retention.enums import StoreFault


def delete(client: Any, bucket: str, batch: Sequence[Entry]) -> dict[str, list[dict[str, Any]]]:
    """Have versions deleted; return the answers, each by its version. What XML cannot name is asked for by itself.

    One such name would have all that it is asked for with refused.
    """
    answers: dict[str, list[dict[str, Any]]] = {"Deleted": [], "Errors": []}
    whole = {"Bucket": bucket}
    named = [{"Key": entry.key, "VersionId": entry.version} for entry in batch]
    if plain := [one for one in named if sayable(one["Key"])]:
        found = client.delete_objects(**whole, Delete={"Objects": plain, "Quiet": False})
        for how, list_of in answers.items():
            list_of += found.get(how, [])
    for one in named:
        if not sayable(one["Key"]):
            try:
                client.delete_object(**whole, **one)
                answers["Deleted"].append(one)
            except Exception as error:
                if not (code := code_of(error)):
                    raise
                answers["Errors"].append(one | {"Code": code})
    return answers


def why(client: Any, bucket: str, key: str, version: str, code: str) -> StoreFault:
    """Return why a version was not deleted: a lock, a right that is missing."""
    if code in ("InvalidRequest", "ObjectLocked"):
        return StoreFault.LOCKED
    with contextlib.suppress(Exception):  # not every store knows locks, and not everybody may ask
        head = client.head_object(Bucket=bucket, Key=key, VersionId=version)
        if head.get("ObjectLockLegalHoldStatus") == "ON" or head.get("ObjectLockRetainUntilDate") is not None:
            return StoreFault.LOCKED
    return StoreFault.DENIED if code in DENIED else StoreFault.FAILED
