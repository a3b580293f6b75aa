"""Retention rules: a client's instruction is drafted, seen, enforced by another person, ended or replaced."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import Document, Organization
from accounts.operations import audit, outbox, states
from contracts.enums import NoticeUnit
from contracts.rules.periods import local_day
from retention.enums import BeyondState, ContentCategory, HoldScope, LengthUnit, NightState, RuleEnd, RuleState
from retention.models import LegalHold, NightBeyond, RetentionNight, RetentionRule
from retention.models.lasting import PREVIEW_HOLDS
from retention.operations import instructions, reach, resting
from retention.operations.requests import SamePerson
from retention.operations.stores.aged import OF_CATEGORY, people_with
from retention.rules import lasting as rules
from retention.rules import minimums


class RuleNotInThatState(Refused):
    """The rule has moved on: another person, or another rule, was faster."""

    code = "retention_rule_not_in_that_state"


class PreviewStale(Refused):
    """What the rule would erase was looked at too long ago, or not at all."""

    code = "preview_stale"


class ContentLeftToErasure(Refused):
    """Everything of the organization is being erased, or is erased: no rule of the contract's time applies."""

    code = "content_left_to_erasure"


@transaction.atomic
def draft(
    organization: Organization,
    *,
    category: str,
    amount: int,
    unit: str,
    now: datetime,
    by: str,
    for_client: bool,
    proof: Document | None = None,
) -> RetentionRule:
    """Write down how long the client wants a category of its content to be kept. Nothing is erased by a draft.

    ``amount`` is in days or months, from each content's own local day.

    :raises InvalidInput: an unknown category or unit, a length below 1 or above a hundred years.
    :raises instructions.ProofNeeded: the vendor's staff records it ``for_client``, and there is no proof.
    :raises states.OrganizationClosed: everything of the organization is being erased, or is erased.
    """
    faults = []
    if category not in ContentCategory.values:
        allowed = ", ".join(ContentCategory.values)
        faults.append(FieldError("category", "unknown", phrase("One of: %(known)s.", known=allowed)))
    if unit not in rules.LONGEST:
        faults.append(FieldError("unit", "unknown", "One of: days, months."))
    elif fault := rules.fault_of(rules.Length(amount, NoticeUnit(unit))):
        faults.append(FieldError(fault.field, fault.code, _in_words(fault.code, unit)))
    if faults:
        raise InvalidInput(faults)
    if for_client:
        instructions.demand(proof)
    states.take_turns(organization)
    rule = RetentionRule.objects.create(
        organization=organization,
        category=category,
        amount=amount,
        unit=unit,
        drafted_by=by,
        drafted_at=now,
        proof=proof,
    )
    data = {"category": category, "amount": amount, "unit": unit, "proof": proof is not None}
    audit.record("retention_rule.drafted", rule, by=by, at=now, data=data)
    outbox.publish("retention_rule.drafted", rule, at=now, payload={"category": category})
    return rule


def _in_words(code: str, unit: str) -> str:
    """Say what is wrong with a length, by the rule's code."""
    if code == "too_short":
        return phrase("At least 1.")
    most = rules.LONGEST[NoticeUnit(unit)]
    if unit == LengthUnit.MONTHS:
        return phrase("At most %(most)s months.", most=most)
    return phrase("At most %(most)s days.", most=most)


def cutoff_of(rule: RetentionRule, *, now: datetime) -> rules.Cutoff:
    """Return what the rule would erase at an instant: of all lengths that apply, the longest wins."""
    held = LegalHold.objects.filter(organization=rule.organization_id, scope=HoldScope.ORGANIZATION).in_force()
    return rules.cutoff(_claims(rule, now), now=now, zone=rule.organization.time_zone, held=held.exists())


def may_go_from(occurred_at: datetime, rule: RetentionRule) -> datetime:
    """Return from when content of an instant goes by the rule, under the minimums of that day, if no hold keeps it."""
    found = rules.may_go_from(occurred_at, _claims(rule, occurred_at), zone=rule.organization.time_zone)
    assert found is not None  # no hold is asked about
    return found


