"""The index by which requests are found whose day is near, however many are over."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0027_identifiers_forgotten"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="deletionrequest",
            index=models.Index(
                condition=models.Q(
                    models.Q(("status__in", ["certified", "complete", "done", "cancelled", "refused"]), _negated=True),
                    models.Q(("status__in", ["erased", "verified"]), _negated=True),
                ),
                fields=["erase_by", "id"],
                name="deletion_request_by_day",
            ),
        ),
    ]
