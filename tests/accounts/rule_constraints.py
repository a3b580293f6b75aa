"""What breaks the constraints of clients' rules and bulk work: an example for each."""

from datetime import timedelta

from accounts.models import AccessRule, BulkItem, BulkJob, RuleExemption, RuleFinding
from tests.accounts.licence_constraints import EARLIER, ID, NOW, a_person, an_organization


def a_rule(organization=None, **values):
    return AccessRule.objects.create(
        **{
            "organization": organization or an_organization(),
            "name": "Idle",
            "action": "suspend",
            "inactive_days": 90,
            "statuses": ["active"],
            "created_at": NOW,
            "created_by": "user:client",
            **values,
        }
    )


def a_finding(person=None, rule=None, **values):
    person = person or a_person(an_organization())
    rule = rule or a_rule(person.organization)
    times = {"enforced": False, "found_at": NOW, "acts_at": NOW}
    return RuleFinding.objects.create(
        **{"organization": person.organization, "rule": rule, "licensed_user": person, **times, **values}
    )


def an_exemption(person, rule, **values):
    known = {"organization": person.organization, "rule": rule, "licensed_user": person}
    return RuleExemption.objects.create(**known, created_at=NOW, created_by="user:client", **values)


def a_job(organization=None, **values):
    return BulkJob.objects.create(
        **{
            "organization": organization or an_organization(),
            "act": "suspend",
            "total": 2,
            "requested_by": "user:client",
            "created_at": NOW,
            **values,
        }
    )


def an_item(person=None, job=None, **values):
    person = person or a_person(an_organization())
    job = job or a_job(person.organization)
    return BulkItem.objects.create(organization=person.organization, job=job, licensed_user=person, **values)


def twice_of(make, **values):
    """Make two rows that share some values, each otherwise its own."""
    return lambda: (make(an_organization("1"), **values), make(an_organization("2"), **values))


ENFORCED = {"mode": "enforced", "enforced_at": NOW}
RULE_BREAKS = {
    "access_rule_mode_known": [lambda: a_rule(mode="sleep")],
    "access_rule_action_known": [lambda: a_rule(action="fly")],
    "access_rule_asks_something": [lambda: a_rule(inactive_days=None)],
    "access_rule_inactive_for_days": [lambda: a_rule(inactive_days=0), lambda: a_rule(inactive_days=3661)],
    "access_rule_statuses_it_may_touch": [
        lambda: a_rule(statuses=[]),
        lambda: a_rule(statuses=["active", "deleted"]),
    ],
    "access_rule_share_in_per_cent": [lambda: a_rule(most_percent=0), lambda: a_rule(most_percent=101)],
    "access_rule_warns_a_year_at_most": [lambda: a_rule(warning_days=366)],
    "access_rule_stopped_with_number": [
        lambda: a_rule(mode="stopped", enforced_at=NOW),
        lambda: a_rule(mode="stopped", enforced_at=NOW, stopped_at=NOW),
        lambda: a_rule(**ENFORCED, stopped_count=3),
    ],
    "access_rule_enforced_since": [lambda: a_rule(mode="enforced"), lambda: a_rule(enforced_at=NOW)],
    "access_rule_of_client_while_enforced": [
        lambda: a_rule(of_client_since=NOW),
        lambda: a_rule(**{**ENFORCED, "enforced_at": NOW + timedelta(days=1)}, of_client_since=NOW),
    ],
    "accounts_accessrule_public_id_key": [twice_of(a_rule, public_id=ID)],
    "rule_exemption_once": [
        lambda: [an_exemption(p, r) for p in [a_person(an_organization())] for r in [a_rule(p.organization)] * 2]
    ],
    "accounts_ruleexemption_public_id_key": [
        lambda: [
            an_exemption(person := a_person(an_organization(n)), a_rule(person.organization), public_id=ID)
            for n in ("1", "2")
        ]
    ],
    "rule_finding_open_once": [
        lambda: [a_finding(p, r) for p in [a_person(an_organization())] for r in [a_rule(p.organization)] * 2]
    ],
    "rule_finding_state_known": [lambda: a_finding(state="lost", closed_at=NOW)],
    "rule_finding_closed_with_instant": [lambda: a_finding(closed_at=NOW), lambda: a_finding(state="acted")],
    "rule_finding_before_it_acts": [lambda: a_finding(acts_at=EARLIER)],
    "accounts_rulefinding_public_id_key": [
        lambda: [a_finding(a_person(an_organization(n)), public_id=ID) for n in ("1", "2")]
    ],
    "bulk_job_act_known": [lambda: a_job(act="fly")],
    "bulk_job_state_known": [lambda: a_job(state="lost")],
    "bulk_job_counts_no_more_than_all": [lambda: a_job(done=2, refused=1)],
    "bulk_job_finished_with_all": [
        lambda: a_job(state="finished", finished_at=NOW, done=1),
        lambda: a_job(state="finished", done=2),
        lambda: a_job(finished_at=NOW),
    ],
    "bulk_job_taken_back_once": [
        lambda: [a_job(j.organization, undo_of=j) for j in [a_job(state="finished", finished_at=NOW, done=2)] * 2]
    ],
    "accounts_bulkjob_public_id_key": [twice_of(a_job, public_id=ID)],
    "bulk_item_once": [
        lambda: [an_item(p, j) for p in [a_person(an_organization())] for j in [a_job(p.organization)] * 2]
    ],
    "bulk_item_state_known": [lambda: an_item(state="lost")],
    "bulk_item_refused_with_reason": [lambda: an_item(state="refused"), lambda: an_item(code="why")],
    "accounts_bulkitem_public_id_key": [
        lambda: [an_item(a_person(an_organization(n)), public_id=ID) for n in ("1", "2")]
    ],
}
