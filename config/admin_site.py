"""The admin site: who is let in, and which links are shown. What is seen there goes by permission and scope."""

from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from accounts import tenancy
from accounts.models import User
from accounts.operations import audit, clock


class TermeAdminSite(UnfoldAdminSite):
    """One site for the vendor's staff and the clients' members."""

    index_title = _("Due and late")

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_staff", False))

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return the groups of links, each link only for those who may open its list; no empty group."""
        groups: list[dict[str, Any]] = super().get_sidebar_list(request)
        for group in groups:
            group["items"] = [item for item in group["items"] if self._may_view(item.get("model"), request)]
        return [group for group in groups if group["items"]]

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Let people change their own password. A client's member may not write its row otherwise, so the scope widens.

        The form only touches the signed-in user.
        """
        with tenancy.vendor():
            response = super().password_change(request, extra_context)
            if request.method == "POST" and response.status_code == 302 and isinstance(request.user, User):
                by = f"user:{request.user.public_id}"
                audit.record("user.password_changed", request.user, by=by, at=clock.instant())
            render = getattr(response, "render", None)
            found: HttpResponse = render() if callable(render) else response
            return found

    def _may_view(self, label: str | None, request: HttpRequest) -> bool:
        return label is None or self.get_model_admin(apps.get_model(label)).has_view_permission(request)
