"""Cubes for tests: counted from records as the database does, and an attacker of their own."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from retention.rules.disclosure import Fact
from retention.rules.disclosure_audit import Key


@dataclass
class Cube:
    """The facts, and who stands behind each of them."""

    facts: list[Fact]
    people: dict[Key, set[str]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[Key, int]:
        return {fact.key: fact.count for fact in self.facts}


def counted(records: Iterable[tuple[str, str, str, str, int]]) -> Cube:
    """Count records of (person, month, department, type, diagnostics) over all eight groupings."""
    groups: dict[Key, Counter[str]] = defaultdict(Counter)
    for person, month, department, kind, diagnostics in records:
        for key in product((month, None), (department, None), (kind, None)):
            groups[key][person] += diagnostics
    facts = [Fact(*key, len(by), by.total(), max(by.values())) for key, by in groups.items()]
    return Cube(facts, {key: set(by) for key, by in groups.items()})


def table(rows: list[list[int]], *, each: int = 1) -> Cube:
    """A month per row, a department per column, one type; so many persons in each cell, nobody in two of them."""
    return counted(
        (f"{row}/{column}/{person}", f"2026-{row + 1:02}", f"d{column}", "x", each)
        for row, line in enumerate(rows)
        for column, persons in enumerate(line)
        for person in range(persons)
    )


def as_json(counts: Mapping[Key, int], hidden: Iterable[Key]) -> dict[str, Any]:
    """An archive with exactly these cells hidden, whatever the rules say of it."""
    gone = set(hidden)
    entries = [
        {"month": m, "department": d, "type": t, "count": None if (m, d, t) in gone else count}
        for (m, d, t), count in counts.items()
    ]
    return {
        "schema": "terme.archive/1",
        "dimensions": {
            name: sorted({entry[name] for entry in entries} - {None}) for name in ("month", "department", "type")
        },
        "cells": [entry for entry in entries if None not in list(entry.values())[:3]],
        "totals": [entry for entry in entries if None in list(entry.values())[:3]],
    }


def interval(archive: Mapping[str, Any], key: Key) -> tuple[float, float]:
    """The attacker's bounds of a cell or total. Unknowns are the innermost cells only; every total is a sum of them."""
    inner = [(entry["month"], entry["department"], entry["type"]) for entry in archive["cells"]]

    def inside(total: Key) -> list[float]:
        return [float(all(a is None or a == b for a, b in zip(total, cell, strict=True))) for cell in inner]

    told = [entry for entry in (*archive["cells"], *archive["totals"]) if entry["count"] is not None]
    if told:
        matrix = np.array([inside((entry["month"], entry["department"], entry["type"])) for entry in told])
        values = [entry["count"] for entry in told]
        rules = [LinearConstraint(matrix, values, values)]
    else:
        rules = []
    found = []
    for sign in (1, -1):
        answer = milp(
            sign * np.array(inside(key)),
            integrality=np.ones(len(inner)),
            bounds=Bounds(1, np.inf),
            constraints=rules,
            options={"mip_rel_gap": 0},
        )
        if answer.x is None:
            assert sign == -1 and answer.status in (3, 4), answer.message  # only upwards is there no bound
            found.append(float("inf"))
        else:
            found.append(float(round(sign * answer.fun)))
    return found[0], found[1]
