"""An addendum may say that keys which a restored ledger had brought back were destroyed again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0018_answers_of_nobody"),
        ("retention", "0029_keys_destroyed_again"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="certificateaddendum",
            name="certificate_addendum_kind_known",
        ),
        migrations.AlterField(
            model_name="certificateaddendum",
            name="kind",
            field=models.CharField(
                choices=[
                    ("residue_found", "Residue was found: the certificate does not stand"),
                    ("clean_again", "Erased and verified again"),
                    ("checked_again", "Looked at again on demand: nothing was found"),
                    ("rewritten", "Tables were written anew"),
                    ("keys_gone_again", "Keys that a restore had brought back were destroyed again"),
                    ("complete", "Every window has closed"),
                ],
                max_length=16,
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="certificateaddendum",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        ["residue_found", "clean_again", "checked_again", "rewritten", "keys_gone_again", "complete"],
                    )
                ),
                name="certificate_addendum_kind_known",
            ),
        ),
    ]
