"""The attack itself: its bounds are those of an attacker who tries every table."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.rules import disclosure_audit
from retention.rules.disclosure_audit import Breach, Evidence, audit
from tests.retention.rules.cubes import as_json, interval, table

EXAMPLE = [[20, 12, 9], [15, 3, 11], [8, 14, 30]]
SMALL = ("2026-02", "d1", "x")


def hide(*cells):
    """The cells of a table, with the totals over its only type, which repeat them."""
    return {(f"2026-{row + 1:02}", f"d{column}", kind) for row, column in cells for kind in ("x", None)}


@pytest.mark.parametrize(
    ("hidden", "needed", "bounds"),
    [
        pytest.param([], 5, (3, 3), id="published"),
        pytest.param([(1, 1)], 5, (3, 3), id="alone-in-its-row"),
        pytest.param([(1, 1), (1, 0)], 5, (3, 3), id="one-more-in-the-row"),
        pytest.param([(1, 1), (1, 2), (0, 1), (0, 2)], 13, (1, 13), id="a-cycle-but-too-narrow"),
        pytest.param([(1, 1), (1, 2), (0, 1), (0, 2)], 12, None, id="a-cycle"),
    ],
)
def test_the_example_of_the_rulebook(hidden, needed, bounds):
    archive = as_json(table(EXAMPLE).counts, hide(*hidden))
    expected = [] if bounds is None else [Breach(*SMALL, *bounds, needed)]
    assert audit(archive, {SMALL: needed}) == expected


def every_table(rows, columns, cells):
    """Try every whole number above 0 in the cells, where the hidden part of each row and column is known."""
    if not cells:
        if not any((*rows, *columns)):
            yield ()
        return
    (row, column), *rest = cells
    for value in range(1, min(rows[row], columns[column]) + 1):
        left_rows = [left - value * (number == row) for number, left in enumerate(rows)]
        left_columns = [left - value * (number == column) for number, left in enumerate(columns)]
        for more in every_table(left_rows, left_columns, rest):
            yield (value, *more)


@given(
    st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=3, max_size=3),
    st.sets(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=7),
)
@settings(max_examples=150, deadline=None)
def test_bounds_are_those_of_trying_every_table(rows, hidden):
    cells = sorted((row, column) for row, column in hidden if rows[row][column])
    if not cells:
        return
    sums = [[sum(rows[r][c] for r, c in cells if (r, c)[axis] == n) for n in range(3)] for axis in range(2)]
    tables = list(every_table(*sums, cells))
    archive = as_json(table(rows).counts, hide(*cells))
    needs = {(f"2026-{row + 1:02}", f"d{column}", "x"): 1_000 for row, column in cells}
    found = {(b.month, b.department, b.type): (b.lower, b.upper) for b in audit(archive, needs)}
    for number, key in enumerate(needs):
        expected = (min(values[number] for values in tables), max(values[number] for values in tables))
        assert found[key] == expected == interval(archive, key)


def test_an_empty_combination_is_known_to_be_empty():
    archive = as_json(table([[20, 0], [12, 9]]).counts, [])
    empty = ("2026-01", "d1", "x")
    assert audit(archive, {empty: 5}) == [Breach(*empty, 0, 0, 5)]
    assert audit(archive, {("2031-01", "d1", "x"): 5}) == []  # the archive says nothing of that month


def test_what_the_attacker_knows_already_counts():
    archive = as_json(table(EXAMPLE).counts, hide((1, 1), (1, 2), (0, 1), (0, 2)))
    neighbour = {("2026-01", "d1", "x"): 12}
    assert audit(archive, {SMALL: 5}) == []
    assert audit(archive, {SMALL: 5}, known=neighbour) == [Breach(*SMALL, 3, 3, 5)]


def test_a_hidden_grand_total_has_no_upper_bound():
    archive = as_json(table([[3], [40]]).counts, [])
    for entry in (*archive["cells"], *archive["totals"]):
        if entry["month"] != "2026-02":
            entry["count"] = None
    assert audit(archive, {("2026-01", "d0", "x"): 100, (None, None, None): 100}) == []


CYCLE = [(1, 1), (1, 2), (0, 1), (0, 2)]


def move(step, *cells):
    signs = dict(zip(CYCLE, (1, -1, -1, 1), strict=True))
    return {key: step * signs[cell] for cell in (cells or CYCLE) for key in hide(cell)}


@pytest.mark.parametrize(
    ("moves", "searched"),
    [
        pytest.param([move(8), move(-2)], False, id="proves-enough"),
        pytest.param([move(8)], True, id="not-far-enough"),
        pytest.param([move(8), move(-3)], True, id="empties-a-listed-cell"),
        pytest.param([move(10, (1, 1))], True, id="sums-do-not-hold"),
        pytest.param([{("2026-01", "d9", "x"): 10}], True, id="a-cell-that-is-not-listed"),
    ],
)
def test_evidence_is_checked_before_it_counts(monkeypatch, moves, searched):
    counts = table(EXAMPLE).counts
    asked = []
    monkeypatch.setattr(disclosure_audit, "search", lambda *_, **__: (asked.append(1), (None, False))[1])
    found = audit(as_json(counts, hide(*CYCLE)), {SMALL: 10}, evidence=Evidence(counts, moves))
    assert bool(asked) is searched
    # A search that finds nothing and proves nothing is a breach without bounds.
    assert found == ([Breach(*SMALL, None, None, 10)] if searched else [])


def test_evidence_for_another_table_or_a_published_cell_is_worth_nothing():
    counts = table(EXAMPLE).counts
    other = table([[20, 12, 9], [15, 3, 11], [8, 14, 31]]).counts
    moves = [move(8), move(-2)]
    narrow = as_json(counts, hide((1, 1), (1, 2)))
    assert audit(narrow, {SMALL: 10}, evidence=Evidence(counts, moves)) == [Breach(*SMALL, 3, 3, 10)]
    assert audit(narrow, {SMALL: 10}, evidence=Evidence(other, moves)) == [Breach(*SMALL, 3, 3, 10)]


def broken(**changes):
    archive = as_json(table(EXAMPLE).counts, hide((1, 1)))
    return {**archive, **changes}


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        pytest.param(broken(schema="terme.archive/2"), "schema", id="another-schema"),
        pytest.param(broken(totals=[]), "missing", id="totals-left-out"),
        pytest.param(as_json({**table(EXAMPLE).counts, SMALL: 4}, []), "add up", id="sums-that-do-not-hold"),
        pytest.param(
            as_json({**table([[5, 9]]).counts, ("2026-01", "d0", "x"): 40}, [("2026-01", "d1", "x")]),
            "No table fits|add up",
            id="no-table-fits",
        ),
    ],
)
def test_an_archive_that_cannot_be_is_refused(archive, message):
    with pytest.raises(ValueError, match=message):
        audit(archive, {SMALL: 5, ("2026-01", "d1", "x"): 5})
