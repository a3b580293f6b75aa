"""The client's own rules: they observe first, warn, act after the warning, and stop when they would touch too many."""

from datetime import timedelta

import pytest

from accounts import sweeps, tenancy
from accounts.enums import RuleMode
from accounts.errors import InvalidInput
from accounts.models import AccessRule, LicensedUser, Organization, OutboxMessage, RuleFinding
from accounts.operations import access, access_rules, activity, delivery, rule_runs
from accounts.operations.access_rules import NotInThatMode, PreviewStale
from accounts.rules.shares import most
from tests.accounts.clients_rules import ACTIVE, DAY, a_client, a_rule, act
from tests.accounts.parties import NOW, at_once
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def seen(rule, at=NOW):
    with tenancy.tenant(rule.organization_id):
        return access_rules.preview(rule, at=at)


def enforce(rule, at=NOW, by="user:client"):
    return act(rule, "enforce", digest=seen(rule, at).digest, now=at, by=by)


def look(at):
    return sweeps.look_by_rules(at=at, by="system")


def states(organization):
    with tenancy.vendor():
        return dict(LicensedUser.objects.filter(organization=organization).values_list("external_id", "status"))


def findings(rule):
    with tenancy.vendor():
        rows = RuleFinding.objects.filter(rule=rule).order_by("pk")
        return [(row.licensed_user.external_id, row.state) for row in rows.select_related("licensed_user")]


def fresh(rule):
    with tenancy.vendor():
        return AccessRule.objects.get(pk=rule.pk)


def topics(prefix="access_rule."):
    with tenancy.vendor():
        return list(
            OutboxMessage.objects.filter(topic__startswith=prefix).order_by("pk").values_list("topic", flat=True)
        )


# Observing, warning, acting.


def test_a_new_rule_notes_whom_it_would_touch_and_touches_nobody():
    organization, _people = a_client("ann", "ben")
    rule = a_rule(organization)
    assert rule.mode == RuleMode.OBSERVE
    assert look(NOW).done == 1
    assert look(NOW).done == 0
    assert findings(rule) == [("ann", "open"), ("ben", "open")]
    look(NOW + 14 * DAY)
    look(NOW + 20 * DAY)
    assert findings(rule) == [("ann", "would_act"), ("ben", "would_act")]
    assert set(states(organization).values()) == {"active"}
    assert topics("licensed_user.") == []


def test_an_enforced_rule_warns_and_acts_when_the_warning_period_is_over():
    organization, (ann, _ben) = a_client("ann", "ben")
    rule = enforce(a_rule(organization))
    look(NOW)
    assert topics("licensed_user.warned") == ["licensed_user.warned"] * 2
    with tenancy.tenant(organization.pk):
        activity.note(organization, [activity.Use("ben", NOW + DAY)], now=NOW + DAY, by="user:product")
    with tenancy.vendor():
        assert sweeps.rule_following(after=NOW + 13 * DAY + timedelta(hours=1)) is not None
    look(NOW + 14 * DAY - timedelta(seconds=1))
    assert set(states(organization).values()) == {"active"}
    look(NOW + 14 * DAY)
    assert states(organization) == {"ann": "suspended", "ben": "active"}
    assert findings(rule) == [("ann", "acted"), ("ben", "cleared")]
    with tenancy.vendor():
        found = LicensedUser.objects.get(external_id="ann")
        assert (found.suspension_reason, found.status_by) == ("client_rule", "system")
        assert ann.changes.get(act="suspend").source == rule.public_id


@pytest.mark.parametrize(
    ("action", "status"), [("restrict", "restricted"), ("suspend", "suspended"), ("schedule_deletion", "scheduled")]
)
def test_each_action_leads_to_its_state(action, status):
    organization, _people = a_client("ann")
    enforce(a_rule(organization, action=action, warning_days=0))
    look(NOW)
    assert states(organization) == {"ann": status}


