"""What an amendment makes of a contract's clauses: later terms change, and still count from the anchor."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from contracts.enums import GoverningLaw, NoticeEffect, NoticeEndOf, NoticeUnit
from contracts.rules.notice import NoticeClause
from contracts.rules.terms import Fixed

# Clauses as contracts store them → what the rules call them, and what makes the rules' value of the stored one.
_CLAUSES: Mapping[str, tuple[str, Any]] = {
    "minimum_commitment_months": ("commitment", int),
    "renewal_term_months": ("renewal", lambda months: months),
    "auto_renews": ("auto_renews", bool),
    "mid_term_exit": ("mid_term_exit", bool),
    "notice_length": ("length", int),
    "notice_unit": ("unit", NoticeUnit),
    "notice_end_of": ("end_of", lambda word: NoticeEndOf(word) if word else None),
    "notice_effect": ("effect", NoticeEffect),
    "governing_law": ("law", GoverningLaw),
}


def fixed_lengths(clause: NoticeClause, *, valid_from: date) -> Fixed:
    """Return the lengths of renewals that an amendment of the renewal term does not touch: those begun before its day.

    :raises InvalidInput: as the rules of terms do.
    """
    through = _begun_before(clause, valid_from)
    known = clause.fixed[-1][0] if clause.fixed else 1
    if through <= known or clause.renewal is None:
        return clause.fixed
    return (*clause.fixed, (through, clause.renewal))


def amended(clause: NoticeClause, values: Mapping[str, Any], *, valid_from: date) -> NoticeClause:
    """Return the clause as it stands from a day on; what is no matter of terms and notice is left out.

    :raises InvalidInput: as the rules of terms do.
    """
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name in _CLAUSES:
            field, make = _CLAUSES[name]
            changes[field] = make(value)
    if "renewal" in changes:
        changes["fixed"] = fixed_lengths(clause, valid_from=valid_from)
    if not changes.get("auto_renews", True):
        changes["last_term"] = max(_begun_before(clause, valid_from), 1)
    return replace(clause, **changes)


def _begun_before(clause: NoticeClause, day: date) -> int:
    """Return the number of the last term that began before a day; 0 if none did."""
    running = clause.term_at(max(day, clause.anchor))
    return running.number if running.starts_on < day else running.number - 1
