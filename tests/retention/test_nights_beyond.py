"""Nights of retention rules beyond the vault: what is old goes there too, who is covered is spared, and it is said."""

import json
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.urls import reverse

from accounts import tenancy
from accounts.models import AuditEvent, LicensedUser
from accounts.operations import users
from accounts.operations.sweeping import SYSTEM
from retention.enums import BeyondState, HoldGround, RequestKind
from retention.models import LegalHold, NightBeyond, RetentionRule
from retention.operations import external, holds, lasting, nights, nights_beyond, people_requests
from retention.tasks import work_on_night_beyond
from tests.accounts.parties import at_once
from tests.accounts.receivers import says
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.retention.connectors.configured import SECRET, a_store, paper
from tests.retention.connectors.databases import a_product
from tests.retention.connectors.test_service import Service, answers
from tests.retention.lasting import CLIENT, OFFICER, a_client, enforced
from tests.retention.under_contract import person

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
TALKS = "CREATE TABLE talks (id bigint PRIMARY KEY, client uuid NOT NULL, who text, said_at timestamptz)"
TABLE = {
    "table": "talks",
    "key": "id",
    "tenant": {"column": "client", "names": "public_id"},
    "subject": {"column": "who", "holds": "external_id"},
    "category": "conversations",
    "time": "said_at",
}


