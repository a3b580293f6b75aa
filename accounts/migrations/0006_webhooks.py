"""Webhooks: endpoints, deliveries, and what the outbox must know to fan out in order."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import accounts.db.settled
from accounts.db.security import READ_WRITE, composite_keys, row_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_sealed_trail"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("lane", models.BigIntegerField(verbose_name="lane")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("delivered", "Delivered"), ("given_up", "Given up")],
                        default="waiting",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("next_attempt_at", models.DateTimeField(verbose_name="next attempt at")),
                ("claimed_until", models.DateTimeField(blank=True, null=True, verbose_name="claimed until")),
                ("claim", models.UUIDField(blank=True, editable=False, null=True, verbose_name="claim")),
                ("last_attempt_at", models.DateTimeField(blank=True, null=True, verbose_name="last attempt")),
                ("last_status", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="last status")),
                (
                    "last_error",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("status", "The answer is no success"),
                            ("redirect", "The answer leads elsewhere: redirects are not followed"),
                            ("timeout", "No answer in time"),
                            ("name", "The host name is unknown"),
                            ("forbidden_address", "The host is not at a public address"),
                            ("connection", "No connection"),
                            ("tls", "The certificate or the encryption is wrong"),
                            ("protocol", "The answer is not HTTP"),
                            ("unsigned", "It could not be signed: the key that opens its secret is missing"),
                            ("endpoint_disabled", "The endpoint was disabled"),
                        ],
                        max_length=32,
                        verbose_name="last error",
                    ),
                ),
                ("delivered_at", models.DateTimeField(blank=True, null=True, verbose_name="delivered at")),
                ("given_up_at", models.DateTimeField(blank=True, null=True, verbose_name="given up at")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
            ],
            options={
                "verbose_name": "webhook delivery",
                "verbose_name_plural": "webhook deliveries",
            },
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("url", models.CharField(max_length=2000, verbose_name="URL")),
                ("description", models.CharField(blank=True, max_length=200, verbose_name="description")),
                (
                    "topics",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80),
                        blank=True,
                        default=list,
                        help_text="Empty: all",
                        verbose_name="topics",
                    ),
                ),
                ("secret", models.BinaryField()),
                ("secret_version", models.PositiveIntegerField()),
                ("old_secret", models.BinaryField(null=True)),
                ("old_secret_version", models.PositiveIntegerField(null=True)),
                (
                    "old_secret_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="old secret signs until"),
                ),
                ("enabled", models.BooleanField(default=True, verbose_name="enabled")),
                ("failing_since", models.DateTimeField(blank=True, null=True, verbose_name="failing since")),
                ("failures", models.PositiveIntegerField(default=0, verbose_name="failures in a row")),
                (
                    "rests_until",
                    models.DateTimeField(
                        blank=True,
                        help_text="The receiver asked to be left alone (Retry-After)",
                        null=True,
                        verbose_name="rests until",
                    ),
                ),
                ("last_success_at", models.DateTimeField(blank=True, null=True, verbose_name="last success")),
                ("disabled_at", models.DateTimeField(blank=True, null=True, verbose_name="disabled at")),
                (
                    "disabled_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("by_hand", "Somebody disabled it"),
                            ("gone", "It answered that it is gone (410)"),
                            ("failing", "It failed for five days"),
                        ],
                        max_length=16,
                        verbose_name="disabled because",
                    ),
                ),
                ("created_by", models.CharField(max_length=80, verbose_name="created by")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
            ],
            options={
                "verbose_name": "webhook endpoint",
                "verbose_name_plural": "webhook endpoints",
            },
        ),
        migrations.AddField(
            model_name="outboxmessage",
            name="fanned_out_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="given to webhooks at"),
        ),
        migrations.AddField(
            model_name="outboxmessage",
            name="written_in",
            field=models.BigIntegerField(
                db_default=accounts.db.settled.CurrentTransaction(),
                editable=False,
                verbose_name="written in transaction",
            ),
        ),
        migrations.AddIndex(
            model_name="outboxmessage",
            index=models.Index(
                condition=models.Q(("fanned_out_at__isnull", True)), fields=["id"], name="outbox_to_fan_out"
            ),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="message",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.outboxmessage"
            ),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="organization",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.AddField(
            model_name="webhookendpoint",
            name="organization",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="endpoint",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="accounts.webhookendpoint",
                verbose_name="webhook endpoint",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.UniqueConstraint(
                fields=("organization", "id"), name="accounts_webhookendpoint_tenant_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("url__regex", "^https?://")), name="webhook_endpoint_url_is_http"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("disabled_at__isnull", True), ("disabled_reason", ""), ("enabled", True)),
                    models.Q(
                        ("disabled_at__isnull", False),
                        ("disabled_reason__in", ["by_hand", "gone", "failing"]),
                        ("enabled", False),
                    ),
                    _connector="OR",
                ),
                name="webhook_endpoint_disabled_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("failing_since__isnull", True), ("failures", 0)),
                    models.Q(("failing_since__isnull", False), ("failures__gt", 0)),
                    _connector="OR",
                ),
                name="webhook_endpoint_failing_since_a_failure",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("old_secret__isnull", True),
                        ("old_secret_until__isnull", True),
                        ("old_secret_version__isnull", True),
                    ),
                    models.Q(
                        ("old_secret__isnull", False),
                        ("old_secret_until__isnull", False),
                        ("old_secret_version__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="webhook_endpoint_old_secret_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["organization", "endpoint", "id"], name="webhook_delivery_by_tenant"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["endpoint", "lane", "message"],
                name="webhook_delivery_lane",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["next_attempt_at", "id"], name="webhook_delivery_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.UniqueConstraint(fields=("endpoint", "message"), name="webhook_delivery_once"),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("delivered_at__isnull", True), ("given_up_at__isnull", True), ("state", "waiting")),
                    models.Q(("delivered_at__isnull", False), ("given_up_at__isnull", True), ("state", "delivered")),
                    models.Q(("delivered_at__isnull", True), ("given_up_at__isnull", False), ("state", "given_up")),
                    _connector="OR",
                ),
                name="webhook_delivery_state_with_its_instant",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("claim__isnull", True), ("claimed_until__isnull", True)),
                    models.Q(("claim__isnull", False), ("claimed_until__isnull", False), ("state", "waiting")),
                    _connector="OR",
                ),
                name="webhook_delivery_claimed_while_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("last_error", ""),
                    (
                        "last_error__in",
                        [
                            "status",
                            "redirect",
                            "timeout",
                            "name",
                            "forbidden_address",
                            "connection",
                            "tls",
                            "protocol",
                            "unsigned",
                            "endpoint_disabled",
                        ],
                    ),
                    _connector="OR",
                ),
                name="webhook_delivery_error_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("last_status__isnull", True),
                    models.Q(("last_status__gte", 100), ("last_status__lte", 999)),
                    _connector="OR",
                ),
                name="webhook_delivery_status_is_http",
            ),
        ),
        composite_keys("accounts_webhookdelivery", {"endpoint_id": "accounts_webhookendpoint"}),
        *row_security("accounts_webhookendpoint", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT, UPDATE, DELETE"),
        *row_security("accounts_webhookdelivery", app="SELECT, UPDATE", vendor=READ_WRITE, eraser="SELECT, DELETE"),
    ]
