"""When the vendor's privacy officers were last told that a hold is to be reviewed, or an attestation is missing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0018_exports_end"),
    ]

    operations = [
        migrations.AddField(
            model_name="legalhold",
            name="reminded_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="reminded at"),
        ),
        migrations.AddField(
            model_name="manualerasure",
            name="reminded_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="reminded at"),
        ),
    ]
