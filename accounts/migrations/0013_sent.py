"""What was sent, kept beside the ledger, so that a restore sends nothing twice; what a restore holds back."""

import django.contrib.postgres.fields
from django.db import migrations, models

from accounts.db.security import READ_WRITE, privileges, vendors_rows


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_tokens_of_programs"),
    ]

    operations = [
        migrations.CreateModel(
            name="LostMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message", models.UUIDField(unique=True, verbose_name="outbox message")),
                ("topic", models.CharField(max_length=80, verbose_name="topic")),
                ("meaning", models.CharField(max_length=64, verbose_name="meaning")),
                ("matter", models.CharField(max_length=64, verbose_name="matter")),
                (
                    "readers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), verbose_name="sent to"
                    ),
                ),
                ("mails", models.PositiveIntegerField(default=0, verbose_name="mails")),
                ("sent_at", models.DateTimeField(verbose_name="sent at")),
                ("lost_at", models.DateTimeField(verbose_name="restore noticed at")),
                ("repeated_by", models.UUIDField(blank=True, null=True, unique=True, verbose_name="repeated by")),
            ],
            options={
                "verbose_name": "lost message",
                "verbose_name_plural": "lost messages",
            },
        ),
        migrations.CreateModel(
            name="SentRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("mail", "Mail"), ("webhook", "Webhook")], max_length=10, verbose_name="kind"
                    ),
                ),
                ("message", models.UUIDField(verbose_name="outbox message")),
                ("reader", models.CharField(max_length=64, verbose_name="sent to")),
                ("topic", models.CharField(max_length=80, verbose_name="topic")),
                ("meaning", models.CharField(max_length=64, verbose_name="meaning")),
                ("matter", models.CharField(max_length=64, verbose_name="matter")),
                ("sent_at", models.DateTimeField(verbose_name="sent at")),
            ],
            options={
                "verbose_name": "sent record",
                "verbose_name_plural": "sent records",
            },
        ),
        migrations.AddField(
            model_name="outboxmessage",
            name="held_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="held at"),
        ),
        migrations.AddField(
            model_name="outboxmessage",
            name="released_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="released at"),
        ),
        migrations.AddIndex(
            model_name="outboxmessage",
            index=models.Index(condition=models.Q(("held_at__isnull", False)), fields=["id"], name="outbox_held"),
        ),
        migrations.AddConstraint(
            model_name="outboxmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(("held_at__isnull", True), ("released_at__isnull", True), _connector="OR"),
                name="outbox_held_until_released",
            ),
        ),
        migrations.AddIndex(
            model_name="lostmessage",
            index=models.Index(
                condition=models.Q(("repeated_by__isnull", True)), fields=["matter"], name="lost_message_by_matter"
            ),
        ),
        migrations.AddIndex(
            model_name="lostmessage",
            index=models.Index(fields=["sent_at"], name="lost_message_by_instant"),
        ),
        migrations.AddIndex(
            model_name="sentrecord",
            index=models.Index(fields=["sent_at"], name="sent_record_by_instant"),
        ),
        migrations.AddConstraint(
            model_name="sentrecord",
            constraint=models.UniqueConstraint(fields=("message", "reader"), name="sent_record_once"),
        ),
        migrations.AddConstraint(
            model_name="sentrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["mail", "webhook"])), name="sent_record_kind_known"
            ),
        ),
        migrations.RunSQL(
            [
                "ALTER TABLE accounts_sentrecord ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE accounts_sentrecord FORCE ROW LEVEL SECURITY",
                "CREATE POLICY tenant_app ON accounts_sentrecord TO terme_app USING (false)",
                "CREATE POLICY whole_vendor ON accounts_sentrecord TO terme_vendor USING (true)",
                "CREATE POLICY old_eraser ON accounts_sentrecord TO terme_eraser USING (true)",
            ],
            [
                "ALTER TABLE accounts_sentrecord NO FORCE ROW LEVEL SECURITY",
                "ALTER TABLE accounts_sentrecord DISABLE ROW LEVEL SECURITY",
                "DROP POLICY tenant_app ON accounts_sentrecord",
                "DROP POLICY whole_vendor ON accounts_sentrecord",
                "DROP POLICY old_eraser ON accounts_sentrecord",
            ],
            hints={"database": "ledger"},
        ),
        *privileges(
            "accounts_sentrecord", app="SELECT", vendor="SELECT, INSERT", eraser="SELECT, DELETE", database="ledger"
        ),
        *vendors_rows("accounts_lostmessage", f"{READ_WRITE}, DELETE"),
    ]
