"""The attack on a published archive: what somebody who reads it can work out about a hidden cell."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

SCHEMA = "terme.archive/1"

# Month, department, type. None means "all of them".
type Key = tuple[str | None, str | None, str | None]
type Integers = NDArray[np.int64]

NAMES = ("month", "department", "type")
SWEEPS = 12  # directions searched for all cells together, before the cells that are left are attacked one by one
NODES = 2_000  # limit of one search: by nodes, not by time, so that every machine finds the same


@dataclass(frozen=True, slots=True)
class Evidence:
    """Tables that somebody who knows the true one offers as proof: the true counts, and differences to them."""

    counts: Mapping[Key, int]
    moves: Sequence[Mapping[Key, int]]


@dataclass(frozen=True, slots=True)
class Breach:
    """A cell that the archive gives away: the attacker's bounds of its count, both None where the search gave up."""

    month: str | None
    department: str | None
    type: str | None
    lower: int | None
    upper: int | None
    needed: int


def order(key: Key) -> tuple[tuple[bool, str], ...]:
    """Return what keys are sorted by: totals come after the values that they add up."""
    return tuple((part is None, part or "") for part in key)


def parents(key: Key) -> Iterator[Key]:
    """Yield the totals that ``key`` is directly added into, one for each dimension that is not a total yet."""
    for axis in range(3):
        if key[axis] is not None:
            above = list(key)
            above[axis] = None
            yield (above[0], above[1], above[2])


def lines(keys: list[Key]) -> list[tuple[int, list[int]]]:
    """Return every sum of the cube as positions in ``keys``: a total, and the cells that it adds along one dimension.

    :raises ValueError: a total is missing, or a total has nothing to add.
    """
    place = {key: position for position, key in enumerate(keys)}
    found: dict[tuple[int, int], list[int]] = {}
    for key, position in place.items():
        for above in parents(key):
            if above not in place:
                raise ValueError(f"The total {above} of the cell {key} is missing.")
            axis = next(number for number in range(3) if above[number] != key[number])
            found.setdefault((place[above], axis), []).append(position)
    for key, position in place.items():
        for axis in range(3):
            if key[axis] is None and (position, axis) not in found:
                raise ValueError(f"The total {key} adds up nothing.")
    return [(total, found[total, axis]) for total, axis in sorted(found)]


def equations(sums: list[tuple[int, list[int]]], size: int) -> csr_array:
    """Return the matrix whose product with a table of ``size`` cells is zero exactly if all its sums hold."""
    rows, columns, values = [], [], []
    for row, (total, cells) in enumerate(sums):
        rows += [row] * (len(cells) + 1)
        columns += [total, *cells]
        values += [-1.0] + [1.0] * len(cells)
    return csr_array((values, (rows, columns)), shape=(len(sums), size))


def search(
    weights: NDArray[np.float64], matrix: csr_array, right: Integers, low: Integers, high: Integers, *, exact: bool
) -> tuple[Integers | None, bool]:
    """Return a whole-number table that makes ``weights`` small, and whether it was proved the smallest.

    The table is checked in whole numbers, so it is a proof whatever the solver's tolerances. None: there is none
    (proved), or the search gave up.
    """
    answer = milp(
        weights,
        integrality=np.ones(len(weights), dtype=np.int64),
        bounds=Bounds(low, high),
        constraints=[LinearConstraint(matrix, right, right)] if matrix.shape[0] else [],
        options={"node_limit": NODES, "mip_rel_gap": 0.0 if exact else 0.05},
    )
    if answer.x is None:
        return None, answer.status == 2
    table: Integers = np.rint(answer.x).astype(np.int64)
    sound = bool((table >= low).all() and (table <= high).all() and (matrix.astype(np.int64) @ table == right).all())
    return (table, answer.status == 0) if sound else (None, False)


def audit(
    archive: Mapping[str, Any],
    sensitive: Mapping[Key, int],
    *,
    known: Mapping[Key, int] | None = None,
    at_most: Mapping[Key, int] | None = None,
    evidence: Evidence | None = None,
) -> list[Breach]:
    """Attack an archive as published, and return the sensitive cells that it gives away (rulebook, section 7).

    ``sensitive`` names cells with the width, in diagnostics, that the attacker's interval must have at least. The
    attacker knows all published counts, that counts are whole, that a cell that is not listed is empty, that a listed
    one is not, the counts in ``known`` (an earlier archive, say, or their own cells), and those that others cannot
    exceed (``at_most``: of a grand total the number of diagnostics that a certificate states). They do not know which
    hidden cells are sensitive.

    An interval counts as wide only if two whole-number tables, both agreeing with all that is known, lie that far
    apart: a bound of a linear relaxation would flatter. A search that gives up is a breach without bounds. Tables
    offered as ``evidence`` are checked against the archive before they count: they save time, they are not believed.

    :raises ValueError: another schema, a missing total, sums that do not hold, or no table fits.
    """
    if archive.get("schema") != SCHEMA:
        raise ValueError(f"Not an archive of the schema {SCHEMA}.")
    counts: dict[Key, int | None] = {
        (entry["month"], entry["department"], entry["type"]): entry["count"]
        for entry in (*archive["cells"], *archive["totals"])
    }
    if not archive["cells"] and all(count is None for count in counts.values()):
        return []  # withheld as a whole
    keys = sorted(counts, key=order)
    values = [(known or {}).get(key, counts[key]) for key in keys]
    breaches = [
        Breach(*key, lower=value, upper=value, needed=sensitive[key])
        for key, value in zip(keys, values, strict=True)
        if key in sensitive and value is not None
    ]
    breaches += [
        Breach(*key, lower=0, upper=0, needed=needed)  # not listed: known to be empty
        for key, needed in sensitive.items()
        if key not in counts
        and all(part is None or part in archive["dimensions"][name] for part, name in zip(key, NAMES, strict=True))
    ]
    unknown = [position for position, value in enumerate(values) if value is None]
    needs = {
        number: sensitive[keys[position]] for number, position in enumerate(unknown) if keys[position] in sensitive
    }
    sums = lines(keys)
    if evidence is not None:
        widths = _proved_widths(keys, values, sums, evidence, at_most or {})
        needs = {number: needed for number, needed in needs.items() if widths[unknown[number]] < needed}
    ceilings = {
        number: at_most[keys[position]]
        for number, position in enumerate(unknown)
        if at_most and keys[position] in at_most
    }
    bounds = _attack(sums, values, unknown, needs, ceilings)
    breaches += [Breach(*keys[unknown[number]], *found, needs[number]) for number, found in bounds.items()]
    return sorted(breaches, key=lambda breach: order((breach.month, breach.department, breach.type)))


