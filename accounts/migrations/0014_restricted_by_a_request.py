"""By which request the processing of a person's data was restricted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_sent"),
    ]

    operations = [
        migrations.AddField(
            model_name="licenseduser",
            name="processing_request",
            field=models.UUIDField(blank=True, null=True, verbose_name="processing restricted by request"),
        ),
        migrations.AddConstraint(
            model_name="licenseduser",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("processing_request__isnull", True), ("processing_restricted_at__isnull", False), _connector="OR"
                ),
                name="licensed_user_restricted_by_a_request",
            ),
        ),
    ]
