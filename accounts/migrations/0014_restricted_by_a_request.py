"""What a person was called before, by which request processing was restricted, when a webhook was asked for again."""

import django.contrib.postgres.fields
from django.db import migrations, models

# What a person was called before stays with the person, whoever changes it and however: an erasure looks for it too.
FORMER = """
CREATE FUNCTION accounts_keep_former_identifiers() RETURNS trigger LANGUAGE plpgsql AS $former$
DECLARE
    now_has text[] := ARRAY[NEW.external_id, NEW.user_name, NEW.email, NEW.provisioned_id];
BEGIN
    NEW.former_identifiers := ARRAY(
        SELECT DISTINCT had FROM (
            SELECT unnest(OLD.former_identifiers)
            UNION ALL SELECT unnest(ARRAY[OLD.external_id, OLD.user_name, OLD.email, OLD.provisioned_id])
            UNION ALL SELECT left(entry ->> 'value', 254) FROM jsonb_array_elements(
                CASE jsonb_typeof(OLD.profile -> 'emails') WHEN 'array' THEN OLD.profile -> 'emails' ELSE '[]' END
            ) AS entry WHERE jsonb_typeof(entry) = 'object'
        ) AS before (had)
        WHERE had <> '' AND had <> ALL (now_has)
        ORDER BY had
    );
    RETURN NEW;
END
$former$
"""
KEPT = """
CREATE TRIGGER accounts_licenseduser_former BEFORE UPDATE ON accounts_licenseduser FOR EACH ROW WHEN (
    (OLD.external_id, OLD.user_name, OLD.email, OLD.provisioned_id, OLD.former_identifiers, OLD.profile -> 'emails')
    IS DISTINCT FROM
    (NEW.external_id, NEW.user_name, NEW.email, NEW.provisioned_id, NEW.former_identifiers, NEW.profile -> 'emails')
) EXECUTE FUNCTION accounts_keep_former_identifiers()
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_sent"),
    ]

    operations = [
        migrations.AddField(
            model_name="webhookdelivery",
            name="asked_again_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="asked for again at"),
        ),
        migrations.AddField(
            model_name="document",
            name="given_by",
            field=models.CharField(blank=True, default="", max_length=80, verbose_name="given by"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="licenseduser",
            name="former_identifiers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=254),
                blank=True,
                default=list,
                editable=False,
                size=None,
                verbose_name="former identifiers",
            ),
        ),
        migrations.RunSQL(FORMER, "DROP FUNCTION accounts_keep_former_identifiers()"),
        migrations.RunSQL(KEPT, "DROP TRIGGER accounts_licenseduser_former ON accounts_licenseduser"),
        migrations.AddField(
            model_name="licenseduser",
            name="processing_request",
            field=models.UUIDField(blank=True, null=True, verbose_name="processing restricted by request"),
        ),
        migrations.AddConstraint(
            model_name="licenseduser",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("processing_request__isnull", True), ("processing_restricted_at__isnull", False), _connector="OR"
                ),
                name="licensed_user_restricted_by_a_request",
            ),
        ),
    ]
