"""The eraser without a client sees what belongs to none, and nothing of a client; a client's eraser sees none of it.

One policy for the role, so with OR: what it does to a client's rows names the client, and so uses the tenant's index.
"""

from django.db import migrations

from accounts.db.security import TENANT

TABLES = ("accounts_auditevent", "accounts_auditdetail", "accounts_outboxmessage", "accounts_webhookdelivery")


def of_nobody(table: str) -> migrations.RunSQL:
    """Let the eraser without a tenant see and delete the rows without one."""
    own = f"organization_id = {TENANT}"
    return migrations.RunSQL(
        f"ALTER POLICY tenant_eraser ON {table} USING ({own} OR (organization_id IS NULL AND {TENANT} IS NULL))",
        f"ALTER POLICY tenant_eraser ON {table} USING ({own})",
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0015_rights_on_requests_of_people")]

    operations = [of_nobody(table) for table in TABLES]
