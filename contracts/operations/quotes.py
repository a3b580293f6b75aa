"""Quotes: made and kept, shown to the client, accepted within their validity by one of two who try."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.db import transaction

from accounts.enums import DocumentKind
from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import Document
from accounts.operations import audit, documents, outbox
from contracts import explain, papers
from contracts.enums import NoticeParty, TerminationGround
from contracts.models import Contract, Quote
from contracts.operations import chatel, ends, locking, pricing, stored, switching_parts
from contracts.rules import checklist, errors, grounds, notice, quotes
from contracts.rules.days import ONE_DAY
from contracts.rules.periods import local_day
from contracts.rules.status import BINDING
from contracts.rules.switching import AfterSwitch

VALID_DAYS = 30
ACCEPTABLE = (TerminationGround.CONVENIENCE.value, TerminationGround.AGREEMENT.value)


class QuoteExpired(Refused):
    """The quote is no longer valid."""

    code = "quote_expired"


class QuoteOutdated(Refused):
    """Leaving on that day costs more by now, or is no longer possible."""

    code = "quote_outdated"


class QuoteNotAcceptable(Refused):
    """The quote informs only, was accepted already, or the contract ends before."""

    code = "quote_not_acceptable"


@transaction.atomic
def make(
    contract: Contract,
    *,
    exit_on: date,
    ground: TerminationGround | None,
    now: datetime,
    by: str,
    party: NoticeParty = NoticeParty.CLIENT,
    agreed: Decimal | None = None,
    switching_cost: Decimal | None = None,
    valid_until: date | None = None,
) -> Quote:
    """Make a quote and keep it. It is valid for 30 days unless said otherwise, and never beyond its exit.

    One that asks nothing because a notice may still be given is valid while one may: a quote gives no time that the
    notice clause does not.

    :raises InvalidInput: as :func:`pricing.compute` does; the side cannot leave on that ground; the exit or the
        validity lies in the past.
    :raises Refused: the contract is neither signed nor active.
    """
    locked = _locked(contract)
    if not grounds.may_declare(party, ground):
        raise InvalidInput([FieldError("party", "not_this_side", "This side cannot leave on that ground.")])
    today = local_day(now, locked.time_zone)
    found = pricing.compute(
        locked,
        exit_on=exit_on,
        ground=ground,
        party=party,
        on=today,
        agreed=agreed,
        switching_cost=switching_cost,
    )
    until = min(valid_until or today + timedelta(days=VALID_DAYS), exit_on)
    ends_then = locked.ends_on == exit_on + ONE_DAY  # no notice is needed to leave with the end that stands
    if found.on_notice and not ends_then:
        missed = chatel.missed(locked, on=today)
        clause = stored.clause_of(locked)
        until = min(until, quotes.last_notice_for(clause, on=today, exit_on=exit_on, missed=missed) or until)
    if until < today:
        raise InvalidInput([FieldError("valid_until", "in_the_past", phrase("Today is %(today)s.", today=today))])
    quote = Quote.objects.create(
        organization_id=locked.organization_id,
        contract=locked,
        ground="" if ground is None else ground.value,
        party=party.value,
        quoted_on=today,
        valid_until=until,
        exit_on=exit_on,
        remaining_days=found.remaining_days,
        penalty=found.penalty.amount,
        refund=found.refund.amount,
        total=found.total.amount,
        currency=locked.currency,
        agreed=agreed,
        right_to_leave=found.right_to_leave,
        blocked=found.blocked,
        flagged=found.flagged,
        lines=[_line(one) for one in found.lines],
        checklist=[_item(one) for one in _checklist(locked, found, until, on=today)],
        made_by=by,
        made_at=now,
    )
    stored.deadlines_changed(locked)
    audit.record("contract.quoted", locked, by=by, at=now, data=_data(quote))
    outbox.publish("contract.quoted", locked, at=now, payload=_data(quote))
    return quote


def make_as_client(
    contract: Contract, *, exit_on: date, ground: TerminationGround | None, now: datetime, by: str
) -> Quote:
    """Make the quote that a member of the client asks for: the client leaves, alone, at the contract's own price.

    :raises Refused: an agreement is the vendor's to offer, and the vendor declares the client's breach.
    :raises InvalidInput, Refused: as :func:`make` does.
    """
    if ground in (TerminationGround.AGREEMENT, TerminationGround.CLIENT_BREACH):
        raise Refused("Ask the vendor for a quote on this ground.", code="not_your_side")
    return make(contract, exit_on=exit_on, ground=ground, now=now, by=by)


@transaction.atomic
def accept(quote: Quote, *, now: datetime, by: str, for_client: bool = False, proof: Document | None = None) -> Quote:
    """Accept a quote: the contract ends on its exit date at the quoted price, and the statement lines say so.

    ``for_client`` says that the vendor's staff records the client's acceptance: that takes the client's document. Where
    a member of the client accepts here, the quote as it was told is kept as the proof.

    :raises QuoteExpired: its last day is over in the contract's zone.
    :raises QuoteOutdated: on its ground the contract grants no exit on that day any more, or a dearer one.
    :raises QuoteNotAcceptable: it informs only, it was accepted already, or the contract ends before.
    :raises Refused: no proof.
    """
    if for_client and proof is None:
        raise Refused("Staff records an acceptance with its proof only.", code="proof_needed")
    contract = _locked(quote.contract)
    locked = Quote.objects.select_for_update(of=("self",), no_key=True).get(pk=quote.pk)
    today = local_day(now, contract.time_zone)
    if locked.accepted_at is not None:
        raise QuoteNotAcceptable("The quote was accepted already.")
    if locked.ground not in ACCEPTABLE or not locked.right_to_leave:
        raise QuoteNotAcceptable("The quote informs only: it grants no exit.")
    if today > locked.valid_until:
        raise QuoteExpired(phrase("The quote was valid until %(until)s.", until=locked.valid_until))
    ground = TerminationGround(locked.ground)
    refuse_if_ending(contract, exit_on=locked.exit_on, ground=ground)
    again = pricing.compute(
        contract,
        exit_on=locked.exit_on,
        ground=ground,
        party=NoticeParty(locked.party),
        on=today,
        agreed=locked.agreed,
    )
    if not again.right_to_leave or again.penalty.amount > locked.penalty:
        raise QuoteOutdated("Leaving on that day costs more by now, or is no longer possible: ask for a new quote.")
    if proof is None:
        proof = documents.store(
            contract.organization,
            BytesIO(papers.quote(locked, contract, language=contract.organization.language)),
            kind=DocumentKind.OTHER,
            filename=f"quote-{locked.public_id}.pdf",
            content_type="application/pdf",
            now=now,
            by=by,
        )
    locked.accepted_at, locked.accepted_by = now, by
    locked.save(update_fields=["accepted_at", "accepted_by"])
    ends.declare(
        contract,
        ground=ground,
        party=NoticeParty(locked.party),
        declared_on=today,
        ends_on=locked.exit_on + ONE_DAY,
        penalty=locked.penalty,
        now=now,
        by=by,
        source=locked.public_id,
        why=explained(locked.lines),
        proof=proof,
    )
    audit.record("contract.quote_accepted", contract, by=by, at=now, data=_data(locked))
    outbox.publish("contract.quote_accepted", contract, at=now, payload=_data(locked))
    return locked


def refuse_if_ending(contract: Contract, *, exit_on: date, ground: TerminationGround) -> None:
    """:raises QuoteNotAcceptable: the contract ends on that day or before, or a termination on that ground stands."""
    if contract.ends_on is not None and contract.ends_on <= exit_on + ONE_DAY:
        raise QuoteNotAcceptable("The contract ends on that day or before.", code="ends_before")
    if contract.terminations.filter(ground=ground.value, withdrawn_at__isnull=True).exists():
        raise QuoteNotAcceptable("A termination on this ground stands.", code="termination_stands")


def explained(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the reasons of the line that costs most to a reader: the early-exit fee, or the fees that go on."""
    kinds = (quotes.LineKind.PENALTY.value, quotes.LineKind.FEES_TO_END.value)
    return next((dict(line["why"]) for line in lines if line["kind"] in kinds), {})