def test_whoever_is_warned_gets_a_letter_in_the_organizations_language():
    organization, _people = a_client("ann")
    with tenancy.vendor():
        Organization.objects.filter(pk=organization.pk).update(language="fr")
    enforce(a_rule(organization))
    look(NOW)
    with tenancy.vendor():
        (letter,) = delivery.letters(OutboxMessage.objects.get(topic="licensed_user.warned"))
    assert letter.to == "ann@client.example"
    assert "15" in letter.body and "2026" in letter.body


# What must have been seen.


def test_enforcing_wants_the_people_of_the_preview_and_no_others():
    organization, _people = a_client("ann", "ben")
    rule = a_rule(organization)
    before = seen(rule)
    assert (before.count, before.population) == (2, 2)
    with tenancy.vendor():
        LicensedUser.objects.filter(external_id="ben").update(last_active_at=NOW)
    people_of(organization, "cyd", **ACTIVE)
    assert seen(rule).count == 2
    with pytest.raises(PreviewStale):
        act(rule, "enforce", digest=before.digest)
    assert fresh(rule).mode == RuleMode.OBSERVE
    assert enforce(rule).mode == RuleMode.ENFORCED
    with pytest.raises(NotInThatMode):
        enforce(rule)


def test_a_changed_rule_observes_again_and_those_whom_it_warned_are_let_be():
    organization, _people = a_client("ann")
    rule = enforce(a_rule(organization))
    look(NOW)
    assert act(rule, "change", warning_days=20).mode == RuleMode.OBSERVE
    assert findings(rule) == [("ann", "cleared")]
    look(NOW + 30 * DAY)
    assert states(organization) == {"ann": "active"}


def test_the_same_values_again_change_nothing():
    organization, _people = a_client("ann")
    rule = enforce(a_rule(organization))
    assert act(rule, "change", warning_days=14).mode == RuleMode.ENFORCED
    assert "access_rule.changed" not in topics()


@pytest.mark.parametrize("mode", [RuleMode.OBSERVE, RuleMode.OFF])
def test_a_rule_at_rest_touches_nobody(mode):
    organization, _people = a_client("ann")
    rule = enforce(a_rule(organization))
    look(NOW)
    act(rule, "rest", mode=mode)
    with pytest.raises(NotInThatMode):
        act(rule, "rest", mode=mode)
    look(NOW + 30 * DAY)
    assert states(organization) == {"ann": "active"}


# Too many at once.


@pytest.mark.parametrize(
    ("population", "percent", "expected"),
    [(0, 10, 1), (5, 10, 1), (10, 10, 1), (11, 10, 2), (100, 10, 10), (3, 100, 3)],
)
def test_the_share_is_rounded_up_and_never_nobody(population, percent, expected):
    assert most(population, percent) == expected


@pytest.mark.parametrize(("population", "percent"), [(1, 0), (1, 101), (-1, 10)])
def test_a_share_that_is_none_is_refused(population, percent):
    with pytest.raises(ValueError, match=r"percent|population"):
        most(population, percent)


def crowd(organization, count, **values):
    return people_of(organization, *(f"p{number}" for number in range(count)), **{**ACTIVE, **values})


def test_a_rule_that_would_touch_too_many_stops_and_asks_and_goes_on_when_somebody_says_so():
    organization, _people = a_client()
    crowd(organization, 10, last_active_at=NOW)
    rule = enforce(a_rule(organization, most_percent=20))
    look(NOW)
    later = NOW + 100 * DAY
    look(later)
    look(later + 14 * DAY)
    found = fresh(rule)
    assert (found.mode, found.stopped_count) == (RuleMode.STOPPED, 10)
    assert set(states(organization).values()) == {"active"} and "access_rule.stopped" in topics()
    assert look(later + 15 * DAY).done == 0
    with pytest.raises(PreviewStale):
        act(rule, "confirm", digest="10-0-0", now=later + 15 * DAY)
    act(rule, "confirm", digest=seen(rule, later + 15 * DAY).digest, now=later + 15 * DAY)
    look(later + 15 * DAY)
    assert set(states(organization).values()) == {"suspended"}
    assert (fresh(rule).mode, fresh(rule).confirmed) == (RuleMode.ENFORCED, None)


