"""The record of processing on behalf of each client (Art. 30(2) GDPR), and its sub-processors and transfers."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Greatest

from accounts.models import Organization
from contracts.enums import ClauseCode, ContractStatus
from contracts.models import ContractClause, Term
from contracts.rules.clauses import EEA
from retention.models import ExternalStore
from retention.operations.audit_package.parts import Part, Row, in_batches, instant
from retention.policy import POLICY, STORES
from retention.policy.categories import CATEGORIES
from retention.policy.kinds import Role
from retention.rules.audit_package import Span
from retention.rules.processing import PROCESSING, SECURITY_MEASURES, outside

# Contracts that bound both sides at some time.
BOUND = [ContractStatus.SIGNED.value, ContractStatus.ACTIVE.value, ContractStatus.ENDED.value]
COLUMNS = (
    "organization",
    "controller",
    "controller_country",
    "controller_registration",
    "processor",
    "categories",
    "places",
    "sub_processors",
    "transfers",
    "training_allowed",
    "since",
    "until",
)


def part(span: Span, organization: Organization | None) -> Part:
    """Return a row for each client of the period; :func:`service` says what is the same for all of them."""
    clients = Organization.objects.filter(
        Q(closed_at__isnull=True) | Q(closed_at__gte=span.begins_at), created_at__lt=span.ends_at
    ).order_by("pk")
    if organization is not None:
        clients = clients.filter(pk=organization.pk)
    return Part("record-of-processing", COLUMNS, _rows(clients, span))


def service() -> dict[str, Any]:
    """Return what the record says of the vendor and the service: contacts, categories, retention, security."""
    own = [one for one in CATEGORIES if one.role is Role.PROCESSOR]
    return {
        "regulation": "Regulation (EU) 2016/679, Article 30(2)",
        "processor": {
            "name": settings.VENDOR_NAME,
            "contact": settings.VENDOR_CONTACT,
            "country": settings.VENDOR_COUNTRY,
            "data_protection_officer": settings.VENDOR_DPO,
        },
        "not_stated": [name for name in ("VENDOR_NAME", "VENDOR_CONTACT", "VENDOR_DPO") if not getattr(settings, name)],
        "categories": [
            {
                "category": one.code,
                "title": one.title,
                "processing": PROCESSING[one.code],
                "data_subjects": one.people,
                "tables": sorted(label for label, table in POLICY.items() if table.category is one),
                "stores": [store.name for store in STORES if store.category is one],
            }
            for one in own
        ],
        "retention": {
            "rule": "Erased on the client's instruction, else after its contract's end and retrieval period. A "
            "contract may have figures of its own for that period, and for within how many days after it.",
            "retrieval_days": settings.RETRIEVAL_DAYS,
            "erased_within_days": settings.ERASE_BY.days,
            "backups_expire_within_days": settings.BACKUP_HORIZON.days,
        },
        "security_measures": list(SECURITY_MEASURES),
    }


def _rows(clients: QuerySet[Organization], span: Span) -> Iterator[Row]:
    stores = _stores(span)
    categories = [one.code for one in CATEGORIES if one.role is Role.PROCESSOR]
    for batch in in_batches(clients):
        keys = [client.pk for client in batch]
        hosts, training = _hosts(keys, span), _training(keys, span)
        for client in batch:
            places = [*hosts.get(client.pk, []), *stores]
            yield {
                "organization": str(client.public_id),
                "controller": client.name,
                "controller_country": client.country,
                "controller_registration": client.registration_number,
                "processor": settings.VENDOR_NAME,
                "categories": categories,
                "places": places,
                "sub_processors": sorted({one["name"] for one in places if one["sub_processor"]}),
                # Where a location names no country, nobody has said that it is none.
                "transfers": [one for one in places if one["outside_eea"] is not False],
                "training_allowed": training.get(client.pk, False),
                "since": instant(client.created_at),
                "until": instant(client.closed_at),
            }


def _stated(code: ClauseCode, keys: list[int], span: Span) -> QuerySet[Any]:
    """Return what clients' contracts stated on a matter at any instant of the period; a draft binds nobody.

    A contract was signed here when its first term was certain (``signed_at``). ``over_at``: when it ended, if that was
    before the period. What was noted later only is among it.
    """
    first = Term.objects.filter(organization=OuterRef("organization"), contract=OuterRef("contract")).order_by("pk")
    rows = ContractClause.objects.annotate(signed_at=Subquery(first.values("certain_at")[:1])).filter(
        Q(superseded_at__isnull=True) | Q(superseded_at__gt=Greatest(span.begins_at, F("signed_at"))),
        signed_at__lt=span.ends_at,
    )
    over_at = Case(When(contract__ended_at__lte=span.begins_at, then=F("contract__ended_at")))
    stated: QuerySet[Any] = rows.filter(organization__in=keys, code=code, contract__status__in=BOUND).annotate(
        over_at=over_at
    )
    found: QuerySet[Any] = stated.order_by("pk")
    return found


def _hosts(keys: list[int], span: Span) -> dict[int, list[dict[str, Any]]]:
    """Return where clients' data were hosted in the period, and by whom, as their contracts state it.

    What a contract says first it says since it was signed, whenever that was noted. The host of one that had ended
    has what is not erased yet, unless another one named one as the period began.
    """
    earlier = ContractClause.objects.filter(
        organization=OuterRef("organization"),
        contract=OuterRef("contract"),
        code=OuterRef("code"),
        pk__lt=OuterRef("pk"),
    )
    noted = Q(recorded_at__lt=span.ends_at) | ~Exists(earlier)
    clauses = list(_stated(ClauseCode.HOSTING, keys, span).filter(noted))
    known: dict[int, datetime] = {}
    for clause in clauses:
        if clause.over_at or clause.signed_at <= span.begins_at:
            until = clause.over_at or span.ends_at
            known[clause.organization_id] = max(until, known.get(clause.organization_id, until))
    found: dict[int, list[dict[str, Any]]] = {}
    for clause in clauses:
        if clause.over_at and clause.over_at < known[clause.organization_id]:
            continue
        host = {
            "name": clause.value["provider"],
            "what": "hosting",
            "location": clause.value["location"],
            "outside_eea": outside(clause.value["location"], EEA),
            "evidence_valid_until": None if clause.valid_until is None else str(clause.valid_until),
            "sub_processor": True,
        }
        if host not in found.setdefault(clause.organization_id, []):
            found[clause.organization_id].append(host)
    return found


def _training(keys: list[int], span: Span) -> dict[int, bool]:
    rows = _stated(ClauseCode.TRAINING_ALLOWED, keys, span).filter(
        value=True, over_at__isnull=True, recorded_at__lt=span.ends_at
    )
    return dict.fromkeys(rows.values_list("organization_id", flat=True), True)


def _stores(span: Span) -> list[dict[str, Any]]:
    """Return the stores beyond the vault that erasures of the period emptied: they hold data of every client."""
    stood = Q(disabled_at__isnull=True) | Q(disabled_at__gte=span.begins_at)
    rows = ExternalStore.objects.filter(stood, created_at__lt=span.ends_at).order_by("position", "pk")
    return [
        {
            "name": row.processor or settings.VENDOR_NAME,
            "what": f"{row.code} ({row.kind}): {row.holds}",
            "location": row.location,
            "outside_eea": outside(row.location, EEA),
            "evidence_valid_until": None,
            "sub_processor": bool(row.processor),
        }
        for row in rows
    ]
