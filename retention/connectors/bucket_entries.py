"""What a bucket lists: versions of objects, delete markers, unfinished uploads, and how their names are compared."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from retention.connectors.protocol import StoreMisconfigured
from retention.enums import StoreFault

OBJECTS, VERSIONS, MARKERS, UPLOADS = "objects", "old_versions", "delete_markers", "uploads"
# What XML 1.0 cannot say, not by a reference either (section 2.2, Char).
_UNSAYABLE = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of an object, a delete marker, or an unfinished upload (``version`` is its id)."""

    key: str
    version: str
    kind: str
    size: int
    at: datetime | None
    latest: bool


def entries_of(page: Mapping[str, Any], prefix: str) -> Iterator[Entry]:
    """Yield what a page lists. :raises StoreMisconfigured: something that was not asked for, or has no name."""
    for one in page.get("Versions", []):
        kind = OBJECTS if one.get("IsLatest") else VERSIONS
        where = _where(prefix, one, "VersionId")
        yield Entry(*where, kind, int(one.get("Size", 0)), one.get("LastModified"), bool(one.get("IsLatest")))
    for one in page.get("DeleteMarkers", []):
        where = _where(prefix, one, "VersionId")
        yield Entry(*where, MARKERS, 0, one.get("LastModified"), bool(one.get("IsLatest")))
    for one in page.get("Uploads", []):
        where = _where(prefix, one, "UploadId")
        yield Entry(*where, UPLOADS, 0, one.get("Initiated"), latest=False)


def _where(prefix: str, one: Mapping[str, Any], version: str) -> tuple[str, str]:
    """Return the key and the version or upload. :raises StoreMisconfigured: one is missing, or was not asked for."""
    key, found = one.get("Key"), one.get(version)
    if not isinstance(key, str) or not isinstance(found, str) or not key.startswith(prefix):
        raise StoreMisconfigured(StoreFault.UNEXPECTED_ANSWER)
    return key, found


def sayable(key: str) -> bool:
    """Say whether a document of XML can name the object."""
    return _UNSAYABLE.search(key) is None


def folded(key: str) -> str:
    """Return how a key is compared with those of who is spared: each part without blanks around it, case ignored."""
    return "/".join(part.strip() for part in unicodedata.normalize("NFC", key).split("/")).casefold()


def instant(at: datetime | None) -> datetime:
    """Return when something was made. :raises StoreMisconfigured: the store does not say so."""
    if at is None:
        raise StoreMisconfigured(StoreFault.UNEXPECTED_ANSWER)
    return at
