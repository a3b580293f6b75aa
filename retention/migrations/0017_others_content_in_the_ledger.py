"""Others' content that goes with an erasure is listed in its step and in the ledger, so that it goes after a restore.

What is there already has no list, which is not an empty one: null. A step that is under way makes its list later.
"""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0016_sent_again")]

    operations = [
        migrations.AddField(
            model_name="erasurerun",
            name="replayed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="replayed at"),
        ),
        migrations.AddField(
            model_name="erasurestep",
            name="kept",
            field=models.JSONField(blank=True, default=dict, verbose_name="kept of others' content"),
        ),
        migrations.AddField(
            model_name="erasurestep",
            name="listed",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), blank=True, null=True, size=None, verbose_name="listed rows"
            ),
        ),
        migrations.AlterField(
            model_name="erasurestep",
            name="listed",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(),
                blank=True,
                default=list,
                null=True,
                size=None,
                verbose_name="listed rows",
            ),
        ),
        migrations.AddField(
            model_name="erasureentry",
            name="others_refs",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), blank=True, null=True, size=None
            ),
        ),
        migrations.AlterField(
            model_name="erasureentry",
            name="others_refs",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), blank=True, default=list, null=True, size=None
            ),
        ),
        migrations.RemoveConstraint(model_name="erasureentry", name="erasure_entry_whole_until_purged"),
        migrations.AddConstraint(
            model_name="erasureentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("organization_ref__isnull", False), ("purged_at__isnull", True), ("run__isnull", False)),
                    models.Q(
                        ("organization_ref__isnull", True),
                        ("purged_at__isnull", False),
                        ("request_ref__isnull", True),
                        ("run__isnull", True),
                        ("subject_refs", []),
                        models.Q(("others_refs", []), ("others_refs__isnull", True), _connector="OR"),
                    ),
                    _connector="OR",
                ),
                name="erasure_entry_whole_until_purged",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasureentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("others_refs__len__lte", 10000)), name="erasure_entry_others_are_bounded"
            ),
        ),
        # Purging takes this list too; its digest nobody may change.
        migrations.RunSQL(
            "GRANT UPDATE (others_refs) ON retention_erasureentry TO terme_vendor",
            "REVOKE UPDATE (others_refs) ON retention_erasureentry FROM terme_vendor",
            hints={"database": "ledger"},
        ),
    ]
