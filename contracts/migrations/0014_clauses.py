"""Clauses of contracts beside their columns, each with its evidence."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import READ_WRITE, composite_keys, row_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_row_security"),
        ("contracts", "0013_intakes"),
    ]

    operations = [
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
        *row_security("contracts_contractclause", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys(
            "contracts_contractclause", {"contract_id": "contracts_contract", "evidence_id": "accounts_document"}
        ),
    ]
