"""Views and materialized views are searched as tables are: what one shows of somebody erased reopens the request."""

import contextlib

import psycopg
import pytest

from accounts import tenancy
from accounts.models import LicensedUser
from retention.enums import RequestStatus, RunPhase
from retention.models import Certificate, Verification
from tests.admin.people import a_member
from tests.contracts.agreements import at
from tests.engines import admin_dsn
from tests.retention.test_checks_again import DAY, addenda, checked_at, erased, the_run
from tests.retention.test_life import a_leaving_client, decide_everything, live_until, the_request
from tests.retention.under_contract import AFTER_GRACE, a_client, approved, asked, state_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
PEOPLE = LicensedUser._meta.db_table
# A table that the service may not read: its administrator may, and so may whoever is shown it by the administrator.
CLOSED = "CREATE TABLE reports.base AS SELECT 'ann-1@client.example'::text AS x; "
EMAIL = {("default.reports.copy.x", "email"), ("default.reports.copy.x", "external_id")}
BASE, COPY = ("default.reports.base", "unreadable"), ("default.reports.copy", "unreadable")


@contextlib.contextmanager
def reports(create):
    """Let an administrator make ``reports.copy``, in a schema of its own, for everybody to read."""
    with psycopg.connect(admin_dsn("default"), autocommit=True) as connection:
        connection.execute(
            f"CREATE SCHEMA reports; {create}; "
            "GRANT USAGE ON SCHEMA reports TO PUBLIC; GRANT SELECT ON reports.copy TO PUBLIC"
        )
        try:
            yield connection
        finally:
            connection.execute("DROP SCHEMA reports CASCADE")


def of_people(columns):
    """A copy of people, as it was when somebody last refreshed it: before the erasure."""
    return f"CREATE MATERIALIZED VIEW reports.copy AS SELECT {columns} FROM {PEOPLE}"


COPIES = {
    "addresses": (of_people("email AS x"), EMAIL),
    "of-the-organization": (of_people("organization_id, email AS x"), EMAIL),
    "json": (of_people("organization_id, jsonb_build_object('who', ARRAY[email]) AS x"), EMAIL),
    "opaque-ids": (of_people("public_id AS x"), {("default.reports.copy.x", "person_id")}),
    "internal-keys": (
        of_people("organization_id, id AS licensed_user_id"),
        {("default.reports.copy.licensed_user_id", "rows_of_person")},
    ),
}


@pytest.mark.parametrize("case", COPIES)
def test_what_a_materialized_view_still_holds_keeps_the_erasure_from_its_certificate(case):
    create, expected = COPIES[case]
    organization = a_client()
    with reports(create):
        request = approved(asked(organization, "ann-1"))
        live_until(AFTER_GRACE)
        with tenancy.vendor():
            hits = Verification.objects.get().hits
            assert {(hit["place"], hit["kind"]) for hit in hits} == expected
            assert not Certificate.objects.exists()
    assert state_of(request) == RequestStatus.FAILED


def test_a_view_of_people_shows_nobody_who_was_erased():
    organization = a_client()
    with reports(f"CREATE VIEW reports.copy AS SELECT organization_id, email, public_id FROM {PEOPLE}"):
        erased(organization, "ann-1")


@pytest.mark.parametrize(
    "select",
    [
        pytest.param("SELECT organization_id, reference FROM contracts_contract", id="rows-that-stay"),
        pytest.param("SELECT * FROM retention_message", id="ciphertext"),
    ],
)
def test_a_view_holds_nothing_of_its_own_so_what_stays_beneath_it_is_no_residue(select):
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    with reports(f"CREATE VIEW reports.copy AS {select}"):
        live_until(at("2026-02-05"))
    assert the_request(organization).status == RequestStatus.CERTIFIED


def test_a_materialized_view_is_a_copy_so_rows_of_the_client_in_it_are_residue():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    with reports("CREATE MATERIALIZED VIEW reports.copy AS SELECT organization_id, reference FROM contracts_contract"):
        live_until(at("2026-02-05"))
    with tenancy.vendor():
        (hit,) = Verification.objects.get().hits
    assert (hit["place"], hit["kind"], hit["count"]) == ("default.reports.copy", "rows", 1)


SHOWN = {
    "a-view-of-a-closed-table": (f"{CLOSED} CREATE VIEW reports.copy AS TABLE reports.base", EMAIL | {BASE}),
    "a-view-of-no-table": ("CREATE VIEW reports.copy AS SELECT ARRAY['ann-1@client.example'] AS x", EMAIL),
    "a-materialized-view": (
        f"{CLOSED} CREATE MATERIALIZED VIEW reports.copy AS TABLE reports.base",
        EMAIL | {BASE},
    ),
    "a-view-that-nobody-can-look-into": (
        "CREATE VIEW reports.copy AS SELECT (1 / g)::text AS x FROM generate_series(-1, 1) AS g",
        {COPY},
    ),
    "views-in-a-circle": (
        "CREATE VIEW reports.copy AS SELECT 'x'::text AS x; CREATE VIEW reports.base AS SELECT x FROM reports.copy; "
        "GRANT SELECT ON reports.base TO PUBLIC; CREATE OR REPLACE VIEW reports.copy AS SELECT x FROM reports.base",
        {BASE, COPY},
    ),
    "a-view-with-the-rights-of-who-asks": (
        f"{CLOSED} CREATE VIEW reports.copy WITH (security_invoker) AS TABLE reports.base",
        {BASE, COPY},
    ),
}


