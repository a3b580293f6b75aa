"""Every field of every table has a fate, and the database agrees with what the policy says of it."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connections

from accounts import tenancy
from accounts.models import LicensedUser
from retention import ledger, naming
from retention.operations import elsewhere
from retention.operations.stores import STORES, Rows
from retention.policy import NO_RESIDUE, POLICY, Fate, Kind, Role
from retention.policy import STORES as NOT_ROWS
from retention.policy.categories import CATEGORIES
from retention.policy.document import text
from tests.admin.world import a_whole_world

ROOT = Path(__file__).resolve().parent.parent.parent
PUT_OFF = r"\b(tbd|tba|todo|fixme|later|n/?a|none|misc|various|unknown)\b"
VAGUE = re.compile(PUT_OFF + r"|\bto be (decided|defined|determined|done|confirmed|clarified)\b|\?|x{3}", re.IGNORECASE)


def says_something(text, *names):
    """Say whether a reason is one: long enough, nothing put off, and more than the name of what it is about."""
    words = re.findall(r"\w+", text)
    plain = {re.sub(r"\W|_", "", name).lower() for name in names}
    return (
        len(text) > 20
        and len(set(words)) >= 3
        and not VAGUE.search(text)
        and re.sub(r"\W|_", "", text).lower() not in plain
    )


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "TBD",
        "to be decided with the DPO",
        "TO" + "DO: ask somebody about this",
        "n/a",
        "legal",
        "x" * 40,
        "accounts.LicensedUserChange",
        "licensed user changes table",
        "We will see later what this is",
        "Why not? Keep it.",
        "Miscellaneous: misc data",
        "------------------------------",
        "keep keep keep keep keep keep",
    ],
)
def test_a_reason_that_says_nothing_is_seen(reason):
    assert not says_something(reason, "accounts.LicensedUserChange", "licensed user changes table")


@pytest.mark.parametrize("model", apps.get_models(include_auto_created=True), ids=lambda model: model._meta.label)
def test_every_field_has_a_fate(model):
    label = model._meta.label
    if model._meta.auto_created:
        label = model._meta.auto_created._meta.label
    assert label in POLICY, f"{label}: add it to retention/policy/"
    if model._meta.auto_created:
        return
    fields = {field.name for field in (*model._meta.concrete_fields, *model._meta.many_to_many)}
    decided = set(POLICY[label].fields)
    assert not fields - decided, f"{label}: decide the fate of {sorted(fields - decided)} in retention/policy/"
    assert not decided - fields, f"{label}: these no longer exist, take them out: {sorted(decided - fields)}"
    assert not POLICY[label].fates.keys() - fields, f"{label}: a fate is given to a field that does not exist"


def test_policy_names_no_model_that_is_gone():
    gone = POLICY.keys() - {model._meta.label for model in apps.get_models()}
    assert not gone, f"take out of retention/policy/: {sorted(gone)}"


@pytest.mark.parametrize("label", sorted(POLICY))
def test_what_stays_has_a_basis_that_says_something(label):
    table = POLICY[label]
    if table.rows is Fate.ERASE:
        assert not table.basis, f"{label}: what is erased needs no basis"
    else:
        names = (label, label.partition(".")[2], str(apps.get_model(label)._meta.verbose_name_plural))
        assert says_something(table.basis, *names), f"{label}: say why it stays, and how long"
    assert table.category in CATEGORIES, f"{label}: add its category to CATEGORIES"
    assert table.rows is not Fate.KEEP or table.category.role is not Role.NEITHER or "nobody" in table.basis.lower()
    if table.rows is Fate.NOT_PERSONAL:
        assert table.category.role is Role.NEITHER, f"{label}: a category without personal data"


def test_a_category_says_whose_data_what_for_and_which_role():
    assert len({one.code for one in CATEGORIES}) == len({one.title for one in CATEGORIES}) == len(CATEGORIES)
    for one in CATEGORIES:
        assert one.people and not VAGUE.search(one.people) and says_something(one.purpose, one.title, one.code)


@pytest.mark.parametrize("store", NOT_ROWS, ids=lambda store: store.name)
def test_a_store_that_is_not_a_row_says_all_of_it(store):
    for said in (store.holds, store.basis, store.erased, store.verified):
        assert says_something(said, store.name), f"{store.name}: {said!r} says nothing"
    assert store.where and not VAGUE.search(store.where), f"{store.name}: say where it is, and who answers for it"
    assert len({store.holds, store.basis, store.erased, store.verified, store.where}) == 5
    assert store.category in CATEGORIES
    assert store.period is None or store.period.amount > 0


def test_no_kind_of_store_is_forgotten():
    assert {store.kind for store in NOT_ROWS} == set(Kind), "say of each kind what there is, or that there is nothing"
    assert len({store.name for store in NOT_ROWS}) == len(NOT_ROWS)


@pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
def test_every_folder_that_is_written_is_a_store(settings):
    a_whole_world()
    folders = {folder for store in NOT_ROWS for folder in store.folders}
    found = {path.name for path in settings.DATA_DIR.iterdir() if path.is_dir()}
    assert found >= {"documents", "exports", "trail"}, "the world writes files"
    assert not found - folders, f"retention/policy/stores.py: say what is in {sorted(found - folders)}"
    searched = {*elsewhere.SEALED, elsewhere.MAIL, *(path.partition("/")[0] for path in elsewhere.NOT_SEARCHED)}
    assert not searched - folders, f"retention/policy/stores.py: say what is in {sorted(searched - folders)}"


@pytest.mark.parametrize("folder", sorted(elsewhere.SEALED | elsewhere.NOT_SEARCHED))
def test_a_folder_that_is_not_read_has_a_name_on_paper(folder):
    assert folder in naming.FOLDERS, f"retention/naming.py: say in FOLDERS what is in {folder}, for certificates"


def test_what_points_to_a_person_from_a_row_that_stays_goes_with_the_person():
    for label, table in POLICY.items():
        for field in apps.get_model(label)._meta.concrete_fields if table.rows is Fate.KEEP else ():
            if field.related_model is LicensedUser:
                fate = table.fate_of(field.name)
                assert fate in (Fate.ERASE, Fate.ANONYMISE), f"{label}.{field.name}: declare that it is made anonymous"


def test_what_is_made_anonymous_can_be_empty():
    for label, table in POLICY.items():
        for name, fate in table.fates.items():
            field = apps.get_model(label)._meta.get_field(name)
            if fate is Fate.ANONYMISE:
                assert field.null or field.blank, f"{label}.{name}: a row cannot stay without it"


def test_the_document_is_the_one_committed():
    committed = (ROOT / "docs" / "data-protection.md").read_text(encoding="utf-8")
    assert committed == text(), "run: manage.py data_protection > docs/data-protection.md"


@pytest.mark.parametrize("label", sorted(POLICY))
def test_bytes_are_declared_as_ciphertext(label):
    for field in apps.get_model(label)._meta.concrete_fields:
        if field.get_internal_type() == "BinaryField":
            fate = POLICY[label].fates.get(field.name)
            assert fate is Fate.CIPHERTEXT, f"{label}.{field.name}: bytes cannot be searched; declare what they are"


def test_every_table_that_is_erased_has_a_store_in_the_engine():
    erased = {apps.get_model(label)._meta.db_table for label, table in POLICY.items() if table.rows is Fate.ERASE}
    # One takes rows of the tables that others empty whole.
    own = [store for store in STORES if isinstance(store, Rows) and store.table]
    stores = {store.table for store in own if not getattr(store, "only", "")}
    # Keys go in the ledger, before everything else; a place in a request's list goes with its person; words beside the
    # trail go, but for those about the erasure.
    covered = stores | {"retention_datakey", "retention_requestsubject", "accounts_auditdetail"}
    assert erased == covered, "retention/policy and retention/operations/stores differ"


@pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
@pytest.mark.parametrize("column", sorted(NO_RESIDUE))
def test_an_exemption_names_a_column_that_exists_and_a_reason(column):
    table, name = column.split(".")
    query = "SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = %s"
    found = []
    for alias in ("default", "ledger"):
        with connections[alias].cursor() as cursor:
            cursor.execute(query, [table, name])
            found += cursor.fetchall()
    assert found, f"{column}: it is gone, take the exemption out"
    assert len(NO_RESIDUE[column]) > 20


@pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
@pytest.mark.parametrize("alias", ["default", "ledger"])
def test_every_foreign_key_has_an_index(alias):
    scope = tenancy.vendor if alias == "default" else ledger.vendor
    with scope(), connections[alias].cursor() as cursor:
        cursor.execute(
            """
            SELECT c.conrelid::regclass::text, c.conname FROM pg_constraint c
            WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND NOT EXISTS (
                SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indpred IS NULL
                AND (i.indkey::int2[])[0:array_length(c.conkey, 1) - 1] @> c.conkey
                AND c.conkey @> (i.indkey::int2[])[0:array_length(c.conkey, 1) - 1]
            ) ORDER BY 1, 2
            """
        )
        bare = [row for row in cursor.fetchall() if row not in EXEMPT_KEYS]
    assert not bare, f"add an index that begins with the columns of: {bare}"


# A foreign key to a row that is never deleted, or only with its children, needs no index of its own.
EXEMPT_KEYS: set[tuple[str, str]] = set()
