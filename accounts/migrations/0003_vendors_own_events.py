"""Events, and their details, that only the vendor reads: what it plans is no client's to see."""

from django.db import migrations, models

from accounts.db.security import TENANT

TABLES = ("accounts_auditevent", "accounts_auditdetail")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_row_security")]
    operations = [
        *(
            migrations.AddField(
                model,
                "vendor_only",
                models.BooleanField(db_default=False, default=False, verbose_name="for the vendor only"),
            )
            for model in ("AuditEvent", "AuditDetail")
        ),
        migrations.RunSQL(
            [
                f"ALTER POLICY tenant_app ON {table} USING (organization_id = {TENANT} AND NOT vendor_only)"
                for table in TABLES
            ],
            [f"ALTER POLICY tenant_app ON {table} USING (organization_id = {TENANT})" for table in TABLES],
        ),
    ]
