"""Erasure of a whole tenant: the engine with its journal against one bare DELETE per table in one transaction.

In the same run, from the same files: Django's own delete, chunks through id lists, the engine beside an old snapshot,
what a reader of another tenant notices, memory, and how long the destruction of the keys takes. The engine's time holds
the vacuum of children before their parents (``vacuum_s`` of it); the bare statements leave their dead rows behind. It
is timed as fast as it goes; the reader is asked beside that, and beside the rate that is set unless told otherwise.
"""

from typing import Any

from benchmarks import erasure_world
from benchmarks.erasure_compared import Compared
from benchmarks.erasure_world import SIZES


def measure(size: str) -> dict[str, Any]:
    """Erase the large tenant in each way."""
    (organization,) = erasure_world.load(SIZES[size])
    return Compared(organization, turns=3).measure("erasure", size, rows=SIZES[size].rows)
