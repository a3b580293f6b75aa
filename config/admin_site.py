"""The admin site: who is let in. What is seen there goes by permission and scope."""

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite


class TermeAdminSite(UnfoldAdminSite):
    """One site for the vendor's staff and the clients' members."""

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_staff", False))
