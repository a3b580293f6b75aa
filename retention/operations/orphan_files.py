"""Files that no row opens any more: what a killed process left between a commit and its files, or before its row.

Nobody can read them, for their key was, or was to be, in the row; but they are copies, and nothing else ends them.
A database that was put back, or a new one on an old data directory, looks the same. So a file goes a backup's horizon
after it was first seen without a row, for until then a better backup may bring its row; and of many none goes.
"""

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from pathlib import Path

import structlog
from django.conf import settings
from django.db.models import Model

from accounts import tenancy
from accounts.models import Document
from accounts.operations import audit
from retention.models import Export, LedgerHead, Restore

log = structlog.get_logger(__name__)
# Whoever writes a file, commits its row long before.
AGE = timedelta(days=1)
BATCH = 1000
# A crash leaves so many files at most. More, in both folders: the database lacks rows, and people are to look.
HANDFUL = 20
# Beside the files, not in a database: what is put back is the database.
NOTES = ".without-row.json"
_NAME = re.compile(r"([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\.(?:bin|part)")


@dataclass(slots=True)
class Files:
    """What the trail says the event is about: files of which no row is left."""

    public_id: uuid.UUID


# The same each time.
FILES = uuid.UUID("b2d0a6f8-0f0e-4c1c-8f57-6b0f4a3f1d77")


def sweep(*, now: datetime, by: str) -> int:
    """Note the files of documents and exports that have no row a day after they were written; return how many went.

    What was noted a backup's horizon ago is removed, unless more than a handful have no row: then nothing goes, and
    the log says so each time. Nothing is noted for a horizon after a restore that was noticed, nor where both databases
    have not beaten together for a day: one that was restored, and not noticed yet, lacks the rows since.
    """
    with tenancy.vendor():
        beating = LedgerHead.objects.filter(beaten_at__gt=now - AGE).exists()
        if not beating or Restore.objects.filter(noticed_at__gt=now - settings.BACKUP_HORIZON).exists():
            return 0
    folders = {"documents": (Document, Path(settings.DOCUMENTS_DIR)), "exports": (Export, Path(settings.EXPORTS_DIR))}
    before = {name: _noted(folder) for name, (_model, folder) in folders.items()}
    seen = {
        name: {path: before[name].get(path, now) for path in _without_row(model, folder, now)}
        for name, (model, folder) in folders.items()
    }
    fresh = {name: len(seen[name].keys() - before[name].keys()) for name in folders}
    for name, (_model, folder) in folders.items():
        _note(folder, seen[name], changed=seen[name] != before[name])
    _tell("files.of_nobody_found", fresh, now=now, by=by)
    found = sum(map(len, seen.values()))
    if found > HANDFUL:
        log.error("files_without_row", found=found, most=HANDFUL, notes=NOTES)
        return 0
    gone = {
        name: _remove(folder, seen[name], until=now - settings.BACKUP_HORIZON)
        for name, (_model, folder) in folders.items()
    }
    _tell("files.of_nobody_removed", gone, now=now, by=by)
    return sum(gone.values())


def _tell(event: str, counts: Mapping[str, int], *, now: datetime, by: str) -> None:
    if any(counts.values()):
        with tenancy.vendor():
            audit.record(event, Files(FILES), by=by, at=now, data=dict(counts), vendor_only=True)


def _without_row(model: type[Model], folder: Path, now: datetime) -> Iterator[str]:
    """Yield the files without a row, by their paths in the folder."""
    for batch in batched(_old(folder, now), BATCH, strict=False):
        with tenancy.vendor():
            ids = {public_id for public_id, _path in batch}
            known = set(model._default_manager.filter(public_id__in=ids).values_list("public_id", flat=True))
        yield from (path.relative_to(folder).as_posix() for public_id, path in batch if public_id not in known)


def _old(folder: Path, now: datetime) -> Iterator[tuple[uuid.UUID, Path]]:
    """Yield what is named like one of our files and has not been written to for a day."""
    until = (now - AGE).timestamp()
    for path in sorted(folder.rglob("*")):
        found = _NAME.fullmatch(path.name)
        if found is not None and not path.is_symlink() and path.is_file() and path.stat().st_mtime < until:
            yield uuid.UUID(found[1]), path


def _remove(folder: Path, seen: Mapping[str, datetime], *, until: datetime) -> int:
    """Remove the files that were first seen without a row by then; return how many."""
    gone = [path for path, first in seen.items() if first <= until]
    for path in gone:
        (folder / path).unlink(missing_ok=True)
    return len(gone)


def _noted(folder: Path) -> dict[str, datetime]:
    """Return when each file was first seen without a row. Notes that are lost, or nobody can read, begin anew."""
    try:
        notes = json.loads((folder / NOTES).read_text())
        return {str(path): datetime.fromisoformat(first) for path, first in notes.items()}
    except (FileNotFoundError, ValueError, AttributeError, TypeError):
        return {}


def _note(folder: Path, seen: Mapping[str, datetime], *, changed: bool) -> None:
    """Write the notes anew, whole or not at all."""
    if not changed:
        return
    half = folder / f"{NOTES}.{uuid.uuid4()}"
    half.write_text(json.dumps({path: first.isoformat() for path, first in sorted(seen.items())}))
    half.replace(folder / NOTES)
