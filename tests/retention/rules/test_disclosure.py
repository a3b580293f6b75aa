"""What may be published of the aggregate archive: tables, and attacks on the result."""

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.rules import disclosure, disclosure_audit, disclosure_cover
from retention.rules.disclosure import Fact, protect, sensitive
from retention.rules.disclosure_audit import Breach, lines
from tests.retention.rules.cubes import counted, interval, table

# The example of the rulebook, section 7.
EXAMPLE = [[20, 12, 9], [15, 3, 11], [8, 14, 30]]
SMALL = ("2026-02", "d1", "x")


def counts_of(archive):
    return {(e["month"], e["department"], e["type"]): e["count"] for e in (*archive["cells"], *archive["totals"])}


def hidden_in(archive):
    return {key for key, count in counts_of(archive).items() if count is None}


def test_a_small_cell_hides_others_with_it():
    cube = table(EXAMPLE)
    archive = protect(cube.facts, threshold=5).to_json()
    hidden = hidden_in(archive)
    inner = {key for key in hidden if None not in key}
    assert SMALL in inner and len(inner) >= 4
    assert archive["suppressed"] == len(hidden) < len(cube.facts)
    low, high = interval(archive, SMALL)
    assert low <= 3 <= high and high - low >= 5
    published = {key: count for key, count in counts_of(archive).items() if count is not None}
    assert published.items() <= cube.counts.items()


def test_nothing_sensitive_is_published_whole():
    cube = table([[10, 11], [12, 13]])
    archive = protect(cube.facts).to_json()
    assert archive["suppressed"] == 0
    assert counts_of(archive) == cube.counts


@pytest.mark.parametrize(
    ("rows", "threshold"),
    [
        pytest.param([[9]], 10, id="one-cell"),
        pytest.param([[1, 2], [3, 3]], 10, id="too-few-in-the-whole-base"),
        pytest.param([[3, 0], [0, 3]], 5, id="two-lonely-cells"),
    ],
)
def test_everything_sensitive_publishes_nothing(rows, threshold):
    archive = protect(table(rows).facts, threshold=threshold).to_json()
    assert archive["cells"] == []
    assert archive["totals"] == [{"month": None, "department": None, "type": None, "count": None}]
    assert archive["dimensions"] == {"month": [], "department": [], "type": []}
    assert archive["suppressed"] == 1


def test_no_facts_make_an_empty_archive():
    archive = protect([Fact(None, None, None, 0, 0, 0)]).to_json()
    assert (archive["cells"], archive["totals"], archive["suppressed"]) == ([], [], 0)


@pytest.mark.parametrize(
    ("fact", "width"),
    [
        pytest.param(Fact("m", "d", "t", 10, 20, 2), None, id="enough-persons"),
        pytest.param(Fact("m", "d", "t", 9, 20, 3), 10, id="one-person-too-few"),
        pytest.param(Fact("m", None, None, 9, 20, 3), 10, id="totals-too"),
        pytest.param(Fact("m", "d", "t", 16, 100, 85), None, id="exactly-the-share"),
        pytest.param(Fact("m", "d", "t", 15, 100, 86), 20, id="one-person-dominates"),
        pytest.param(Fact("m", "d", "t", 9, 51, 7), 11, id="width-rounds-up"),
        pytest.param(Fact("m", "d", "t", 9, 50, 7), 10, id="width-is-at-least-the-threshold"),
        pytest.param(Fact("m", "d", "t", 0, 0, 0), None, id="empty"),
    ],
)
def test_who_is_sensitive(fact, width):
    assert sensitive([fact]) == ({} if width is None else {fact.key: width})


def test_dominance_hides_a_cell_with_enough_persons():
    people = [(f"{m}{d}{n}", m, d, "x", 2) for m in ("2026-01", "2026-02") for d in "ab" for n in range(12)]
    heavy = counted([*people, ("2026-01a0", "2026-01", "a", "x", 400)])
    assert protect(counted(people).facts).suppressed == 0
    archive = protect(heavy.facts).to_json()
    assert counts_of(archive)["2026-01", "a", "x"] is None
    loose = protect(heavy.facts, dominance=Decimal("1")).to_json()
    assert loose["suppressed"] == 0 and loose["rule"]["dominance_percent"] == 100


def test_a_sensitive_total_is_hidden_and_so_is_a_neighbour():
    archive = protect(table([[30, 40, 3], [50, 20, 4], [25, 35, 0]]).facts).to_json()
    hidden = hidden_in(archive)
    assert (None, "d2", None) in hidden
    low, high = interval(archive, (None, "d2", None))
    assert high - low >= 10


