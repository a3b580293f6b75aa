"""Searching a mapped table for identifiers of people, in every column that could hold one, in one pass."""

from collections import Counter
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from accounts.rules import checks
from retention.connectors.conditions import Condition
from retention.connectors.protocol import Target
from retention.rules.stores.postgresql import Table
from retention.rules.terms import Searcher, distinctive

FETCHED_AT_ONCE = 1000
# A row of the client that is not about the people who are meant, and names one of them; a row of somebody else.
MENTION, ELSEWHERE = "mentions", "elsewhere"


def search(
    connection: psycopg.Connection[Any], table: Table, condition: Condition, columns: list[str]
) -> dict[str, int]:
    """Return how many rows name somebody who is meant, by kind; rows that are counted as theirs are left out.

    In the rows of other clients, e-mail addresses and opaque ids are looked for, and not in the columns that say whose
    a row is. A value there that is an address and nothing else is of somebody who works for both: that is no residue.
    An external id means somebody in the client's own rows only.
    """
    everywhere, within = _terms(condition.target)
    if not columns or not (everywhere.count or within.count):
        return {}
    about = {part[0] for part in (table.tenant, table.subject) if part is not None} | {table.key}
    query = SQL("SELECT {}, {}, {} FROM {} AS t").format(
        condition.of_client(table, "t"),
        condition.rows(table, "t"),
        SQL(", ").join(SQL("{}::text").format(Identifier("t", column)) for column in columns),
        Identifier(table.schema, table.name),
    )
    found: Counter[str] = Counter()
    with connection.cursor(name="terme_search") as rows:
        rows.itersize = FETCHED_AT_ONCE
        for own, counted, *texts in rows.execute(query):
            if counted:
                continue
            if own:
                found[MENTION] += any(text is not None and within.found_in(text) for text in texts)
            else:
                pairs = zip(columns, texts, strict=True)
                found[ELSEWHERE] += any(
                    column not in about and text is not None and everywhere.found_in(text) and not _is_address(text)
                    for column, text in pairs
                )
    return {kind: count for kind, count in found.items() if count}


def _is_address(text: str) -> bool:
    return "@" in text and not checks.email("text", text.strip())


def _terms(target: Target) -> tuple[Searcher, Searcher]:
    """Return what is searched for everywhere, and what in the client's own rows."""
    everywhere, within = set(target.terms), set[str]()
    if target.people is None:
        everywhere |= {str(target.organization_ref), target.organization_ref.hex}
    for person in target.people or ():
        everywhere |= {*person.emails, str(person.public_id), person.public_id.hex}
        within |= {text for text in (person.external_id, person.user_name) if distinctive(text)}
    return Searcher(everywhere), Searcher(everywhere | within)
