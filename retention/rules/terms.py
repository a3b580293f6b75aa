"""What the verifier searches for: identifiers of people as exact terms, never bare names."""

import re
from dataclasses import dataclass, field
from uuid import UUID

# Shorter ids ("7", "A1") stand in any table for something else; how many were left out is said in the report.
SHORTEST = 4
# ASCII on purpose: the database splits texts in the same way (retention/operations/verification.py).
_TOKEN = re.compile(r"[0-9A-Za-z_@.+%-]+")


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The identifiers of the people of one organization; and the ids of its files, which are searched as file names."""

    emails: frozenset[str] = field(default=frozenset(), repr=False)
    external_ids: frozenset[str] = field(default=frozenset(), repr=False)
    uuids: frozenset[UUID] = field(default=frozenset(), repr=False)
    files: frozenset[UUID] = frozenset()

    def to_json(self) -> dict[str, list[str]]:
        """Return what is sealed in the run."""
        return {
            "emails": sorted(self.emails),
            "external_ids": sorted(self.external_ids),
            "uuids": sorted(map(str, self.uuids)),
            "files": sorted(map(str, self.files)),
        }

    @classmethod
    def from_json(cls, data: dict[str, list[str]]) -> "Identifiers":
        """Return the identifiers that :meth:`to_json` wrote."""
        return cls(
            frozenset(data["emails"]),
            frozenset(data["external_ids"]),
            frozenset(UUID(text) for text in data["uuids"]),
            frozenset(UUID(text) for text in data["files"]),
        )

    @property
    def searchable_ids(self) -> frozenset[str]:
        """The external ids long enough to mean somebody."""
        return frozenset(text for text in self.external_ids if len(text) >= SHORTEST)

    @property
    def too_short(self) -> int:
        """How many external ids are too short to search for."""
        return len(self.external_ids) - len(self.searchable_ids)

    def uuid_texts(self) -> frozenset[str]:
        """Return each UUID as it is written: with and without hyphens."""
        return frozenset(text for uuid in self.uuids for text in (str(uuid), uuid.hex))


def tokens(text: str) -> set[str]:
    """Return the words of a text as identifiers are written: lower case, without the full stop of a sentence."""
    return {found.strip(".-+%") for found in _TOKEN.findall(text.lower())}


def found_in(text: str, terms: frozenset[str]) -> set[str]:
    """Return the terms (lower case) that stand in a text: as whole words, or anywhere if they are no single words."""
    words = tokens(text)
    lowered = text.lower()
    return {term for term in terms if (term in words if is_word(term) else term in lowered)}


def is_word(term: str) -> bool:
    """Say whether a term is one token, so that equality with a text's tokens finds it."""
    return bool(_TOKEN.fullmatch(term)) and term == term.strip(".-+%")
