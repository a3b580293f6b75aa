"""Secondary suppression: which further cells must be hidden so that the sensitive ones cannot be worked out."""

from dataclasses import dataclass
from math import prod
from random import Random

import numpy as np
from scipy.sparse.linalg import lsmr

from retention.rules.disclosure_audit import Integers, Key, equations, lines, search

FAR = 1 << 60  # "as much as you like"
# How many tables are searched for at most before more is hidden, and in all; in a larger cube none is.
SEARCHES, MOST_SEARCHES, LARGEST = 6, 120, 2_000
DRAWN = 6  # tables drawn at random to find hidden cells that are tied to one another


@dataclass(frozen=True, slots=True)
class Box:
    """Up to eight cells that can grow and shrink together without touching any other: a proof of uncertainty.

    Along each dimension a box joins two places: two values, of which one gains what the other loses, or a value and the
    total, which gain together. So all sums of the cube go on holding.
    """

    signs: dict[int, int]  # by position: 1 for the cells that grow together, -1 for those that shrink meanwhile
    up: int  # how far the first can grow while none of the others becomes empty
    down: int  # how far the first can shrink
    cost: int  # the diagnostics that it would hide and that are not hidden yet

    @property
    def width(self) -> int:
        """How far each cell can move, from its least to its most."""
        return self.up + self.down

    def moves(self, need: int) -> list[dict[int, int]]:
        """Return the differences to the true counts that show a width of ``need``."""
        up = min(self.up, need)
        return [{cell: sign * step for cell, sign in self.signs.items()} for step in (up, up - need) if step]