def _claims(rule: RetentionRule, at: datetime) -> list[rules.Claim]:
    day = local_day(at, rule.organization.time_zone)
    return [
        rules.Claim(rules.Claimant.CLIENT_RULE, rules.Length(rule.amount, NoticeUnit(rule.unit))),
        *minimums.in_force(configured(), category=rule.category, on=day),
    ]


def configured() -> tuple[minimums.Minimum, ...]:
    """Return the minimums that are configured. :raises ValueError: an entry is not as it is to be."""
    return minimums.parsed(settings.CONTENT_MINIMUMS, frozenset(ContentCategory.values))


def weigh(rule: RetentionRule, *, now: datetime) -> dict[str, Any]:
    """Return what the rule would erase at an instant: numbers, instants and codes only, nobody's name.

    By store: how much goes, the oldest of it, and how much older content stays and why. Under a hold on the whole
    organization everything stays. ``beyond``: which stores beyond the vault the rule reaches, and which it does not.
    ``resting``: why nothing would go for all that (:func:`retention.operations.resting.of`); ``None``: nothing.
    """
    found = cutoff_of(rule, now=now)
    stores = OF_CATEGORY[rule.category]
    due = {store.name: store.due(rule.organization_id, before=found.before) for store in stores}
    return {
        "at": now.isoformat(),
        "cutoff": found.before.isoformat(),
        "winner": found.winner,
        "stores": {name: one.goes for name, one in due.items()},
        "oldest": {name: one.oldest.isoformat() for name, one in due.items() if one.oldest is not None},
        "left": {name: dict(one.left) for name, one in due.items() if one.left},
        "people": people_with(rule.organization_id, stores, before=found.before),
        "why": found.explanation.to_json(),
        "beyond": reach.of(rule.category),
        "resting": resting.of([rule.organization_id]).get(rule.organization_id),
    }


@transaction.atomic
def preview(rule: RetentionRule, *, now: datetime, by: str) -> RetentionRule:
    """Look at what the rule would erase now, and keep the numbers with it; it may be looked at again.

    :raises RuleNotInThatState: it is enforced, or ended.
    """
    locked = _in_state(rule, RuleState.DRAFTED, RuleState.PREVIEWED)
    locked.state = RuleState.PREVIEWED
    locked.preview = weigh(locked, now=now)
    locked.previewed_by, locked.previewed_at = by, now
    locked.save(update_fields=["state", "preview", "previewed_by", "previewed_at"])
    data = {name: locked.preview[name] for name in ("cutoff", "winner", "stores", "left", "people")}
    audit.record("retention_rule.previewed", locked, by=by, at=now, data=data)
    return locked


@transaction.atomic
def enforce(rule: RetentionRule, *, now: datetime, by: str) -> RetentionRule:
    """Let the rule erase from the next local midnight on. It replaces the one that was enforced for its category.

    :raises SamePerson: who drafted it enforces it.
    :raises PreviewStale: what it would erase was not looked at within the last day.
    :raises RuleNotInThatState: it is enforced or ended, or another rule is being enforced at this moment.
    :raises ContentLeftToErasure: everything of the organization is being erased, or is erased.
    """
    # One at a time for each client: two rules of one category would else wait for each other.
    Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=rule.organization_id)
    locked = _in_state(rule, RuleState.DRAFTED, RuleState.PREVIEWED)
    if by == locked.drafted_by:
        raise SamePerson("Another person must enforce it: you drafted this rule.")
    if locked.previewed_at is None or not locked.previewed_at <= now <= locked.previewed_at + PREVIEW_HOLDS:
        raise PreviewStale("Look at what it would erase first: a preview holds for a day.")
    if locked.organization.closed_at is not None:
        raise ContentLeftToErasure("Everything of this organization is being erased, or is erased.")
    earlier = RetentionRule.objects.enforced().filter(organization=locked.organization_id, category=locked.category)
    for one in earlier.select_for_update(of=("self",), no_key=True):
        _end(one, because=RuleEnd.REPLACED, now=now, by=by)
    locked.state = RuleState.ENFORCED
    locked.enforced_by, locked.enforced_at = by, now
    zone = locked.organization.time_zone
    locked.next_at = rules.night_after(local_day(now, zone), zone)
    locked.save(update_fields=["state", "enforced_by", "enforced_at", "next_at"])
    data = {"category": locked.category, "amount": locked.amount, "unit": locked.unit}
    payload = {**data, "from": locked.next_at.isoformat()}
    audit.record("retention_rule.enforced", locked, by=by, at=now, data=payload)
    outbox.publish("retention_rule.enforced", locked, at=now, payload=payload)
    return locked


