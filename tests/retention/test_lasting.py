"""Retention rules during the contract: drafted, seen, enforced; their nights; what holds and others keep."""

from datetime import date, timedelta

import pytest

from accounts import tenancy
from accounts.errors import InvalidInput
from accounts.models import AuditEvent, LicensedUser, OutboxMessage
from accounts.operations import delivery, states
from contracts.rules.periods import midnight
from retention import sweeps
from retention.enums import HoldGround, NightState, RequestOrigin, RuleEnd, RuleState
from retention.models import RequestSubject, RetentionNight, RetentionRule, Vault, Verification
from retention.operations import holds, lasting, nights, people_requests, requests, vault
from retention.operations.instructions import ProofNeeded
from tests.admin.people import a_member
from tests.contracts.agreements import a_signed_contract, at
from tests.retention.lasting import (
    AFTER,
    CLIENT,
    NOW,
    OFFICER,
    OLD,
    TONIGHT,
    WHOLE,
    a_client,
    a_night,
    bytes_of,
    drafted,
    enforced,
    left,
    swept,
)
from tests.retention.test_life import a_leaving_client, decide_everything, live_until
from tests.retention.vaults import a_talk, parsed, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def in_paris(month, day, year=2026):
    return midnight(date(year, month, day), "Europe/Paris")


def person(organization, external_id):
    with tenancy.vendor():
        return LicensedUser.objects.get(organization=organization, external_id=external_id)


def a_hold(organization, **scope):
    with tenancy.vendor():
        return holds.place(
            organization,
            ground=HoldGround.LAW,
            citation="Art. 145",
            review_on=date(2030, 1, 1),
            now=NOW,
            by=OFFICER,
            **scope,
        )


def released(hold, now=TONIGHT + timedelta(hours=1)):
    with tenancy.vendor():
        holds.release(hold, now=now, by=OFFICER)


# A rule's way.


def test_a_rule_is_seen_before_it_acts_and_takes_what_it_said():
    organization, neighbour = a_client(), a_client()
    before = bytes_of(neighbour)
    rule = drafted(organization)
    with tenancy.vendor():
        seen = lasting.preview(rule, now=NOW, by=OFFICER).preview
    assert seen["stores"] == {"messages": 5, "conversations": 2}
    assert (seen["people"], seen["winner"], seen["left"]) == (3, "client_rule", {"conversations": {"in_use": 1}})
    assert seen["oldest"]["messages"] == OLD
    assert left(organization) == WHOLE, "looking erases nothing"
    with tenancy.vendor():
        rule = lasting.enforce(rule, now=NOW + timedelta(hours=1), by=OFFICER)
    assert rule.next_at == TONIGHT - timedelta(hours=1), "the midnight of its client"
    assert swept(rule.next_at - timedelta(seconds=1)).done == 0
    assert swept().done == 1
    assert left(organization) == AFTER
    assert bytes_of(neighbour) == before
    with tenancy.vendor():
        night = RetentionNight.objects.get()
        assert (night.state, night.erased) == (NightState.DONE, seen["stores"])
        assert night.left == seen["left"]
        assert str(night.on) == "2026-03-11" and night.cutoff == in_paris(2, 9)
        event = AuditEvent.objects.get(name="retention_night.done")
        assert event.data["erased"] == night.erased and "ann" not in str(event.data)
        assert RetentionRule.objects.get().next_at == in_paris(3, 12)
        topics = set(OutboxMessage.objects.values_list("topic", flat=True))
    assert topics >= {"retention_rule.drafted", "retention_rule.enforced"}


def test_a_night_that_is_over_has_no_second_and_a_week_of_rest_is_made_up_by_one():
    organization = a_client()
    rule = enforced(organization)
    assert swept().done == 1
    before = bytes_of(organization)
    assert swept(TONIGHT + timedelta(hours=20)).done == 0
    with pytest.raises(nights.NotDue):
        nights.work(rule, now=TONIGHT, by="system")
    assert bytes_of(organization) == before
    night = a_night(rule, TONIGHT + timedelta(days=30))
    assert night.erased == {"messages": 2, "conversations": 2}
    assert left(organization)["messages"] == set()
    with tenancy.vendor():
        assert RetentionNight.objects.count() == 2


