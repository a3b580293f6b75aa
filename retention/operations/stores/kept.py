"""What is kept on a basis, table by table, and when a row's period is over: derived from the policy and the models.

A row goes when its period is over and nothing refers to it any more, so what is kept longer keeps what it refers to:
a contract stays for as long as an invoice of it does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

from django.apps import apps
from django.db.models import ForeignKey, Model

from retention.policy import POLICY
from retention.policy.bases import ACCOUNTS, ANSWERED, CONTRACT_FILE, EVIDENCE, MEMBERS

# A contract whose period is over: since its last day of service, or since a draft that came to nothing was made.
_OVER = (
    "(({c}.status = 'ended' AND {c}.ends_on - 1 <= %(contract_day)s) "
    "OR ({c}.status = 'cancelled' AND {c}.created_at < %(contract_before)s))"
)
_OF_CONTRACT = (
    "EXISTS (SELECT 1 FROM contracts_contract c WHERE c.organization_id = t.organization_id "
    f"AND c.id = t.contract_id AND {_OVER.format(c='c')})"
)
_OF_CASE = (
    "EXISTS (SELECT 1 FROM contracts_switchingcase s JOIN contracts_contract c "
    "ON c.organization_id = s.organization_id AND c.id = s.contract_id "
    f"WHERE s.organization_id = t.organization_id AND s.id = t.case_id AND {_OVER.format(c='c')})"
)
# Of an organization as such: its content is erased, and none of its contracts is kept any more.
_OF_ORGANIZATION = (
    "EXISTS (SELECT 1 FROM accounts_organization o WHERE o.id = {own} AND o.closed_at < %(contract_before)s) "
    "AND NOT EXISTS (SELECT 1 FROM contracts_contract c WHERE c.organization_id = {own} "
    f"AND NOT {_OVER.format(c='c')})"
)
_RUN = "t.{key} IN (SELECT r.id FROM retention_erasurerun r WHERE r.organization_id = t.organization_id AND {over})"
# Not before its entry of the ledger is purged: without its run a restored database would be taken for an older one.
_RUN_OVER = (
    "(({r}.phase = 'complete' AND {r}.ledger_purged_at IS NOT NULL AND {r}.certified_at < %(evidence_before)s) "
    "OR ({r}.phase = 'cancelled' AND {r}.planned_at < %(evidence_before)s))"
)
_OF_RUN = _RUN.format(key="run_id", over=_RUN_OVER.format(r="r"))
# From which instant or day the period of accounting records and of evidence is counted.
ACCOUNTED: Mapping[str, str] = {
    "contracts.StatementLine": "t.due_on",
    "contracts.Payment": "t.paid_on",
    "contracts.Quote": "t.quoted_on",
}
PROVED: Mapping[str, str] = {
    "retention.DeletionRequest": "t.closed_at < %(evidence_before)s OR (t.closed_at IS NULL AND t.status = 'complete' "
    "AND t.erase_by < %(evidence_before)s)",
    "retention.ErasureRun": _RUN_OVER.format(r="t"),
    "retention.ErasureStep": _OF_RUN,
    "retention.Verification": _OF_RUN,
    "retention.Certificate": _OF_RUN,
    "retention.CertificateAddendum": "t.certificate_id IN (SELECT k.id FROM retention_certificate k "
    "JOIN retention_erasurerun r ON r.organization_id = k.organization_id AND r.id = k.run_id "
    f"WHERE k.organization_id = t.organization_id AND {_RUN_OVER.format(r='r')})",
    "retention.LegalHold": "t.released_at < %(evidence_before)s",
    "retention.MentionScan": "t.finished_at < %(evidence_before)s",
    "retention.ManualErasure": "t.attested_at < %(evidence_before)s",
    "retention.ArchiveAuthorization": "t.decided_at < %(evidence_before)s AND "
    + _OF_ORGANIZATION.format(own="t.organization_id"),
    "retention.RetentionRule": "t.ended_at < %(evidence_before)s",
    "retention.RetentionNight": "t.finished_at < %(evidence_before)s",
    "retention.NightBeyond": "t.finished_at < %(evidence_before)s",
    "retention.Vault": "t.state = 'destroyed' AND " + _OF_ORGANIZATION.format(own="t.organization_id"),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A table whose rows are kept on a basis with a period. ``goes``: the condition of rows (t) that go now."""

    label: str
    table: str
    key: str
    tenant: str
    goes: str


