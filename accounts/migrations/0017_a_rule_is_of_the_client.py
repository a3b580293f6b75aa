"""A rule says whether the client had it enforced. Those that are enforced already counted as the client's word."""

from django.db import migrations, models


def field(*, default: bool) -> models.BooleanField:
    """Return the field with a default."""
    return models.BooleanField(
        "instruction of the client",
        default=default,
        help_text="The client's own member or program enforced it; else the client is asked about each erasure",
    )


class Migration(migrations.Migration):
    """Adds the field."""

    dependencies = [("accounts", "0016_what_belongs_to_no_client")]

    operations = [
        migrations.AddField("accessrule", "of_client", field(default=True)),
        migrations.AlterField("accessrule", "of_client", field(default=False)),
    ]
