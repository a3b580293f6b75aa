"""How often one actor may call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView


class PerActor(SimpleRateThrottle):
    """Count per signed-in user, or per address before sign-in."""

    scope = "actor"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        public_id = getattr(request.user, "public_id", None)
        ident = str(public_id) if public_id else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}
