"""Who may see, write and delete which rows of retention. Only ``terme_eraser`` deletes from the vault."""

from django.db import migrations

from accounts.db.security import READ_WRITE, composite_keys, privileges, row_security

APPEND = "SELECT, INSERT"
# ``FOR SHARE`` needs UPDATE on some column: this one, so that nobody but the eraser can open or close a vault.
FENCE = "SELECT, INSERT, UPDATE (changed_at)"
REQUEST = "retention_deletionrequest"
RUN = "retention_erasurerun"

CONTENT = [
    operation
    for table in ("retention_conversation", "retention_message", "retention_contextitem", "retention_diagnostic")
    for operation in row_security(table, app=APPEND, vendor="SELECT", eraser="SELECT, DELETE", loader=APPEND)
]

LEDGER_TENANT = "(SELECT NULLIF(current_setting('terme.organization_ref', true), '')::uuid)"


def ledger_security(table: str) -> migrations.RunSQL:
    """Row security in the ledger goes by the organization's opaque id."""
    policies = {
        "tenant_app": f"TO terme_app USING (organization_ref = {LEDGER_TENANT})",
        "whole_vendor": "TO terme_vendor USING (true)",
        "tenant_eraser": f"TO terme_eraser USING (organization_ref = {LEDGER_TENANT})",
    }
    return migrations.RunSQL(
        [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            *(f"CREATE POLICY {name} ON {table} {rule}" for name, rule in policies.items()),
        ],
        [
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
            *(f"DROP POLICY {name} ON {table}" for name in policies),
        ],
        hints={"database": "ledger"},
    )


class Migration(migrations.Migration):
    dependencies = [("retention", "0001_initial"), ("contracts", "0002_row_security")]
    operations = [
        *row_security("retention_vault", app=FENCE, vendor=FENCE, eraser="SELECT, UPDATE", loader=FENCE),
        *CONTENT,
        *row_security(REQUEST, app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT, UPDATE"),
        *row_security("retention_legalhold", app="SELECT", vendor=READ_WRITE, eraser="SELECT"),
        *row_security("retention_export", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT, DELETE"),
        *row_security("retention_archiveauthorization", app=APPEND, vendor=APPEND, eraser="SELECT"),
        *row_security("retention_aggregatearchive", app="SELECT", vendor=APPEND, eraser="SELECT"),
        *row_security(RUN, app="SELECT", vendor=READ_WRITE, eraser=READ_WRITE),
        *row_security("retention_erasurestep", app="SELECT", vendor=READ_WRITE, eraser=READ_WRITE),
        *row_security("retention_verification", app="SELECT", vendor=APPEND, eraser=APPEND),
        *row_security("retention_certificate", app="SELECT", vendor=APPEND, eraser=APPEND),
        composite_keys("retention_conversation", {"subject_id": "accounts_licenseduser"}),
        composite_keys(
            "retention_message",
            {"subject_id": "accounts_licenseduser", "conversation_id": "retention_conversation"},
        ),
        composite_keys("retention_contextitem", {"subject_id": "accounts_licenseduser"}),
        composite_keys("retention_diagnostic", {"subject_id": "accounts_licenseduser"}),
        composite_keys("retention_export", {"request_id": REQUEST}),
        composite_keys("retention_archiveauthorization", {"proof_id": "accounts_document"}),
        composite_keys("retention_aggregatearchive", {"request_id": REQUEST}),
        composite_keys(RUN, {"request_id": REQUEST}),
        *(
            composite_keys(f"retention_{table}", {"run_id": RUN})
            for table in ("erasurestep", "verification", "certificate")
        ),
        ledger_security("retention_datakey"),
        ledger_security("retention_erasureentry"),
        *privileges("retention_datakey", app=APPEND, vendor=READ_WRITE, eraser="SELECT, DELETE", database="ledger"),
        *privileges("retention_erasureentry", app="SELECT", vendor="SELECT", eraser=APPEND, database="ledger"),
        *privileges("django_migrations", app="SELECT", vendor="SELECT", eraser="SELECT", database="ledger"),
    ]