@pytest.mark.parametrize(
    ("category", "gone"),
    [
        pytest.param("context", {"context_items": set()}, id="ai-context"),
        pytest.param("diagnostics", {"diagnostics": set()}, id="diagnostics-with-those-of-nobody"),
    ],
)
def test_a_category_goes_and_the_others_stay(category, gone):
    organization = a_client()
    a_night(enforced(organization, category))
    assert left(organization) == {**WHOLE, **gone}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        pytest.param({"category": "letters"}, "category", id="no-category-of-the-vault"),
        pytest.param({"amount": 0}, "amount", id="no-length"),
        pytest.param({"amount": 36_526}, "amount", id="over-a-hundred-years"),
        pytest.param({"amount": 1201, "unit": "months"}, "amount", id="over-1200-months"),
        pytest.param({"unit": "weeks"}, "unit", id="weeks"),
        pytest.param({"unit": "days\0"}, "unit", id="nul"),
    ],
)
def test_bad_input_is_named_by_its_field(values, field):
    organization = a_client()
    with tenancy.vendor(), pytest.raises(InvalidInput) as caught:
        lasting.draft(
            organization,
            **{"category": "context", "amount": 30, "unit": "days", **values},
            now=NOW,
            by=CLIENT,
            for_client=False,
        )
    assert [error.field for error in caught.value.errors] == [field]


def test_staff_needs_a_proof_another_person_enforces_and_a_preview_holds_for_a_day():
    organization = a_client()
    with tenancy.vendor(), pytest.raises(ProofNeeded):
        lasting.draft(organization, category="context", amount=1, unit="days", now=NOW, by=OFFICER, for_client=True)
    rule = drafted(organization)
    with tenancy.vendor():
        with pytest.raises(lasting.PreviewStale):
            lasting.enforce(rule, now=NOW, by=OFFICER)
        lasting.preview(rule, now=NOW, by=CLIENT)
        with pytest.raises(requests.SamePerson):
            lasting.enforce(rule, now=NOW, by=CLIENT)
        with pytest.raises(lasting.PreviewStale):
            lasting.enforce(rule, now=NOW + timedelta(days=1, seconds=1), by=OFFICER)
        lasting.enforce(rule, now=NOW + timedelta(days=1), by=OFFICER)
        with pytest.raises(lasting.RuleNotInThatState):
            lasting.enforce(rule, now=NOW, by=OFFICER)
        with pytest.raises(lasting.RuleNotInThatState):
            lasting.preview(rule, now=NOW, by=OFFICER)
        with pytest.raises(ProofNeeded):
            lasting.end(rule, now=NOW, by=OFFICER, for_client=True)
        ended = lasting.end(rule, now=NOW, by=CLIENT, for_client=False)
        assert (ended.state, ended.ended_because) == (RuleState.ENDED, RuleEnd.ENDED)
        with pytest.raises(lasting.RuleNotInThatState):
            lasting.end(rule, now=NOW, by=CLIENT, for_client=False)
    assert swept().done == 0
    assert left(organization) == WHOLE


def test_a_rule_replaces_the_one_of_its_category_and_a_draft_is_withdrawn():
    organization, other = a_client(), a_client()
    first, diagnostics, next_door = enforced(organization), enforced(organization, "diagnostics"), enforced(other)
    second = enforced(organization, amount=2, unit="months")
    withdrawn = drafted(organization)
    with tenancy.vendor():
        lasting.end(withdrawn, now=NOW, by=OFFICER, for_client=True)
        states = {rule.pk: (rule.state, rule.ended_because) for rule in RetentionRule.objects.all()}
    assert states == {
        first.pk: (RuleState.ENDED, RuleEnd.REPLACED),
        diagnostics.pk: (RuleState.ENFORCED, ""),
        next_door.pk: (RuleState.ENFORCED, ""),
        second.pk: (RuleState.ENFORCED, ""),
        withdrawn.pk: (RuleState.ENDED, RuleEnd.WITHDRAWN),
    }


# Retention beats deletion.


