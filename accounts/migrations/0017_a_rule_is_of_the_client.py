"""A rule says since when it is the client's instruction. Of those that are enforced already nobody knows it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the field."""

    dependencies = [("accounts", "0016_what_belongs_to_no_client")]

    operations = [
        migrations.AddField(
            "accessrule",
            "of_client_since",
            models.DateTimeField(
                "instruction of the client since",
                null=True,
                blank=True,
                help_text="The client's own member or program enforced it; else the client is asked about each erasure",
            ),
        ),
        migrations.AddConstraint(
            "accessrule",
            models.CheckConstraint(
                condition=models.Q(of_client_since__isnull=True)
                | models.Q(enforced_at__isnull=False, of_client_since__gte=models.F("enforced_at")),
                name="access_rule_of_client_while_enforced",
            ),
        ),
    ]
