"""Erasure of some people as well as of whole organizations; holds that cover a part; the wall that no delete passes."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import READ_WRITE, composite_keys, row_security

# Whoever deletes rows that a hold in force covers is refused, by whatever way it comes. Rows of people whose keys are
# destroyed, and those of an organization whose vault is not open, are beyond holding: the hold came too late.
HELD = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $wall$
BEGIN
    PERFORM 1 FROM retention_vault WHERE organization_id IN (SELECT organization_id FROM gone) FOR SHARE;
    IF NOT EXISTS (
        SELECT 1 FROM retention_legalhold h WHERE h.released_at IS NULL
        AND EXISTS (SELECT 1 FROM gone g WHERE g.organization_id = h.organization_id)
    ) THEN
        RETURN NULL;
    END IF;
    IF EXISTS (
        SELECT 1 FROM gone g
        JOIN retention_legalhold h ON h.organization_id = g.organization_id AND h.released_at IS NULL
        LEFT JOIN retention_vault v ON v.organization_id = g.organization_id
        LEFT JOIN accounts_licenseduser u ON u.organization_id = g.organization_id AND u.id = g.{person}
        WHERE coalesce(v.state, 'open') = 'open'
        AND (
            h.scope = 'organization'
            OR (h.scope = 'person' AND h.subject_id = g.{person})
            OR (h.scope = 'department' AND h.department = {department})
        )
        AND NOT EXISTS (
            SELECT 1 FROM retention_requestsubject s WHERE s.organization_id = g.organization_id
            AND s.licensed_user_id = g.{person} AND s.fenced_at IS NOT NULL
        )
    ) THEN
        RAISE EXCEPTION 'a legal hold covers these rows' USING ERRCODE = 'TH001';
    END IF;
    RETURN NULL;
END
$wall$
"""
WALLS = {"content": ("subject_id", "u.department"), "people": ("id", "g.department")}
HELD_TABLES = {
    "retention_conversation": "content",
    "retention_message": "content",
    "retention_contextitem": "content",
    "retention_diagnostic": "content",
    "accounts_licenseduser": "people",
}