def _checklist(contract: Contract, found: quotes.Quote, until: date, *, on: date) -> tuple[checklist.Item, ...]:
    act_by: date | None = until
    if found.ground is None:
        clause = stored.clause_of(contract)
        deadline = notice.last_notice(clause, clause.term_at(found.exit_on))
        act_by = until if deadline is None else deadline.latest
    return checklist.leaving_checklist(
        exit_on=found.exit_on,
        act_by=act_by,
        penalty=found.penalty,
        refund=found.refund,
        retrieval_days=contract.retrieval_days,
        country=contract.organization.country,
        switch=_switch(contract, found, on=on),
    )


def _switch(contract: Contract, found: quotes.Quote, *, on: date) -> AfterSwitch | None:
    """Return what becomes of the data under a switch: the open one, or the one that the quote is about."""
    known = switching_parts.after_switches([contract.pk]).get(contract.pk)
    if known is not None or found.ground is not TerminationGround.SWITCHING:
        return known
    try:
        return switching_parts.after_a_switch(contract, on=on, exit_on=found.exit_on)
    except errors.InvalidInput as error:
        raise explain.bad_input(error) from error


def _line(line: quotes.Line) -> dict[str, Any]:
    return {
        "kind": line.kind.value,
        "amount": str(line.amount.amount),
        "counts": line.counts,
        "why": line.explanation.to_json(),
    }


def _item(item: checklist.Item) -> dict[str, Any]:
    return {
        "code": item.code.value,
        "on": None if item.on is None else item.on.isoformat(),
        "amount": None if item.amount is None else str(item.amount.amount),
        "why": {} if item.explanation is None else item.explanation.to_json(),
    }


def _data(quote: Quote) -> dict[str, Any]:
    return {
        "quote": str(quote.public_id),
        "exit_on": quote.exit_on.isoformat(),
        "ground": quote.ground,
        "valid_until": quote.valid_until.isoformat(),
    }


def _locked(contract: Contract) -> Contract:
    return locking.locked(contract, *BINDING, refusal=phrase("Only a signed or active contract can be left."))
