"""Rows read as columns are byte for byte what their serializers say of models; JSON is what the framework writes."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, connection, connections, models, transaction
from django.utils.functional import lazystr
from environ import Env
from psycopg import sql
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from accounts.api.rendering import FastJSONRenderer
from accounts.api.rows import NeedsModels, Rows, computed
from accounts.enums import Role
from accounts.models import BulkJob, LicensedUser, Organization, WebhookEndpoint
from contracts.models import Contract
from tests.admin.world import NOW, a_whole_world
from tests.engines import admin_dsn
from tests.guards.test_lists import fast_serializers

ODD = 'a\u2028b\u2029 é "q" \\ \x7f \x01\t 🜁 </script>'
# A value of a kind of column that is easily written otherwise.
SAMPLES = {
    models.DateTimeField: "2026-01-02 03:04:05.000006+00",
    models.DateField: "0987-01-02",
    models.DecimalField: "0",
    models.BooleanField: "true",
    models.UUIDField: "00000000-0000-4000-8000-00000000000a",
    models.JSONField: json.dumps({"o": ODD.replace("\x01", ""), "n": [1, None, True, {"x": -0.5}]}),
    ArrayField: "{}",
    models.IntegerField: "0",
    models.CharField: ODD,
    models.TextField: ODD,
}


@pytest.fixture
def unchecked(db):
    """Make a world, and be an administrator whom neither roles nor checks hold back; what they do is undone."""
    a_whole_world()
    usual = connections["default"]
    usual.close()
    admin = usual.copy(alias="default")
    admin.settings_dict = {**usual.settings_dict, **Env.db_url_config(admin_dsn("default"))}
    connections["default"] = admin
    with transaction.atomic(), admin.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint "
            "WHERE contype = 'c' AND connamespace = 'public'::regnamespace AND conrelid <> 0"
        )
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
        yield
        transaction.set_rollback(True)
    admin.close()
    connections["default"] = usual


def both_ways(serializer):
    """Return a serializer's rows as bytes: of models, as the framework writes them, and of columns."""
    # What is asked once for a whole list: a client's open request is changed out of all recognition by then.
    resting = {key: {"why": "erasing"} for key in Organization.objects.values_list("pk", flat=True)}
    context = {"view": SimpleNamespace(now=NOW), "resting": lambda: resting}
    queryset = serializer.Meta.model.objects.order_by("pk")
    columns = Rows(serializer)
    plain = JSONRenderer().render(serializer(queryset, many=True, context=context).data)
    fast = FastJSONRenderer().render(columns.told(columns.of(queryset), serializer(context=context)))
    return plain, fast


def emptied(column):
    return sql.SQL("NULL") if column.null else None


def filled(column):
    if column.name == "organization":  # the keys of its other related rows go with it
        return None
    if column.is_relation:
        table = sql.Identifier(column.related_model._meta.db_table)
        return sql.SQL("(SELECT max(id) FROM {})").format(table)
    sample = next((SAMPLES[kind] for kind in SAMPLES if isinstance(column, kind)), None)
    if isinstance(column, models.CharField):
        sample = ODD[: column.max_length]
    return None if sample is None else sql.Literal(sample)