def wall(table: str, kind: str) -> migrations.RunSQL:
    """Look at what a statement deleted before it may commit."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_held AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone "
        f"FOR EACH STATEMENT EXECUTE FUNCTION retention_refuse_held_{kind}()",
        f"DROP TRIGGER {table}_held ON {table}",
    )


def emptied(table: str) -> migrations.RunSQL:
    """Look at what a statement emptied likewise: a title that is taken from a conversation is gone too."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_held_too AFTER UPDATE ON {table} REFERENCING OLD TABLE AS gone "
        "FOR EACH STATEMENT EXECUTE FUNCTION retention_refuse_held_content()",
        f"DROP TRIGGER {table}_held_too ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_tokens_of_programs"),
        ("retention", "0004_key_rotations"),
    ]

    operations = [
        migrations.CreateModel(
            name="RequestSubject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("added_at", models.DateTimeField(verbose_name="added at")),
                ("fenced_at", models.DateTimeField(blank=True, null=True, verbose_name="fenced at")),
                ("let_go_at", models.DateTimeField(blank=True, null=True, verbose_name="let go at")),
            ],
            options={
                "verbose_name": "person in a request",
                "verbose_name_plural": "people in requests",
            },
        ),
        migrations.RemoveConstraint(
            model_name="deletionrequest",
            name="deletion_request_open_once",
        ),
        migrations.RemoveConstraint(
            model_name="deletionrequest",
            name="deletion_request_status_known",
        ),
        migrations.RemoveConstraint(
            model_name="deletionrequest",
            name="deletion_request_runs_only_approved",
        ),
        migrations.RemoveConstraint(
            model_name="deletionrequest",
            name="deletion_request_retrieval_after_service",
        ),
        migrations.RemoveConstraint(
            model_name="erasurerun",
            name="erasure_run_once_per_request",
        ),
        migrations.RemoveConstraint(
            model_name="erasurerun",
            name="erasure_run_phase_known",
        ),
        migrations.RemoveConstraint(
            model_name="erasurerun",
            name="erasure_run_keys_first",
        ),
        migrations.RemoveIndex(
            model_name="erasurerun",
            name="erasure_run_open",
        ),
        migrations.AddField(
            model_name="deletionrequest",
            name="blocked_since",
            field=models.DateTimeField(blank=True, null=True, verbose_name="blocked since"),
        ),
        migrations.AddField(
            model_name="deletionrequest",
            name="department",
            field=models.CharField(blank=True, max_length=120, verbose_name="department"),
        ),
        migrations.AddField(
            model_name="deletionrequest",
            name="grace_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="can be taken back until"),
        ),
        migrations.AddField(
            model_name="deletionrequest",
            name="impact",
            field=models.JSONField(blank=True, null=True, verbose_name="what the approver was shown"),
        ),
        migrations.AddField(
            model_name="deletionrequest",
            name="kind",
            field=models.CharField(choices=[("erase", "Erasure")], default="erase", max_length=10, verbose_name="kind"),
        ),
        migrations.AddField(
            model_name="deletionrequest",
            name="proof",
            field=accounts.db.fields.TenantForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.document",
            ),
        ),
        migrations.AddField(
            model_name="deletionrequest",
            name="refusal",
            field=models.CharField(
                blank=True,
                choices=[
                    ("not_identified", "The person could not be identified"),
                    ("not_authorised", "Who asked is no authorised contact"),
                    ("client_refused", "The client decided against it"),
                    ("legal_obligation", "A legal obligation to keep the data"),
                    ("legal_claims", "Establishment, exercise or defence of legal claims"),
                    ("manifestly_unfounded", "Manifestly unfounded or excessive"),
                ],
                max_length=24,
                verbose_name="refused because",
            ),
        ),
        migrations.AddField(
            model_name="deletionrequest",
            name="scope",
            field=models.CharField(
                choices=[
                    ("person", "One person"),
                    ("people", "Several people"),
                    ("department", "Department"),
                    ("organization", "Organization"),
                ],
                default="organization",
                max_length=12,
                verbose_name="scope",
            ),
        ),
        migrations.AddField(
            model_name="erasureentry",
            name="subject_refs",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, default=list),
        ),
        migrations.AddField(
            model_name="erasurerun",
            name="completed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="complete since"),
        ),
        migrations.AddField(
            model_name="erasurerun",
            name="next_check_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="searched again at"),
        ),
        migrations.AddField(
            model_name="erasurerun",
            name="paused_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="paused at"),
        ),
        migrations.AddField(
            model_name="erasurerun",
            name="paused_by",
            field=models.CharField(blank=True, max_length=80, verbose_name="paused by"),
        ),
        migrations.AddField(
            model_name="erasurerun",
            name="rate",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="rows a second at most"),
        ),
        migrations.AddField(
            model_name="erasurestep",
            name="again_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="tried again at"),
        ),
        migrations.AddField(
            model_name="erasurestep",
            name="anonymised",
            field=models.PositiveBigIntegerField(default=0, verbose_name="anonymised"),
        ),
        migrations.AddField(
            model_name="erasurestep",
            name="checkpoint_person",
            field=models.BigIntegerField(default=0, verbose_name="person reached"),
        ),
        migrations.AddField(
            model_name="erasurestep",
            name="cursor",
            field=models.TextField(blank=True, verbose_name="checkpoint of another store"),
        ),
        migrations.AddField(
            model_name="erasurestep",
            name="failures",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="failures"),
        ),
        migrations.AddField(
            model_name="erasurestep",
            name="last_error",
            field=models.CharField(blank=True, max_length=120, verbose_name="last error"),
        ),
        migrations.AddField(
            model_name="erasurestep",
            name="vacuumed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="vacuumed at"),
        ),
        migrations.AddField(
            model_name="legalhold",
            name="department",
            field=models.CharField(blank=True, max_length=120, verbose_name="department"),
        ),
        migrations.AddField(
            model_name="legalhold",
            name="scope",
            field=models.CharField(
                choices=[("organization", "Organization"), ("department", "Department"), ("person", "One person")],
                default="organization",
                max_length=12,
                verbose_name="scope",
            ),
        ),
        migrations.AddField(
            model_name="legalhold",
            name="subject",
            field=accounts.db.fields.TenantForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.licenseduser",
            ),
        ),
        migrations.AlterField(
            model_name="deletionrequest",
            name="origin",
            field=models.CharField(
                choices=[
                    ("contract_end", "End of the contract"),
                    ("client", "Instruction of the client"),
                    ("client_rule", "Rule of the client"),
                ],
                max_length=16,
                verbose_name="origin",
            ),
        ),
        migrations.AlterField(
            model_name="deletionrequest",
            name="retrieval_ends_on",
            field=models.DateField(
                blank=True, help_text="First day after it", null=True, verbose_name="retrieval period ends on"
            ),
        ),
        migrations.AlterField(
            model_name="deletionrequest",
            name="service_ended_on",
            field=models.DateField(
                blank=True, help_text="First day without service", null=True, verbose_name="service ended on"
            ),
        ),
        migrations.AlterField(
            model_name="deletionrequest",
            name="status",
            field=models.CharField(
                choices=[
                    ("received", "Received"),
                    ("confirmed", "End confirmed"),
                    ("approved", "Approved"),
                    ("destroying", "Keys being destroyed"),
                    ("erasing", "Being erased"),
                    ("erased", "Erased"),
                    ("verified", "Verified empty"),
                    ("certified", "Certified"),
                    ("complete", "Complete"),
                    ("cancelled", "Cancelled"),
                    ("refused", "Refused"),
                    ("partially_done", "Partially done"),
                    ("failed", "Failed"),
                ],
                default="received",
                max_length=16,
                verbose_name="status",
            ),
        ),
        migrations.AlterField(
            model_name="erasurerun",
            name="phase",
            field=models.CharField(
                choices=[
                    ("planned", "Planned"),
                    ("destroying", "Keys being destroyed"),
                    ("keys_destroyed", "Keys destroyed"),
                    ("erased", "Erased"),
                    ("verified", "Verified empty"),
                    ("residue_found", "Residue found"),
                    ("certified", "Certified"),
                    ("complete", "Complete"),
                    ("cancelled", "Cancelled"),
                ],
                default="planned",
                max_length=16,
                verbose_name="phase",
            ),
        ),
        migrations.AlterField(
            model_name="erasurestep",
            name="status",
            field=models.CharField(
                choices=[("waiting", "Waiting"), ("running", "Running"), ("done", "Done"), ("failed", "Given up")],
                default="waiting",
                max_length=10,
                verbose_name="status",
            ),
        ),
        migrations.AddIndex(
            model_name="deletionrequest",
            index=models.Index(fields=["organization", "proof"], name="deletion_request_by_proof"),
        ),
        migrations.AddIndex(
            model_name="erasurerun",
            index=models.Index(fields=["organization", "request"], name="erasure_run_by_request"),
        ),
        migrations.AddIndex(
            model_name="erasurerun",
            index=models.Index(
                condition=models.Q(("phase__in", ["certified", "complete", "cancelled"]), _negated=True),
                fields=["id"],
                name="erasure_run_open",
            ),
        ),
        migrations.AddIndex(
            model_name="erasurerun",
            index=models.Index(
                condition=models.Q(("next_check_at__isnull", False)),
                fields=["next_check_at", "id"],
                name="erasure_run_to_check",
            ),
        ),
        migrations.AddIndex(
            model_name="legalhold",
            index=models.Index(fields=["organization", "subject"], name="legal_hold_by_subject"),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["certified", "complete", "cancelled", "refused"]), _negated=True),
                    ("scope", "organization"),
                ),
                fields=("organization",),
                name="deletion_request_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["erase"])), name="deletion_request_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("scope__in", ["person", "people", "department", "organization"])),
                name="deletion_request_scope_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("scope", "organization"), _negated=True),
                    models.Q(("retrieval_ends_on__isnull", False), ("service_ended_on__isnull", False)),
                    _connector="OR",
                ),
                name="deletion_request_of_organization_after_service",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("department", ""), ("scope", "department"), _connector="OR"),
                name="deletion_request_department_of_its_scope",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "refused"), models.Q(("refusal", ""), _negated=True)),
                    models.Q(models.Q(("status", "refused"), _negated=True), ("refusal", "")),
                    _connector="OR",
                ),
                name="deletion_request_refused_with_ground",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("refusal", ""),
                    (
                        "refusal__in",
                        [
                            "not_identified",
                            "not_authorised",
                            "client_refused",
                            "legal_obligation",
                            "legal_claims",
                            "manifestly_unfounded",
                        ],
                    ),
                    _connector="OR",
                ),
                name="deletion_request_refusal_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("grace_until__isnull", True), ("approved_at__isnull", False), _connector="OR"),
                name="deletion_request_grace_after_approval",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "received",
                            "confirmed",
                            "approved",
                            "destroying",
                            "erasing",
                            "erased",
                            "verified",
                            "certified",
                            "complete",
                            "cancelled",
                            "refused",
                            "partially_done",
                            "failed",
                        ],
                    )
                ),
                name="deletion_request_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        (
                            "status__in",
                            [
                                "approved",
                                "destroying",
                                "erasing",
                                "erased",
                                "verified",
                                "certified",
                                "complete",
                                "partially_done",
                            ],
                        ),
                        _negated=True,
                    ),
                    ("approved_at__isnull", False),
                    _connector="OR",
                ),
                name="deletion_request_runs_only_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("service_ended_on__isnull", True),
                    ("service_ended_on__lte", models.F("retrieval_ends_on")),
                    _connector="OR",
                ),
                name="deletion_request_retrieval_after_service",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("phase", "cancelled"), _negated=True),
                fields=("organization", "request"),
                name="erasure_run_once_per_request",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "phase__in",
                        [
                            "planned",
                            "destroying",
                            "keys_destroyed",
                            "erased",
                            "verified",
                            "residue_found",
                            "certified",
                            "complete",
                            "cancelled",
                        ],
                    )
                ),
                name="erasure_run_phase_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paused_at__isnull", True), ("paused_by", "")),
                    models.Q(("paused_at__isnull", False), models.Q(("paused_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="erasure_run_paused_by_someone",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerun",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate__isnull", True), ("rate__gte", 1), _connector="OR"),
                name="erasure_run_rate_from_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("phase__in", ["planned", "destroying", "cancelled"]),
                    models.Q(("keys_destroyed_at__isnull", False), models.Q(("ledger_digest", ""), _negated=True)),
                    _connector="OR",
                ),
                name="erasure_run_keys_first",
            ),
        ),
        migrations.AddConstraint(
            model_name="legalhold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("department", ""), ("scope", "organization"), ("subject__isnull", True)),
                    models.Q(
                        ("scope", "department"), ("subject__isnull", True), models.Q(("department", ""), _negated=True)
                    ),
                    models.Q(
                        ("department", ""),
                        ("scope", "person"),
                        models.Q(("subject__isnull", False), ("released_at__isnull", False), _connector="OR"),
                    ),
                    _connector="OR",
                ),
                name="legal_hold_covers_its_scope",
            ),
        ),
        migrations.AddField(
            model_name="requestsubject",
            name="licensed_user",
            field=accounts.db.fields.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.licenseduser",
            ),
        ),
        migrations.AddField(
            model_name="requestsubject",
            name="organization",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.AddField(
            model_name="requestsubject",
            name="request",
            field=accounts.db.fields.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="subjects",
                to="retention.deletionrequest",
            ),
        ),
        migrations.AddIndex(
            model_name="requestsubject",
            index=models.Index(fields=["organization", "licensed_user"], name="request_subject_by_person"),
        ),
        migrations.AddConstraint(
            model_name="requestsubject",
            constraint=models.UniqueConstraint(
                fields=("organization", "id"), name="retention_requestsubject_tenant_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="requestsubject",
            constraint=models.UniqueConstraint(fields=("public_id",), name="retention_requestsubject_public_id_key"),
        ),
        migrations.AddConstraint(
            model_name="requestsubject",
            constraint=models.UniqueConstraint(
                fields=("organization", "request", "licensed_user"), name="request_subject_once_per_request"
            ),
        ),
        migrations.AddConstraint(
            model_name="requestsubject",
            constraint=models.UniqueConstraint(
                condition=models.Q(("let_go_at__isnull", True)),
                fields=("organization", "licensed_user"),
                name="request_subject_in_one_request",
            ),
        ),
        migrations.AddConstraint(
            model_name="requestsubject",
            constraint=models.CheckConstraint(
                condition=models.Q(("let_go_at__isnull", True), ("fenced_at__isnull", True), _connector="OR"),
                name="request_subject_fenced_for_good",
            ),
        ),
        *row_security("retention_requestsubject", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT, UPDATE, DELETE"),
        composite_keys(
            "retention_requestsubject",
            {"request_id": "retention_deletionrequest", "licensed_user_id": "accounts_licenseduser"},
        ),
        composite_keys("retention_deletionrequest", {"proof_id": "accounts_document"}),
        composite_keys("retention_legalhold", {"subject_id": "accounts_licenseduser"}),
        # What others wrote in a person's conversation stays; its title goes. The link of a released hold goes too.
        migrations.RunSQL(
            "GRANT UPDATE (subject_id, key_id, sealed) ON retention_conversation TO terme_eraser",
            "REVOKE UPDATE (subject_id, key_id, sealed) ON retention_conversation FROM terme_eraser",
        ),
        migrations.RunSQL(
            "GRANT UPDATE (subject_id) ON retention_legalhold TO terme_eraser",
            "REVOKE UPDATE (subject_id) ON retention_legalhold FROM terme_eraser",
        ),
        *(
            migrations.RunSQL(
                HELD.format(name=f"retention_refuse_held_{kind}", person=person, department=department),
                f"DROP FUNCTION retention_refuse_held_{kind}()",
            )
            for kind, (person, department) in WALLS.items()
        ),
        *(wall(table, kind) for table, kind in HELD_TABLES.items()),
        emptied("retention_conversation"),
    ]
