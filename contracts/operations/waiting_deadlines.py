"""What the deadlines of offers, quotes, prices, our own notices and the Loi Chatel depend on, for many contracts."""

from collections.abc import Sequence

from contracts.enums import ContractStatus, OfferState, OutgoingStatus, UpliftState
from contracts.models import Contract, OutgoingNotice, Quote, RenewalOffer, Uplift
from contracts.operations import quotes, reminding, stored
from contracts.rules import waiting_deadlines as rules
from contracts.rules.deadlines import Met, Wanted
from contracts.rules.status import BINDING
from contracts.rules.waiting_deadlines import Place

type Found = dict[int, list[Wanted | Met]]


def deadlines_of_offers(contracts: Sequence[Contract]) -> Found:
    """Return until when the offers of each contract can be accepted, by the contract's key, in one query."""
    by_key = _binding(contracts)
    found: Found = {}
    for offer in RenewalOffer.objects.seen_by_clients().filter(contract_id__in=by_key).order_by("pk"):
        found.setdefault(offer.contract_id, []).extend(
            rules.of_offer(
                _place(by_key[offer.contract_id]),
                offer=offer.public_id,
                number=offer.number,
                state=OfferState(offer.state),
                valid_until=offer.valid_until,
                closed_at=offer.closed_at,
            )
        )
    return found


def deadlines_of_quotes(contracts: Sequence[Contract]) -> Found:
    """Return until when the quotes that grant an exit can be accepted, by the contract's key, in one query."""
    by_key = _binding(contracts)
    found: Found = {}
    granting = Quote.objects.filter(ground__in=quotes.ACCEPTABLE, right_to_leave=True)
    for quote in granting.filter(contract_id__in=by_key).order_by("pk"):
        contract = by_key[quote.contract_id]
        found.setdefault(contract.pk, []).extend(
            rules.of_quote(
                _place(contract),
                quote=quote.public_id,
                valid_until=quote.valid_until,
                exit_on=quote.exit_on,
                ends_on=contract.ends_on,
                accepted_at=quote.accepted_at,
            )
        )
    return found


def deadlines_of_uplifts(contracts: Sequence[Contract]) -> Found:
    """Return until when the prices of next terms can be decided, by the contract's key, in one query."""
    by_key = _binding(contracts)
    found: Found = {}
    for uplift in Uplift.objects.filter(contract_id__in=by_key).order_by("pk"):
        contract = by_key[uplift.contract_id]
        found.setdefault(contract.pk, []).extend(
            rules.of_uplift(
                _place(contract),
                uplift=uplift.public_id,
                number=uplift.number,
                state=UpliftState(uplift.state),
                starts_on=uplift.starts_on,
                last_notice=contract.last_notice_on if contract.term_ends_on == uplift.starts_on else None,
                decided_at=uplift.decided_at,
            )
        )
    return found


def deadlines_of_outgoing(contracts: Sequence[Contract]) -> Found:
    """Return until when the vendor's own notices must be sent, by the contract's key, in one query."""
    by_key = _binding(contracts)
    found: Found = {}
    for outgoing in OutgoingNotice.objects.filter(contract_id__in=by_key).order_by("pk"):
        found.setdefault(outgoing.contract_id, []).extend(
            rules.of_outgoing(
                _place(by_key[outgoing.contract_id]),
                outgoing=outgoing.public_id,
                status=OutgoingStatus(outgoing.status),
                send_by=outgoing.send_by,
                sent_on=outgoing.sent_on,
                why=outgoing.why,
            )
        )
    return found


def deadlines_of_protected(contracts: Sequence[Contract]) -> Found:
    """Return until when the clients that the Loi Chatel protects must be reminded, by the contract's key."""
    running = {
        one.pk: one
        for one in contracts
        if one.status == ContractStatus.ACTIVE.value and one.ends_on is None and reminding.protected(one)
    }
    if not running:
        return {}
    since, told = reminding.signed_at(running.values()), reminding.chatel_told(running)
    found: Found = {}
    for contract in running.values():
        number = contract.term_number
        window = reminding.window(contract, stored.clause_of(contract), number)
        if window is not None and reminding.closed_here(contract, window, since=since.get(contract.pk)):
            found[contract.pk] = rules.of_reminder(
                _place(contract),
                contract=contract.public_id,
                number=number,
                window=window,
                told=[at for at, _day in told.get((contract.pk, number), ())],
            )
    return found


def _binding(contracts: Sequence[Contract]) -> dict[int, Contract]:
    """Return those under which something can still be agreed, by their keys."""
    return {one.pk: one for one in contracts if one.status in BINDING}


def _place(contract: Contract) -> Place:
    return Place(contract.organization.country, contract.time_zone)
