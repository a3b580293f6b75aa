"""The inbox of letters. A client's scope reads none of them; the eraser deletes those of a client that left."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import READ_WRITE, composite_keys, row_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_row_security"),
        ("contracts", "0012_calendars"),
    ]

    operations = [
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
        *row_security("contracts_intake", app="SELECT", vendor=READ_WRITE, eraser="SELECT, DELETE", vendors_own=True),
        composite_keys(
            "contracts_intake", {"document_id": "accounts_document", "acknowledgement_id": "accounts_document"}
        ),
    ]
