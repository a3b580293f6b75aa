"""When keys were destroyed again that a restored ledger had brought back: backups held them until then."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0028_by_the_day"),
    ]

    operations = [
        migrations.AddField(
            model_name="erasurerun",
            name="keys_destroyed_again_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="keys destroyed again at"),
        ),
    ]
