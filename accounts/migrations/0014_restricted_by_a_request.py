"""By which request a person's processing was restricted, and when a webhook was asked for again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_sent"),
    ]

    operations = [
        migrations.AddField(
            model_name="webhookdelivery",
            name="asked_again_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="asked for again at"),
        ),
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
