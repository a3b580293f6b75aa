"""Key-encryption keys that were used, jobs that wrap anew under the newest, and who may write what they change."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from accounts.db.security import READ_WRITE, vendors_rows


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0003_retrieval_waived"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeyEncryptionKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(unique=True, verbose_name="version")),
                ("check_value", models.CharField(max_length=16, verbose_name="check value")),
                ("first_seen_at", models.DateTimeField(verbose_name="first seen at")),
            ],
            options={
                "verbose_name": "key-encryption key",
                "verbose_name_plural": "key-encryption keys",
            },
        ),
        migrations.CreateModel(
            name="KeyRotation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("target_version", models.PositiveIntegerField(verbose_name="target version")),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("finished", "Finished"), ("stopped", "Stopped")],
                        default="running",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("started_by", models.CharField(max_length=80, verbose_name="started by")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
                ("retry_at", models.DateTimeField(blank=True, null=True, verbose_name="tried again at")),
                ("last_error", models.CharField(blank=True, max_length=120, verbose_name="last error")),
            ],
            options={
                "verbose_name": "key rotation",
                "verbose_name_plural": "key rotations",
            },
        ),
        migrations.CreateModel(
            name="KeyRotationStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.CharField(max_length=40, verbose_name="place")),
                ("total", models.PositiveBigIntegerField(verbose_name="total")),
                ("done", models.PositiveBigIntegerField(default=0, verbose_name="done")),
                ("failed", models.PositiveBigIntegerField(default=0, verbose_name="did not open")),
                ("checkpoint", models.CharField(blank=True, max_length=40, verbose_name="checkpoint")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
            ],
            options={
                "verbose_name": "step of a key rotation",
                "verbose_name_plural": "steps of key rotations",
            },
        ),
        migrations.AddIndex(
            model_name="datakey",
            index=models.Index(fields=["key_version", "id"], name="data_key_by_version"),
        ),
        migrations.AddConstraint(
            model_name="keyencryptionkey",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="key_encryption_key_version_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="keyencryptionkey",
            constraint=models.CheckConstraint(
                condition=models.Q(("check_value__regex", "^[0-9a-f]{16}$")),
                name="key_encryption_key_check_value_is_hex",
            ),
        ),
        migrations.AddConstraint(
            model_name="keyrotation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "running")), fields=("state",), name="key_rotation_one_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="keyrotation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["running", "finished", "stopped"])), name="key_rotation_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="keyrotation",
            constraint=models.CheckConstraint(
                condition=models.Q(("target_version__gte", 1)), name="key_rotation_version_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="keyrotation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", True), ("state", "running")),
                    models.Q(models.Q(("state", "running"), _negated=True), ("finished_at__isnull", False)),
                    _connector="OR",
                ),
                name="key_rotation_runs_until_it_is_over",
            ),
        ),
        migrations.AddField(
            model_name="keyrotationstep",
            name="rotation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="steps",
                to="retention.keyrotation",
                verbose_name="key rotation",
            ),
        ),
        migrations.AddConstraint(
            model_name="keyrotationstep",
            constraint=models.UniqueConstraint(fields=("rotation", "place"), name="key_rotation_step_once_per_place"),
        ),
        migrations.AddConstraint(
            model_name="keyrotationstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("done__lte", models.F("total"))), name="key_rotation_step_counts_no_more_than_all"
            ),
        ),
        migrations.AddConstraint(
            model_name="keyrotationstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("finished_at__isnull", True), ("done", models.F("total")), _connector="OR"),
                name="key_rotation_step_finished_with_all",
            ),
        ),
        *vendors_rows("retention_keyencryptionkey", READ_WRITE),
        *vendors_rows("retention_keyrotation", READ_WRITE),
        *vendors_rows("retention_keyrotationstep", READ_WRITE),
        # A document stays as it is but for what its key is wrapped under.
        migrations.RunSQL(
            "GRANT UPDATE (wrapped_key, key_version) ON accounts_document TO terme_vendor",
            "REVOKE UPDATE (wrapped_key, key_version) ON accounts_document FROM terme_vendor",
        ),
    ]
