"""How the admin looks: title, colours, and the sidebar in the order of a contract's life."""

from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def theme() -> dict[str, Any]:
    """Return unfold's settings."""
    return {
        "SITE_TITLE": "Terme",
        "SITE_HEADER": "Terme",
        "SITE_SUBHEADER": _("Contracts that end well"),
        "SITE_SYMBOL": "event_repeat",
        "SHOW_HISTORY": False,
        "SHOW_VIEW_ON_SITE": False,
        "SHOW_LANGUAGES": True,
        "DASHBOARD_CALLBACK": "config.dashboard.context",
        "COLORS": {
            "primary": {
                "50": "oklch(97.1% .014 195)",
                "100": "oklch(93.6% .032 195)",
                "200": "oklch(88.5% .055 195)",
                "300": "oklch(80.8% .08 195)",
                "400": "oklch(70.4% .1 195)",
                "500": "oklch(59% .1 195)",
                "600": "oklch(50% .09 195)",
                "700": "oklch(43% .08 195)",
                "800": "oklch(37% .07 195)",
                "900": "oklch(32% .06 195)",
                "950": "oklch(22% .04 195)",
            }
        },
        "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": _navigation()},
    }


def _item(title: Any, icon: str, model: str) -> dict[str, Any]:
    permission = f"config.admin_site.may_view_{model}"
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist"), "permission": permission}


def _navigation() -> list[dict[str, Any]]:
    return []