def test_one_department_only():
    people = [(f"{m}{t}{n}", m, "d", t, 1) for m in ("2026-01", "2026-02", "2026-03") for t in "xyz" for n in range(20)]
    people += [(f"few{n}", "2026-04", "d", t, 1) for n in range(2) for t in "xyz"]
    archive = protect(counted(people).facts).to_json()
    hidden = hidden_in(archive)
    for month, kind in ("2026-04", "x"), ("2026-04", "y"), ("2026-04", None):
        assert {(month, "d", kind), (month, None, kind)} <= hidden  # the total repeats the only department


@pytest.mark.parametrize(
    "months",
    [
        pytest.param(["2026-01"], id="one-row"),
        pytest.param(["2026-01", "2026-02"], id="a-cycle-of-their-own"),
    ],
)
def test_lonely_contributors_cannot_read_each_other(months):
    """Two persons of 200 diagnostics each in a row: their intervals are wide, but each knows their own 200."""
    lonely = [(m, d) for m in months for d in "ab"]
    places = [(m, d) for m in ("2026-01", "2026-02", "2026-03", "2026-04") for d in "abcd"]
    people = [(f"{m}{d}{n}", m, d, "x", 1) for m, d in places if (m, d) not in lonely for n in range(60)]
    cube = counted(people + [(f"{m}{d}", m, d, "x", 200) for m, d in lonely])
    archive = protect(cube.facts).to_json()
    assert archive["cells"]
    assert {(m, d, "x") for m, d in lonely} < hidden_in(archive)
    assert_no_sum_of_few(cube, archive, 10)
    known = {("2026-01", "a", "x"): 200, ("2026-01", "a", None): 200}
    assert not disclosure_audit.audit(archive, {("2026-01", "b", "x"): 1}, known=known)


def test_what_covers_a_lonely_contributor_is_not_published_again():
    """A case found by search: the intervals alone would let a cell go that a sum of few persons still needs."""
    people = [(str(n), "2026-02", "a", "x", 20) for n in range(12)]
    people += [("0", "2026-01", "b", "x", 1), ("0", "2026-03", "b", "x", 20), ("1", "2026-03", "a", "y", 110)]
    people += [("10", "2026-02", "b", "x", 110), ("11", "2026-02", "b", "x", 20), ("0", "2026-02", "b", "x", 20)]
    cube = counted(people)
    archive = protect(cube.facts, threshold=5).to_json()
    assert archive["cells"]
    assert_no_sum_of_few(cube, archive, 5)


def assert_no_sum_of_few(cube, archive, threshold):
    keys = sorted(cube.counts, key=disclosure_audit.order)
    hidden = hidden_in(archive)
    for total, cells in lines(keys):
        behind = [cube.people[keys[cell]] for cell in cells if keys[cell] in hidden]
        if behind and keys[total] not in hidden:
            assert len(set().union(*behind)) >= threshold, keys[total]


def test_the_order_of_the_facts_changes_nothing():
    facts = table([[20, 12, 9], [15, 3, 11], [8, 14, 30], [2, 60, 7]]).facts
    first = json.dumps(protect(facts).to_json())
    for seed in range(5):
        Random(seed).shuffle(facts)
        assert json.dumps(protect(iter(facts)).to_json()) == first


def test_the_archive_says_what_rule_made_it_and_nothing_of_persons():
    archive = protect(table(EXAMPLE).facts, threshold=5, protection=Fraction(1, 4)).to_json()
    assert archive["schema"] == "terme.archive/1"
    assert archive["rule"] == {
        "name": "cube-suppression",
        "version": 2,
        "threshold": 5,
        "dominance_percent": 85,
        "protection_percent": 25,
    }
    assert archive["dimensions"]["month"] == ["2026-01", "2026-02", "2026-03"]
    assert archive["dimensions"]["department"] == ["d0", "d1", "d2"]
    assert {frozenset(entry) for entry in (*archive["cells"], *archive["totals"])} == {
        frozenset({"month", "department", "type", "count"})
    }
    assert json.loads(json.dumps(archive)) == archive


WHOLE = table([[10, 11], [12, 13]]).facts


def without(key):
    return [fact for fact in WHOLE if fact.key != key]


