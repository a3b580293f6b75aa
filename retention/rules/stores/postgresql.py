"""The mapping of a PostgreSQL database: which rows are whose, in the order in which they are erased."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from accounts.errors import FieldError, InvalidInput, phrase
from retention.rules.stores.reader import CATEGORIES, Reader

MOST_TABLES = 200
LONGEST_NAME = 63  # bytes (NAMEDATALEN)
LONGEST_CERTIFICATE = 20_000
_HOST = re.compile(r"[A-Za-z0-9_.:-]{1,253}")


class Names(StrEnum):
    """How a column names the client: by its public id, its registration number, or as ``tenants`` says."""

    PUBLIC_ID = "public_id"
    REGISTRATION_NUMBER = "registration_number"
    MAPPED = "mapped"


class Holds(StrEnum):
    """Which identifier of a person a column holds."""

    EXTERNAL_ID = "external_id"
    EMAIL = "email"
    PUBLIC_ID = "public_id"
    USER_NAME = "user_name"


@dataclass(frozen=True, slots=True)
class Via:
    """A row belongs to whom its parent belongs: ``column`` holds what stands in the parent's ``parent_column``."""

    column: str
    parent: str
    parent_column: str


@dataclass(frozen=True, slots=True)
class Table:
    """A mapped table. Its own ``tenant`` counts before its parent's, and so does its ``subject``.

    ``of_nobody``: its rows are about no single person, and stay when one is erased. ``age``: a retention rule of this
    category erases rows whose instant, in this column, is older; rows without an instant stay.
    """

    schema: str
    name: str
    key: str
    backwards: bool
    tenant: tuple[str, Names] | None
    subject: tuple[str, Holds] | None
    of_nobody: bool
    via: Via | None
    age: tuple[str, str] | None = None

    @property
    def place(self) -> str:
        """What it is called in counts and faults."""
        return f"{self.schema}.{self.name}"

    @property
    def columns(self) -> list[str]:
        """The columns that the mapping names."""
        named = [self.key, *(part[0] for part in (self.tenant, self.subject) if part is not None)]
        named += [] if self.age is None else [self.age[1]]
        return list(dict.fromkeys([*named, self.via.column] if self.via is not None else named))


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the database is, and its mapping. Times in seconds."""

    host: str
    port: int
    database: str
    user: str
    tls: str
    authority: str = field(repr=False)
    connect_seconds: int
    statement_seconds: int
    tenants: Mapping[UUID, str] = field(repr=False)
    tables: tuple[Table, ...]

    @property
    def categories(self) -> frozenset[str]:
        """Which categories a retention rule may erase by age here."""
        return frozenset(table.age[0] for table in self.tables if table.age is not None)

    def table(self, place: str) -> Table:
        """Return a mapped table by its place."""
        return next(table for table in self.tables if table.place == place)


def read(settings: Any) -> Settings:
    """Return the settings, their form checked. :raises InvalidInput: with all their faults."""
    faults: list[FieldError] = []
    reader = Reader(settings, "", faults)
    found = Settings(
        host=reader.text("host", longest=253),
        port=reader.number("port", default=5432, least=1, most=65535),
        database=reader.text("database", longest=LONGEST_NAME),
        user=reader.text("user", longest=LONGEST_NAME),
        tls=reader.word("tls", {"verify-full", "require", "disable"}, default="verify-full"),
        authority=reader.text("authority", default="", longest=LONGEST_CERTIFICATE, lines=True),
        connect_seconds=reader.number("connect_seconds", default=5, least=1, most=30),
        statement_seconds=reader.number("statement_seconds", default=30, least=1, most=300),
        tenants=reader.clients(),
        tables=tuple(
            _table(Reader(entry, f"tables[{number}]", faults))
            for number, entry in enumerate(reader.items("tables", least=1, most=MOST_TABLES))
        ),
    )
    if found.host and not _HOST.fullmatch(found.host):
        reader.fault("host", "no_host", phrase("One host name or address."))
    if len(found.authority) > LONGEST_CERTIFICATE:
        reader.fault("authority", "too_long", phrase("At most %(most)s characters.", most=LONGEST_CERTIFICATE))
    reader.end()
    faults += _between(found)
    if faults:
        raise InvalidInput(faults)
    return found


def _table(reader: Reader) -> Table:
    tenant, subject, via = reader.inner("tenant"), reader.inner("subject"), reader.inner("via")
    found = Table(
        schema=reader.text("schema", default="public", longest=LONGEST_NAME),
        name=reader.text("table", longest=LONGEST_NAME),
        key=reader.text("key", longest=LONGEST_NAME),
        backwards=reader.flag("backwards", default=False),
        tenant=None if tenant is None else (_column(tenant), Names(tenant.word("names", list(Names)) or Names.MAPPED)),
        subject=None
        if subject is None
        else (_column(subject), Holds(subject.word("holds", list(Holds)) or Holds.EMAIL)),
        of_nobody=reader.has("subject") and subject is None,
        via=None
        if via is None
        else Via(
            _column(via), _qualified(via.text("parent", longest=2 * LONGEST_NAME + 1)), _column(via, "parent_column")
        ),
        age=_age(reader),
    )
    if tenant is None and via is None:
        reader.fault(
            "tenant",
            "required",
            phrase("Say in which column the client stands, or by which parent (via) it is found."),
        )
    if via is None and not reader.has("subject"):
        reader.fault(
            "subject", "required", phrase("Say in which column the person stands; null: the rows are about nobody.")
        )
    for part in (tenant, subject, via, reader):
        if part is not None:
            part.end()
    return found


def _age(reader: Reader) -> tuple[str, str] | None:
    """Return of which category the rows are, and in which column their instant stands: both, or neither."""
    given = [name for name in ("category", "time") if reader.has(name)]
    if not given:
        return None
    category = reader.word("category", CATEGORIES)
    return category, _column(reader, "time")


def _column(reader: Reader, name: str = "column") -> str:
    return reader.text(name, longest=LONGEST_NAME)


def _qualified(name: str) -> str:
    return name if "." in name or not name else f"public.{name}"


def _between(settings: Settings) -> list[FieldError]:
    """Return what is wrong between tables: one twice, a parent that is not mapped, or is erased before its children."""
    faults: list[FieldError] = []
    places = [table.place for table in settings.tables]
    for number, table in enumerate(settings.tables):
        path = f"tables[{number}]"
        if places.index(table.place) != number:
            faults.append(FieldError(f"{path}.table", "twice", phrase("%(table)s is mapped twice.", table=table.place)))
        if table.via is None or not table.via.parent:
            continue
        if table.via.parent not in places:
            faults.append(
                FieldError(f"{path}.via.parent", "unmapped", phrase("%(table)s is not mapped.", table=table.via.parent))
            )
        elif places.index(table.via.parent) <= number:
            message = phrase(
                "%(table)s must come later: else nobody knows any more whose these rows are.", table=table.via.parent
            )
            faults.append(FieldError(f"{path}.via.parent", "order", message))
    return faults
