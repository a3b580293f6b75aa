"""The vendor's own notices: drafted, approved, sent with proof. A client's scope reads none of them."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import READ_WRITE, composite_keys, row_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_row_security"),
        ("contracts", "0009_reminders"),
    ]

    operations = [
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
        *row_security("contracts_outgoingnotice", app="SELECT", vendor=READ_WRITE, eraser="SELECT", vendors_own=True),
        composite_keys(
            "contracts_outgoingnotice",
            {
                "contract_id": "contracts_contract",
                "proof_id": "accounts_document",
                "notice_id": "contracts_notice",
            },
        ),
    ]
