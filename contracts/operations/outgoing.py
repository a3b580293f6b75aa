"""The vendor's own notices: drafted, approved by another person, sent with proof, received; or given up."""

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import Document
from accounts.operations import audit, outbox
from contracts import explain
from contracts.enums import NoticeChannel, NoticeEffect, NoticeKind, NoticeParty, OutgoingStatus
from contracts.models import Contract, OutgoingNotice
from contracts.operations import locking, notices, stored
from contracts.rules import errors, sending
from contracts.rules.days import ONE_DAY
from contracts.rules.periods import local_day
from contracts.rules.status import BINDING

DRAFT, APPROVED, SENT = OutgoingStatus.DRAFT, OutgoingStatus.APPROVED, OutgoingStatus.SENT


class NeedsAnotherPerson(Refused):
    """Who drafted a notice does not approve it."""

    code = "needs_another_person"


class OutgoingNotInThatState(Refused):
    """The notice has moved on: somebody was faster."""

    code = "outgoing_notice_not_in_that_state"


@transaction.atomic
def draft(
    contract: Contract,
    *,
    kind: NoticeKind,
    channel: NoticeChannel,
    last_day: date | None,
    now: datetime,
    by: str,
) -> OutgoingNotice:
    """Draft a notice that ends the contract with ``last_day``, and compute by when it must be sent.

    Without a day it is the first end that a notice sent today by this way still brings. One that can be sent in time no
    more is drafted all the same: it is shown as late.

    :raises InvalidInput: no notice of the vendor ends the contract on that day.
    :raises Refused: the contract is not signed or active, a notice of the vendor stands, or another draft is open.
    """
    locked = _locked_contract(contract)
    clause = stored.clause_of(locked)
    try:
        if last_day is None:
            today = max(local_day(now, locked.time_zone), locked.concluded_on)
            last_day = sending.earliest_end(clause, on=today, kind=kind, channel=channel)
        found = sending.send_by(clause, last_day=last_day, channel=channel)
    except errors.InvalidInput as error:
        field = "last_day" if error.field in ("date", "given_on") else error.field
        raise InvalidInput([FieldError(field, error.code, explain.said(error))]) from error
    standing = locked.notices.filter(withdrawn_at__isnull=True, ends_on__isnull=False, party=NoticeParty.VENDOR.value)
    if standing.exists():
        raise notices.NoticeStands("The vendor has given notice already.")
    try:
        with transaction.atomic():
            made = OutgoingNotice.objects.create(
                organization_id=locked.organization_id,
                contract=locked,
                kind=kind.value,
                channel=channel.value,
                ends_on=last_day + ONE_DAY,
                send_by=found.send_by,
                why=found.explanation.to_json(),
                drafted_by=by,
                drafted_at=now,
            )
    except IntegrityError as error:
        raise Refused("A notice of the vendor is being prepared already.", code="outgoing_notice_open") from error
    _tell("outgoing_notice.drafted", made, now=now, by=by, send_by=found.send_by.isoformat())
    return made


@transaction.atomic
def approve(outgoing: OutgoingNotice, *, now: datetime, by: str) -> OutgoingNotice:
    """Approve a draft, as another person than who wrote it.

    :raises NeedsAnotherPerson: it is one's own.
    :raises OutgoingNotInThatState: it is no draft any more.
    """
    locked = _locked(outgoing, DRAFT)
    if locked.drafted_by == by:
        raise NeedsAnotherPerson("Who drafted a notice does not approve it.")
    locked.status, locked.approved_by, locked.approved_at = APPROVED.value, by, now
    locked.save(update_fields=["status", "approved_by", "approved_at"])
    _tell("outgoing_notice.approved", locked, now=now, by=by)
    return locked


