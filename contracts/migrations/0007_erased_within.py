"""Within how many days after its retrieval period a contract promises the erasure."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0006_letters_of_nobody"),
    ]

    operations = [
        migrations.AddField(
            model_name="contract",
            name="erasure_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Empty: what the vendor promises to all its clients",
                null=True,
                verbose_name="erased within (days after the retrieval period)",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(("erasure_days__isnull", True), ("erasure_days__range", (1, 365)), _connector="OR"),
                name="contract_erased_within_a_year",
            ),
        ),
    ]
