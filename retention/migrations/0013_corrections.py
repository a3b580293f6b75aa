"""Corrections: made here once decided, with their values sealed until the product has confirmed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_restricted_by_a_request"),
        ("retention", "0012_subject_requests"),
    ]

    operations = [
        migrations.AddField(
            model_name="deletionrequest",
            name="carried_out_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="carried out here at"),
        ),
        migrations.AddField(
            model_name="requestsubject",
            name="corrected_fields",
            field=models.JSONField(blank=True, default=list, verbose_name="corrected fields"),
        ),
        migrations.AddField(
            model_name="requestsubject",
            name="correction",
            field=models.BinaryField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="requestsubject",
            name="correction_key",
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("carried_out_at__isnull", True),
                    models.Q(("confirmed_at__isnull", False), ("kind", "correct")),
                    _connector="OR",
                ),
                name="deletion_request_carried_out_once_decided",
            ),
        ),
        migrations.AddConstraint(
            model_name="requestsubject",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("correction__isnull", True), ("correction_key__isnull", True)),
                    models.Q(
                        ("correction__isnull", False),
                        ("correction_key__isnull", False),
                        ("kind", "correct"),
                        ("let_go_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="request_subject_correction_sealed_while_open",
            ),
        ),
    ]
