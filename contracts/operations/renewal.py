"""Tacit renewal: first it becomes certain, then the new term starts. Each is recorded, each is announced."""

from datetime import date, datetime

from django.db import transaction

from accounts.errors import Refused
from accounts.operations import audit, outbox
from contracts.models import Contract, Term
from contracts.operations import amendments, ends, settling, statements, stored
from contracts.querysets import ContractQuerySet


class RenewalNotDue(Refused):
    """Nothing to renew: done already, under notice, or not yet midnight in the contract's zone."""

    code = "renewal_not_due"


@transaction.atomic
def make_certain(contract: Contract, *, ending: date, now: datetime, by: str) -> Term:
    """Record that the term that ends on ``ending`` will be followed by another: the last day for notice is over.

    :raises RenewalNotDue: it is recorded already, or the day is not over.
    """
    locked = _locked(Contract.objects.due_for_certainty(at=now), contract, ending)
    if locked.certain_at is not None:
        catch_up(locked, until=locked.certain_at, now=now, by=by)
    if locked.certain_at is None or locked.certain_at > now:
        raise RenewalNotDue("An amendment has moved this renewal.")
    term = _certain_term(locked, now=now, by=by)
    ends.reschedule(locked)
    locked.save(update_fields=[*stored.SCHEDULED])
    return term


@transaction.atomic
def renew(contract: Contract, *, ending: date, now: datetime, by: str) -> Contract:
    """Replace the term that ends on ``ending`` by the next one.

    The call names the very term it replaces, so a message delivered twice, or late, finds nothing to do.

    :raises RenewalNotDue: another term is running, a notice stands, or its last day is not over.
    """
    locked = _locked(Contract.objects.due_for_renewal(at=now), contract, ending)
    if locked.renews_at is not None:
        catch_up(locked, until=locked.renews_at, now=now, by=by)
    if locked.renews_at is None or locked.renews_at > now:
        raise RenewalNotDue("An amendment has moved this renewal.")
    following = locked.terms.filter(number=locked.term_number + 1, voided_at__isnull=True).first()
    if following is None:  # the service was down over the last day for notice: both are caught up here
        following = _certain_term(locked, now=now, by=by)
    following.started_at = locked.renews_at
    following.save(update_fields=["started_at"])
    statements.charge_term(locked, following, now=now, by=by)
    locked.term_number = following.number
    ends.reschedule(locked)
    locked.save(update_fields=[*stored.SCHEDULED])
    settling.keep(locked, now=now, by=by)
    data = {"number": following.number, "starts_on": ending.isoformat()}
    audit.record("contract.renewed", locked, by=by, at=now, data=data)
    if _is_news(locked, following.started_at):
        outbox.publish("contract.renewed", locked, at=now, payload=data)
    return locked


def catch_up(contract: Contract, *, until: datetime, now: datetime, by: str) -> None:
    """Apply to a locked contract the amendments that became valid until an instant, in the order in which it lived."""
    for amendment in contract.amendments.filter(applies_at__lte=min(until, now)).pending():
        if contract.certain_at is not None and contract.certain_at < amendment.applies_at:
            _certain_term(contract, now=now, by=by)
            ends.reschedule(contract)
            contract.save(update_fields=[*stored.SCHEDULED])
        amendments.apply_to(contract, amendment, now=now, by=by)


def _locked(due: ContractQuerySet, contract: Contract, ending: date) -> Contract:
    found = (
        due.filter(pk=contract.pk, term_ends_on=ending)
        .select_related("organization")
        .select_for_update(of=("self",), no_key=True)
        .first()
    )
    if found is None:
        raise RenewalNotDue("The renewal of this term is not due.")
    return found


def _certain_term(contract: Contract, *, now: datetime, by: str) -> Term:
    term = stored.new_term(contract, contract.term_number + 1)
    term.certain_at = contract.certain_at or contract.renews_at or now
    term.save(force_insert=True)
    data = {"number": term.number, "certain_at": term.certain_at.isoformat()}
    audit.record("contract.renewal_certain", contract, by=by, at=now, data=data)
    if _is_news(contract, term.certain_at):
        outbox.publish("contract.renewal_certain", contract, at=now, payload=data)
    return term


def _is_news(contract: Contract, instant: datetime | None) -> bool:
    """Say whether something happened after the contract was signed here: an old one that is taken over has a past."""
    signed_at = contract.terms.order_by("pk").values_list("certain_at", flat=True).first()
    return instant is None or signed_at is None or instant >= signed_at
