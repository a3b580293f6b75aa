"""Which end counts: the earliest of those that stand, unless a pending switch carries the contract on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True, slots=True)
class End[Source]:
    """An end that stands: ``ends_on`` is exclusive, ``source`` what brought it, ``by_notice`` whether a notice did.

    ``prolongs`` says that no new term begins before it.
    """

    ends_on: date
    source: Source
    by_notice: bool = False
    prolongs: bool = False


def standing[Source](ends: Iterable[End[Source]]) -> End[Source] | None:
    """Return the end that counts: the earliest; of several on one day a priced one, then the first that is given.

    A notice ends nothing while an end that prolongs stands: the contract goes on to that end (Regulation 2023/2854,
    Article 25). While one stands no new term begins, whichever end counts.
    """
    found = list(ends)
    prolongs = any(one.prolongs for one in found)
    among = [one for one in found if not (prolongs and one.by_notice)]
    earliest = min(among, key=lambda one: (one.ends_on, one.by_notice), default=None)
    return None if earliest is None else replace(earliest, prolongs=prolongs)