@transaction.atomic
def send(
    outgoing: OutgoingNotice,
    *,
    sent_on: date,
    proof: Document,
    received_on: date | None,
    now: datetime,
    by: str,
) -> OutgoingNotice:
    """Record that an approved notice was sent, with the proof of it.

    Where sending counts, or the receipt is known, it is given at once; else it is on its way until :func:`receive`.

    :raises InvalidInput: a day is to come or out of order.
    :raises OutgoingNotInThatState: it is not approved, or was sent already.
    :raises Refused: the contract is over, or a notice of the vendor stands.
    """
    locked = _locked(outgoing, APPROVED)
    today = local_day(now, locked.contract.time_zone)
    if not locked.contract.concluded_on <= sent_on <= today:
        raise InvalidInput([FieldError("sent_on", "out_of_range", "Between the contract's conclusion and today.")])
    locked.status, locked.sent_on, locked.proof = SENT.value, sent_on, proof
    locked.save(update_fields=["status", "sent_on", "proof"])
    _tell("outgoing_notice.sent", locked, now=now, by=by, sent_on=sent_on.isoformat())
    if received_on is not None or locked.contract.notice_effect == NoticeEffect.SENDING.value:
        return _give(locked, received_on=received_on, now=now, by=by)
    return locked


@transaction.atomic
def receive(outgoing: OutgoingNotice, *, received_on: date, now: datetime, by: str) -> OutgoingNotice:
    """Record when a notice that is on its way arrived: it is given, and judged by that day.

    :raises InvalidInput: the day is to come, or before the sending.
    :raises OutgoingNotInThatState: it is not on its way.
    :raises Refused: the contract is over, or a notice of the vendor stands.
    """
    return _give(_locked(outgoing, SENT), received_on=received_on, now=now, by=by)


@transaction.atomic
def cancel(outgoing: OutgoingNotice, *, now: datetime, by: str, reason: str = "") -> OutgoingNotice:
    """Give up a notice that was not given. A reason goes to the erasable part of the trail.

    One that was sent and did not arrive is given up with a reason; its sending and the proof of it stay.

    :raises InvalidInput: it was sent, and no reason is named.
    :raises OutgoingNotInThatState: it was given, or given up already.
    """
    locked = _locked(outgoing, DRAFT, APPROVED, SENT)
    if locked.status == SENT.value and not reason.strip():
        raise InvalidInput([FieldError("reason", "missing", "It was sent: say why it is given up.")])
    locked.status, locked.cancelled_at = OutgoingStatus.CANCELLED.value, now
    locked.save(update_fields=["status", "cancelled_at"])
    _tell("outgoing_notice.cancelled", locked, now=now, by=by, detail={"reason": reason} if reason else None)
    return locked


def _give(outgoing: OutgoingNotice, *, received_on: date | None, now: datetime, by: str) -> OutgoingNotice:
    if outgoing.sent_on is None:
        raise LookupError("a notice that was sent has its day")
    given = notices.give(
        outgoing.contract,
        kind=NoticeKind(outgoing.kind),
        party=NoticeParty.VENDOR,
        channel=NoticeChannel(outgoing.channel),
        sent_on=outgoing.sent_on,
        received_on=received_on,
        entitled=True,
        proof=outgoing.proof,
        now=now,
        by=by,
    )
    outgoing.status, outgoing.notice = OutgoingStatus.GIVEN.value, given
    outgoing.save(update_fields=["status", "notice"])
    _tell(
        "outgoing_notice.given",
        outgoing,
        now=now,
        by=by,
        notice=str(given.public_id),
        judgment=given.judgment,
        as_wanted=given.ends_on == outgoing.ends_on,
    )
    return outgoing


def _tell(
    name: str, outgoing: OutgoingNotice, *, now: datetime, by: str, detail: dict[str, str] | None = None, **data: Any
) -> None:
    facts = {"contract": str(outgoing.contract.public_id), **data}
    stored.deadlines_changed(outgoing.contract)
    audit.record(name, outgoing, by=by, at=now, data=facts, detail=detail, vendor_only=True)
    outbox.publish(name, outgoing, at=now, payload=facts)


def _locked_contract(contract: Contract) -> Contract:
    return locking.locked(
        contract, *BINDING, refusal=phrase("Notice can be given of a signed or active contract only.")
    )


def _locked(outgoing: OutgoingNotice, *states: OutgoingStatus) -> OutgoingNotice:
    """Lock the contract, then the notice: one order everywhere."""
    Contract.objects.select_for_update(of=("self",), no_key=True).get(pk=outgoing.contract_id)
    found = (
        OutgoingNotice.objects.select_for_update(of=("self",), no_key=True)
        .select_related("contract", "contract__organization", "proof")
        .filter(pk=outgoing.pk, status__in=[state.value for state in states])
        .first()
    )
    if found is None:
        raise OutgoingNotInThatState("The notice is not in a state that allows this.")
    return found
