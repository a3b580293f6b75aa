"""Roles that need a second factor, and identity providers."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from accounts.db.security import READ_WRITE, row_security, shared_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_provisioned_groups"),
    ]

    operations = [
        migrations.CreateModel(
            name="FactorRequirement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("administrator", "Administrator"),
                            ("contract_manager", "Contract manager"),
                            ("support", "Support"),
                            ("privacy_officer", "Privacy officer"),
                            ("finance", "Finance"),
                            ("auditor", "Auditor"),
                            ("client_administrator", "Client administrator"),
                            ("client_finance", "Client finance"),
                            ("client_privacy_officer", "Client privacy officer"),
                            ("authorised_contact", "Authorised contact"),
                        ],
                        max_length=32,
                        verbose_name="role",
                    ),
                ),
                ("required_at", models.DateTimeField(verbose_name="required at")),
                ("required_by", models.CharField(max_length=80, verbose_name="required by")),
                ("lifted_at", models.DateTimeField(blank=True, null=True, verbose_name="lifted at")),
                ("lifted_by", models.CharField(blank=True, max_length=80, verbose_name="lifted by")),
            ],
            options={
                "verbose_name": "requirement of a second factor",
                "verbose_name_plural": "requirements of a second factor",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at__isnull", True)),
                        fields=("role",),
                        name="factor_requirement_once_a_role",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                [
                                    "administrator",
                                    "contract_manager",
                                    "support",
                                    "privacy_officer",
                                    "finance",
                                    "auditor",
                                    "client_administrator",
                                    "client_finance",
                                    "client_privacy_officer",
                                    "authorised_contact",
                                ],
                            )
                        ),
                        name="factor_requirement_of_a_known_role",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at__isnull", True), ("lifted_by", "")),
                            models.Q(
                                ("lifted_at__gte", models.F("required_at")),
                                ("lifted_at__isnull", False),
                                models.Q(("lifted_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="factor_requirement_lifted_by_somebody_afterwards",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdentityProvider",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "slug",
                    models.CharField(
                        help_text="Part of its addresses", max_length=50, unique=True, verbose_name="short name"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("issuer", models.CharField(max_length=400, verbose_name="issuer")),
                ("client_id", models.CharField(max_length=255, verbose_name="client id")),
                ("sealed_secret", models.BinaryField()),
                ("key_version", models.PositiveIntegerField(verbose_name="key version")),
                ("enabled", models.BooleanField(default=True, verbose_name="enabled")),
                (
                    "enforced",
                    models.BooleanField(
                        default=False,
                        help_text="Passwords and passkeys of its members do not open",
                        verbose_name="the only way in",
                    ),
                ),
                (
                    "checks_second_factor",
                    models.BooleanField(
                        default=False,
                        help_text="Then its sign-in is enough where a role needs one",
                        verbose_name="asks for a second factor itself",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the vendor's staff",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "identity provider",
                "verbose_name_plural": "identity providers",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name", ""), _negated=True),
                            models.Q(("issuer", ""), _negated=True),
                            models.Q(("client_id", ""), _negated=True),
                            models.Q(("slug", ""), _negated=True),
                        ),
                        name="identity_provider_is_described",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("enforced", False), ("enabled", True), _connector="OR"),
                        name="identity_provider_enforced_only_if_enabled",
                    ),
                ],
            },
        ),
        # Django looks for tokens before it takes a sign-in by a provider away; there are none.
        migrations.RunSQL(
            "GRANT DELETE ON socialaccount_socialtoken TO terme_vendor",
            "REVOKE DELETE ON socialaccount_socialtoken FROM terme_vendor",
        ),
        *shared_security("accounts_factorrequirement"),
        *row_security("accounts_identityprovider", app="SELECT", vendor=READ_WRITE, eraser="SELECT", vendors_own=True),
    ]
