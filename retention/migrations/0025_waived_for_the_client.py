"""The client's word that it wants no export, where the vendor's staff recorded it."""

import django.db.models.deletion
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import composite_keys


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0017_a_rule_is_of_the_client"),
        ("retention", "0024_promised_by"),
    ]

    operations = [
        migrations.AddField(
            model_name="deletionrequest",
            name="export_proof",
            field=accounts.db.fields.TenantForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.document",
                verbose_name="proof of the waived export",
            ),
        ),
        migrations.AddIndex(
            model_name="deletionrequest",
            index=models.Index(fields=["organization", "export_proof"], name="deletion_request_by_exp_proof"),
        ),
        migrations.AddConstraint(
            model_name="deletionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("export_proof__isnull", True), ("export_decision", "declined"), _connector="OR"),
                name="deletion_request_export_proof_of_its_waiver",
            ),
        ),
        composite_keys("retention_deletionrequest", {"export_proof_id": "accounts_document"}),
    ]
