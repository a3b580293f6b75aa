"""The package for auditors: its period, what may stand in it, its signed manifest, and the check of all of it."""

import hashlib
import re
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import IO, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipInfo

from accounts.errors import FieldError
from accounts.rules.signing import BadDocument, Kind

PACKAGE = Kind("package", "terme.audit-package/1", b"terme audit package 1\n")
MANIFEST = "manifest.json"
PIECE = 64 * 1024
# Who acts is told by an opaque id where it is one of these; of anybody else only the kind.
ACTORS = frozenset({"user", "token", "system"})
# What is about a licensed user is told without their id.
PEOPLE = frozenset({"LicensedUser", "LicensedUserChange", "RequestSubject", "ProvisionedMembership"})
# Under these names an id is one of the vendor's or the client's affairs; under any other it could be a person's.
IDS = frozenset(
    {
        "archive",
        "case",
        "certificate",
        "contract",
        "document",
        "export",
        "hold",
        "organization",
        "proof",
        "request",
        "run",
        "verification",
    }
)
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_CODE = re.compile(r"[\w.:+/ ,-]{0,200}", re.ASCII)
# Sizes in a ZIP (APPNOTE 4.3): of a file's own header, of its entry in the directory, of how the directory ends.
_HEADER, _ENTRY, _END, _LONG_END = 30, 46, 22, 76


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a package, in UTC: ``begins_on`` is the first, ``ends_on`` the first one no longer in it."""

    begins_on: date
    ends_on: date

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.begins_on, time(), UTC)

    @property
    def ends_at(self) -> datetime:
        return datetime.combine(self.ends_on, time(), UTC)

    def faults(self) -> list[FieldError]:
        """Return what is wrong with it: it ends before it begins."""
        if self.begins_on < self.ends_on:
            return []
        return [FieldError("until", "not_after_from", "The period must end after its first day (the end is excluded).")]


def actor(text: str) -> str:
    """Return who acted, as an auditor is told: an opaque id of a member, a program or the system, else the kind."""
    kind = text.partition(":")[0]
    return text if kind in ACTORS else kind


def told(data: Any, name: str = "") -> Any:
    """Return what an event's data tells an auditor: codes, numbers, dates, counts, ids of affairs.

    An id under another name, an address or a free text is left out, whoever wrote it: it could be a licensed user's.
    """
    match data:
        case None | bool() | int():
            return data
        case float():
            return str(data)
        case str():
            return data if _harmless(data, name) else ""
        case list():
            return [told(one, name) for one in data] if all(_is_harmless(one, name) for one in data) else len(data)
        case dict():
            return {str(key): told(one, str(key)) for key, one in data.items() if _harmless(str(key), "")}
        case _:
            return ""


def _is_harmless(one: Any, name: str) -> bool:
    return not isinstance(one, str) or _harmless(one, name)


def _harmless(text: str, name: str) -> bool:
    if _UUID.search(text):
        return name in IDS and _UUID.fullmatch(text) is not None
    return _CODE.fullmatch(text) is not None


def cell(value: Any) -> str:
    """Return a value as a cell of a CSV file that no spreadsheet takes for a formula."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
        case _:
            return str(value)


def verify_layout(file: IO[bytes], entries: Iterable[ZipInfo]) -> None:
    """See that a package's ZIP is its files and the directory of them, one after the other, and nothing else.

    Programs disagree on what they unpack where bytes stand before, between or after these, or where a name is there
    twice.

    :raises BadDocument: something stands beside its files, a name is there twice, or a file is packed in another way.
    """
    found = sorted(entries, key=lambda one: one.header_offset)
    if len(found) != len({one.filename for one in found}):
        raise BadDocument("A file stands twice in the package.")
    if any(one.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for one in found):
        raise BadDocument("A file is packed in an unknown way.")
    at, end = 0, file.seek(0, 2)
    for one in found:
        file.seek(min(at, end))  # a size may say more than a file can have
        header = file.read(_HEADER)
        if one.header_offset != at or len(header) != _HEADER:
            raise BadDocument("Something stands in the package beside its files.")
        at += _HEADER + sum(struct.unpack_from("<HH", header, 26)) + one.compress_size
    at += sum(_ENTRY + len(one.orig_filename.encode()) + len(one.extra) + len(one.comment) for one in found)
    if end - at not in (_END, _END + _LONG_END) or any(one.comment for one in found):
        raise BadDocument("Something stands in the package beside its files.")


def verify_files(
    manifest: Mapping[str, Any], names: Iterable[str], opened: Callable[[str], BinaryIO]
) -> tuple[int, int]:
    """Compare the files of a package with its manifest; return how many there are, and their bytes.

    Of a file that is longer than listed no more is read than shows it.

    :raises BadDocument: a file is missing, was added, or changed.
    """
    found = {name for name in names if name != MANIFEST}
    listed = {one["name"]: one for one in manifest["files"]}
    if missing := sorted(listed.keys() - found):
        raise BadDocument(f"Files are missing: {_shown(missing)}.")
    if added := sorted(found - listed.keys()):
        raise BadDocument(f"Files were added: {_shown(added)}.")
    total = 0
    for name, one in listed.items():
        digest, size = hashlib.sha256(), 0
        with opened(name) as file:
            while size <= one["size"] and (piece := file.read(PIECE)):
                digest.update(piece)
                size += len(piece)
        if (size, digest.hexdigest()) != (one["size"], one["sha256"]):
            raise BadDocument(f"A file was changed: {name}.")
        total += size
    return len(listed), total


def _shown(names: list[str]) -> str:
    """Return some names as they may be printed: whoever added a file chose what it is called."""
    return ", ".join("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in one) for one in names[:5])