def over_condition(model: type[Model]) -> str:
    """Return when the period of a row of this table is over. :raises LookupError: it cannot be told."""
    label, basis = model._meta.label, POLICY[model._meta.label].reason
    names = {field.name for field in model._meta.concrete_fields}
    if label == "accounts.Organization":
        return _OF_ORGANIZATION.format(own="t.id")
    if label == "contracts.Contract":
        return _OVER.format(c="t")
    if basis is ACCOUNTS and label in ACCOUNTED:
        return f"EXTRACT(YEAR FROM {ACCOUNTED[label]}) <= %(account_year)s"
    if basis is ANSWERED and label == "retention.SubjectRequest":  # links and doubts went with the words
        return "t.purged_at IS NOT NULL AND t.closed_at < %(answered_before)s"
    if basis is EVIDENCE and label in PROVED:
        return PROVED[label]
    if basis is CONTRACT_FILE and "contract" in names:
        return _OF_CONTRACT
    if basis is CONTRACT_FILE and "case" in names:
        return _OF_CASE
    if basis in (CONTRACT_FILE, MEMBERS) and "organization" in names:
        return _OF_ORGANIZATION.format(own="t.organization_id")
    raise LookupError(f"{label}: say in retention/operations/stores/kept.py when its period is over")


# What goes with a client's data, and in a long collaboration five years after it was written at the latest: what was
# announced and to which programs, letters that were decided, the words beside the trail.
_LONG_AGO = {
    "accounts.WebhookDelivery": "t.state <> 'waiting' AND t.created_at < %(contract_before)s",
    "accounts.OutboxMessage": "t.recorded_at < %(contract_before)s AND t.fanned_out_at IS NOT NULL "
    "AND (t.delivered_at IS NOT NULL OR t.failed_at IS NOT NULL)",
    "contracts.Intake": "t.decided_at < %(contract_before)s",
    "accounts.AuditDetail": "EXISTS (SELECT 1 FROM accounts_auditevent e WHERE e.id = t.event_id "
    "AND e.organization_id = t.organization_id AND e.occurred_at < %(contract_before)s)",
}


# The same where it belongs to no client: what the vendor's staff did, what it announced, letters that were put away.
_OF_NOBODY = {
    "accounts.WebhookDelivery": _LONG_AGO["accounts.WebhookDelivery"],
    "accounts.OutboxMessage": _LONG_AGO["accounts.OutboxMessage"]
    + " AND NOT EXISTS (SELECT 1 FROM accounts_webhookdelivery p WHERE p.message_id = t.id)",
    "contracts.Intake": _LONG_AGO["contracts.Intake"],
    "accounts.AuditDetail": "EXISTS (SELECT 1 FROM accounts_auditevent e WHERE e.id = t.event_id "
    "AND e.organization_id IS NULL AND e.occurred_at < %(contract_before)s)",
}


def of_nobody() -> Iterator[Kept]:
    """Yield the tables of which the rows without a client end by a period, in the order in which they go."""
    for label, over in _OF_NOBODY.items():
        meta = apps.get_model(label)._meta
        assert meta.pk is not None
        goes = f"t.organization_id IS NULL AND ({over})"
        yield Kept(label, meta.db_table, str(meta.pk.column), "t.organization_id", goes)


@cache
def kept() -> tuple[Kept, ...]:
    """Return the tables that end by a period, what refers to a row before what it refers to."""
    return (*(_described(apps.get_model(label), over) for label, over in _LONG_AGO.items()), *_file())


def _file() -> tuple[Kept, ...]:
    models = [model for model in apps.get_models() if POLICY[model._meta.label].reason in _FILE and _of_client(model)]
    order: TopologicalSorter[type[Model]] = TopologicalSorter({model: set() for model in models})
    for model in models:
        for field in _keys_of(model):
            if field.related_model in models and field.related_model is not model:
                order.add(field.related_model, model)
    return tuple(_described(model, over_condition(model)) for model in order.static_order())


_FILE = (CONTRACT_FILE, ACCOUNTS, ANSWERED, EVIDENCE, MEMBERS)


def _of_client(model: type[Model]) -> bool:
    return model._meta.label == "accounts.Organization" or _has_tenant(model)


def _has_tenant(model: type[Model]) -> bool:
    return any(field.name == "organization" for field in model._meta.concrete_fields)


def _described(model: type[Model], over: str) -> Kept:
    """Say when a row goes: its period is over, and no row of any table refers to it."""
    assert model._meta.pk is not None
    own = str(model._meta.pk.column)
    conditions = [f"({over})"]
    for other in apps.get_models():
        for field in _keys_of(other):
            if field.related_model is model and other._meta.db_table not in _ELSEWHERE:
                tenant = field.name != "organization" and _has_tenant(other) and _has_tenant(model)
                same = " AND p.organization_id = t.organization_id" if tenant else ""
                conditions.append(
                    f"NOT EXISTS (SELECT 1 FROM {other._meta.db_table} p WHERE p.{field.column} = t.{own}{same})"
                )
    whole = model._meta.label == "accounts.Organization"
    return Kept(
        model._meta.label,
        model._meta.db_table,
        own,
        "t.id" if whole else "t.organization_id",
        " AND ".join(conditions),
    )


# In the ledger's database, where no key points here.
_ELSEWHERE = ("retention_datakey", "retention_erasureentry")


def _keys_of(model: type[Model]) -> Iterator[ForeignKey[Any, Any]]:
    return (field for field in model._meta.concrete_fields if isinstance(field, ForeignKey))
