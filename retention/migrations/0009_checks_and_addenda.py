"""Certified runs are looked at again; certificates get addenda; emptied tables are vacuumed by the eraser."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import composite_keys, row_security

# From PostgreSQL 17 on a role may vacuum what it does not own; before, it is left to autovacuum.
MAINTAIN = """
DO $grant$ BEGIN
    IF current_setting('server_version_num')::int >= 170000 THEN
        EXECUTE '{verb} MAINTAIN ON {table} {preposition} terme_eraser';
    END IF;
END $grant$
"""
EMPTIED = (
    "retention_export",
    "retention_message",
    "retention_contextitem",
    "retention_diagnostic",
    "retention_conversation",
    "retention_requestsubject",
    "retention_legalhold",
    "contracts_intake",
    "accounts_auditdetail",
    "accounts_idempotencykey",
    "accounts_webhookdelivery",
    "accounts_webhookendpoint",
    "accounts_outboxmessage",
    "accounts_provisionedmembership",
    "accounts_provisionedgroup",
    "accounts_rulefinding",
    "accounts_ruleexemption",
    "accounts_bulkitem",
    "accounts_bulkjob",
    "accounts_licenseduserchange",
    "accounts_licenseduser",
)
# Certificates issued before: their runs are certified since then. The owner is under row security too.
CERTIFIED_SINCE = (
    "ALTER TABLE retention_erasurerun NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE retention_certificate NO FORCE ROW LEVEL SECURITY",
    "UPDATE retention_erasurerun r SET certified_at = c.issued_at FROM retention_certificate c "
    "WHERE c.organization_id = r.organization_id AND c.run_id = r.id",
    "ALTER TABLE retention_certificate FORCE ROW LEVEL SECURITY",
    "ALTER TABLE retention_erasurerun FORCE ROW LEVEL SECURITY",
    # What was changed is checked at once, so that the table can be altered after it.
    "SET CONSTRAINTS ALL IMMEDIATE",
)


def maintain(table: str) -> migrations.RunSQL:
    """Let the eraser vacuum a table that it empties."""
    return migrations.RunSQL(
        MAINTAIN.format(verb="GRANT", table=table, preposition="TO"),
        MAINTAIN.format(verb="REVOKE", table=table, preposition="FROM"),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_tokens_of_programs"),
        ("retention", "0008_restores"),
    ]

    operations = [
        migrations.CreateModel(
            name="CertificateAddendum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("number", models.PositiveSmallIntegerField(verbose_name="number")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("residue_found", "Residue was found: the certificate does not stand"),
                            ("clean_again", "Erased and verified again"),
                            ("checked_again", "Looked at again on demand: nothing was found"),
                            ("rewritten", "Tables were written anew"),
                            ("complete", "Every window has closed"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("issued_at", models.DateTimeField(verbose_name="issued at")),
                ("signing_key", models.CharField(max_length=16, verbose_name="signing key")),
                ("document", models.JSONField(verbose_name="document")),
            ],
            options={
                "verbose_name": "addendum to a certificate",
                "verbose_name_plural": "addenda to certificates",
            },
        ),
        migrations.AddField(
            model_name="erasurerun",
            name="accepted",
            field=models.JSONField(blank=True, default=list, verbose_name="accepted hits"),
        ),
        migrations.AddField(
            model_name="erasurerun",
            name="certified_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="certified at"),
        ),
        migrations.AddField(
            model_name="erasurerun",
            name="check_asked_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="check asked for at"),
        ),
        migrations.AddField(
            model_name="erasurestep",
            name="held_by",
            field=models.CharField(
                blank=True,
                choices=[
                    ("snapshot", "An older snapshot"),
                    ("replication_slot", "A replication slot"),
                    ("prepared", "A prepared transaction"),
                    ("autovacuum", "Left to autovacuum"),
                ],
                max_length=24,
                verbose_name="dead rows held by",
            ),
        ),
        migrations.AddField(
            model_name="erasurestep",
            name="rewritten_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="tables written anew at"),
        ),
        migrations.AddField(
            model_name="erasurestep",
            name="vacuumed_how",
            field=models.CharField(
                blank=True,
                choices=[
                    ("engine", "Vacuum of the engine"),
                    ("autovacuum", "Autovacuum, by the database's statistics"),
                    ("no_table", "The store has no table"),
                ],
                max_length=16,
                verbose_name="vacuumed by",
            ),
        ),
        migrations.AddIndex(
            model_name="erasurerun",
            index=models.Index(
                condition=models.Q(("next_check_at__isnull", True), ("phase", "certified")),
                fields=["certified_at", "id"],
                name="erasure_run_to_complete",
            ),
        ),
        migrations.AddIndex(
            model_name="erasurestep",
            index=models.Index(
                condition=models.Q(("status", "done"), ("vacuumed_at__isnull", True)),
                fields=["id"],
                name="erasure_step_to_vacuum",
            ),
        ),
        migrations.RunSQL(list(CERTIFIED_SINCE), migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="erasurerun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("completed_at__isnull", False), ("phase", "complete")),
                    models.Q(models.Q(("phase", "complete"), _negated=True), ("completed_at__isnull", True)),
                    _connector="OR",
                ),
                name="erasure_run_completed_iff_complete",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("phase__in", ["certified", "complete"]), _negated=True),
                    ("certified_at__isnull", False),
                    _connector="OR",
                ),
                name="erasure_run_certified_at_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurestep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("vacuumed_at__isnull", True), ("vacuumed_how", "")),
                    models.Q(
                        ("held_by", ""),
                        ("vacuumed_at__isnull", False),
                        ("vacuumed_how__in", ["engine", "autovacuum", "no_table"]),
                    ),
                    _connector="OR",
                ),
                name="erasure_step_vacuumed_somehow",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurestep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("held_by", ""),
                    ("held_by__in", ["snapshot", "replication_slot", "prepared", "autovacuum"]),
                    _connector="OR",
                ),
                name="erasure_step_held_by_known",
            ),
        ),
        migrations.AddField(
            model_name="certificateaddendum",
            name="certificate",
            field=accounts.db.fields.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="addenda",
                to="retention.certificate",
            ),
        ),
        migrations.AddField(
            model_name="certificateaddendum",
            name="organization",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.AddConstraint(
            model_name="certificateaddendum",
            constraint=models.UniqueConstraint(
                fields=("organization", "id"), name="retention_certificateaddendum_tenant_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="certificateaddendum",
            constraint=models.UniqueConstraint(
                fields=("public_id",), name="retention_certificateaddendum_public_id_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="certificateaddendum",
            constraint=models.UniqueConstraint(
                fields=("organization", "certificate", "number"), name="certificate_addendum_numbered_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="certificateaddendum",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["residue_found", "clean_again", "checked_again", "rewritten", "complete"])
                ),
                name="certificate_addendum_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="certificateaddendum",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1)), name="certificate_addendum_numbered_from_one"
            ),
        ),
        *row_security("retention_certificateaddendum", app="SELECT", vendor="SELECT, INSERT"),
        composite_keys("retention_certificateaddendum", {"certificate_id": "retention_certificate"}),
        *(maintain(table) for table in EMPTIED),
    ]
