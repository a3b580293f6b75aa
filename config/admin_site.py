"""The admin site: who is let in, and which links are shown. What is seen there goes by permission and scope."""

from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite


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

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Return the tables by app, asked for when something shows them: every page is given them, few do."""
        return SimpleLazyObject(lambda: super(TermeAdminSite, self).get_app_list(request, app_label))

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the one page of sign-in. Who is signed in and works nowhere any more is told so, not sent around."""
        if request.user.is_authenticated and not self.has_permission(request):
            return HttpResponseRedirect(reverse("account_inactive"))
        back = request.GET.get("next", "")
        return HttpResponseRedirect(reverse("account_login") + (f"?{urlencode({'next': back})}" if back else ""))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the page of sign-in that changes one's own password."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def _may_view(self, label: str | None, request: HttpRequest) -> bool:
        return label is None or self.get_model_admin(apps.get_model(label)).has_view_permission(request)
