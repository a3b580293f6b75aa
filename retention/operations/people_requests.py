"""Requests about some of an organization's people while its contract goes on: opened, decided, refused.

For what is in the product the client is the controller (rulebook, section 6): its authorised contacts instruct, its
rules are instructions too; what the vendor's staff take down waits for the client's decision.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import Document, LicensedUser, Organization
from accounts.operations import audit, outbox, states
from accounts.rules import checks
from retention.enums import Decision, RefusalGround, RequestKind, RequestOrigin, RequestScope, RequestStatus
from retention.models import DeletionRequest, RequestSubject
from retention.operations import carrying_out, instructions, requests
from retention.operations import corrections as correcting
from retention.rules import corrections as correction_rules

MOST_PEOPLE = 10_000
NO_CORRECTION = FieldError("corrections", "not_for_this_kind", "Only a correction says what is right.")
# What there is a way to carry out.
KINDS = (RequestKind.ERASE, RequestKind.EXPORT, RequestKind.RESTRICT, RequestKind.CORRECT)


class PersonInRequest(Refused):
    """One of the people is in another open request of this kind."""

    code = "person_in_request"


class KindNotCarriedOut(Refused):
    """Nothing carries out requests of this kind yet, so none is taken."""

    code = "kind_not_carried_out"


@transaction.atomic
def open_for_people(
    organization: Organization,
    *,
    people: Collection[UUID] = (),
    department: str = "",
    kind: RequestKind = RequestKind.ERASE,
    origin: RequestOrigin = RequestOrigin.CLIENT,
    decided: bool,
    now: datetime,
    by: str,
    asked_by: str = "",
    note: str = "",
    proof: Document | None = None,
    corrections: Mapping[str, str] | None = None,
) -> DeletionRequest:
    """Ask for the erasure of these people, or of everybody who is in a department now; or for what else ``kind`` says.

    ``decided``: who asks may decide for the client (its authorised contacts, its rules); else the request waits for
    the client's decision. ``asked_by`` is who asks, where somebody else opens it. A restriction takes effect with the
    decision. The people are listed with the request at once: who joins the department later is not meant. A correction
    is about one person, and says by ``corrections`` which fields get which values (``retention/rules/corrections.py``),
    at the latest with the decision.

    :raises InvalidInput: neither people nor a department, or both; somebody unknown; a department without people.
    :raises PersonInRequest: one of them is in another open request of this kind.
    :raises KindNotCarriedOut: requests of this kind are not carried out.
    :raises states.OrganizationClosed: everything of this organization is being erased, or is erased.
    """
    refuse_other_kinds(kind)
    faults = checks.note("note", note)
    if bool(people) == bool(department):
        faults.append(FieldError("licensed_users", "people_or_department", "Name people, or a department, not both."))
    faults += _faults_of_kind(kind, people, department, corrections)
    if len(people) > MOST_PEOPLE:
        faults.append(
            FieldError(
                "licensed_users", "too_many", phrase("At most %(most)s people in one request.", most=MOST_PEOPLE)
            )
        )
    if faults:
        raise InvalidInput(faults)
    states.take_turns(organization)
    found = LicensedUser.objects.filter(organization=organization)
    chosen = found.filter(department=department) if department else found.filter(public_id__in=people)
    keys = dict(chosen.values_list("pk", "public_id"))
    unknown = len(set(people) - set(keys.values()))
    if unknown or not keys:
        name = "department" if department else "licensed_users"
        raise InvalidInput([FieldError(name, "unknown", "Nobody of this organization is meant by it.")])
    request = DeletionRequest.objects.create(
        organization=organization,
        kind=kind,
        scope=_scope(len(keys), department),
        department=department,
        origin=origin,
        status=RequestStatus.CONFIRMED if decided else RequestStatus.RECEIVED,
        requested_by=asked_by or by,
        received_at=now,
        confirmed_by=(asked_by or by) if decided else "",
        confirmed_at=now if decided else None,
        proof=proof,
        erase_from=now,
        erase_by=now + settings.ERASE_BY,
        # The data stay with the client and in its product: unless asked for, nothing need be handed over, no aggregate
        # be made.
        export_decision=Decision.PENDING if kind is RequestKind.EXPORT else Decision.DECLINED,
        archive_decision=Decision.DECLINED,
    )
    try:
        with transaction.atomic():
            RequestSubject.objects.bulk_create(
                RequestSubject(organization=organization, request=request, licensed_user_id=pk, kind=kind, added_at=now)
                for pk in sorted(keys)
            )
    except IntegrityError as error:
        raise PersonInRequest("One of these people is in another open request of this kind.") from error
    if corrections:
        correcting.seal(request, corrections, now=now)
    data: dict[str, Any] = {
        "kind": kind.value,
        "origin": origin.value,
        "scope": request.scope,
        "people": len(keys),
        "decided": decided,
        "proof": proof is not None,
    }
    detail = {"licensed_users": " ".join(map(str, keys.values()))} | ({"note": note} if note else {})
    if department:
        detail["department"] = department
    audit.record("deletion_request.opened", request, by=by, at=now, data=data, detail=detail)
    outbox.publish("deletion_request.opened", request, at=now, payload={"kind": kind.value, "scope": request.scope})
    if decided:
        carrying_out.at_once(request, now=now, by=by)
    return request


@transaction.atomic
def decide(
    request: DeletionRequest,
    *,
    now: datetime,
    by: str,
    for_client: bool,
    proof: Document | None = None,
    corrections: Mapping[str, str] | None = None,
) -> DeletionRequest:
    """Record that the client decided for the erasure, or what else was asked for.

    ``corrections`` are the values that the client decided on; without them those stand that were asked for.

    :raises InvalidInput: corrections of another kind of request, none at all, or wrong ones, by field.
    :raises instructions.ProofNeeded: the vendor's staff records it ``for_client``, and there is no proof.
    :raises KindNotCarriedOut: requests of this kind are not carried out.
    :raises requests.NobodyLeft: a restriction of people who are all erased, or are being erased.
    :raises requests.RequestNotInThatState: it was decided, or it is about the whole organization.
    """
    locked = requests.in_state(request, RequestStatus.RECEIVED)
    if locked.whole:
        raise requests.RequestNotInThatState("The end of the whole organization is confirmed, not decided.")
    refuse_other_kinds(RequestKind(locked.kind))
    if for_client:
        instructions.demand(proof)
    if corrections and locked.kind != RequestKind.CORRECT:
        raise InvalidInput([NO_CORRECTION])
    if corrections:
        correcting.seal(locked, corrections, now=now)
    locked.status = RequestStatus.CONFIRMED
    locked.confirmed_by, locked.confirmed_at = by, now
    locked.proof = proof or locked.proof
    locked.save(update_fields=["status", "confirmed_by", "confirmed_at", "proof"])
    data = {"kind": locked.kind, "proof": proof is not None}
    audit.record("deletion_request.decided", locked, by=by, at=now, data=data)
    outbox.publish("deletion_request.decided", locked, at=now, payload={"kind": locked.kind})
    carrying_out.at_once(locked, now=now, by=by)
    return locked


@transaction.atomic
def refuse(
    request: DeletionRequest,
    *,
    ground: RefusalGround,
    now: datetime,
    by: str,
    reason: str = "",
    for_client: bool = False,
    proof: Document | None = None,
) -> DeletionRequest:
    """Refuse a request, with its ground; it stays in the register. Its people may be in another one.

    ``for_client``: the vendor's staff record it. That the client decided against it is the client's word, and so is the
    end of what it decided on, but for an erasure that a law forbids: it binds the vendor too (Art. 28(3)(a) and (g)
    GDPR).

    :raises instructions.ProofNeeded: staff record what is the client's word, and there is no proof.
    :raises requests.RequestNotInThatState: keys are being destroyed, it is over, or it is about the whole organization:
        that is given up for a contract only.
    """
    if faults := checks.note("reason", reason):
        raise InvalidInput(faults)
    requests.let_run_go(request)
    locked = requests.in_state(request, *requests.CANCELLABLE)
    if locked.whole:
        raise requests.RequestNotInThatState("A departed client's erasure is given up for a contract only.")
    if for_client and _clients_word(locked, ground):
        instructions.demand(proof)
    requests.refuse_what_is_made(locked)
    requests.let_people_go(locked, now=now)
    locked.status, locked.refusal, locked.closed_at, locked.end_proof = RequestStatus.REFUSED, ground, now, proof
    locked.save(update_fields=["status", "refusal", "closed_at", "end_proof"])
    detail = {"reason": reason} if reason else None
    data = {"kind": locked.kind, "ground": ground.value}
    kept = {"proof": True} if proof is not None else {}
    audit.record("deletion_request.refused", locked, by=by, at=now, data=data | kept, detail=detail)
    outbox.publish("deletion_request.refused", locked, at=now, payload=data)
    return locked


def refuse_other_kinds(kind: RequestKind) -> None:
    """:raises KindNotCarriedOut: there is no way to carry out requests of this kind."""
    if kind not in KINDS:
        raise KindNotCarriedOut("Requests of this kind are not carried out.")


def _clients_word(request: DeletionRequest, ground: RefusalGround) -> bool:
    """Say whether only the client refuses the request on this ground."""
    forbidden = ground is RefusalGround.LEGAL_OBLIGATION and request.kind == RequestKind.ERASE
    return ground is RefusalGround.CLIENT_REFUSED or (request.confirmed_at is not None and not forbidden)


def _faults_of_kind(
    kind: RequestKind, people: Collection[UUID], department: str, corrections: Mapping[str, str] | None
) -> list[FieldError]:
    if kind is not RequestKind.CORRECT:
        return [NO_CORRECTION] if corrections else []
    faults = [] if corrections is None else correction_rules.faults(corrections)
    if department or len(set(people)) > 1:
        faults.append(FieldError("licensed_users", "one_person", "A correction is about one person."))
    return faults


def _scope(count: int, department: str) -> RequestScope:
    if department:
        return RequestScope.DEPARTMENT
    return RequestScope.PERSON if count == 1 else RequestScope.PEOPLE
