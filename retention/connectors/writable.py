"""Names that a product's database cannot hold, because its encoding has not all of their letters."""

from collections.abc import Iterable
from typing import Any

import psycopg

from retention.connectors.protocol import Person

# Of these, the first takes every letter, and the second takes bytes as they come.
WRITES_ALL = frozenset({"UTF8", "SQL_ASCII"})


def unwritable(cursor: psycopg.Cursor[Any], people: Iterable[Person]) -> frozenset[str]:
    """Return the names of the people, as written and in small letters, that no row there can hold."""
    if cursor.connection.info.parameter_status("server_encoding") in WRITES_ALL:
        return frozenset()
    names = {text for one in people for text in (one.external_id, *one.emails, one.user_name)}
    return frozenset(_refused(cursor, sorted(names | {text.lower() for text in names})))


def _refused(cursor: psycopg.Cursor[Any], texts: list[str]) -> list[str]:
    """Return which of the texts the database refuses: asked for all of them, and where it refuses for each half."""
    try:
        with cursor.connection.transaction():
            cursor.execute("SELECT %s::text[]", [texts])
        return []
    except psycopg.errors.UntranslatableCharacter:
        if len(texts) == 1:
            return texts
    half = len(texts) // 2
    return _refused(cursor, texts[:half]) + _refused(cursor, texts[half:])
