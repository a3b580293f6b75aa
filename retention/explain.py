"""What the rules of retention answer in codes, said in sentences of the reader's language."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contracts import explain
from retention import naming
from retention.enums import RuleRest, StoreFault

# One sentence for each step that the rule of the longest length takes (retention/rules/lasting.py).
STEPS: Mapping[str, Promise] = {
    "kept_by_client_rule": _("The client's rule keeps it for %(period)s: what is older than %(before)s may go."),
    "kept_by_vendor_minimum": _("The vendor keeps it for %(period)s at least: what is older than %(before)s may go."),
    "kept_by_legal_minimum": _("The law keeps it for %(period)s at least: what is older than %(before)s may go."),
    "longest_wins": _("The longest counts, so what is older than %(before)s goes."),
    "nothing_goes_under_hold": _("A legal hold covers the organization: nothing goes while it is in force."),
}
# What keeps a request from being carried out (retention/rules/requests.py).
BLOCKS: Mapping[str, Promise] = {
    "contract_open": _("A contract is signed or active."),
    "contract_drafted": _("A contract is under negotiation: the draft is cancelled, or signed, which keeps the data."),
    "switch_unfinished": _("A switch is pending or unfinished: the client's written choice is needed."),
    "end_not_confirmed": _("The end of the collaboration is not confirmed."),
    "client_undecided": _("The client has not decided yet."),
    "grace_runs": _("The approval can still be taken back."),
    "not_approved": _("The erasure is not approved."),
    "retrieval_period_runs": _("The retrieval period still runs."),
    "export_not_decided": _("The export is neither made nor waived."),
    "archive_not_decided": _("The archive is neither made nor declined."),
    "correction_unconfirmed": _("The product has not confirmed yet that it made the correction."),
    "legal_hold": _("A legal hold is in force."),
    "store_given_up": _("A store was given up: its erasure failed again and again."),
    "residue_found": _("The search afterwards found something that is left."),
    "run_paused": _("Somebody has paused the erasure."),
}
# Why older content stayed.
REASONS: Mapping[str, Promise] = {
    "legal_hold": _("under a legal hold"),
    "restricted": _("processing restricted (Art. 18 GDPR)"),
    "being_erased": _("left to an erasure"),
    "requested": _("of people in an open request"),
    "in_use": _("younger messages in it"),
}
# Why a job that wraps keys anew waits (retention/operations/rewrapping.py).
WAITING: Mapping[str, Promise] = {
    "values_do_not_open": _("values that do not open under any key"),
    "rows_are_held": _("rows that others keep locked"),
    "newest_key_is_older_than_the_target": _("this process knows an older key only"),
}
# Why a retention rule does not reach a store beyond the vault.
UNREACHED: Mapping[str, Promise] = {
    "by_hand": _("emptied by hand, for an erasure only"),
    "not_by_age": _("no rule of this category reaches it: only an erasure empties it"),
}
CONNECTION_FAILED = _("its last connection test failed (%(at)s)")
WHOLE_ONLY = _("nothing goes there while a hold, a restriction or a request covers anybody")


def block(code: str) -> str:
    """Say what keeps a request from being carried out; an unknown code in its own words."""
    return str(BLOCKS.get(code, code.replace("_", " ")))


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


def reason(code: str) -> str:
    """Return in words why something stayed, failed or waits; a code of another version as it stands."""
    return str(REASONS.get(code) or WAITING.get(code) or dict(StoreFault.choices).get(code) or code)


def reached(stores: Sequence[Mapping[str, Any]]) -> list[tuple[str, bool, Any]]:
    """Return the stores beyond the vault: the code, whether a rule reaches it, in words why not, or what is to know."""
    return [(one["store"], one["reached"], " · ".join(map(str, _notes(one)))) for one in stores]


def _notes(one: Mapping[str, Any]) -> Iterator[Promise | str]:
    """Say why a store is not reached; where single people cannot be left out; that it could not be reached lately."""
    if one["why"]:
        yield UNREACHED.get(one["why"], one["why"])
    elif not one["spares"]:
        yield WHOLE_ONLY
    if one.get("fault"):
        yield CONNECTION_FAILED % {"at": _instant(one["tested_at"])}


def rests(found: Mapping[str, Any] | None) -> tuple[str, str, Mapping[str, Any]] | None:
    """Say why nothing goes by an enforced rule, since when, and what is told with it; nothing keeps it: ``None``."""
    if found is None:
        return None
    facts = {**found, "erase_from": _instant(found["erase_from"])}
    return str(RuleRest(found["why"]).label), _instant(found["since"]), facts


def _instant(text: str | None) -> str:
    """Return an instant of ISO 8601 as the reader writes it, in UTC; nothing stays nothing."""
    return "" if text is None else formats.date_format(datetime.fromisoformat(text).astimezone(UTC), "DATETIME_FORMAT")


def beyond(rows: Sequence[Any]) -> list[tuple[str, Any, int, Any, int]]:
    """Return nights in other stores as rows: the store, its state, how much went, why not all, how many were spared."""
    return [
        (row.store, row.get_state_display(), row.erased, dict(StoreFault.choices).get(row.why, row.why), row.spared)
        for row in rows
    ]
