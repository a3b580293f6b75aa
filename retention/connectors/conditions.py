"""Which rows of a mapped table are a client's, and a person's: conditions in SQL. Values are parameters, always."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg.sql import SQL, Composable, Identifier, Literal

from retention.connectors.protocol import Person, StoreMisconfigured, Target
from retention.enums import StoreFault
from retention.rules.stores.postgresql import Holds, Names, Settings, Table

NOBODY = SQL("false")
BLANK = " \t\r\n"
type Types = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Condition:
    """Whose rows are meant. ``types`` says of each mapped column (place, column) what it is: text, uuid or integer.

    ``sparing``: nothing of the people may go, so they are found by any spelling of their names, and what nobody is said
    to have written is theirs where its parent is. What is taken is found exactly: there a miss is residue.
    """

    settings: Settings
    types: Types
    target: Target = field(repr=False)
    unwritable: frozenset[str] = field(default=frozenset(), repr=False)
    sparing: bool = False

    def rows(self, table: Table, alias: str) -> Composable:
        """Return what is true of the rows to erase: the client's, and of these the people's where people are meant."""
        if self.target.people is None:
            return self.of_client(table, alias)
        return SQL("({} AND {})").format(self.of_client(table, alias), self.of_people(table, alias))

    def of_client(self, table: Table, alias: str) -> Composable:
        """Return what is true of the client's rows, whomever they are about."""
        if table.tenant is not None:
            column, names = table.tenant
            return self._named(table, alias, column, names)
        return self._through(table, alias, self.of_client)

    def of_people(self, table: Table, alias: str) -> Composable:
        """Return what is true of rows about the people who are meant."""
        if table.subject is not None:
            column, holds = table.subject
            about = self._about(table, alias, column, holds)
            if not self.sparing or table.via is None:
                return about
            unsaid = SQL("coalesce(btrim({}::text), '') = ''").format(Identifier(alias, column))
            return SQL("({} OR ({} AND {}))").format(about, unsaid, self._of_parent(table, alias))
        if table.of_nobody or table.via is None:
            return NOBODY
        return self._of_parent(table, alias)

    def _of_parent(self, table: Table, alias: str) -> Composable:
        """Return what is true of rows whose parent is about the people who are meant."""

        def both(parent: Table, alias: str) -> Composable:
            # The parent's client too: somebody of another client may have the same external id.
            return SQL("{} AND {}").format(self.of_client(parent, alias), self.of_people(parent, alias))

        return self._through(table, alias, both)

    def _through(self, table: Table, alias: str, of_parent: Any) -> Composable:
        assert table.via is not None
        parent, above = self.settings.table(table.via.parent), f"{alias}p"
        return SQL("EXISTS (SELECT FROM {} AS {} WHERE {} = {} AND {})").format(
            Identifier(parent.schema, parent.name),
            Identifier(above),
            Identifier(above, table.via.parent_column),
            Identifier(alias, table.via.column),
            of_parent(parent, above),
        )

    def _named(self, table: Table, alias: str, column: str, names: Names) -> Composable:
        reference = self.target.organization_ref
        if names is Names.PUBLIC_ID:
            return self._one_of_uuids(table, alias, column, [reference])
        name = (
            self.target.registration_number
            if names is Names.REGISTRATION_NUMBER
            else self.settings.tenants.get(reference)
        )
        if not name:
            raise StoreMisconfigured(StoreFault.UNNAMED_TENANT, table.place)
        if self.types[table.place, column] == "text":
            return SQL("{}::text = {}").format(Identifier(alias, column), Literal(name))
        return SQL("{} = {}").format(Identifier(alias, column), Literal(_value(name, self.types[table.place, column])))

    def _about(self, table: Table, alias: str, column: str, holds: Holds) -> Composable:
        people = self.target.people or ()
        known = [_identifiers(person, holds) for person in people]
        if not all(found or person.outlived for person, found in zip(people, known, strict=True)):
            # Their rows could be anywhere in the table: that is an error, not a reason to look away.
            raise StoreMisconfigured(StoreFault.UNNAMED_PERSON, table.place)
        if holds is Holds.PUBLIC_ID and not (self.sparing and self.types[table.place, column] == "text"):
            return self._one_of_uuids(table, alias, column, [person.public_id for person in people])
        texts = sorted({text for one in known for text in one} - self.unwritable)
        if self.sparing:
            texts += [person.public_id.hex for person in people] if holds is Holds.PUBLIC_ID else []
            # Folded on both sides by the database, whose rule of what is a small letter may be another.
            return SQL(
                "lower(btrim({}::text, {})) IN (SELECT lower(btrim(one, {})) FROM unnest({}::text[]) AS one)"
            ).format(Identifier(alias, column), Literal(BLANK), Literal(BLANK), Literal(texts))
        exact = SQL("{}::text = ANY({}::text[])").format(Identifier(alias, column), Literal(texts))
        if holds is Holds.EXTERNAL_ID:
            return exact
        folded = sorted({text.lower() for text in texts} - self.unwritable)
        lower = SQL("lower({}::text) = ANY({}::text[])").format(Identifier(alias, column), Literal(folded))
        return SQL("({} OR {})").format(exact, lower)

    def _one_of_uuids(self, table: Table, alias: str, column: str, values: Iterable[UUID]) -> Composable:
        found = sorted(values)
        if self.types[table.place, column] == "uuid":
            return SQL("{} = ANY({}::uuid[])").format(Identifier(alias, column), Literal([str(one) for one in found]))
        written = [text for one in found for text in (str(one), one.hex)]
        return SQL("lower({}::text) = ANY({}::text[])").format(Identifier(alias, column), Literal(written))


def _identifiers(person: Person, holds: Holds) -> list[str]:
    """Return by what a person is found in a column; nothing if there is nothing to find them by."""
    found: Iterable[str]
    match holds:
        case Holds.EMAIL:
            found = person.emails
        case Holds.EXTERNAL_ID:
            found = (person.external_id,)
        case Holds.USER_NAME:
            found = (person.user_name,)
        case Holds.PUBLIC_ID:
            found = (str(person.public_id),)
    return [text for text in found if text]


def _value(name: str, kind: str) -> Any:
    """Return what the settings call a client, as a column of this kind holds it."""
    try:
        return UUID(name) if kind == "uuid" else int(name)
    except ValueError:
        raise StoreMisconfigured(StoreFault.WRONG_TYPE, "tenants") from None
