"""The wiring as apps: commands of the whole service, and the admin site."""

from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = _("Service")

    def ready(self) -> None:
        """Let the fields without a name of their own speak the reader's language; the migrations keep the English."""
        for model in apps.get_models():
            for field in model._meta.local_fields:
                # What a migration writes of a field without a name stays without one.
                if field.deconstruct()[3].get("verbose_name") is None:
                    field.verbose_name = _(str(field.verbose_name))


class TermeAdminConfig(AdminConfig):
    default_site = "config.admin_site.TermeAdminSite"
