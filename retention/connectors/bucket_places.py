"""Where a walk through a bucket stands: after which object, sealed, since its name may be somebody's."""

import base64
import hashlib
import hmac
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from accounts import crypto
from retention.connectors.bucket_entries import UPLOADS, Entry
from retention.connectors.protocol import StoreMisconfigured
from retention.enums import StoreFault

# Of a digest in hexadecimal: a thousand of them stand in one checkpoint, and none of millions is another's.
MARK = 16


@dataclass(frozen=True, slots=True)
class Place:
    """A listing of one kind of things, and what it goes on after: all of object ``key``, or of it up to ``part`` only.

    ``part`` is the id of a version or an upload. ``refused`` is why something was not deleted before this place.
    """

    kind: str
    key: str = field(default="", repr=False)
    part: str = field(default="", repr=False)
    refused: str = ""


class Seal:
    """Closes a place under a key that the store's own secret gives: with another secret the walk begins anew."""

    def __init__(self, secret: str, *about: str) -> None:
        self._key = hashlib.sha256(b"terme: a place in a bucket\x00" + secret.encode()).digest()
        self._context = crypto.context("place in a bucket", *about)

    def closed(self, place: Place) -> str:
        told = orjson.dumps([place.kind, place.key, place.part, place.refused])
        return base64.b64encode(crypto.encrypt(self._key, told, context=self._context)).decode()

    def opened(self, checkpoint: str, *, front: Place) -> Place:
        """Return the place; the front where there is none, or it was closed with another secret or for another walk."""
        try:
            sealed = base64.b64decode(checkpoint, validate=True)
            return Place(*orjson.loads(crypto.decrypt(self._key, sealed, context=self._context)))
        except (ValueError, crypto.DecryptionFailed):
            return front


class Mark:
    """Knows an entry again without naming it: by a digest under the store's own secret."""

    def __init__(self, secret: str, *about: str) -> None:
        self._key = hashlib.sha256(b"terme: a mark of an entry\x00" + "\x00".join((secret, *about)).encode()).digest()

    def of(self, entry: Entry) -> str:
        """Return the mark. What was written again under the same name and version has another instant."""
        told = orjson.dumps([entry.kind == UPLOADS, entry.key, entry.version, str(entry.at)])
        return hmac.new(self._key, told, "sha256").hexdigest()[:MARK]

    @staticmethod
    def split(checkpoint: str) -> frozenset[str]:
        """Return the marks that stand in a checkpoint, one after the other."""
        return frozenset(map("".join, itertools.batched(checkpoint, MARK)))


class Listed:
    """What was listed from a place on, page by page, and from where the next listing goes on.

    That is the last object of which everything was seen: versions that were deleted meanwhile are no place. Only where
    one object has more versions than are listed at once it is one of them.
    """

    def __init__(self, place: Place) -> None:
        self._from = place
        self._whole = self._last = self._part = ""
        self.pages, self.more = 0, True

    def note(self, page: Mapping[str, Any], keys: Iterable[str]) -> None:
        """Take a page in. :raises StoreMisconfigured: it goes back, or does not say from where the next goes on."""
        self.pages += 1
        self.more = bool(page.get("IsTruncated"))
        for key in sorted({*keys, *([str(page.get("NextKeyMarker", ""))] if self.more else [])}):
            if key < self._from.key or (key == self._from.key and not self._from.part):
                raise StoreMisconfigured(StoreFault.UNEXPECTED_ANSWER)
            if key > self._last:
                self._whole, self._last = self._last, key
        self._part = str(page.get("NextVersionIdMarker") or page.get("NextUploadIdMarker") or "")

    def reached(self) -> Place:
        """Return where to go on. :raises StoreMisconfigured: the listing got nowhere."""
        found = replace(self._from, key=self._whole, part="")
        if not self._whole:
            found = replace(self._from, key=self._last, part=self._part)
        if (found.key, found.part) == (self._from.key, self._from.part):
            raise StoreMisconfigured(StoreFault.UNEXPECTED_ANSWER)
        return found
