"""When a client waived the rest of its retrieval period."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0002_row_security"),
    ]

    operations = [
        migrations.AddField(
            model_name="deletionrequest",
            name="retrieval_waived_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="retrieval period waived at"),
        ),
    ]
