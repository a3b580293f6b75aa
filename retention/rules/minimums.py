"""What content must be kept at least, as the vendor or a law says: dated configuration, written as one text.

``vendor conversations 30 days; legal diagnostics 6 months from 2026-08-02 until 2030-01-01: AI Act, Art. 19(1)``:
who says it, the category (or ``all``), how long, in force from that day and until before that one, and the ground.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

from contracts.enums import NoticeUnit
from retention.rules.lasting import Claim, Claimant, Length, fault_of

ALL = "all"
_WHO = {"vendor": Claimant.VENDOR_MINIMUM, "legal": Claimant.LEGAL_MINIMUM}
_ENTRY = re.compile(
    r"(?P<who>vendor|legal) +(?P<category>[a-z_]+) +(?P<amount>[0-9]{1,6}) +(?P<unit>days?|months?)"
    r"(?: +from +(?P<from>[0-9]{4}-[0-9]{2}-[0-9]{2}))?(?: +until +(?P<until>[0-9]{4}-[0-9]{2}-[0-9]{2}))?"
    r"(?: *: *(?P<basis>.{1,200}))?"
)


@dataclass(frozen=True, slots=True)
class Minimum:
    """A claim on a category, in force from the day ``since`` until before the day ``until``."""

    claim: Claim
    category: str
    since: date | None
    until: date | None

    def counts(self, category: str, on: date) -> bool:
        """Say whether it is in force for the category on the day."""
        begun = self.since is None or self.since <= on
        return self.category in (ALL, category) and begun and (self.until is None or on < self.until)


@cache
def parsed(text: str, categories: Collection[str]) -> tuple[Minimum, ...]:
    """Read the text of the configuration. :raises ValueError: an entry is not as it is to be; which, is said."""
    return tuple(_entry(part.strip(), categories) for part in text.split(";") if part.strip())


def in_force(minimums: Iterable[Minimum], *, category: str, on: date) -> list[Claim]:
    """Return the claims on a category that are in force on a local day."""
    return [one.claim for one in minimums if one.counts(category, on)]


def _entry(text: str, categories: Collection[str]) -> Minimum:
    found = _ENTRY.fullmatch(text)
    if found is None:
        raise ValueError(
            f"CONTENT_MINIMUMS: {text!r} is not of the form 'legal diagnostics 6 months from 2026-08-02: …'"
        )
    if found["category"] not in (ALL, *categories):
        raise ValueError(f"CONTENT_MINIMUMS: {found['category']!r} is none of {ALL}, {', '.join(sorted(categories))}")
    length = Length(int(found["amount"]), NoticeUnit(found["unit"].rstrip("s") + "s"))
    if fault := fault_of(length):
        raise ValueError(f"CONTENT_MINIMUMS: {text!r}: {fault.detail}")
    since, until = (date.fromisoformat(found[name]) if found[name] else None for name in ("from", "until"))
    if since and until and until <= since:
        raise ValueError(f"CONTENT_MINIMUMS: {text!r} ends before it begins")
    claim = Claim(_WHO[found["who"]], length, (found["basis"] or "").strip())
    return Minimum(claim, found["category"], since, until)
