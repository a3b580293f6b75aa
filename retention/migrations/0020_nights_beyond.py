"""Nights of retention rules in stores beyond the vault: one row for each store that a rule reaches."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import READ_WRITE, composite_keys, row_security


class Migration(migrations.Migration):
    dependencies = [("retention", "0019_reminded")]

    operations = [
        migrations.CreateModel(
            name="NightBeyond",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("store", models.CharField(max_length=50, verbose_name="store")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("done", "Done"),
                            ("skipped", "Passed over"),
                            ("interrupted", "Interrupted"),
                        ],
                        default="running",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("why", models.CharField(blank=True, max_length=40, verbose_name="why")),
                ("cursor", models.TextField(blank=True, verbose_name="checkpoint of another store")),
                ("erased", models.PositiveBigIntegerField(default=0, verbose_name="erased")),
                ("spared", models.PositiveIntegerField(default=0, verbose_name="people spared")),
                ("opened_again", models.PositiveIntegerField(default=0, verbose_name="times opened again")),
                ("failures", models.PositiveIntegerField(default=0, verbose_name="failures")),
                ("again_at", models.DateTimeField(blank=True, null=True, verbose_name="tried again at")),
                ("lease", models.UUIDField(blank=True, null=True, verbose_name="lease")),
                ("leased_until", models.DateTimeField(blank=True, null=True, verbose_name="leased until")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
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
                    "night",
                    accounts.db.fields.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="beyond",
                        to="retention.retentionnight",
                        verbose_name="night of a retention rule",
                    ),
                ),
            ],
            options={
                "verbose_name": "night in another store",
                "verbose_name_plural": "nights in other stores",
                "indexes": [
                    models.Index(condition=models.Q(("state", "running")), fields=["id"], name="night_beyond_running"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="retention_nightbeyond_tenant_key"),
                    models.UniqueConstraint(fields=("public_id",), name="retention_nightbeyond_public_id_key"),
                    models.UniqueConstraint(
                        fields=("organization", "night", "store"), name="night_beyond_once_per_store"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["running", "done", "skipped", "interrupted"])),
                        name="night_beyond_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state", "running")),
                            models.Q(models.Q(("state", "running"), _negated=True), ("finished_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="night_beyond_runs_until_it_is_over",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "skipped"), _negated=True),
                            models.Q(("why", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="night_beyond_says_why_it_is_skipped",
                    ),
                ],
            },
        ),
        *row_security(
            "retention_nightbeyond",
            app="SELECT, UPDATE (state, finished_at)",
            vendor=READ_WRITE,
            eraser="SELECT, DELETE",
        ),
        composite_keys("retention_nightbeyond", {"night_id": "retention_retentionnight"}),
    ]
