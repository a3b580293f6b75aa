"""What the rules of retention answer in codes, said in sentences of the reader's language."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contracts import explain
from retention import naming
from retention.enums import StoreFault

# One sentence for each step that the rule of the longest length takes (retention/rules/lasting.py).
STEPS: Mapping[str, Promise] = {
    "kept_by_client_rule": _("The client's rule keeps it for %(period)s: what is older than %(before)s may go."),
    "kept_by_vendor_minimum": _("The vendor keeps it for %(period)s at least: what is older than %(before)s may go."),
    "kept_by_legal_minimum": _("The law keeps it for %(period)s at least: what is older than %(before)s may go."),
    "longest_wins": _("The longest counts, so what is older than %(before)s goes."),
    "nothing_goes_under_hold": _("A legal hold covers the organization: nothing goes while it is in force."),
}
# Why older content stayed.
REASONS: Mapping[str, Promise] = {
    "legal_hold": _("under a legal hold"),
    "restricted": _("processing restricted (Art. 18 GDPR)"),
    "being_erased": _("left to an erasure"),
    "requested": _("of people in an open request"),
    "in_use": _("younger messages in it"),
}
# Why a retention rule does not reach a store beyond the vault.
UNREACHED: Mapping[str, Promise] = {
    "by_hand": _("emptied by hand, for an erasure only"),
    "not_by_age": _("no rule of this category reaches it: only an erasure empties it"),
}
WHOLE_ONLY = _("nothing goes there while a hold, a restriction or a request covers anybody")


def reasons(explanation: Mapping[str, Any]) -> list[str]:
    """Say how the cutoff came about: a sentence for each step, and its source last."""
    known = {**STEPS, "source": explain.STEPS["source"]}
    return explain.reasons(explanation, steps=known)


def stayed(left: Mapping[str, Mapping[str, int]]) -> list[tuple[str, Any, int]]:
    """Return what stayed as rows of a table: the store, why in words, how much."""
    return [
        (naming.title(store), REASONS.get(why, why), count)
        for store, found in left.items()
        for why, count in found.items()
    ]


def kept_because(found: Mapping[str, int]) -> str:
    """Return why rows stayed and how many, in one line."""
    return ", ".join(f"{REASONS.get(why, why)} ({count})" for why, count in found.items())


def reached(stores: Sequence[Mapping[str, Any]]) -> list[tuple[str, bool, Any]]:
    """Return the stores beyond the vault: the code, whether a rule reaches it, why not in words."""
    return [
        (one["store"], one["reached"], UNREACHED.get(one["why"], one["why"]) if one["why"] else _sparing(one))
        for one in stores
    ]


def _sparing(one: Mapping[str, Any]) -> Promise | str:
    """Say where single people cannot be left out: there nothing goes while anybody is to be spared."""
    return "" if one["spares"] else WHOLE_ONLY


def beyond(rows: Sequence[Any]) -> list[tuple[str, Any, int, Any, int]]:
    """Return nights in other stores as rows: the store, its state, how much went, why not all, how many were spared."""
    return [
        (row.store, row.get_state_display(), row.erased, dict(StoreFault.choices).get(row.why, row.why), row.spared)
        for row in rows
    ]
