"""Disclosure control of the aggregate archive: what may be published of month x department x diagnostic type."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

from retention.rules.disclosure_audit import SCHEMA, Evidence, Key, audit, lines, order
from retention.rules.disclosure_cover import choose

RULE = "cube-suppression"
VERSION = 2
THRESHOLD = 10
LEAST_THRESHOLD = 5  # rulebook, section 7
DOMINANCE = Fraction(85, 100)
PROTECTION = Fraction(20, 100)


@dataclass(frozen=True, slots=True)
class Fact:
    """One group as counted in the database: a cell, or a total, which has None where it takes all values together."""

    month: str | None  # "2026-01"
    department: str | None  # "" = unknown
    type: str | None
    persons: int  # distinct people behind the group
    count: int  # diagnostics in it
    largest: int  # the most that a single person contributed

    @property
    def key(self) -> Key:
        """Where in the cube the group stands."""
        return (self.month, self.department, self.type)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a number that is public counts beside the cube: who subtracts the grand total from it, has this.

    The certificate of the erasure says how many diagnostics there were. Those of people under restriction are in no
    cell, nor are those that belong to nobody: no person stands behind them.
    """

    persons: int
    count: int
    largest: int

    @classmethod
    def beside(cls, counts: Mapping[int | None, int], *, told: int | None = None) -> "LeftOut":
        """Return it from the diagnostics of each person that are in no cell; ``None``: of nobody.

        ``told``: how many of them earlier archives told of, which is subtracted too. What came and went in their months
        since then, and of whom, is not known any more: any difference is taken for one person's.
        """
        total, own = sum(counts.values()), [count for person, count in counts.items() if person is not None]
        if told is None:
            return cls(len(own), total, max(own, default=0))
        return cls(0, 0, 0) if total == told else cls(1, max(total - told, 1), 0)

    def sensitive(self, *, threshold: int, dominance: Fraction) -> bool:
        """Say whether it must not be worked out: it is few diagnostics, or of few people, or nearly all of one."""
        if not self.count:
            return False
        return 0 < self.persons < threshold or self.count < threshold or self.largest > dominance * self.count


@dataclass(frozen=True, slots=True)
class Cell:
    """A published place of the cube; ``count`` is None where it is hidden, for whatever reason."""

    month: str | None
    department: str | None
    type: str | None
    count: int | None

    @property
    def key(self) -> Key:
        """Where in the cube the cell stands."""
        return (self.month, self.department, self.type)

    def to_json(self) -> dict[str, str | int | None]:
        """Return the cell as JSON has it: null for "all values" in a dimension, and for a hidden count."""
        return {"month": self.month, "department": self.department, "type": self.type, "count": self.count}


@dataclass(frozen=True, slots=True)
class Published:
    """All that may leave: nothing in it tells hidden cells apart, and no number of persons is in it."""

    months: tuple[str, ...]
    departments: tuple[str, ...]
    types: tuple[str, ...]
    cells: tuple[Cell, ...]
    totals: tuple[Cell, ...]
    threshold: int
    dominance: Fraction
    protection: Fraction

    @property
    def suppressed(self) -> int:
        """How many listed cells and totals are hidden."""
        return sum(cell.count is None for cell in (*self.cells, *self.totals))

    def to_json(self) -> dict[str, Any]:
        """Return the archive as JSON of the schema ``terme.archive/1``, in a fixed order.

        A combination that is not listed held no diagnostics. A listed one with a null count held at least one.
        """
        return {
            "schema": SCHEMA,
            "rule": {
                "name": RULE,
                "version": VERSION,
                "threshold": self.threshold,
                "dominance_percent": int(self.dominance * 100),
                "protection_percent": int(self.protection * 100),
            },
            "dimensions": {
                "month": list(self.months),
                "department": list(self.departments),
                "type": list(self.types),
            },
            "cells": [cell.to_json() for cell in self.cells],
            "totals": [cell.to_json() for cell in self.totals],
            "suppressed": self.suppressed,
        }


def sensitive(
    facts: Iterable[Fact],
    *,
    threshold: int = THRESHOLD,
    dominance: Fraction | Decimal = DOMINANCE,
    protection: Fraction | Decimal = PROTECTION,
) -> dict[Key, int]:
    """Return the groups that must not be published, totals included, with the width that their interval must keep.

    A group is sensitive with fewer than ``threshold`` persons, or if one person contributed more than the share
    ``dominance`` of its count. Width: ``threshold``, or the share ``protection`` of the count if that is more.
    """
    return {
        fact.key: max(threshold, ceil(Fraction(protection) * fact.count))
        for fact in facts
        if fact.persons and (fact.persons < threshold or fact.largest > Fraction(dominance) * fact.count)
    }


