"""The admin of contracts, one noun a file. Importing them registers them."""

from contracts.admin import (
    amendment,
    calendar,
    clause,
    contract,
    deadline,
    index,
    intake,
    notice,
    outgoing,
    plan,
    quote,
    reminder,
    statement,
    switching,
    term,
    termination,
)

__all__ = [
    "amendment",
    "calendar",
    "clause",
    "contract",
    "deadline",
    "index",
    "intake",
    "notice",
    "outgoing",
    "plan",
    "quote",
    "reminder",
    "statement",
    "switching",
    "term",
    "termination",
]
