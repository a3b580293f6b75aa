"""The admin of API tokens: issued, rotated, revoked. A text is shown once; digests are not shown."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import action

from accounts import labels
from accounts.admin.acting import act, actor_of, own_organization, the_user, works_for_vendor
from accounts.admin.forms import OperationForm
from accounts.admin.telling import Telling
from accounts.models import ApiToken, Organization
from accounts.operations import clock, tokens
from accounts.rules.permissions import FOR_PROGRAMS, Permission

MANAGE = Permission.MANAGE_TOKENS.value
YEAR = timedelta(days=365)


class TokenForm(OperationForm):
    """A new token. A client's program works in its own organization."""

    organization = forms.ModelChoiceField(
        label=_("Organization"),
        queryset=Organization.objects.order_by("name"),
        required=False,
        help_text=_("Whose program it is. Empty: the vendor's own"),
    )
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Such as the name of the program"))
    permissions = forms.MultipleChoiceField(label=_("Permissions"))
    expires_at = forms.DateTimeField(
        label=_("Expires at"),
        initial=lambda: (clock.instant() + YEAR).replace(second=0, microsecond=0),
        help_text=_("Time in UTC; in two years at most"),
    )
    personal = forms.BooleanField(
        label=_("Personal"),
        required=False,
        help_text=_("It acts for you and ends with your access. A program's stays, and makes no decisions"),
    )

    def prepare(self) -> None:
        if self.request is None:
            return
        user, field = the_user(self.request), self.fields["permissions"]
        if not works_for_vendor(self.request):
            del self.fields["organization"]
        if isinstance(field, forms.MultipleChoiceField):
            mine = [(one.value, label) for one, label in labels.PERMISSIONS.items() if user.has_perm(one)]
            field.choices = [
                (_("A program may have these"), [pair for pair in mine if pair[0] in FOR_PROGRAMS]),
                (_("Personal tokens only"), [pair for pair in mine if pair[0] not in FOR_PROGRAMS]),
            ]

    def _widget(self, name: str, field: forms.Field) -> forms.Widget:
        found = super()._widget(name, field)
        if name == "permissions":
            found.attrs["size"] = 16
        return found


class TokenRotationForm(OperationForm):
    """How long the old token opens beside the new one."""

    overlap_hours = forms.IntegerField(
        label=_("Hours in which the old token opens too"),
        min_value=0,
        max_value=tokens.LONGEST_OVERLAP_HOURS,
        initial=24,
        help_text=_("0: it is revoked at once"),
    )
    expires_at = forms.DateTimeField(
        label=_("The new one expires at"),
        required=False,
        help_text=_("Time in UTC. Empty: it lives as long as the old one was made for"),
    )


@admin.register(ApiToken)
class ApiTokenAdmin(Telling[ApiToken]):
    viewing = Permission.MANAGE_TOKENS
    adding = Permission.MANAGE_TOKENS
    adding_is_sensitive = True
    telling_title = _("New API token")
    telling_explanation = _("This token is shown once. Whoever has it can do what it permits: keep it secret.")
    hidden = ("digest",)
    list_display = (
        "prefix",
        "name",
        "user",
        "organization",
        "expires_at",
        "rotated_at",
        "revoked_at",
        "last_used_at",
    )
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), ("user", admin.EmptyFieldListFilter))
    search_fields = ("prefix", "name", "series", "user__email", "organization__name")
    list_select_related = ("user", "organization")
    actions_detail = ("rotate", "revoke")

    def described(self, obj: ApiToken) -> str:
        return f"{obj.name} · {obj.user or obj.organization or _('the vendor')}"

    def add_page(self, request: HttpRequest) -> HttpResponse:
        """Issue a token, and show its text on the page that follows."""

        def issue(data: dict[str, Any]) -> tuple[ApiToken, str]:
            user, personal = the_user(request), data.pop("personal")
            organization = data.pop("organization", None)
            data |= {"held": _held(request), "now": clock.instant(), "by": actor_of(request)}
            if personal:
                return tokens.issue(user, organization=organization, **data)
            return tokens.issue_to_program(own_organization(request) or organization, **data)

        return self.telling(request, title=_("Issue an API token"), form=TokenForm, do=issue)

    @action(description=_("Rotate"), url_path="rotate", permissions=[MANAGE], icon="autorenew")
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        token: ApiToken = self.object_or_404(request, object_id)

        def rotate(data: dict[str, Any]) -> tuple[ApiToken, str]:
            return tokens.rotate(
                token,
                asking=the_user(request),
                held=_held(request),
                overlap=timedelta(hours=data["overlap_hours"]),
                expires_at=data["expires_at"],
                now=clock.instant(),
                by=actor_of(request),
            )

        return self.telling(
            request,
            title=_("Rotate the token"),
            explanation=_("The program gets another token. The old one opens beside it for a while."),
            form=TokenRotationForm,
            do=rotate,
            touched=token,
            sensitive=True,
        )

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

    def makes_sense(self, request: HttpRequest, obj: ApiToken, method: Any) -> bool:
        if getattr(method, "__name__", "") == "rotate":
            own = obj.user is None or obj.user == request.user
            return own and obj.rotated_at is None and obj.usable(at=clock.instant())
        return super().makes_sense(request, obj, method)


def _held(request: HttpRequest) -> frozenset[Permission]:
    user = the_user(request)
    return frozenset(permission for permission in Permission if user.has_perm(permission))
