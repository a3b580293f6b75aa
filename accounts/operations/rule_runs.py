"""A look of a client's rule: whom it finds is warned; when the warning period is over it acts, or stops and asks."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.enums import FindingState, RuleAction, RuleMode, SuspensionReason
from accounts.errors import Refused
from accounts.models import AccessRule, LicensedUser, OutboxMessage, RuleFinding
from accounts.operations import access, audit, outbox, states
from accounts.operations.access_rules import close
from accounts.rules.licence_states import Act
from accounts.rules.shares import most

CHUNK = 500
ACTS = {RuleAction.RESTRICT: Act.RESTRICT, RuleAction.SUSPEND: Act.SUSPEND, RuleAction.SCHEDULE: Act.SCHEDULE}


class NotLooking(Refused):
    """The rule is off, or stopped, or another worker looks."""

    code = "access_rule_not_looking"


@transaction.atomic
def look(rule: AccessRule, *, now: datetime, by: str) -> AccessRule:
    """Find whom the rule means, let go of whom it means no more, and act on those whose warning period is over.

    An observing rule notes whom it would have touched. An enforced one that would touch more than its share at once
    touches nobody: it stops, and the client's administrators are asked. Again at the same instant changes nothing.

    :raises NotLooking: it is off, or stopped, or another worker looks. :raises OrganizationClosed: nobody is left.
    """
    rows = AccessRule.objects.looking().select_for_update(of=("self",), no_key=True, skip_locked=True)
    locked = rows.select_related("organization").filter(pk=rule.pk).first()
    if locked is None:
        raise NotLooking("The rule is off, or stopped, or another worker looks.")
    enforced = locked.mode == RuleMode.ENFORCED
    states.take_turns(locked.organization)
    cleared = _let_go(locked, now=now)
    if locked.evaluated_at is not None and not _open(locked).exists():
        locked.confirmed = None  # none of those for whom it was said is left
    found = _find(locked, enforced=enforced, now=now)
    ripe = _open(locked).filter(acts_at__lte=now)
    acted = _act(locked, ripe, now=now, by=by) if enforced else _note(ripe, now=now)
    locked.evaluated_at = now
    locked.save(update_fields=["mode", "stopped_at", "stopped_count", "confirmed", "evaluated_at"])
    if cleared or found or acted:
        data = {"found": found, "cleared": cleared, "acted": acted, "enforced": enforced}
        audit.record("access_rule.looked", locked, by=by, at=now, data=data)
    return locked


def _open(rule: AccessRule) -> QuerySet[RuleFinding]:
    return RuleFinding.objects.filter(organization=rule.organization_id, rule=rule, state=FindingState.OPEN)


def _let_go(rule: AccessRule, *, now: datetime) -> int:
    """Close the findings of those whom the rule means no more: they came back, moved, or were exempted."""
    meant = LicensedUser.objects.concerned_by(rule, at=now).order_by().values("pk")
    findings = RuleFinding.objects.filter(organization=rule.organization_id, rule=rule)
    return close(findings.exclude(licensed_user__in=meant), now=now)


def _find(rule: AccessRule, *, enforced: bool, now: datetime) -> int:
    """Note whom the rule means now, set-wise, and announce the warning where it is enforced. Return how many are new.

    What an observing rule noted once it does not note again before the person has been let go.
    """
    acts_at = now + timedelta(days=rule.warning_days)
    meant = LicensedUser.objects.concerned_by(rule, at=now).order_by().values("id")
    statement, parameters = meant.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_rulefinding "
            "(public_id, organization_id, rule_id, licensed_user_id, state, enforced, found_at, acts_at, code) "
            f"SELECT gen_random_uuid(), %s, %s, id, 'open', %s, %s, %s, '' FROM ({statement}) AS meant "
            "WHERE NOT EXISTS (SELECT FROM accounts_rulefinding f WHERE f.organization_id = %s AND f.rule_id = %s "
            "AND f.licensed_user_id = meant.id AND (f.state = 'open' OR (f.state = 'would_act' AND f.code = '')))",
            [rule.organization_id, rule.pk, enforced, now, acts_at, *parameters, rule.organization_id, rule.pk],
        )
        found: int = cursor.rowcount
    if found and enforced:
        outbox.publish("access_rule.found", rule, at=now, payload={"users": found, "acts_at": acts_at.isoformat()})
        if rule.warns_people and rule.warning_days:
            _warn(rule, now=now)
    return found


def _warn(rule: AccessRule, *, now: datetime) -> None:
    """Announce the warning of each who was found at this instant; the delivery writes to them."""
    rows = _open(rule).filter(found_at=now).order_by("pk").values_list("licensed_user__public_id", "acts_at")
    messages = [
        OutboxMessage(
            organization_id=rule.organization_id,
            topic="licensed_user.warned",
            subject_type="LicensedUser",
            subject_id=public_id,
            payload={"rule": str(rule.public_id), "action": rule.action, "acts_at": acts_at.isoformat()},
            occurred_at=now,
            next_attempt_at=now,
        )
        for public_id, acts_at in rows.iterator(chunk_size=2000)
    ]
    OutboxMessage.objects.bulk_create(messages, batch_size=2000)


def _hold(rule: AccessRule, ripe: QuerySet[RuleFinding], *, now: datetime) -> None:
    """Lock those whose time has come, and let go of who used the product meanwhile: a report takes no turn."""
    states.hold(rule.organization, ripe.values("licensed_user"))
    meant = LicensedUser.objects.concerned_by(rule, at=now).order_by().values("pk")
    close(ripe.exclude(licensed_user__in=meant), now=now)


def _note(ripe: QuerySet[RuleFinding], *, now: datetime) -> int:
    return ripe.update(state=FindingState.WOULD_ACT, closed_at=now)


def _act(rule: AccessRule, ripe: QuerySet[RuleFinding], *, now: datetime, by: str) -> int:
    """Do what the rule says to those whose time has come, or stop and ask."""
    _hold(rule, ripe, now=now)
    count = ripe.count()
    if not count:
        return 0
    organization = rule.organization
    limit = most(LicensedUser.objects.live().filter(organization=organization).count(), rule.most_percent)
    if count > max(limit, rule.confirmed or 0):
        rule.mode, rule.stopped_at, rule.stopped_count = RuleMode.STOPPED, now, count
        data = {"people": count, "limit": limit}
        audit.record("access_rule.stopped", rule, by=by, at=now, data=data)
        outbox.publish("access_rule.stopped", rule, at=now, payload=data)
        return 0
    rule.confirmed = None  # it was said for once
    act = ACTS[RuleAction(rule.action)]
    reason = SuspensionReason.CLIENT_RULE.value if act is Act.SUSPEND else ""
    wish = access.wish(act, organization, now=now, reason=reason)
    keys = list(ripe.order_by("pk").values_list("licensed_user_id", flat=True))
    done = 0
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        moved = states.move(organization, some, wish, now=now, by=by, source=rule.public_id)
        acted = ripe.filter(licensed_user__in=list(moved.done))
        done += acted.update(state=FindingState.ACTED, closed_at=now)
        for code in set(moved.refused.values()):
            refused = [pk for pk, why in moved.refused.items() if why == code]
            ripe.filter(licensed_user__in=refused).update(state=FindingState.REFUSED, code=code, closed_at=now)
    return done
