"""The trail by REST and in the admin: found by what it is about, by whom, of whom, when; its seals; its cost."""

import json
import re
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import tenancy
from accounts.models import AuditDetail, AuditEvent, AuditSeal, Organization
from accounts.operations import heads, standing
from accounts.rules.chain import START
from tests.accounts.parties import NOW
from tests.accounts.trails import administrator, an_event, sealed
from tests.admin.conftest import plain_static_files, sign_in
from tests.api.callers import caller
from tests.retention.vaults import an_organization

__all__ = ["plain_static_files", "sign_in"]
pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
HOUR = timedelta(hours=1)


@pytest.fixture
def trail():
    """Two clients; events at noon, at one, at two; one for the vendor only."""
    one, two = an_organization(name="Alpha"), an_organization(name="Beta")
    made = {
        "signed": an_event(one, "contract.signed", by="user:a"),
        "renewed": an_event(one, "contract.renewed", by="system", at=NOW + HOUR),
        "weighed": an_event(one, "uplift.proposed", by="system", at=NOW + 2 * HOUR, vendor_only=True),
        "theirs": an_event(two, "contract.signed", by="user:b", at=NOW + 2 * HOUR, detail={"reason": "because"}),
    }
    sealed()
    return one, two, made


def names(events, made):
    known = {str(event.public_id): name for name, event in made.items()}
    return [known[event["public_id"]] for event in events if event["public_id"] in known]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=contract.signed", ["signed", "theirs"]),
        ("name=contract", []),
        ("actor=system", ["renewed", "weighed"]),
        ("actor=user:b", ["theirs"]),
        ("subject_id={one}", ["signed", "renewed", "weighed"]),
        ("organization={two}", ["theirs"]),
        ("organization=00000000-0000-0000-0000-000000000000", []),
        ("occurred_after=2026-03-01T13:00:00Z", ["renewed", "weighed", "theirs"]),
        ("occurred_before=2026-03-01T13:00:00Z", ["signed"]),
        ("occurred_after=2026-03-01T14:00:00%2B01:00&occurred_before=2026-03-01T14:00Z", ["renewed"]),
        ("name=contract.signed&organization={one}", ["signed"]),
    ],
)
def test_events_are_found_by_rest(trail, query, found):
    one, two, made = trail
    answer = caller("auditor")(
        "GET", f"audit-events?{query.format(one=one.public_id, two=two.public_id)}&page_size=200"
    )
    assert names(answer["results"], made) == found


@pytest.mark.parametrize(
    "query",
    [
        "occurred_after=yesterday",
        "occurred_before=2026-13-01",
        "organization=x",
        "subject_id=1",
        "name=%00",
        "actor=a%00",
    ],
)
def test_what_cannot_be_read_is_refused(trail, query):
    answer = caller("auditor")("GET", f"audit-events?{query}", expect=400)
    assert answer["errors"][0]["attr"] == query.split("=")[0]


def test_a_client_finds_its_own_only(trail):
    one, two, made = trail
    call = caller("client_administrator", str(one.public_id))
    assert names(call("GET", "audit-events?page_size=200")["results"], made) == ["signed", "renewed"]
    assert call("GET", f"audit-events?organization={two.public_id}")["results"] == []


def test_the_head_by_rest_is_that_of_the_chain_which_the_caller_reads(trail):
    one, _two, _made = trail
    auditor, client = caller("auditor"), caller("client_administrator", str(one.public_id))
    sealed()
    with tenancy.vendor():
        last = AuditSeal.objects.latest("position")
        own = AuditSeal.objects.filter(organization_id=one.pk, vendor_only=False).latest("organization_position")
    found = auditor("GET", "trail/head")
    assert (found["chain"], found["position"], found["digest"]) == ("all", last.position, last.digest)
    assert (found["waiting"], found["waiting_since"]) == (0, None)
    theirs = client("GET", "trail/head")
    assert theirs["chain"] == "organization"
    assert (theirs["position"], theirs["digest"]) == (own.organization_position, own.organization_digest)
    an_event(one)
    an_event(one, vendor_only=True)
    assert auditor("GET", "trail/head")["waiting"] == 2
    assert client("GET", "trail/head")["waiting"] == 1


