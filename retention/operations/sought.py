"""What is searched for, for any number of runs at once, whose each term is, and what was found for each run."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from retention.models import ErasureRun
from retention.rules.terms import Identifiers, Searcher, as_sought

UUID_PATTERN = "[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"
SHORTEST_UUID = 32
_UUID = re.compile(UUID_PATTERN)


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that should be gone: where, of what kind, how often. Never the value."""

    place: str
    kind: str
    count: int


@dataclass(slots=True)
class Findings:
    """What was searched, and what was found. ``kept``: tables whose rows stay on a basis.

    ``beyond``: stores beyond the vault that answered; ``attested``: those emptied by hand, of which whoever did it has
    given their word; ``unanswered``: those that did not, of which nothing is known;
    ``left_out``: those that could not be searched, whatever they answer; ``why_silent``: for operators, why which of
    those did not answer.

    ``mails_to_who_asked``: mails in files that bear an erased person's address because they tell the person about a
    request of their own; it is no hit there.

    ``mails_to_others_of_address``: mails in files that bear an erased person's address which is a contact's too, or by
    now somebody else's: they may be about either, and count as no hit.

    ``exempt``: columns whose values were not searched, as the policy says; ``names_only``: folders of sealed files, of
    which only the names were; ``unread``: folders that were passed by; ``as_files``: kinds of stores that are kept as
    files here, and so were searched (mails, logs).

    ``came_back``: the organization is a client again, so its rows were looked at for the old people only.
    """

    tables: int = 0
    columns: int = 0
    files: int = 0
    broker_keys: int = 0
    mails_to_who_asked: int = 0
    mails_to_others_of_address: int = 0
    terms: int = 0
    not_distinctive: int = 0
    came_back: bool = False
    ciphertext: list[str] = field(default_factory=list)
    exempt: list[str] = field(default_factory=list)
    names_only: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    as_files: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    attested: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    why_silent: dict[str, str] = field(default_factory=dict)
    hits: list[Hit] = field(default_factory=list)

    def searched(self) -> dict[str, Any]:
        """Return the extent of the search, as it is stored and certified."""
        return {name: value for name, value in asdict(self).items() if name not in ("hits", "why_silent")}

    def note(self, place: str, kind: str, count: int) -> None:
        """Note a hit, if there is one."""
        if count:
            self.hits.append(Hit(place, kind, count))


@dataclass(frozen=True, slots=True)
class Returned:
    """Somebody of the organization who has an identifier of an erased person now, under an id of their own.

    ``lives``: and uses the product, or may.
    """

    key: int
    uuid: str
    terms: frozenset[str] = field(repr=False)
    lives: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Sought:
    """What is searched for one run. ``tenants``: its organization, by the column that names it."""

    run: ErasureRun
    tenants: dict[str, str]
    terms: Identifiers
    whole: bool
    returned: tuple[Returned, ...]
    found: Findings
    people: frozenset[str]

    @classmethod
    def of(
        cls, run: ErasureRun, terms: Identifiers, *, whole: bool, came_back: bool, returned: Iterable[Returned]
    ) -> "Sought":
        """Return what is searched for a run, whose organization is loaded."""
        tenants = {"organization_id": str(run.organization_id), "organization_ref": str(run.organization.public_id)}
        found = Findings(not_distinctive=terms.not_distinctive, came_back=came_back)
        found.terms = len(terms.emails) + len(terms.searchable_ids) + len(terms.uuids)
        return cls(run, tenants, terms, whole, tuple(returned), found, frozenset(map(str, terms.people)))

    @property
    def nothing_stays(self) -> bool:
        """Whether any row of the organization is too much, but those that the policy keeps."""
        return self.whole and not self.found.came_back

    def excused(self, keys: set[str], named: set[str]) -> set[str]:
        """Return the terms that a row may hold, in their :func:`as_sought` form.

        It is about somebody who has them now, and names nobody who was erased.
        """
        if not self.returned or any(uuid.hex in named for uuid in self.terms.uuids):
            return set()
        about = (one for one in self.returned if str(one.key) in keys or one.uuid in named)
        return {as_sought(term) for one in about for term in one.terms}

    def returned_terms(self) -> frozenset[str]:
        """Return the terms that somebody has now."""
        return frozenset(term for one in self.returned for term in one.terms)


class Terms:
    """Terms of several runs, found in one pass over a text."""

    def __init__(self, pairs: Iterable[tuple[Sought, str]]) -> None:
        self._whose: dict[str, list[Sought]] = {}
        for one, term in pairs:
            self._whose.setdefault(as_sought(term), []).append(one)
        self._searcher = Searcher(self._whose)

    def __bool__(self) -> bool:
        return bool(self._searcher.count)

    def found_in(self, text: str) -> dict[Sought, set[str]]:
        """Return whose terms stand in the text, and which."""
        found: dict[Sought, set[str]] = {}
        for term in self._searcher.terms_in(text):
            for one in self._whose[term]:
                found.setdefault(one, set()).add(term)
        return found


def ids_in(text: str) -> set[str]:
    """Return the opaque ids in a text, without hyphens: also those that letters touch."""
    if len(text) < SHORTEST_UUID:
        return set()
    return {found[0].replace("-", "") for found in _UUID.finditer(text.lower())}
