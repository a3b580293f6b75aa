"""An S3-compatible bucket: every version, delete marker and unfinished upload below the prefixes of whom is meant.

A listing always begins at the front: what was erased is not there any more. So nothing need be kept of how far it got,
and a name of an object, which may be somebody's, stands in no checkpoint.
"""

import contextlib
import importlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.errors import FieldError
from retention.connectors.protocol import (
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
from retention.rules.stores.bucket import Settings, filled, placeholders

# What one call of S3 lists, and deletes, at most.
PAGE = 1000
CONNECT_SECONDS, READ_SECONDS = 5, 30
OBJECTS, VERSIONS, MARKERS, UPLOADS = "objects", "old_versions", "delete_markers", "uploads"
LATER = frozenset({"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "503", "500", "429"})
CREDENTIALS = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed", "401"})
DENIED = frozenset({"AccessDenied", "AllAccessDisabled", "403"})
MISSING = frozenset({"NoSuchBucket", "404"})
REDIRECTS = frozenset({"PermanentRedirect", "TemporaryRedirect", "301", "307"})
FIELDS = {
    StoreFault.CREDENTIALS: "secret",
    StoreFault.MISSING: "bucket",
    StoreFault.DENIED: "access_key",
    StoreFault.REDIRECT: "region",
    StoreFault.LIBRARY: "kind",
}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One version of an object, or a delete marker."""

    key: str
    version: str
    kind: str
    size: int


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
                with _speaking():
                    bucket = {"Bucket": self._settings.bucket, "Prefix": prefix}
                    self._s3().list_object_versions(**bucket, MaxKeys=1)
                    self._s3().list_multipart_uploads(**bucket, MaxUploads=1)
        except StoreError as error:
            return [FieldError(FIELDS.get(error.fault, "endpoint"), error.fault.value, str(error.fault.label))]
        return []

    def inventory(self, target: Target) -> dict[str, int]:
        with _speaking():
            return dict(self._counted(target))

    def export(self, target: Target) -> Iterator[Record]:
        """Yield what there is, by name, version and size. The contents stay where they are until they are erased."""
        with _speaking():
            for prefix in self._prefixes(target):
                for entry in self._versions(prefix):
                    yield {"place": entry.kind, "key": entry.key, "version": entry.version, "bytes": entry.size}

    def erase_chunk(
        self, target: Target, *, run: UUID, checkpoint: str, limit: int, now: datetime, sent_again: int = 0
    ) -> Progress:
        most = max(1, min(limit, PAGE))
        with _speaking():
            for prefix in self._prefixes(target):
                if erased := self._abort(prefix, most) or self._delete(prefix, most):
                    return Progress(erased, "", finished=False)
        if self._refused:
            fault = next(iter(self._refused.values()))
            raise StoreMisconfigured(fault, self._settings.bucket)
        return Progress(0, "", finished=True)

    def verify(self, target: Target, *, run: UUID) -> list[Residue]:
        return [Residue(self._settings.bucket, kind, count) for kind, count in sorted(self.inventory(target).items())]

    def _counted(self, target: Target) -> Counter[str]:
        found: Counter[str] = Counter()
        for prefix in self._prefixes(target):
            for entry in self._versions(prefix):
                found[entry.kind] += 1
            for _upload in self._uploads(prefix):
                found[UPLOADS] += 1
        return found

    def _delete(self, prefix: str, most: int) -> int:
        """Delete the first versions that were not refused before; return how many went."""
        batch: list[_Entry] = []
        for entry in self._versions(prefix):
            if (entry.key, entry.version) in self._gone:
                raise StoreUnavailable(StoreFault.NOT_ERASED, self._settings.bucket)
            if (entry.key, entry.version) not in self._refused:
                batch.append(entry)
            if len(batch) == most:
                if erased := self._delete_batch(batch):
                    return erased
                batch = []
        return self._delete_batch(batch) if batch else 0

    def _delete_batch(self, batch: Sequence[_Entry]) -> int:
        """Delete versions, and read the answer of each: one that is not answered for counts as still there."""
        objects = [{"Key": entry.key, "VersionId": entry.version} for entry in batch]
        answer = self._s3().delete_objects(Bucket=self._settings.bucket, Delete={"Objects": objects, "Quiet": False})
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
                    self._refused[where] = self._why(*where, code)
        if later and not gone:
            raise StoreUnavailable(StoreFault.BUSY)
        if not gone and asked:
            raise StoreMisconfigured(StoreFault.UNEXPECTED_ANSWER, self._settings.bucket)
        self._gone = gone
        return len(gone)

    def _why(self, key: str, version: str, code: str) -> StoreFault:
        """Return why a version was not deleted: a lock, a right that is missing."""
        if code in ("InvalidRequest", "ObjectLocked"):
            return StoreFault.LOCKED
        with contextlib.suppress(Exception):  # not every store knows locks, and not everybody may ask
            head = self._s3().head_object(Bucket=self._settings.bucket, Key=key, VersionId=version)
            if head.get("ObjectLockLegalHoldStatus") == "ON" or head.get("ObjectLockRetainUntilDate") is not None:
                return StoreFault.LOCKED
        return StoreFault.DENIED if code in DENIED else StoreFault.FAILED

    def _abort(self, prefix: str, most: int) -> int:
        """Abort the first unfinished uploads; return how many."""
        done: set[tuple[str, str]] = set()
        for upload in self._uploads(prefix):
            where = (str(upload["Key"]), str(upload["UploadId"]))
            if where in self._gone:
                raise StoreUnavailable(StoreFault.NOT_ERASED, self._settings.bucket)
            with _unless("NoSuchUpload"):  # somebody else was faster
                self._s3().abort_multipart_upload(Bucket=self._settings.bucket, Key=where[0], UploadId=where[1])
            done.add(where)
            if len(done) == most:
                break
        self._gone = done or self._gone
        return len(done)

    def _versions(self, prefix: str) -> Iterator[_Entry]:
        pages = self._s3().get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self._settings.bucket, Prefix=prefix, PaginationConfig={"PageSize": PAGE}):
            for one in page.get("Versions", []):
                kind = OBJECTS if one.get("IsLatest") else VERSIONS
                yield _Entry(_below(prefix, one["Key"]), one["VersionId"], kind, int(one.get("Size", 0)))
            for one in page.get("DeleteMarkers", []):
                yield _Entry(_below(prefix, one["Key"]), one["VersionId"], MARKERS, 0)

    def _uploads(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        pages = self._s3().get_paginator("list_multipart_uploads")
        for page in pages.paginate(Bucket=self._settings.bucket, Prefix=prefix, PaginationConfig={"PageSize": PAGE}):
            for one in page.get("Uploads", []):
                _below(prefix, one["Key"])
                yield one

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
        if prefix is None:
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


@contextlib.contextmanager
def _speaking() -> Iterator[None]:
    """Say what an error of the library means. Its message may name an object: it goes no further."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        raise _translated(error) from None


@contextlib.contextmanager
def _unless(code: str) -> Iterator[None]:
    """Pass over one answer of the store."""
    try:
        yield
    except Exception as error:
        if _code(error) != code:
            raise


def _translated(error: Exception) -> Exception:
    """Return what an error of the library means; one that is not the library's stays what it is."""
    if isinstance(error, RecursionError):  # as below, where the library did not catch its own
        return StoreMisconfigured(StoreFault.REDIRECT)
    if not type(error).__module__.startswith(("botocore", "boto3", "urllib3")):
        return error
    code = _code(error)
    for codes, kind, fault in (
        (LATER, StoreUnavailable, StoreFault.BUSY),
        (CREDENTIALS, StoreMisconfigured, StoreFault.CREDENTIALS),
        (DENIED, StoreMisconfigured, StoreFault.DENIED),
        (MISSING, StoreMisconfigured, StoreFault.MISSING),
        (REDIRECTS, StoreMisconfigured, StoreFault.REDIRECT),
    ):
        if code in codes:
            return kind(fault)
    status = _status(error)
    if status >= 500:
        return StoreUnavailable(StoreFault.FAILED)
    if status:
        return StoreMisconfigured(StoreFault.REFUSED)
    if isinstance(getattr(error, "kwargs", {}).get("error"), RecursionError):  # asked for the region, it leads on
        return StoreMisconfigured(StoreFault.REDIRECT)
    name = type(error).__name__
    if name == "SSLError":
        return StoreMisconfigured(StoreFault.TLS)
    if "Timeout" in name:
        return StoreUnavailable(StoreFault.TIMEOUT)
    if "Connection" in name or "Connect" in name or name in ("HTTPClientError", "ResponseStreamingError"):
        return StoreUnavailable(StoreFault.CONNECTION)
    return StoreMisconfigured(StoreFault.UNEXPECTED_ANSWER if "Parser" in name else StoreFault.SETTINGS)


def _response(error: Exception) -> Mapping[str, Any]:
    found = getattr(error, "response", None)
    return found if isinstance(found, Mapping) else {}


def _code(error: Exception) -> str:
    return str(_response(error).get("Error", {}).get("Code", ""))


def _status(error: Exception) -> int:
    return int(_response(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _below(prefix: str, key: str) -> str:
    """Return the key. :raises StoreMisconfigured: the store answered with an object that was not asked for."""
    if not key.startswith(prefix):
        raise StoreMisconfigured(StoreFault.UNEXPECTED_ANSWER)
    return key


def _unnamed(template: str, person: Person) -> bool:
    named = {"email": person.emails, "external_id": person.external_id, "user_name": person.user_name}
    return not all(named.get(name, True) for name in placeholders(template))


def _emails(person: Person) -> tuple[str, ...]:
    return person.emails or ("",)