def test_a_minimum_of_the_vendor_keeps_longer_than_the_client_and_says_so(settings):
    settings.CONTENT_MINIMUMS = "vendor all 90 days"
    organization = a_client()
    rule = enforced(organization)
    assert rule.preview["winner"] == "vendor_minimum" and rule.preview["stores"]["messages"] == 0
    night = a_night(rule)
    assert (night.winner, night.cutoff) == ("vendor_minimum", in_paris(12, 11, 2025))
    assert left(organization) == WHOLE


def test_what_a_hold_covers_stays_and_the_rest_goes_and_after_its_release_it_goes_at_once():
    organization = a_client()
    hold = a_hold(organization, person=person(organization, "ann").public_id)
    rule = enforced(organization)
    assert rule.preview["left"] == {"messages": {"legal_hold": 3}, "conversations": {"in_use": 1, "legal_hold": 2}}
    night = a_night(rule)
    assert night.left == rule.preview["left"] and night.erased == rule.preview["stores"]
    assert left(organization)["messages"] == {"old-0", "going-on-0", "going-on-1", "of-cyd-1", "young-0"}
    assert left(organization)["conversations"] == WHOLE["conversations"], "others' places of her messages stay too"
    released(hold)
    assert swept(TONIGHT + timedelta(hours=1)).done == 1, "it is not waited for another night"
    assert left(organization) == AFTER
    with tenancy.vendor():
        night = RetentionNight.objects.get()
    assert night.erased == {"messages": 5, "conversations": 2} and night.left == {"conversations": {"in_use": 1}}


@pytest.mark.parametrize(
    ("scope", "stays"),
    [
        pytest.param({}, WHOLE["messages"], id="the-whole-organization"),
        pytest.param({"department": "Sales"}, WHOLE["messages"] - {"of-cyd-0"}, id="a-department"),
    ],
)
def test_a_wider_hold_keeps_its_part(scope, stays):
    organization = a_client()
    rule = enforced(organization)
    hold = a_hold(organization, **scope)
    night = a_night(rule)
    assert left(organization)["messages"] == stays
    assert (night.winner == "legal_hold") == (scope == {})
    released(hold)
    swept(TONIGHT + timedelta(hours=1))
    assert left(organization) == AFTER


def test_the_database_itself_refuses_what_is_held_should_the_walk_ever_overlook_it(monkeypatch):
    organization = a_client()
    rule = enforced(organization)
    a_hold(organization, department="Stock")
    monkeypatch.setattr(
        "retention.operations.stores.aged.FREE", "NOT {held} AND ({row}.id IS NOT NULL OR 0 IN ({spared}))"
    )
    assert swept().done == 0
    assert left(organization) == WHOLE
    with tenancy.vendor():
        night, found = RetentionNight.objects.get(), RetentionRule.objects.get(pk=rule.pk)
    assert (night.state, night.failures) == (NightState.RUNNING, 1) and night.last_error
    assert found.next_at > TONIGHT, "it is tried again later"
    monkeypatch.undo()
    assert swept(found.next_at).done == 1
    assert "of-cyd-0" in left(organization)["messages"] and "old-0" not in left(organization)["messages"]


def test_people_under_restriction_or_in_an_erasure_are_left_alone():
    organization = a_client()
    with tenancy.vendor():
        LicensedUser.objects.filter(pk=person(organization, "cyd").pk).update(processing_restricted_at=NOW)
    rule = enforced(organization)
    with tenancy.vendor():
        people_requests.open_for_people(
            organization, people=[person(organization, "ben").public_id], decided=True, now=NOW, by=CLIENT
        )
        RequestSubject.objects.update(fenced_at=NOW)
    night = a_night(rule)
    assert night.left["messages"] == {"restricted": 1, "being_erased": 1}
    assert left(organization)["messages"] == {"old-1", "of-cyd-0", "going-on-1", "young-0"}


