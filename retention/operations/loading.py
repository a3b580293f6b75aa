"""Bulk loading: a file of content lines, batch by batch with COPY, resumable after a crash, wrong lines reported."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import connection, transaction

from accounts import tenancy
from accounts.models import Organization
from retention.content.lines import ContentLine, RejectedLine, read_lines
from retention.operations import vault

BATCH = vault.LARGEST_BATCH
HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load has come. ``offset`` and ``report`` are bytes of the file and of the report of rejected lines."""

    offset: int = 0
    line: int = 0
    created: int = 0
    existing: int = 0
    rejected: int = 0
    report: int = 0


class Checkpoint:
    """The small JSON file that remembers how far the load of one file into one database has come.

    It goes by the file's path, size, time of change and first bytes: a file that was changed starts anew, which is
    safe, because what is stored already is stored once.
    """

    def __init__(self, path: Path, organization: Organization | None) -> None:
        status = path.stat()
        with path.open("rb") as source:
            head = hashlib.sha256(source.read(HEAD)).hexdigest()
        database = [str(connection.settings_dict[name]) for name in ("HOST", "PORT", "NAME")]
        whose = "" if organization is None else str(organization.public_id)
        identity = [str(path.resolve()), status.st_size, status.st_mtime_ns, head, whose, *database]
        name = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
        self._path = Path(settings.DATA_DIR) / "loads" / f"{name}.json"

    def read(self) -> Progress:
        """Return where the load stands: at the start if it was never begun, was finished, or nothing can be read."""
        try:
            return Progress(**json.loads(self._path.read_bytes()))
        except (FileNotFoundError, ValueError, TypeError):
            return Progress()

    def write(self, progress: Progress) -> None:
        """Remember, all or nothing: a crash leaves the last one or this one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        with part.open("wb") as target:
            target.write(json.dumps(asdict(progress)).encode())
            target.flush()
            os.fsync(target.fileno())
        part.replace(self._path)

    def forget(self) -> None:
        """Start at the beginning the next time."""
        self._path.unlink(missing_ok=True)


def load(
    path: Path,
    report: Path,
    *,
    organization: Organization | None,
    start: Progress,
    checkpoint: Checkpoint,
    now: datetime,
    by: str,
    tell: Callable[[Progress], None],
) -> Progress:
    """Load a file from where it stands (``start``) to its end; each batch is one transaction and one checkpoint.

    Opens its own transactions, as ``terme_loader``. Lines belong to ``organization``, or name their own. Rejected
    lines go to ``report`` with number, field, code and message, never their content. Memory stays flat. A crash
    between a batch's commit and its checkpoint does that batch again, which then exists already.

    :raises RuntimeError: inside another transaction: a checkpoint must not speak of what may be rolled back.
    :raises OSError: a file cannot be read or written.
    """
    done = start
    with path.open("rb") as source, report.open("r+b" if report.exists() else "w+b") as rejects:
        source.seek(start.offset)
        # What was reported after the checkpoint comes again; a report that was taken away starts anew.
        rejects.truncate(min(start.report, rejects.seek(0, os.SEEK_END)))
        rejects.seek(0, os.SEEK_END)
        for batch, offset, number in _batches(source, start):
            created, existing, rejected = _store(batch, organization, now=now, by=by)
            for line in rejected:
                rejects.write(json.dumps(asdict(line), ensure_ascii=False).encode() + b"\n")
            rejects.flush()
            os.fsync(rejects.fileno())
            done = Progress(
                offset,
                number,
                done.created + created,
                done.existing + existing,
                done.rejected + len(rejected),
                rejects.tell(),
            )
            checkpoint.write(done)
            tell(done)
    if not done.report:
        report.unlink()
    checkpoint.forget()
    return done


def _batches(source: BinaryIO, start: Progress) -> Iterator[tuple[list[ContentLine | RejectedLine], int, int]]:
    """Yield batches of parsed lines, each with the byte and the line at which it ends."""
    lines = read_lines(source, first=start.line + 1)
    while batch := list(islice(lines, BATCH)):
        yield batch, source.tell(), batch[-1].number


def _store(
    batch: Sequence[ContentLine | RejectedLine], given: Organization | None, *, now: datetime, by: str
) -> tuple[int, int, list[RejectedLine]]:
    """Store one batch in one transaction, organization by organization; return how many were new, there, rejected."""
    rejected = [line for line in batch if isinstance(line, RejectedLine)]
    lines = [line for line in batch if isinstance(line, ContentLine)]
    results: list[tuple[Organization, vault.WriteResult]] = []
    with transaction.atomic(durable=True):
        _take_role("terme_loader")
        homes, homeless = _homes(lines, given)
        rejected += homeless
        for organization, own in homes:
            try:
                results.append((organization, vault.store(organization, own, now=now, insert=_copy_rows)))
            except vault.VaultClosed as refused:  # raised before anything of this organization was written
                rejected += [RejectedLine(line.number, "organization", refused.code, refused.message) for line in own]
        _take_role("none")
        for organization, result in results:
            with tenancy.tenant(organization.pk):
                vault.record(organization, result, now=now, by=by)
            rejected += result.rejected
    rejected.sort(key=lambda line: line.number)
    return sum(r.created for _o, r in results), sum(r.existing for _o, r in results), rejected


def _homes(
    lines: Sequence[ContentLine], given: Organization | None
) -> tuple[list[tuple[Organization, list[ContentLine]]], list[RejectedLine]]:
    """Sort lines by the organization they belong to; reject those without one, or with another than was given.

    The loader's role sees every organization, so this is what keeps a row with its own.
    """
    named = {line.organization for line in lines if line.organization is not None}
    known = {row.public_id: row for row in Organization.objects.filter(public_id__in=named)} if named else {}
    homes: dict[int, tuple[Organization, list[ContentLine]]] = {}
    rejected = []
    for line in lines:
        home = known.get(line.organization) if line.organization is not None else given
        if home is None and line.organization is None:
            rejected.append(_homeless(line, "missing", "Name the line's organization, or give --organization."))
        elif home is None:
            rejected.append(_homeless(line, "unknown_organization", "No organization has this public id."))
        elif given is not None and home.pk != given.pk:
            rejected.append(_homeless(line, "other_organization", "The line names another organization."))
        else:
            homes.setdefault(home.pk, (home, []))[1].append(line)
    return [homes[pk] for pk in sorted(homes)], rejected


def _homeless(line: ContentLine, code: str, message: str) -> RejectedLine:
    return RejectedLine(line.number, "organization", code, message)


def _copy_rows(model: type[vault.Content], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, int]:
    """Do what :func:`vault.insert_rows` does, by COPY into a temporary table that lasts as long as the connection."""
    table = model._meta.db_table
    temporary = f"pg_temp.load_{table}"
    names = ", ".join(columns)
    definition = ", ".join(f"{column} {vault.TYPES[column]}" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [temporary])
        if cursor.fetchone() == (None,):
            cursor.execute(f"CREATE TEMPORARY TABLE load_{table} ({definition}) ON COMMIT DELETE ROWS")
        with cursor.copy(f"COPY {temporary} ({names}) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types([vault.TYPES[column] for column in columns])
            for row in rows:
                copy.write_row(row)
        # A batch may hold several organizations: only this one's rows, in the order in which all writers insert.
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM {temporary} WHERE organization_id = %s "
            'ORDER BY external_id COLLATE "C" '
            "ON CONFLICT (organization_id, external_id) DO NOTHING RETURNING external_id, id",
            [rows[0][columns.index("organization_id")]],
        )
        return dict(cursor.fetchall())


def _take_role(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', %s, true)", [role])
