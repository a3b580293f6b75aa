"""Connecting to a PostgreSQL database, and what its errors mean. Their messages may quote rows: none is passed on."""

import tempfile
from typing import Any

import psycopg

from retention.connectors.protocol import StoreError, StoreMisconfigured, StoreUnavailable
from retention.enums import StoreFault
from retention.rules.stores.postgresql import Settings

# Classes of SQLSTATE, or whole ones, and what they mean (PostgreSQL documentation, appendix A). The longest counts.
LATER = {
    "08": StoreFault.CONNECTION,
    "25006": StoreFault.BUSY,  # a standby: the primary is elsewhere for now
    "40": StoreFault.BUSY,  # deadlocks, serialization
    "53": StoreFault.BUSY,  # connections, memory, disk
    "55P03": StoreFault.BUSY,  # a lock that was not had in time
    "57014": StoreFault.TIMEOUT,
    "57P": StoreFault.CONNECTION,  # shutting down, starting up
    "58": StoreFault.FAILED,
    "XX": StoreFault.FAILED,
}
NEVER = {
    "23001": StoreFault.REFERENCED,
    "23503": StoreFault.REFERENCED,
    "28": StoreFault.CREDENTIALS,
    "3D": StoreFault.MISSING,
    "3F": StoreFault.MISSING,
    "42501": StoreFault.DENIED,
    "42": StoreFault.MISSING,
}
# What libpq, and a server before it has said its SQLSTATE, writes when nobody is let in.
REFUSALS = (
    (("certificate", "SSL", "tls"), StoreMisconfigured, StoreFault.TLS),
    (
        ("starting up", "shutting down", "too many", "remaining connection", "recovery"),
        StoreUnavailable,
        StoreFault.BUSY,
    ),
    (("authentication failed", "no password", "pg_hba.conf", "role "), StoreMisconfigured, StoreFault.CREDENTIALS),
    (("database ",), StoreMisconfigured, StoreFault.MISSING),
    (("timeout",), StoreUnavailable, StoreFault.TIMEOUT),
)
FIELDS = {
    StoreFault.CREDENTIALS: "secret",
    StoreFault.LIBRARY: "kind",
    StoreFault.TLS: "tls",
    StoreFault.MISSING: "database",
    StoreFault.DENIED: "user",
}


def connect(settings: Settings, password: str) -> psycopg.Connection[Any]:
    """Connect, with the settings alone: nothing from the environment or from files of whoever runs this.

    :raises psycopg.Error: it does not work.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as authority:
        authority.write(settings.authority)
        authority.flush()
        return psycopg.connect(
            host=settings.host,
            port=settings.port,
            dbname=settings.database,
            user=settings.user,
            password=password,
            passfile="/dev/null",
            sslmode=settings.tls,
            sslrootcert=_roots(settings, authority.name),
            gssencmode="disable",
            connect_timeout=settings.connect_seconds,
            # A host that is gone without a word is noticed about when a statement would be over.
            tcp_user_timeout=(settings.statement_seconds + settings.connect_seconds) * 1000,
            application_name="terme",
            client_encoding="utf8",
            autocommit=True,
            prepare_threshold=None,
        )


def translated(error: psycopg.Error) -> StoreError:
    """Return what an error of the driver means."""
    state = error.sqlstate or ""
    for length in (5, 3, 2):
        if (later := LATER.get(state[:length])) is not None:
            return StoreUnavailable(later)
        if (never := NEVER.get(state[:length])) is not None:
            return StoreMisconfigured(never)
    if state:
        return StoreMisconfigured(StoreFault.FAILED)
    text = str(error)
    for words, kind, fault in REFUSALS:
        if any(word in text for word in words):
            return kind(fault)
    return StoreUnavailable(StoreFault.CONNECTION)


def field_of(error: StoreError) -> str:
    """Return the setting that a fault of connecting is about."""
    return FIELDS.get(error.fault, "host")


def _roots(settings: Settings, file: str) -> str | None:
    if settings.tls != "verify-full":
        return None
    return file if settings.authority else "system"
