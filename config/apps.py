"""The wiring as apps: commands of the whole service, and the admin site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = _("Service")


class TermeAdminConfig(AdminConfig):
    default_site = "config.admin_site.TermeAdminSite"
