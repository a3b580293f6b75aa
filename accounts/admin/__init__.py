"""The admin of accounts, one noun a file. Importing them registers them."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Group

from accounts.admin import (
    access_policy,
    access_rule,
    bulk_job,
    credential,
    document,
    licence,
    licensed_user,
    member,
    organization,
    provisioned_group,
    sign_in,
    trail,
    webhook,
)

__all__ = [
    "access_policy",
    "access_rule",
    "bulk_job",
    "credential",
    "document",
    "licence",
    "licensed_user",
    "member",
    "organization",
    "provisioned_group",
    "sign_in",
    "trail",
    "webhook",
]

# Roles are ours (accounts/rules/permissions.py): the framework's groups mean nothing here.
admin.site.unregister(Group)
# Addresses, factors and sign-ins by a provider are seen on their person's page, and changed by operations.
admin.site.unregister([Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken])
