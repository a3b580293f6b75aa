"""Whose data an erasure is about, how far a store's walk has come, and what every store can do."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from django.db import connection

from retention.models import DeletionRequest
from retention.operations.sought import Returned, ids_in
from retention.rules.terms import Identifiers, Searcher, as_sought

# Beyond every key: where the walk of one person, or a walk backwards, stands at its end or its beginning.
LAST = 2**63 - 1
PEOPLE_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk stands: after this person (of some people only), after this row of theirs."""

    person: int = 0
    key: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one transaction did: how many rows it erased or made anonymous, and where the walk goes on."""

    erased: int
    place: Place
    finished: bool
    anonymised: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """An organization, or those of its people whom a request lists (``request_id``, in RequestSubject).

    ``terms`` are the people's identifiers: where a row says in its text alone whom it is about, they find it.
    ``others`` have one of these now, and are somebody else: a row that names them by it alone is theirs.
    """

    organization_id: int
    request_id: int | None = None
    terms: Identifiers = field(default_factory=Identifiers, repr=False)
    others: tuple[Returned, ...] = ()
    _named: dict[bool, "Named"] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, request: DeletionRequest) -> "Target":
        """Return whose data a request is about."""
        return cls(request.organization_id, None if request.whole else request.pk)

    @property
    def whole(self) -> bool:
        """Whether everything of the organization goes."""
        return self.request_id is None

    def named_by(self, *, anywhere: bool = False) -> "Named":
        """Return what says whether a row's texts name one of the people. ``anywhere``: it is no row of their client.

        It is made once for a target: of many people it takes longer than a chunk may.
        """
        if anywhere not in self._named:
            self._named[anywhere] = Named(self, anywhere=anywhere)
        return self._named[anywhere]

    def people_from(self, person: int, *, limit: int = PEOPLE_AT_ONCE) -> list[int]:
        """Return the internal keys of the listed people, from this one on, in their order."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT licensed_user_id FROM retention_requestsubject WHERE organization_id = %s AND request_id = %s "
                "AND licensed_user_id >= %s ORDER BY licensed_user_id LIMIT %s",
                [self.organization_id, self.request_id, person, limit],
            )
            return [row[0] for row in cursor.fetchall()]


class Named:
    """Tells whether texts name a target's people: by addresses, opaque ids, and external ids that mean somebody.

    Elsewhere than in the client's rows an external id may be another client's: it says nothing there.
    """

    def __init__(self, target: Target, *, anywhere: bool = False) -> None:
        terms = target.terms
        ids = () if anywhere else terms.searchable_ids
        self._searcher = Searcher({*terms.emails, *ids, *terms.uuid_texts()})
        self._shared = {as_sought(term) for one in target.others for term in one.terms}
        self._others = {one.uuid for one in target.others}

    def __call__(self, texts: Iterable[str]) -> bool:
        """Say whether a row with these texts is about one of them, and not about somebody who is called so now."""
        shared, about_others = False, False
        for text in texts:
            found = self._searcher.terms_in(text) if self._shared else set()
            if found - self._shared or (not self._shared and self._searcher.found_in(text)):
                return True
            shared |= bool(found)
            about_others |= bool(self._others and self._others & ids_in(text))
        return shared and not about_others


class Store(Protocol):
    """A place that holds a client's data. Its methods run in the eraser's scope (counting: the vendor's too)."""

    @property
    def name(self) -> str:
        """The store's name in the journal and on the certificate."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """The stores that must be empty before this one: their rows refer to these."""
        ...

    def covers(self, target: Target) -> bool:
        """Say whether the store holds anything that goes with such a target."""
        ...

    def count(self, target: Target) -> int:
        """Return how much is there; 0 where only reading everything could tell."""
        ...

    def left(self, target: Target) -> bool:
        """Say whether anything is there still, as cheaply as that can be told."""
        ...

    def erase(self, target: Target, *, after: Place, limit: int, until: float) -> Chunk:
        """Erase the next rows of the walk, at most ``limit``; take no further person once the clock is past ``until``.

        ``until`` is an instant of :func:`time.monotonic`.
        """
        ...