@pytest.fixture(autouse=True)
def on_this_machine(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True


@pytest.fixture
def service():
    made = Service()
    made.hook = lambda handler, asked, number: answers(handler, 200, {"erased": {"talks": 4}})
    yield made
    made.close()


@pytest.fixture
def product():
    with a_product() as made:
        made.run(TALKS)
        yield made


class Nights:
    """A client's rule of 30 days for conversations, and its nights, at the real instant: services refuse old calls."""

    def __init__(self):
        self.now = datetime.now(UTC)
        self.organization = a_client()
        self.rule = enforced(self.organization, now=self.now - timedelta(days=2))

    def begin(self, *, after=timedelta()):
        self.now += after
        with tenancy.vendor():
            rule = RetentionRule.objects.get(pk=self.rule.pk)
        nights.work(rule, now=self.now, by=SYSTEM)

    def go_on(self, *, after=timedelta()):
        self.now += after
        return nights_beyond.work_all(at=self.now, by=SYSTEM)

    def row(self, store="product"):
        with tenancy.vendor():
            return NightBeyond.objects.select_related("night").filter(store=store).latest("pk")

    def hold(self, **what):
        with tenancy.vendor():
            return holds.place(
                self.organization,
                ground=HoldGround.LAW,
                citation="Art. 145 CPC",
                review_on=date(2099, 1, 1),
                now=self.now,
                by=OFFICER,
                **what,
            )


def in_database(product, organization, names="public_id"):
    """Configure the database, and give each of ann, ben, cyd an old row and a young one, and nobody an old one."""
    table = {**TABLE, "tenant": {"column": "client", "names": names}}
    tenants = {str(UUID(int=1)): str(UUID(int=2))}
    product_store = {**product.mapping(tenants=tenants), "tables": [table]}
    store = a_store(kind="postgresql", settings=product_store, secret=urlsplit(product.dsn).password or "")
    now = datetime.now(UTC)
    rows = [(who, now - timedelta(days=days)) for who in ("ann", "ben", "cyd") for days in (31, 3)]
    for number, (who, at) in enumerate([*rows, (None, now - timedelta(days=99))]):
        product.run("INSERT INTO talks VALUES (%s, %s, %s, %s)", number, organization.public_id, who, at)
    return store


def left(product):
    """Return whose old rows are left, and how many young ones."""
    rows = product.run("SELECT who, said_at < now() - interval '30 days' FROM talks ORDER BY id")
    return {who for who, old in rows if old}, sum(not old for _who, old in rows)


def test_what_is_old_goes_beyond_the_vault_too_and_the_trail_says_how_much(product):
    every = Nights()
    in_database(product, every.organization)
    every.begin()
    assert every.go_on().done == 1
    assert left(product) == (set(), 3)
    row = every.row()
    assert (row.state, row.erased, row.spared, row.lease) == (BeyondState.DONE, 4, 0, None)
    with tenancy.vendor():
        data = AuditEvent.objects.get(name="retention_night.beyond_done").data
    assert data == {
        "rule": str(every.rule.public_id),
        "store": "product",
        "cutoff": row.night.cutoff.isoformat(),
        "erased": 4,
        "spared": 0,
        "why": "",
    }
    assert every.go_on().done == 0


def held(every):
    every.hold(person=person(every.organization, "ben").public_id)


def held_with_the_department(every):
    every.hold(department="Sales")


def restricted(every):
    with tenancy.vendor():
        ben = LicensedUser.objects.filter(pk=person(every.organization, "ben").pk)
        ben.update(processing_restricted_at=every.now)


def asking_for_a_copy(every):
    ben = person(every.organization, "ben").public_id
    with tenancy.vendor():
        people_requests.open_for_people(
            every.organization, people=[ben], kind=RequestKind.EXPORT, decided=False, now=every.now, by=CLIENT
        )


@pytest.mark.parametrize(
    ("cover", "spared"),
    [(held, {"ben"}), (held_with_the_department, {"ann", "ben"}), (restricted, {"ben"}), (asking_for_a_copy, {"ben"})],
)
def test_whoever_is_covered_is_spared_there_as_in_the_vault(cover, spared, product):
    every = Nights()
    in_database(product, every.organization)
    cover(every)
    every.begin()
    every.go_on()
    assert left(product) == (spared, 3)
    assert (every.row().state, every.row().spared) == (BeyondState.DONE, len(spared))


def test_a_name_of_before_spares_too(product):
    every = Nights()
    in_database(product, every.organization)
    ben = person(every.organization, "ben")
    every.hold(person=ben.public_id)
    with tenancy.vendor():
        LicensedUser.objects.filter(pk=ben.pk).update(external_id="ben-anew")
    every.begin()
    every.go_on()
    assert left(product)[0] == {"ben"}


def test_a_hold_on_everything_stops_it_and_its_release_lets_it_act_the_same_day(product):
    every = Nights()
    in_database(product, every.organization)
    hold = every.hold()
    every.begin()
    every.go_on()
    assert (every.row().state, every.row().why) == (BeyondState.SKIPPED, "legal_hold")
    assert len(left(product)[0]) == 4
    every.now += timedelta(minutes=1)
    with tenancy.vendor():
        holds.release(LegalHold.objects.get(pk=hold.pk), now=every.now, by=OFFICER)
    every.begin()
    every.go_on()
    assert (every.row().state, every.row().erased, left(product)) == (BeyondState.DONE, 4, (set(), 3))


def test_a_hold_placed_between_two_calls_counts_from_the_next_one(product, monkeypatch):
    monkeypatch.setattr(nights_beyond, "AT_ONCE", 1)
    every = Nights()
    in_database(product, every.organization)
    every.begin()
    with tenancy.vendor():
        (row,) = nights_beyond.due(at=every.now)
    assert not nights_beyond.work(row, now=every.now, by=SYSTEM, budget=timedelta())
    assert len(left(product)[0]) == 3
    every.hold()
    every.go_on()
    assert (every.row().state, every.row().erased) == (BeyondState.SKIPPED, 1)
    assert len(left(product)[0]) == 3


def test_a_store_that_cannot_spare_is_passed_over_while_anybody_is_covered_and_the_other_goes_on(product, service):
    every = Nights()
    in_database(product, every.organization)
    a_store(code="talks", settings={"url": service.url, "by_age": ["conversations"]})
    held(every)
    every.begin()
    assert every.go_on().done == 2
    assert (every.row("talks").state, every.row("talks").why) == (BeyondState.SKIPPED, "cannot_spare")
    assert service.calls == []
    assert every.row("product").state == BeyondState.DONE


def test_a_service_is_told_whom_to_spare_under_every_name_and_asked_again_until_it_is_done(service):
    every = Nights()
    a_store(settings={"url": service.url, "by_age": ["conversations"], "spares": True})
    held(every)
    works = [True]

    def hook(handler, asked, number):
        if asked["type"] == "store.status":
            return answers(handler, 200, {"erased": {"talks": 9}})
        return answers(handler, 202, {"status_url": "/status/1"}) if works else says(handler, 500)

    service.hook = hook
    every.begin()
    assert every.go_on().done == 0
    assert every.row().again_at > every.now
    assert every.go_on().done == 0 and len(service.calls) == 1, "it is left alone until then"
    assert every.go_on(after=timedelta(minutes=2)).done == 1
    assert (every.row().state, every.row().erased) == (BeyondState.DONE, 9)
    told = json.loads(service.calls[0][1])
    assert [one["external_id"] for one in told["spared"]] == ["ben"]
    assert told["before"] == every.row().night.cutoff.isoformat()


def test_a_store_that_fails_is_tried_again_each_time_later_until_the_next_night(service):
    every = Nights()
    a_store(settings={"url": service.url, "by_age": ["conversations"]})
    service.hook = lambda handler, asked, number: says(handler, 500)
    every.begin()
    every.go_on()
    first = every.row()
    assert (first.state, first.failures, first.why) == (BeyondState.RUNNING, 1, "failed")
    every.go_on(after=timedelta(seconds=16))
    assert every.row().failures == 2
    every.begin(after=timedelta(days=1))
    with tenancy.vendor():
        first.refresh_from_db()
    assert (first.state, every.row().state) == (BeyondState.INTERRUPTED, BeyondState.RUNNING)
    assert every.row().pk != first.pk


def test_two_workers_at_once_take_a_row_once_and_count_it_once(product):
    every = Nights()
    in_database(product, every.organization)
    every.begin()
    with tenancy.vendor():
        (row,) = nights_beyond.due(at=every.now)

    def one():
        try:
            return nights_beyond.work(row, now=every.now, by=SYSTEM)
        except nights_beyond.NotDue:
            return None

    assert at_once(one, one).count(True) == 1
    assert (every.row().erased, left(product)) == (4, (set(), 3))


def test_a_worker_that_was_killed_is_waited_for_and_then_another_goes_on(product):
    every = Nights()
    in_database(product, every.organization)
    every.begin()
    until = every.now + nights_beyond.LEASE
    with tenancy.vendor():
        NightBeyond.objects.update(lease=every.rule.public_id, leased_until=until)
        assert nights_beyond.following(after=every.now) == until
    assert every.go_on().done == 0 and len(left(product)[0]) == 4
    assert every.go_on(after=nights_beyond.LEASE).done == 1
    assert (every.row().erased, every.row().lease) == (4, None)


def test_a_task_that_comes_twice_erases_once(product):
    every = Nights()
    in_database(product, every.organization)
    every.begin()
    work_on_night_beyond(beyond_id=10**9, organization_id=every.organization.pk, now=every.now.isoformat())
    row = every.row()
    for _twice in range(2):
        work_on_night_beyond(beyond_id=row.pk, organization_id=row.organization_id, now=every.now.isoformat())
    assert (every.row().state, every.row().erased, left(product)) == (BeyondState.DONE, 4, (set(), 3))


def test_who_lost_the_lease_counts_what_went_and_leaves_the_rest(product, monkeypatch):
    every = Nights()
    in_database(product, every.organization)
    every.begin()
    with tenancy.vendor():
        (row,) = nights_beyond.due(at=every.now)
    real = nights_beyond._Turn._write_down

    def taken_over(turn, progress):
        with tenancy.vendor():
            NightBeyond.objects.filter(pk=row.pk).update(lease=None, leased_until=None)
        return real(turn, progress)

    monkeypatch.setattr(nights_beyond._Turn, "_write_down", taken_over)
    with pytest.raises(nights_beyond.NotDue):
        nights_beyond.work(row, now=every.now, by=SYSTEM)
    assert (every.row().erased, every.row().state) == (4, BeyondState.RUNNING)
    monkeypatch.undo()
    assert every.go_on().done == 1
    assert (every.row().erased, every.row().state) == (4, BeyondState.DONE)


def test_a_rule_that_ends_acts_nowhere_any_more(product):
    every = Nights()
    in_database(product, every.organization)
    every.begin()
    with tenancy.tenant(every.organization.pk):
        lasting.end(every.rule, now=every.now, by=CLIENT, for_client=False)
    assert every.row().state == BeyondState.INTERRUPTED
    every.go_on()
    assert len(left(product)[0]) == 4


def test_it_is_said_which_stores_are_reached_and_what_became_of_them(client, service, product):
    every = Nights()
    in_database(product, every.organization)
    a_store(code="talks", settings={"url": service.url, "by_age": ["conversations"]})
    a_store(code="notes", settings={"url": service.url, "by_age": ["context"]})
    paper()
    held(every)
    every.begin()
    every.go_on()
    officer = caller("privacy_officer")
    untested = {"fault": "", "tested_at": None}
    assert officer("GET", f"retention-rules/{every.rule.public_id}")["beyond"] == [
        {"store": "product", "reached": True, "spares": True, "why": ""} | untested,
        {"store": "talks", "reached": True, "spares": False, "why": ""} | untested,
        {"store": "notes", "reached": False, "spares": False, "why": "not_by_age"} | untested,
        {"store": "paper", "reached": False, "spares": False, "why": "by_hand"} | untested,
    ]
    (night,) = officer("GET", "retention-nights")["results"]
    assert [(one["store"], one["state"], one["why"], one["erased"], one["spared"]) for one in night["beyond"]] == [
        ("product", "done", "", 3, 1),
        ("talks", "skipped", "cannot_spare", 0, 1),
    ]
    client.force_login(a_member("privacy_officer"), backend="config.backends.EmailBackend")
    for name, key, texts in (
        ("retentionrule", every.rule.pk, ("talks: every night", "nothing goes there while", "talks 0 (Passed over)")),
        ("retentionnight", every.row().night_id, ("product: 3", "cannot be told apart there")),
    ):
        page = client.get(reverse(f"admin:retention_{name}_change", args=[key])).content.decode()
        assert [text for text in texts if text not in page] == []


def test_a_store_that_is_switched_off_meanwhile_is_not_asked(service):
    every = Nights()
    store = a_store(settings={"url": service.url, "by_age": ["conversations"]}, secret=SECRET)
    every.begin()
    with tenancy.vendor():
        external.switch(store, on=False, now=every.now, by=OFFICER)
    every.go_on()
    assert (every.row().why, service.calls) == ("switched_off", [])


def test_a_person_who_came_after_is_nobody_who_is_spared(product):
    every = Nights()
    in_database(product, every.organization)
    with tenancy.tenant(every.organization.pk):
        users.put(every.organization, [users.Person("zoe", "zoe@client.example", "Zoe")], now=every.now, by=CLIENT)
    every.begin()
    every.go_on()
    assert every.row().spared == 0