@pytest.mark.parametrize("case", SHOWN)
def test_what_a_view_shows_after_the_certificate_reopens_the_request(case):
    create, expected = SHOWN[case]
    request = erased(a_client(), "ann-1")
    with reports(create):
        assert checked_at(AFTER_GRACE + DAY) == ([True, False], expected)
    assert (state_of(request), the_run().phase) == (RequestStatus.FAILED, RunPhase.RESIDUE_FOUND)
    assert [(one["kind"], one["stands"]) for one in addenda()] == [("residue_found", False)]


def test_a_materialized_view_that_holds_nothing_yet_stops_nothing_and_what_it_holds_then_is_found():
    request = erased(a_client(), "ann-1")
    copy = "CREATE MATERIALIZED VIEW reports.copy AS SELECT 'ann-1@client.example'::text AS x WITH NO DATA"
    with reports(copy) as connection:
        assert checked_at(AFTER_GRACE + DAY) == ([True, True], set())
        connection.execute("REFRESH MATERIALIZED VIEW reports.copy")
        assert checked_at(AFTER_GRACE + 2 * DAY) == ([True, True, False], EMAIL)
    assert state_of(request) == RequestStatus.FAILED


EXCUSED = {
    "as-it-is": ("SELECT id, email FROM accounts_user", "email"),
    "under-another-name": ('SELECT id, email AS "who, {or} \\ so" FROM accounts_user', "who, {or} \\ so"),
    "joined": ("SELECT o.id, u.email FROM accounts_organization o, accounts_user u", "email"),
    "of-a-part": ("WITH part AS (SELECT email AS x FROM accounts_user) SELECT x FROM part", "x"),
}
VIEW = "CREATE VIEW reports.copy WITH (security_invoker) AS"


@pytest.mark.parametrize("case", EXCUSED)
@pytest.mark.parametrize("through", [False, True], ids=["a-view", "a-view-of-a-view"])
def test_a_plain_view_of_contacts_excuses_their_addresses_as_their_table_does(case, through):
    select, column = EXCUSED[case]
    organization = a_client()
    a_member("client_administrator", organization, email="ann-1@client.example")
    create = f"{VIEW} {select}"
    if through:
        inner = create.replace("reports.copy", "reports.base")
        create = f"{inner}; GRANT SELECT ON reports.base TO PUBLIC; {VIEW} TABLE reports.base"
    with reports(create):
        request = erased(organization, "ann-1")
        assert state_of(request) == RequestStatus.CERTIFIED
        with tenancy.vendor():
            columns = Certificate.objects.get().document["not_searched"]["columns"]
    assert set(columns) >= {f"reports.copy.{column}", "accounts_user.email"}
    assert not {f"copy.{column}", "email"} & set(columns), "with its schema"


OTHERS = "(SELECT 'ann-1@client.example'::text AS email) AS others"
SEARCHED = {
    "a-text": "SELECT 'ann-1@client.example'::text AS email",
    "another-of-the-name": f"SELECT others.email FROM accounts_user u, {OTHERS}",
    "computed": f"SELECT coalesce(others.email, u.email) AS email FROM accounts_user u, {OTHERS}",
    "put-together": f"SELECT email FROM accounts_user UNION ALL SELECT email FROM {OTHERS}",
    "told-apart-within": f"SELECT others.email FROM {OTHERS} WHERE email NOT IN (SELECT email FROM accounts_user)",
}


@pytest.mark.parametrize("case", SEARCHED)
def test_a_plain_view_that_calls_something_else_an_address_is_searched(case):
    organization = a_client()
    a_member("client_administrator", organization, email="another@client.example")
    with reports(f"{VIEW} {SEARCHED[case]}"):
        approved(asked(organization, "ann-1"))
        live_until(AFTER_GRACE)
        with tenancy.vendor():
            hits = {(hit["place"], hit["kind"]) for hit in Verification.objects.latest("pk").hits}
    assert ("default.reports.copy.email", "email") in hits


def test_a_materialized_view_of_contacts_is_a_copy_that_nothing_excuses_nor_a_view_of_it():
    organization = a_client()
    a_member("client_administrator", organization, email="ann-1@client.example")
    copy = "CREATE MATERIALIZED VIEW reports.base AS SELECT email FROM accounts_user"
    with reports(f"{copy}; GRANT SELECT ON reports.base TO PUBLIC; {VIEW} TABLE reports.base"):
        approved(asked(organization, "ann-1"))
        live_until(AFTER_GRACE)
        with tenancy.vendor():
            hits = {hit["place"] for hit in Verification.objects.latest("pk").hits if hit["kind"] == "email"}
    assert hits == {"default.reports.base.email", "default.reports.copy.email"}
