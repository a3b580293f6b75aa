"""Scopes: without one nothing is seen, in one only its rows, and whatever goes wrong inside, the outer one is back."""

from contextlib import suppress
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.db.utils import InternalError, ProgrammingError

from accounts import tenancy
from accounts.enums import Role
from accounts.models import LicensedUser, Organization, User
from retention import ledger
from retention.models import Message, Vault
from tests.accounts.parties import a_member, at_once
from tests.admin.world import a_client_that_left, a_client_that_stays
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
REFUSED = "42501"  # insufficient privilege: no grant, or a row policy
APPS = ("accounts_", "contracts_", "retention_")
# Tables whose tenant is not in a column organization_id.
TENANT_COLUMN = {"accounts_organization": "id"}
# What nobody but the eraser takes away, and some of it nobody at all.
KEPT = (
    *("retention_message", "retention_conversation"),
    "retention_contextitem",
    "retention_diagnostic",
    "retention_vault",
    "accounts_licenseduser",
    "accounts_user",
    "accounts_organization",
    "accounts_auditevent",
    "accounts_auditseal",
    "accounts_trailhead",
    "accounts_document",
)
# Tables of our own without a tenant's column; the guards say why.
WITHOUT = {
    "accounts_user",
    "accounts_factorrequirement",
    "accounts_simulatedclock",
    "accounts_trailhead",
    *(f"retention_{name}" for name in ("keyencryptionkey", "keyrotation", "keyrotationstep", "ledgerhead", "restore")),
    "accounts_lostmessage",
    "contracts_indexseries",
    "contracts_indexvalue",
    "contracts_indexlink",
    "retention_externalstore",
}
# Rows about a client that are the vendor's own to see: letters not yet decided, notices not yet sent, where its members
# sign in.
VENDORS_OWN = {"accounts_identityprovider", "contracts_intake", "contracts_outgoingnotice"}


def tenant_tables():
    """Return the catalogue's own tables and the column that names their tenant.

    The two tables of the ledger exist in its own database only, and have a test of their own.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        names = [name for (name,) in cursor.fetchall() if name.startswith(APPS) and name not in WITHOUT]
    return {name: TENANT_COLUMN.get(name, "organization_id") for name in names}


def attempt(statement, *params, alias="default"):
    """Run a statement; return how many rows it touched, or the SQLSTATE that refused it."""
    try:
        with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
            cursor.execute(statement, params)
            return cursor.rowcount
    except DatabaseError as error:
        return error.__cause__.sqlstate


def seen(table, column, alias="default"):
    """Return the tenants whose rows are seen."""
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL")
        return {value for (value,) in cursor.fetchall()}


def stands():
    """Return what the database goes by now: role and tenant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, coalesce(current_setting('terme.organization_id', true), '')")
        return cursor.fetchone()


def broken_statement():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1/0")


# Who sees and writes what, in every table of the catalogue.


def test_a_tenant_sees_its_own_rows_and_writes_none_next_door_in_any_table():
    left, stays = a_client_that_left(), a_client_that_stays()
    tables = tenant_tables()
    with tenancy.vendor():
        filled = {name: seen(name, column) & {left.pk, stays.pk} for name, column in tables.items()}
    assert not [name for name, tenants in filled.items() if not tenants], "give these a row in tests/admin/world.py"
    wrong = []
    for own, other in ((left, stays), (stays, left)):
        with tenancy.tenant(own.pk):
            for table, column in tables.items():
                probes = {
                    "sees": bool(seen(table, column) - {own.pk}),
                    "does not see its own": own.pk in filled[table]
                    and seen(table, column) != (set() if table in VENDORS_OWN else {own.pk}),
                    "inserts next door": attempt(f"INSERT INTO {table} ({column}) VALUES (%s)", other.pk) != REFUSED,
                    "updates next door": attempt(
                        f"UPDATE {table} SET {column} = {column} WHERE {column} = %s", other.pk
                    )
                    not in (0, REFUSED),
                    "moves its rows next door": attempt(f"UPDATE {table} SET {column} = %s", other.pk)
                    not in ((REFUSED,) if own.pk in filled[table] else (0, REFUSED)),
                    "deletes next door": attempt(f"DELETE FROM {table} WHERE {column} = %s", other.pk)
                    not in (0, REFUSED),
                    "empties": attempt(f"TRUNCATE {table}") != REFUSED,
                }
                wrong += [f"{table}: {what}" for what, found in probes.items() if found]
    assert wrong == []


