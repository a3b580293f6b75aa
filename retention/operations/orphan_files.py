"""Files that no row opens any more: what a killed process left between a commit and its files, or before its row.

Nobody can read them, for their key was, or was to be, in the row; but they are copies, and nothing else ends them.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from pathlib import Path

from django.conf import settings
from django.db.models import Model

from accounts import tenancy
from accounts.models import Document
from accounts.operations import audit
from retention.models import Export, LedgerHead, Restore

# Whoever writes a file, commits its row long before.
AGE = timedelta(days=1)
BATCH = 1000
_NAME = re.compile(r"([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\.(?:bin|part)")


@dataclass(slots=True)
class Files:
    """What the trail says the event is about: files of which no row is left."""

    public_id: uuid.UUID


# The same each time.
FILES = uuid.UUID("b2d0a6f8-0f0e-4c1c-8f57-6b0f4a3f1d77")


def sweep(*, now: datetime, by: str) -> int:
    """Remove the files of documents and exports that have no row, a day after they were written; return how many.

    Not for a backup's horizon after a restore: who restored the wrong one restores another after it. Nor where both
    databases have not beaten together for a day: one that was restored, and not noticed yet, lacks the rows since.
    """
    with tenancy.vendor():
        beating = LedgerHead.objects.filter(beaten_at__gt=now - AGE).exists()
        if not beating or Restore.objects.filter(noticed_at__gt=now - settings.BACKUP_HORIZON).exists():
            return 0
    counts = {
        "documents": _sweep(Document, Path(settings.DOCUMENTS_DIR), now),
        "exports": _sweep(Export, Path(settings.EXPORTS_DIR), now),
    }
    if total := sum(counts.values()):
        with tenancy.vendor():
            audit.record("files.of_nobody_removed", Files(FILES), by=by, at=now, data=counts, vendor_only=True)
    return total


def _sweep(model: type[Model], folder: Path, now: datetime) -> int:
    removed = 0
    for batch in batched(_old(folder, now), BATCH, strict=False):
        with tenancy.vendor():
            ids = {public_id for public_id, _path in batch}
            known = set(model._default_manager.filter(public_id__in=ids).values_list("public_id", flat=True))
        for public_id, path in batch:
            if public_id not in known:
                path.unlink(missing_ok=True)
                removed += 1
    return removed


def _old(folder: Path, now: datetime) -> Iterator[tuple[uuid.UUID, Path]]:
    """Yield what is named like one of our files and has not been written to for a day."""
    until = (now - AGE).timestamp()
    for path in sorted(folder.rglob("*")):
        found = _NAME.fullmatch(path.name)
        if found is not None and not path.is_symlink() and path.is_file() and path.stat().st_mtime < until:
            yield uuid.UUID(found[1]), path