@dataclass(frozen=True, slots=True)
class Tables:
    """Tables that a solver found, where no box is a proof: together they show how uncertain a cell is.

    Each as differences to the true counts, by position.
    """

    found: tuple[dict[int, int], ...]

    def moves(self, _need: int) -> list[dict[int, int]]:
        """Return the differences to the true counts: the tables as they are."""
        return list(self.found)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which positions to hide, the width that each keeps, and the differences to the true counts that prove it."""

    hidden: dict[int, int]
    moves: list[dict[int, int]]


def choose(
    keys: list[Key],
    counts: list[int],
    persons: list[int],
    needs: dict[int, int],
    *,
    threshold: int,
    growth: dict[int, int] | None = None,
    known: frozenset[int] = frozenset(),
) -> Choice:
    """Return what to hide, and the proof.

    ``needs`` is the width of interval that each sensitive cell must keep, by position: at least ``threshold``, which is
    what every other hidden cell keeps. ``growth``: by how much a count can be larger at most, for all that others know;
    ``known``: positions whose counts they know anyway, so that hiding them would hide nothing.

    Three promises. (1) For each hidden cell there are two whole-number tables, no listed cell empty, that agree with
    all that stays published and differ in it by that width. (2) Wherever a published total and its published cells
    reveal the sum of the hidden ones, at least ``threshold`` persons stand behind that sum: else one of two lonely
    contributors would subtract their own diagnostics and read the other's. (3) Nor do several published counts together
    tie a sensitive cell to a hidden one in which somebody is alone, so that the one followed from the other.

    Boxes are tried first; where they would hide more than half of what is not sensitive, a solver looks for tables,
    and what hides less is taken. The keys are sorted and complete (see ``lines``). The same input gives the same
    answer. The worst case hides all, as where what others know leaves no other way.

    :raises ValueError: a total is missing.
    """

    def cover() -> _Cover:
        made = _Cover(keys, counts, persons, needs, threshold)
        for position in known:
            made.fix(position)
        for position, most in (growth or {}).items():
            made.limit(position, most)
        return made

    boxes, tables = cover(), cover()
    ways = [boxes] if boxes.hide_by_boxes() else []
    shown = sum(len(keys) - len(way.needs) for way in ways)
    if len(keys) <= LARGEST and 2 * shown < len(keys) - len(needs) and tables.hide_by_tables():
        ways.append(tables)
    if not ways:
        return Choice(dict.fromkeys(range(len(keys)), threshold), [])
    best = min(ways, key=lambda way: len(way.needs))
    return Choice(best.needs, best.moves())


class _Cover:
    """The growing set of hidden cells, each with what it needs and what proves that it has that."""

    def __init__(
        self, keys: list[Key], counts: list[int], persons: list[int], needs: dict[int, int], threshold: int
    ) -> None:
        self.counts, self.persons, self.threshold = counts, persons, threshold
        self.primary = frozenset(needs)
        self.needs = dict(needs)
        self.proofs: dict[int, Box] = {}
        self.tables: dict[int, Tables] = {}
        self.known: set[int] = set()
        self.searches = 0
        self.growths: dict[int, int] = {}
        self.sums = lines(keys)
        self.sums_with: dict[int, list[int]] = {position: [] for position in range(len(keys))}
        for number, (total, cells) in enumerate(self.sums):
            for position in (total, *cells):
                self.sums_with[position].append(number)
        # The cube as an array, the totals last in each dimension. An empty combination can neither grow nor shrink.
        values = [sorted({key[axis] for key in keys if key[axis] is not None}, key=str) for axis in range(3)]
        index = [{value: number for number, value in enumerate([*found, None])} for found in values]
        self.shape = tuple(len(found) + 1 for found in values)
        self.places = [(index[0][m], index[1][d], index[2][t]) for m, d, t in keys]
        self.room: Integers = np.full(self.shape, -FAR, dtype=np.int64)
        self.cost: Integers = np.zeros(self.shape, dtype=np.int64)
        self.growth: Integers = np.full(self.shape, -FAR, dtype=np.int64)
        self.position_at: Integers = np.full(self.shape, -1, dtype=np.int64)
        for position, place in enumerate(self.places):
            self.room[place] = counts[position] - 1
            self.growth[place] = FAR
            self.cost[place] = 0 if position in needs else counts[position]
            self.position_at[place] = position

    def limit(self, position: int, most: int) -> None:
        """Let a count grow by so much at most."""
        self.growth[self.places[position]] = self.growths[position] = most

    def fix(self, position: int) -> None:
        """Let a count neither grow nor shrink: no proof leads over it."""
        self.known.add(position)
        self.growth[self.places[position]] = self.room[self.places[position]] = 0

    def moves(self) -> list[dict[int, int]]:
        """Return the differences to the true counts that prove what the hidden cells need, each once."""
        proofs: dict[int, Box | Tables] = {**self.proofs, **self.tables}
        moves = [move for position, need in sorted(self.needs.items()) for move in proofs[position].moves(need)]
        return list({tuple(sorted(move.items())): move for move in moves}.values())

    def hide_by_boxes(self) -> bool:
        """Hide until both promises hold, by boxes alone, then publish what was not needed; say whether that can be."""
        while True:
            unproved = sorted(self.needs.keys() - self.proofs.keys())
            dearest = sorted(unproved, key=lambda p: (-self._cheapest(p, self.needs[p]).cost, p))
            for position in dearest:  # what they must hide anyway then serves the others
                if position in self.proofs:
                    continue
                box = self._cheapest(position, self.needs[position])
                if box.cost >= FAR:
                    return False
                for cell in box.signs.keys() - self.needs.keys():
                    self._hide(cell)
                for cell in box.signs.keys() - self.proofs.keys():
                    if self.needs[cell] <= box.width:
                        self.proofs[cell] = box
            if not self._widen_sums():
                self._publish_again()
                if not self._part_lonely():
                    return True

    def hide_by_tables(self) -> bool:
        """Hide until both promises hold, by tables that a solver finds; say whether that can be.

        Where cells are small, no box lets one move far; many cells that give a little each do.
        """
        while True:
            while self._widen_sums() or self._loosen_sums():
                pass
            if self.known & self.needs.keys():
                return False
            left = sorted(self.needs.keys() - self.tables.keys())
            if not left or not (left := self._prove_by_tables(left)):
                if self._part_lonely():
                    continue
                return True
            if self.searches >= MOST_SEARCHES or not self._hide_around(left):
                return False

    def _loosen_sums(self) -> bool:
        """Hide the smallest published count of each sum that leaves a hidden one too little room; tell whether any was.

        A hidden count alone in its sum can be worked out, and under a published total none can take more than what the
        others can spare.
        """
        before = len(self.needs)
        waiting = list(range(len(self.sums)))
        while waiting:
            number = waiting.pop()
            total, cells = self.sums[number]
            hidden = [cell for cell in cells if cell in self.needs]
            if total in self.needs:
                tight = not hidden
            else:
                room = sum(self.counts[cell] - 1 for cell in hidden)
                tight = bool(hidden) and (len(hidden) == 1 or room < max(self.needs[cell] for cell in hidden))
            others = {total, *cells} - self.needs.keys() - self.known
            if tight and others:
                smallest = min(others, key=lambda p: (self.counts[p], p))
                self._hide(smallest)
                waiting += [number, *self.sums_with[smallest]]
        return len(self.needs) > before

    def _prove_by_tables(self, left: list[int]) -> list[int]:
        """Search for tables in which the cells that have no proof lie far apart; return those that still have none."""
        hidden = np.array(sorted(self.needs))
        truth = np.array(self.counts, dtype=np.int64)[hidden]
        matrix = equations(self.sums, len(self.counts)).tocsc()[:, hidden].tocsr()
        matrix = matrix[np.diff(matrix.indptr) > 0]
        right: Integers = matrix.astype(np.int64) @ truth
        low = np.ones(len(hidden), dtype=np.int64)
        high = np.full(len(hidden), 4 * (sum(self.counts) + len(hidden)), dtype=np.int64)
        column = {int(position): number for number, position in enumerate(hidden)}
        for position in self.growths.keys() & column.keys():
            high[column[position]] = truth[column[position]] + self.growths[position]
        found: list[Integers] = [np.zeros(len(hidden), dtype=np.int64)]
        draw = Random(len(hidden))
        for _ in range(SEARCHES):
            weights = np.zeros(len(hidden))
            weights[[column[p] for p in left]] = [draw.choice((-1.0, 1.0)) for _cell in left]
            self.searches += 1
            table, _proved = search(weights, matrix, right, low, high, exact=False)
            if table is not None:
                found.append(table - truth)
            at = np.array(found)
            for position in left:
                steps = at[:, column[position]]
                most, least = int(np.argmax(steps)), int(np.argmin(steps))
                if steps[most] - steps[least] >= self.needs[position]:
                    tables = [
                        {int(p): int(x) for p, x in zip(hidden, found[n], strict=True) if x} for n in (most, least)
                    ]
                    self.tables[position] = Tables(tuple(table for table in tables if table))
            left = [position for position in left if position not in self.tables]
            if not left:
                break
        return left

    def _hide_around(self, left: list[int]) -> bool:
        """Hide for each cell the smallest count that holds it; tell whether any was hidden."""
        before = set(self.needs)
        for position in left:
            holding = self._holding(position)
            # What was hidden for another cell may do for this one.
            if not holding & (self.needs.keys() - before) and (others := holding - self.needs.keys() - self.known):
                self._hide(min(others, key=lambda p: (self.counts[p], p)))
        return len(self.needs) > len(before)

    def _holding(self, position: int) -> set[int]:
        """Return what holds a cell in its place: the totals over it, its neighbours in their sums, what it adds up."""
        holding, nearest = set[int](), set(self.sums_with[position])
        while nearest:
            holding |= {cell for number in nearest for cell in (self.sums[number][0], *self.sums[number][1])}
            above = {self.sums[number][0] for number in nearest} - {position}
            nearest = {number for cell in above for number in self.sums_with[cell] if cell != self.sums[number][0]}
        return holding

    def _part_lonely(self) -> bool:
        """Hide more where who is alone in a hidden cell could work out a sensitive one; tell whether any was.

        Several published counts may tie two hidden cells to one another though no single sum does: in whatever fits
        what is published, the one is as much larger as the other is smaller. In tables drawn at random such cells
        differ from the truth in one and the same ratio.
        """
        hidden = np.array(sorted(self.needs))
        if not hidden.size:
            return False
        matrix = equations(self.sums, len(self.counts)).tocsc()[:, hidden].tocsr()
        drawn = np.random.default_rng(len(hidden)).standard_normal((DRAWN, len(hidden)))
        free = np.array([one - lsmr(matrix, matrix @ one, atol=1e-12, btol=1e-12, conlim=0)[0] for one in drawn]).T
        tied: dict[tuple[float, ...], list[int]] = {}
        for position, steps in zip(hidden, free, strict=True):
            size = float(np.linalg.norm(steps))
            if size > 1e-6:  # else nothing is uncertain about it, which the audit says
                turned = steps / size * (1 if steps[np.argmax(np.abs(steps))] > 0 else -1)
                tied.setdefault(tuple(np.round(turned, 4) + 0.0), []).append(int(position))
        before = len(self.needs)
        for cells in tied.values():
            alone = [cell for cell in cells if self.persons[cell] == 1 and self._is_single(cell)]
            for one, other in ((one, other) for one in alone for other in cells if other in self.primary):
                if one == other or self._within(one, other):
                    continue
                others = (self._holding(one) | self._holding(other)) - self.needs.keys() - self.known
                if others:
                    smallest = min(others, key=lambda p: (self.counts[p], p))
                    self._hide(smallest)
                    self.primary |= {smallest}  # it is not published again
                    break
        return len(self.needs) > before

    def _is_single(self, position: int) -> bool:
        return all(place < size - 1 for place, size in zip(self.places[position], self.shape, strict=True))

    def _within(self, one: int, other: int) -> bool:
        """Say whether a single cell is part of what another one adds up."""
        sides = zip(self.places[one], self.places[other], self.shape, strict=True)
        return all(b in (a, size - 1) for a, b, size in sides)

    def _publish_again(self) -> None:
        """Publish what turned out not to be needed, the largest counts first."""
        for position in sorted(self.needs.keys() - self.primary, key=lambda p: (-self.counts[p], p)):
            del self.needs[position]
            self.cost[self.places[position]] = self.counts[position]
            if all(self._sum_is_wide(number) for number in self.sums_with[position]):
                shaken = [p for p in self.needs if position in self.proofs[p].signs]
                boxes = {p: self._cheapest(p, self.needs[p]) for p in shaken}
                if not any(box.cost for box in boxes.values()):
                    self.proofs.update(boxes)
                    del self.proofs[position]
                    continue
            self._hide(position)

    def _hide(self, position: int) -> None:
        self.needs[position] = self.threshold
        self.cost[self.places[position]] = 0

    def _cheapest(self, position: int, need: int) -> Box:
        """Return the box around a cell that hides the fewest diagnostics more, and in which the cell has what it needs.

        There always is one, unless others know more than what is published: a single combination inside it, and every
        total above, can grow together without limit. If there is none, the cost is :data:`FAR`.
        """
        place = self.places[position]
        partners = [np.array([j for j in range(size) if j != i]) for i, size in zip(place, self.shape, strict=True)]
        signs = [
            np.where((others == size - 1) | (i == size - 1), 1, -1)
            for others, i, size in zip(partners, place, self.shape, strict=True)
        ]
        grid = tuple(len(others) for others in partners)
        up, down = np.full(grid, FAR), np.full(grid, FAR)
        cost = np.zeros(grid, dtype=np.int64)
        for corner in np.ndindex(2, 2, 2):
            at = np.ix_(*(others if far else [i] for others, i, far in zip(partners, place, corner, strict=True)))
            moves = np.ix_(*(sign if far else [1] for sign, far in zip(signs, corner, strict=True)))
            grows = np.broadcast_to(moves[0] * moves[1] * moves[2] > 0, grid)
            room, growth = (np.broadcast_to(one[at], grid) for one in (self.room, self.growth))
            np.minimum(up, np.where(grows, growth, room), out=up)
            np.minimum(down, np.where(grows, room, growth), out=down)
            cost += self.cost[at]
        possible = (np.minimum(up, down) >= 0) & (up + down >= need)
        cost = np.where(possible, cost, FAR)
        best = np.unravel_index(np.argmin(cost), grid)
        box: dict[int, int] = {}
        for corner in np.ndindex(2, 2, 2):
            m, d, t = (
                int(others[b]) if far else i for others, b, i, far in zip(partners, best, place, corner, strict=True)
            )
            turn = [int(sign[b]) for sign, b, far in zip(signs, best, corner, strict=True) if far]
            box[int(self.position_at[m, d, t])] = prod(turn)
        return Box(box, up=int(up[best]), down=int(down[best]), cost=int(cost[best]))

    def _sum_is_wide(self, number: int) -> bool:
        """Tell whether the hidden cells of a sum surely have enough persons behind them, or are not revealed as a sum.

        Distinct persons do not add up. At least as many as in the largest hidden cell, and at least those of the total
        who are in no published cell, stand behind the hidden cells together.
        """
        total, cells = self.sums[number]
        hidden = [cell for cell in cells if cell in self.needs]
        if total in self.needs or not hidden:
            return True
        elsewhere = self.persons[total] - sum(self.persons[cell] for cell in cells if cell not in self.needs)
        return max(elsewhere, *(self.persons[cell] for cell in hidden)) >= self.threshold

    def _widen_sums(self) -> bool:
        """Hide the smallest published cell of each sum with too few persons behind it; tell whether any was hidden."""
        before = len(self.needs)
        for number, (_, cells) in enumerate(self.sums):
            while not self._sum_is_wide(number):
                smallest = min((p for p in cells if p not in self.needs), key=lambda p: (self.counts[p], p))
                self._hide(smallest)
        return len(self.needs) > before