def test_a_key_of_the_ledger_is_seen_and_added_by_its_own_organization_only():
    left, stays = a_client_that_left(), a_client_that_stays()
    with ledger.vendor():
        assert seen("retention_datakey", "organization_ref", "ledger") == {stays.public_id}
        assert seen("retention_erasureentry", "organization_ref", "ledger") == {left.public_id}
    for own, other in ((left, stays), (stays, left)):
        with ledger.tenant(own.public_id):
            for table in ("retention_datakey", "retention_erasureentry"):
                assert seen(table, "organization_ref", "ledger") <= {own.public_id}
                for statement in (
                    f"INSERT INTO {table} (organization_ref) VALUES (%s)",
                    f"UPDATE {table} SET organization_ref = %s",
                    f"DELETE FROM {table} WHERE organization_ref = %s",
                ):
                    assert attempt(statement, other.public_id, alias="ledger") == REFUSED, statement


def test_without_a_scope_every_table_is_empty_and_takes_nothing():
    left, stays = a_client_that_left(), a_client_that_stays()
    for table, column in tenant_tables().items():
        assert seen(table, column) == set(), table
        assert attempt(f"INSERT INTO {table} ({column}) VALUES (%s)", stays.pk) == REFUSED, table
        assert attempt(f"UPDATE {table} SET {column} = {column}") in (0, REFUSED), table
        assert attempt(f"DELETE FROM {table}") in (0, REFUSED), table
    assert User.objects.count() == 0
    assert left.pk != stays.pk


def test_the_vendor_sees_everybody_and_neither_it_nor_a_tenant_removes_people_or_content():
    left, stays = a_client_that_left(), a_client_that_stays()
    with tenancy.vendor():
        assert set(Organization.objects.values_list("pk", flat=True)) == {left.pk, stays.pk}
    for scope in (tenancy.vendor, lambda: tenancy.tenant(stays.pk)):
        with scope():
            for table in KEPT:
                assert attempt(f"DELETE FROM {table}") == REFUSED, table
                assert attempt(f"TRUNCATE {table} CASCADE") == REFUSED, table
    with tenancy.tenant(stays.pk):
        assert Message.objects.exists()


def test_the_eraser_of_one_client_reaches_no_other():
    left, stays = a_client_that_left(), a_client_that_stays()
    with tenancy.tenant(stays.pk):
        before = Message.objects.count()
    with tenancy.eraser(left.pk):
        for table, column in tenant_tables().items():
            found = attempt(f"DELETE FROM {table} WHERE {column} = %s", stays.pk)
            assert found in (0, REFUSED), table
        assert not Message.objects.exists()
    with tenancy.tenant(stays.pk):
        assert Message.objects.count() == before > 0


def test_a_users_row_is_seen_where_they_have_a_role():
    here, there = an_organization(), an_organization()
    ann, ben, vendors = (
        a_member(Role.AUTHORISED_CONTACT, here),
        a_member(Role.AUTHORISED_CONTACT, there),
        a_member(Role.SUPPORT),
    )
    with tenancy.tenant(here.pk):
        assert list(User.objects.all()) == [ann]
    with tenancy.tenant(there.pk):
        assert list(User.objects.all()) == [ben]
    with tenancy.vendor():
        assert set(User.objects.all()) == {ann, ben, vendors}


