"""What every walk that erases shares: the pace of its transactions, the fence it takes, how it commits and rests."""

import time

from django.conf import settings
from django.db import connection

from retention.models import Vault

SMALLEST_CHUNK = 10
LARGEST_CHUNK = 50_000


class Pace:
    """How many rows a transaction takes: so many that it lasts about as long as it should, measured as it goes.

    Each store has its own: a parent's rows wait at commit for the look at its children, dead or alive.
    """

    def __init__(self, rows: int, milliseconds: int) -> None:
        self.rows = rows
        self._least = min(rows, SMALLEST_CHUNK)
        self.seconds = milliseconds / 1000

    def note(self, seconds: float, rows: int) -> None:
        """Take a full chunk's duration into account: at most twice, at least half as many rows next time."""
        if rows < self.rows:
            return
        wanted = int(self.rows * self.seconds / max(seconds, 0.001))
        wanted = min(max(wanted, self.rows // 2), self.rows * 2)
        self.rows = max(self._least, min(wanted, LARGEST_CHUNK))


def share_fence(organization_id: int) -> str | None:
    """Take an organization's fence together with writers; return the vault's state, ``None`` where there is none.

    Who places a hold takes it alone: they wait for this chunk, or this chunk sees the hold.
    """
    return _fence(organization_id, "SHARE")


def take_fence(organization_id: int) -> str | None:
    """Take an organization's fence alone, so that no writer is inside; return the vault's state likewise."""
    return _fence(organization_id, "UPDATE")


def _fence(organization_id: int, how: str) -> str | None:
    query = f"SELECT state FROM {Vault._meta.db_table} WHERE organization_id = %s FOR {how}"
    with connection.cursor() as cursor:
        cursor.execute(query, [organization_id])
        found = cursor.fetchone()
    return None if found is None else str(found[0])


def commit_without_waiting() -> None:
    """Let the disk be written while the next chunk is computed.

    A chunk that is lost with the server is lost with its journal row, and done again. What must not be lost, the
    saga's commits and the end of a run, waits for the disk, and with it for all that came before.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('synchronous_commit', 'off', true)")


def rest(rows: int, seconds: float, *, rate: int | None = None) -> None:
    """Rest so long that a walk stays below its rate (rows a second), and at least as long as the setting says.

    Without a ``rate``: below the setting's; 0 is no limit.
    """
    most = settings.ERASURE_ROWS_PER_SECOND if rate is None else rate
    pause = max(settings.ERASURE_PAUSE.total_seconds(), rows / most - seconds if most else 0)
    if pause > 0:
        time.sleep(pause)
