"""An S3-compatible bucket: every version, delete marker and unfinished upload below the prefixes of whom is meant.

Where all goes, a listing begins at the front: what was erased is not there any more. By age much stays, so there it
goes on where it stood. A name of an object, which may be somebody's, stands sealed in the checkpoint.
"""

import importlib
import itertools
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.errors import FieldError
from retention.connectors.bucket_deleting import delete, why
from retention.connectors.bucket_entries import (
    MARKERS,
    OBJECTS,
    UPLOADS,
    VERSIONS,
    Entry,
    entries_of,
    folded,
    instant,
)
from retention.connectors.bucket_errors import LATER, from_the_front, speaking, unless
from retention.connectors.bucket_places import Listed, Mark, Place, Seal
from retention.connectors.protocol import (
    Older,
    Person,
    Progress,
    Record,
    Residue,
    StoreError,
    StoreMisconfigured,
    StoreUnavailable,
    Target,
)
from retention.enums import StoreFault
from retention.rules.stores.bucket import Kept, Settings, filled, mistaken, placeholders

# What one call of S3 lists, and deletes, at most.
PAGE = 1000
# By age one call lists and erases so many pages at most: well within the time that a worker has.
PAGES_LISTED, PAGES_OF_OLD = 20, 10
CONNECT_SECONDS, READ_SECONDS = 5, 30
# So long what is there is counted: erasing it needs the worker's time more.
COUNT_SECONDS = 60
WALKED = (UPLOADS, OBJECTS, MARKERS)
LISTINGS = {UPLOADS: ("list_multipart_uploads", "UploadIdMarker")}
OF_VERSIONS = ("list_object_versions", "VersionIdMarker")
FIELDS = {
    StoreFault.CREDENTIALS: "secret",
    StoreFault.MISSING: "bucket",
    StoreFault.DENIED: "access_key",
    StoreFault.REDIRECT: "region",
    StoreFault.LIBRARY: "kind",
}