@pytest.mark.parametrize("whose", ["auditor", "client_administrator"])
def test_whoever_reads_a_chain_computes_it_anew_from_its_links(trail, whose):
    one, _two, made = trail
    call = caller(whose, None if whose == "auditor" else str(one.public_id))
    sealed()
    head, digest, events, after = call("GET", "trail/head"), START, [], 0
    while True:
        page = call("GET", f"trail/links?after={after}&limit=2")
        assert page["chain"] == head["chain"]
        for link in page["links"]:
            after += 1
            digest = sha256(f"{digest}{link['text']}".encode()).hexdigest()
            events.append(link["event"])
            assert (link["position"], link["digest"]) == (after, digest)
            assert json.loads(link["text"])[2] == link["event"]
        if len(page["links"]) < 2:
            break
    assert (after, digest) == (head["position"], head["digest"])
    known = {name for name, event in made.items() if str(event.public_id) in events}
    assert known == (set(made) if whose == "auditor" else {"signed", "renewed"})


@pytest.mark.parametrize(
    "query", ["after=x", "after=-1", "after=9223372036854775808", "limit=0", "limit=1001", "after=%00"]
)
def test_links_are_asked_for_by_numbers(query):
    answer = caller("auditor")("GET", f"trail/links?{query}", expect=400)
    assert answer["errors"][0]["attr"] == query.split("=")[0]


def test_before_the_first_link_the_head_says_so():
    with tenancy.vendor():
        found = standing.of_scope()
    assert (found.position, found.digest, found.sealed_at, found.waiting) == (0, START, None, 0)


def listed(client, query):
    answer = client.get(f"{reverse('admin:accounts_auditevent_changelist')}?{query}")
    assert answer.status_code == 200
    return [event.pk for event in answer.context["cl"].result_list]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=contract.", ["theirs", "renewed", "signed"]),
        ("q=contract.signed", ["theirs", "signed"]),
        ("q=contract.+user:b", ["theirs"]),
        ("q=user:a", ["signed"]),
        ("q={one}", ["weighed", "renewed", "signed"]),
        ("q={signed}", ["signed"]),
        ("client=Alp&q=contract.", ["renewed", "signed"]),
        ("client={two}&q=contract.", ["theirs"]),
        ("client=Nobody", []),
        ("occurred_at_from=2026-03-01&occurred_at_to=2026-03-01", ["theirs", "weighed", "renewed", "signed"]),
        ("occurred_at_from=2026-03-02&occurred_at_to=2026-03-03", []),
        ("occurred_at_from=soon", []),
        ("occurred_at_to=9999-12-31&q=user:a", ["signed"]),
        ("vendor_only__exact=1&client=Alpha", ["weighed"]),
    ],
)
def test_events_are_found_in_the_admin(trail, sign_in, query, found):
    one, two, made = trail
    ids = {"one": one.public_id, "two": two.public_id, "signed": made["signed"].public_id}
    assert listed(sign_in("auditor"), query.format(**ids)) == [made[name].pk for name in found]


@pytest.mark.parametrize("query", ["client=%00", "client=%27%3B--", "occurred_at_from=%00", "q=%25"])
def test_odd_searches_of_the_admin_find_nothing_and_break_nothing(trail, sign_in, query):
    answer = sign_in("auditor").get(f"{reverse('admin:accounts_auditevent_changelist')}?{query}")
    assert answer.status_code in (200, 302)


