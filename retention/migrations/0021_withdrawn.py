"""The client's word that it takes back what it asked for everything."""

import django.db.models.deletion
from django.db import migrations, models

import accounts.db.fields
from accounts.db.security import composite_keys


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0017_a_rule_is_of_the_client"),
        ("retention", "0020_nights_beyond"),
    ]

    operations = [
        migrations.AddField(
            model_name="deletionrequest",
            name="end_proof",
            field=accounts.db.fields.TenantForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.document",
                verbose_name="proof of the withdrawal",
            ),
        ),
        migrations.AddIndex(
            model_name="deletionrequest",
            index=models.Index(fields=["organization", "end_proof"], name="deletion_request_by_end_proof"),
        ),
        composite_keys("retention_deletionrequest", {"end_proof_id": "accounts_document"}),
    ]
