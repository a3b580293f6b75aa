"""The admin of API tokens: looked at and revoked. Their texts are nowhere; their digests are not shown."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.admin.acting import act
from accounts.admin.base import ReadOnly
from accounts.models import ApiToken
from accounts.operations import tokens
from accounts.rules.permissions import Permission


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly):
    viewing = Permission.MANAGE_TOKENS
    hidden = ("digest",)
    list_display = ("prefix", "name", "user", "organization", "expires_at", "revoked_at", "last_used_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("prefix", "name", "user__email", "organization__name")
    list_select_related = ("user", "organization")
    actions_detail = ("revoke",)

    def described(self, obj: ApiToken) -> str:
        return f"{obj.name} · {obj.user}"

    @act(
        _("Revoke"),
        Permission.MANAGE_TOKENS,
        when=lambda token: token.revoked_at is None,
        many=True,
        done=ngettext_lazy("Revoked %(count)d token.", "Revoked %(count)d tokens.", "count"),
        icon="key_off",
    )
    def revoke(self, token: ApiToken, *, data: dict[str, Any], now: datetime, by: str) -> None:
        tokens.revoke(token, now=now, by=by)
