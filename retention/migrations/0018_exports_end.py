"""Exports end by age, and what a hold covers is refused here too.

What a hold covers: every export of everything, and of those made for some people the ones that hold somebody held.
An export goes in spite of a hold with the people whose keys are destroyed, and with a vault that is not open. Of exports
that are there already nobody was told that they end: their age counts from now.
"""

from django.db import migrations, models

# The owner is under row security too. What was changed is checked at once, so that the table can be altered after it.
THERE_ALREADY = (
    "ALTER TABLE retention_export NO FORCE ROW LEVEL SECURITY",
    "UPDATE retention_export SET counts_from = greatest(now(), made_at)",
    "ALTER TABLE retention_export FORCE ROW LEVEL SECURITY",
    "SET CONSTRAINTS ALL IMMEDIATE",
)

HELD = """
CREATE FUNCTION retention_export_held(client bigint, asked bigint) RETURNS boolean LANGUAGE sql STABLE AS $held$
SELECT EXISTS (
    SELECT 1 FROM retention_legalhold h WHERE h.organization_id = client AND h.released_at IS NULL
    AND (
        h.scope = 'organization'
        OR NOT EXISTS (
            SELECT 1 FROM retention_deletionrequest r
            WHERE r.organization_id = client AND r.id = asked AND r.kind = 'export'
        )
        OR EXISTS (
            SELECT 1 FROM retention_requestsubject s
            JOIN accounts_licenseduser u ON u.organization_id = s.organization_id AND u.id = s.licensed_user_id
            WHERE s.organization_id = client AND s.request_id = asked
            AND (
                h.subject_id = u.id OR u.id = ANY(h.listed)
                OR (h.scope = 'department' AND h.department = u.department)
            )
        )
    )
)
$held$
"""
WALL = """
CREATE FUNCTION retention_refuse_held_export() RETURNS trigger LANGUAGE plpgsql AS $wall$
BEGIN
    PERFORM 1 FROM retention_vault WHERE organization_id IN (SELECT organization_id FROM gone) FOR SHARE;
    IF EXISTS (
        SELECT 1 FROM gone g LEFT JOIN retention_vault v ON v.organization_id = g.organization_id
        WHERE coalesce(v.state, 'open') = 'open'
        AND NOT EXISTS (
            SELECT 1 FROM retention_erasurerun r
            WHERE r.organization_id = g.organization_id AND r.phase = 'keys_destroyed'
        )
        AND retention_export_held(g.organization_id, g.request_id)
    ) THEN
        RAISE EXCEPTION 'a legal hold covers these rows' USING ERRCODE = 'TH001';
    END IF;
    RETURN NULL;
END
$wall$
"""
TRIGGER = """
CREATE TRIGGER retention_export_held AFTER DELETE ON retention_export REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION retention_refuse_held_export()
"""


class Migration(migrations.Migration):
    dependencies = [("retention", "0017_others_content_in_the_ledger"), ("contracts", "0005_features")]

    operations = [
        migrations.AddField(model_name="export", name="counts_from", field=models.DateTimeField(blank=True, null=True)),
        migrations.RunSQL(THERE_ALREADY, migrations.RunSQL.noop),
        migrations.RunSQL(HELD, "DROP FUNCTION retention_export_held(bigint, bigint)"),
        migrations.RunSQL(WALL, "DROP FUNCTION retention_refuse_held_export()"),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER retention_export_held ON retention_export"),
    ]
