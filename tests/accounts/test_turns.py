"""Whoever writes people of one client takes turns, and nobody writes another client's, whatever the scope."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from accounts import tenancy
from accounts.enums import RuleMode
from accounts.models import BulkJob, LicensedUser
from accounts.operations import (
    access,
    access_rules,
    activity,
    bulk,
    licences,
    policies,
    processing,
    rule_runs,
    states,
    users,
)
from accounts.operations.bulk import Chosen
from accounts.rules.licence_states import Act, Wish
from tests.accounts.clients_rules import DAY, a_client, a_rule
from tests.accounts.clients_rules import act as by_rule
from tests.accounts.parties import NOW, a_licence
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
SUSPENDED = {"status": "suspended", "suspension_reason": "client_rule", "suspended_at": NOW}


class Beside:
    """Work by another thread, with a connection of its own."""

    def __init__(self, work):
        self._pool = ThreadPoolExecutor(1)
        self._done = self._pool.submit(self._run, work)

    @staticmethod
    def _run(work):
        try:
            with tenancy.vendor():
                return work()
        finally:
            connections.close_all()

    def waits(self):
        try:
            self._done.result(timeout=0.7)
        except TimeoutError:
            return True
        return False

    def result(self):
        found = self._done.result(timeout=30)
        self._pool.shutdown()
        return found


def new(name):
    return users.Person(name, f"{name}@client.example", name.title())


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda o, _ann, _rule: licences.align(o, now=NOW, by="system"), id="alignment"),
        pytest.param(lambda o, _ann, _rule: users.put(o, [new("zoe")], now=NOW, by="user:x"), id="new-people"),
        pytest.param(lambda _o, ann, _rule: access.reinstate(ann, now=NOW, by="user:x"), id="by-hand"),
        pytest.param(lambda o, _ann, _rule: access.end_suspensions(o, now=NOW, by="system"), id="ends-of-suspensions"),
        pytest.param(lambda _o, ann, _rule: processing.restrict(ann, now=NOW, by="user:x"), id="processing"),
        pytest.param(lambda o, _ann, _rule: policies.change(o, now=NOW, by="user:x", keep_seconds=1), id="terms"),
        pytest.param(
            lambda o, _ann, _rule: bulk.request(o, Act.REINSTATE, Chosen(["ann"]), now=NOW, by="user:x"), id="bulk"
        ),
        pytest.param(lambda _o, _ann, rule: rule_runs.look(rule, now=NOW, by="system"), id="a-rule-that-observes"),
        pytest.param(lambda _o, ann, rule: access_rules.exempt(rule, ann, now=NOW, by="user:x"), id="exemption"),
    ],
)
def test_who_comes_second_waits_and_nobody_of_another_client_does(write):
    organization, (ann,) = a_client("ann", **SUSPENDED)
    other, (zoe,) = a_client("ann", **SUSPENDED)
    rules = a_rule(organization), a_rule(other)
    with tenancy.vendor():
        states.take_turns(organization)
        assert not Beside(lambda: write(other, zoe, rules[1])).waits()
        second = Beside(lambda: write(organization, ann, rules[0]))
        assert second.waits()
    second.result()


def test_who_comes_second_finds_the_seat_taken():
    organization = an_organization()
    a_licence(organization, seats=1)
    (ann,) = people_of(organization, "ann", **SUSPENDED)
    people_of(organization, "ben", status="invited")
    with tenancy.vendor():
        access.reinstate(ann, now=NOW, by="user:client")
        aligned = Beside(lambda: licences.align(organization, now=NOW, by="system"))
        added = Beside(lambda: users.put(organization, [new("zoe")], now=NOW, by="user:client"))
        assert aligned.waits() and added.waits()
    aligned.result()
    added.result()
    with tenancy.vendor():
        assert [user.external_id for user in LicensedUser.objects.seated()] == ["ann"]


@pytest.mark.parametrize("warning_days", [0, 14])
def test_who_uses_the_product_just_as_a_rule_acts_is_let_be(warning_days):
    organization, (ann,) = a_client("ann")
    rule = a_rule(organization, warning_days=warning_days)
    with tenancy.tenant(organization.pk):
        digest = access_rules.preview(rule, at=NOW).digest
    by_rule(rule, "enforce", digest=digest)
    later = NOW + timedelta(days=warning_days)
    if warning_days:
        with tenancy.vendor():
            rule_runs.look(rule, now=NOW, by="system")
    with tenancy.tenant(organization.pk):
        activity.note(organization, [activity.Use("ann", later)], now=later, by="token:product")
        looking = Beside(lambda: rule_runs.look(rule, now=later, by="system"))
        assert looking.waits()
    looking.result()
    with tenancy.vendor():
        ann.refresh_from_db()
        assert (ann.status, [finding.state for finding in ann.findings.all()]) == ("active", ["cleared"])


def test_who_enforces_a_rule_second_finds_it_enforced():
    organization, _people = a_client("ann")
    rule = a_rule(organization)
    with tenancy.vendor():
        digest = access_rules.preview(rule, at=NOW).digest
        access_rules.enforce(rule, digest=digest, now=NOW, by="user:client")
        second = Beside(lambda: access_rules.enforce(rule, digest=digest, now=NOW, by="user:other"))
        assert second.waits()
    with pytest.raises(access_rules.NotInThatMode):
        second.result()


def test_a_rule_that_is_just_switched_off_does_not_look():
    organization, (ann,) = a_client("ann")
    rule = a_rule(organization, warning_days=0)
    with tenancy.vendor():
        access_rules.enforce(rule, digest=access_rules.preview(rule, at=NOW).digest, now=NOW, by="user:client")
    with tenancy.vendor():
        access_rules.rest(rule, mode=RuleMode.OFF, now=NOW, by="user:client")
        with pytest.raises(rule_runs.NotLooking):
            Beside(lambda: rule_runs.look(rule, now=NOW, by="system")).result()
    with tenancy.vendor():
        ann.refresh_from_db()
        rule.refresh_from_db()
    assert (ann.status, rule.mode) == ("active", RuleMode.OFF)


def test_a_job_and_a_report_of_use_do_not_wait_for_each_other():
    organization, people = a_client("ann", "ben", "cyd", **SUSPENDED)
    with tenancy.vendor():
        for number, user in enumerate(people):
            LicensedUser.objects.filter(pk=user.pk).update(suspended_until=NOW + (2 + number % 2) * DAY)
        job = bulk.request(organization, Act.REINSTATE, Chosen(statuses=["suspended"]), now=NOW, by="user:client")
        bulk.undo(bulk.work(job, now=NOW, by="system"), now=NOW, by="user:client")
        back = BulkJob.objects.get(undo_of=job)
    with tenancy.vendor():
        activity.note(organization, [activity.Use("ben", NOW)], now=NOW, by="token:product")
        working = Beside(lambda: bulk.work(back, now=NOW, by="system"))
        assert working.waits()
        activity.note(organization, [activity.Use("cyd", NOW)], now=NOW, by="token:product")
    assert working.result().done == 3


# Whose seats, and whose people.


def test_people_of_another_client_take_no_seat_here():
    organization, other = an_organization(), an_organization()
    for one in (organization, other):
        a_licence(one, seats=1)
    people_of(other, "zoe", status="active")
    people_of(organization, "ann", status="invited")
    with tenancy.vendor():
        assert licences.align(organization, now=NOW, by="system").activated == 1


def test_an_act_to_one_clients_people_moves_nobody_elses():
    organization, (ann,) = a_client("ann")
    _other, (zoe,) = a_client("zoe")
    with tenancy.vendor():
        suspend = Wish(Act.SUSPEND, reason="client_decision")
        found = states.move(organization, [ann.pk, zoe.pk], suspend, now=NOW, by="user:client")
        zoe.refresh_from_db()
    assert (set(found.done), found.refused, zoe.status) == ({ann.pk}, {}, "active")


# Coming back.


def test_a_deletion_taken_back_without_a_free_seat_is_a_wait_for_one():
    organization = an_organization()
    a_licence(organization, seats=1)
    (ann,) = people_of(organization, "ann", status="scheduled", delete_at=NOW + DAY)
    people_of(organization, "ben", status="active")
    with tenancy.tenant(organization.pk):
        found = access.cancel_deletion(ann, now=NOW, by="user:client")
    assert (found.status, found.suspension_reason) == ("suspended", "licence_ended")


@pytest.mark.parametrize(
    ("first", "second", "live", "back"),
    [
        pytest.param(("1", "Ann@x.example"), ("1", "other@x.example"), None, [1], id="one-external-id"),
        pytest.param(("1", "Ann@x.example"), ("2", "ann@X.example"), None, [1], id="one-user-name-in-other-letters"),
        pytest.param(("1", "ann@x.example"), ("2", "ben@x.example"), ("3", "ANN@x.example"), [2], id="name-of-another"),
        pytest.param(("1", "ann@x.example"), ("2", "ben@x.example"), ("2", "zoe@x.example"), [1], id="id-of-another"),
        pytest.param(("1", "ann@x.example"), ("2", "ben@x.example"), ("3", "zoe@x.example"), [1, 2], id="none"),
    ],
)
def test_whose_name_or_id_is_taken_does_not_come_back(first, second, live, back):
    organization, _nobody = a_client()
    going = {"status": "scheduled", "delete_at": NOW + DAY}
    people = [people_of(organization, one, user_name=name, **going)[0] for one, name in (first, second)]
    if live:
        people_of(organization, live[0], user_name=live[1], status="active")
    with tenancy.tenant(organization.pk):
        keys = [person.pk for person in people]
        found = states.move(organization, keys, Wish(Act.CANCEL), now=NOW, by="user:client", waits=True)
    assert [number for number, key in enumerate(keys, start=1) if key in found.done] == back
    assert set(found.refused.values()) <= {"name_taken"}


def test_whom_the_provider_keeps_out_a_hand_can_let_in():
    organization, (ann,) = a_client("ann", **SUSPENDED, profile={"active": False})
    with tenancy.tenant(organization.pk):
        found = access.reinstate(ann, now=NOW, by="user:client")
        assert (found.status, found.suspension_reason) == ("suspended", "provisioning")
        assert access.reinstate(ann, now=NOW, by="user:client").status == "active"
