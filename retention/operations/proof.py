"""What a certificate and its addenda say: taken from the journal, the verifications, the policy. No personal data."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import AuditDetail, AuditEvent, AuditSeal, Document, OutboxMessage
from retention.enums import Decision, RequestOrigin, StoreKind
from retention.models import (
    AggregateArchive,
    DeletionRequest,
    ErasureRun,
    ErasureStep,
    ExternalStore,
    LegalHold,
    ManualErasure,
    Verification,
)
from retention.operations import others_content, outside
from retention.operations.outside import BEYOND
from retention.operations.stores import BY_NAME
from retention.policy import OF_ERASURES, POLICY, STORES, WORDS_OF_ERASURES, Basis, Fate, Kind, Store, Table
from retention.rules import levels
from retention.rules.checks import last_check
from retention.rules.restores import LEDGER

# The stores that are not rows which the verifier always looks into. Mails and logs it finds as files, or not at all.
LOOKED_INTO = frozenset({Kind.FILES, Kind.BROKER, Kind.CACHE})
# How it was done, as codes: what they say in words is on the paper (retention/papers.py).
METHOD = ("keys_destroyed", "rows_deleted_in_chunks", "everything_read_again", "exact_terms")
# What the verifier does not tell.
LIMITS = ("others_messages", "bare_names", "short_ids", "ids_outside_rows", "encoded_texts", "freed_pages")


def document(run: ErasureRun, request: DeletionRequest, check: Verification, *, now: datetime) -> dict[str, Any]:
    """Return what the certificate of a verified run says, without its name and signature."""
    not_searched = _not_searched(check)
    kept = {*check.searched.get("kept", []), *_about(run, request)}
    return {
        "issued_at": now.isoformat(),
        "provisional": True,
        "organization": str(run.organization.public_id),
        "request": _request(request),
        "method": list(METHOD),
        "keys": {
            "run": str(run.public_id),
            "destroyed": run.keys_destroyed or 0,
            "destroyed_at": _iso(run.keys_destroyed_at),
            "ledger_entry": run.ledger_digest,
        },
        "stores": _stores(run, check, not_searched=not_searched),
        "erased_at": _iso(run.erased_at),
        "holds_met": _holds(run),
        "archives": [
            {"name": archive.name, "sha256": archive.sha256}
            for archive in AggregateArchive.objects.filter(request=request).order_by("pk")
        ],
        "kept": [
            {"what": label, "basis": why.text, "period": None if why.period is None else str(why.period)}
            for label, table in sorted(POLICY.items())
            if label in kept
            for why in [_why_it_stays(label, table)]
        ],
        "others_content": None,
        "not_searched": {
            "ciphertext": check.searched.get("ciphertext", []),
            "columns": check.searched.get("exempt", []),
            "contents": check.searched.get("names_only", []),
            "folders": check.searched.get("unread", []),
            "not_distinctive_ids": check.searched.get("not_distinctive", 0),
            "stores": not_searched,
            "limits": list(LIMITS),
        },
        **_restored(run),
        **standing(run, now=now),
    }


def _restored(run: ErasureRun) -> dict[str, Any]:
    """Say that a restore brought back what had been erased, or its keys; nothing where none did.

    Whoever has a certificate of the same run from before holds the one that this takes the place of.
    """
    if run.replayed_at is None and run.keys_destroyed_again_at is None:
        return {}
    again = _iso(run.keys_destroyed_again_at)
    return {"restored": {"replayed_at": _iso(run.replayed_at), "keys_destroyed_again_at": again}}


def standing(run: ErasureRun, *, now: datetime) -> dict[str, Any]:
    """Return what changes with time: the verifications, what was accepted, the levels, the head of the trail.

    And what became of others' content, where any was searched or taken.
    """
    checks = list(Verification.objects.filter(run=run).order_by("pk"))
    seal = AuditSeal.objects.order_by("-position").first()
    others = others_content.said(run, run.request)
    return {
        **({} if others is None else {"others_content": others}),
        "verifications": [_check(one) for one in checks],
        "accepted": [
            {name: one[name] for name in ("place", "kind", "count", "ground", "accepted_at")} for one in run.accepted
        ],
        "levels": [level.to_json() for level in levels.levels(facts(run, checks), now=now)],
        "trail": None if seal is None else {"position": seal.position, "digest": seal.digest},
    }


def facts(run: ErasureRun, checks: list[Verification] | None = None) -> levels.Facts:
    """Return what the levels of a run follow from.

    :raises ValueError: its keys are not destroyed, or its rows not deleted.
    """
    if run.keys_destroyed_at is None or run.erased_at is None:
        raise ValueError("the run has not destroyed its keys, or has not emptied its stores")
    steps = list(ErasureStep.objects.filter(run=run).order_by("position"))
    looked = checks if checks is not None else list(Verification.objects.filter(run=run).order_by("pk"))
    # Exports have keys of their own: content was readable through them until the last was gone.
    gone = [step.finished_at for step in steps if step.store == "exports" and step.finished_at is not None]
    clean = None  # since the first look that passed after the last that did not
    for one in looked:
        if one.performed_at >= run.erased_at:
            clean = None if not one.passed else clean or one.performed_at
    return levels.Facts(
        keys_destroyed_at=run.keys_destroyed_at,
        keys_gone_at=run.keys_destroyed_again_at or run.keys_destroyed_at,
        exports_gone_at=max(gone, default=None),
        erased_at=run.erased_at,
        forgotten_at=run.forgotten_at if run.identifiers is None or run.completed_at is not None else None,
        forgotten_by=last_check(run.certified_at or run.erased_at),
        clean_at=clean,
        stores=tuple(
            levels.Store(
                vacuumed_at=step.vacuumed_at,
                vacuumed_how=step.vacuumed_how,
                held_by=step.held_by,
                rewritten_at=step.rewritten_at,
            )
            for step in steps
        ),
        key_cache=settings.DATA_KEY_CACHE,
        backup_horizon=settings.BACKUP_HORIZON,
        ledger_horizon=settings.LEDGER_BACKUP_HORIZON,
        model_window=settings.MODEL_VENDOR_WINDOW,
    )


def _why_it_stays(label: str, table: Table) -> Basis:
    """Return on what basis rows of a table stay. :raises ValueError: the policy names none."""
    if table.reason is not None:
        return table.reason
    if label == "accounts.AuditDetail":
        return WORDS_OF_ERASURES
    raise ValueError(f"{label} stays, and no basis says why")


def _request(request: DeletionRequest) -> dict[str, Any]:
    asked = {
        RequestOrigin.CONTRACT_END: "system",
        RequestOrigin.CLIENT: "client",
        RequestOrigin.CLIENT_RULE: "rule_of_the_client",
        RequestOrigin.SUBJECT: "person_concerned",
        RequestOrigin.SWITCHING: "switch",
        RequestOrigin.RESTORE: "ledger",
    }
    replayed = request.origin == RequestOrigin.RESTORE
    # What the ledger stands in for it knows no more of than that it was: neither when, nor by whom.
    approved = request.approved_by not in ("", LEDGER)
    confirmed = approved or request.confirmed_at != request.approved_at
    return {
        "id": str(request.public_id),
        "origin": request.origin,
        "asked_by": asked[RequestOrigin(request.origin)],
        "received_at": None if replayed else request.received_at.isoformat(),
        "scope": request.scope,
        "service_ended_on": None if replayed else _iso(request.service_ended_on),
        "retrieval_ended_on": None if replayed else _iso(request.retrieval_ends_on),
        "end_confirmed_at": _iso(request.confirmed_at) if confirmed else None,
        "approved_at": _iso(request.approved_at) if approved else None,
        "approved_by_another_person": (
            request.approved_by not in (request.requested_by, request.confirmed_by) if approved else None
        ),
        # Both were decided, or nothing would have been erased; what a restore lost is not made up.
        "export": _decided(request.export_decision, replayed=replayed),
        "archive": _decided(request.archive_decision, replayed=replayed),
    }


def _decided(decision: str, *, replayed: bool) -> str | None:
    return None if replayed or decision == Decision.PENDING else decision


def _stores(run: ErasureRun, check: Verification, *, not_searched: Sequence[str]) -> list[dict[str, Any]]:
    """Return each emptied store: before, erased, made anonymous, and what the verifier still found of it.

    What nobody counted is null: what is left where no program looked, and all of what people erased by hand.
    """
    by_hand, found = outside.by_hand(), []
    for step in ErasureStep.objects.filter(run=run).order_by("position"):
        table = getattr(BY_NAME.get(step.store), "table", step.store)
        place = table if table.startswith(BEYOND) else f"default.{table}" if table else step.store
        residual = [hit["count"] for hit in check.hits if f"{hit['place']}.".startswith(f"{place}.")]
        counted = step.store not in by_hand
        found.append(
            {
                "store": step.store,
                "before": step.found if counted else None,
                "erased": step.erased if counted else None,
                "anonymised": step.anonymised if counted else None,
                "residual": None if step.store in not_searched else sum(residual),
                "finished_at": _iso(step.finished_at),
            }
        )
    return found


def _not_searched(check: Verification) -> list[str]:
    """Return the stores that nobody looked into: by kind, and those that are configured by their code.

    Disabled ones, those added since the run was planned, those that were not asked. A store that is emptied by hand is
    attested, and not looked into either; looks from before count it among those that were asked.
    """
    asked = set(check.searched.get("beyond", []))
    stores = list(ExternalStore.objects.order_by("position", "pk").values_list("code", "kind"))
    known = {kind for code, kind in stores if f"{BEYOND}{code}" in asked and kind != StoreKind.MANUAL}
    searched = LOOKED_INTO | {Kind(kind) for kind in check.searched.get("as_files", [])}
    searched |= {Kind.OBJECT_STORAGE} if StoreKind.S3 in known else set()
    searched |= {Kind.EXTERNAL} if known - {StoreKind.S3} else set()
    left = [f"{BEYOND}{code}" for code, kind in stores if f"{BEYOND}{code}" not in asked or kind == StoreKind.MANUAL]
    # Files that have no folder have no name by which they could be looked into.
    return [store.name for store in STORES if store.kind not in searched or _nameless(store)] + left


def _nameless(store: Store) -> bool:
    return store.kind is Kind.FILES and not store.folders


def _about(run: ErasureRun, request: DeletionRequest) -> set[str]:
    """Return the tables in which rows about the erasure itself stay: what was asked, its run, its proofs, the trail.

    Of some people's erasure they are all that stays of it; the organization's other rows are about others.
    """
    asked = {"organization_id": run.organization_id}
    found = {"retention.DeletionRequest", "retention.ErasureRun", "retention.Certificate"}
    papers = _documented(DeletionRequest.objects.filter(pk=request.pk))
    for label, table in POLICY.items():
        model = apps.get_model(label)
        for field in model._meta.concrete_fields if table.rows is Fate.KEEP else ():
            if field.related_model in (DeletionRequest, ErasureRun):
                about = request if field.related_model is DeletionRequest else run
                rows = model._default_manager.filter(**asked, **{field.attname: about.pk})
                if rows.exists():
                    found.add(label)
                    papers = papers or _documented(rows)
    by_hand = ManualErasure.objects.filter(run=run.public_id)
    if papers or _documented(by_hand):
        found.add("accounts.Document")
    if by_hand.exists():
        found.add("retention.ManualErasure")
    if run.ledger_digest and run.ledger_purged_at is None:
        found.add("retention.ErasureEntry")
    if run.holds_met:
        found.add("retention.LegalHold")
    subjects = [request.public_id, run.public_id]
    events = AuditEvent.objects.filter(**asked)
    if events.filter(subject_id__in=subjects).exists():
        found.add("accounts.AuditEvent")
    words = AuditDetail.objects.filter(**asked, event_id=OuterRef("pk"))
    said = events if request.whole else events.filter(subject_id__in=[*subjects, run.organization.public_id])
    if said.filter(Exists(words), name__in=OF_ERASURES).exists():
        found.add("accounts.AuditDetail")
    if OutboxMessage.objects.filter(**asked, subject_id__in=subjects).exists():
        found.add("accounts.OutboxMessage")
    return found


def _documented(rows: QuerySet[Any]) -> bool:
    """Say whether any of the rows names a document: a proof of what somebody asked or decided, a protocol."""
    names = [field.attname for field in rows.model._meta.concrete_fields if field.related_model is Document]
    named = reduce(or_, (Q(**{f"{name}__isnull": False}) for name in names), Q(pk__in=[]))
    return rows.filter(named).exists()


def _check(check: Verification) -> dict[str, Any]:
    mails = ("mails_to_who_asked", "mails_to_others_of_address")
    extent = (
        "tables",
        "columns",
        "files",
        "broker_keys",
        *mails,
        "terms",
        "came_back",
        "beyond",
        "attested",
        "left_out",
        "unanswered",
    )
    return {
        "performed_at": check.performed_at.isoformat(),
        "passed": check.passed,
        "hits": len(check.hits),
        "searched": {name: check.searched[name] for name in extent if name in check.searched},
    }


def _holds(run: ErasureRun) -> list[dict[str, Any]]:
    """Return the holds that covered any of it, and were in force at any time since the request was received."""
    met = LegalHold.objects.filter(organization=run.organization_id, public_id__in=run.holds_met).order_by("pk")
    return [
        {
            "scope": hold.scope,
            "ground": hold.ground,
            "placed_at": hold.placed_at.isoformat(),
            "released_at": _iso(hold.released_at),
        }
        for hold in met
    ]


def _iso(at: date | None) -> str | None:
    return None if at is None else at.isoformat()
