"""A promise of a contract that clashes with the first instant at which erasure is allowed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0023_warned"),
    ]

    operations = [
        migrations.AddField(
            model_name="deletionrequest",
            name="promised_by",
            field=models.DateTimeField(
                blank=True,
                help_text="Where a contract promised the erasure before it is allowed",
                null=True,
                verbose_name="promised by",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("promised_by__isnull", True), ("promised_by__lte", models.F("erase_from")), _connector="OR"
                ),
                name="deletion_request_promised_before_it_is_allowed",
            ),
        ),
    ]
