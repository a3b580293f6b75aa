"""Statement lines, payments and quotes; what a contract was taken over with as paid."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import READ_WRITE, composite_keys, row_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_row_security"),
        ("contracts", "0006_price_indices"),
    ]

    operations = [
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
        *row_security("contracts_statementline", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        *row_security("contracts_payment", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        *row_security("contracts_quote", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys("contracts_statementline", {"contract_id": "contracts_contract", "term_id": "contracts_term"}),
        composite_keys("contracts_payment", {"contract_id": "contracts_contract"}),
        composite_keys("contracts_quote", {"contract_id": "contracts_contract"}),
    ]
