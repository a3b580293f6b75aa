"""Tokens that belong to an organization instead of a person, and series of tokens that follow each other."""

import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.db.security import READ_WRITE, privileges


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_how_people_sign_in")]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="rotated_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="rotated at"),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="series",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(),
                default=uuid.uuid4,
                editable=False,
                verbose_name="series",
            ),
        ),
        migrations.AlterField(
            model_name="apitoken",
            name="user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.UniqueConstraint(
                condition=models.Q(("rotated_at__isnull", True)),
                fields=("series",),
                name="api_token_one_latest_of_a_series",
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("user__isnull", False),
                    (
                        "permissions__contained_by",
                        [
                            "change_licensed_user",
                            "change_organization",
                            "check_entitlement",
                            "delete_licensed_user",
                            "import_portfolio",
                            "ingest_content",
                            "make_quote",
                            "provision_users",
                            "report_activity",
                            "view_contract",
                            "view_deletion_request",
                            "view_document",
                            "view_licensed_user",
                            "view_operation",
                            "view_organization",
                            "view_statement",
                            "view_trail",
                        ],
                    ),
                    _connector="OR",
                ),
                name="api_token_of_a_program_decides_nothing",
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("organization__isnull", True),
                    (
                        "permissions__contained_by",
                        [
                            "accept_offer",
                            "accept_quote",
                            "authorise_archive",
                            "change_access_policy",
                            "change_licensed_user",
                            "check_entitlement",
                            "delete_licensed_user",
                            "export_content",
                            "give_notice",
                            "ingest_content",
                            "make_quote",
                            "manage_access_rules",
                            "manage_feeds",
                            "manage_tokens",
                            "manage_webhooks",
                            "provision_users",
                            "report_activity",
                            "request_deletion",
                            "request_switching",
                            "restrict_processing",
                            "view_content",
                            "view_contract",
                            "view_deletion_request",
                            "view_licensed_user",
                            "view_organization",
                            "view_statement",
                            "view_trail",
                        ],
                    ),
                    _connector="OR",
                ),
                name="api_token_of_a_client_holds_a_clients_rights",
            ),
        ),
        # A client issues, rotates and revokes its own.
        *privileges("accounts_apitoken", app=READ_WRITE, vendor=READ_WRITE, eraser="SELECT, DELETE"),
    ]
