"""The client's own rules: made to observe, enforced after a preview, stopped, confirmed, exempting."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts import tenancy
from accounts.enums import FindingState, RuleAction, RuleMode
from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import AccessRule, LicensedUser, Organization, RuleExemption, RuleFinding
from accounts.operations import actors, audit, outbox, states
from accounts.rules import checks
from accounts.rules.shares import most

FIELDS = (
    "name",
    "action",
    "inactive_days",
    "assignment_over",
    "departments",
    "statuses",
    "exempt_departments",
    "warning_days",
    "warns_people",
    "most_percent",
)
DEFAULTS: Mapping[str, Any] = {
    "inactive_days": None,
    "assignment_over": False,
    "departments": [],
    "statuses": ["active", "restricted"],
    "exempt_departments": [],
    "warning_days": 14,
    "warns_people": True,
    "most_percent": 10,
}
STATUSES = ["active", "restricted", "suspended"]
MOST_DEPARTMENTS = 500
PAST = "past"


class PreviewStale(Refused):
    """Not the same people as in the preview that was seen."""

    code = "preview_stale"


class NotInThatMode(Refused):
    """The rule's mode does not allow this."""

    code = "access_rule_not_in_that_mode"


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a rule would touch at an instant: how many of how many, how many it may, and a mark of exactly this set."""

    count: int
    population: int
    limit: int
    digest: str

    @property
    def too_many(self) -> bool:
        return self.count > self.limit


def check(values: Mapping[str, Any]) -> list[FieldError]:
    """Return every fault of a rule's fields."""
    faults = [
        *checks.text("name", values["name"]),
        *checks.one_of("action", values["action"], RuleAction.values),
        *_departments("departments", values["departments"]),
        *_departments("exempt_departments", values["exempt_departments"]),
    ]
    for name, least, largest in (("inactive_days", 1, 3660), ("warning_days", 0, 365), ("most_percent", 1, 100)):
        value = values[name]
        if value is not None and not least <= value <= largest:
            faults.append(
                FieldError(name, "out_of_range", phrase("From %(least)s to %(most)s.", least=least, most=largest))
            )
    if not values["statuses"]:
        faults.append(FieldError("statuses", "required", "Name at least one status."))
    faults += [fault for one in values["statuses"] for fault in checks.one_of("statuses", one, STATUSES)]
    if values["inactive_days"] is None and not values["assignment_over"] and not values["departments"]:
        message = phrase("Ask for inactivity, for the end of the assignment, or for departments.")
        faults.append(FieldError("inactive_days", "asks_nothing", message))
    return faults


@transaction.atomic
def create(organization: Organization, *, now: datetime, by: str, **values: Any) -> AccessRule:
    """Make a rule that observes. ``values`` are :data:`FIELDS`; those that are not given have :data:`DEFAULTS`.

    :raises InvalidInput: a field is wrong, or the rule asks nothing.
    """
    wanted = {**DEFAULTS, **values}
    if faults := check(wanted):
        raise InvalidInput(faults)
    rule = AccessRule.objects.create(organization=organization, created_at=now, created_by=by, **wanted)
    audit.record("access_rule.created", rule, by=by, at=now, data=_told(wanted))
    outbox.publish("access_rule.created", rule, at=now)
    return rule


@transaction.atomic
def change(rule: AccessRule, *, now: datetime, by: str, **values: Any) -> AccessRule:
    """Change a rule. It observes again: whom it would touch now, somebody must have seen. No change writes nothing.

    :raises InvalidInput: a field is wrong, or the rule asks nothing any more.
    """
    locked = _locked(rule)
    before = {name: getattr(locked, name) for name in FIELDS}
    wanted = {**before, **values}
    if faults := check(wanted):
        raise InvalidInput(faults)
    if wanted == before:
        return locked
    for name, value in wanted.items():
        setattr(locked, name, value)
    _to_mode(locked, RuleMode.OBSERVE, now=now)
    locked.save()
    audit.record("access_rule.changed", locked, by=by, at=now, data=_told(wanted))
    outbox.publish("access_rule.changed", locked, at=now)
    return locked


def preview(rule: AccessRule, *, at: datetime) -> Preview:
    """Say whom the rule would touch at an instant, without regard to its warning period. Nothing is loaded or written.

    The digest is made of the set by the database, whatever its size; another set has another.
    """
    found = LicensedUser.objects.concerned_by(rule, at=at).order_by().values("id")
    statement, parameters = found.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(bit_xor(hashint8extended(id, 7)), 0), "
            f"coalesce(sum(hashint8extended(id, 11)::numeric), 0) FROM ({statement}) AS found",
            parameters,
        )
        count, mixed, total = cursor.fetchone()
    population = LicensedUser.objects.live().filter(organization=rule.organization_id).count()
    digest = f"{count}-{mixed & (2**64 - 1):016x}-{int(total) & (2**64 - 1):016x}"
    return Preview(count, population, most(population, rule.most_percent), digest)


@transaction.atomic
def enforce(rule: AccessRule, *, digest: str, now: datetime, by: str) -> AccessRule:
    """Let an observing rule act, for just the people of the preview that was seen. Their warning period begins now.

    :raises NotInThatMode: it acts already, or waits for a confirmation.
    :raises PreviewStale: other people are concerned by now.
    """
    locked = _locked(rule)
    if locked.mode not in (RuleMode.OBSERVE, RuleMode.OFF):
        raise NotInThatMode("The rule is enforced already.")
    seen = _seen(locked, digest, now=now)
    _to_mode(locked, RuleMode.ENFORCED, now=now)
    locked.of_client_since = now if _is_the_clients(locked, by) else None
    if seen.too_many:  # whoever saw that many and enforces says yes to them, once
        locked.confirmed = seen.count
    locked.save()
    data = {"people": seen.count, "of": seen.population}
    audit.record("access_rule.enforced", locked, by=by, at=now, data=data)
    outbox.publish("access_rule.enforced", locked, at=now, payload=data)
    return locked


