"""When what a verifier searched for was destroyed: until then, and in backups a horizon longer, it was there.

Of runs that have forgotten it already it went with their last look.
"""

from django.db import migrations, models

# The owner is under row security too. What was changed is checked at once, so that the table can be altered after it.
THERE_ALREADY = (
    "ALTER TABLE retention_erasurerun NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE retention_verification NO FORCE ROW LEVEL SECURITY",
    "UPDATE retention_erasurerun r SET forgotten_at = coalesce("
    "(SELECT max(v.performed_at) FROM retention_verification v "
    "WHERE v.organization_id = r.organization_id AND v.run_id = r.id "
    "AND v.performed_at <= coalesce(r.completed_at, v.performed_at)), r.erased_at) "
    "WHERE r.identifiers IS NULL AND r.certified_at IS NOT NULL",
    "ALTER TABLE retention_verification FORCE ROW LEVEL SECURITY",
    "ALTER TABLE retention_erasurerun FORCE ROW LEVEL SECURITY",
    "SET CONSTRAINTS ALL IMMEDIATE",
)


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0026_what_the_contract_says_of_the_export"),
    ]

    operations = [
        migrations.AddField(
            model_name="erasurerun",
            name="forgotten_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="identifiers destroyed at"),
        ),
        migrations.RunSQL(list(THERE_ALREADY), migrations.RunSQL.noop),
    ]
