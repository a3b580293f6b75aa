"""The clause checklist in sentences of the reader's language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contracts import labels
from contracts.enums import ClauseSeverity
from contracts.explain_money import SOURCES
from contracts.rules.clause_checklist import Finding

ITEMS: Mapping[str, Promise] = {
    **labels.CLAUSE,
    "switching_notice": _("Switching notice (months)"),
    "retrieval": _("Retrieval period (days)"),
    "early_exit": _("Early-exit fee"),
    "return_or_deletion": _("Return or deletion at the end"),
}
SENTENCES: Mapping[str, Promise] = {
    "over_the_maximum": _("%(found)s, where at most %(allowed)s are allowed."),
    "within_the_maximum": _("%(found)s, of at most %(allowed)s."),
    "under_the_minimum": _("%(found)s, where at least %(least)s are due."),
    "at_least_the_minimum": _("%(found)s, of at least %(least)s."),
    "not_stated": _("The contract does not say."),
    "stated": _("The contract says so."),
    "agreed": _("The contract says what happens to the data at its end."),
    "refused": _("The contract says that it is not so."),
    "kept_but_not_listed": _("Kept, but neither listed nor exempt: %(categories)s."),
    "listed_but_not_kept": _("Listed, but in no export: %(categories)s."),
    "listed_and_exempt": _("Listed and exempt at once: %(categories)s."),
    "charge_above_cost": _("A switching charge is at most what the switch costs."),
    "charge_forbidden": _("Nothing may be charged for a switch since %(since)s."),
    "no_early_exit_fee": _("There is none."),
    "disclosed": _("Disclosed before the contract was concluded, %(concluded_on)s."),
    "not_disclosed": _("Not disclosed before the contract was concluded, %(concluded_on)s: it cannot be asked."),
    "not_disclosed_older": _("Not disclosed before the contract was concluded, %(concluded_on)s; older contracts may."),
    "default_hours": _("The contract does not say: %(found)s hours."),
    "no_training": _("The client's data train nothing."),
    "training_authorised": _("The client has signed its authorisation."),
    "training_unauthorised": _("Training is allowed without a signed authorisation."),
    "hosted_in_eu": _("%(provider)s, %(location)s; the evidence is valid until %(valid_until)s."),
    "hosted_outside_eu": _("%(provider)s, %(location)s: outside the European Economic Area."),
    "hosting_unproved": _("%(provider)s, %(location)s: without evidence."),
    "evidence_expired": _("%(provider)s, %(location)s: the evidence has expired (%(valid_until)s)."),
    "before_data_act": _("The Data Act does not bind it: it applies from %(since)s."),
}
_DAYS = frozenset({"since", "concluded_on", "valid_until"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line as people read it."""

    item: str
    severity: str
    said: str
    source: str
    violated: bool
    missing: bool


def lines(findings: Iterable[Finding]) -> list[Line]:
    """Say each finding: what it is about, how it stands, and why."""
    return [
        Line(
            item=str(ITEMS.get(one.item, one.item)),
            severity=str(labels.CLAUSE_SEVERITY[one.severity.value]),
            said=sentence(one),
            source=str(SOURCES.get(one.source, one.source)),
            violated=one.severity is ClauseSeverity.VIOLATED,
            missing=one.severity is ClauseSeverity.MISSING,
        )
        for one in findings
    ]


def violated(findings: Iterable[Finding]) -> list[str]:
    """Name what is violated."""
    return [str(ITEMS.get(one.item, one.item)) for one in findings if one.severity is ClauseSeverity.VIOLATED]


def sentence(finding: Finding) -> str:
    """Say why a finding stands as it does; an unknown code in its own words."""
    text = SENTENCES.get(finding.code)
    if text is None:
        return finding.code.replace("_", " ")
    return str(text) % {name: _said(name, value) for name, value in finding.params.items()}


def _said(name: str, value: Any) -> str:
    if name not in _DAYS:
        return str(value)
    return str(_("no day")) if value is None else formats.date_format(date.fromisoformat(value), "DATE_FORMAT")
