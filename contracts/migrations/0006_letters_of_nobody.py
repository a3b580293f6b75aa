"""Letters that were put away before anybody knew whose they were: the eraser of what belongs to no client sees them."""

from importlib import import_module

from django.db import migrations

of_nobody = import_module("accounts.migrations.0016_what_belongs_to_no_client").of_nobody


class Migration(migrations.Migration):
    dependencies = [("contracts", "0005_features"), ("accounts", "0016_what_belongs_to_no_client")]

    operations = [of_nobody("contracts_intake")]
