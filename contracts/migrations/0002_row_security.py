"""Who may see and write which rows of contracts; composite tenant keys."""

from django.db import migrations

from accounts.db.security import READ_WRITE, composite_keys, row_security


class Migration(migrations.Migration):
    dependencies = [("contracts", "0001_initial"), ("accounts", "0002_row_security")]
    operations = [
        *row_security("contracts_contract", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        *row_security("contracts_term", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        *row_security("contracts_notice", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT"),
        composite_keys("contracts_term", {"contract_id": "contracts_contract"}),
        composite_keys("contracts_notice", {"contract_id": "contracts_contract", "proof_id": "accounts_document"}),
    ]
