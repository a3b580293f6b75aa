"""When the client waived its export, apart from what its contract says; an open dispute as the ground of a hold."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0025_waived_for_the_client"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="deletionrequest",
            name="deletion_request_export_proof_of_its_waiver",
        ),
        migrations.AddField(
            model_name="deletionrequest",
            name="export_waived_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="export waived at"),
        ),
        migrations.AlterField(
            model_name="legalhold",
            name="ground",
            field=models.CharField(
                choices=[
                    ("client_instruction", "Instruction of the client"),
                    ("law", "Cited law"),
                    ("dispute", "Open dispute"),
                ],
                max_length=24,
                verbose_name="ground",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("export_proof__isnull", True), ("export_waived_at__isnull", True)),
                    models.Q(("export_decision", "declined"), ("export_waived_at__isnull", False)),
                    _connector="OR",
                ),
                name="deletion_request_export_proof_of_its_waiver",
            ),
        ),
    ]