def page(client, event):
    answer = client.get(reverse("admin:accounts_auditevent_change", args=[event.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_event_s_page_shows_its_seal_and_its_detail_until_that_is_erased(trail, sign_in):
    _one, two, made = trail
    auditor, client = sign_in("auditor"), sign_in("client_privacy_officer", two)
    with tenancy.vendor():
        seal = AuditSeal.objects.get(event_id=made["theirs"].pk)
    shown = page(auditor, made["theirs"])
    assert f"Position {seal.position} of the trail" in shown and seal.digest in shown and "because" in shown
    shown = page(client, made["theirs"])
    assert "Position 1 of your organization's trail" in shown
    assert seal.organization_digest in shown and seal.digest not in shown and "because" in shown
    with tenancy.eraser(two.pk):
        AuditDetail.objects.all().delete()
    shown = page(auditor, made["theirs"])
    assert "Erased." in shown and "because" not in shown
    assert "It waits for its seal" in page(auditor, an_event(two))


def test_the_list_of_seals_says_where_the_chain_stands_and_when_a_head_left(trail, sign_in):
    one, _two, _made = trail
    auditor, client = sign_in("auditor"), sign_in("client_administrator", one)
    sealed()
    address = reverse("admin:accounts_auditseal_changelist")
    shown = auditor.get(address).content.decode()
    assert "No event waits for its seal." in shown and "No head was carried away yet." in shown
    with tenancy.vendor():
        heads.export(now=NOW, by="system")
        digest = standing.of_scope().digest
    an_event(one)
    shown = auditor.get(address).content.decode()
    assert digest in shown and "1 event waits for its seal" in shown and "Last head carried away" in shown
    shown = client.get(address).content.decode()
    assert digest not in shown and "verify_trail" not in shown


def test_the_dashboard_names_what_waits_for_long(trail, sign_in):
    one, _two, _made = trail
    event = an_event(one, "left.waiting")
    with administrator() as other:
        other.execute(
            "UPDATE accounts_auditevent SET recorded_at = now() - interval '11 minutes' WHERE id = %s", [event.pk]
        )
    tables = {table.title: table for table in sign_in("auditor").get(reverse("admin:index")).context["tables"]}
    assert [row.cells[0] for row in tables["Events not sealed"].rows] == ["left.waiting"]


MANY = 200_000


def test_searching_a_long_trail_reads_no_more_than_what_it_finds(sign_in):
    """Each search of the admin goes by an index: nothing reads the trail from its beginning to its end."""
    one = an_organization(name="Alpha")
    client = sign_in("auditor")
    with administrator() as other:
        other.execute(
            "INSERT INTO accounts_auditevent (public_id, organization_id, name, subject_type, subject_id, actor, data, "
            "detail_digest, occurred_at) SELECT gen_random_uuid(), n % 500 + 1000, 'kind' || n % 300 || '.done', 'T', "
            "gen_random_uuid(), 'user:' || n % 2000, '{}', '', '2020-01-01'::timestamptz + n * interval '5 minutes' "
            f"FROM generate_series(1, {MANY}) n"
        )
        other.execute("ANALYZE accounts_auditevent")
        other.execute("ANALYZE accounts_organization")
    for query in (
        "q=kind7.done",
        "q=nothing.like.it",
        "q=user:17",
        "q=user:nobody",
        f"q={one.public_id}",
        f"client={one.public_id}",
        "occurred_at_from=2020-02-03&occurred_at_to=2020-02-03",
        "occurred_at_from=2020-02-03&occurred_at_to=2020-02-03&q=kind7.",
        "",
    ):
        with CaptureQueriesContext(connection) as captured:
            listed(client, query)
        asked = [one["sql"] for one in captured if re.search('FROM "accounts_auditevent"', one["sql"])]
        assert asked
        for sql in asked:
            assert read_by(sql) < MANY / 10, f"{query}: {sql}"
    with tenancy.vendor():
        assert Organization.objects.count() == 1 and AuditEvent.objects.count() >= MANY


def read_by(sql):
    """Return how many rows a question reads, those that it throws away too."""
    with administrator() as other:
        (plan,) = other.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}").fetchone()

    def rows(node):
        own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        return max([own, *(rows(child) for child in node.get("Plans", []))])

    return rows(plan[0]["Plan"])