@transaction.atomic
def confirm(rule: AccessRule, *, digest: str, now: datetime, by: str) -> AccessRule:
    """Let a stopped rule go on for just the people of the preview that was seen, although they are many; once.

    :raises NotInThatMode: it did not stop. :raises PreviewStale: other people are concerned by now.
    """
    locked = _locked(rule)
    if locked.mode != RuleMode.STOPPED:
        raise NotInThatMode("The rule did not stop.")
    seen = _seen(locked, digest, now=now)
    locked.mode, locked.stopped_at, locked.stopped_count = RuleMode.ENFORCED, None, None
    locked.confirmed = seen.count
    locked.evaluated_at = None
    # What staff let go on is no longer the client's word alone.
    _mark_staffs_word(locked, by)
    locked.save()
    audit.record("access_rule.confirmed", locked, by=by, at=now, data={"people": seen.count})
    outbox.publish("access_rule.confirmed", locked, at=now)
    return locked


@transaction.atomic
def rest(rule: AccessRule, *, mode: RuleMode, now: datetime, by: str) -> AccessRule:
    """Let a rule only observe, or switch it off. Whom it has warned is let be.

    :raises NotInThatMode: it does that already. :raises ValueError: another mode.
    """
    if mode not in (RuleMode.OBSERVE, RuleMode.OFF):
        raise ValueError("mode: observe or off")
    locked = _locked(rule)
    if locked.mode == mode:
        raise NotInThatMode("The rule does that already.")
    _to_mode(locked, mode, now=now)
    locked.save()
    name = "access_rule.observes" if mode is RuleMode.OBSERVE else "access_rule.off"
    audit.record(name, locked, by=by, at=now)
    outbox.publish(name, locked, at=now)
    return locked


@transaction.atomic
def exempt(rule: AccessRule, user: LicensedUser, *, now: datetime, by: str) -> RuleExemption:
    """Let a rule never touch a person. :raises Refused: the person is exempt already (``exempt_already``)."""
    locked = _locked(rule)
    states.take_turns(locked.organization)
    found, made = RuleExemption.objects.get_or_create(
        organization_id=locked.organization_id,
        rule=locked,
        licensed_user=user,
        defaults={"created_at": now, "created_by": by},
    )
    if not made:
        raise Refused("The person is exempt already.", code="exempt_already")
    close(RuleFinding.objects.filter(rule=locked, licensed_user=user), now=now)
    audit.record("access_rule.exempted", locked, by=by, at=now, detail={"licensed_users": str(user.public_id)})
    return found


@transaction.atomic
def lift_exemption(exemption: RuleExemption, *, now: datetime, by: str) -> None:
    """Let a rule concern a person again. :raises Refused: it does already (``exemption_gone``)."""
    rule = _locked(exemption.rule)
    _mark_staffs_word(rule, by)
    rule.save(update_fields=["of_client_since"])
    count, _by_model = RuleExemption.objects.filter(pk=exemption.pk).delete()
    if not count:
        raise Refused("The exemption was lifted already.", code="exemption_gone")
    detail = {"licensed_users": str(exemption.licensed_user.public_id)}
    audit.record("access_rule.exemption_lifted", rule, by=by, at=now, detail=detail)


def close(findings: Any, *, now: datetime) -> int:
    """Close the open ones of some findings: they concern nobody any more. Return how many.

    What an observing rule noted stays noted, as past: the person can be noted again.
    """
    findings.filter(state=FindingState.WOULD_ACT, code="").update(code=PAST)
    closed: int = findings.filter(state=FindingState.OPEN).update(state=FindingState.CLEARED, closed_at=now)
    return closed


def _mark_staffs_word(rule: AccessRule, actor: str) -> None:
    """Let a rule count as the client's instruction no more, where somebody else lets it concern more people."""
    if not _is_the_clients(rule, actor):
        rule.of_client_since = None


def _is_the_clients(rule: AccessRule, actor: str) -> bool:
    with tenancy.vendor():
        return actors.is_of(rule.organization, actor)


def _to_mode(rule: AccessRule, mode: RuleMode, *, now: datetime) -> None:
    """Put a locked rule into a mode. Nobody is touched by what was found in another one: each is warned anew."""
    close(RuleFinding.objects.filter(organization=rule.organization_id, rule=rule), now=now)
    rule.mode = mode.value
    rule.enforced_at = now if mode is RuleMode.ENFORCED else None
    rule.of_client_since = None
    rule.stopped_at = rule.stopped_count = rule.confirmed = rule.evaluated_at = None


def _seen(rule: AccessRule, digest: str, *, now: datetime) -> Preview:
    found = preview(rule, at=now)
    if found.digest != digest:
        raise PreviewStale("Other people are concerned by now. Look at the preview again.", count=found.count)
    return found


def _locked(rule: AccessRule) -> AccessRule:
    return (
        AccessRule.objects.select_for_update(of=("self",), no_key=True).select_related("organization").get(pk=rule.pk)
    )


def _departments(field: str, values: list[str]) -> list[FieldError]:
    if len(values) > MOST_DEPARTMENTS:
        return [FieldError(field, "too_many", phrase("At most %(most)s departments.", most=MOST_DEPARTMENTS))]
    return [fault for one in values for fault in checks.text(field, one, longest=120)]


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the trail keeps of a rule: no names of departments, which may name a person."""
    said = {name: values[name] for name in FIELDS if name not in ("name", "departments", "exempt_departments")}
    return said | {"departments": len(values["departments"]), "exempt": len(values["exempt_departments"])}
