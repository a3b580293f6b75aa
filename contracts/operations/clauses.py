"""Clauses of a contract: recorded with their evidence, superseded by later ones, and held against the checklist."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.enums import DocumentKind
from accounts.errors import FieldError, InvalidInput
from accounts.models import Document
from accounts.operations import audit, outbox
from contracts import explain
from contracts.enums import ClauseCode
from contracts.models import Contract, ContractClause
from contracts.rules import clause_checklist, clauses, errors
from contracts.rules.clause_checklist import Clause, Facts, Finding


def evidence_kind(code: ClauseCode) -> DocumentKind:
    """Return as what the evidence of a clause is kept: training needs the client's authorisation (rulebook §6)."""
    return DocumentKind.AUTHORISATION if code is ClauseCode.TRAINING_ALLOWED else DocumentKind.CONTRACT


@transaction.atomic
def record(
    contract: Contract,
    *,
    code: ClauseCode,
    value: Any,
    now: datetime,
    by: str,
    evidence: Document | None = None,
    valid_until: date | None = None,
) -> ContractClause:
    """Record what a contract says on a matter; what was recorded before is superseded and kept.

    :raises InvalidInput: the value has not the clause's form, needs evidence, or a validity has none.
    """
    locked = Contract.objects.select_for_update(of=("self",), no_key=True).get(pk=contract.pk)
    try:
        clauses.check(code, value, evidenced=evidence is not None)
    except errors.InvalidInput as error:
        raise explain.bad_input(error) from error
    if valid_until is not None and evidence is None:
        raise InvalidInput([FieldError("evidence", "required", "Which evidence is valid until then?")])
    ContractClause.objects.filter(contract=locked, code=code.value, superseded_at__isnull=True).update(
        superseded_at=now
    )
    found = ContractClause.objects.create(
        organization_id=locked.organization_id,
        contract=locked,
        code=code.value,
        value=value,
        evidence=evidence,
        valid_until=valid_until,
        recorded_by=by,
        recorded_at=now,
    )
    data = {"clause": str(found.public_id), "code": code.value}
    audit.record("contract.clause_recorded", locked, by=by, at=now, data=data)
    outbox.publish("contract.clause_recorded", locked, at=now, payload=data)
    return found


def checklists(contracts: Iterable[Contract], *, on: date) -> dict[int, tuple[Finding, ...]]:
    """Return what each contract lacks or violates on a day, by its key, in one query for all their clauses.

    The categories of data that the service keeps are told by the settings: contracts know no other app's stores.
    """
    asked = list(contracts)
    said: defaultdict[int, dict[ClauseCode, Clause]] = defaultdict(dict)
    rows = ContractClause.objects.filter(contract_id__in=[one.pk for one in asked], superseded_at__isnull=True)
    for row in rows.values_list("contract_id", "code", "value", "evidence_id", "valid_until"):
        said[row[0]][ClauseCode(row[1])] = Clause(row[2], row[3] is not None, row[4])
    return {one.pk: clause_checklist.check(_facts(one, said[one.pk]), on=on) for one in asked}


def checklist(contract: Contract, *, on: date) -> tuple[Finding, ...]:
    """Return what one contract lacks or violates on a day."""
    return checklists([contract], on=on)[contract.pk]


def violating(*, on: date, most: int) -> list[tuple[Contract, tuple[Finding, ...]]]:
    """Return at most so many contracts in force that violate something on a day, the newest first, with the findings.

    The database picks those that may; the rule decides.
    """
    may = Contract.objects.in_doubt(on=on, kept=settings.EXPORTED_CATEGORIES)
    asked = list(may.select_related("organization").order_by("-pk")[: 20 * most])
    found = checklists(asked, on=on)
    return [(one, found[one.pk]) for one in asked if clause_checklist.violates(found[one.pk])][:most]


def _facts(contract: Contract, said: dict[ClauseCode, Clause]) -> Facts:
    return Facts(
        concluded_on=contract.concluded_on,
        ends_on=contract.ends_on,
        switching_notice_months=contract.switching_notice_months,
        retrieval_days=contract.retrieval_days,
        early_exit_rate=contract.early_exit_rate,
        early_exit_disclosed_on=contract.early_exit_disclosed_on,
        clauses=said,
        stored=frozenset(settings.EXPORTED_CATEGORIES),
    )
