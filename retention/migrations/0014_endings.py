"""What was kept on a basis goes when its period is over: only the eraser deletes it, and never under a hold.

A hold on a department covers whoever was in it when the hold was placed; one in force is deleted by nobody.
"""

from importlib import import_module

import django.contrib.postgres.fields
from django.db import migrations, models

TABLES = (
    "retention_legalhold",
    "retention_archiveauthorization",
    "retention_erasurestep",
    "retention_verification",
    "retention_certificateaddendum",
    "retention_manualerasure",
    "retention_retentionnight",
    "retention_vault",
    "contracts_amendment",
    "contracts_calendarfeed",
    "contracts_calendarevent",
    "contracts_contractclause",
    "contracts_deadline",
    "contracts_renewaloffer",
    "contracts_outgoingnotice",
    "contracts_renewalplan",
    "contracts_quote",
    "contracts_reminder",
    "contracts_statementline",
    "contracts_payment",
    "contracts_switchingact",
    "contracts_termination",
    "contracts_uplift",
    "accounts_accessrule",
    "accounts_licencegrant",
    "accounts_accesspolicy",
    "retention_certificate",
    "retention_retentionrule",
    "contracts_notice",
    "contracts_term",
    "contracts_switchingcase",
    "retention_erasurerun",
    "contracts_contract",
    "retention_subjectrequest",
    "retention_deletionrequest",
    "accounts_document",
)
# Members may leave a client at any time, and what is released is no hold: no wall stands before these.
WITHOUT_WALL = (
    "accounts_membership",
    "accounts_apitoken",
    "accounts_identityprovider",
    "accounts_organization",
    "accounts_user",
    "mfa_authenticator",
    "socialaccount_socialaccount",
)
# What may refer to a row of these, and so keeps it: the eraser looks there.
READ = (
    "retention_aggregatearchive",
    "retention_subjectdoubt",
    "retention_subjectlink",
    *WITHOUT_WALL,
)
FUNCTION = """
CREATE FUNCTION retention_refuse_held_file() RETURNS trigger LANGUAGE plpgsql AS $wall$
BEGIN
    PERFORM 1 FROM retention_vault WHERE organization_id IN (SELECT organization_id FROM gone) FOR SHARE;
    IF EXISTS (
        SELECT 1 FROM retention_legalhold h WHERE h.released_at IS NULL
        AND EXISTS (SELECT 1 FROM gone g WHERE g.organization_id = h.organization_id)
    ) THEN
        RAISE EXCEPTION 'a legal hold covers these rows' USING ERRCODE = 'TH001';
    END IF;
    RETURN NULL;
END
$wall$
"""

HOLDS = """
CREATE FUNCTION retention_refuse_hold_in_force() RETURNS trigger LANGUAGE plpgsql AS $wall$
BEGIN
    IF EXISTS (SELECT 1 FROM gone WHERE released_at IS NULL) THEN
        RAISE EXCEPTION 'a legal hold in force is not deleted' USING ERRCODE = 'TH001';
    END IF;
    RETURN NULL;
END
$wall$
"""
IN_FORCE = """
CREATE TRIGGER retention_legalhold_in_force AFTER DELETE ON retention_legalhold REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION retention_refuse_hold_in_force()
"""
# The wall of 0005, which knew a department by its people of the moment.
_WALL = import_module("retention.migrations.0005_scopes_of_erasure")
LISTED = _WALL.HELD.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    "h.department = {department})", "(h.department = {department} OR g.{person} = ANY(h.listed)))"
)


def walled(table: str) -> migrations.RunSQL:
    """Refuse a delete of a held client's rows, by whatever way it comes."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_held_file AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone "
        "FOR EACH STATEMENT EXECUTE FUNCTION retention_refuse_held_file()",
        f"DROP TRIGGER {table}_held_file ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("retention", "0013_corrections")]

    operations = [
        migrations.AddField(
            model_name="erasurerun",
            name="holds_met",
            field=models.JSONField(blank=True, default=list, verbose_name="holds met"),
        ),
        migrations.AddField(
            model_name="legalhold",
            name="listed",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), blank=True, default=list, size=None, verbose_name="people listed"
            ),
        ),
        migrations.AddConstraint(
            model_name="legalhold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("listed", []),
                    models.Q(("released_at__isnull", True), ("scope", "department")),
                    _connector="OR",
                ),
                name="legal_hold_lists_a_department_in_force",
            ),
        ),
        migrations.RunSQL(
            "UPDATE retention_legalhold h SET listed = ARRAY("
            "SELECT id FROM accounts_licenseduser u WHERE u.organization_id = h.organization_id "
            "AND u.department = h.department ORDER BY id) WHERE scope = 'department' AND released_at IS NULL",
            migrations.RunSQL.noop,
        ),
        *(
            migrations.RunSQL(
                LISTED.format(name=f"retention_refuse_held_{kind}", person=person, department=department),
                _WALL.HELD.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").format(
                    name=f"retention_refuse_held_{kind}", person=person, department=department
                ),
            )
            for kind, (person, department) in _WALL.WALLS.items()
        ),
        migrations.RunSQL(HOLDS, "DROP FUNCTION retention_refuse_hold_in_force()"),
        migrations.RunSQL(IN_FORCE, "DROP TRIGGER retention_legalhold_in_force ON retention_legalhold"),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION retention_refuse_held_file()"),
        *(walled(table) for table in TABLES),
        *(
            migrations.RunSQL(
                f"GRANT SELECT, DELETE ON {table} TO terme_eraser", f"REVOKE DELETE ON {table} FROM terme_eraser"
            )
            for table in (*TABLES, *WITHOUT_WALL)
        ),
        *(migrations.RunSQL(f"GRANT SELECT ON {table} TO terme_eraser", migrations.RunSQL.noop) for table in READ),
        # A user belongs to no single client; who is needed nowhere any more is chosen in the scope of the vendor, and
        # the keys of what still points to one refuse the rest.
        migrations.RunSQL(
            "CREATE POLICY whole_eraser ON accounts_user TO terme_eraser USING (true)",
            "DROP POLICY whole_eraser ON accounts_user",
        ),
    ]
