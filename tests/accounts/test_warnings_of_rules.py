"""Whom a rule warns, when, and of whom its share is a share: nobody twice, nobody unwarned, no neighbour counted."""

from datetime import timedelta

import pytest

from accounts import sweeps, tenancy
from accounts.enums import RuleMode
from accounts.errors import Refused
from accounts.models import AccessRule, LicensedUser, OutboxMessage, RuleExemption, RuleFinding
from accounts.operations import access_rules, activity, delivery
from tests.accounts.clients_rules import ACTIVE, DAY, a_client, a_rule, act
from tests.accounts.parties import NOW
from tests.retention.vaults import people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def enforce(rule, at=NOW):
    with tenancy.tenant(rule.organization_id):
        digest = access_rules.preview(rule, at=at).digest
    return act(rule, "enforce", digest=digest, now=at)


def look(at):
    return sweeps.look_by_rules(at=at, by="system")


def use(organization, external_id, at):
    with tenancy.tenant(organization.pk):
        activity.note(organization, [activity.Use(external_id, at)], now=at, by="token:product")


def findings(rule):
    with tenancy.vendor():
        rows = RuleFinding.objects.filter(rule=rule).order_by("pk")
        return [(row.licensed_user.external_id, row.state) for row in rows.select_related("licensed_user")]


def warned():
    """Return who was warned, in order, by external id."""
    with tenancy.vendor():
        told = OutboxMessage.objects.filter(topic="licensed_user.warned").order_by("pk")
        names = dict(LicensedUser.objects.values_list("public_id", "external_id"))
        return [names[who] for who in told.values_list("subject_id", flat=True)]


def states():
    with tenancy.vendor():
        return dict(LicensedUser.objects.values_list("external_id", "status"))


def fresh(rule):
    with tenancy.vendor():
        return AccessRule.objects.get(pk=rule.pk)


def test_who_came_back_and_left_again_is_warned_anew():
    organization, _people = a_client("ann")
    rule = enforce(a_rule(organization, inactive_days=5))
    look(NOW)
    use(organization, "ann", NOW + DAY)
    for day in (2, 4, 6):
        look(NOW + day * DAY)
    assert (findings(rule), warned()) == ([("ann", "cleared"), ("ann", "open")], ["ann", "ann"])
    look(NOW + 14 * DAY)
    assert states() == {"ann": "active"}
    look(NOW + 20 * DAY)
    assert states() == {"ann": "suspended"}


def test_a_warning_that_holds_no_more_by_the_time_it_is_sent_is_not_sent():
    organization, _people = a_client("ann", "ben", "cyd")
    rule = enforce(a_rule(organization))
    look(NOW)
    use(organization, "ben", NOW + DAY)
    look(NOW + DAY)
    with tenancy.vendor():
        messages = OutboxMessage.objects.filter(topic="licensed_user.warned").order_by("pk")
        assert [len(delivery.letters(message)) for message in messages] == [1, 0, 1]
    act(rule, "rest", mode=RuleMode.OFF)
    with tenancy.vendor():
        assert not [letter for message in messages for letter in delivery.letters(message)]


def test_an_observing_rule_notes_nobody_who_came_back_in_time():
    organization, _people = a_client("ann", "ben")
    rule = a_rule(organization)
    look(NOW)
    use(organization, "ben", NOW + DAY)
    look(NOW + 14 * DAY)
    assert findings(rule) == [("ann", "would_act"), ("ben", "cleared")]


def test_nobody_is_warned_again_because_another_is_found():
    organization, _people = a_client("ann")
    enforce(a_rule(organization))
    look(NOW)
    people_of(organization, "ben", **ACTIVE)
    look(NOW + DAY)
    assert warned() == ["ann", "ben"]


@pytest.mark.parametrize(
    "values", [{"warns_people": False}, {"warning_days": 0}], ids=["it-does-not-write", "there-is-no-time"]
)
def test_who_is_not_to_be_warned_is_not(values):
    organization, _people = a_client("ann")
    enforce(a_rule(organization, **values))
    look(NOW)
    assert warned() == []


