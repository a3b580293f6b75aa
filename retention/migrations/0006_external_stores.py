"""Stores beyond the vault, and attestations that one was emptied by hand."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import READ_WRITE, composite_keys, privileges, row_security

STORE, BY_HAND = "retention_externalstore", "retention_manualerasure"
# A store is the vendor's own and holds data of many clients: no client's scope sees one; the eraser must know them.
POLICIES = {
    "tenant_app": "TO terme_app USING (false)",
    "whole_vendor": "TO terme_vendor USING (true)",
    "tenant_eraser": "FOR SELECT TO terme_eraser USING (true)",
}
STORE_SECURITY = migrations.RunSQL(
    [
        f"ALTER TABLE {STORE} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {STORE} FORCE ROW LEVEL SECURITY",
        *(f"CREATE POLICY {name} ON {STORE} {rule}" for name, rule in POLICIES.items()),
    ],
    [
        f"ALTER TABLE {STORE} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {STORE} DISABLE ROW LEVEL SECURITY",
        *(f"DROP POLICY {name} ON {STORE}" for name in POLICIES),
    ],
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_tokens_of_programs"),
        ("retention", "0005_scopes_of_erasure"),
    ]

    operations = [
        migrations.CreateModel(
            name="ExternalStore",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "code",
                    models.CharField(
                        help_text="What journals and certificates call the store",
                        max_length=50,
                        unique=True,
                        verbose_name="code",
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("postgresql", "PostgreSQL database"),
                            ("s3", "S3 bucket"),
                            ("http", "HTTP service"),
                            ("manual", "Emptied by hand"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="The lowest is emptied first", verbose_name="position"
                    ),
                ),
                ("settings", models.JSONField(default=dict, verbose_name="settings")),
                ("secret", models.BinaryField(null=True)),
                ("secret_version", models.PositiveIntegerField(null=True)),
                (
                    "holds",
                    models.CharField(
                        help_text="Which data of whom, for the record of processing",
                        max_length=1000,
                        verbose_name="holds",
                    ),
                ),
                (
                    "location",
                    models.CharField(
                        help_text="Where the data are: country, region", max_length=200, verbose_name="location"
                    ),
                ),
                (
                    "processor",
                    models.CharField(
                        blank=True,
                        help_text="Who keeps it for the vendor. Empty: nobody else",
                        max_length=200,
                        verbose_name="subprocessor",
                    ),
                ),
                ("enabled", models.BooleanField(default=True, verbose_name="enabled")),
                ("disabled_at", models.DateTimeField(blank=True, null=True, verbose_name="disabled at")),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="connection tested at")),
                ("check_faults", models.JSONField(blank=True, default=list, verbose_name="faults of the last test")),
                ("created_by", models.CharField(max_length=80, verbose_name="created by")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
            ],
            options={
                "verbose_name": "external store",
                "verbose_name_plural": "external stores",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code__regex", "^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$")),
                        name="external_store_code_is_a_slug",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["postgresql", "s3", "http", "manual"])),
                        name="external_store_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name", ""), _negated=True),
                            models.Q(("holds", ""), _negated=True),
                            models.Q(("location", ""), _negated=True),
                        ),
                        name="external_store_is_described",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("disabled_at__isnull", True), ("enabled", True)),
                            models.Q(("disabled_at__isnull", False), ("enabled", False)),
                            _connector="OR",
                        ),
                        name="external_store_disabled_since",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("secret__isnull", True), ("secret_version__isnull", True)),
                            models.Q(("secret__isnull", False), ("secret_version__isnull", False)),
                            _connector="OR",
                        ),
                        name="external_store_secret_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "postgresql"),
                            models.Q(("kind__in", ["s3", "http"]), ("secret__isnull", False)),
                            models.Q(("kind", "manual"), ("secret__isnull", True)),
                            _connector="OR",
                        ),
                        name="external_store_secret_where_it_signs",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("checked_at__isnull", False), ("check_faults", []), _connector="OR"),
                        name="external_store_faults_of_a_test",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ManualErasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("store_name", models.CharField(max_length=200, verbose_name="name of the store")),
                ("run", models.UUIDField(verbose_name="erasure run")),
                (
                    "people",
                    models.PositiveIntegerField(
                        blank=True, help_text="Empty: the whole client", null=True, verbose_name="people"
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                ("due_at", models.DateTimeField(verbose_name="due at")),
                ("attested_by", models.CharField(blank=True, max_length=80, verbose_name="attested by")),
                ("attested_at", models.DateTimeField(blank=True, null=True, verbose_name="attested at")),
                (
                    "document",
                    accounts.db.fields.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.document",
                        verbose_name="document",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="retention.externalstore",
                        verbose_name="external store",
                    ),
                ),
            ],
            options={
                "verbose_name": "erasure by hand",
                "verbose_name_plural": "erasures by hand",
                "indexes": [
                    models.Index(fields=["organization", "document"], name="manual_erasure_by_document"),
                    models.Index(
                        condition=models.Q(("attested_at__isnull", True)),
                        fields=["due_at", "id"],
                        name="manual_erasure_open",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="retention_manualerasure_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="retention_manualerasure_public_id_key"),
                    models.UniqueConstraint(fields=("organization", "run", "store"), name="manual_erasure_once_a_run"),
                    models.CheckConstraint(
                        condition=models.Q(("due_at__gte", models.F("asked_at"))),
                        name="manual_erasure_due_after_it_is_asked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("attested_at__isnull", True), ("attested_by", ""), ("document__isnull", True)),
                            models.Q(
                                ("attested_at__gte", models.F("asked_at")),
                                ("attested_at__isnull", False),
                                ("document__isnull", False),
                                models.Q(("attested_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="manual_erasure_attested_by_somebody_with_a_document",
                    ),
                ],
            },
        ),
        STORE_SECURITY,
        *privileges(STORE, app="SELECT", vendor=READ_WRITE, eraser="SELECT"),
        *row_security(BY_HAND, app="SELECT", vendor=READ_WRITE, eraser="SELECT"),
        composite_keys(BY_HAND, {"document_id": "accounts_document"}),
    ]
