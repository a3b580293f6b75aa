"""Clients' own rules of access with whom they found, and bulk work."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import READ_WRITE, composite_keys, row_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_calls_go_with_their_message"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("observe", "Observes"),
                            ("enforced", "Enforced"),
                            ("stopped", "Stopped: asks"),
                            ("off", "Off"),
                        ],
                        default="observe",
                        max_length=16,
                        verbose_name="mode",
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("restrict", "Restrict"),
                            ("suspend", "Suspend"),
                            ("schedule_deletion", "Schedule deletion"),
                        ],
                        max_length=24,
                        verbose_name="action",
                    ),
                ),
                (
                    "inactive_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Days of 24 hours without use; empty: not asked",
                        null=True,
                        verbose_name="inactive for days",
                    ),
                ),
                ("assignment_over", models.BooleanField(default=False, verbose_name="after the end of the assignment")),
                (
                    "departments",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120),
                        blank=True,
                        default=list,
                        verbose_name="departments",
                    ),
                ),
                (
                    "statuses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("invited", "Invited"),
                                ("active", "Active"),
                                ("restricted", "Restricted"),
                                ("suspended", "Suspended"),
                                ("scheduled", "Scheduled for deletion"),
                                ("deleted", "Deleted"),
                            ],
                            max_length=16,
                        ),
                        default=list,
                        verbose_name="statuses",
                    ),
                ),
                (
                    "exempt_departments",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120),
                        blank=True,
                        default=list,
                        verbose_name="exempt departments",
                    ),
                ),
                ("warning_days", models.PositiveSmallIntegerField(default=14, verbose_name="warning period in days")),
                ("warns_people", models.BooleanField(default=True, verbose_name="writes to the people")),
                (
                    "most_percent",
                    models.PositiveSmallIntegerField(
                        default=10,
                        help_text="A rule that would touch more stops and asks",
                        verbose_name="at most at once, in per cent",
                    ),
                ),
                ("evaluated_at", models.DateTimeField(blank=True, null=True, verbose_name="looked at")),
                ("enforced_at", models.DateTimeField(blank=True, null=True, verbose_name="enforced since")),
                ("stopped_at", models.DateTimeField(blank=True, null=True, verbose_name="stopped at")),
                (
                    "stopped_count",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="would have touched"),
                ),
                ("confirmed", models.PositiveIntegerField(blank=True, null=True, verbose_name="confirmed for")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("created_by", models.CharField(max_length=80, verbose_name="created by")),
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
                "verbose_name": "access rule",
                "verbose_name_plural": "access rules",
            },
        ),
        migrations.CreateModel(
            name="BulkJob",
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
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("licence_ended", "The organization's last licence ended"),
                            ("client_rule", "The client's own rule"),
                            ("client_decision", "The client's decision"),
                            ("provisioning", "The client's identity provider"),
                        ],
                        max_length=32,
                        verbose_name="reason",
                    ),
                ),
                ("until", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                (
                    "features",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), blank=True, null=True, verbose_name="features left"
                    ),
                ),
                ("note", models.TextField(blank=True, verbose_name="note")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("working", "Working"), ("finished", "Finished")],
                        default="waiting",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("total", models.PositiveIntegerField(verbose_name="people")),
                ("done", models.PositiveIntegerField(default=0, verbose_name="done")),
                ("refused", models.PositiveIntegerField(default=0, verbose_name="not done")),
                ("requested_by", models.CharField(max_length=80, verbose_name="requested by")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
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
                    "undo_of",
                    accounts.db.fields.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.bulkjob",
                        verbose_name="takes back",
                    ),
                ),
            ],
            options={
                "verbose_name": "bulk job",
                "verbose_name_plural": "bulk jobs",
            },
        ),
        migrations.CreateModel(
            name="BulkItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("done", "Done"), ("refused", "Not done")],
                        default="waiting",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=40, verbose_name="why not")),
                ("before_reason", models.CharField(blank=True, max_length=32, verbose_name="reason before")),
                ("before_until", models.DateTimeField(blank=True, null=True, verbose_name="until before")),
                (
                    "before_features",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        null=True,
                        verbose_name="features before",
                    ),
                ),
                (
                    "licensed_user",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
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
                (
                    "job",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="accounts.bulkjob",
                        verbose_name="bulk job",
                    ),
                ),
            ],
            options={
                "verbose_name": "item of a bulk job",
                "verbose_name_plural": "items of bulk jobs",
            },
        ),
        migrations.CreateModel(
            name="RuleExemption",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("created_by", models.CharField(max_length=80, verbose_name="created by")),
                (
                    "licensed_user",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
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
                (
                    "rule",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exemptions",
                        to="accounts.accessrule",
                        verbose_name="access rule",
                    ),
                ),
            ],
            options={
                "verbose_name": "exemption from a rule",
                "verbose_name_plural": "exemptions from rules",
            },
        ),
        migrations.CreateModel(
            name="RuleFinding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Warned"),
                            ("acted", "Acted"),
                            ("would_act", "Would have acted"),
                            ("cleared", "No longer concerned"),
                            ("refused", "Not possible"),
                        ],
                        default="open",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("enforced", models.BooleanField(verbose_name="enforced")),
                ("found_at", models.DateTimeField(verbose_name="found at")),
                ("acts_at", models.DateTimeField(verbose_name="acts at")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed at")),
                ("code", models.CharField(blank=True, max_length=40, verbose_name="why not")),
                (
                    "licensed_user",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
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
                (
                    "rule",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="accounts.accessrule",
                        verbose_name="access rule",
                    ),
                ),
            ],
            options={
                "verbose_name": "finding of a rule",
                "verbose_name_plural": "findings of rules",
            },
        ),
        migrations.AddConstraint(
            model_name="accessrule",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="accounts_accessrule_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="accessrule",
            constraint=models.UniqueConstraint(fields=("public_id",), name="accounts_accessrule_public_id_key"),
        ),
        migrations.AddConstraint(
            model_name="accessrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("mode__in", ["observe", "enforced", "stopped", "off"])),
                name="access_rule_mode_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("action__in", ["restrict", "suspend", "schedule_deletion"])),
                name="access_rule_action_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("inactive_days__isnull", False),
                    ("assignment_over", True),
                    ("departments__len__gt", 0),
                    _connector="OR",
                ),
                name="access_rule_asks_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("inactive_days__isnull", True), ("inactive_days__range", (1, 3660)), _connector="OR"
                ),
                name="access_rule_inactive_for_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("statuses__contained_by", ["active", "restricted", "suspended"]), ("statuses__len__gt", 0)
                ),
                name="access_rule_statuses_it_may_touch",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("most_percent__range", (1, 100))), name="access_rule_share_in_per_cent"
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("warning_days__lte", 365)), name="access_rule_warns_a_year_at_most"
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("mode", "stopped"), ("stopped_at__isnull", False), ("stopped_count__isnull", False)),
                    models.Q(
                        models.Q(("mode", "stopped"), _negated=True),
                        ("stopped_at__isnull", True),
                        ("stopped_count__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="access_rule_stopped_with_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("enforced_at__isnull", False), ("mode__in", ["enforced", "stopped"])),
                    models.Q(
                        models.Q(("mode__in", ["enforced", "stopped"]), _negated=True), ("enforced_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="access_rule_enforced_since",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkjob",
            index=models.Index(fields=["organization", "undo_of"], name="bulk_job_by_what_it_undoes"),
        ),
        migrations.AddIndex(
            model_name="bulkjob",
            index=models.Index(
                condition=models.Q(("state", "finished"), _negated=True), fields=["id"], name="bulk_job_to_do"
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="accounts_bulkjob_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.UniqueConstraint(fields=("public_id",), name="accounts_bulkjob_public_id_key"),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undo_of__isnull", False)),
                fields=("organization", "undo_of"),
                name="bulk_job_taken_back_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
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
                name="bulk_job_act_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "working", "finished"])), name="bulk_job_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "done__lte",
                        django.db.models.expressions.CombinedExpression(models.F("total"), "-", models.F("refused")),
                    )
                ),
                name="bulk_job_counts_no_more_than_all",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("finished_at__isnull", False),
                        ("state", "finished"),
                        (
                            "total",
                            django.db.models.expressions.CombinedExpression(models.F("done"), "+", models.F("refused")),
                        ),
                    ),
                    models.Q(models.Q(("state", "finished"), _negated=True), ("finished_at__isnull", True)),
                    _connector="OR",
                ),
                name="bulk_job_finished_with_all",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkitem",
            index=models.Index(fields=["organization", "licensed_user"], name="bulk_item_by_person"),
        ),
        migrations.AddIndex(
            model_name="bulkitem",
            index=models.Index(fields=["organization", "job", "state", "id"], name="bulk_item_by_state"),
        ),
        migrations.AddConstraint(
            model_name="bulkitem",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="accounts_bulkitem_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="bulkitem",
            constraint=models.UniqueConstraint(fields=("public_id",), name="accounts_bulkitem_public_id_key"),
        ),
        migrations.AddConstraint(
            model_name="bulkitem",
            constraint=models.UniqueConstraint(fields=("organization", "job", "licensed_user"), name="bulk_item_once"),
        ),
        migrations.AddConstraint(
            model_name="bulkitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "done", "refused"])), name="bulk_item_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "refused"), models.Q(("code", ""), _negated=True)),
                    models.Q(models.Q(("state", "refused"), _negated=True), ("code", "")),
                    _connector="OR",
                ),
                name="bulk_item_refused_with_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="ruleexemption",
            index=models.Index(fields=["organization", "licensed_user"], name="rule_exemption_by_person"),
        ),
        migrations.AddConstraint(
            model_name="ruleexemption",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="accounts_ruleexemption_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="ruleexemption",
            constraint=models.UniqueConstraint(fields=("public_id",), name="accounts_ruleexemption_public_id_key"),
        ),
        migrations.AddConstraint(
            model_name="ruleexemption",
            constraint=models.UniqueConstraint(
                fields=("organization", "rule", "licensed_user"), name="rule_exemption_once"
            ),
        ),
        migrations.AddIndex(
            model_name="rulefinding",
            index=models.Index(fields=["organization", "licensed_user"], name="rule_finding_by_person"),
        ),
        migrations.AddIndex(
            model_name="rulefinding",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["organization", "rule", "acts_at"],
                name="rule_finding_to_act_on",
            ),
        ),
        migrations.AddIndex(
            model_name="rulefinding",
            index=models.Index(fields=["organization", "rule", "id"], name="rule_finding_by_rule"),
        ),
        migrations.AddConstraint(
            model_name="rulefinding",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="accounts_rulefinding_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="rulefinding",
            constraint=models.UniqueConstraint(fields=("public_id",), name="accounts_rulefinding_public_id_key"),
        ),
        migrations.AddConstraint(
            model_name="rulefinding",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("organization", "rule", "licensed_user"),
                name="rule_finding_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="rulefinding",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "acted", "would_act", "cleared", "refused"])),
                name="rule_finding_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="rulefinding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("state", "open")),
                    models.Q(models.Q(("state", "open"), _negated=True), ("closed_at__isnull", False)),
                    _connector="OR",
                ),
                name="rule_finding_closed_with_instant",
            ),
        ),
        migrations.AddConstraint(
            model_name="rulefinding",
            constraint=models.CheckConstraint(
                condition=models.Q(("found_at__lte", models.F("acts_at"))), name="rule_finding_before_it_acts"
            ),
        ),
        composite_keys(
            "accounts_ruleexemption", {"rule_id": "accounts_accessrule", "licensed_user_id": "accounts_licenseduser"}
        ),
        composite_keys(
            "accounts_rulefinding", {"rule_id": "accounts_accessrule", "licensed_user_id": "accounts_licenseduser"}
        ),
        composite_keys("accounts_bulkjob", {"undo_of_id": "accounts_bulkjob"}),
        composite_keys(
            "accounts_bulkitem", {"job_id": "accounts_bulkjob", "licensed_user_id": "accounts_licenseduser"}
        ),
        *row_security("accounts_accessrule", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        *row_security(
            "accounts_ruleexemption",
            app="SELECT, INSERT, DELETE",
            vendor="SELECT, INSERT, DELETE",
            eraser="SELECT, DELETE",
        ),
        *row_security("accounts_rulefinding", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT, DELETE"),
        *row_security("accounts_bulkjob", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT, DELETE"),
        *row_security("accounts_bulkitem", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT, DELETE"),
    ]