def changed(key, **new):
    return [replace(fact, **new) if fact.key == key else fact for fact in WHOLE]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        pytest.param(without(("2026-01", None, "x")), "missing", id="no-total-of-two-dimensions"),
        pytest.param(without((None, "d0", None)), "missing", id="no-total-of-one-dimension"),
        pytest.param(without((None, None, None)), "missing", id="no-grand-total"),
        pytest.param([Fact(None, None, None, 9, 9, 1)], "adds up nothing", id="total-of-nothing"),
        pytest.param([*WHOLE, WHOLE[0]], "twice", id="twice"),
        pytest.param(changed((None, None, None), count=47, largest=2), "not the sum", id="counts-do-not-add-up"),
        pytest.param(changed((None, "d1", None), persons=12, largest=2), "cannot make up", id="too-few-persons"),
        pytest.param(changed((None, None, None), largest=3), "exclude|contributions", id="largest-total"),
        pytest.param(changed(("2026-01", "d0", "x"), persons=0), "exclude each other", id="nobody-did-it"),
        pytest.param(changed(("2026-01", "d0", "x"), largest=2), "exclude each other", id="largest-leaves-too-few"),
        pytest.param(changed(("2026-01", "d0", "x"), persons=3), "exclude each other", id="largest-too-small"),
    ],
)
def test_impossible_facts_are_refused(facts, message):
    with pytest.raises(ValueError, match=message):
        protect(facts)


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"threshold": 4}, id="threshold-under-five"),
        pytest.param({"dominance": Decimal("1.01")}, id="more-than-all"),
        pytest.param({"dominance": Decimal("0.855")}, id="part-of-a-percent"),
        pytest.param({"protection": Fraction(0)}, id="no-protection"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters):
    with pytest.raises(ValueError, match=r"threshold|percent"):
        protect(WHOLE, **parameters)


def test_what_fails_the_audit_is_withheld(monkeypatch):
    assert protect(WHOLE).cells
    monkeypatch.setattr(disclosure, "audit", lambda *_, **__: [Breach("m", "d", "t", 1, 1, 10)])
    withheld = protect(WHOLE)
    assert (withheld.months, withheld.cells, withheld.suppressed) == ((), (), 1)


PLACES = [(m, d, t) for m in ("2026-01", "2026-02", "2026-03") for d in ("", "hr", "it") for t in ("one", "two")]


@st.composite
def cubes(draw):
    """Small cubes in which persons come back in other months, types and even departments."""
    people = draw(st.sampled_from([12, 25, 200]))
    records = []
    for place in PLACES:
        number = draw(st.one_of(st.just(0), st.integers(1, 4), st.integers(5, 12)))
        first, each = draw(st.integers(0, people - 1)), draw(st.integers(1, 4))
        heavy = draw(st.sampled_from([0, 0, 0, 90]))
        for person in range(number):
            records.append((str((first + person) % people), *place, each + (heavy if person == 0 else 0)))
    return counted(records)


@given(cubes())
@settings(max_examples=60, deadline=None)
def test_no_attacker_recovers_a_sensitive_cell(cube):
    archive = protect(cube.facts, threshold=5).to_json()
    counts = counts_of(archive)
    for fact in cube.facts:
        few = fact.persons < 5
        if not few and fact.largest * 100 <= 85 * fact.count:
            continue
        assert counts.get(fact.key) is None
        if not archive["cells"]:
            continue
        low, high = interval(archive, fact.key)
        assert low <= fact.count <= high
        assert high - low >= max(5, fact.count / 5), (fact, low, high)
    if archive["cells"]:
        for key in hidden_in(archive):
            low, high = interval(archive, key)
            assert high - low >= 5, key  # a neighbour that is known exactly would be no cover
        assert_no_sum_of_few(cube, archive, 5)
        assert not disclosure_audit.audit(archive, sensitive(cube.facts, threshold=5))


def large():
    """Two years, eight departments of very different size, five types: 960 combinations."""
    draw = Random(26)
    records = []
    for person in range(1500):
        (home,) = draw.choices(range(8), (1, 2, 8, 4, 1, 8, 2, 4))
        for month in range(24):
            for kind in draw.choices(range(5), (1, 2, 5, 8, 2), k=draw.choice((0, 0, 1, 2))):
                when = f"20{24 + month // 12}-{month % 12 + 1:02}"
                records.append((str(person), when, f"d{home}", f"t{kind}", 1))
    return counted(records)


def test_a_large_cube_needs_no_solver(monkeypatch):
    """The choice proves itself, so the solver, the only slow part, has nothing left to search."""
    cube = large()
    needs = sensitive(cube.facts)
    assert len(cube.facts) > 1200 and len(needs) > 200
    with monkeypatch.context() as patch:
        for module in (disclosure_audit, disclosure_cover):
            patch.setattr(module, "search", lambda *_, **__: pytest.fail("searched"))
        published = protect(cube.facts)
    assert published.cells and published.suppressed < 3 * len(needs)
    some = dict(Random(1).sample(sorted(needs.items(), key=str), 20))
    assert not disclosure_audit.audit(published.to_json(), some)
