"""Exports end: by age or by the client's own rules, never under a hold nor while somebody needs them."""

import time
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.models import AuditEvent, LicensedUser, OutboxMessage
from contracts.rules.periods import midnight
from retention import sweeps
from retention.enums import HoldGround, RequestKind, RequestStatus, VaultState
from retention.models import DeletionRequest, Export, LegalHold, RetentionRule, Vault
from retention.operations import exports, holds, old_exports, people_requests, subject_decisions
from tests.accounts.parties import at_once
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import at
from tests.contracts.operations.switches import act, an_active_contract, opened
from tests.retention import asking, under_contract
from tests.retention.lasting import CLIENT, NOW, OFFICER, a_client, enforced
from tests.retention.test_exports import a_request
from tests.retention.test_life import live_until
from tests.retention.vaults import an_organization, people_of
from tests.workflows.forked import Process, wait_until

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
OLD_ENOUGH = NOW + timedelta(days=90)
CATEGORIES = ("conversations", "context", "diagnostics")


def made(organization, request=None, now=NOW):
    with tenancy.tenant(organization.pk):
        return exports.make(organization, request=request, now=now, by="user:client")


def made_of(organization, *names):
    """Return an export of some people, whose request is done with it."""
    with tenancy.vendor():
        people = [LicensedUser.objects.get(organization=organization, external_id=name).public_id for name in names]
        people_requests.open_for_people(
            organization, people=people, kind=RequestKind.EXPORT, decided=True, now=NOW, by=CLIENT
        )
    sweeps.carry_out_all(at=NOW, by="system")
    with tenancy.vendor():
        return Export.objects.filter(organization=organization).latest("pk")


def due(instant=OLD_ENOUGH):
    with tenancy.vendor():
        return list(old_exports.due(at=instant))


def kept(export, instant=OLD_ENOUGH):
    with tenancy.vendor():
        return [one.value for one in old_exports.kept_by(export, at=instant)]


def ended(instant=OLD_ENOUGH):
    return old_exports.end_all(at=instant, by="system").done


def there(export, settings):
    """Say whether the row and the file are there; they are, or are not, together."""
    with tenancy.vendor():
        row = Export.objects.filter(pk=export.pk).exists()
    assert row == (Path(settings.EXPORTS_DIR) / f"{export.public_id}.bin").exists()
    return row


def hold(organization, **what):
    with tenancy.vendor():
        return holds.place(
            organization,
            ground=HoldGround.LAW,
            citation="Art. 145 CPC",
            review_on=date(2030, 1, 1),
            now=NOW,
            by=OFFICER,
            **what,
        )


def refused(act):
    with pytest.raises(DatabaseError) as caught:
        act()
    return caught.value.__cause__.sqlstate


# By age.


def test_an_export_goes_with_its_key_and_file_when_it_is_old_enough_and_a_neighbours_younger_one_stays(settings):
    organization, neighbour = a_client(), a_client()
    export, other = made(organization), made(neighbour, now=NOW + timedelta(seconds=1))
    assert due(OLD_ENOUGH - timedelta(seconds=1)) == [] and ended(OLD_ENOUGH - timedelta(seconds=1)) == 0
    assert ended() == 1 and ended() == 0
    assert not there(export, settings) and there(other, settings)
    with tenancy.vendor():
        event = AuditEvent.objects.get(name="export.ended")
        told = OutboxMessage.objects.get(topic="export.ended")
    assert (event.subject_id, event.actor, event.organization_id) == (export.public_id, "system", organization.pk)
    assert event.data == {"why": "age", "made_at": NOW.isoformat(), "rows": export.rows}
    assert (told.organization_id, told.payload) == (organization.pk, {"why": "age", "made_at": NOW.isoformat()})


