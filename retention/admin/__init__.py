"""The admin of retention, one noun a file. Importing them registers them."""

from retention.admin import (
    archive,
    certificate,
    export,
    external_store,
    hold,
    lasting,
    ledger,
    manual_erasure,
    mention,
    request,
    restore,
    rotation,
    run,
    subject,
    vault,
)

__all__ = [
    "archive",
    "certificate",
    "export",
    "external_store",
    "hold",
    "lasting",
    "ledger",
    "manual_erasure",
    "mention",
    "request",
    "restore",
    "rotation",
    "run",
    "subject",
    "vault",
]
