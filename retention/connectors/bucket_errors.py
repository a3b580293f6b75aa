"""What the errors of an S3 library mean. Their messages may name an object: none is passed on."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from retention.connectors.protocol import StoreError, StoreMisconfigured, StoreUnavailable
from retention.enums import StoreFault

LATER = frozenset({"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "503", "500", "429"})
CREDENTIALS = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed", "401"})
DENIED = frozenset({"AccessDenied", "AllAccessDisabled", "403"})
MISSING = frozenset({"NoSuchBucket", "404"})
REDIRECTS = frozenset({"PermanentRedirect", "TemporaryRedirect", "301", "307"})


@contextlib.contextmanager
def speaking() -> Iterator[None]:
    """Say what an error of the library means. Its message may name an object: it goes no further."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        raise _translated(error) from None


@contextlib.contextmanager
def from_the_front() -> Iterator[None]:
    """Let what a person must mend be walked from the front afterwards: what was passed over may go then."""
    try:
        yield
    except StoreMisconfigured as error:
        error.from_the_front = True
        raise


@contextlib.contextmanager
def unless(code: str) -> Iterator[None]:
    """Pass over one answer of the store."""
    try:
        yield
    except Exception as error:
        if code_of(error) != code:
            raise


def _translated(error: Exception) -> Exception:
    """Return what an error of the library means; one that is not the library's stays what it is."""
    if isinstance(error, RecursionError):  # as below, where the library did not catch its own
        return StoreMisconfigured(StoreFault.REDIRECT)
    if not type(error).__module__.startswith(("botocore", "boto3", "urllib3")):
        return error
    code = code_of(error)
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


def code_of(error: Exception) -> str:
    return str(_response(error).get("Error", {}).get("Code", ""))


def _status(error: Exception) -> int:
    return int(_response(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
