"""A client's eraser sees what calls were answered that name no client: what such an answer says may be of its people."""

from django.db import migrations

from accounts.db.security import TENANT

OWN = f"organization_id = {TENANT}"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0017_a_rule_is_of_the_client")]

    operations = [
        migrations.RunSQL(
            "ALTER POLICY tenant_eraser ON accounts_idempotencykey "
            f"USING ({OWN} OR (organization_id IS NULL AND {TENANT} IS NOT NULL))",
            f"ALTER POLICY tenant_eraser ON accounts_idempotencykey USING ({OWN})",
        )
    ]
