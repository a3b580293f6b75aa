"""When keys were destroyed again that a restored ledger had brought back: backups held them until then.

Of runs that did so before, the trail says when. What a complete run claimed is signed already.
"""

from django.db import migrations, models

# The owner is under row security too. What was changed is checked at once, so that the table can be altered after it.
THERE_ALREADY = (
    "ALTER TABLE retention_erasurerun NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE accounts_auditevent NO FORCE ROW LEVEL SECURITY",
    "UPDATE retention_erasurerun r SET keys_destroyed_again_at = e.last "
    "FROM (SELECT organization_id, subject_id, max(occurred_at) AS last FROM accounts_auditevent "
    "WHERE name = 'erasure.keys_destroyed_again' GROUP BY organization_id, subject_id) e "
    "WHERE e.organization_id = r.organization_id AND e.subject_id = r.public_id AND r.completed_at IS NULL",
    "ALTER TABLE accounts_auditevent FORCE ROW LEVEL SECURITY",
    "ALTER TABLE retention_erasurerun FORCE ROW LEVEL SECURITY",
    "SET CONSTRAINTS ALL IMMEDIATE",
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0017_a_rule_is_of_the_client"),
        ("retention", "0028_by_the_day"),
    ]

    operations = [
        migrations.AddField(
            model_name="erasurerun",
            name="keys_destroyed_again_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="keys destroyed again at"),
        ),
        migrations.RunSQL(list(THERE_ALREADY), migrations.RunSQL.noop),
    ]
