"""What every store beyond the vault promises: who is meant, how far it got, what is left, and how it says no."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from accounts.errors import FieldError
from retention.enums import StoreFault

type Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as other stores may know them. An identifier that is empty is one that nobody may be found by.

    Who was called otherwise before comes once more under each former name. ``outlived``: a name of theirs is somebody
    else's now and is left out, so in a store that knows people by it there is nothing of theirs to find.
    """

    public_id: UUID
    external_id: str = field(repr=False)
    emails: tuple[str, ...] = field(repr=False)
    user_name: str = field(default="", repr=False)
    outlived: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Whose data is meant: single people of an organization, or with ``people=None`` all of it. ``()`` is nobody.

    ``registration_number`` is how some stores name the organization. ``terms`` is what :meth:`Connector.verify` also
    searches for: e-mail addresses and opaque ids of people, where the whole organization goes and they are not listed.
    ``names`` is what nothing may say that is kept of a store's answers: these, and external ids that mean somebody.
    """

    organization_ref: UUID
    people: tuple[Person, ...] | None
    registration_number: str = ""
    terms: frozenset[str] = field(default=frozenset(), repr=False)
    names: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True)
class Older:
    """What goes by age: a client's content of a category from before an instant. Nothing of the ``spared`` goes.

    Somebody comes once under each name that they have or had.
    """

    category: str
    before: datetime
    spared: tuple[Person, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an erasure got. ``erased`` is what this one call did, ``checkpoint`` is what the next call is given.

    A checkpoint holds no personal data. ``finished``: the store is done. ``ask_again_at`` (aware): nothing can be done
    before that instant, the store works by itself or waits for a person.
    """

    erased: int
    checkpoint: str
    finished: bool
    ask_again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Residue:
    """What is still there: where (a table, a prefix as it is configured, a name), of what kind, how much of it."""

    place: str
    kind: str
    count: int


class StoreError(Exception):
    """A store could not be worked on. ``fault`` says why, ``place`` where in its settings; neither names anybody.

    ``from_the_front``: its checkpoint leads nowhere. A run that gave it up and is sent there again begins the walk
    anew, and so does a night that tries again.
    """

    def __init__(self, fault: StoreFault, place: str = "", *, from_the_front: bool = False) -> None:
        super().__init__(f"{fault.value}: {place}" if place else fault.value)
        self.fault = fault
        self.place = place
        self.from_the_front = from_the_front


class StoreUnavailable(StoreError):
    """The store does not answer now: the same call may do later. ``retry_at`` (aware): it asked to wait until then."""

    def __init__(
        self, fault: StoreFault, place: str = "", *, retry_at: datetime | None = None, from_the_front: bool = False
    ) -> None:
        super().__init__(fault, place, from_the_front=from_the_front)
        self.retry_at = retry_at


class StoreMisconfigured(StoreError):
    """The store will not do this however often it is asked: a person must act."""


class Connector(Protocol):
    """A store beyond the vault. Every method may raise :class:`StoreUnavailable` or :class:`StoreMisconfigured`.

    All of them run outside of any transaction that holds locks: they wait for others. ``contextlib.closing`` gives back
    connections.
    """

    def close(self) -> None:
        """Give back connections; the next call makes new ones."""
        ...

    def check(self) -> list[FieldError]:
        """Try connection and settings on the store itself. Return the faults by field of the settings; it raises none.

        Faults of the credentials have the field ``secret``.
        """
        ...

    def inventory(self, target: Target) -> dict[str, int]:
        """Return how much is there, by place."""
        ...

    def export(self, target: Target) -> Iterator[Record]:
        """Yield what is there, as values of JSON, each with its place under ``place``."""
        ...

    def erase_chunk(
        self, target: Target, *, run: UUID, checkpoint: str, limit: int, now: datetime, sent_again: int = 0
    ) -> Progress:
        """Erase on from a checkpoint (empty: from the beginning), about ``limit`` things at most.

        ``sent_again`` is how often the run was sent through this store again, after residue was found.
        Killed at any instant it is called again with the last checkpoint that was kept. The same call twice, or by two
        workers at once, erases nothing else and fails neither.
        """
        ...

    def erase_older(
        self, target: Target, older: Older, *, run: UUID, checkpoint: str, limit: int, now: datetime
    ) -> Progress:
        """Erase on what a retention rule no longer keeps, as :meth:`erase_chunk` does; of an organization as a whole.

        :raises StoreMisconfigured: also where the settings do not say what is old (``NOT_BY_AGE``), or where somebody
            is spared and cannot be told apart there (``CANNOT_SPARE``, ``UNNAMED_PERSON``): then nothing goes.
        """
        ...

    def verify(self, target: Target, *, run: UUID) -> list[Residue]:
        """Look again, apart from what the erasure noted. Nothing found is an empty list.

        ``run`` is whose erasure is looked into: what another one still waits for is not this one's.
        """
        ...
