"""What the admin's first page shows: what is due and what is late."""

from typing import Any

from django.http import HttpRequest


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the figures of the dashboard."""
    return context
