"""Where the columns of a view come from: read from its stored query (``pg_rewrite.ev_action``, as text)."""

import re

# What the query selects stands two nodes deep: the query, and each of its entries. A backslash escapes what follows it.
_PIECES = re.compile(r"\\.|\{(?P<node>[A-Z_]*)|\}", re.DOTALL)
_SELECTED = 2
_ORIGIN = re.compile(
    r" :resno (?P<number>\d+) (?::resname (?:\\.|[^\\\s])* )?:ressortgroupref \d+ "
    r":resorigtbl (?P<table>\d+) :resorigcol (?P<column>\d+) :resjunk false\s*\Z"
)

type Origin = tuple[int, int]


def origins(query: str) -> dict[int, Origin]:
    """Return from which column of which table or view each column of a view is taken as it is, by their numbers.

    What is computed, or put together from several, comes from none, and neither does what cannot be read.
    """
    found: dict[int, Origin] = {}
    depth, begins = 0, -1
    for piece in _PIECES.finditer(query):
        if piece[0].startswith("{"):
            depth += 1
            if depth == _SELECTED:
                begins = piece.end() if piece["node"] == "TARGETENTRY" else -1
        elif piece[0] == "}":
            entry = _ORIGIN.search(query, begins, piece.start()) if depth == _SELECTED and begins >= 0 else None
            if entry is not None:
                found[int(entry["number"])] = (int(entry["table"]), int(entry["column"]))
            depth -= 1
    return {number: origin for number, origin in found.items() if origin[0]}
