"""What happened between a backup and the restore, as far as what lies outside the database still says it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from accounts import tenancy
from accounts.models import AuditSeal, Document
from accounts.operations import heads
from retention import ledger
from retention.models import DataKey, Export

# Names are listed up to here; what is beyond is counted.
MOST_NAMES = 200
KEYS_AT_ONCE = 5000
SEALED = """
    SELECT key_id, sum(count) FROM (
        SELECT key_id, count(*) FROM retention_conversation WHERE sealed <> '' GROUP BY key_id
        UNION ALL SELECT key_id, count(*) FROM retention_message WHERE sealed <> '' GROUP BY key_id
        UNION ALL SELECT key_id, count(*) FROM retention_contextitem WHERE sealed <> '' GROUP BY key_id
        UNION ALL SELECT key_id, count(*) FROM retention_diagnostic WHERE sealed <> '' GROUP BY key_id
    ) AS each GROUP BY key_id
"""
# What no report can say: nothing outside the database holds it.
CANNOT_BE_KNOWN = (
    "events_after_last_head",
    "content_of_missing_events",
    "content_written_since",
    "people_added_since",
    "acts_that_told_nobody",
)


def of(known_until: datetime | None, *, now: datetime) -> dict[str, Any]:
    """Return the report of a restore. ``known_until``: until then the restored database knows everything.

    Opens scopes of its own on both databases. Writes nothing.
    """
    return {
        "known_until": None if known_until is None else known_until.isoformat(),
        "made_at": now.isoformat(),
        "trail": _trail(),
        "mail_files": _named(_newer(_mail_folder(), known_until)),
        "files_without_row": {"documents": _without_row(Document), "exports": _without_row(Export)},
        "unreadable": _unreadable(),
        "cannot_be_known": list(CANNOT_BE_KNOWN),
    }


def _trail() -> dict[str, Any]:
    """Compare where the trail ends here with the last head that was carried away."""
    with tenancy.vendor():
        end = AuditSeal.objects.order_by("-position").values_list("position", flat=True).first() or 0
    exported: dict[str, Any] | None = None
    count = 0
    for path in heads.files():
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            position = int(document["position"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        count += 1
        if exported is None or position > exported["position"]:
            exported = {key: document.get(key) for key in ("position", "digest", "exported_at", "sealed_at")}
    last = 0 if exported is None else int(exported["position"])
    return {"ends_at": end, "exported_head": exported, "heads": count, "missing": max(0, last - end)}


def _mail_folder() -> Path | None:
    folder = settings.MAILERS["default"].get("OPTIONS", {}).get("file_path")
    return None if folder is None else Path(folder)


def _newer(folder: Path | None, since: datetime | None) -> list[Path]:
    """Return the files that were written since, the oldest first."""
    if folder is None or not folder.is_dir():
        return []
    found = [(path.stat().st_mtime, path) for path in folder.iterdir() if path.is_file()]
    return [path for at, path in sorted(found) if since is None or datetime.fromtimestamp(at, UTC) > since]


def _without_row(model: type[Document] | type[Export]) -> dict[str, Any]:
    """Name the encrypted files whose row, and with it whose key, was not restored."""
    folder = Path(settings.DOCUMENTS_DIR if model is Document else settings.EXPORTS_DIR)
    found = {path.stem: path for path in sorted(folder.rglob("*.bin"))} if folder.is_dir() else {}
    ids = [UUID(name) for name in found if _is_id(name)]
    with tenancy.vendor():
        known = {str(one) for one in model.objects.filter(public_id__in=ids).values_list("public_id", flat=True)}
    return _named(path for name, path in found.items() if name not in known)


def _unreadable() -> dict[str, int]:
    """Count the content here whose key is not in the ledger: nobody can read it any more."""
    with tenancy.vendor(), connection.cursor() as cursor:
        cursor.execute(SEALED)
        rows = {key: int(count) for key, count in cursor.fetchall()}
    wanted = list(rows)
    known: set[UUID] = set()
    with ledger.vendor():
        for first in range(0, len(wanted), KEYS_AT_ONCE):
            part = wanted[first : first + KEYS_AT_ONCE]
            known.update(DataKey.objects.filter(pk__in=part).values_list("pk", flat=True))
    gone = rows.keys() - known
    return {"keys": len(gone), "rows": sum(rows[key] for key in gone)}


def _named(paths: Iterable[Path]) -> dict[str, Any]:
    names = [path.name for path in paths]
    return {"count": len(names), "names": names[:MOST_NAMES]}


def _is_id(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
