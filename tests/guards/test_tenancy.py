"""Tables of tenants carry the tenant, a policy for each role, composite keys; nobody is granted more than stated."""

import pytest
from django.apps import apps
from django.db import connections

from accounts import tenancy
from accounts.db.fields import TenantForeignKey

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
OWN = ("accounts", "contracts", "retention")
# Tables without a tenant, and why.
VENDOR_WIDE = {
    "accounts_user": "policies go by membership",
    "accounts_factorrequirement": "the vendor's rule for a role, whoever holds it",
    "accounts_simulatedclock": "one row, of the demo",
    "accounts_trailhead": "a head names the chains of every client, and no client's scope sees one",
    "retention_keyencryptionkey": "check values of the vendor's own keys",
    "retention_keyrotation": "it goes through the keys of every client",
    "retention_keyrotationstep": "a step of it counts those of every client",
    "retention_externalstore": "a store of the vendor's holds data of many clients, and no client's scope sees one",
    "retention_ledgerhead": "one row, about the ledger of all clients",
    "retention_ledgerpulse": "one row, a count",
    "retention_restore": "a restore is of every client's data at once",
    "accounts_sentrecord": "digests only: it says nothing of whom it was sent to",
    "accounts_lostmessage": "what a restore lost, of whichever client, as digests",
    "contracts_indexseries": "a public price index is the same for every client",
    "contracts_indexvalue": "published figures are the same for every client",
    "contracts_indexlink": "published coefficients are the same for every client",
}
DELETABLE = {
    "accounts_membership": "a role is taken away by the vendor",
    "accounts_ruleexemption": "an exemption from a client's rule is lifted; the trail keeps that it was",
    "accounts_idempotencykey": "old answers are forgotten",
    "accounts_provisionedgroup": "the client's identity provider keeps its groups",
    "accounts_provisionedmembership": "the client's identity provider says who is in them",
    "accounts_simulatedclock": "simulated time ends",
    "accounts_lostmessage": "a restore is forgotten once no older backup is left",
    "retention_subjectdoubt": "questions who asks go with the words, and when a wrong forwarding is taken back",
    "retention_subjectlink": "links go likewise",
    "retention_subjectrequest": "what was with no client goes when its period is over",
    "django_session": "sessions end",
    "mfa_authenticator": "people take their own factors away",
    "socialaccount_socialtoken": "it has no rows; Django looks into it where the table below loses one",
    "socialaccount_socialaccount": "a provider's sign-ins end with it",
}


def rows(alias, query, *params):
    with connections[alias].cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall()


def tables(alias):
    return {name for (name,) in rows(alias, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


@pytest.mark.parametrize("alias", ["default", "ledger"])
def test_every_own_table_is_under_forced_row_security_with_a_policy_per_role(alias):
    found = dict(
        rows(
            alias,
            "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c "
            "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace",
        )
    )
    policies = {}
    for table, role in rows(alias, "SELECT tablename, unnest(roles) FROM pg_policies WHERE schemaname = 'public'"):
        policies.setdefault(table, []).append(role)
    for table in sorted(tables(alias)):
        if not table.startswith(OWN) or table == "accounts_simulatedclock":
            continue
        assert found[table], f"{table}: add row_security(…) to the app's migration"
        assert len(policies[table]) == len(set(policies[table])), f"{table}: one policy per role"
        assert {"terme_app", "terme_vendor"} <= set(policies[table]), f"{table}: a policy for each role"


@pytest.mark.parametrize(
    "model", [m for m in apps.get_models() if m._meta.app_label in OWN], ids=lambda m: m._meta.label
)
def test_every_own_model_carries_its_tenant(model):
    names = {field.attname for field in model._meta.concrete_fields}
    if model._meta.db_table in VENDOR_WIDE or model._meta.label == "accounts.Organization":
        return
    assert names & {"organization_id", "organization_ref"}, f"{model._meta.label}: a tenant's row names its tenant"


def test_foreign_keys_between_tenants_rows_are_composite_and_the_databases_own():
    known = {name for (name,) in rows("default", "SELECT conname FROM pg_constraint WHERE contype = 'f'")}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, TenantForeignKey):
                name = f"{model._meta.db_table}_{field.attname}_tenant_fk"
                assert name in known, f"{model._meta.label}.{field.name}: add composite_keys(…) to the migration"


@pytest.mark.parametrize("alias", ["default", "ledger"])
@pytest.mark.parametrize("role", ["terme_app", "terme_vendor"])
def test_web_and_workers_delete_nothing_but_what_is_listed(alias, role):
    for table in sorted(tables(alias)):
        ((delete, truncate),) = rows(
            alias,
            "SELECT has_table_privilege(%s, %s, 'DELETE'), has_table_privilege(%s, %s, 'TRUNCATE')",
            role,
            table,
            role,
            table,
        )
        assert not truncate, f"{role} may empty {table}"
        assert not delete or table in DELETABLE, f"{role} may delete from {table}: only the eraser may"


def test_the_list_of_what_may_be_deleted_is_not_stale():
    for table in DELETABLE:
        allowed = [
            rows("default", "SELECT has_table_privilege(%s, %s, 'DELETE')", role, table)[0][0]
            for role in ("terme_app", "terme_vendor")
        ]
        assert any(allowed), f"{table}: nobody deletes from it any more, take it off the list"


def test_the_service_is_not_the_owner_and_bypasses_nothing():
    ((user, superuser, bypass, owns),) = rows(
        "default",
        "SELECT current_user, rolsuper, rolbypassrls, EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = 'public' "
        "AND tableowner = current_user) FROM pg_roles WHERE rolname = current_user",
    )
    assert (user, superuser, bypass, owns) == ("terme_app", False, False, False)


def test_without_a_scope_nothing_is_seen():
    for model in apps.get_models():
        if model._meta.app_label in OWN and model._meta.db_table in tables("default") - {"accounts_simulatedclock"}:
            assert model.objects.count() == 0
    assert tenancy.current() is None