def _attack(
    sums: list[tuple[int, list[int]]],
    values: list[int | None],
    unknown: list[int],
    needs: dict[int, int],
    ceilings: dict[int, int],
) -> dict[int, tuple[int | None, int | None]]:
    """Return the bounds of those unknown cells whose interval is not shown to be as wide as it needs to be."""
    whole = equations(sums, len(values)).tocsc()
    published = np.array([value or 0 for value in values], dtype=np.int64)
    matrix = whole[:, unknown].tocsr()
    right: Integers = -(whole.astype(np.int64) @ published)
    open_rows = np.diff(matrix.indptr) > 0
    if right[~open_rows].any():
        raise ValueError("The published counts do not add up.")
    if not needs:
        return {}
    matrix, right = matrix[open_rows], right[open_rows]
    low = np.ones(len(unknown), dtype=np.int64)
    # A hidden grand total has no upper bound. Any ceiling makes intervals narrower, never wider, so it is safe.
    ceiling = max(ceilings.values(), default=0) + 4 * (int(published.sum()) + len(unknown) + max(needs.values()))
    high = np.full(len(unknown), ceiling, dtype=np.int64)
    for number, most_of_it in ceilings.items():
        high[number] = min(ceiling, most_of_it)
    least, most = high.copy(), low.copy() - 1

    def narrow() -> list[int]:
        return [number for number, needed in needs.items() if most[number] - least[number] < needed]

    def seek(weights: NDArray[np.float64], *, exact: bool) -> bool:
        table, proved = search(weights, matrix, right, low, high, exact=exact)
        if table is not None:
            np.minimum(least, table, out=least)
            np.maximum(most, table, out=most)
        elif proved:
            raise ValueError("No table fits what is published.")
        return proved

    draw = Random(len(unknown))
    for _ in range(SWEEPS):
        if not (left := narrow()):
            return {}
        weights = np.zeros(len(unknown))
        weights[left] = [draw.choice((-1.0, 1.0)) for _ in left]
        seek(weights, exact=False)
    found: dict[int, tuple[int | None, int | None]] = {}
    for number in narrow():
        if most[number] - least[number] >= needs[number]:
            continue  # an earlier search for another cell showed it
        weights = np.zeros(len(unknown))
        proved = True
        for weights[number] in (1.0, -1.0):
            proved &= seek(weights, exact=True)
        if most[number] - least[number] < needs[number]:
            found[number] = (int(least[number]), int(most[number])) if proved else (None, None)
    return found


def _proved_widths(
    keys: list[Key],
    values: list[int | None],
    sums: list[tuple[int, list[int]]],
    evidence: Evidence,
    at_most: Mapping[Key, int],
) -> list[int]:
    """Return how far apart each cell lies in those of the offered tables that agree with all that is known."""
    counts = [evidence.counts.get(key, 0) for key in keys]
    fits = all(count == value if value is not None else count > 0 for count, value in zip(counts, values, strict=True))
    if not fits or any(counts[total] != sum(counts[cell] for cell in cells) for total, cells in sums):
        return [0] * len(keys)
    place = {key: position for position, key in enumerate(keys)}
    sums_of: list[list[tuple[int, int]]] = [[] for _ in keys]
    for number, (total, cells) in enumerate(sums):
        sums_of[total].append((number, -1))
        for cell in cells:
            sums_of[cell].append((number, 1))
    tops = {place[key]: count for key, count in at_most.items() if key in place}
    least, most = [0] * len(keys), [0] * len(keys)
    for offered in evidence.moves:
        if not offered.keys() <= place.keys():
            continue
        move = {place[key]: step for key, step in offered.items()}
        balance: Counter[int] = Counter()
        for position, step in move.items():
            for number, sign in sums_of[position]:
                balance[number] += sign * step
        if any(balance.values()) or any(values[p] is not None or counts[p] + step < 1 for p, step in move.items()):
            continue
        if any(counts[p] + step > tops[p] for p, step in move.items() if p in tops):
            continue
        for position, step in move.items():
            least[position], most[position] = min(least[position], step), max(most[position], step)
    return [high - low for low, high in zip(least, most, strict=True)]