def test_how_long_is_configured_and_never_less_than_the_time_to_retrieve(settings):
    export = made(a_client())
    settings.EXPORT_KEPT = timedelta(days=30)
    assert due(NOW + timedelta(days=30)) == [export]
    settings.EXPORT_KEPT = timedelta(days=29)
    with pytest.raises(ImproperlyConfigured, match="EXPORT_KEPT_DAYS"):
        apps.get_app_config("retention").ready()


# By the client's rules.


def a_night(instant):
    sweeps.keep_all(at=instant, by="system")


def test_it_goes_once_the_rules_have_erased_all_that_is_in_it_and_not_before_the_last_category(settings):
    organization = a_client()
    export = made(organization)
    for category in CATEGORIES[:2]:
        enforced(organization, category)
    # Thirty days after 10 March, its own day not counted: gone as 10 April begins in Paris.
    last = midnight(date(2026, 4, 10), "Europe/Paris")
    a_night(last)
    assert due(last) == [], "diagnostics have no rule"
    enforced(organization, "diagnostics", now=last - timedelta(days=20))
    with tenancy.vendor():
        assert old_exports.ends_at(export) == last
        RetentionRule.objects.update(next_at=last - timedelta(days=1))
    a_night(last - timedelta(days=1))
    assert due(last) == [], "what was written on its own day stays until that night"
    a_night(last)
    assert due(last) == [export] and ended(last) == 1 and not there(export, settings)
    with tenancy.vendor():
        assert AuditEvent.objects.get(name="export.ended").data["why"] == "rules"


def test_a_rule_that_ended_counts_no_more_and_an_export_of_people_alone_goes_by_age_only():
    organization = an_organization()
    people_of(organization, "ann")
    export, last = made(organization), midnight(date(2026, 4, 10), "Europe/Paris")
    for category in CATEGORIES:
        enforced(organization, category)
    a_night(last)
    assert due(last) == []
    with tenancy.vendor():
        assert old_exports.ends_at(export) == OLD_ENOUGH
        Export.objects.update(rows={**export.rows, "messages": 1})
    assert due(last) == [export]
    with tenancy.vendor():
        RetentionRule.objects.update(state="ended", next_at=None, ended_at=last, ended_by=CLIENT, ended_because="ended")
    assert due(last) == []


# Holds.


@pytest.mark.parametrize(
    ("of", "held", "stays"),
    [
        pytest.param((), {}, True, id="all-under-a-hold-on-all"),
        pytest.param((), {"person": "cyd"}, True, id="all-under-a-hold-on-somebody"),
        pytest.param((), {"department": "Sales"}, True, id="all-under-a-hold-on-a-department"),
        pytest.param(("ann",), {}, True, id="ann-under-a-hold-on-all"),
        pytest.param(("ann", "ben"), {"person": "ben"}, True, id="ann-and-ben-under-a-hold-on-ben"),
        pytest.param(("ann",), {"department": "Sales"}, True, id="ann-under-a-hold-on-her-department"),
        pytest.param(("ann",), {"person": "ben"}, False, id="ann-under-a-hold-on-ben"),
        pytest.param(("ann",), {"department": "Stock"}, False, id="ann-under-a-hold-on-another-department"),
    ],
)
def test_what_a_hold_covers_stays_and_the_database_stands_behind_it(settings, of, held, stays):
    organization = a_client()
    export = made_of(organization, *of) if of else made(organization)
    if "person" in held:
        with tenancy.vendor():
            held = {"person": LicensedUser.objects.get(organization=organization, external_id=held["person"]).public_id}
    placed = hold(organization, **held)
    assert due() == ([] if stays else [export]) and kept(export) == (["legal_hold"] if stays else [])
    if stays:
        with pytest.raises(old_exports.ExportStays):
            old_exports.end(export, now=OLD_ENOUGH, by="system")

        def pass_by():
            with tenancy.eraser(organization.pk), connection.cursor() as cursor:
                cursor.execute("DELETE FROM retention_export WHERE organization_id = %s", [organization.pk])

        assert refused(pass_by) == "TH001" and there(export, settings)
        with tenancy.vendor():
            holds.release(placed, now=NOW, by=OFFICER)
    assert ended() == 1 and not there(export, settings)


