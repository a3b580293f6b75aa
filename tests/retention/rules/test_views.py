"""From where a view has its columns: only what the query itself takes as it is has an origin."""

import pytest

from retention.rules.views import origins


def entry(number, table, column, *, name="email", junk="false", expr="{VAR :varno 1}"):
    origin = f":ressortgroupref 0 :resorigtbl {table} :resorigcol {column} :resjunk {junk}"
    return f"{{TARGETENTRY :expr {expr} :resno {number} :resname {name} {origin}}}"


def query(*entries, before=""):
    return f"({{QUERY :commandType 1 {before}:targetList ({' '.join(entries)}) :limitCount <>}})"


WITHIN = f":rtable ({{RANGETBLENTRY :subquery {query(entry(1, 7, 7))[1:-1]}}}) "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(query(entry(1, 16384, 2), entry(2, 16390, 5)), {1: (16384, 2), 2: (16390, 5)}, id="as-they-are"),
        pytest.param(query(entry(1, 0, 0), entry(2, 9, 1)), {2: (9, 1)}, id="one-is-computed"),
        pytest.param(query(entry(1, 9, 1, junk="true")), {}, id="not-shown"),
        pytest.param(query(entry(3, 9, 1), before=WITHIN), {3: (9, 1)}, id="not-what-a-part-selects"),
        pytest.param(
            query(entry(1, 0, 0, expr=f"{{SUBLINK :subselect {query(entry(1, 7, 7))[1:-1]}}}")), {}, id="nor-a-sublink"
        ),
        pytest.param(query(entry(1, 9, 1, name=r"a\{b\ :resno\ 4\}")), {1: (9, 1)}, id="a-name-of-braces"),
        pytest.param(query(entry(1, 9, 1)).replace("resorigtbl", "from"), {}, id="of-another-version"),
        pytest.param("", {}, id="nothing"),
        pytest.param("}}{TARGETENTRY", {}, id="no-query"),
    ],
)
def test_the_origins_of_columns(text, expected):
    assert origins(text) == expected
