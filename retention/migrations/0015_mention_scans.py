"""Searches of what others wrote, for those whom an erasure is about."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import READ_WRITE, composite_keys, row_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_rights_on_requests_of_people"),
        ("retention", "0014_endings"),
    ]

    operations = [
        migrations.CreateModel(
            name="MentionScan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("stopped", "Stopped")],
                        default="running",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("started_by", models.CharField(max_length=80, verbose_name="started by")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
                ("store", models.CharField(max_length=40, verbose_name="store")),
                ("checkpoint", models.BigIntegerField(default=0, verbose_name="row reached")),
                ("examined", models.PositiveIntegerField(default=0, verbose_name="texts opened")),
                ("unreadable", models.PositiveIntegerField(default=0, verbose_name="did not open")),
                ("found", models.JSONField(blank=True, default=dict, verbose_name="found")),
                ("rows", models.JSONField(blank=True, default=dict, verbose_name="rows")),
                ("taken_by", models.CharField(blank=True, max_length=80, verbose_name="taken by")),
                ("taken_at", models.DateTimeField(blank=True, null=True, verbose_name="taken at")),
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
                        verbose_name="proof",
                    ),
                ),
                (
                    "request",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mention_scans",
                        to="retention.deletionrequest",
                        verbose_name="deletion request",
                    ),
                ),
            ],
            options={
                "verbose_name": "search of others' content",
                "verbose_name_plural": "searches of others' content",
                "indexes": [
                    models.Index(fields=["organization", "request"], name="mention_scan_by_request"),
                    models.Index(fields=["organization", "proof"], name="mention_scan_by_proof"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="retention_mentionscan_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="retention_mentionscan_public_id_key"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")), fields=("request",), name="mention_scan_one_at_a_time"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["running", "done", "stopped"])),
                        name="mention_scan_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state", "running")),
                            models.Q(models.Q(("state", "running"), _negated=True), ("finished_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="mention_scan_runs_until_it_is_over",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("taken_at__isnull", True), ("taken_by", "")),
                            models.Q(
                                ("state", "done"),
                                ("taken_at__isnull", False),
                                models.Q(("taken_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="mention_scan_taken_when_done",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("proof__isnull", True), ("taken_at__isnull", False), _connector="OR"),
                        name="mention_scan_proof_of_a_decision",
                    ),
                ],
            },
        ),
        *row_security("retention_mentionscan", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT, DELETE"),
        composite_keys(
            "retention_mentionscan", {"request_id": "retention_deletionrequest", "proof_id": "accounts_document"}
        ),
    ]
