"""How long content is kept during the contract: the clients' rules, their nights, an index by age."""

import datetime
import uuid

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import READ_WRITE, composite_keys, row_security

RULE, NIGHT = "retention_retentionrule", "retention_retentionnight"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_sent"),
        ("retention", "0010_kinds_of_requests"),
    ]

    operations = [
        migrations.CreateModel(
            name="RetentionNight",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("on", models.DateField(verbose_name="on")),
                ("cutoff", models.DateTimeField(verbose_name="erased what is older than")),
                (
                    "winner",
                    models.CharField(
                        choices=[
                            ("client_rule", "Rule of the client"),
                            ("vendor_minimum", "Minimum of the vendor"),
                            ("legal_minimum", "Minimum of a law"),
                            ("legal_hold", "Legal hold"),
                        ],
                        max_length=16,
                        verbose_name="kept longest by",
                    ),
                ),
                ("why", models.JSONField(default=dict, verbose_name="why")),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("interrupted", "Interrupted")],
                        default="running",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("store", models.CharField(blank=True, max_length=40, verbose_name="store")),
                ("checkpoint_at", models.DateTimeField(blank=True, null=True, verbose_name="instant reached")),
                ("checkpoint", models.BigIntegerField(default=0, verbose_name="row reached")),
                ("erased", models.JSONField(default=dict, verbose_name="erased")),
                ("left", models.JSONField(blank=True, default=dict, verbose_name="left")),
                ("failures", models.PositiveIntegerField(default=0, verbose_name="failures")),
                ("last_error", models.CharField(blank=True, max_length=120, verbose_name="last error")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
            ],
            options={
                "verbose_name": "night of a retention rule",
                "verbose_name_plural": "nights of retention rules",
            },
        ),
        migrations.CreateModel(
            name="RetentionRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("conversations", "Conversations and messages"),
                            ("context", "AI context"),
                            ("diagnostics", "Diagnostics"),
                        ],
                        max_length=16,
                        verbose_name="category",
                    ),
                ),
                ("amount", models.PositiveIntegerField(verbose_name="kept for")),
                (
                    "unit",
                    models.CharField(
                        choices=[("days", "Days"), ("months", "Months")], max_length=8, verbose_name="unit"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("drafted", "Drafted"),
                            ("previewed", "Previewed"),
                            ("enforced", "Enforced"),
                            ("ended", "Ended"),
                        ],
                        default="drafted",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("drafted_by", models.CharField(max_length=80, verbose_name="drafted by")),
                ("drafted_at", models.DateTimeField(verbose_name="drafted at")),
                ("preview", models.JSONField(blank=True, null=True, verbose_name="what it would have erased")),
                ("previewed_by", models.CharField(blank=True, max_length=80, verbose_name="previewed by")),
                ("previewed_at", models.DateTimeField(blank=True, null=True, verbose_name="previewed at")),
                ("enforced_by", models.CharField(blank=True, max_length=80, verbose_name="enforced by")),
                ("enforced_at", models.DateTimeField(blank=True, null=True, verbose_name="enforced at")),
                ("next_at", models.DateTimeField(blank=True, null=True, verbose_name="next night from")),
                ("ended_by", models.CharField(blank=True, max_length=80, verbose_name="ended by")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                (
                    "ended_because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("withdrawn", "Withdrawn before it was enforced"),
                            ("replaced", "Replaced by another rule"),
                            ("ended", "Ended"),
                            ("erased", "Everything of the organization was erased"),
                        ],
                        max_length=10,
                        verbose_name="ended because",
                    ),
                ),
            ],
            options={
                "verbose_name": "retention rule",
                "verbose_name_plural": "retention rules",
            },
        ),
        migrations.AddIndex(
            model_name="contextitem",
            index=models.Index(fields=["organization", "occurred_at", "id"], name="contextitem_by_age"),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(fields=["organization", "occurred_at", "id"], name="conversation_by_age"),
        ),
        migrations.AddIndex(
            model_name="diagnostic",
            index=models.Index(fields=["organization", "occurred_at", "id"], name="diagnostic_by_age"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["organization", "occurred_at", "id"], name="message_by_age"),
        ),
        migrations.AddField(
            model_name="retentionnight",
            name="organization",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.AddField(
            model_name="retentionrule",
            name="end_proof",
            field=accounts.db.fields.TenantForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.document",
                verbose_name="proof of the end",
            ),
        ),
        migrations.AddField(
            model_name="retentionrule",
            name="organization",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.AddField(
            model_name="retentionrule",
            name="proof",
            field=accounts.db.fields.TenantForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.document",
                verbose_name="proof",
            ),
        ),
        migrations.AddField(
            model_name="retentionnight",
            name="rule",
            field=accounts.db.fields.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="nights",
                to="retention.retentionrule",
                verbose_name="retention rule",
            ),
        ),
        migrations.AddIndex(
            model_name="retentionrule",
            index=models.Index(fields=["organization", "proof"], name="retention_rule_by_proof"),
        ),
        migrations.AddIndex(
            model_name="retentionrule",
            index=models.Index(fields=["organization", "end_proof"], name="retention_rule_by_end_proof"),
        ),
        migrations.AddIndex(
            model_name="retentionrule",
            index=models.Index(
                condition=models.Q(("state", "enforced")), fields=["next_at", "id"], name="retention_rule_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.UniqueConstraint(
                fields=("organization", "id"), name="retention_retentionrule_tenant_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.UniqueConstraint(fields=("public_id",), name="retention_retentionrule_public_id_key"),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "enforced")),
                fields=("organization", "category"),
                name="retention_rule_enforced_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("category__in", ["conversations", "context", "diagnostics"])),
                name="retention_rule_category_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit__in", ["days", "months"])), name="retention_rule_unit_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 1), ("amount__lte", 36525)), name="retention_rule_has_a_length"
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["drafted", "previewed", "enforced", "ended"])),
                name="retention_rule_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("drafted_by", ""), _negated=True), name="retention_rule_drafted_by_someone"
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("preview__isnull", True), ("previewed_at__isnull", True), ("previewed_by", "")),
                    models.Q(
                        ("preview__isnull", False),
                        ("previewed_at__isnull", False),
                        models.Q(("previewed_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="retention_rule_previewed_by_someone",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("state", "drafted"), _negated=True), ("previewed_at__isnull", True), _connector="OR"
                    ),
                    models.Q(
                        models.Q(("state__in", ["previewed", "enforced"]), _negated=True),
                        ("previewed_at__isnull", False),
                        _connector="OR",
                    ),
                ),
                name="retention_rule_previewed_before_it_is_enforced",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("enforced_at__isnull", True), ("enforced_by", "")),
                    models.Q(
                        ("enforced_at__gte", models.F("previewed_at")),
                        ("enforced_at__isnull", False),
                        (
                            "enforced_at__lte",
                            django.db.models.expressions.CombinedExpression(
                                models.F("previewed_at"), "+", models.Value(datetime.timedelta(days=1))
                            ),
                        ),
                        ("previewed_at__isnull", False),
                        models.Q(("enforced_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="retention_rule_enforced_upon_a_fresh_preview",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("enforced_by", ""),
                    models.Q(("enforced_by", models.F("drafted_by")), _negated=True),
                    _connector="OR",
                ),
                name="retention_rule_enforced_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("enforced_at__isnull", False), ("next_at__isnull", False), ("state", "enforced")),
                    models.Q(
                        models.Q(("state", "enforced"), _negated=True),
                        ("next_at__isnull", True),
                        models.Q(
                            models.Q(("state__in", ["drafted", "previewed"]), _negated=True),
                            ("enforced_at__isnull", True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="retention_rule_acts_only_enforced",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", False),
                        ("ended_because__in", ["withdrawn", "replaced", "ended", "erased"]),
                        ("state", "ended"),
                        models.Q(("ended_by", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "ended"), _negated=True),
                        ("end_proof__isnull", True),
                        ("ended_at__isnull", True),
                        ("ended_because", ""),
                        ("ended_by", ""),
                    ),
                    _connector="OR",
                ),
                name="retention_rule_ended_by_someone",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionnight",
            constraint=models.UniqueConstraint(
                fields=("organization", "id"), name="retention_retentionnight_tenant_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionnight",
            constraint=models.UniqueConstraint(fields=("public_id",), name="retention_retentionnight_public_id_key"),
        ),
        migrations.AddConstraint(
            model_name="retentionnight",
            constraint=models.UniqueConstraint(
                fields=("organization", "rule", "on"), name="retention_night_once_a_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionnight",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "running")),
                fields=("organization", "rule"),
                name="retention_night_runs_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionnight",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["running", "done", "interrupted"])),
                name="retention_night_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionnight",
            constraint=models.CheckConstraint(
                condition=models.Q(("winner__in", ["client_rule", "vendor_minimum", "legal_minimum", "legal_hold"])),
                name="retention_night_winner_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionnight",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("finished_at__isnull", True), ("state", "running"), models.Q(("store", ""), _negated=True)
                    ),
                    models.Q(models.Q(("state", "running"), _negated=True), ("finished_at__isnull", False)),
                    _connector="OR",
                ),
                name="retention_night_runs_until_it_is_over",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionnight",
            constraint=models.CheckConstraint(
                condition=models.Q(("cutoff__lte", models.F("started_at"))), name="retention_night_erases_the_past"
            ),
        ),
        # Only the eraser works on a night; who ends a rule ends its night, too.
        *row_security(RULE, app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT, UPDATE (next_at)"),
        *row_security(
            NIGHT,
            app="SELECT, UPDATE (state, finished_at)",
            vendor="SELECT, UPDATE (state, finished_at)",
            eraser=READ_WRITE,
        ),
        composite_keys(RULE, {"proof_id": "accounts_document", "end_proof_id": "accounts_document"}),
        composite_keys(NIGHT, {"rule_id": RULE}),
    ]
