"""The addresses: admin, sign-in, REST, health."""

from django.contrib import admin
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
urlpatterns = [
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("i18n/", include("django.conf.urls.i18n")),
    path("account/", include("accounts.signin.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("config.api")),
    path("verify", verify.page, name="verify"),
    path("privacy/", include("retention.public.urls")),
    path("scim/v2/", include("accounts.api.scim.urls")),
    path("calendar/<str:token>.ics", CalendarView.as_view(), name="calendar"),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]
