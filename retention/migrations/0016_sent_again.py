"""How often a run was sent through a store again: a store beyond the vault is asked anew each time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0015_mention_scans")]

    operations = [
        migrations.AddField(
            model_name="erasurestep",
            name="sent_again",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="times sent again"),
        ),
    ]
