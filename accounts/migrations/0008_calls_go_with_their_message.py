"""The calls of webhooks about an announcement go with it: those about one person are erased with that person."""

import django.db.models.deletion
from django.db import migrations, models

KEY = "accounts_webhookdelivery_message_fk"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_licence_states")]
    operations = [
        migrations.AlterField(
            model_name="webhookdelivery",
            name="message",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="accounts.outboxmessage",
            ),
        ),
        migrations.RunSQL(
            f"ALTER TABLE accounts_webhookdelivery ADD CONSTRAINT {KEY} FOREIGN KEY (message_id) "
            "REFERENCES accounts_outboxmessage (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
            f"ALTER TABLE accounts_webhookdelivery DROP CONSTRAINT {KEY}",
        ),
    ]