def test_who_asked_for_a_copy_finds_it_whole():
    organization = a_client()
    rule = enforced(organization)
    with tenancy.vendor():
        request = people_requests.open_for_people(
            organization, people=[person(organization, "ben").public_id], decided=False, now=NOW, by=CLIENT
        )
        type(request).objects.update(kind="export")
        RequestSubject.objects.update(kind="export")
    night = a_night(rule)
    assert night.left["messages"] == {"requested": 1} and "old-1" in left(organization)["messages"]
    with tenancy.vendor():
        type(request).objects.update(status="done", closed_at=NOW)
    assert a_night(rule, TONIGHT + timedelta(days=1)).left == {"conversations": {"in_use": 1}}


def test_an_organization_whose_everything_is_asked_for_is_left_to_its_request():
    organization = a_client()
    rule = enforced(organization)
    with tenancy.vendor():
        request = requests.open_request(organization, origin=RequestOrigin.CLIENT, now=NOW, by=CLIENT)
        assert not sweeps.nights_due(at=TONIGHT).exists()
    assert swept().done == 0 and left(organization) == WHOLE
    with tenancy.vendor():
        type(request).objects.update(status="cancelled", closed_at=NOW)
        assert list(sweeps.nights_due(at=TONIGHT)) == [rule]


def test_a_vault_that_closes_in_mid_night_ends_the_night():
    organization = a_client()
    rule = enforced(organization)
    turn = nights._Turn(rule, TONIGHT, by="system", until=None)
    turn.begin()
    with tenancy.eraser(organization.pk):
        Vault.objects.filter(organization=organization).update(state="destroying")
    assert turn.one_chunk()
    with tenancy.vendor():
        assert RetentionNight.objects.get().state == NightState.INTERRUPTED
    assert left(organization) == WHOLE


def test_a_rule_that_ends_in_mid_night_takes_no_more(settings):
    settings.ERASURE_CHUNK_ROWS = 2
    organization = a_client()
    rule = enforced(organization)
    turn = nights._Turn(rule, TONIGHT, by="system", until=None)
    turn.begin()
    assert not turn.one_chunk()
    with tenancy.tenant(organization.pk):
        lasting.end(rule, now=TONIGHT, by=CLIENT, for_client=False)
    with pytest.raises(nights.NotDue):
        turn.one_chunk()
    assert len(left(organization)["messages"]) == 5
    with tenancy.vendor():
        assert RetentionNight.objects.get().state == NightState.INTERRUPTED


def test_no_rule_outlives_the_content_of_a_client_that_left():
    """Nor acts on what a client brings that comes back; nor does it keep the client's file for ever."""
    organization = a_leaving_client()
    a_member("client_privacy_officer", organization)
    acts = enforced(organization, now=at("2025-06-10"), amount=400)
    draft = drafted(organization, "context", now=at("2025-06-10"))
    live_until(at("2026-01-02"))
    with tenancy.eraser(organization.pk):  # a night that stopped in its middle
        start = {"on": date(2026, 1, 1), "cutoff": at("2024-01-01"), "winner": "client_rule", "store": "messages"}
        RetentionNight.objects.create(organization=organization, rule=acts, started_at=at("2026-01-01"), **start)
    decide_everything(organization)
    erased = at("2026-02-05")
    live_until(erased)
    with tenancy.vendor():
        ends = RetentionRule.objects.order_by("pk").values_list("pk", "state", "ended_because", "next_at")
        assert list(ends) == [(rule.pk, "ended", RuleEnd.ERASED, None) for rule in (acts, draft)]
        assert RetentionNight.objects.get(on=date(2026, 1, 1)).state == NightState.INTERRUPTED
        assert Verification.objects.get().hits == []
        messages = OutboxMessage.objects.filter(topic="retention_rule.ended")
        assert not any(user.memberships.get().organization_id for one in messages for user in delivery.readers(one))
    with pytest.raises(states.OrganizationClosed):
        drafted(organization, now=erased)

    a_signed_contract(organization, reference="C-2", concluded_on=date(2027, 3, 1), starts_on=date(2027, 4, 1))
    back = at("2027-04-02")
    live_until(back)
    people_of(organization, "new-1")
    with tenancy.tenant(organization.pk):  # its history, which is older than its old rule let content become
        vault.write(organization, parsed(a_talk(author="new-1", turns=5)), now=back, by="user:product")
    live_until(back + timedelta(days=1))
    assert len(left(organization)["messages"]) == 5
