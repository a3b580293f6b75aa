"""Which rows of a mapped table a retention rule no longer keeps: conditions in SQL. Values are parameters, always."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from psycopg.sql import SQL, Composable, Identifier, Literal

from retention.connectors.catalogue import Reference
from retention.connectors.conditions import Condition
from retention.connectors.protocol import Older
from retention.rules.stores.postgresql import Table


@dataclass(frozen=True, slots=True)
class OlderRows:
    """The client's rows from before an instant: of nobody who is spared, and to which nothing refers any more.

    What refers to a row may be younger, or about somebody who is spared; deleted with it, or left without it, it would
    be lost. So it goes first, and only then what it refers to.
    """

    condition: Condition
    older: Older
    references: Mapping[str, Sequence[Reference]]

    def rows(self, table: Table, alias: str) -> Composable:
        """Return what is true of the rows to erase."""
        assert table.age is not None
        parts = [
            SQL("{} < {}").format(Identifier(alias, table.age[1]), Literal(self.older.before)),
            self.condition.of_client(table, alias),
        ]
        if self.older.spared:
            meant = replace(self.condition.target, people=self.older.spared)
            spared = replace(self.condition, target=meant, sparing=True).of_people(table, alias)
            parts.append(SQL("NOT coalesce({}, false)").format(spared))
        parts += [self._unreferred(one, alias) for one in self.references[table.place]]
        return SQL("({})").format(SQL(" AND ").join(parts))

    @staticmethod
    def _unreferred(reference: Reference, alias: str) -> Composable:
        place, columns, referred = reference
        schema, _, name = place.partition(".")
        child = f"{alias}c"
        same = SQL(" AND ").join(
            SQL("{} = {}").format(Identifier(child, column), Identifier(alias, above))
            for column, above in zip(columns, referred, strict=True)
        )
        return SQL("NOT EXISTS (SELECT FROM {} AS {} WHERE {})").format(
            Identifier(schema, name), Identifier(child), same
        )
