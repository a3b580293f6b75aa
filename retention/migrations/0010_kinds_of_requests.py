"""Requests of other kinds than erasure, and where requests come from; nobody is in two open ones of a kind."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_sent"),
        ("retention", "0009_checks_and_addenda"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="deletionrequest",
            name="deletion_request_open_once",
        ),
        migrations.RemoveConstraint(
            model_name="deletionrequest",
            name="deletion_request_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="deletionrequest",
            name="deletion_request_status_known",
        ),
        migrations.RemoveConstraint(
            model_name="requestsubject",
            name="request_subject_in_one_request",
        ),
        migrations.AddField(
            model_name="requestsubject",
            name="kind",
            field=models.CharField(
                choices=[
                    ("erase", "Erasure"),
                    ("export", "Export"),
                    ("restrict", "Restriction of processing"),
                    ("correct", "Correction"),
                ],
                default="erase",
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="deletionrequest",
            name="kind",
            field=models.CharField(
                choices=[
                    ("erase", "Erasure"),
                    ("export", "Export"),
                    ("restrict", "Restriction of processing"),
                    ("correct", "Correction"),
                ],
                default="erase",
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="deletionrequest",
            name="origin",
            field=models.CharField(
                choices=[
                    ("contract_end", "End of the contract"),
                    ("client", "Instruction of the client"),
                    ("client_rule", "Rule of the client"),
                    ("restore", "Replayed after a restore"),
                    ("subject", "Request of the person concerned"),
                    ("switching", "Switching case"),
                ],
                max_length=16,
                verbose_name="origin",
            ),
        ),
        migrations.AlterField(
            model_name="deletionrequest",
            name="status",
            field=models.CharField(
                choices=[
                    ("received", "Received"),
                    ("confirmed", "End confirmed"),
                    ("approved", "Approved"),
                    ("destroying", "Keys being destroyed"),
                    ("erasing", "Being erased"),
                    ("erased", "Erased"),
                    ("verified", "Verified empty"),
                    ("certified", "Certified"),
                    ("complete", "Complete"),
                    ("done", "Carried out"),
                    ("cancelled", "Cancelled"),
                    ("refused", "Refused"),
                    ("partially_done", "Partially done"),
                    ("failed", "Failed"),
                ],
                default="received",
                max_length=16,
                verbose_name="status",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["certified", "complete", "done", "cancelled", "refused"]), _negated=True),
                    ("scope", "organization"),
                ),
                fields=("organization",),
                name="deletion_request_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["erase", "export", "restrict", "correct"])),
                name="deletion_request_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "erase"), models.Q(("status", "done"), _negated=True)),
                    models.Q(
                        models.Q(("kind", "erase"), _negated=True),
                        models.Q(("scope", "organization"), _negated=True),
                        ("status__in", ["received", "confirmed", "done", "cancelled", "refused"]),
                    ),
                    _connector="OR",
                ),
                name="deletion_request_way_of_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("origin__in", ["contract_end", "client", "client_rule", "restore", "subject", "switching"])
                ),
                name="deletion_request_origin_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "received",
                            "confirmed",
                            "approved",
                            "destroying",
                            "erasing",
                            "erased",
                            "verified",
                            "certified",
                            "complete",
                            "done",
                            "cancelled",
                            "refused",
                            "partially_done",
                            "failed",
                        ],
                    )
                ),
                name="deletion_request_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="requestsubject",
            constraint=models.UniqueConstraint(
                condition=models.Q(("let_go_at__isnull", True)),
                fields=("organization", "licensed_user", "kind"),
                name="request_subject_in_one_request",
            ),
        ),
        migrations.AddConstraint(
            model_name="requestsubject",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["erase", "export", "restrict", "correct"])),
                name="request_subject_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="requestsubject",
            constraint=models.CheckConstraint(
                condition=models.Q(("fenced_at__isnull", True), ("kind", "erase"), _connector="OR"),
                name="request_subject_fenced_to_erase",
            ),
        ),
    ]