def test_who_enforces_a_rule_for_many_has_said_yes_to_those_whom_they_saw():
    organization, _people = a_client()
    crowd(organization, 10)
    rule = enforce(a_rule(organization, most_percent=20, warning_days=0))
    people_of(organization, "late", **ACTIVE)
    look(NOW)
    assert fresh(rule).mode == RuleMode.STOPPED
    assert set(states(organization).values()) == {"active"}


@pytest.mark.parametrize("left", [0, 1], ids=["all-came-back", "all-but-one-came-back"])
def test_a_yes_is_for_those_who_were_seen_and_not_kept_for_others(left):
    organization, _people = a_client()
    crowd(organization, 10)
    others = people_of(organization, *(f"q{number}" for number in range(10)), **ACTIVE, last_active_at=NOW)
    rule = enforce(a_rule(organization, most_percent=20, warning_days=1))
    look(NOW)
    assert (fresh(rule).confirmed, len(findings(rule))) == (10, 10)
    with tenancy.tenant(organization.pk):
        back = [activity.Use(f"p{number}", NOW + timedelta(hours=1)) for number in range(left, 10)]
        activity.note(organization, back, now=NOW + timedelta(hours=1), by="token:product")
    look(NOW + DAY)
    assert sum(status == "suspended" for status in states(organization).values()) == left
    look(NOW + 90 * DAY)
    look(NOW + 91 * DAY - timedelta(minutes=1))
    look(NOW + 91 * DAY)
    assert fresh(rule).mode == RuleMode.STOPPED
    assert not any(states(organization)[other.external_id] == "suspended" for other in others)


def test_a_confirmation_wants_a_rule_that_stopped():
    organization, _people = a_client("ann")
    rule = enforce(a_rule(organization))
    with pytest.raises(NotInThatMode):
        act(rule, "confirm", digest=seen(rule).digest)


# Bad input, and at once.


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"action": "fly"}, "action"),
        ({"inactive_days": 0}, "inactive_days"),
        ({"inactive_days": 3661}, "inactive_days"),
        ({"inactive_days": None}, "inactive_days"),
        ({"warning_days": 366}, "warning_days"),
        ({"most_percent": 0}, "most_percent"),
        ({"statuses": []}, "statuses"),
        ({"statuses": ["deleted"]}, "statuses"),
        ({"departments": ["a\x00"]}, "departments"),
        ({"exempt_departments": [""]}, "exempt_departments"),
        ({"departments": ["d"] * 501}, "departments"),
    ],
)
def test_a_wrong_rule_is_refused_by_field(values, field):
    organization, _people = a_client("ann")
    with pytest.raises(InvalidInput) as refused:
        a_rule(organization, **values)
    assert [error.field for error in refused.value.errors] == [field]
    with tenancy.vendor():
        assert not AccessRule.objects.exists()


def test_two_looks_at_once_find_warn_and_act_once():
    organization, _people = a_client("ann", "ben")
    rule = enforce(a_rule(organization, warning_days=0, warns_people=True))

    def one():
        with tenancy.vendor():
            return rule_runs.look(rule, now=NOW, by="system")

    at_once(one, one, one)
    assert findings(rule) == [("ann", "acted"), ("ben", "acted")]
    with tenancy.vendor():
        assert OutboxMessage.objects.filter(topic="licensed_user.suspended").count() == 2


def test_a_look_and_a_hand_at_once_change_a_person_once():
    organization, (ann,) = a_client("ann")
    rule = enforce(a_rule(organization, warning_days=0))

    def by_rule():
        with tenancy.vendor():
            return rule_runs.look(rule, now=NOW, by="system")

    def by_hand():
        with tenancy.tenant(organization.pk):
            return access.schedule_deletion(ann, now=NOW, by="user:client")

    at_once(by_rule, by_hand)
    assert states(organization) == {"ann": "scheduled"}
    with tenancy.vendor():
        assert ann.changes.filter(act="suspend").count() <= 1


def test_a_neighbour_sees_no_rule():
    organization, _people = a_client("ann")
    rule = a_rule(organization)
    with tenancy.tenant(an_organization().pk), pytest.raises(AccessRule.DoesNotExist):
        access_rules.enforce(rule, digest="x", now=NOW, by="user:neighbour")