@pytest.mark.parametrize(("name", "department"), [("ann", "Stock"), ("cyd", "Sales")], ids=["left-it", "joined-it"])
def test_whoever_moves_is_held_with_the_department_of_then_and_of_now(name, department):
    organization = a_client()
    made_of(organization, name)
    hold(organization, department="Sales")
    with tenancy.vendor():
        LicensedUser.objects.filter(organization=organization, external_id=name).update(department=department)
    assert due() == []


def test_a_hold_that_is_placed_in_between_keeps_row_and_file(settings, monkeypatch):
    export = made(organization := a_client())
    asked = old_exports.due

    def then_a_hold(*, at):
        found = list(asked(at=at))
        with tenancy.vendor():
            LegalHold.objects.create(
                organization=organization,
                ground=HoldGround.LAW,
                citation="Art. 145 CPC",
                review_on=date(2030, 1, 1),
                placed_by=OFFICER,
                placed_at=NOW,
            )
        return Export.objects.filter(pk__in=[one.pk for one in found])

    monkeypatch.setattr(old_exports, "due", then_a_hold)

    def end():
        old_exports.end(export, now=OLD_ENOUGH, by="system")

    assert refused(end) == "TH001" and there(export, settings)


# Who needs it.


@pytest.mark.parametrize(
    ("status", "stays"),
    [(RequestStatus.APPROVED, True), (RequestStatus.CANCELLED, False), (RequestStatus.CERTIFIED, False)],
)
def test_an_export_stays_with_the_open_request_that_it_was_made_for(status, stays):
    organization = a_client()
    request = a_request(organization)
    export = made(organization, request)
    with tenancy.vendor():
        closed = None if stays else NOW
        DeletionRequest.objects.filter(pk=request.pk).update(status=status, erase_from=NOW, closed_at=closed)
    assert due() == ([] if stays else [export]) and kept(export) == (["request_open"] if stays else [])


def test_no_export_goes_in_the_time_to_retrieve_and_the_end_of_that_is_known_ahead():
    organization = a_client()
    export = made(organization)
    until = OLD_ENOUGH + timedelta(days=10)
    a_request(organization, status=RequestStatus.RECEIVED, erase_from=until, erase_by=until + timedelta(days=30))
    assert due(until - timedelta(seconds=1)) == [] and due(until) == [export]
    assert (kept(export, until - timedelta(seconds=1)), kept(export, until)) == (["retrieval_period"], [])
    with tenancy.vendor():
        assert old_exports.following(after=NOW) == OLD_ENOUGH
        assert old_exports.following(after=OLD_ENOUGH) == until
        assert old_exports.following(after=until) is None


def test_an_export_stays_until_the_person_who_asked_is_answered():
    organization = asking.a_client()
    a_member("client_privacy_officer", organization)
    row = asking.forwarded(organization, asking.taken(RequestKind.EXPORT))
    with tenancy.tenant(organization.pk):
        ann = LicensedUser.objects.get(organization=organization, external_id="ann-1")
        subject_decisions.grant(row, people=[ann.public_id], now=asking.NOW, by=CLIENT, for_client=False)
    sweeps.carry_out_all(at=asking.NOW, by="system")
    later = asking.NOW + timedelta(days=90)
    with tenancy.vendor():
        export = Export.objects.select_related("request").get()
    assert export.request.status == "done" and due(later) == [] and kept(export, later) == ["person_unanswered"]
    officer = caller("client_privacy_officer", str(organization.public_id))
    assert officer("GET", f"exports/{export.public_id}")["kept_by"] == ["person_unanswered"], "the client sees it too"
    asking.swept(asking.NOW)
    assert due(later) == [export]


