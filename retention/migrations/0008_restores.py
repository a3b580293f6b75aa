"""What the ledger keeps of an erasure and until when; which restores were noticed; a pulse of both databases."""

import uuid

from django.db import migrations, models

from accounts.db.security import READ_WRITE, privileges, vendors_rows

PURGED = "run, organization_ref, request_ref, subject_refs, expires_at, purged_at"


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0007_loader_reads_fences"),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerHead",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("position", models.PositiveBigIntegerField(default=0, verbose_name="position")),
                ("digest", models.CharField(blank=True, max_length=64, verbose_name="digest")),
                ("pulse", models.PositiveBigIntegerField(default=0, verbose_name="pulse")),
                ("beaten_at", models.DateTimeField(blank=True, null=True, verbose_name="last pulse")),
                (
                    "orphans_sought_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="orphan keys sought at"),
                ),
            ],
            options={
                "verbose_name": "head of the ledger",
                "verbose_name_plural": "heads of the ledger",
            },
        ),
        migrations.CreateModel(
            name="LedgerPulse",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("number", models.PositiveBigIntegerField()),
                ("beaten_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "pulse of the ledger",
                "verbose_name_plural": "pulses of the ledger",
            },
        ),
        migrations.CreateModel(
            name="Restore",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("default", "The main database is older"),
                            ("ledger", "The ledger is older"),
                            ("both", "Both databases are older"),
                        ],
                        max_length=10,
                        verbose_name="what is older",
                    ),
                ),
                (
                    "known_until",
                    models.DateTimeField(
                        blank=True,
                        help_text="What happened after it may be missing",
                        null=True,
                        verbose_name="known until",
                    ),
                ),
                ("noticed_at", models.DateTimeField(verbose_name="noticed at")),
                ("noticed_by", models.CharField(max_length=80, verbose_name="noticed by")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
                ("replayed", models.JSONField(blank=True, default=list, verbose_name="replayed")),
                ("report", models.JSONField(blank=True, default=dict, verbose_name="report")),
            ],
            options={
                "verbose_name": "restore",
                "verbose_name_plural": "restores",
            },
        ),
        migrations.AddField(
            model_name="erasureentry",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="erasureentry",
            name="purged_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="erasureentry",
            name="request_ref",
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="erasurerun",
            name="ledger_expires_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="ledger entry expires at"),
        ),
        migrations.AddField(
            model_name="erasurerun",
            name="ledger_purged_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="ledger entry purged at"),
        ),
        migrations.AlterField(
            model_name="deletionrequest",
            name="origin",
            field=models.CharField(
                choices=[
                    ("contract_end", "End of the contract"),
                    ("client", "Instruction of the client"),
                    ("client_rule", "Rule of the client"),
                    ("restore", "Replayed after a restore"),
                ],
                max_length=16,
                verbose_name="origin",
            ),
        ),
        migrations.AlterField(
            model_name="erasureentry",
            name="organization_ref",
            field=models.UUIDField(blank=True, db_index=True, null=True),
        ),
        migrations.AlterField(
            model_name="erasureentry",
            name="run",
            field=models.UUIDField(blank=True, null=True, unique=True),
        ),
        migrations.AddIndex(
            model_name="erasureentry",
            index=models.Index(
                condition=models.Q(("expires_at__isnull", False), ("purged_at__isnull", True)),
                fields=["expires_at"],
                name="erasure_entry_to_purge",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasureentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("organization_ref__isnull", False), ("purged_at__isnull", True), ("run__isnull", False)),
                    models.Q(
                        ("organization_ref__isnull", True),
                        ("purged_at__isnull", False),
                        ("request_ref__isnull", True),
                        ("run__isnull", True),
                        ("subject_refs", []),
                    ),
                    _connector="OR",
                ),
                name="erasure_entry_whole_until_purged",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasureentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("purged_at__isnull", True),
                    models.Q(("expires_at__isnull", False), ("expires_at__lte", models.F("purged_at"))),
                    _connector="OR",
                ),
                name="erasure_entry_purged_once_expired",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerhead",
            constraint=models.CheckConstraint(condition=models.Q(("id", 1)), name="ledger_head_is_one_row"),
        ),
        migrations.AddConstraint(
            model_name="ledgerhead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("digest", ""), ("position", 0)),
                    models.Q(("digest__regex", "^[0-9a-f]{64}$"), ("position__gt", 0)),
                    _connector="OR",
                ),
                name="ledger_head_names_its_entry",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerpulse",
            constraint=models.CheckConstraint(condition=models.Q(("id", 1)), name="ledger_pulse_is_one_row"),
        ),
        migrations.AddConstraint(
            model_name="restore",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at__isnull", True)),
                fields=("finished_at",),
                name="restore_one_at_a_time",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="restore",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["default", "ledger", "both"])), name="restore_kind_known"
            ),
        ),
        *vendors_rows("retention_ledgerhead", READ_WRITE),
        *vendors_rows("retention_restore", READ_WRITE),
        migrations.RunSQL(
            [
                "ALTER TABLE retention_ledgerpulse ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE retention_ledgerpulse FORCE ROW LEVEL SECURITY",
                "CREATE POLICY tenant_app ON retention_ledgerpulse TO terme_app USING (false)",
                "CREATE POLICY whole_vendor ON retention_ledgerpulse TO terme_vendor USING (true)",
            ],
            [
                "ALTER TABLE retention_ledgerpulse NO FORCE ROW LEVEL SECURITY",
                "ALTER TABLE retention_ledgerpulse DISABLE ROW LEVEL SECURITY",
                "DROP POLICY tenant_app ON retention_ledgerpulse",
                "DROP POLICY whole_vendor ON retention_ledgerpulse",
            ],
            hints={"database": "ledger"},
        ),
        *privileges("retention_ledgerpulse", app="SELECT", vendor=READ_WRITE, database="ledger"),
        # An entry that has expired is purged: what is left of it says nothing. Its digests nobody may change.
        migrations.RunSQL(
            f"GRANT UPDATE ({PURGED}) ON retention_erasureentry TO terme_vendor",
            f"REVOKE UPDATE ({PURGED}) ON retention_erasureentry FROM terme_vendor",
            hints={"database": "ledger"},
        ),
    ]