def protect(
    facts: Iterable[Fact],
    *,
    left_out: LeftOut | None = None,
    threshold: int = THRESHOLD,
    dominance: Fraction | Decimal = DOMINANCE,
    protection: Fraction | Decimal = PROTECTION,
) -> Published:
    """Return what of the full cube may be published: sensitive groups and their complements are hidden.

    The facts are the full cube, as ``GROUP BY CUBE`` gives it: every cell that is not empty and every total above one,
    down to the grand total. Distinct persons do not add up, so no total can be worked out here.

    Somebody who knows all that is published, that counts are whole, and which combinations are empty, can give no
    sensitive group a narrower interval than ``sensitive`` says, and no other hidden one a narrower one than
    ``threshold`` (rulebook, section 7). The result has passed ``audit``. A table that does not pass is withheld as a
    whole, as is one with fewer than ``threshold`` persons in all: no dimensions, no cells, a hidden grand total.

    Who is alone in a hidden cell, and so knows its count, can work out no other sensitive one from the published sums.

    Not promised: to hide that a combination occurs at all, to hide what everybody in a group has in common, or to
    withstand somebody who replays the choice of cells with this very program.

    With ``left_out`` others know how many diagnostics there are together, cube or not. Where the difference is
    sensitive, the grand total is hidden like a sensitive group, and no proof lets it exceed what they know; where it is
    not, they know the grand total, and no proof leads over it.

    :raises ValueError: a total is missing, given twice, or cannot belong to its cells; a parameter is out of range.
    """
    shares = (_percent("dominance", dominance), _percent("protection", protection))
    if threshold < LEAST_THRESHOLD:
        raise ValueError(f"A threshold under {LEAST_THRESHOLD} persons protects nobody: {threshold}.")
    cube = _checked(facts)
    needs = sensitive(cube.values(), threshold=threshold, dominance=shares[0], protection=shares[1])
    grand: Key = (None, None, None)
    if not cube:
        return _published({}, threshold, *shares)
    withheld = _published({grand: None}, threshold, *shares)
    if cube[grand].persons < threshold:
        return withheld
    keys = list(cube)
    place = {key: position for position, key in enumerate(keys)}
    counts = [fact.count for fact in cube.values()]
    persons = [fact.persons for fact in cube.values()]
    beside, at_most = frozenset[int](), dict[Key, int]()
    if left_out is not None and left_out.sensitive(threshold=threshold, dominance=shares[0]):
        needs[grand] = max(needs.get(grand, 0), threshold, ceil(shares[1] * left_out.count))
        at_most[grand] = cube[grand].count + left_out.count
    elif left_out is not None:
        beside = frozenset({place[grand]})
    choice = choose(
        keys,
        counts,
        persons,
        {place[key]: width for key, width in needs.items()},
        threshold=threshold,
        growth={place[key]: most - cube[key].count for key, most in at_most.items()},
        known=beside,
    )
    if len(choice.hidden) == len(keys):
        return withheld
    left = {key: None if place[key] in choice.hidden else fact.count for key, fact in cube.items()}
    published = _published(left, threshold, *shares)
    widths = {keys[position]: width for position, width in choice.hidden.items()}
    evidence = Evidence(
        counts={key: fact.count for key, fact in cube.items()},
        moves=[{keys[position]: step for position, step in move.items()} for move in choice.moves],
    )
    return withheld if audit(published.to_json(), widths | needs, at_most=at_most, evidence=evidence) else published


def _percent(name: str, share: Fraction | Decimal) -> Fraction:
    exact = Fraction(share)
    if not 0 < exact <= 1 or (exact * 100).denominator != 1:
        raise ValueError(f"{name} must be a whole number of percent, above 0 and at most 100: {share}.")
    return exact


def _published(counts: dict[Key, int | None], threshold: int, dominance: Fraction, protection: Fraction) -> Published:
    cells = [Cell(*key, count) for key, count in counts.items()]
    months, departments, types = (
        tuple(sorted({part for part in (cell.key[axis] for cell in cells) if part is not None})) for axis in range(3)
    )
    return Published(
        months=months,
        departments=departments,
        types=types,
        cells=tuple(cell for cell in cells if None not in cell.key),
        totals=tuple(cell for cell in cells if None in cell.key),
        threshold=threshold,
        dominance=dominance,
        protection=protection,
    )


def _checked(facts: Iterable[Fact]) -> dict[Key, Fact]:
    """Return the facts that are not empty by key, sorted.

    :raises ValueError: see ``protect``.
    """
    cube: dict[Key, Fact] = {}
    for fact in sorted(facts, key=lambda fact: order(fact.key)):
        if fact.key in cube:
            raise ValueError(f"The group {fact.key} is given twice.")
        if fact.persons == fact.count == fact.largest == 0:
            continue
        if not 0 < fact.persons <= fact.count or not (
            fact.largest * fact.persons >= fact.count >= fact.largest + fact.persons - 1
        ):
            raise ValueError(f"Its persons, count and largest contribution exclude each other: {fact}.")
        cube[fact.key] = fact
    facts_in_order = list(cube.values())
    for position, cells in lines(list(cube)):
        total, parts = facts_in_order[position], [facts_in_order[cell] for cell in cells]
        if total.count != sum(part.count for part in parts):
            raise ValueError(f"The total is not the sum of its {len(parts)} cells: {total}.")
        if not max(p.persons for p in parts) <= total.persons <= sum(p.persons for p in parts):
            raise ValueError(f"The persons of its {len(parts)} cells cannot make up the total: {total}.")
        if not max(p.largest for p in parts) <= total.largest <= sum(p.largest for p in parts):
            raise ValueError(f"The largest contributions to its {len(parts)} cells cannot make up the total: {total}.")
    return cube