@transaction.atomic
def end(
    rule: RetentionRule, *, now: datetime, by: str, for_client: bool, proof: Document | None = None
) -> RetentionRule:
    """End the rule; what stands is kept from now on. A draft is withdrawn by whoever may draft one.

    :raises instructions.ProofNeeded: the vendor's staff ends an enforced rule ``for_client``, and there is no proof.
    :raises RuleNotInThatState: it ended already.
    """
    locked = _in_state(rule, RuleState.DRAFTED, RuleState.PREVIEWED, RuleState.ENFORCED)
    enforced = locked.state == RuleState.ENFORCED
    if enforced and for_client:
        instructions.demand(proof)
    return _end(locked, because=RuleEnd.ENDED if enforced else RuleEnd.WITHDRAWN, now=now, by=by, proof=proof)


def end_with_everything(organization_id: int, *, now: datetime, by: str) -> None:
    """End all rules of an organization whose content is erased: none of them acts on a client that comes back.

    In the transaction that says so, by a caller who has the organization's row; drafts end, too. The client, which is
    none any more, gets no mail of it.
    """
    left = RetentionRule.objects.exclude(state=RuleState.ENDED).filter(organization=organization_id).order_by("pk")
    for rule in left.select_for_update(of=("self",), no_key=True):
        _end(rule, because=RuleEnd.ERASED, now=now, by=by)


def _end(
    rule: RetentionRule, *, because: RuleEnd, now: datetime, by: str, proof: Document | None = None
) -> RetentionRule:
    rule.state, rule.next_at = RuleState.ENDED, None
    rule.ended_by, rule.ended_at, rule.ended_because, rule.end_proof = by, now, because, proof
    rule.save(update_fields=["state", "next_at", "ended_by", "ended_at", "ended_because", "end_proof"])
    nights = RetentionNight.objects.filter(rule=rule, state=NightState.RUNNING)
    nights.update(state=NightState.INTERRUPTED, finished_at=now)
    beyond = NightBeyond.objects.filter(night__rule=rule, state=BeyondState.RUNNING)
    beyond.update(state=BeyondState.INTERRUPTED, finished_at=now, cursor="")
    data = {"because": because.value, "category": rule.category, "proof": proof is not None}
    audit.record("retention_rule.ended", rule, by=by, at=now, data=data)
    payload = {"because": because.value, "category": rule.category}
    outbox.publish("retention_rule.ended", rule, at=now, payload=payload | _silent(because))
    return rule


def _silent(because: RuleEnd) -> dict[str, bool]:
    return {"tells_client": False} if because is RuleEnd.ERASED else {}


def _in_state(rule: RetentionRule, *states: RuleState) -> RetentionRule:
    """Lock a rule that is in one of the states. :raises RuleNotInThatState: it is in another one."""
    found = (
        RetentionRule.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organization")
        .filter(pk=rule.pk, state__in=states)
        .first()
    )
    if found is None:
        raise RuleNotInThatState("The rule is not in a state that allows this.")
    return found
