"""The sealed trail: who wrote an event (its transaction), the hash chains over all events, the heads carried away."""

import uuid

from django.db import migrations, models

import accounts.db.fields
import accounts.db.settled
from accounts.db.security import TENANT, privileges, row_security

EVENT, SEAL, HEAD = "accounts_auditevent", "accounts_auditseal", "accounts_trailhead"
# Events that are there already were written by transactions that have ended: they get the oldest number of all, as a
# constant, which rewrites no row.
WRITTEN_IN = [
    f"ALTER TABLE {EVENT} ADD COLUMN written_in bigint NOT NULL DEFAULT 3",
    f"ALTER TABLE {EVENT} ALTER COLUMN written_in SET DEFAULT pg_current_xact_id()::text::bigint",
]
# The heads name every client, so no client's scope sees one.
HEAD_POLICIES = [
    f"ALTER TABLE {HEAD} ENABLE ROW LEVEL SECURITY",
    f"ALTER TABLE {HEAD} FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY tenant_app ON {HEAD} TO terme_app USING (false)",
    f"CREATE POLICY whole_vendor ON {HEAD} TO terme_vendor USING (true)",
]
NO_HEAD_POLICIES = [
    f"ALTER TABLE {HEAD} NO FORCE ROW LEVEL SECURITY",
    f"ALTER TABLE {HEAD} DISABLE ROW LEVEL SECURITY",
    f"DROP POLICY tenant_app ON {HEAD}",
    f"DROP POLICY whole_vendor ON {HEAD}",
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_sign_in")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(WRITTEN_IN, f"ALTER TABLE {EVENT} DROP COLUMN written_in")],
            state_operations=[
                migrations.AddField(
                    "AuditEvent",
                    "written_in",
                    models.BigIntegerField(
                        db_default=accounts.db.settled.CurrentTransaction(),
                        editable=False,
                        verbose_name="written in transaction",
                    ),
                )
            ],
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="position")),
                ("event_id", models.BigIntegerField(unique=True, verbose_name="event")),
                ("organization_id", models.BigIntegerField(blank=True, null=True)),
                ("vendor_only", models.BooleanField(verbose_name="for the vendor only")),
                ("organization_position", models.BigIntegerField(verbose_name="position in its chain")),
                ("canonical", accounts.db.fields.WrittenJSONField(verbose_name="what is hashed")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("organization_digest", models.CharField(max_length=64, verbose_name="digest in its chain")),
                ("sealed_at", models.DateTimeField(verbose_name="sealed at")),
                ("cluster", models.BigIntegerField(verbose_name="database cluster")),
                ("before", models.BigIntegerField(verbose_name="before transaction")),
            ],
            options={
                "verbose_name": "seal",
                "verbose_name_plural": "seals",
            },
        ),
        migrations.CreateModel(
            name="TrailHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("position", models.BigIntegerField(unique=True, verbose_name="position")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("signing_key", models.CharField(max_length=16, verbose_name="signing key")),
                ("document", models.JSONField(verbose_name="document")),
                ("exported_at", models.DateTimeField(verbose_name="exported at")),
            ],
            options={
                "verbose_name": "head of the trail",
                "verbose_name_plural": "heads of the trail",
            },
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["written_in", "id"], name="audit_by_transaction"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["actor", "id"], name="audit_by_actor"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["occurred_at", "id"], name="audit_by_instant"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                fields=["name", "id"], name="audit_by_name", opclasses=["varchar_pattern_ops", "int8_ops"]
            ),
        ),
        migrations.AddConstraint(
            model_name="auditseal",
            constraint=models.UniqueConstraint(
                fields=("organization_id", "vendor_only", "organization_position"),
                name="audit_seal_once_in_its_chain",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="auditseal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("organization_position__gte", 1),
                    ("position__gte", 1),
                    ("organization_position__lte", models.F("position")),
                ),
                name="audit_seal_counts_from_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="auditseal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("digest__regex", "^[0-9a-f]{64}$"), ("organization_digest__regex", "^[0-9a-f]{64}$")
                ),
                name="audit_seal_digests_are_hex",
            ),
        ),
        migrations.AddConstraint(
            model_name="trailhead",
            constraint=models.CheckConstraint(
                condition=models.Q(("position__gte", 1)), name="trail_head_counts_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="trailhead",
            constraint=models.CheckConstraint(
                condition=models.Q(("digest__regex", "^[0-9a-f]{64}$")), name="trail_head_digest_is_hex"
            ),
        ),
        *row_security(SEAL, app="SELECT", vendor="SELECT, INSERT"),
        migrations.RunSQL(
            f"ALTER POLICY tenant_app ON {SEAL} USING (organization_id = {TENANT} AND NOT vendor_only)",
            f"ALTER POLICY tenant_app ON {SEAL} USING (organization_id = {TENANT})",
        ),
        migrations.RunSQL(HEAD_POLICIES, NO_HEAD_POLICIES),
        *privileges(HEAD, app="SELECT", vendor="SELECT, INSERT"),
    ]