@pytest.mark.parametrize(("living", "mode"), [(11, RuleMode.ENFORCED), (10, RuleMode.STOPPED)])
def test_the_share_is_one_of_the_living_people_of_this_client(living, mode):
    organization, _people = a_client("ann", "ben", last_active_at=NOW - 60 * DAY)
    people_of(organization, *(f"p{number}" for number in range(living - 2)), **ACTIVE, last_active_at=NOW)
    gone = {"status": "deleted", "delete_at": NOW, "deleted_at": NOW}
    people_of(organization, *(f"d{number}" for number in range(10)), **gone)
    a_client(*(f"z{number}" for number in range(10)), last_active_at=NOW)
    rule = enforce(a_rule(organization, most_percent=10, warning_days=0))
    assert fresh(rule).confirmed is None, "nobody was seen that is more than its share"
    with tenancy.tenant(organization.pk):
        seen = access_rules.preview(rule, at=NOW + 30 * DAY)
    assert (seen.count, seen.population, seen.too_many) == (2, living, mode is RuleMode.STOPPED)
    look(NOW + 30 * DAY)
    assert fresh(rule).mode == mode
    assert states()["ann"] == ("suspended" if mode is RuleMode.ENFORCED else "active")


def test_a_yes_ends_with_the_rule_that_it_was_given_to():
    organization, _people = a_client("ann", "ben", "cyd")
    rule = enforce(a_rule(organization, most_percent=10))
    look(NOW)
    assert fresh(rule).confirmed == 3
    act(rule, "rest", mode=RuleMode.OBSERVE)
    found = fresh(rule)
    assert (found.confirmed, found.evaluated_at) == (None, None)
    look(NOW + DAY)
    assert findings(rule) == [(name, state) for state in ("cleared", "open") for name in ("ann", "ben", "cyd")]


def test_a_rule_looks_once_a_day_and_when_a_time_of_warning_is_over():
    organization, _people = a_client("ann")
    rule = enforce(a_rule(organization, warning_days=14))
    look(NOW)
    for day in range(1, 14):
        assert look(NOW + day * DAY + timedelta(hours=3)).done == 1
        assert look(NOW + day * DAY + timedelta(hours=4)).done == 0
    with tenancy.vendor():
        assert sweeps.rule_following(after=NOW + 13 * DAY + timedelta(hours=4)) == NOW + 14 * DAY
    assert look(NOW + 14 * DAY).done == 1
    assert states() == {"ann": "suspended"}
    assert findings(rule) == [("ann", "acted")]


def test_an_exemption_lets_go_of_one_person_of_one_rule():
    organization, (ann, _ben) = a_client("ann", "ben")
    idle, other = a_rule(organization), a_rule(organization)
    look(NOW)
    exemption = act(idle, "exempt", ann)
    assert (findings(idle), findings(other)) == (
        [("ann", "cleared"), ("ben", "open")],
        [("ann", "open"), ("ben", "open")],
    )
    look(NOW + DAY)
    assert findings(other) == [("ann", "open"), ("ben", "open")]
    for code in ("", "exemption_gone"):
        with tenancy.tenant(organization.pk):
            lifted = RuleExemption(pk=exemption.pk, organization=organization, rule=idle, licensed_user=ann)
            if not code:
                access_rules.lift_exemption(lifted, now=NOW, by="user:client")
                continue
            with pytest.raises(Refused) as refused:
                access_rules.lift_exemption(lifted, now=NOW, by="user:client")
            assert refused.value.code == code
    look(NOW + 2 * DAY)
    assert findings(idle)[-1] == ("ann", "open")


@pytest.mark.parametrize(
    ("action", "values", "touched"),
    [
        ("restrict", {"status": "restricted", "features": ["read"]}, False),
        ("suspend", {"suspension_reason": "client_decision"}, False),
        ("suspend", {"suspension_reason": "licence_ended"}, True),
        ("schedule_deletion", {"suspension_reason": "client_decision"}, True),
    ],
)
def test_a_rule_means_whom_its_action_can_change(action, values, touched):
    state = values if "status" in values else {"status": "suspended", "suspended_at": NOW - 200 * DAY, **values}
    organization, (ann,) = a_client("ann", **state)
    rule = a_rule(organization, action=action, statuses=["active", "restricted", "suspended"], warning_days=0)
    with tenancy.tenant(organization.pk):
        assert access_rules.preview(rule, at=NOW).count == touched
    enforce(rule)
    look(NOW)
    with tenancy.vendor():
        assert [finding.state for finding in ann.findings.all()] == (["acted"] if touched else [])
