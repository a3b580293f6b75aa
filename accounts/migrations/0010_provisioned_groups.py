"""Groups of clients' identity providers and who is in them; what providers read of the people who are there."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import READ_WRITE, composite_keys, row_security

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
# People that are there already, as an identity provider reads them. Their owner is held to row security like everybody,
# so it is lifted for this statement.
FILL = [
    "ALTER TABLE accounts_licenseduser NO FORCE ROW LEVEL SECURITY",
    f"""
    UPDATE accounts_licenseduser SET profile = jsonb_build_object(
        'displayName', display_name,
        'emails', jsonb_build_array(jsonb_build_object('value', email, 'type', 'work', 'primary', true))
    ) || CASE department WHEN '' THEN '{{}}'::jsonb
        ELSE jsonb_build_object('{ENTERPRISE}', jsonb_build_object('department', department)) END
    WHERE profile = '{{}}'::jsonb
    """,
    "SET CONSTRAINTS ALL IMMEDIATE",
    "ALTER TABLE accounts_licenseduser FORCE ROW LEVEL SECURITY",
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_rules_and_bulk"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProvisionedGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("display_name", models.CharField(max_length=256, verbose_name="display name")),
                (
                    "provisioned_id",
                    models.CharField(blank=True, max_length=254, verbose_name="id at the identity provider"),
                ),
                (
                    "department",
                    models.CharField(
                        blank=True,
                        help_text="Its members have this department; empty: as it was",
                        max_length=120,
                        verbose_name="department",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, verbose_name="version")),
                ("changed_at", models.DateTimeField(verbose_name="changed at")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "provisioned group",
                "verbose_name_plural": "provisioned groups",
            },
        ),
        migrations.CreateModel(
            name="ProvisionedMembership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                (
                    "group",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="accounts.provisionedgroup",
                        verbose_name="group",
                    ),
                ),
                (
                    "licensed_user",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="provisioned_memberships",
                        to="accounts.licenseduser",
                        verbose_name="licensed user",
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
            ],
            options={
                "verbose_name": "member of a provisioned group",
                "verbose_name_plural": "members of provisioned groups",
            },
        ),
        migrations.AddIndex(
            model_name="provisionedgroup",
            index=models.Index(
                condition=models.Q(("department", ""), _negated=True),
                fields=["organization", "id"],
                name="provisioned_group_departments",
            ),
        ),
        migrations.AddConstraint(
            model_name="provisionedgroup",
            constraint=models.UniqueConstraint(
                fields=("organization", "id"), name="accounts_provisionedgroup_tenant_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="provisionedgroup",
            constraint=models.UniqueConstraint(fields=("public_id",), name="accounts_provisionedgroup_public_id_key"),
        ),
        migrations.AddConstraint(
            model_name="provisionedgroup",
            constraint=models.CheckConstraint(
                condition=models.Q(("display_name", ""), _negated=True), name="provisioned_group_has_a_name"
            ),
        ),
        migrations.AddIndex(
            model_name="provisionedmembership",
            index=models.Index(fields=["organization", "licensed_user", "group"], name="provisioned_membership_person"),
        ),
        migrations.AddConstraint(
            model_name="provisionedmembership",
            constraint=models.UniqueConstraint(
                fields=("organization", "id"), name="accounts_provisionedmembership_tenant_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="provisionedmembership",
            constraint=models.UniqueConstraint(
                fields=("public_id",), name="accounts_provisionedmembership_public_id_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="provisionedmembership",
            constraint=models.UniqueConstraint(
                fields=("organization", "group", "licensed_user"), name="provisioned_membership_once"
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        composite_keys(
            "accounts_provisionedmembership",
            {"group_id": "accounts_provisionedgroup", "licensed_user_id": "accounts_licenseduser"},
        ),
        *row_security(
            "accounts_provisionedgroup",
            app=f"{READ_WRITE}, DELETE",
            vendor=f"{READ_WRITE}, DELETE",
            eraser="SELECT, DELETE",
        ),
        *row_security(
            "accounts_provisionedmembership",
            app="SELECT, INSERT, DELETE",
            vendor="SELECT, INSERT, DELETE",
            eraser="SELECT, DELETE",
        ),
    ]