class BucketStore:
    """A connector over one bucket. ``secret`` is the secret access key."""

    def __init__(self, settings: Settings, secret: str) -> None:
        self._settings, self._secret = settings, secret
        self._client: Any = None
        # Versions that could not be deleted in this connector's life: they are tried once.
        self._refused: dict[tuple[str, str], StoreFault] = {}
        # What the last call deleted: found again, it was not.
        self._gone: set[tuple[str, str]] = set()

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def check(self) -> list[FieldError]:
        """See that the bucket can be listed, its versions and uploads too. That it may delete shows when it must."""
        try:
            for prefix in (template.split("{", 1)[0] for template in self._settings.prefixes):
                with speaking():
                    bucket = {"Bucket": self._settings.bucket, "Prefix": prefix}
                    self._s3().list_object_versions(**bucket, MaxKeys=1)
                    self._s3().list_multipart_uploads(**bucket, MaxUploads=1)
        except StoreError as error:
            return [FieldError(FIELDS.get(error.fault, "endpoint"), error.fault.value, str(error.fault.label))]
        return []

    def inventory(self, target: Target) -> dict[str, int]:
        with speaking():
            found, whole = self._counted(target)
        if not whole:
            raise StoreUnavailable(StoreFault.TIMEOUT)
        return dict(found)

    def export(self, target: Target) -> Iterator[Record]:
        """Yield what there is, by name, version and size. The contents stay where they are until they are erased."""
        with speaking():
            for prefix in self._prefixes(target):
                for entry in self._listed(OBJECTS, prefix):
                    yield {"place": entry.kind, "key": entry.key, "version": entry.version, "bytes": entry.size}

    def erase_chunk(
        self, target: Target, *, run: UUID, checkpoint: str, limit: int, now: datetime, sent_again: int = 0
    ) -> Progress:
        """Erase from the front on. The checkpoint marks each thing that went last: found again, it had not gone.

        Then it is deleted once more, not counted again, and looked for at once.
        """
        mark = Mark(self._secret, self._settings.bucket)
        known = mark.split(checkpoint)
        with speaking():
            for prefix in self._prefixes(target):
                for batch in self._batches(prefix, max(1, min(limit, PAGE))):
                    again = {entry for entry in batch if mark.of(entry) in known}
                    erased = self._remove(batch)
                    if again and erased:
                        self._see_gone(prefix, batch[0].kind)
                    if erased:
                        gone = [entry for entry in batch if (entry.key, entry.version) in self._gone]
                        new = sum(entry not in again for entry in gone)
                        return Progress(new, "".join(map(mark.of, gone)), finished=False)
        if self._refused:
            fault = next(iter(self._refused.values()))
            raise StoreMisconfigured(fault, self._settings.bucket)
        return Progress(0, "", finished=True)

    def erase_older(
        self, target: Target, older: Older, *, run: UUID, checkpoint: str, limit: int, now: datetime
    ) -> Progress:
        """Erase versions, markers and unfinished uploads from before the instant, below the category's prefix.

        Uploads first and markers last: without them what they hide would be there again. A call looks at a part of a
        listing; one in which something went is looked at once more before the walk goes on.
        """
        kept = self._settings.by_age.get(older.category)
        if kept is None:
            raise StoreMisconfigured(StoreFault.NOT_BY_AGE, "by_age")
        if older.spared and not kept.person_prefixes:
            raise StoreMisconfigured(StoreFault.CANNOT_SPARE, f"by_age.{older.category}")
        prefix = self._filled(kept.prefix, target, None)
        spared = tuple(folded(one) for one in self._of_people(kept, target, older))
        seal = Seal(self._secret, self._settings.bucket, prefix, older.category)
        place, pages = seal.opened(checkpoint, front=Place(WALKED[0])), PAGES_LISTED
        with from_the_front(), speaking():
            while pages > 0:
                erased, listed = self._sweep(place, prefix, older.before, spared, most=pages)
                place = replace(place, refused=place.refused or next(iter(self._refused.values()), ""))
                if erased:
                    return Progress(erased, seal.closed(place), finished=False)
                pages -= listed.pages
                if listed.more:
                    place = replace(listed.reached(), refused=place.refused)
                elif place.kind != WALKED[-1]:
                    place = Place(WALKED[WALKED.index(place.kind) + 1], refused=place.refused)
                elif place.refused:
                    raise StoreMisconfigured(StoreFault(place.refused), self._settings.bucket)
                else:
                    return Progress(0, "", finished=True)
        return Progress(0, seal.closed(place), finished=False)

    def _of_people(self, kept: Kept, target: Target, older: Older) -> Iterator[str]:
        """Yield the prefixes of those who are spared. :raises StoreMisconfigured: one has no name there."""
        for template in kept.person_prefixes:
            for person in older.spared:
                for email in _emails(person) if "email" in placeholders(template) else [""]:
                    yield self._filled(template, target, person, email)

    def _sweep(
        self, place: Place, prefix: str, before: datetime, spared: tuple[str, ...], *, most: int
    ) -> tuple[int, Listed]:
        """List on from a place and erase what is old in it; return how many went, and what was listed."""
        listed, wanted, erased, rounds = Listed(place), list[Entry](), 0, 0
        enough = 1 if place.kind == UPLOADS else PAGES_OF_OLD  # an upload is a call of its own
        for page in self._pages(place.kind, prefix, place):
            entries = list(entries_of(page, prefix))
            listed.note(page, (entry.key for entry in entries))
            wanted += self._old(entries, place.kind, before, spared, more=listed.more)
            while len(wanted) >= PAGE and rounds < enough:
                gone = self._remove(wanted[:PAGE])
                del wanted[:PAGE]
                erased += gone
                rounds += gone > 0  # what is locked hides nothing behind it
            if not listed.more or listed.pages >= most or rounds >= enough:
                break
        if wanted and rounds < enough:
            erased += self._remove(wanted)
        return erased, listed

    def _old(
        self, entries: Sequence[Entry], kind: str, before: datetime, spared: tuple[str, ...], *, more: bool
    ) -> Iterator[Entry]:
        """Yield what may go of a page. Without a marker that comes last, what it hides would be there again."""
        hidden = {entry.key for entry in entries if entry.kind != MARKERS}
        last = max((entry.key for entry in entries), default="") if more else None
        for entry in entries:
            if (OBJECTS if entry.kind == VERSIONS else entry.kind) != kind or instant(entry.at) >= before:
                continue
            if (entry.key, entry.version) in self._refused or (spared and folded(entry.key).startswith(spared)):
                continue
            # The versions of an object stand together: only of a page's last may more come.
            ends_it = entry.kind == MARKERS and entry.latest
            if ends_it and (entry.key in hidden or (entry.key == last and self._hides(entry))):
                continue
            yield entry

    def _hides(self, marker: Entry) -> bool:
        """Say whether an object would be there again without its marker: of a listing, its own versions come first."""
        for page in self._pages(OBJECTS, marker.key):
            entries = list(entries_of(page, marker.key))
            if any(one.key == marker.key and one.kind != MARKERS for one in entries):
                return True
            if any(one.key != marker.key for one in entries):
                return False
        return False

    def _remove(self, batch: Sequence[Entry]) -> int:
        if any((entry.key, entry.version) in self._gone for entry in batch):
            raise StoreUnavailable(StoreFault.NOT_ERASED, self._settings.bucket)
        if batch[0].kind == UPLOADS:
            return self._abort(batch)
        return self._delete_batch(batch)

    def _see_gone(self, prefix: str, kind: str) -> None:
        """:raises StoreUnavailable: what was just deleted is listed still."""
        last = max(key for key, _version in self._gone)
        for page in self._pages(kind, prefix):
            entries = list(entries_of(page, prefix))  # its markers come after its versions
            if any((entry.key, entry.version) in self._gone for entry in entries):
                raise StoreUnavailable(StoreFault.NOT_ERASED, self._settings.bucket)
            if any(entry.key > last for entry in entries):
                return

    def verify(self, target: Target, *, run: UUID) -> list[Residue]:
        """Return what is left. Where that is more than can be listed in time: as much of it as was."""
        with speaking():
            found, whole = self._counted(target)
        if not found and not whole:
            raise StoreUnavailable(StoreFault.TIMEOUT)
        return [Residue(self._settings.bucket, kind, count) for kind, count in sorted(found.items())]

    def _counted(self, target: Target) -> tuple[Counter[str], bool]:
        """Count what is there; the second: whether all of it was counted, or time ran out."""
        found, until = Counter[str](), time.monotonic() + COUNT_SECONDS
        for prefix in self._prefixes(target):
            for kind in (OBJECTS, UPLOADS):
                for page in self._pages(kind, prefix):
                    if time.monotonic() >= until:
                        return found, False
                    found.update(entry.kind for entry in entries_of(page, prefix))
        return found, True

    def _batches(self, prefix: str, most: int) -> Iterator[list[Entry]]:
        """Yield what is listed by so many at most: some uploads first, then the versions not refused before."""
        if uploads := list(itertools.islice(self._listed(UPLOADS, prefix), most)):
            yield uploads
        versions = (entry for entry in self._listed(OBJECTS, prefix) if (entry.key, entry.version) not in self._refused)
        yield from map(list, itertools.batched(versions, most))

    def _delete_batch(self, batch: Sequence[Entry]) -> int:
        """Delete versions, and read the answer of each: one that is not answered for counts as still there."""
        answer = delete(self._s3(), self._settings.bucket, batch)
        asked, later = {(entry.key, entry.version) for entry in batch}, False
        gone = {(str(one.get("Key")), str(one.get("VersionId", "null"))) for one in answer.get("Deleted", [])} & asked
        for error in answer.get("Errors", []):
            code, version = str(error.get("Code")), error.get("VersionId")
            # A store may leave the version out: then it is about all that it did not delete of this object.
            named = {one for one in asked - gone if one[0] == error.get("Key") and version in (None, one[1])}
            later = later or code in LATER
            for where in named if code not in LATER else ():
                asked.discard(where)
                if code not in ("NoSuchKey", "NoSuchVersion"):  # else somebody was faster
                    self._refused[where] = why(self._s3(), self._settings.bucket, *where, code)
        if later and not gone:
            raise StoreUnavailable(StoreFault.BUSY)
        if not gone and asked:
            raise StoreMisconfigured(StoreFault.UNEXPECTED_ANSWER, self._settings.bucket)
        self._gone = gone
        return len(gone)

    def _abort(self, uploads: Iterable[Entry]) -> int:
        """Abort unfinished uploads; return how many."""
        done: set[tuple[str, str]] = set()
        for one in uploads:
            with unless("NoSuchUpload"):  # somebody else was faster
                self._s3().abort_multipart_upload(Bucket=self._settings.bucket, Key=one.key, UploadId=one.version)
            done.add((one.key, one.version))
        self._gone = done or self._gone
        return len(done)

    def _listed(self, kind: str, prefix: str) -> Iterator[Entry]:
        for page in self._pages(kind, prefix):
            yield from entries_of(page, prefix)

    def _pages(self, kind: str, prefix: str, place: Place | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield a listing page by page, on from a place."""
        operation, parts = LISTINGS.get(kind, OF_VERSIONS)
        after = {} if place is None or not place.key else {"KeyMarker": place.key}
        if place is not None and place.part:
            after[parts] = place.part
        pages = self._s3().get_paginator(operation)
        whole = {"Bucket": self._settings.bucket, "Prefix": prefix, "PaginationConfig": {"PageSize": PAGE}}
        yield from pages.paginate(**whole, **after)

    def _prefixes(self, target: Target) -> list[str]:
        """Return the prefixes of whom is meant. :raises StoreMisconfigured: one cannot be told apart from others."""
        if target.people is None:
            return [self._filled(template, target, None) for template in self._settings.prefixes]
        return [
            self._filled(template, target, person, email)
            for template in self._settings.person_prefixes
            for person in target.people
            for email in (_emails(person) if "email" in placeholders(template) else [""])
            if not (person.outlived and _unnamed(template, person))
        ]

    def _filled(self, template: str, target: Target, person: Person | None, email: str = "") -> str:
        values = {
            "organization": str(target.organization_ref),
            "registration_number": target.registration_number,
            "tenant": self._settings.tenants.get(target.organization_ref, ""),
            "email": email,
        }
        if person is not None:
            values |= {
                "public_id": str(person.public_id),
                "external_id": person.external_id,
                "user_name": person.user_name,
            }
        for name in placeholders(template):
            if not values[name]:
                of_client = name in ("registration_number", "tenant")
                raise StoreMisconfigured(
                    StoreFault.UNNAMED_TENANT if of_client else StoreFault.UNNAMED_PERSON, template
                )
        prefix = filled(template, values)
        if prefix is None or mistaken(template, values, self._settings.templates):
            raise StoreMisconfigured(StoreFault.UNSAFE_NAME, template)
        return prefix

    def _s3(self) -> Any:
        """Return the client, made of the settings alone: no file, variable or proxy of whoever runs this."""
        if self._client is None:
            try:
                session, config = (
                    importlib.import_module("botocore.session"),
                    importlib.import_module("botocore.config"),
                )
            except ImportError:
                raise StoreMisconfigured(StoreFault.LIBRARY) from None
            style = "path" if self._settings.path_style else "auto"
            self._client = session.Session().create_client(
                "s3",
                region_name=self._settings.region,
                endpoint_url=self._settings.endpoint or None,
                aws_access_key_id=self._settings.access_key,
                aws_secret_access_key=self._secret,
                config=config.Config(
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=READ_SECONDS,
                    retries={"total_max_attempts": 2, "mode": "standard"},
                    s3={"addressing_style": style},
                    proxies={},
                    ignore_configured_endpoint_urls=True,
                ),
            )
        return self._client


def _unnamed(template: str, person: Person) -> bool:
    named = {"email": person.emails, "external_id": person.external_id, "user_name": person.user_name}
    return not all(named.get(name, True) for name in placeholders(template))


def _emails(person: Person) -> tuple[str, ...]:
    return person.emails or ("",)
