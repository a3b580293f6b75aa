"""Clients' rules and bulk work in the admin: the whole way in pages, what was not seen is not done, bad input."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import sweeps, tenancy
from accounts.models import AccessRule, BulkJob, LicensedUser
from tests.accounts.parties import a_licence
from tests.admin.test_actions import buttons, fresh, page, said
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
RULES, JOBS = "admin:accounts_accessrule_add", "admin:accounts_bulkjob_add"
CONFIRMED = {"confirmed": "yes"}


def a_client(*names):
    organization = an_organization()
    a_licence(organization)
    people_of(organization, *names, status="active")
    return organization


def rule_of(organization, **values):
    asked = {
        "organization": organization.pk,
        "name": "Idle",
        "action": "suspend",
        "inactive_days": 30,
        "statuses": ["active", "restricted"],
        "warning_days": 0,
        "most_percent": 100,
    }
    return {**asked, **values, **CONFIRMED}


def job_of(organization, **values):
    return {"organization": organization.pk, "act": "suspend", "reason": "client_decision", **values, **CONFIRMED}


def the(model):
    with tenancy.vendor():
        return model.objects.get()


def digest_on(answer):
    return re.search(r'name="digest" value="([^"]+)"', answer.content.decode())[1]


def statuses():
    with tenancy.vendor():
        return dict(LicensedUser.objects.values_list("external_id", "status"))


def look():
    sweeps.look_by_rules(at=timezone.now(), by="system")


def test_a_rule_is_made_looked_at_enforced_and_acts(sign_in):
    organization = a_client("ann", "ben", "cyd")
    client = sign_in("client_administrator", organization)
    assert client.post(reverse(RULES), rule_of(organization)).status_code == 302
    rule = the(AccessRule)
    assert rule.mode == "observe" and {"enforce", "exempt", "switch-off"} <= buttons(client, rule)
    client.post(page(rule, "exempt"), {"external_id": "cyd", **CONFIRMED})
    look()
    assert set(statuses().values()) == {"active"}, "it only observes"
    asked = client.get(page(rule, "enforce"))
    shown = asked.content.decode()
    assert "2 of 3 people" in shown and "cyd" not in shown
    client.post(page(rule, "enforce"), {"digest": digest_on(asked), **CONFIRMED})
    look()
    assert statuses() == {"ann": "suspended", "ben": "suspended", "cyd": "active"}
    assert "Active, Restricted" in client.get(page(rule, "change")).content.decode()
    client.post(page(rule, "switch_off"), CONFIRMED)
    assert fresh(rule).mode == "off" and "switch-off" not in buttons(client, rule)


def test_whom_nobody_has_seen_it_does_not_touch(sign_in):
    organization = a_client("ann")
    client = sign_in("client_administrator", organization)
    client.post(reverse(RULES), rule_of(organization))
    rule = the(AccessRule)
    digest = digest_on(client.get(page(rule, "enforce")))
    people_of(organization, "ben", status="active")
    refused = client.post(page(rule, "enforce"), {"digest": digest, **CONFIRMED})
    assert refused.status_code == 200 and fresh(rule).mode == "observe"
    for wrong in ("", "0-0-0", "a\x00"):
        client.post(page(rule, "enforce"), {"digest": wrong, **CONFIRMED})
    assert fresh(rule).mode == "observe"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"inactive_days": ""}, "Ask for inactivity"),
        ({"inactive_days": "0"}, "greater than or equal to 1"),
        ({"name": "a\x00"}, "Null characters"),
        ({"name": "<b>"}, "HTML"),
        ({"statuses": []}, "required"),
        ({"statuses": ["deleted"]}, "deleted"),
        ({"most_percent": "101"}, "less than or equal to 100"),
        ({"organization": "0"}, "valid choice"),
    ],
)
def test_a_wrong_rule_is_shown_beside_its_field(values, words, sign_in):
    organization = a_client("ann")
    answer = sign_in("client_administrator", organization).post(reverse(RULES), {**rule_of(organization), **values})
    assert answer.status_code == 200 and words in answer.content.decode()
    with tenancy.vendor():
        assert not AccessRule.objects.exists()


def test_a_neighbour_is_neither_chosen_nor_exempted(sign_in):
    organization, other = a_client("ann"), a_client("zoe")
    client = sign_in("client_administrator", organization)
    assert "valid choice" in client.post(reverse(RULES), rule_of(other)).content.decode()
    assert "valid choice" in client.post(reverse(JOBS), job_of(other, external_ids="zoe")).content.decode()
    client.post(reverse(RULES), rule_of(organization))
    answer = client.post(page(the(AccessRule), "exempt"), {"external_id": "zoe", **CONFIRMED})
    assert "Nobody is licensed under this id." in answer.content.decode()


def test_many_are_suspended_as_one_job_that_is_followed_and_taken_back(sign_in):
    organization = a_client("ann", "ben", "cyd")
    client = sign_in("client_administrator", organization)
    asked = job_of(organization, external_ids="ann\nben\n")
    assert client.post(reverse(JOBS), asked).status_code == 302
    job = the(BulkJob)
    assert (job.state, job.total) == ("waiting", 2) and "undo" not in buttons(client, job)
    sweeps.work_in_bulk(at=timezone.now(), by="system")
    assert statuses() == {"ann": "suspended", "ben": "suspended", "cyd": "active"}
    assert "undo" in buttons(client, job)
    answer = client.post(page(job, "undo"), CONFIRMED, follow=True)
    assert "Taking back 1 job." in said(answer)
    sweeps.work_in_bulk(at=timezone.now(), by="system")
    assert set(statuses().values()) == {"active"}


def test_the_page_of_a_job_says_in_words_whom_it_did_not_change_and_why(sign_in):
    organization = a_client("ann", "ben")
    client = sign_in("client_administrator", organization)
    for ids in ("ann", "ann\nben"):
        client.post(reverse(JOBS), job_of(organization, external_ids=ids))
        sweeps.work_in_bulk(at=timezone.now(), by="system")
    with tenancy.vendor():
        job = BulkJob.objects.get(refused=1)
    text = client.get(reverse("admin:accounts_bulkjob_change", args=[job.pk])).content.decode()
    why = "The person&#x27;s state does not allow it"
    assert "<td>ann</td>" in text and why in text and "<td>ben</td>" not in text
    listed = reverse("admin:accounts_bulkitem_changelist")
    assert why in client.get(listed).content.decode()
    found = client.get(f"{listed}?code=licensed_user_not_in_that_state").context["cl"].result_list
    assert [item.licensed_user.external_id for item in found] == ["ann"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"external_ids": "nobody"}, "nobody"),
        ({}, ""),
        ({"external_ids": "ann", "reason": ""}, ""),
        ({"external_ids": "a\x00"}, "Null characters"),
        ({"external_ids": "ann", "until": "soon"}, "valid date"),
        ({"external_ids": "ann", "act": "erase"}, "erase"),
    ],
    ids=["unknown-person", "nobody-named", "no-reason", "null-byte", "no-instant", "unknown-act"],
)
def test_a_wrong_job_is_told_and_nobody_is_touched(values, words, sign_in):
    organization = a_client("ann")
    answer = sign_in("client_administrator", organization).post(reverse(JOBS), job_of(organization, **values))
    assert answer.status_code == 200 and words in answer.content.decode()
    assert answer.context["form"].errors
    with tenancy.vendor():
        assert not BulkJob.objects.exists()


def test_support_schedules_nobody_for_deletion(sign_in):
    organization = a_client("ann")
    answer = sign_in("support").post(
        reverse(JOBS), job_of(organization, act="schedule_deletion", reason="", external_ids="ann")
    )
    assert answer.status_code == 403
    with tenancy.vendor():
        assert not BulkJob.objects.exists()


def test_support_takes_no_deletions_back(sign_in):
    organization = a_client("ann")
    admin = sign_in("client_administrator", organization)
    admin.post(reverse(JOBS), job_of(organization, act="schedule_deletion", reason="", external_ids="ann"))
    sweeps.work_in_bulk(at=timezone.now(), by="system")
    job = the(BulkJob)
    assert sign_in("support").post(page(job, "undo"), CONFIRMED).status_code == 403
    assert admin.post(page(job, "undo"), CONFIRMED).status_code == 302
