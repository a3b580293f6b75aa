"""The grand total of an archive, subtracted from the number of diagnostics that a certificate states."""

from random import Random

import pytest
from hypothesis import given, settings

from retention.rules import disclosure, disclosure_audit, disclosure_cover
from retention.rules.disclosure import LeftOut, protect, sensitive
from tests.retention.rules.cubes import counted, interval, table
from tests.retention.rules.test_disclosure import assert_no_sum_of_few, counts_of, cubes, hidden_in

GRAND = (None, None, None)
LARGE = [[40, 50, 60], [35, 45, 70], [80, 30, 55]]


@pytest.mark.parametrize(
    ("left_out", "shown"),
    [
        pytest.param(None, True, id="nothing-is-public"),
        pytest.param(LeftOut(0, 0, 0), True, id="nothing-left-out"),
        pytest.param(LeftOut(1, 3, 3), False, id="one-person"),
        pytest.param(LeftOut(1, 200, 200), False, id="one-busy-person"),
        pytest.param(LeftOut(9, 900, 100), False, id="too-few"),
        pytest.param(LeftOut(10, 900, 100), True, id="enough"),
        pytest.param(LeftOut(10, 1000, 860), False, id="nearly-all-of-one"),
        pytest.param(LeftOut(0, 4, 0), False, id="a-few-of-nobody"),
        pytest.param(LeftOut(0, 400, 0), True, id="many-of-nobody"),
    ],
)
def test_the_grand_total_is_hidden_where_the_difference_tells_of_few(left_out, shown):
    cube = table(LARGE)
    archive = protect(cube.facts, left_out=left_out).to_json()
    assert (counts_of(archive)[GRAND] == 465) is shown
    if not shown and archive["cells"]:
        low, high = interval(archive, GRAND)
        assert min(high, 465 + left_out.count) - low >= max(10, left_out.count / 5)


@pytest.mark.parametrize(
    ("counts", "told", "sensitive"),
    [
        pytest.param({}, None, False, id="nothing"),
        pytest.param({7: 20}, None, True, id="one-person"),
        pytest.param({None: 20}, None, False, id="many-of-nobody"),
        pytest.param(dict.fromkeys(range(10), 2), None, False, id="of-ten"),
        pytest.param(dict.fromkeys(range(10), 2) | {7: 200}, None, True, id="of-ten-nearly-all-of-one"),
        pytest.param(dict.fromkeys(range(10), 2), 20, False, id="as-an-earlier-archive-told"),
        pytest.param(dict.fromkeys(range(50), 2), 60, True, id="more-than-it-told"),
        pytest.param(dict.fromkeys(range(10), 2), 60, True, id="less-than-it-told"),
    ],
)
def test_what_is_beside_the_table(counts, told, sensitive):
    found = LeftOut.beside(counts, told=told)
    assert found.sensitive(threshold=10, dominance=disclosure.DOMINANCE) is sensitive


def test_some_of_the_table_is_published_though_the_grand_total_is_hidden():
    archive = protect(table(LARGE).facts, left_out=LeftOut(1, 3, 3)).to_json()
    assert len(hidden_in(archive)) < len(archive["cells"]) + len(archive["totals"])
    assert not disclosure_audit.audit(archive, {GRAND: 10}, at_most={GRAND: 468})


def test_what_others_know_of_the_grand_total_is_no_cover(monkeypatch):
    """Without the certificate a cell and all its totals may grow together; with it, they cannot."""
    cube = table([[1, 40], [3]])
    monkeypatch.setattr(disclosure_cover, "LARGEST", 0)  # no solver: it would find tables with the grand total as it is
    published = protect(cube.facts).to_json()
    assert published["cells"] and counts_of(published)[GRAND] is None
    needs = sensitive(cube.facts)
    assert not disclosure_audit.audit(published, needs)
    assert disclosure_audit.audit(published, needs, known={GRAND: 44})
    withheld = protect(cube.facts, left_out=LeftOut(0, 0, 0)).to_json()
    assert (withheld["cells"], withheld["suppressed"]) == ([], 1)
    monkeypatch.undo()
    published = protect(cube.facts, left_out=LeftOut(0, 0, 0)).to_json()
    assert {key for key, count in counts_of(published).items() if count is not None} == {GRAND, (None, None, "x")}
    assert not disclosure_audit.audit(published, needs)
    assert not disclosure_audit.audit(published, needs, known={GRAND: 44})


