"""Secondary suppression: which further cells must be hidden so that the sensitive ones cannot be worked out."""

from dataclasses import dataclass
from math import prod

import numpy as np

from retention.rules.disclosure_audit import Integers, Key, lines

FAR = 1 << 60  # "as much as you like"


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

    Two promises. (1) For each hidden cell there are two whole-number tables, no listed cell empty, that agree with all
    that stays published and differ in it by that width. (2) Wherever a published total and its published cells
    reveal the sum of the hidden ones, at least ``threshold`` persons stand behind that sum: else one of two lonely
    contributors would subtract their own diagnostics and read the other's.

    The keys are sorted and complete (see ``lines``). The same input gives the same answer. The worst case hides all,
    as where what others know leaves no other way.

    :raises ValueError: a total is missing.
    """
    cover = _Cover(keys, counts, persons, needs, threshold)
    for position in known:
        cover.fix(position)
    for position, most in (growth or {}).items():
        cover.limit(position, most)
    if not cover.hide_enough():
        return Choice(dict.fromkeys(range(len(keys)), threshold), [])
    cover.publish_again()
    moves = [move for position in sorted(cover.needs) for move in _moves(cover.proofs[position], cover.needs[position])]
    return Choice(cover.needs, moves)


def _moves(box: Box, need: int) -> list[dict[int, int]]:
    up = min(box.up, need)
    return [{cell: sign * step for cell, sign in box.signs.items()} for step in (up, up - need) if step]


class _Cover:
    """The growing set of hidden cells, each with what it needs and the box that proves it has that."""

    def __init__(
        self, keys: list[Key], counts: list[int], persons: list[int], needs: dict[int, int], threshold: int
    ) -> None:
        self.counts, self.persons, self.threshold = counts, persons, threshold
        self.primary = frozenset(needs)
        self.needs = dict(needs)
        self.proofs: dict[int, Box] = {}
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
        self.growth[self.places[position]] = most

    def fix(self, position: int) -> None:
        """Let a count neither grow nor shrink: no proof leads over it."""
        self.growth[self.places[position]] = self.room[self.places[position]] = 0

    def hide_enough(self) -> bool:
        """Hide until both promises hold; say whether that can be."""
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
                return True

    def publish_again(self) -> None:
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
