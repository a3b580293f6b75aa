"""The features of the product that a contract agrees."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0004_no_dead_ends"),
    ]

    operations = [
        migrations.AddField(
            model_name="contract",
            name="features",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60),
                blank=True,
                default=list,
                help_text="Empty: everything",
                verbose_name="features",
            ),
        ),
    ]
