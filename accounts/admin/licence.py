"""The admin of licence grants: written by contracts, looked at here."""

from django.contrib import admin

from accounts.admin.base import ReadOnly
from accounts.models import LicenceGrant
from accounts.rules.permissions import Permission


@admin.register(LicenceGrant)
class LicenceGrantAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    list_display = ("source", "organization", "seats", "valid_from", "valid_until")
    list_filter = (("valid_until", admin.EmptyFieldListFilter),)
    search_fields = ("source", "organization__name")
    list_select_related = ("organization",)
