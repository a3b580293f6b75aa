"""The addresses: admin, sign-in, REST, health."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.signin import pages
from config import errors, health
from contracts.api.calendar import CalendarView
from retention.api import verify

handler403 = errors.forbidden
handler404 = errors.missing
handler500 = errors.broken
handler429 = pages.too_many


@login_not_required
def icon(request: HttpRequest) -> HttpResponseRedirect:
    """Lead to the icon: where a page names none, as an answer of REST, browsers ask for it here."""
    return HttpResponseRedirect(static("favicon.svg"))


setattr(icon, pages.OWN_SCOPE, True)
urlpatterns = [
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("i18n/", include("django.conf.urls.i18n")),
    path("favicon.ico", icon),
    path("account/", include("accounts.signin.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("config.api")),
    path("verify", verify.page, name="verify"),
    path("privacy/", include("retention.public.urls")),
    path("scim/v2/", include("accounts.api.scim.urls")),
    path("calendar/<str:token>.ics", CalendarView.as_view(), name="calendar"),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]
