"""The eraser without a client sees what calls were answered that name no client, as 0016 has it for other tables."""

from django.db import migrations

from accounts.db.security import TENANT

OWN = f"organization_id = {TENANT}"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0017_a_rule_is_of_the_client")]

    operations = [
        migrations.RunSQL(
            "ALTER POLICY tenant_eraser ON accounts_idempotencykey "
            f"USING ({OWN} OR (organization_id IS NULL AND {TENANT} IS NULL))",
            f"ALTER POLICY tenant_eraser ON accounts_idempotencykey USING ({OWN})",
        )
    ]
