"""Somebody who is alone in a hidden cell knows its count: what else follows from it."""

from random import Random

import pytest

from retention.rules import disclosure_audit
from retention.rules.disclosure import LeftOut, protect
from retention.rules.disclosure_cover import _Cover
from tests.retention.rules.cubes import counted
from tests.retention.rules.test_disclosure import hidden_in

KNOWN = LeftOut(0, 0, 0)  # the grand total is on a certificate


def with_lonely_people(seed):
    """Return a cube in which a third of the combinations have one busy person, and the others enough people."""
    draw = Random(seed)
    share, records = draw.choice((0.15, 0.25, 0.35, 0.45)), []
    months, departments, types = draw.randint(1, 2), draw.randint(3, 4), draw.randint(3, 4)
    for place in ((m, d, t) for m in range(months) for d in range(departments) for t in range(types)):
        named = (f"2026-{place[0] + 1:02}", f"d{place[1]}", f"t{place[2]}")
        chance = draw.random()
        if chance < share:
            records.append((f"alone/{place}", *named, draw.randint(6, 15)))
        elif chance > share + 0.1:
            records += [(f"{place}/{number}", *named, 1) for number in range(draw.randint(8, 25))]
    return counted(records)


def read_by_the_lonely(cube, archive):
    """Return which cell of one person another such person can work out, who knows all that is their own."""
    hidden = hidden_in(archive)
    alone = [key for key in hidden if None not in key and len(cube.people[key]) == 1]
    found = []
    for key in alone:
        own = {other: cube.counts[other] for other in hidden if cube.people[other] == cube.people[key]}
        others = {other: 1 for other in alone if other not in own}
        found += [(key, breach) for breach in disclosure_audit.audit(archive, others, known=own)] if others else []
    return found


SEEDS = range(12)


@pytest.mark.parametrize("left_out", [pytest.param(None, id="no-certificate"), pytest.param(KNOWN, id="certificate")])
def test_who_is_alone_in_a_cell_reads_no_other(left_out):
    published = 0
    for seed in SEEDS:
        cube = with_lonely_people(seed)
        archive = protect(cube.facts, left_out=left_out).to_json()
        if archive["cells"]:
            assert read_by_the_lonely(cube, archive) == [], seed
            published += len(archive["cells"]) + len(archive["totals"]) - archive["suppressed"]
    assert published > 100


def test_without_parting_them_some_would(monkeypatch):
    monkeypatch.setattr(_Cover, "_part_lonely", lambda _self: False)
    read = 0
    for seed in SEEDS:
        cube = with_lonely_people(seed)
        archive = protect(cube.facts).to_json()
        read += bool(archive["cells"]) and bool(read_by_the_lonely(cube, archive))
    assert read, "else the test above shows nothing"
