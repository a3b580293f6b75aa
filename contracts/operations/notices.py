"""Notice: recorded, by staff with its proof, judged, and given its effect; withdrawn where both sides agree."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import Document
from accounts.operations import audit, outbox
from contracts import explain
from contracts.enums import NoticeChannel, NoticeEffect, NoticeKind, NoticeParty
from contracts.models import Contract, Notice
from contracts.operations import chatel, ends, locking, standing, stored
from contracts.rules import errors, periods, worth
from contracts.rules.notice import NoticeClause
from contracts.rules.status import BINDING


class NoticeStands(Refused):
    """This side has given notice already."""

    code = "notice_stands"


class NotUnderNotice(Refused):
    """There is no notice to withdraw, or it has taken effect."""

    code = "not_under_notice"


@transaction.atomic
def give(
    contract: Contract,
    *,
    kind: NoticeKind,
    party: NoticeParty,
    channel: NoticeChannel,
    sent_on: date,
    received_on: date | None,
    entitled: bool,
    now: datetime,
    by: str,
    proof: Document | None = None,
) -> Notice:
    """Record a notice and judge it. A late or premature one does not vanish: it takes effect later.

    One that was given in time but is recorded after the renewal voids the terms it prevented. One by a person who is
    not entitled is recorded and has no effect.

    :raises InvalidInput: a date is missing, in the future, or out of order.
    :raises NoticeStands: this side has given notice already. The other side's right to leave earlier stays.
    :raises Refused: the contract is not signed or active.
    """
    locked = _locked(contract)
    _check_days(locked, sent_on, received_on, now)
    clause = _clause(locked, sent_on, received_on)
    try:
        weighed = worth.weigh(
            clause,
            sent_on=sent_on,
            received_on=received_on,
            entitled=entitled,
            party=party,
            kind=kind,
            missed=chatel.missed(locked, on=clause.counts_from(sent_on, received_on)),
        )
    except errors.InvalidInput as error:
        raise explain.bad_input(error) from error
    judged, void_from = weighed.judged, weighed.void_from
    if judged.ends_on is not None and any(one.party == party.value for one in standing.notices_of(locked)):
        raise NoticeStands("This side has given notice already.")
    found = Notice.objects.create(
        organization_id=locked.organization_id,
        contract=locked,
        kind=kind.value,
        party=party.value,
        channel=channel.value,
        sent_on=sent_on,
        received_on=received_on,
        entitled=entitled,
        judgment=judged.judgment.value,
        ends_on=judged.ends_on,
        free_of_charge=weighed.free_of_charge,
        why=judged.explanation.to_json(),
        proof=proof,
        recorded_by=by,
        recorded_at=now,
    )
    if judged.ends_on is not None:
        counting = standing.standing_end(locked)
        until = judged.ends_on if counting is None else counting.ends_on
        ends.void_terms_from(locked, until if void_from is None else min(until, void_from), now=now)
        ends.apply(locked, now=now, by=by)
    data = {
        "notice": str(found.public_id),
        "judgment": found.judgment,
        "ends_on": judged.ends_on.isoformat() if judged.ends_on else None,
    }
    audit.record("contract.notice_given", locked, by=by, at=now, data=data)
    outbox.publish("contract.notice_given", locked, at=now, payload=data)
    return found


def give_for_client(
    contract: Contract,
    *,
    kind: NoticeKind,
    channel: NoticeChannel,
    sent_on: date,
    received_on: date | None,
    entitled: bool,
    proof: Document | None,
    now: datetime,
    by: str,
) -> Notice:
    """Record the notice of a client that came to the vendor's staff, with its proof. The vendor's own is drafted,
    approved by another person and sent: see :mod:`contracts.operations.outgoing`.

    :raises InvalidInput: the proof is missing, or as :func:`give` does.
    :raises NoticeStands, Refused: as :func:`give` does.
    """
    if proof is None:
        raise InvalidInput([FieldError("proof", "missing", "Add what the client sent: staff alone gives no notice.")])
    return give(
        contract,
        kind=kind,
        party=NoticeParty.CLIENT,
        channel=channel,
        sent_on=sent_on,
        received_on=received_on,
        entitled=entitled,
        proof=proof,
        now=now,
        by=by,
    )


def give_as_client(contract: Contract, *, kind: NoticeKind, now: datetime, by: str) -> Notice:
    """Record the notice that a member of the client gives here: through the portal, today, by somebody entitled.

    The day is the contract's local one; none of this is the client's to say, so no notice is backdated.

    :raises InvalidInput, NoticeStands, Refused: as :func:`give` does.
    """
    today = periods.local_day(now, contract.time_zone)
    return give(
        contract,
        kind=kind,
        party=NoticeParty.CLIENT,
        channel=NoticeChannel.PORTAL,
        sent_on=today,
        received_on=today,
        entitled=True,
        now=now,
        by=by,
    )


@transaction.atomic
def withdraw(
    contract: Contract,
    *,
    proof: Document | None,
    now: datetime,
    by: str,
    reason: str = "",
    named: Collection[Notice] = (),
) -> Contract:
    """Take back a notice before it takes effect, both sides agreeing. It is an act of its own.

    ``named`` says which; where one side's stands only, that one is meant. The trail names the proof of the agreement; a
    reason goes to its erasable part.

    :raises NotUnderNotice: none stands, one that is named does not, or the end has come.
    :raises InvalidInput: both sides' notices stand and none is named, or the proof of the agreement is missing.
    """
    locked = _locked(contract)
    found = {notice.pk: notice for notice in standing.notices_of(locked)}
    over = locked.ends_at is not None and locked.ends_at <= now
    if over or not found or any(notice.pk not in found for notice in named):
        raise NotUnderNotice("No notice stands that could be withdrawn.")
    faults = []
    if len(found) > 1 and not named:
        faults.append(FieldError("notices", "which_notice", "Both sides have given notice: say which is taken back."))
    if proof is None:
        faults.append(FieldError("proof", "missing", "Add what both sides agreed: one alone takes no notice back."))
    if faults or proof is None:
        raise InvalidInput(faults)
    chosen = [found[notice.pk] for notice in named] or list(found.values())
    Notice.objects.filter(pk__in=[notice.pk for notice in chosen]).update(withdrawn_at=now)
    ends.apply(locked, now=now, by=by, freed_at=now)
    data = {"notices": [str(notice.public_id) for notice in chosen]}
    detail = {"reason": reason} if reason else None
    evidence = {**data, "proof": str(proof.public_id)}
    audit.record("contract.notice_withdrawn", locked, by=by, at=now, data=evidence, detail=detail)
    outbox.publish("contract.notice_withdrawn", locked, at=now, payload=data)
    return locked


def _clause(contract: Contract, sent_on: date, received_on: date | None) -> NoticeClause:
    """Return the clause in force on the day that counts for the notice."""
    clause = stored.clause_of(contract, on=sent_on)
    if clause.effect is NoticeEffect.RECEIPT and received_on is not None and received_on > sent_on:
        return stored.clause_of(contract, on=received_on)
    return clause


def _locked(contract: Contract) -> Contract:
    return locking.locked(
        contract, *BINDING, refusal=phrase("Notice can be given of a signed or active contract only.")
    )


def _check_days(contract: Contract, sent_on: date, received_on: date | None, now: datetime) -> None:
    today = periods.local_day(now, contract.time_zone)
    faults = []
    for name, day in (("sent_on", sent_on), ("received_on", received_on)):
        if day is not None and day > today:
            faults.append(
                FieldError(name, "in_the_future", phrase("Today is %(today)s in the contract's zone.", today=today))
            )
    if sent_on < contract.concluded_on:
        faults.append(FieldError("sent_on", "before_the_contract", "The contract was not concluded yet."))
    if faults:
        raise InvalidInput(faults)
