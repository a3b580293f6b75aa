"""Switching cases and their acts; the switching notice of a contract."""

import datetime
import uuid

import django.db.models.deletion
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import READ_WRITE, composite_keys, row_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_row_security"),
        ("contracts", "0007_statements_and_quotes"),
    ]

    operations = [
        migrations.AddField(
            model_name="contract",
            name="switching_notice_months",
            field=models.PositiveSmallIntegerField(
                default=2,
                help_text="Art. 25(2)(d) Data Act: at most 2; more count as 2",
                verbose_name="switching notice (months)",
            ),
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
            },
        ),
        migrations.AddIndex(
            model_name="switchingcase",
            index=models.Index(fields=["organization", "contract", "id"], name="switching_by_contract"),
        ),
        migrations.AddIndex(
            model_name="switchingcase",
            index=models.Index(
                condition=models.Q(("next_at__isnull", False)), fields=["next_at", "id"], name="switching_due_step"
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.UniqueConstraint(
                fields=("organization", "id"), name="contracts_switchingcase_tenant_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.UniqueConstraint(fields=("public_id",), name="contracts_switchingcase_public_id_key"),
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["completed", "ended", "withdrawn"]), _negated=True),
                fields=("organization", "contract"),
                name="switching_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        ["notified", "in_transition", "completed", "unfinished", "erase_only", "ended", "withdrawn"],
                    )
                ),
                name="switching_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["provider", "on_premises", "erasure_only"])),
                name="switching_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "erasure_only"), ("retrieval_end__isnull", True), ("transition_end__isnull", True)
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
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "erasure_only"), _negated=True),
                    ("status__in", ["erase_only", "ended", "withdrawn"]),
                    _connector="OR",
                ),
                name="switching_erasure_only_transfers_nothing",
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.CheckConstraint(
                condition=models.Q(("notice_end__gte", models.F("received_on"))), name="switching_notice_after_receipt"
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("transition_end__isnull", True), ("transition_end__gte", models.F("notice_end")), _connector="OR"
                ),
                name="switching_transition_after_notice",
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("retrieval_end__isnull", True), ("retrieval_end__gt", models.F("transition_end")), _connector="OR"
                ),
                name="switching_retrieval_after_transition",
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("erase_from__gt", models.F("notice_end")),
                    models.Q(
                        ("retrieval_end__isnull", True), ("erase_from__gt", models.F("retrieval_end")), _connector="OR"
                    ),
                ),
                name="switching_erasure_after_retrieval",
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.CheckConstraint(
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
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("completed_on__isnull", False), ("status", "completed")),
                    models.Q(models.Q(("status", "completed"), _negated=True), ("completed_on__isnull", True)),
                    _connector="OR",
                ),
                name="switching_completed_on_iff_completed",
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("completed_on__isnull", True), ("completed_on__gte", models.F("received_on")), _connector="OR"
                ),
                name="switching_completed_after_receipt",
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.CheckConstraint(
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
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("charge__isnull", True), ("charge_cost__isnull", True), ("charged_on__isnull", True)),
                    models.Q(
                        ("charge__gte", 0), ("charge_cost__gte", models.F("charge")), ("charged_on__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="switching_charge_at_most_cost",
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("charged_on__isnull", True),
                    ("charged_on__lt", datetime.date(2027, 1, 12)),
                    ("charge", 0),
                    _connector="OR",
                ),
                name="switching_no_charge_from_2027_01_12",
            ),
        ),
        migrations.AddIndex(
            model_name="switchingact",
            index=models.Index(fields=["organization", "case", "id"], name="switching_act_by_case"),
        ),
        migrations.AddIndex(
            model_name="switchingact",
            index=models.Index(fields=["organization", "proof"], name="switching_act_by_proof"),
        ),
        migrations.AddConstraint(
            model_name="switchingact",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="contracts_switchingact_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="switchingact",
            constraint=models.UniqueConstraint(fields=("public_id",), name="contracts_switchingact_public_id_key"),
        ),
        migrations.AddConstraint(
            model_name="switchingact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("step__in", ["opened", "unfeasible_told", "extended", "completed", "withdrawn", "chosen"])
                ),
                name="switching_act_step_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingact",
            constraint=models.UniqueConstraint(
                condition=models.Q(("step", "chosen"), _negated=True),
                fields=("organization", "case", "step"),
                name="switching_act_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("step", "unfeasible_told"), _negated=True),
                    models.Q(("reasons", ""), _negated=True),
                    _connector="OR",
                ),
                name="switching_unfeasible_with_reasons",
            ),
        ),
        migrations.AddConstraint(
            model_name="switchingact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("step", "withdrawn"), _negated=True), ("proof__isnull", False), _connector="OR"
                ),
                name="switching_withdrawal_proved",
            ),
        ),
        *row_security("contracts_switchingcase", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys("contracts_switchingcase", {"contract_id": "contracts_contract"}),
        *row_security("contracts_switchingact", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys(
            "contracts_switchingact", {"case_id": "contracts_switchingcase", "proof_id": "accounts_document"}
        ),
    ]
