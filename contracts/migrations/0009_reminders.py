"""Reminders before the last day for notice: a contract's leads, each one sent or skipped; notices free of charge."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.db.fields
import contracts.models.contract
from accounts.db.security import READ_WRITE, composite_keys, row_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_row_security"),
        ("contracts", "0008_switching"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            ],
            options={
                "verbose_name": "reminder",
                "verbose_name_plural": "reminders",
            },
        ),
        migrations.AddField(
            model_name="contract",
            name="next_reminder_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="next reminder at"),
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
            model_name="notice",
            name="free_of_charge",
            field=models.BooleanField(
                default=False,
                help_text="Art. L215-1 C. consom.: what is prepaid is refunded pro rata",
                verbose_name="free of charge",
            ),
        ),
        migrations.AddField(
            model_name="renewalplan",
            name="following_reminder_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="next reminder at"),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(
                condition=models.Q(("next_reminder_at__isnull", False), ("status", "active")),
                fields=["next_reminder_at", "id"],
                name="contract_due_reminder",
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
        migrations.AddField(
            model_name="reminder",
            name="contract",
            field=accounts.db.fields.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reminders",
                to="contracts.contract",
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="organization",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="proof",
            field=accounts.db.fields.TenantForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.document",
            ),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(fields=["organization", "proof"], name="reminder_by_proof"),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="contracts_reminder_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(fields=("public_id",), name="contracts_reminder_public_id_key"),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["notice", "chatel"])), name="reminder_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sent_at__isnull", True), ("skipped_at__isnull", False)),
                    models.Q(("sent_at__isnull", False), ("skipped_at__isnull", True)),
                    _connector="OR",
                ),
                name="reminder_sent_or_skipped",
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("sent_at__isnull", True), ("message__isnull", False), ("proof__isnull", False), _connector="OR"
                ),
                name="reminder_sent_with_proof",
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.CheckConstraint(
                condition=models.Q(("due_on__lte", models.F("last_notice_on"))), name="reminder_due_before_the_last_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                fields=("organization", "contract", "term_number", "kind", "lead", "due_on"), name="reminder_once"
            ),
        ),
        *row_security("contracts_reminder", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys("contracts_reminder", {"contract_id": "contracts_contract", "proof_id": "accounts_document"}),
    ]