@pytest.mark.parametrize("whose", ["its own", "another's"])
def test_only_the_eraser_opens_or_closes_a_vault(whose):
    stays, other = a_client_that_stays(), an_organization()
    actor = stays if whose == "its own" else other
    with tenancy.tenant(actor.pk):
        assert attempt("UPDATE retention_vault SET state = 'destroyed'") == REFUSED
        touched = attempt("UPDATE retention_vault SET changed_at = now() WHERE organization_id = %s", stays.pk)
        assert touched == (1 if whose == "its own" else 0)
    with tenancy.vendor():
        assert attempt("UPDATE retention_vault SET state = 'destroyed'") == REFUSED
        assert Vault.objects.get(organization=stays).state == "open"


def test_a_foreign_key_cannot_point_next_door():
    stays, other = a_client_that_stays(), an_organization()
    (stranger,) = people_of(other, "zoe")
    with tenancy.tenant(stays.pk):
        message = Message.objects.order_by("pk").first()
    message.pk, message.subject_id, message.external_id = None, stranger.pk, "another"
    message.public_id = uuid4()
    with pytest.raises(IntegrityError, match="tenant_fk"), tenancy.tenant(stays.pk):
        message.save(force_insert=True)


# Scopes in scopes.


def scopes(organization):
    """Return each way to stand: its scope, and what the database then goes by."""
    tenant = str(organization.pk)
    return {
        "tenant": (lambda: tenancy.tenant(organization.pk), ("terme_app", tenant)),
        "vendor": (tenancy.vendor, ("terme_vendor", "")),
        "eraser": (lambda: tenancy.eraser(organization.pk), ("terme_eraser", tenant)),
    }


NAMES = ("tenant", "vendor", "eraser")


@pytest.mark.parametrize("inner", NAMES)
@pytest.mark.parametrize("outer", NAMES)
@pytest.mark.parametrize("how", ["ends", "fails", "fails in SQL", "is rolled back"])
def test_after_a_nested_scope_the_outer_one_is_in_force_however_it_ended(outer, inner, how):
    (enter_outer, standing_outer), (enter_inner, standing_inner) = (
        scopes(an_organization())[outer],
        scopes(an_organization())[inner],
    )
    with enter_outer():
        before = tenancy.current()
        assert stands() == standing_outer
        with suppress(KeyboardInterrupt, DatabaseError), enter_inner():
            assert stands() == standing_inner
            if how == "fails":
                raise KeyboardInterrupt
            if how == "fails in SQL":
                broken_statement()
            if how == "is rolled back":
                transaction.set_rollback(True)
        assert stands() == standing_outer
        assert tenancy.current() == before
    assert stands() == ("terme_app", "")
    assert tenancy.current() is None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", ["ends", "fails"])
def test_after_the_outermost_scope_nothing_is_seen_any_more(name, how):
    organization = an_organization()
    people_of(organization, "ann")
    enter, _standing = scopes(organization)[name]
    with suppress(KeyboardInterrupt), enter():
        assert LicensedUser.objects.count() == 1
        if how == "fails":
            raise KeyboardInterrupt
    assert stands() == ("terme_app", "")
    assert LicensedUser.objects.count() == 0


def test_what_a_failed_nested_scope_wrote_is_gone_and_the_outer_ones_rows_stay():
    organization = an_organization()
    with tenancy.vendor():
        people_of(organization, "ann")
        with pytest.raises(KeyboardInterrupt), tenancy.tenant(organization.pk):
            LicensedUser.objects.update(display_name="Changed")
            raise KeyboardInterrupt
    with tenancy.vendor():
        assert LicensedUser.objects.get().display_name == "Ann"