def change_all(change, model):
    """Change every column of a table; one that must be unique in no row but the last."""
    table = sql.Identifier(model._meta.db_table)
    for column in model._meta.concrete_fields:
        if not column.primary_key and (value := change(column)) is not None:
            where = sql.SQL("WHERE id = (SELECT max(id) FROM {})").format(table)
            statement = sql.SQL("UPDATE {} SET {} = {}").format(table, sql.Identifier(column.column), value)
            for one in (statement, statement + where):
                with suppress(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(one)
                    break


@pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
def test_columns_say_what_models_say_with_values_and_without(unchecked):
    for name, serializer in fast_serializers().items():
        seen = {}
        for change in (lambda column: None, filled, emptied):
            change_all(change, serializer.Meta.model)
            plain, fast = both_ways(serializer)
            assert fast == plain, name
            for row in json.loads(plain):
                for field, value in row.items():
                    seen.setdefault(field, set()).add(value is None)
        for field, of_model in serializer().fields.items():
            both = {True, False} if of_model.allow_null or of_model.default is None else {False}
            assert seen[field] >= both, f"{name}: {field} was not seen with a value, and without one"


def of(row, *names, **declared):
    """Return a serializer class of a model with these fields."""
    meta = type("Meta", (), {"model": row, "fields": [*names, *declared], "read_only_fields": names})
    return type("Some", (serializers.ModelSerializer,), {"Meta": meta, **declared})


class Own(serializers.ModelSerializer):
    class Meta:
        model = Contract
        fields = ["reference"]

    def to_representation(self, instance):
        return {}


@pytest.mark.parametrize(
    ("serializer", "reason"),
    [
        pytest.param(of(BulkJob, "percent"), "percent is no column", id="property-by-name"),
        pytest.param(of(Contract, "index_series"), "index_series is a related row", id="key"),
        pytest.param(of(Contract, x=serializers.CharField(source="terms.x")), "x goes by terms, which is no", id="set"),
        pytest.param(of(Contract, x=serializers.CharField(source="*")), "x is made of the whole row", id="whole-row"),
        pytest.param(of(Contract, x=serializers.CharField(source="get_status_display")), "x is no column", id="method"),
        pytest.param(of(Contract, reference=serializers.FileField()), "reference is a FileField", id="by-the-request"),
        pytest.param(
            of(WebhookEndpoint, x=serializers.CharField(source="organization.name", allow_null=True, default="")),
            "x says no null where organization is empty",
            id="something-else-than-null",
        ),
        pytest.param(Own, "its to_representation is its own", id="own-way"),
    ],
)
def test_what_is_more_than_columns_needs_models(serializer, reason):
    with pytest.raises(NeedsModels, match=reason):
        Rows(serializer)


def test_a_field_that_shapes_its_answer_is_asked():
    day, fee = serializers.DateField(format="%d.%m.%Y"), serializers.DecimalField(14, 4)
    rate = serializers.DecimalField(14, 2, coerce_to_string=False)
    leads = serializers.ListField(child=serializers.CharField())
    serializer = of(Contract, starts_on=day, annual_fee=fee, early_exit_cap=rate, reminder_leads=leads)
    row = Contract(
        starts_on=date(2026, 1, 2), annual_fee=Decimal("1.50"), reminder_leads=[1], early_exit_cap=Decimal("2.00")
    )
    columns = Rows(serializer)
    values = [getattr(row, name) for name in columns._columns]
    assert columns.told([values], serializer()) == [serializer(row).data]


def test_a_computed_method_is_given_columns_by_either_way():
    class Named(serializers.ModelSerializer):
        initials = serializers.SerializerMethodField()

        class Meta:
            model = LicensedUser
            fields = ["initials"]

        @computed("display_name", "organization__name")
        def get_initials(self, name, client):
            return name[0] + client[0]

    columns = Rows(Named)
    assert columns._columns == ("pk", "display_name", "organization__name")
    assert columns.told([(1, "Ann", "Zed")], Named()) == [{"initials": "AZ"}]
    row = SimpleNamespace(display_name="Ann", organization=SimpleNamespace(name="Zed"))
    assert Named().get_initials(row) == "AZ"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="nothing"),
        pytest.param({"a": [], "b": {}, "c": None, "d": True, "e": 0.1, "f": -0.0}, id="plain"),
        pytest.param([ODD, "\x00\x1f\x7f\x80"], id="odd-text"),
        pytest.param({ODD: 1, 2: 3, None: 4}, id="odd-names"),
        pytest.param([2**63, 2**64, -(2**70)], id="beyond-64-bits"),
        pytest.param([datetime(2026, 1, 2, 3, 4, 5, 6, UTC), datetime(987, 1, 2, tzinfo=UTC)], id="instants"),
        pytest.param([datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=-3.5)))], id="zones"),
        pytest.param([date(1, 1, 1), time(1, 2), timedelta(days=1.5)], id="days-and-times"),
        pytest.param([UUID(int=7), Decimal("1.50"), b"bytes", Role.AUDITOR, lazystr("lazy")], id="others"),
        pytest.param([(1, 2), {1: (3,)}.values()], id="sequences"),
    ],
)
def test_json_is_what_the_framework_writes(value):
    assert FastJSONRenderer().render(value) == JSONRenderer().render(value)


def test_what_the_framework_cannot_write_is_an_error_still():
    with pytest.raises(TypeError):
        FastJSONRenderer().render([object()])
