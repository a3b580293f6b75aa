"""The app of forgetting: the vault, deletion requests, erasure, certificates."""

from datetime import timedelta

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from retention.enums import ContentCategory
from retention.rules import minimums

SHORTEST_RETRIEVAL = timedelta(days=30)  # Data Act, Article 25(2)(g)


class RetentionConfig(AppConfig):
    name = "retention"
    verbose_name = _("Retention")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Refuse to start with minimums that cannot be read, or exports that end too early to be fetched."""
        if settings.EXPORT_KEPT < SHORTEST_RETRIEVAL:
            raise ImproperlyConfigured(f"EXPORT_KEPT_DAYS: at least {SHORTEST_RETRIEVAL.days} days.")
        try:
            minimums.parsed(settings.CONTENT_MINIMUMS, frozenset(ContentCategory.values))
        except ValueError as error:
            raise ImproperlyConfigured(str(error)) from None
        from retention.operations import mail_scopes, subject_letters

        subject_letters.register()
        mail_scopes.register()