def test_where_not_even_that_hides_enough_all_is_withheld():
    cube = table([[1, 7], [3]])
    withheld = protect(cube.facts, left_out=LeftOut(0, 0, 0)).to_json()
    assert (withheld["cells"], withheld["suppressed"]) == ([], 1)


@pytest.mark.parametrize(
    "left_out",
    [
        pytest.param(None, id="nothing-is-public"),
        pytest.param(LeftOut(0, 0, 0), id="the-grand-total-is"),
        pytest.param(LeftOut(3, 9, 5), id="all-but-a-few-are"),
    ],
)
def test_of_small_cells_the_totals_are_published(left_out):
    """As a client has them: 140 people, 19 months, most combinations under ten of them, one month that just began."""
    draw = Random(9)
    records = []
    for person in range(140):
        months = [2 if draw.random() < 0.1 else draw.randrange(3, 21) for _time in range(draw.randrange(2, 24))]
        records += [
            (str(person), f"{2025 + m // 12}-{m % 12 + 1:02}", f"d{person % 6}", f"t{draw.randrange(6)}", 1)
            for m in months
        ]
    cube = counted(records)
    archive = protect(cube.facts, left_out=left_out).to_json()
    shown = [key for key, count in counts_of(archive).items() if count is not None]
    margins = [key for key in cube.counts if key.count(None) == 2]
    assert len([key for key in shown if key.count(None) == 2]) > 0.6 * len(margins)
    assert (GRAND in shown) is (left_out is None or not left_out.count)
    some = dict(draw.sample(sorted(sensitive(cube.facts).items(), key=str), 30))
    at_most = {} if GRAND in shown else {GRAND: cube.counts[GRAND] + 9}
    assert not disclosure_audit.audit(archive, some, at_most=at_most)
    assert_no_sum_of_few(cube, archive, 10)


def test_evidence_that_exceeds_what_others_know_is_worth_nothing():
    cube = table([[20, 20], [20, 20]])
    keys = [("2026-01", "d0", "x"), GRAND]
    inside = [(m, d, t) for m in ("2026-01", None) for d in ("d0", None) for t in ("x", None)]
    archive = {**protect(cube.facts).to_json()}
    for entry in (*archive["cells"], *archive["totals"]):
        if (entry["month"], entry["department"], entry["type"]) in inside:
            entry["count"] = None
    moves = [dict.fromkeys(inside, step) for step in (15, -5)]
    evidence = disclosure_audit.Evidence(counts=cube.counts, moves=moves)
    needs = dict.fromkeys(keys, 20)
    assert not disclosure_audit.audit(archive, needs, evidence=evidence)
    assert disclosure_audit.audit(archive, needs, at_most={GRAND: 80}, evidence=evidence) == [
        disclosure_audit.Breach(*key, lower, upper, 20) for key, lower, upper in ((keys[0], 1, 20), (GRAND, 61, 80))
    ]


@given(cubes())
@settings(max_examples=40, deadline=None)
def test_no_attacker_with_a_certificate_recovers_a_sensitive_cell(cube):
    grand = cube.counts.get(GRAND, 0)
    draw = Random(grand)
    for left_out in (LeftOut(0, 0, 0), LeftOut(2, draw.choice((2, 30)), 1)):
        archive = protect(cube.facts, left_out=left_out, threshold=5).to_json()
        if not archive["cells"]:
            continue
        needs = sensitive(cube.facts, threshold=5)
        known = {} if left_out.count else {GRAND: grand}
        at_most = {GRAND: grand + left_out.count} if left_out.count else {}
        if left_out.count:
            assert counts_of(archive)[GRAND] is None
            needs[GRAND] = max(5, needs.get(GRAND, 0))
        assert not disclosure_audit.audit(archive, needs, known=known, at_most=at_most)
        assert_no_sum_of_few(cube, archive, 5)


def test_a_large_cube_with_a_hidden_grand_total_needs_no_solver(monkeypatch):
    draw = Random(4)
    records = [
        (str(person), f"2026-{draw.randrange(12) + 1:02}", f"d{person % 6}", f"t{draw.randrange(4)}", 1)
        for person in range(1500)
        for _time in range(8)
    ]
    cube = counted(records)
    for module in (disclosure_audit, disclosure_cover):
        monkeypatch.setattr(module, "search", lambda *_, **__: pytest.fail("searched"))
    published = disclosure.protect(cube.facts, left_out=LeftOut(2, 17, 9))
    assert published.cells and counts_of(published.to_json())[GRAND] is None
    assert published.suppressed < len(cube.facts) / 10
