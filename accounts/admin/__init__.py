"""The admin of accounts, one noun a file. Importing them registers them."""

from django.contrib import admin
from django.contrib.auth.models import Group

from accounts.admin import credential, document, licence, licensed_user, member, organization, trail

__all__ = ["credential", "document", "licence", "licensed_user", "member", "organization", "trail"]

# Roles are ours (accounts/rules/permissions.py): the framework's groups mean nothing here.
admin.site.unregister(Group)
