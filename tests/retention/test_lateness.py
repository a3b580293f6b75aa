"""Before a request misses its day those who are to act are told; later the vendor's administrators too."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts import tenancy
from accounts.models import AuditEvent, OutboxMessage
from accounts.operations import delivery
from config.dashboard_of_retention import deletion_requests
from retention.enums import RequestKind, RequestStatus
from retention.models import DeletionRequest, ErasureRun
from retention.operations import exports, lateness, requests, runs
from retention.rules import lateness as rules
from tests.accounts.parties import at_once
from tests.admin.people import a_member
from tests.contracts.agreements import at
from tests.engines import admin_dsn
from tests.retention.test_blocked import hold
from tests.retention.test_life import a_leaving_client, decide_everything, live_until, the_request
from tests.retention.under_contract import AFTER_GRACE, NOW, a_client, approved, asked

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
# The same request many times over, in no other state.
MANY = """
INSERT INTO retention_deletionrequest SELECT (jsonb_populate_record(NULL::retention_deletionrequest,
    to_jsonb(r) || jsonb_build_object('id', 100000 * r.id + g, 'public_id', gen_random_uuid()))).*
FROM retention_deletionrequest r, generate_series(1, %(count)s) g WHERE r.id = %(pk)s
"""
DAY, BY = timedelta(days=1), "system"
SOON, ESCALATED = "deletion_request.due_soon", "deletion_request.escalated"


def told(request):
    with tenancy.vendor():
        found = OutboxMessage.objects.filter(subject_id=request.public_id, topic__in=(SOON, ESCALATED)).order_by("pk")
        told = [(one.topic, one.occurred_at, one.payload) for one in found]
        events = AuditEvent.objects.filter(subject_id=request.public_id, name__in=(SOON, ESCALATED), vendor_only=True)
        assert list(events.order_by("pk").values_list("name", "occurred_at")) == [one[:2] for one in told]
    return told


def letters(request):
    with tenancy.vendor():
        messages = OutboxMessage.objects.filter(subject_id=request.public_id, topic__in=(SOON, ESCALATED))
        return {one.to: one for one in delivery.letters(messages.latest("pk"))}


def test_however_many_are_over_only_those_are_read_whose_day_is_near():
    organization = a_client()
    over, near = asked(organization, "ann-1"), asked(organization, "ben-1")
    with tenancy.vendor():
        requests.cancel(over, now=NOW, by="user:client")
    with psycopg.connect(admin_dsn("default"), autocommit=True) as admin:
        for pk, count in ((over.pk, 20_000), (near.pk, 200)):
            admin.execute(MANY, {"pk": pk, "count": count})
        admin.execute("ANALYZE retention_deletionrequest")
    with tenancy.vendor():
        for at_ in (near.erase_by - 3 * DAY, near.erase_by + DAY):
            due = lateness.due(at=at_)
            assert due.count() == 201
            plan = due[:500].explain()
            assert "deletion_request_by_day" in plan and "Seq Scan on retention_deletionrequest" not in plan, plan
        with CaptureQueriesContext(connection) as asked_for:
            lateness.following(after=near.erase_by - 10 * DAY)
        for one in asked_for.captured_queries:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {one['sql']}")
                plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "deletion_request_by_day" in plan, plan


def test_a_missing_approval_is_told_before_the_day_and_then_to_administrators():
    organization = a_client()
    request = asked(organization, "ann-1")
    officer, manager, administrator = (
        a_member(role).email for role in ("privacy_officer", "contract_manager", "administrator")
    )
    a_member("authorised_contact", organization)
    day = request.erase_by
    assert lateness.warn_all(at=day - 14 * DAY - timedelta(seconds=1), by=BY).done == 0
    for at_ in (day - 14 * DAY, day - 13 * DAY, day - 7 * DAY):
        lateness.warn_all(at=at_, by=BY)
    facts = {"kind": "erase", "erase_by": day.isoformat(), "codes": ["not_approved"], "late": False}
    payload = facts | {"status": "confirmed", "tells_client": False}
    assert told(request) == [(SOON, day - 14 * DAY, payload), (SOON, day - 7 * DAY, payload)]
    found = letters(request)
    assert set(found) == {officer, manager} and "- The erasure is not approved." in found[officer].body
    assert "It is about the data of" in found[officer].body
    lateness.warn_all(at=day - 2 * DAY, by=BY)
    assert told(request)[2][0] == ESCALATED and set(letters(request)) == {officer, manager, administrator}
    assert letters(request)[administrator].subject.startswith("Urgent")
    for at_ in (day, day + DAY, day + 7 * DAY, day + 14 * DAY):
        lateness.warn_all(at=at_, by=BY)
    assert [(one[1], one[2]["late"]) for one in told(request)[3:]] == [(day + n * DAY, True) for n in (0, 7, 14)]
    assert letters(request)[administrator].subject.startswith("Late")


def test_a_client_that_is_silent_on_its_export_is_told():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    request = the_request(organization)
    contact = a_member("authorised_contact", organization).email
    lateness.warn_all(at=request.erase_by - 7 * DAY, by=BY)
    ((topic, _at, payload),) = told(request)
    assert topic == SOON and "export_not_decided" in payload["codes"] and payload["tells_client"] is True
    assert "- The export is neither made nor waived." in letters(request)[contact].body
    with tenancy.vendor():
        exports.waive(request, now=at("2026-01-10"), by="user:client")
    lateness.warn_all(at=request.erase_by - 2 * DAY, by=BY)
    assert told(request)[1][2]["tells_client"] is False and contact not in letters(request)


def test_what_is_erased_given_up_or_carried_out_is_told_no_more():
    organization = a_client()
    done, given_up = asked(organization, "ann-1"), asked(organization, "ben-1")
    restricted = asked(organization, "cyd-1", kind=RequestKind.RESTRICT)
    live_until(NOW)
    approved(done)
    with tenancy.vendor():
        requests.cancel(given_up, now=NOW, by="user:contact")
        DeletionRequest.objects.filter(pk=done.pk).update(status=RequestStatus.ERASED)
    with tenancy.vendor():
        assert DeletionRequest.objects.get(pk=restricted.pk).status == RequestStatus.DONE
        assert lateness.following(after=NOW) is None
        with pytest.raises(lateness.NotDueSoon):
            lateness.warn(given_up, now=done.erase_by, by=BY)
    assert lateness.warn_all(at=done.erase_by, by=BY).done == 0


def test_what_is_held_up_is_told_on_its_day_and_not_every_week():
    organization = a_client()
    hold(organization, "ann-1")
    request = asked(organization, "ann-1")
    live_until(NOW)
    for number in range(6):
        lateness.warn_all(at=request.erase_by + number * 7 * DAY, by=BY)
    ((_topic, _at, payload),) = told(request)
    assert payload["codes"] == ["not_approved", "legal_hold"]


def test_two_workers_tell_once():
    request = asked(a_client(), "ann-1")
    found = at_once(*[lambda: lateness.warn_all(at=request.erase_by - DAY, by=BY)] * 2)
    assert sum(one.done for one in found) == 1 and len(told(request)) == 1
    assert {code for one in found for code in one.refused} <= {"not_due_soon"}


def test_the_sweep_says_when_it_is_next_needed_and_finds_it_then():
    request = asked(a_client(), "ann-1")
    now, days = NOW, []
    for _ in range(6):
        with tenancy.vendor():
            now = lateness.following(after=now)
        days.append((now - request.erase_by).days)
        assert lateness.warn_all(at=now, by=BY).done == 1
    assert days == [-14, -7, -2, 0, 7, 14]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told_hours=st.none() | st.integers(-24 * 30, 24 * 30),
    now_hours=st.integers(-24 * 30, 24 * 30),
    held_up=st.booleans(),
    approved=st.booleans(),
)
@example(told_hours=-14 * 24, now_hours=-7 * 24, held_up=False, approved=False)
@example(told_hours=0, now_hours=7 * 24, held_up=True, approved=False)
@example(told_hours=0, now_hours=7 * 24, held_up=False, approved=True)
@example(told_hours=None, now_hours=-24, held_up=False, approved=True)
def test_the_database_finds_what_the_rule_says(the_one, told_hours, now_hours, held_up, approved):
    day = the_one.erase_by
    told_at = None if told_hours is None else day + timedelta(hours=told_hours)
    now = day + timedelta(hours=now_hours)
    with tenancy.vendor():
        status = RequestStatus.APPROVED if approved else RequestStatus.CONFIRMED
        by = {"approved_by": "user:two", "approved_at": NOW} if approved else {"approved_by": "", "approved_at": None}
        DeletionRequest.objects.update(
            warned_at=told_at, blocked_since=NOW if held_up else None, status=status, **by, grace_until=None
        )
        expected = rules.to_tell(day, told_at=told_at, held_up=held_up, now=now, left_to_us=approved)
        assert lateness.due(at=now).exists() is expected


@pytest.fixture
def the_one():
    return asked(a_client(), "ann-1")


def test_the_first_page_counts_the_days_and_then_says_late():
    request = asked(a_client(), "ann-1")

    def shown(now):
        with tenancy.vendor():
            (row,) = deletion_requests(now).rows
        return row.cells[3].partition(", ")[2].partition(", ")[2] or row.cells[3], row.late

    assert "in " not in shown(request.erase_by - 15 * DAY)[0]
    assert shown(request.erase_by - 3 * DAY)[0].endswith("in 3 days")
    assert shown(request.erase_by - timedelta(hours=3))[0].endswith("in 1 day")
    assert shown(request.erase_by)[0].endswith("late") and shown(request.erase_by)[1]
    approved(request)
    for status, late in ((RequestStatus.ERASING, True), (RequestStatus.ERASED, False), (RequestStatus.VERIFIED, False)):
        with tenancy.vendor():
            DeletionRequest.objects.filter(pk=request.pk).update(status=status)
        assert shown(request.erase_by)[1] is late, "the content is gone"
        assert ("late" in shown(request.erase_by)[0]) is late
        assert ("in " in shown(request.erase_by - 3 * DAY)[0]) is late


def test_nobody_is_told_of_what_waits_for_its_time_only():
    organization = a_leaving_client(erasure_days=5)
    live_until(at("2026-01-02"))
    decide_everything(organization)
    request = the_request(organization)
    assert request.erase_by - 14 * DAY < request.erase_from
    assert lateness.warn_all(at=request.erase_by - 6 * DAY, by=BY).done == 0
    assert told(request) == []


@pytest.mark.parametrize(
    ("status", "paused", "code", "words"),
    [
        (RequestStatus.PARTIALLY_DONE, False, "store_given_up", "A store was given up"),
        (RequestStatus.FAILED, False, "residue_found", "found something that is left"),
        (RequestStatus.ERASING, True, "run_paused", "has paused the erasure"),
    ],
)
def test_why_a_run_does_not_go_on_is_said(status, paused, code, words):
    request = approved(asked(a_client(), "ann-1"))
    officer = a_member("privacy_officer").email
    with tenancy.vendor():
        runs.plan(request, now=AFTER_GRACE, by=BY)
        ErasureRun.objects.update(paused_at=NOW if paused else None, paused_by="user:three" if paused else "")
        DeletionRequest.objects.filter(pk=request.pk).update(status=status)
    lateness.warn_all(at=request.erase_by - DAY, by=BY)
    ((_topic, _at, payload),) = told(request)
    assert payload["codes"] == [code]
    assert words in letters(request)[officer].body and "Nothing stands in its way" not in letters(request)[officer].body