def test_an_error_that_is_swallowed_inside_a_scope_is_heard_at_its_end():
    """A statement failed, nobody says so: the transaction is broken, and that must not end as if all were well."""
    organization = an_organization()
    with tenancy.vendor():
        with (
            pytest.raises(InternalError, match="aborted"),
            tenancy.tenant(organization.pk),
            suppress(DatabaseError),
        ):
            broken_statement()
        assert stands() == ("terme_vendor", "")
        assert tenancy.current() == tenancy.Scope("terme_vendor", None)
        assert Organization.objects.count() == 1


def test_a_refusal_caught_inside_leaves_the_scope_in_force():
    organization = an_organization()
    with tenancy.tenant(organization.pk):
        with pytest.raises(ProgrammingError), transaction.atomic():
            Organization.objects.create(name="x", created_at=organization.created_at)
        assert stands() == ("terme_app", str(organization.pk))


def test_a_scope_inside_a_plain_transaction_ends_in_no_scope():
    organization = an_organization()
    with transaction.atomic():
        with tenancy.vendor():
            assert Organization.objects.count() == 1
        assert stands() == ("terme_app", "")
        assert Organization.objects.count() == 0
    assert organization.pk


def test_scopes_of_threads_do_not_mix():
    one, other = an_organization(), an_organization()
    people_of(one, "ann")
    people_of(other, "zoe")

    def names(organization):
        with tenancy.tenant(organization.pk):
            return [tenancy.current_organization_id(), *LicensedUser.objects.values_list("external_id", flat=True)]

    assert at_once(lambda: names(one), lambda: names(other)) == [[one.pk, "ann"], [other.pk, "zoe"]]


@pytest.mark.parametrize("enter", [None, tenancy.vendor])
def test_who_needs_a_tenant_and_has_none_is_told(enter):
    if enter is None:
        with pytest.raises(tenancy.NoScope):
            tenancy.current_organization_id()
        return
    with enter(), pytest.raises(tenancy.NoScope):
        tenancy.current_organization_id()


def test_the_ledgers_scopes_do_not_nest():
    organization = an_organization()
    with ledger.tenant(organization.public_id), pytest.raises(RuntimeError), ledger.vendor():
        pass


# What the scopes are not: a wall against whoever can run SQL of their own. Stated here so that nobody believes it.


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("terme_vendor", True),
        ("terme_eraser", True),
        ("terme_loader", True),
        ("terme_owner", False),
        ("postgres", False),
    ],
)
def test_which_roles_the_service_may_take_by_itself(role, may):
    """The login may take the roles it works with, so SQL injected into it could: parameters are the defence there.

    It can never become the owner of the tables, so policies, grants and triggers stay as they are.
    """
    with transaction.atomic():
        assert (attempt(f"SET LOCAL ROLE {role}") != REFUSED) == may


def test_a_role_taken_by_hand_lasts_no_longer_than_its_transaction_and_gives_no_tenant():
    organization = an_organization()
    people_of(organization, "ann")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE terme_eraser")
        assert LicensedUser.objects.count() == 0, "the eraser works on one stated organization"
    assert stands() == ("terme_app", "")


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE accounts_licenseduser DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant_app ON accounts_licenseduser",
        "ALTER ROLE terme_app BYPASSRLS",
        "CREATE TABLE public.aside (id int)",
        "COPY accounts_licenseduser TO PROGRAM 'cat'",
        "SET SESSION AUTHORIZATION terme_owner",
    ],
)
@pytest.mark.parametrize("enter", [tenancy.vendor, lambda: tenancy.eraser(1), lambda: tenancy.tenant(1)])
def test_no_scope_can_take_the_walls_down(enter, statement):
    with enter():
        assert attempt(statement) == REFUSED


def test_who_grants_themselves_a_privilege_has_it_no_more_than_before():
    with tenancy.vendor():
        attempt("GRANT DELETE ON retention_message TO terme_app, terme_vendor")
        assert attempt("DELETE FROM retention_message") == REFUSED
    assert attempt("DELETE FROM retention_message") == REFUSED
