"""States of licensed users with their history, names at identity providers, features of grants, terms of access."""

import datetime
import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import READ_WRITE, composite_keys, row_security

# People that are there already: known by their address where nobody else is, in their state since it began. Their owner
# is held to row security like everybody, so it is lifted for these statements.
FILL = [
    "ALTER TABLE accounts_licenseduser NO FORCE ROW LEVEL SECURITY",
    """
    UPDATE accounts_licenseduser u SET
        user_name = CASE WHEN EXISTS (
            SELECT FROM accounts_licenseduser o WHERE o.organization_id = u.organization_id AND o.id <> u.id
                AND lower(u.email) IN (lower(o.email), lower(o.external_id))
        ) THEN u.external_id ELSE u.email END,
        status_at = coalesce(u.suspended_at, u.created_at), changed_at = coalesce(u.suspended_at, u.created_at)
    """,
    # External ids that differ in their case only: one keeps it as its name, the others are known by their opaque id.
    """
    UPDATE accounts_licenseduser u SET user_name = u.public_id::text WHERE EXISTS (
        SELECT FROM accounts_licenseduser o WHERE o.organization_id = u.organization_id AND o.id < u.id
            AND lower(o.user_name) = lower(u.user_name)
    )
    """,
    "SET CONSTRAINTS ALL IMMEDIATE",
    """
    INSERT INTO accounts_licenseduserchange (
        public_id, organization_id, licensed_user_id, act, before, status, suspension_reason, by, occurred_at
    )
    SELECT gen_random_uuid(), organization_id, id, 'add', '', CASE status WHEN 'suspended' THEN 'active' ELSE status END,
        '', 'system', created_at
    FROM accounts_licenseduser
    """,
    """
    INSERT INTO accounts_licenseduserchange (
        public_id, organization_id, licensed_user_id, act, before, status, suspension_reason, by, occurred_at
    )
    SELECT gen_random_uuid(), organization_id, id, 'suspend', 'active', status, suspension_reason, 'system', suspended_at
    FROM accounts_licenseduser WHERE status = 'suspended'
    """,
    "SET CONSTRAINTS ALL DEFERRED",
    "ALTER TABLE accounts_licenseduser FORCE ROW LEVEL SECURITY",
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_webhooks"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "keep_seconds",
                    models.PositiveIntegerField(
                        help_text="Seconds that the product may keep the answer of an entitlement check",
                        verbose_name="keep an answer for",
                    ),
                ),
                (
                    "restricted_features",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        help_text="What a restriction leaves",
                        verbose_name="features of restricted users",
                    ),
                ),
                (
                    "deletion_grace_days",
                    models.PositiveSmallIntegerField(
                        help_text="How long a scheduled deletion can be taken back", verbose_name="days before deletion"
                    ),
                ),
            ],
            options={
                "verbose_name": "access policy",
                "verbose_name_plural": "access policies",
            },
        ),
        migrations.CreateModel(
            name="LicensedUserChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("add", "Add"),
                            ("activate", "Activate"),
                            ("restrict", "Restrict"),
                            ("lift", "Lift the restriction"),
                            ("suspend", "Suspend"),
                            ("reinstate", "Reinstate"),
                            ("schedule_deletion", "Schedule deletion"),
                            ("cancel_deletion", "Cancel the deletion"),
                            ("delete", "Delete"),
                        ],
                        max_length=24,
                        verbose_name="act",
                    ),
                ),
                (
                    "before",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("invited", "Invited"),
                            ("active", "Active"),
                            ("restricted", "Restricted"),
                            ("suspended", "Suspended"),
                            ("scheduled", "Scheduled for deletion"),
                            ("deleted", "Deleted"),
                        ],
                        max_length=16,
                        verbose_name="before",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("invited", "Invited"),
                            ("active", "Active"),
                            ("restricted", "Restricted"),
                            ("suspended", "Suspended"),
                            ("scheduled", "Scheduled for deletion"),
                            ("deleted", "Deleted"),
                        ],
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                (
                    "suspension_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("licence_ended", "The organization's last licence ended"),
                            ("client_rule", "The client's own rule"),
                            ("client_decision", "The client's decision"),
                            ("provisioning", "The client's identity provider"),
                        ],
                        max_length=32,
                        verbose_name="reason of suspension",
                    ),
                ),
                (
                    "features",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), blank=True, null=True, verbose_name="features left"
                    ),
                ),
                ("until", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                ("source", models.UUIDField(blank=True, null=True, verbose_name="source")),
                ("by", models.CharField(max_length=80, verbose_name="by")),
                ("occurred_at", models.DateTimeField(verbose_name="occurred at")),
            ],
            options={
                "verbose_name": "change of a licensed user",
                "verbose_name_plural": "changes of licensed users",
            },
        ),
        migrations.RemoveConstraint(
            model_name="licenseduser",
            name="licensed_user_external_id_once",
        ),
        migrations.RemoveConstraint(
            model_name="licenseduser",
            name="licensed_user_status_known",
        ),
        migrations.RemoveConstraint(
            model_name="licenseduser",
            name="licensed_user_suspended_with_reason",
        ),
        migrations.RemoveIndex(
            model_name="licenseduser",
            name="licensed_user_active",
        ),
        migrations.RemoveIndex(
            model_name="licenseduser",
            name="licensed_user_awaits_licence",
        ),
        migrations.AddField(
            model_name="licencegrant",
            name="features",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60),
                blank=True,
                default=list,
                help_text="Empty: everything",
                verbose_name="features",
            ),
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="assignment_ends_on",
            field=models.DateField(
                blank=True,
                help_text="The first day after the person's assignment",
                null=True,
                verbose_name="assignment ends on",
            ),
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="changed_at",
            field=models.DateTimeField(
                default=datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.UTC), verbose_name="changed at"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="delete_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="is deleted at"),
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="deleted_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="deleted at"),
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="features",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60),
                blank=True,
                help_text="What a restriction leaves; empty: no restriction",
                null=True,
                verbose_name="features left",
            ),
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="last_active_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last active at"),
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="processing_lift_told_at",
            field=models.DateTimeField(
                blank=True, help_text="Art. 18(3) GDPR", null=True, verbose_name="told of its lifting at"
            ),
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="profile",
            field=models.JSONField(blank=True, default=dict, verbose_name="profile"),
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="provisioned_id",
            field=models.CharField(blank=True, max_length=254, verbose_name="id at the identity provider"),
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="status_at",
            field=models.DateTimeField(
                default=datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.UTC),
                verbose_name="in this status since",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="status_by",
            field=models.CharField(default="system", max_length=80, verbose_name="put into it by"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="suspended_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="suspended until"),
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="user_name",
            field=models.CharField(default="", max_length=254, verbose_name="user name"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="version",
            field=models.PositiveIntegerField(default=1, verbose_name="version"),
        ),
        migrations.AlterField(
            model_name="licenseduser",
            name="status",
            field=models.CharField(
                choices=[
                    ("invited", "Invited"),
                    ("active", "Active"),
                    ("restricted", "Restricted"),
                    ("suspended", "Suspended"),
                    ("scheduled", "Scheduled for deletion"),
                    ("deleted", "Deleted"),
                ],
                default="invited",
                max_length=16,
                verbose_name="status",
            ),
        ),
        migrations.AlterField(
            model_name="licenseduser",
            name="suspension_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("licence_ended", "The organization's last licence ended"),
                    ("client_rule", "The client's own rule"),
                    ("client_decision", "The client's decision"),
                    ("provisioning", "The client's identity provider"),
                ],
                max_length=32,
                verbose_name="reason of suspension",
            ),
        ),
        migrations.AddField(
            model_name="accesspolicy",
            name="organization",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.AddField(
            model_name="licenseduserchange",
            name="licensed_user",
            field=accounts.db.fields.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="accounts.licenseduser",
                verbose_name="licensed user",
            ),
        ),
        migrations.AddField(
            model_name="licenseduserchange",
            name="organization",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="licenseduser",
            index=models.Index(fields=["organization", "external_id"], name="licensed_user_by_external_id"),
        ),
        migrations.AddIndex(
            model_name="licenseduser",
            index=models.Index(
                condition=models.Q(("provisioned_id", ""), _negated=True),
                fields=["organization", "provisioned_id"],
                name="licensed_user_by_provisioned",
            ),
        ),
        migrations.AddIndex(
            model_name="licenseduser",
            index=models.Index(
                condition=models.Q(("status__in", ("active", "restricted"))),
                fields=["organization", "id"],
                name="licensed_user_seated",
            ),
        ),
        migrations.AddIndex(
            model_name="licenseduser",
            index=models.Index(
                condition=models.Q(
                    models.Q(("status", "suspended"), ("suspension_reason", "licence_ended")),
                    ("status", "invited"),
                    _connector="OR",
                ),
                fields=["organization", "id"],
                name="licensed_user_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="licenseduser",
            index=models.Index(
                condition=models.Q(("status", "suspended"), ("suspended_until__isnull", False)),
                fields=["suspended_until"],
                name="licensed_user_suspension_ends",
            ),
        ),
        migrations.AddIndex(
            model_name="licenseduser",
            index=models.Index(
                condition=models.Q(("status", "scheduled")), fields=["delete_at"], name="licensed_user_to_delete"
            ),
        ),
        migrations.AddConstraint(
            model_name="licenseduser",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ("invited", "active", "restricted", "suspended"))),
                fields=("organization", "external_id"),
                name="licensed_user_external_id_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="licenseduser",
            constraint=models.UniqueConstraint(
                models.F("organization"),
                django.db.models.functions.text.Lower("user_name"),
                condition=models.Q(("status__in", ("invited", "active", "restricted", "suspended"))),
                name="licensed_user_user_name_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="licenseduser",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["invited", "active", "restricted", "suspended", "scheduled", "deleted"])
                ),
                name="licensed_user_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="licenseduser",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("suspended_at__isnull", False), models.Q(("suspension_reason", ""), _negated=True)),
                    models.Q(
                        ("suspended_at__isnull", True), ("suspended_until__isnull", True), ("suspension_reason", "")
                    ),
                    _connector="OR",
                ),
                name="licensed_user_suspended_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="licenseduser",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ("scheduled", "deleted")),
                    models.Q(("status", "suspended"), ("suspended_at__isnull", False)),
                    models.Q(models.Q(("status", "suspended"), _negated=True), ("suspended_at__isnull", True)),
                    _connector="OR",
                ),
                name="licensed_user_suspended_in_that_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="licenseduser",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("suspended_until__isnull", True),
                    ("suspended_at__lt", models.F("suspended_until")),
                    _connector="OR",
                ),
                name="licensed_user_suspended_before_its_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="licenseduser",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["invited", "active", "restricted"]), _negated=True),
                    models.Q(("features__isnull", True), ("status__in", ["invited", "active"])),
                    models.Q(("features__isnull", False), ("status", "restricted")),
                    _connector="OR",
                ),
                name="licensed_user_restricted_to_features",
            ),
        ),
        migrations.AddConstraint(
            model_name="licenseduser",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("delete_at__isnull", False), ("status__in", ("scheduled", "deleted"))),
                    models.Q(
                        models.Q(("status__in", ("scheduled", "deleted")), _negated=True), ("delete_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="licensed_user_scheduled_with_instant",
            ),
        ),
        migrations.AddConstraint(
            model_name="licenseduser",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("deleted_at__isnull", False), ("status", "deleted")),
                    models.Q(models.Q(("status", "deleted"), _negated=True), ("deleted_at__isnull", True)),
                    _connector="OR",
                ),
                name="licensed_user_deleted_with_instant",
            ),
        ),
        migrations.AddConstraint(
            model_name="licenseduser",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("processing_lift_told_at__isnull", True),
                    models.Q(
                        ("processing_restricted_at__isnull", False),
                        ("processing_restricted_at__lte", models.F("processing_lift_told_at")),
                    ),
                    _connector="OR",
                ),
                name="licensed_user_told_of_a_restriction",
            ),
        ),
        migrations.AddConstraint(
            model_name="accesspolicy",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="accounts_accesspolicy_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="accesspolicy",
            constraint=models.UniqueConstraint(fields=("public_id",), name="accounts_accesspolicy_public_id_key"),
        ),
        migrations.AddConstraint(
            model_name="accesspolicy",
            constraint=models.UniqueConstraint(fields=("organization",), name="access_policy_once"),
        ),
        migrations.AddConstraint(
            model_name="accesspolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("keep_seconds__lte", 3600)), name="access_policy_keeps_an_hour_at_most"
            ),
        ),
        migrations.AddConstraint(
            model_name="accesspolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("deletion_grace_days__lte", 365)), name="access_policy_grace_a_year_at_most"
            ),
        ),
        migrations.AddIndex(
            model_name="licenseduserchange",
            index=models.Index(
                fields=["organization", "licensed_user", "occurred_at", "id"], name="licensed_user_change_by_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="licenseduserchange",
            constraint=models.UniqueConstraint(
                fields=("organization", "id"), name="accounts_licenseduserchange_tenant_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="licenseduserchange",
            constraint=models.UniqueConstraint(fields=("public_id",), name="accounts_licenseduserchange_public_id_key"),
        ),
        migrations.AddConstraint(
            model_name="licenseduserchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "act__in",
                        [
                            "add",
                            "activate",
                            "restrict",
                            "lift",
                            "suspend",
                            "reinstate",
                            "schedule_deletion",
                            "cancel_deletion",
                            "delete",
                        ],
                    )
                ),
                name="licensed_user_change_act_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="licenseduserchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["invited", "active", "restricted", "suspended", "scheduled", "deleted"])
                ),
                name="licensed_user_change_status_known",
            ),
        ),
        composite_keys("accounts_licenseduserchange", {"licensed_user_id": "accounts_licenseduser"}),
        *row_security(
            "accounts_licenseduserchange",
            app="SELECT, INSERT",
            vendor="SELECT, INSERT",
            eraser="SELECT, DELETE",
        ),
        *row_security("accounts_accesspolicy", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
    ]
