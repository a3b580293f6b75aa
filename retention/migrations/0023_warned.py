"""When those who are to act were told last that a request's day is near or over."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0022_no_place_outlives_a_night"),
    ]

    operations = [
        migrations.AddField(
            model_name="deletionrequest",
            name="warned_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="warned at"),
        ),
    ]