def test_an_export_stays_while_the_client_changes_its_provider():
    organization = an_organization()
    people_of(organization, "ann")
    case = opened(an_active_contract(organization))
    export, later = made(organization, now=at("2026-12-02")), at("2027-03-05")
    assert due(later) == [] and kept(export, later) == ["switch_unfinished"]
    act("complete", case, now="2026-12-20", completed_on=date(2026, 12, 20))
    assert due(later) == [export]


def test_an_erasure_takes_everybodys_export_though_somebody_else_is_held(settings):
    organization = under_contract.a_client()
    export = made(organization, now=under_contract.NOW)
    hold(organization, person=under_contract.person(organization, "cyd-1").public_id)
    request = under_contract.approved(under_contract.asked(organization, "ann-1"))
    live_until(under_contract.AFTER_GRACE)
    assert under_contract.state_of(request) == RequestStatus.CERTIFIED and not there(export, settings)


# Trouble.


def test_two_workers_end_it_once():
    export = made(a_client())

    def end():
        return old_exports.end(export, now=OLD_ENOUGH, by="system")

    found = at_once(end, end)
    assert sorted(type(one).__name__ for one in found) == ["ExportStays", "NoneType"]
    with tenancy.vendor():
        assert AuditEvent.objects.filter(name="export.ended").count() == 1
        assert OutboxMessage.objects.filter(topic="export.ended").count() == 1


def test_killed_before_it_commits_the_row_stays_and_goes_with_the_next(settings, monkeypatch):
    export = made(a_client())
    path = Path(settings.EXPORTS_DIR) / f"{export.public_id}.bin"
    removed = exports.remove_file

    def and_wait(public_id):
        removed(public_id)
        time.sleep(60)

    with monkeypatch.context() as patched:
        patched.setattr(exports, "remove_file", and_wait)
        worker = Process(lambda: old_exports.end_all(at=OLD_ENOUGH, by="system"))
        wait_until(lambda: not path.exists())
        assert worker.kill()
    assert due() == [export], "its row is there, so it is not forgotten"
    assert ended() == 1
    with tenancy.vendor():
        assert not Export.objects.exists()
        assert AuditEvent.objects.filter(name="export.ended").count() == 1


# Told beforehand.


def test_rest_and_the_page_say_when_it_goes():
    organization = a_client()
    export = made(organization)
    contact = caller("client_privacy_officer", str(organization.public_id))
    told = contact("GET", f"exports/{export.public_id}")["ends_at"]
    assert datetime.fromisoformat(told) == OLD_ENOUGH == at("2026-06-08")
    browser = Client()
    browser.force_login(a_member("privacy_officer"))
    page = browser.get(f"/admin/retention/export/{export.pk}/change/").content.decode()
    assert "Destroyed from" in page and "8 Jun 2026" in page


def test_rest_and_the_page_say_what_keeps_it_though_it_is_old_enough(settings):
    settings.EXPORT_KEPT = timedelta(0)
    organization = a_client()
    export = made(organization)
    contact = caller("client_privacy_officer", str(organization.public_id))
    told = contact("GET", f"exports/{export.public_id}")
    assert datetime.fromisoformat(told["ends_at"]) == NOW and told["kept_by"] == []
    hold(organization)
    assert contact("GET", f"exports/{export.public_id}")["kept_by"] == ["legal_hold"]
    with tenancy.eraser(organization.pk):
        Vault.objects.filter(organization=organization).update(state=VaultState.DESTROYING)
    assert contact("GET", f"exports/{export.public_id}")["kept_by"] == ["legal_hold", "erasing"]
    browser = Client()
    browser.force_login(a_member("privacy_officer"), backend="config.backends.EmailBackend")
    page = browser.get(reverse("admin:retention_export_change", args=[export.pk])).content.decode()
    assert "A legal hold covers somebody in it · Everything of the client is being erased" in page
