"""The contract engine: what a contract is agreed to, and every row of its life."""

import datetime
import uuid
from decimal import Decimal

import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import accounts.db.fields
import contracts.models.contract
from accounts.db.security import READ_WRITE, TENANT, composite_keys, row_security, shared_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_row_security"),
        ("accounts", "__first__"),
        ("contracts", "0002_row_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="IndexSeries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("code", models.CharField(max_length=40, verbose_name="code")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("publisher", models.CharField(max_length=200, verbose_name="publisher")),
                ("country", models.CharField(max_length=2, verbose_name="country")),
                (
                    "unit",
                    models.CharField(blank=True, help_text="Such as 2015 = 100", max_length=80, verbose_name="unit"),
                ),
                (
                    "periodicity",
                    models.CharField(
                        choices=[("month", "Month"), ("quarter", "Quarter")], max_length=8, verbose_name="one value per"
                    ),
                ),
                (
                    "longest_delay_months",
                    models.PositiveSmallIntegerField(
                        help_text="A latest value whose period began longer ago counts as missing: nobody guesses",
                        verbose_name="longest delay (months)",
                    ),
                ),
                ("closed", models.BooleanField(default=False, verbose_name="closed")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
            ],
            options={
                "verbose_name": "index series",
                "verbose_name_plural": "index series",
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="contracts_indexseries_public_id_key"),
                    models.UniqueConstraint(fields=("code",), name="index_series_code_once"),
                    models.CheckConstraint(
                        condition=models.Q(("periodicity__in", ["month", "quarter"])),
                        name="index_series_periodicity_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("country__regex", "^[A-Z]{2}$")), name="index_series_country_is_iso"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("longest_delay_months__gte", 1)), name="index_series_delay_at_least_a_month"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="contract",
            name="calendar_due_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When a further month comes into view",
                null=True,
                verbose_name="calendar to be computed again at",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="deadlines_stale",
            field=models.BooleanField(
                default=True, help_text="What they depend on has changed", verbose_name="deadlines to be computed again"
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="early_exit_cap",
            field=models.DecimalField(
                blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="cap of the early-exit fee"
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="early_exit_disclosed_on",
            field=models.DateField(
                blank=True,
                help_text="Art. 29(4) Data Act: before signature",
                null=True,
                verbose_name="early-exit fee disclosed on",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="early_exit_rate",
            field=models.DecimalField(
                blank=True,
                decimal_places=4,
                help_text="Empty: no right to leave early. 0.5 is half",
                max_digits=5,
                null=True,
                verbose_name="early-exit fee (share of the remaining fee)",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="early_exit_refunds",
            field=models.BooleanField(default=False, verbose_name="prepaid and unused fees are refunded"),
        ),
        migrations.AddField(
            model_name="contract",
            name="index_base_period",
            field=models.DateField(blank=True, null=True, verbose_name="period of the base value"),
        ),
        migrations.AddField(
            model_name="contract",
            name="index_base_value",
            field=models.DecimalField(
                blank=True,
                decimal_places=8,
                help_text="The index at signature: S0 of the first revision",
                max_digits=18,
                null=True,
                verbose_name="base value",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="index_cap",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="1.03 is three per cent more",
                max_digits=8,
                null=True,
                verbose_name="cap of the factor",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="index_fixed_part",
            field=models.DecimalField(
                decimal_places=4, default=Decimal("0"), max_digits=5, verbose_name="fixed part of the price (share)"
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="index_floor",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="1 is no decrease",
                max_digits=8,
                null=True,
                verbose_name="floor of the factor",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="next_reminder_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="next reminder at"),
        ),
        migrations.AddField(
            model_name="contract",
            name="notice_end_of",
            field=models.CharField(
                blank=True,
                choices=[("month", "End of a month"), ("quarter", "End of a quarter")],
                help_text="Empty: no calendar period",
                max_length=8,
                verbose_name="notice reaches",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="owner",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="paid_ahead",
            field=models.DecimalField(
                db_default=0, decimal_places=2, default=0, max_digits=14, verbose_name="paid and not yet charged"
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="paid_before_on",
            field=models.DateField(
                blank=True,
                help_text="First day that payments here must cover",
                null=True,
                verbose_name="taken over as paid until",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="planned_for",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="The number of the term that is planned",
                null=True,
                verbose_name="renewal planned",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="reminder_leads",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveSmallIntegerField(),
                blank=True,
                default=contracts.models.contract.default_leads,
                verbose_name="reminders (days before the last day for notice)",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="reminds_client",
            field=models.BooleanField(default=False, verbose_name="the client's contacts are reminded too"),
        ),
        migrations.AddField(
            model_name="contract",
            name="resumes_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="resumes at"),
        ),
        migrations.AddField(
            model_name="contract",
            name="seats",
            field=models.PositiveIntegerField(
                blank=True, help_text="Empty: unlimited", null=True, verbose_name="seats"
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="stay_proof",
            field=accounts.db.fields.TenantForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.document",
                verbose_name="signed stay",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="stayed_term",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="renewal stayed after term"),
        ),
        migrations.AddField(
            model_name="contract",
            name="stayed_until",
            field=models.DateField(
                blank=True,
                help_text="Both sides agreed: the renewal neither becomes certain nor starts before this day is over",
                null=True,
                verbose_name="renewal stayed until",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="suspended_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="suspended at"),
        ),
        migrations.AddField(
            model_name="contract",
            name="suspension_reason",
            field=models.CharField(
                blank=True,
                choices=[("non_payment", "Non-payment"), ("agreement", "Agreement")],
                max_length=16,
                verbose_name="reason of suspension",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="switching_notice_months",
            field=models.PositiveSmallIntegerField(
                default=2,
                help_text="Art. 25(2)(d) Data Act: at most 2; more count as 2",
                verbose_name="switching notice (months)",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="term_lengths",
            field=models.JSONField(
                blank=True,
                db_default=models.Value([], models.JSONField()),
                default=list,
                verbose_name="lengths of renewals before an amendment",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="free_of_charge",
            field=models.BooleanField(
                default=False,
                help_text="Art. L215-1 C. consom.: what is prepaid is refunded pro rata",
                verbose_name="free of charge",
            ),
        ),
        migrations.AlterField(
            model_name="contract",
            name="end_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("notice", "Notice"),
                    ("expiry", "Expiry"),
                    ("agreement", "Agreement"),
                    ("breach", "Breach"),
                    ("switching", "Switching"),
                    ("convenience", "Early exit for convenience"),
                    ("immediate", "Immediate termination"),
                ],
                max_length=24,
                verbose_name="reason of the end",
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="index_series",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: the price follows no index",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="contracts.indexseries",
                verbose_name="index of the price",
            ),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(
                condition=models.Q(
                    ("renews_at__isnull", False),
                    ("status", "active"),
                    models.Q(
                        ("planned_for__isnull", True),
                        models.Q(
                            (
                                "planned_for",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("term_number"), "+", models.Value(1)
                                ),
                            ),
                            _negated=True,
                        ),
                        _connector="OR",
                    ),
                ),
                fields=["renews_at", "id"],
                name="contract_due_plan",
            ),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(
                condition=models.Q(("resumes_at__isnull", False), ("status", "active")),
                fields=["resumes_at", "id"],
                name="contract_due_resumption",
            ),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(
                condition=models.Q(("deadlines_stale", True)), fields=["id"], name="contract_deadlines_stale"
            ),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(
                condition=models.Q(("next_reminder_at__isnull", False), ("status", "active")),
                fields=["next_reminder_at", "id"],
                name="contract_due_reminder",
            ),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(
                condition=models.Q(("calendar_due_at__isnull", False)),
                fields=["calendar_due_at", "id"],
                name="contract_calendar_due",
            ),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(
                condition=models.Q(("index_series__isnull", False), ("renews_at__isnull", False), ("status", "active")),
                fields=["term_ends_on", "id"],
                name="contract_due_uplift",
            ),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(fields=["organization", "stay_proof"], name="contract_by_stay_proof"),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(("notice_end_of__in", ["", "month", "quarter"])), name="contract_notice_end_of_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("early_exit_rate__isnull", True),
                    models.Q(("early_exit_rate__gte", 0), ("early_exit_rate__lte", 1)),
                    _connector="OR",
                ),
                name="contract_early_exit_rate_is_a_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(("early_exit_cap__isnull", True), ("early_exit_cap__gte", 0), _connector="OR"),
                name="contract_early_exit_cap_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("index_base_period__isnull", True),
                        ("index_base_value__isnull", True),
                        ("index_cap__isnull", True),
                        ("index_fixed_part", 0),
                        ("index_floor__isnull", True),
                        ("index_series__isnull", True),
                    ),
                    models.Q(
                        ("index_base_period__isnull", False),
                        ("index_base_value__isnull", False),
                        ("index_series__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="contract_index_clause_whole_or_none",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(("index_fixed_part__gte", 0), ("index_fixed_part__lte", 1)),
                name="contract_index_fixed_part_is_a_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("index_floor__isnull", True), ("index_floor__gte", 0), _connector="OR"),
                    models.Q(("index_cap__isnull", True), ("index_cap__gte", 0), _connector="OR"),
                    models.Q(
                        ("index_floor__isnull", True),
                        ("index_cap__isnull", True),
                        ("index_floor__lte", models.F("index_cap")),
                        _connector="OR",
                    ),
                ),
                name="contract_index_floor_below_cap",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(("index_base_value__isnull", True), ("index_base_value__gt", 0), _connector="OR"),
                name="contract_index_base_above_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("stay_proof__isnull", True), ("stayed_term__isnull", True), ("stayed_until__isnull", True)
                    ),
                    models.Q(
                        ("stay_proof__isnull", False),
                        ("stayed_term__gte", 1),
                        ("stayed_term__isnull", False),
                        ("stayed_until__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="contract_stayed_with_proof",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("resumes_at__isnull", True), ("suspended_at__isnull", True), ("suspension_reason", "")),
                    models.Q(
                        ("status__in", ["active", "ended"]),
                        ("suspended_at__isnull", False),
                        ("suspension_reason__in", ["non_payment", "agreement"]),
                    ),
                    _connector="OR",
                ),
                name="contract_suspended_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("resumes_at__isnull", True), ("resumes_at__gt", models.F("suspended_at")), _connector="OR"
                ),
                name="contract_resumes_after_its_suspension",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("planned_for__isnull", True),
                    models.Q(
                        ("planned_for__gte", 2),
                        (
                            "planned_for__lte",
                            django.db.models.expressions.CombinedExpression(
                                models.F("term_number"), "+", models.Value(1)
                            ),
                        ),
                    ),
                    _connector="OR",
                ),
                name="contract_planned_for_its_next_term_at_most",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("next_reminder_at__isnull", True),
                    models.Q(("ends_on__isnull", True), ("status", "active"), ("term_ends_on__isnull", False)),
                    _connector="OR",
                ),
                name="contract_reminds_only_before_a_renewal",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(("reminder_leads__len__lte", 12)), name="contract_reminders_not_too_many"
            ),
        ),
        migrations.CreateModel(
            name="Intake",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "To decide"),
                            ("asked_back", "Asked back"),
                            ("answered", "Answered"),
                            ("confirmed", "Confirmed"),
                            ("handed_over", "Handed over"),
                            ("rejected", "Rejected"),
                        ],
                        default="new",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("media", models.CharField(max_length=100, verbose_name="file type")),
                ("size", models.PositiveIntegerField(verbose_name="size in bytes")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("received_at", models.DateTimeField(verbose_name="received at")),
                (
                    "received_on",
                    models.DateField(
                        blank=True, help_text="Where a person says so", null=True, verbose_name="received on"
                    ),
                ),
                ("sent_on", models.DateField(blank=True, null=True, verbose_name="sent on")),
                (
                    "suggested",
                    models.CharField(
                        choices=[
                            ("non_renewal", "Non-renewal notice"),
                            ("termination", "Notice of termination"),
                            ("switching", "Switching"),
                            ("erasure_only", "Erasure only"),
                            ("unclear", "Unclear"),
                        ],
                        max_length=12,
                        verbose_name="suggested",
                    ),
                ),
                ("why", models.JSONField(default=dict, verbose_name="why")),
                ("candidates", models.JSONField(blank=True, default=list, verbose_name="candidates")),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("non_renewal", "Non-renewal notice"),
                            ("termination", "Notice of termination"),
                            ("switching", "Switching"),
                            ("erasure_only", "Erasure only"),
                            ("unclear", "Unclear"),
                        ],
                        max_length=12,
                        verbose_name="decided",
                    ),
                ),
                ("notices", models.JSONField(blank=True, default=list, verbose_name="notices")),
                ("cases", models.JSONField(blank=True, default=list, verbose_name="switching cases")),
                ("answers", models.UUIDField(blank=True, null=True, verbose_name="answers")),
                ("sealed_file", models.BinaryField(null=True)),
                ("sealed_facts", models.BinaryField(null=True)),
                ("wrapped_key", models.BinaryField()),
                ("key_version", models.PositiveIntegerField()),
                ("dropped_by", models.CharField(max_length=80, verbose_name="dropped by")),
                ("dropped_at", models.DateTimeField(verbose_name="dropped at")),
                ("decided_by", models.CharField(blank=True, max_length=80, verbose_name="decided by")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided at")),
                (
                    "acknowledgement",
                    accounts.db.fields.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.document",
                    ),
                ),
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
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "letter received",
                "verbose_name_plural": "letters received",
                "indexes": [
                    models.Index(fields=["organization", "id"], name="intake_by_organization"),
                    models.Index(fields=["organization", "document"], name="intake_by_document"),
                    models.Index(fields=["organization", "acknowledgement"], name="intake_by_acknowledgement"),
                    models.Index(
                        condition=models.Q(("state", "new")), fields=["received_at", "id"], name="intake_to_decide"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["new", "asked_back", "answered", "confirmed", "handed_over", "rejected"])
                        ),
                        name="intake_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["", "non_renewal", "termination", "switching", "erasure_only", "unclear"])
                        ),
                        name="intake_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="intake_sha256_is_hex"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["new", "rejected"]), ("organization__isnull", False), _connector="OR"
                        ),
                        name="intake_decided_for_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("state", "new")),
                            models.Q(models.Q(("state", "new"), _negated=True), ("decided_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="intake_decided_at_iff_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["confirmed", "handed_over"]), _negated=True),
                            models.Q(
                                ("document__isnull", False),
                                ("sealed_file__isnull", True),
                                models.Q(("kind__in", ["", "unclear"]), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="intake_confirmed_is_filed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "new"), _negated=True),
                            models.Q(("sealed_facts__isnull", False), ("sealed_file__isnull", False)),
                            _connector="OR",
                        ),
                        name="intake_new_holds_its_file",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("approved", "Approved"),
                            ("sent", "On its way"),
                            ("given", "Given"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("non_renewal", "Non-renewal notice"), ("termination", "Notice of termination")],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("letter", "Letter"),
                            ("registered_letter", "Registered letter"),
                            ("email", "E-mail"),
                            ("portal", "Portal"),
                            ("hand", "By hand"),
                        ],
                        max_length=20,
                        verbose_name="channel",
                    ),
                ),
                (
                    "ends_on",
                    models.DateField(help_text="First day without service", verbose_name="ends the contract on"),
                ),
                ("send_by", models.DateField(verbose_name="send by")),
                ("why", models.JSONField(default=dict, verbose_name="why")),
                ("drafted_by", models.CharField(max_length=80, verbose_name="drafted by")),
                ("drafted_at", models.DateTimeField(verbose_name="drafted at")),
                ("approved_by", models.CharField(blank=True, max_length=80, verbose_name="approved by")),
                ("approved_at", models.DateTimeField(blank=True, null=True, verbose_name="approved at")),
                ("sent_on", models.DateField(blank=True, null=True, verbose_name="sent on")),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="cancelled at")),
                (
                    "contract",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outgoing_notices",
                        to="contracts.contract",
                    ),
                ),
                (
                    "notice",
                    accounts.db.fields.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outgoing",
                        to="contracts.notice",
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
                    "proof",
                    accounts.db.fields.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.document",
                    ),
                ),
            ],
            options={
                "verbose_name": "vendor's notice",
                "verbose_name_plural": "vendor's notices",
                "indexes": [
                    models.Index(fields=["organization", "contract", "id"], name="outgoing_by_contract"),
                    models.Index(fields=["organization", "proof"], name="outgoing_by_proof"),
                    models.Index(fields=["organization", "notice"], name="outgoing_by_notice"),
                    models.Index(
                        condition=models.Q(("status__in", ["draft", "approved"])),
                        fields=["send_by", "id"],
                        name="outgoing_to_send",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_outgoingnotice_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_outgoingnotice_public_id_key"),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["draft", "approved", "sent", "given", "cancelled"])),
                        name="outgoing_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at__isnull", True), ("approved_by", "")),
                            models.Q(models.Q(("approved_by", ""), _negated=True), ("approved_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="outgoing_approved_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["approved", "sent", "given"]), _negated=True),
                            ("approved_at__isnull", False),
                            _connector="OR",
                        ),
                        name="outgoing_approved_before_sent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("approved_by", models.F("drafted_by")), _negated=True),
                        name="outgoing_approved_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("proof__isnull", False), ("sent_on__isnull", False), ("status__in", ["sent", "given"])
                            ),
                            models.Q(
                                models.Q(("status__in", ["sent", "given"]), _negated=True),
                                ("proof__isnull", True),
                                ("sent_on__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="outgoing_sent_with_proof",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("notice__isnull", False), ("status", "given")),
                            models.Q(models.Q(("status", "given"), _negated=True), ("notice__isnull", True)),
                            _connector="OR",
                        ),
                        name="outgoing_given_is_a_notice",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cancelled_at__isnull", False), ("status", "cancelled")),
                            models.Q(models.Q(("status", "cancelled"), _negated=True), ("cancelled_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="outgoing_cancelled_at_iff_cancelled",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["draft", "approved", "sent"])),
                        fields=("organization", "contract"),
                        name="outgoing_open_once_per_contract",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("reference", models.CharField(max_length=80, verbose_name="reference")),
                ("paid_on", models.DateField(verbose_name="paid on")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount before VAT")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("recorded_by", models.CharField(max_length=80, verbose_name="recorded by")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                (
                    "contract",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="contracts.contract",
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
                "verbose_name": "payment",
                "verbose_name_plural": "payments",
                "indexes": [models.Index(fields=["organization", "contract", "id"], name="payment_by_contract")],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_payment_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_payment_public_id_key"),
                    models.UniqueConstraint(fields=("organization", "reference"), name="payment_reference_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True), name="payment_is_not_nothing"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")), name="payment_currency_is_iso"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Quote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "ground",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("convenience", "Early exit for convenience"),
                            ("vendor_breach", "Breach by the vendor"),
                            ("client_breach", "Breach by the client"),
                            ("agreement", "Agreement"),
                            ("switching", "Switching"),
                            ("immediate", "Immediate termination for a grave cause"),
                        ],
                        max_length=16,
                        verbose_name="ground",
                    ),
                ),
                (
                    "party",
                    models.CharField(
                        choices=[("client", "Client"), ("vendor", "Vendor")], max_length=8, verbose_name="leaving side"
                    ),
                ),
                ("quoted_on", models.DateField(verbose_name="quoted on")),
                ("valid_until", models.DateField(verbose_name="valid until")),
                ("exit_on", models.DateField(verbose_name="last day of service")),
                ("remaining_days", models.PositiveIntegerField(verbose_name="days remaining")),
                ("penalty", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="early-exit fee")),
                ("refund", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="refund")),
                ("total", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="total before VAT")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "agreed",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="agreed amount"
                    ),
                ),
                ("right_to_leave", models.BooleanField(verbose_name="right to leave")),
                ("blocked", models.BooleanField(verbose_name="early-exit fee blocked")),
                ("flagged", models.BooleanField(verbose_name="early-exit fee not disclosed")),
                ("lines", models.JSONField(verbose_name="lines")),
                ("checklist", models.JSONField(verbose_name="leaving checklist")),
                ("made_by", models.CharField(max_length=80, verbose_name="made by")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                ("accepted_by", models.CharField(blank=True, max_length=80, verbose_name="accepted by")),
                ("accepted_at", models.DateTimeField(blank=True, null=True, verbose_name="accepted at")),
                (
                    "contract",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quotes",
                        to="contracts.contract",
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
                "verbose_name": "quote",
                "verbose_name_plural": "quotes",
                "indexes": [models.Index(fields=["organization", "contract", "id"], name="quote_by_contract")],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_quote_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_quote_public_id_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "ground__in",
                                [
                                    "",
                                    "convenience",
                                    "vendor_breach",
                                    "client_breach",
                                    "agreement",
                                    "switching",
                                    "immediate",
                                ],
                            )
                        ),
                        name="quote_ground_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid_until__gte", models.F("quoted_on"))),
                        name="quote_valid_for_a_day_at_least",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("penalty__gte", 0), ("refund__gte", 0)), name="quote_amounts_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")), name="quote_currency_is_iso"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accepted_at__isnull", True), ("accepted_by", "")),
                            models.Q(("accepted_at__isnull", False), models.Q(("accepted_by", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="quote_accepted_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("term_number", models.PositiveIntegerField(verbose_name="term")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("notice", "Before the last day for notice"),
                            ("chatel", "Loi Chatel (L215-1 C. consom.)"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("lead", models.PositiveSmallIntegerField(verbose_name="days before")),
                ("due_on", models.DateField(verbose_name="due on")),
                ("last_notice_on", models.DateField(verbose_name="last day for notice")),
                ("why", models.JSONField(blank=True, default=dict, verbose_name="why")),
                ("message", models.UUIDField(blank=True, null=True, verbose_name="announcement")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                ("skipped_at", models.DateTimeField(blank=True, null=True, verbose_name="skipped at")),
                (
                    "contract",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="contracts.contract",
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
                    "proof",
                    accounts.db.fields.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.document",
                    ),
                ),
            ],
            options={
                "verbose_name": "reminder",
                "verbose_name_plural": "reminders",
                "indexes": [models.Index(fields=["organization", "proof"], name="reminder_by_proof")],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_reminder_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_reminder_public_id_key"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["notice", "chatel"])), name="reminder_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sent_at__isnull", True), ("skipped_at__isnull", False)),
                            models.Q(("sent_at__isnull", False), ("skipped_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="reminder_sent_or_skipped",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sent_at__isnull", True),
                            ("message__isnull", False),
                            ("proof__isnull", False),
                            _connector="OR",
                        ),
                        name="reminder_sent_with_proof",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("due_on__lte", models.F("last_notice_on"))),
                        name="reminder_due_before_the_last_day",
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "contract", "term_number", "kind", "lead", "due_on"),
                        name="reminder_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RenewalOffer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("number", models.PositiveIntegerField(verbose_name="term")),
                ("starts_on", models.DateField(verbose_name="first day of the term")),
                ("values", models.JSONField(verbose_name="offered clauses")),
                ("current", models.JSONField(verbose_name="current clauses")),
                ("valid_until", models.DateField(verbose_name="valid until")),
                ("expires_at", models.DateTimeField(verbose_name="expires at")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("sent", "Sent"),
                            ("accepted", "Accepted"),
                            ("expired", "Expired"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("made_by", models.CharField(max_length=80, verbose_name="made by")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                ("sent_by", models.CharField(blank=True, max_length=80, verbose_name="sent by")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                ("closed_by", models.CharField(blank=True, max_length=80, verbose_name="closed by")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed at")),
                (
                    "accepted_proof",
                    accounts.db.fields.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.document",
                        verbose_name="proof of acceptance",
                    ),
                ),
                (
                    "contract",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="contracts.contract",
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
                    "sent_proof",
                    accounts.db.fields.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.document",
                        verbose_name="proof of sending",
                    ),
                ),
            ],
            options={
                "verbose_name": "renewal offer",
                "verbose_name_plural": "renewal offers",
                "indexes": [
                    models.Index(fields=["organization", "contract", "id"], name="offer_by_contract"),
                    models.Index(fields=["organization", "sent_proof"], name="offer_by_sent_proof"),
                    models.Index(fields=["organization", "accepted_proof"], name="offer_by_accepted_proof"),
                    models.Index(
                        condition=models.Q(("state__in", ["draft", "sent"])),
                        fields=["expires_at", "id"],
                        name="offer_due_expiry",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_renewaloffer_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_renewaloffer_public_id_key"),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["draft", "sent"])),
                        fields=("organization", "contract", "starts_on"),
                        name="offer_open_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "accepted")),
                        fields=("organization", "contract", "starts_on"),
                        name="offer_accepted_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["draft", "sent", "accepted", "expired", "withdrawn"])),
                        name="offer_state_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("number__gte", 2)), name="offer_is_of_a_later_term"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sent_at__isnull", True), ("state", "draft")),
                            models.Q(("sent_at__isnull", False), ("state__in", ["sent", "accepted"])),
                            models.Q(("state__in", ["draft", "sent", "accepted"]), _negated=True),
                            _connector="OR",
                        ),
                        name="offer_accepted_only_if_sent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("state__in", ["draft", "sent"])),
                            models.Q(
                                models.Q(("state__in", ["draft", "sent"]), _negated=True), ("closed_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="offer_closed_at_iff_closed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("accepted_proof__isnull", True), ("state", "accepted"), _connector="OR"),
                        name="offer_proof_of_acceptance_iff_accepted",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RenewalPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="days")),
                ("starts_at", models.DateTimeField(verbose_name="starts at")),
                ("fee", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="annual fee before VAT")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("clauses", models.JSONField(verbose_name="clauses")),
                ("news_from", models.DateTimeField(blank=True, null=True, verbose_name="announced from")),
                (
                    "following_last_notice_on",
                    models.DateField(blank=True, null=True, verbose_name="last day for notice"),
                ),
                ("following_last_notice_why", models.JSONField(blank=True, default=dict, verbose_name="why this day")),
                (
                    "following_certain_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="renewal certain at"),
                ),
                ("following_renews_at", models.DateTimeField(blank=True, null=True, verbose_name="renews at")),
                ("following_reminder_at", models.DateTimeField(blank=True, null=True, verbose_name="next reminder at")),
                (
                    "ends_on",
                    models.DateField(
                        blank=True, help_text="First day without service", null=True, verbose_name="ends on"
                    ),
                ),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="ends at")),
                (
                    "contract",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plans",
                        to="contracts.contract",
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
                "verbose_name": "renewal plan",
                "verbose_name_plural": "renewal plans",
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_renewalplan_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_renewalplan_public_id_key"),
                    models.UniqueConstraint(fields=("organization", "contract"), name="renewal_plan_once_per_contract"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 2)), name="renewal_plan_is_of_a_later_term"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("days__isempty", False)), name="renewal_plan_covers_a_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ends_at__isnull", True), ("ends_on__isnull", True)),
                            models.Q(("ends_at__isnull", False), ("ends_on__isnull", False)),
                            _connector="OR",
                        ),
                        name="renewal_plan_ends_at_iff_ends_on",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True), ("ends_at__gt", models.F("starts_at")), _connector="OR"
                        ),
                        name="renewal_plan_starts_before_the_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("fee", "Fee"),
                            ("uplift", "Uplift"),
                            ("credit", "Credit"),
                            ("penalty", "Early-exit fee"),
                            ("refund", "Refund"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="from")),
                ("ends_on", models.DateField(verbose_name="until (first day after)")),
                ("due_on", models.DateField(verbose_name="due on")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount before VAT")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "vat",
                    models.CharField(
                        choices=[
                            ("standard", "Taxed in the vendor's country"),
                            ("reverse_charge", "Reverse charge (Art. 196)"),
                            ("outside_eu", "Outside the scope of EU VAT (Art. 44)"),
                        ],
                        max_length=16,
                        verbose_name="VAT treatment",
                    ),
                ),
                ("seats", models.PositiveIntegerField(blank=True, null=True, verbose_name="seats")),
                ("source", models.UUIDField(blank=True, null=True, verbose_name="source")),
                ("why", models.JSONField(blank=True, default=dict, verbose_name="why")),
                ("recorded_by", models.CharField(max_length=80, verbose_name="recorded by")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                ("voided_at", models.DateTimeField(blank=True, null=True, verbose_name="voided at")),
                (
                    "contract",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statement_lines",
                        to="contracts.contract",
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
                    "term",
                    accounts.db.fields.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.term",
                    ),
                ),
            ],
            options={
                "verbose_name": "statement line",
                "verbose_name_plural": "statement lines",
                "indexes": [
                    models.Index(fields=["organization", "contract", "id"], name="statement_by_contract"),
                    models.Index(fields=["organization", "term", "id"], name="statement_by_term"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_statementline_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_statementline_public_id_key"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["fee", "uplift", "credit", "penalty", "refund"])),
                        name="statement_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("vat__in", ["standard", "reverse_charge", "outside_eu"])),
                        name="statement_vat_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("starts_on__lt", models.F("ends_on"))), name="statement_covers_a_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")), name="statement_currency_is_iso"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "uplift"),
                            models.Q(("amount__lte", 0), ("kind", "credit")),
                            models.Q(models.Q(("kind", "credit"), _negated=True), ("amount__gte", 0)),
                            _connector="OR",
                        ),
                        name="statement_sign_goes_with_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "fee"), _negated=True), ("term__isnull", False), _connector="OR"
                        ),
                        name="statement_fee_names_its_term",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "fee"), ("voided_at__isnull", True)),
                        fields=("organization", "term", "starts_on"),
                        name="statement_fee_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SwitchingCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("provider", "Switch to another provider"),
                            ("on_premises", "Move to its own premises"),
                            ("erasure_only", "Erasure only"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("notified", "Notified"),
                            ("in_transition", "In transition"),
                            ("completed", "Completed"),
                            ("unfinished", "Unfinished"),
                            ("erase_only", "Erasure asked for"),
                            ("ended", "Ended without a transfer"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                (
                    "destination",
                    models.CharField(
                        blank=True, help_text="The new provider", max_length=200, verbose_name="destination"
                    ),
                ),
                ("received_on", models.DateField(verbose_name="received on")),
                (
                    "notice_months",
                    models.PositiveSmallIntegerField(verbose_name="switching notice of the contract (months)"),
                ),
                ("notice_end", models.DateField(verbose_name="notice ends")),
                (
                    "unfeasible_limit",
                    models.DateField(blank=True, null=True, verbose_name="unfeasibility may be told until"),
                ),
                ("unfeasible_told_on", models.DateField(blank=True, null=True, verbose_name="unfeasibility told on")),
                (
                    "unfeasible_length",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="longer transition"),
                ),
                (
                    "unfeasible_unit",
                    models.CharField(
                        blank=True,
                        choices=[("days", "Days"), ("weeks", "Weeks"), ("months", "Months")],
                        max_length=8,
                        verbose_name="unit",
                    ),
                ),
                ("extended_to", models.DateField(blank=True, null=True, verbose_name="extended to")),
                ("transition_end", models.DateField(blank=True, null=True, verbose_name="transition ends")),
                ("completed_on", models.DateField(blank=True, null=True, verbose_name="completed on")),
                ("retrieval_end", models.DateField(blank=True, null=True, verbose_name="retrieval period ends")),
                ("erase_from", models.DateField(verbose_name="erasure from")),
                ("erase_at", models.DateTimeField(verbose_name="erasure from (instant)")),
                ("why", models.JSONField(blank=True, default=dict, verbose_name="why")),
                ("next_at", models.DateTimeField(blank=True, null=True, verbose_name="next step at")),
                ("asked_at", models.DateTimeField(blank=True, null=True, verbose_name="choice asked at")),
                (
                    "choice",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("extend", "Extend the transition"),
                            ("completed", "It was completed"),
                            ("delete", "Delete without a transfer"),
                        ],
                        max_length=16,
                        verbose_name="the client's choice",
                    ),
                ),
                (
                    "charge",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="switching charge"
                    ),
                ),
                (
                    "charge_cost",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=14,
                        null=True,
                        verbose_name="cost of the switch to the vendor",
                    ),
                ),
                ("charged_on", models.DateField(blank=True, null=True, verbose_name="charged on")),
                ("recorded_by", models.CharField(max_length=80, verbose_name="recorded by")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed at")),
                (
                    "contract",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="switching_cases",
                        to="contracts.contract",
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
                "verbose_name": "switching case",
                "verbose_name_plural": "switching cases",
                "indexes": [
                    models.Index(fields=["organization", "contract", "id"], name="switching_by_contract"),
                    models.Index(
                        condition=models.Q(("next_at__isnull", False)),
                        fields=["next_at", "id"],
                        name="switching_due_step",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_switchingcase_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_switchingcase_public_id_key"),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["completed", "ended", "withdrawn"]), _negated=True),
                        fields=("organization", "contract"),
                        name="switching_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "notified",
                                    "in_transition",
                                    "completed",
                                    "unfinished",
                                    "erase_only",
                                    "ended",
                                    "withdrawn",
                                ],
                            )
                        ),
                        name="switching_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["provider", "on_premises", "erasure_only"])),
                        name="switching_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "erasure_only"),
                                ("retrieval_end__isnull", True),
                                ("transition_end__isnull", True),
                            ),
                            models.Q(
                                models.Q(("kind", "erasure_only"), _negated=True),
                                ("retrieval_end__isnull", False),
                                ("transition_end__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="switching_transition_iff_transfer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "erasure_only"), _negated=True),
                            ("status__in", ["erase_only", "ended", "withdrawn"]),
                            _connector="OR",
                        ),
                        name="switching_erasure_only_transfers_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("notice_end__gte", models.F("received_on"))),
                        name="switching_notice_after_receipt",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("transition_end__isnull", True),
                            ("transition_end__gte", models.F("notice_end")),
                            _connector="OR",
                        ),
                        name="switching_transition_after_notice",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("retrieval_end__isnull", True),
                            ("retrieval_end__gt", models.F("transition_end")),
                            _connector="OR",
                        ),
                        name="switching_retrieval_after_transition",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("erase_from__gt", models.F("notice_end")),
                            models.Q(
                                ("retrieval_end__isnull", True),
                                ("erase_from__gt", models.F("retrieval_end")),
                                _connector="OR",
                            ),
                        ),
                        name="switching_erasure_after_retrieval",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("unfeasible_length__isnull", True),
                                ("unfeasible_told_on__isnull", True),
                                ("unfeasible_unit", ""),
                            ),
                            models.Q(
                                ("unfeasible_length__isnull", False),
                                ("unfeasible_told_on__isnull", False),
                                models.Q(("unfeasible_unit", ""), _negated=True),
                                ("unfeasible_told_on__lte", models.F("unfeasible_limit")),
                            ),
                            _connector="OR",
                        ),
                        name="switching_unfeasible_told_in_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("completed_on__isnull", False), ("status", "completed")),
                            models.Q(models.Q(("status", "completed"), _negated=True), ("completed_on__isnull", True)),
                            _connector="OR",
                        ),
                        name="switching_completed_on_iff_completed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("completed_on__isnull", True),
                            ("completed_on__gte", models.F("received_on")),
                            _connector="OR",
                        ),
                        name="switching_completed_after_receipt",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("closed_at__isnull", False),
                                ("next_at__isnull", True),
                                ("status__in", ["completed", "ended", "withdrawn"]),
                            ),
                            models.Q(
                                models.Q(("status__in", ["completed", "ended", "withdrawn"]), _negated=True),
                                ("closed_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="switching_closed_at_iff_final",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("charge__isnull", True), ("charge_cost__isnull", True), ("charged_on__isnull", True)
                            ),
                            models.Q(
                                ("charge__gte", 0),
                                ("charge_cost__gte", models.F("charge")),
                                ("charged_on__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="switching_charge_at_most_cost",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("charged_on__isnull", True),
                            ("charged_on__lt", datetime.date(2027, 1, 12)),
                            ("charge", 0),
                            _connector="OR",
                        ),
                        name="switching_no_charge_from_2027_01_12",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Termination",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("convenience", "Early exit for convenience"),
                            ("vendor_breach", "Breach by the vendor"),
                            ("client_breach", "Breach by the client"),
                            ("agreement", "Agreement"),
                            ("switching", "Switching"),
                            ("immediate", "Immediate termination for a grave cause"),
                        ],
                        max_length=16,
                        verbose_name="ground",
                    ),
                ),
                (
                    "party",
                    models.CharField(
                        choices=[("client", "Client"), ("vendor", "Vendor")], max_length=8, verbose_name="declared by"
                    ),
                ),
                ("declared_on", models.DateField(verbose_name="declared on")),
                (
                    "ends_on",
                    models.DateField(help_text="First day without service", verbose_name="ends the contract on"),
                ),
                ("prolongs", models.BooleanField(default=False, verbose_name="goes on without a new term")),
                ("source", models.UUIDField(blank=True, null=True, verbose_name="source")),
                ("why", models.JSONField(blank=True, default=dict, verbose_name="why")),
                ("recorded_by", models.CharField(max_length=80, verbose_name="recorded by")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn at")),
                (
                    "contract",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="terminations",
                        to="contracts.contract",
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
                    "proof",
                    accounts.db.fields.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.document",
                    ),
                ),
            ],
            options={
                "verbose_name": "termination",
                "verbose_name_plural": "terminations",
                "indexes": [
                    models.Index(fields=["organization", "contract", "id"], name="termination_by_contract"),
                    models.Index(fields=["organization", "proof"], name="termination_by_proof"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_termination_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_termination_public_id_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "ground__in",
                                [
                                    "convenience",
                                    "vendor_breach",
                                    "client_breach",
                                    "agreement",
                                    "switching",
                                    "immediate",
                                ],
                            )
                        ),
                        name="termination_ground_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ground__in", ["agreement", "client_breach"]), _negated=True),
                            ("proof__isnull", False),
                            _connector="OR",
                        ),
                        name="termination_proved_where_it_must_be",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("organization", "contract", "ground"),
                        name="termination_standing_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Uplift",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("number", models.PositiveIntegerField(verbose_name="term")),
                ("starts_on", models.DateField(verbose_name="first day of the term")),
                ("s0", models.DecimalField(decimal_places=8, max_digits=18, verbose_name="S0")),
                ("s0_period", models.DateField(verbose_name="period of S0")),
                ("s1", models.DecimalField(blank=True, decimal_places=8, max_digits=18, null=True, verbose_name="S1")),
                ("s1_period", models.DateField(blank=True, null=True, verbose_name="period of S1")),
                (
                    "link",
                    models.DecimalField(blank=True, decimal_places=8, max_digits=14, null=True, verbose_name="link"),
                ),
                (
                    "factor",
                    models.DecimalField(blank=True, decimal_places=10, max_digits=20, null=True, verbose_name="factor"),
                ),
                (
                    "price_before",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="annual fee before"),
                ),
                (
                    "price_after",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="annual fee after"
                    ),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("flagged", "No index value"),
                            ("applied", "Applied"),
                            ("rejected", "Rejected"),
                            ("lapsed", "Lapsed"),
                        ],
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("evidence", models.JSONField(default=dict, verbose_name="evidence")),
                ("evaluated_at", models.DateTimeField(verbose_name="evaluated at")),
                ("seen_value", models.BigIntegerField(default=0)),
                ("seen_link", models.BigIntegerField(default=0)),
                ("seen_amendment", models.BigIntegerField(default=0)),
                ("decided_by", models.CharField(blank=True, max_length=80, verbose_name="decided by")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided at")),
                (
                    "contract",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uplifts",
                        to="contracts.contract",
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
                "verbose_name": "uplift",
                "verbose_name_plural": "uplifts",
                "indexes": [
                    models.Index(fields=["organization", "contract", "id"], name="uplift_by_contract"),
                    models.Index(
                        condition=models.Q(("state__in", ["proposed", "flagged"])),
                        fields=["starts_on", "id"],
                        name="uplift_undecided",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_uplift_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_uplift_public_id_key"),
                    models.UniqueConstraint(
                        fields=("organization", "contract", "starts_on"), name="uplift_once_per_term"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["proposed", "flagged", "applied", "rejected", "lapsed"])),
                        name="uplift_state_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("number__gte", 2)), name="uplift_is_of_a_later_term"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("factor__isnull", True),
                                ("link__isnull", True),
                                ("s1__isnull", True),
                                ("s1_period__isnull", True),
                                ("price_after__isnull", True),
                            ),
                            models.Q(
                                ("factor__isnull", False),
                                ("price_after__isnull", False),
                                ("s1__isnull", False),
                                ("s1_period__isnull", False),
                                ("factor__gte", 0),
                                ("price_after__gte", 0),
                                ("s1__gt", 0),
                                ("s1_period__gt", models.F("s0_period")),
                            ),
                            _connector="OR",
                        ),
                        name="uplift_computed_whole_or_not_at_all",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["proposed", "applied"]), _negated=True),
                            ("s1__isnull", False),
                            _connector="OR",
                        ),
                        name="uplift_never_guessed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", False), ("state__in", ["applied", "rejected"])),
                            models.Q(
                                models.Q(("state__in", ["applied", "rejected"]), _negated=True),
                                ("decided_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="uplift_decided_at_iff_decided",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Amendment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("agreed_on", models.DateField(verbose_name="agreed on")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("applies_at", models.DateTimeField(verbose_name="applies at")),
                ("values", models.JSONField(verbose_name="new clauses")),
                ("before", models.JSONField(blank=True, default=dict, verbose_name="clauses before")),
                ("source", models.UUIDField(blank=True, null=True, verbose_name="source")),
                ("recorded_by", models.CharField(max_length=80, verbose_name="recorded by")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                ("applied_at", models.DateTimeField(blank=True, null=True, verbose_name="applied at")),
                ("voided_at", models.DateTimeField(blank=True, null=True, verbose_name="voided at")),
                (
                    "contract",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="amendments",
                        to="contracts.contract",
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
                    "proof",
                    accounts.db.fields.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.document",
                    ),
                ),
            ],
            options={
                "verbose_name": "amendment",
                "verbose_name_plural": "amendments",
                "indexes": [
                    models.Index(fields=["organization", "contract", "id"], name="amendment_by_contract"),
                    models.Index(fields=["organization", "proof"], name="amendment_by_proof"),
                    models.Index(
                        condition=models.Q(("applied_at__isnull", True), ("voided_at__isnull", True)),
                        fields=["applies_at", "id"],
                        name="amendment_due",
                    ),
                    models.Index(
                        condition=models.Q(("applied_at__isnull", True), ("voided_at__isnull", True)),
                        fields=["contract", "applies_at"],
                        name="amendment_pending",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_amendment_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_amendment_public_id_key"),
                    models.CheckConstraint(
                        condition=models.Q(("values", {}), _negated=True), name="amendment_changes_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("proof__isnull", False), ("source__isnull", False), _connector="OR"),
                        name="amendment_proved_or_from_both_sides",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("applied_at__isnull", True), ("voided_at__isnull", True), _connector="OR"),
                        name="amendment_applied_or_voided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("applied_at__isnull", True), ("applied_at__gte", models.F("applies_at")), _connector="OR"
                        ),
                        name="amendment_applied_when_valid",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CalendarEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("last_notice", "Last day for notice"),
                            ("renewal_certain", "Renewal becomes certain"),
                            ("renewal", "New term starts"),
                            ("contract_end", "Last day of the contract"),
                            ("retrieval_end", "Last day of the retrieval period"),
                            ("chatel_reminder", "Reminder of the Loi Chatel"),
                            ("send_by", "Last day to send our notice"),
                            ("intake_answer", "Answer to a declaration received"),
                            ("offer_expiry", "Last day of an offer"),
                            ("quote_expiry", "Last day of a quote"),
                            ("uplift_proposal", "Proposal of an uplift"),
                            ("switching_unfeasible_limit", "Switching: last day to declare it unfeasible"),
                            ("switching_notice_end", "Switching: end of the notice period"),
                            ("switching_transition_end", "Switching: end of the transition"),
                            ("switching_retrieval_end", "Switching: last day of the retrieval period"),
                            ("switching_choice", "Switching: the client's choice about its data"),
                            ("term_end", "Last day of the term"),
                        ],
                        max_length=32,
                        verbose_name="kind",
                    ),
                ),
                ("subject_id", models.UUIDField(verbose_name="subject")),
                ("occurrence", models.PositiveIntegerField(default=0, verbose_name="occurrence")),
                ("on", models.DateField(help_text="A local day of the contract's zone", verbose_name="on")),
                ("act_by", models.DateField(help_text="The day by which we act", verbose_name="act by")),
                ("why", models.JSONField(verbose_name="why")),
                ("alarms", models.JSONField(blank=True, default=list, verbose_name="reminders (days before)")),
                ("vendor_only", models.BooleanField(default=False, verbose_name="for the vendor only")),
                ("fingerprint", models.CharField(max_length=64, verbose_name="fingerprint")),
                ("sequence", models.PositiveIntegerField(default=0, verbose_name="revision")),
                ("changed_at", models.DateTimeField(verbose_name="changed at")),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="cancelled at")),
                (
                    "contract",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.contract",
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
                "verbose_name": "calendar event",
                "verbose_name_plural": "calendar events",
                "indexes": [
                    models.Index(fields=["organization", "contract", "id"], name="calendar_event_by_contract"),
                    models.Index(fields=["organization", "on", "id"], name="calendar_event_by_day"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_calendarevent_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_calendarevent_public_id_key"),
                    models.UniqueConstraint(
                        fields=("organization", "contract", "kind", "subject_id", "occurrence"),
                        name="calendar_event_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "last_notice",
                                    "renewal_certain",
                                    "renewal",
                                    "contract_end",
                                    "retrieval_end",
                                    "chatel_reminder",
                                    "send_by",
                                    "intake_answer",
                                    "offer_expiry",
                                    "quote_expiry",
                                    "uplift_proposal",
                                    "switching_unfeasible_limit",
                                    "switching_notice_end",
                                    "switching_transition_end",
                                    "switching_retrieval_end",
                                    "switching_choice",
                                    "term_end",
                                ],
                            )
                        ),
                        name="calendar_event_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cancelled_at__isnull", True), ("sequence__gte", 1), _connector="OR"),
                        name="calendar_event_cancelled_by_a_revision",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("organization", "One organization"),
                            ("owner", "The contracts of one owner"),
                            ("portfolio", "The whole portfolio"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("fr", "French"), ("pl", "Polish")],
                        max_length=2,
                        verbose_name="language",
                    ),
                ),
                ("prefix", models.CharField(max_length=12, verbose_name="prefix")),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of the token", max_length=64, unique=True, verbose_name="digest"
                    ),
                ),
                ("created_by", models.CharField(max_length=80, verbose_name="created by")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked at")),
                ("last_fetched_at", models.DateTimeField(blank=True, null=True, verbose_name="last fetched at")),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "calendar feed",
                "verbose_name_plural": "calendar feeds",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "organization"), ("organization__isnull", False), ("owner__isnull", True)
                            ),
                            models.Q(("kind", "owner"), ("organization__isnull", True), ("owner__isnull", False)),
                            models.Q(("kind", "portfolio"), ("organization__isnull", True), ("owner__isnull", True)),
                            _connector="OR",
                        ),
                        name="calendar_feed_of_what_its_kind_says",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("language__in", ["en", "fr", "pl"])), name="calendar_feed_language_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("digest__regex", "^[0-9a-f]{64}$")), name="calendar_feed_keeps_a_digest"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContractClause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("exportable_data", "Exportable data"),
                            ("exempt_data", "Exempt internal data"),
                            ("transition_days", "Transition (days)"),
                            ("erasure_guarantee", "Guarantee of full erasure"),
                            ("jurisdiction_page", "Page on jurisdiction"),
                            ("international_access", "Page on measures against international access"),
                            ("format_register", "Register of formats"),
                            ("switching_charges", "Switching charges"),
                            ("service_levels", "Service levels"),
                            ("incident_handling", "Handling of incidents"),
                            ("breach_hours", "Notification of a data breach (hours)"),
                            ("client_separation", "Separation of clients"),
                            ("training_allowed", "Training on the client's data"),
                            ("hosting", "Hosting"),
                        ],
                        max_length=24,
                        verbose_name="clause",
                    ),
                ),
                ("value", models.JSONField(verbose_name="value")),
                ("valid_until", models.DateField(blank=True, null=True, verbose_name="evidence valid until")),
                ("recorded_by", models.CharField(max_length=80, verbose_name="recorded by")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                ("superseded_at", models.DateTimeField(blank=True, null=True, verbose_name="superseded at")),
                (
                    "contract",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clauses",
                        to="contracts.contract",
                    ),
                ),
                (
                    "evidence",
                    accounts.db.fields.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.document",
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
                "verbose_name": "clause",
                "verbose_name_plural": "clauses",
                "indexes": [
                    models.Index(fields=["organization", "contract", "id"], name="clause_by_contract"),
                    models.Index(fields=["organization", "evidence"], name="clause_by_evidence"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_contractclause_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_contractclause_public_id_key"),
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("organization", "contract", "code"),
                        name="clause_current_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "code__in",
                                [
                                    "exportable_data",
                                    "exempt_data",
                                    "transition_days",
                                    "erasure_guarantee",
                                    "jurisdiction_page",
                                    "international_access",
                                    "format_register",
                                    "switching_charges",
                                    "service_levels",
                                    "incident_handling",
                                    "breach_hours",
                                    "client_separation",
                                    "training_allowed",
                                    "hosting",
                                ],
                            )
                        ),
                        name="clause_code_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid_until__isnull", True), ("evidence__isnull", False), _connector="OR"),
                        name="clause_validity_is_of_evidence",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code", "training_allowed"), _negated=True),
                            models.Q(("value", models.Value(True, models.JSONField())), _negated=True),
                            ("evidence__isnull", False),
                            _connector="OR",
                        ),
                        name="clause_training_only_authorised",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Deadline",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("last_notice", "Last day for notice"),
                            ("renewal_certain", "Renewal becomes certain"),
                            ("renewal", "New term starts"),
                            ("contract_end", "Last day of the contract"),
                            ("retrieval_end", "Last day of the retrieval period"),
                            ("chatel_reminder", "Reminder of the Loi Chatel"),
                            ("send_by", "Last day to send our notice"),
                            ("intake_answer", "Answer to a declaration received"),
                            ("offer_expiry", "Last day of an offer"),
                            ("quote_expiry", "Last day of a quote"),
                            ("uplift_proposal", "Proposal of an uplift"),
                            ("switching_unfeasible_limit", "Switching: last day to declare it unfeasible"),
                            ("switching_notice_end", "Switching: end of the notice period"),
                            ("switching_transition_end", "Switching: end of the transition"),
                            ("switching_retrieval_end", "Switching: last day of the retrieval period"),
                            ("switching_choice", "Switching: the client's choice about its data"),
                        ],
                        max_length=32,
                        verbose_name="kind",
                    ),
                ),
                ("subject_type", models.CharField(max_length=32, verbose_name="about")),
                ("subject_id", models.UUIDField(verbose_name="subject")),
                ("occurrence", models.PositiveIntegerField(default=0, verbose_name="occurrence")),
                ("nominal_on", models.DateField(help_text="The plain count", verbose_name="nominal day")),
                (
                    "legal_on",
                    models.DateField(
                        help_text="The last day that the law or the contract allows", verbose_name="last day"
                    ),
                ),
                ("internal_on", models.DateField(help_text="The day by which we act", verbose_name="act by")),
                (
                    "other_reading_on",
                    models.DateField(blank=True, null=True, verbose_name="last day on another reading"),
                ),
                ("calendar_country", models.CharField(max_length=2, verbose_name="country of the holidays")),
                ("time_zone", models.CharField(max_length=64, verbose_name="time zone")),
                ("rule", models.CharField(max_length=40, verbose_name="rule")),
                ("version", models.PositiveSmallIntegerField(verbose_name="version of the rule")),
                ("inputs", models.JSONField(verbose_name="inputs")),
                ("why", models.JSONField(verbose_name="why")),
                ("due_at", models.DateTimeField(verbose_name="due at")),
                ("lapses", models.BooleanField(default=False, verbose_name="passes by itself")),
                ("vendor_only", models.BooleanField(default=False, verbose_name="for the vendor only")),
                ("opened_at", models.DateTimeField(verbose_name="opened at")),
                ("met_at", models.DateTimeField(blank=True, null=True, verbose_name="met at")),
                ("met_by", models.CharField(blank=True, max_length=80, verbose_name="met by")),
                ("superseded_at", models.DateTimeField(blank=True, null=True, verbose_name="superseded at")),
                (
                    "superseded_by",
                    models.UUIDField(
                        blank=True,
                        help_text="The deadline that took its place; empty: none did",
                        null=True,
                        verbose_name="superseded by",
                    ),
                ),
                (
                    "contract",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deadlines",
                        to="contracts.contract",
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
                "verbose_name": "deadline",
                "verbose_name_plural": "deadlines",
                "indexes": [
                    models.Index(fields=["organization", "contract", "id"], name="deadline_by_contract"),
                    models.Index(
                        condition=models.Q(("met_at__isnull", True), ("superseded_at__isnull", True)),
                        fields=["due_at", "id"],
                        name="deadline_open",
                    ),
                    models.Index(
                        condition=models.Q(("lapses", True), ("met_at__isnull", True), ("superseded_at__isnull", True)),
                        fields=["due_at", "contract"],
                        name="deadline_due_lapse",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_deadline_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_deadline_public_id_key"),
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("organization", "contract", "kind", "subject_id", "occurrence"),
                        name="deadline_standing_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "last_notice",
                                    "renewal_certain",
                                    "renewal",
                                    "contract_end",
                                    "retrieval_end",
                                    "chatel_reminder",
                                    "send_by",
                                    "intake_answer",
                                    "offer_expiry",
                                    "quote_expiry",
                                    "uplift_proposal",
                                    "switching_unfeasible_limit",
                                    "switching_notice_end",
                                    "switching_transition_end",
                                    "switching_retrieval_end",
                                    "switching_choice",
                                ],
                            )
                        ),
                        name="deadline_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("internal_on__lte", models.F("legal_on"))), name="deadline_acted_on_in_time"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("met_at__isnull", True), ("met_by", "")),
                            models.Q(("met_at__isnull", False), models.Q(("met_by", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="deadline_met_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("superseded_at__isnull", False), ("superseded_by__isnull", True), _connector="OR"
                        ),
                        name="deadline_superseded_at_an_instant",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IndexLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("coefficient", models.DecimalField(decimal_places=8, max_digits=14, verbose_name="coefficient")),
                (
                    "from_period",
                    models.DateField(
                        help_text="First day of the first month or quarter it is for", verbose_name="from period"
                    ),
                ),
                ("recorded_by", models.CharField(max_length=80, verbose_name="recorded by")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                (
                    "new_series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.indexseries",
                        verbose_name="new series",
                    ),
                ),
                (
                    "old_series",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="link",
                        to="contracts.indexseries",
                        verbose_name="old series",
                    ),
                ),
            ],
            options={
                "verbose_name": "index link",
                "verbose_name_plural": "index links",
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="contracts_indexlink_public_id_key"),
                    models.CheckConstraint(
                        condition=models.Q(("coefficient__gt", 0)), name="index_link_coefficient_above_zero"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("old_series", models.F("new_series")), _negated=True),
                        name="index_link_leads_elsewhere",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("from_period__day", 1)), name="index_link_begins_a_month"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IndexValue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("period", models.DateField(help_text="First day of the month or quarter", verbose_name="period")),
                ("value", models.DecimalField(decimal_places=8, max_digits=18, verbose_name="value")),
                ("published_on", models.DateField(verbose_name="published on")),
                ("recorded_by", models.CharField(max_length=80, verbose_name="recorded by")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                ("superseded_at", models.DateTimeField(blank=True, null=True, verbose_name="superseded at")),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="values",
                        to="contracts.indexseries",
                        verbose_name="series",
                    ),
                ),
            ],
            options={
                "verbose_name": "index value",
                "verbose_name_plural": "index values",
                "indexes": [models.Index(fields=["series", "recorded_at"], name="index_value_by_recording")],
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="contracts_indexvalue_public_id_key"),
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("series", "period"),
                        name="index_value_once",
                    ),
                    models.CheckConstraint(condition=models.Q(("value__gt", 0)), name="index_value_above_zero"),
                    models.CheckConstraint(
                        condition=models.Q(("period__day", 1)), name="index_value_period_begins_a_month"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("published_on__gte", models.F("period"))),
                        name="index_value_published_after_its_period_began",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SwitchingAct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("opened", "Switching notice received"),
                            ("unfeasible_told", "Told that 30 days are not feasible"),
                            ("extended", "Transition extended by the customer"),
                            ("completed", "Switching completed"),
                            ("withdrawn", "Switch withdrawn by agreement"),
                            ("chosen", "The client's choice after an unfinished switch"),
                        ],
                        max_length=16,
                        verbose_name="step",
                    ),
                ),
                ("done_on", models.DateField(verbose_name="done on")),
                ("reasons", models.CharField(blank=True, max_length=2000, verbose_name="reasons")),
                ("recorded_by", models.CharField(max_length=80, verbose_name="recorded by")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
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
                    "proof",
                    accounts.db.fields.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.document",
                    ),
                ),
                (
                    "case",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acts",
                        to="contracts.switchingcase",
                    ),
                ),
            ],
            options={
                "verbose_name": "act of a switch",
                "verbose_name_plural": "acts of switches",
                "indexes": [
                    models.Index(fields=["organization", "case", "id"], name="switching_act_by_case"),
                    models.Index(fields=["organization", "proof"], name="switching_act_by_proof"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="contracts_switchingact_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="contracts_switchingact_public_id_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("step__in", ["opened", "unfeasible_told", "extended", "completed", "withdrawn", "chosen"])
                        ),
                        name="switching_act_step_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("step", "chosen"), _negated=True),
                        fields=("organization", "case", "step"),
                        name="switching_act_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("step", "unfeasible_told"), _negated=True),
                            models.Q(("reasons", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="switching_unfeasible_with_reasons",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("step", "withdrawn"), _negated=True), ("proof__isnull", False), _connector="OR"
                        ),
                        name="switching_withdrawal_proved",
                    ),
                ],
            },
        ),
        *row_security("contracts_termination", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys("contracts_termination", {"contract_id": "contracts_contract", "proof_id": "accounts_document"}),
        *row_security("contracts_renewalplan", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys("contracts_renewalplan", {"contract_id": "contracts_contract"}),
        *row_security("contracts_deadline", app="SELECT", vendor=READ_WRITE, eraser="SELECT"),
        # What the vendor plans is no client's to see.
        migrations.RunSQL(
            f"ALTER POLICY tenant_app ON contracts_deadline USING (organization_id = {TENANT} AND NOT vendor_only)",
            f"ALTER POLICY tenant_app ON contracts_deadline USING (organization_id = {TENANT})",
        ),
        composite_keys("contracts_deadline", {"contract_id": "contracts_contract"}),
        *shared_security("contracts_indexseries"),
        *shared_security("contracts_indexvalue"),
        *shared_security("contracts_indexlink"),
        *row_security("contracts_statementline", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        *row_security("contracts_payment", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        *row_security("contracts_quote", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys("contracts_statementline", {"contract_id": "contracts_contract", "term_id": "contracts_term"}),
        composite_keys("contracts_payment", {"contract_id": "contracts_contract"}),
        composite_keys("contracts_quote", {"contract_id": "contracts_contract"}),
        *row_security("contracts_switchingcase", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys("contracts_switchingcase", {"contract_id": "contracts_contract"}),
        *row_security("contracts_switchingact", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys(
            "contracts_switchingact", {"case_id": "contracts_switchingcase", "proof_id": "accounts_document"}
        ),
        *row_security("contracts_reminder", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys("contracts_reminder", {"contract_id": "contracts_contract", "proof_id": "accounts_document"}),
        *row_security("contracts_outgoingnotice", app="SELECT", vendor=READ_WRITE, eraser="SELECT", vendors_own=True),
        composite_keys(
            "contracts_outgoingnotice",
            {
                "contract_id": "contracts_contract",
                "proof_id": "accounts_document",
                "notice_id": "contracts_notice",
            },
        ),
        *row_security("contracts_amendment", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys("contracts_amendment", {"contract_id": "contracts_contract", "proof_id": "accounts_document"}),
        *row_security("contracts_calendarfeed", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        *row_security("contracts_calendarevent", app="SELECT", vendor=READ_WRITE, eraser="SELECT"),
        # What the vendor plans is no client's to see.
        migrations.RunSQL(
            f"ALTER POLICY tenant_app ON contracts_calendarevent USING (organization_id = {TENANT} AND NOT vendor_only)",
            f"ALTER POLICY tenant_app ON contracts_calendarevent USING (organization_id = {TENANT})",
        ),
        composite_keys("contracts_calendarevent", {"contract_id": "contracts_contract"}),
        *row_security("contracts_intake", app="SELECT", vendor=READ_WRITE, eraser="SELECT, DELETE", vendors_own=True),
        composite_keys(
            "contracts_intake", {"document_id": "accounts_document", "acknowledgement_id": "accounts_document"}
        ),
        *row_security("contracts_contractclause", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys(
            "contracts_contractclause", {"contract_id": "contracts_contract", "evidence_id": "accounts_document"}
        ),
        *row_security("contracts_uplift", app="SELECT", vendor=READ_WRITE, eraser="SELECT"),
        *row_security("contracts_renewaloffer", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys("contracts_contract", {"stay_proof_id": "accounts_document"}),
        composite_keys("contracts_uplift", {"contract_id": "contracts_contract"}),
        composite_keys(
            "contracts_renewaloffer",
            {
                "contract_id": "contracts_contract",
                "sent_proof_id": "accounts_document",
                "accepted_proof_id": "accounts_document",
            },
        ),
    ]
