"""Whoever loads content in bulk looks which people are fenced, like every other writer."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("retention", "0006_external_stores")]

    operations = [
        migrations.RunSQL(
            "GRANT SELECT ON retention_requestsubject TO terme_loader",
            "REVOKE SELECT ON retention_requestsubject FROM terme_loader",
        ),
    ]
