"""Where a walk through another store stands is kept while it goes on, and no longer: it may say somebody's name, sealed."""

from django.db import migrations, models

# The owner is under row security too. What was changed is checked at once, so that the table can be altered after it.
OVER = (
    "ALTER TABLE retention_nightbeyond NO FORCE ROW LEVEL SECURITY",
    "UPDATE retention_nightbeyond SET cursor = '' WHERE state <> 'running'",
    "ALTER TABLE retention_nightbeyond FORCE ROW LEVEL SECURITY",
    "SET CONSTRAINTS ALL IMMEDIATE",
)


class Migration(migrations.Migration):
    dependencies = [("retention", "0021_withdrawn")]

    operations = [
        # Who ends a rule ends its walks.
        migrations.RunSQL(
            "GRANT UPDATE (cursor) ON retention_nightbeyond TO terme_app",
            "REVOKE UPDATE (cursor) ON retention_nightbeyond FROM terme_app",
        ),
        migrations.RunSQL(OVER, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="nightbeyond",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "running"), ("cursor", ""), _connector="OR"),
                name="night_beyond_stands_nowhere_once_it_is_over",
            ),
        ),
    ]
