"""The calendar that a feed's address answers with. There is no sign-in: the token in the address is the credential."""

import hashlib
from contextlib import AbstractContextManager
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts import tenancy
from accounts.operations import clock
from contracts import ical
from contracts.models import CalendarFeed
from contracts.operations import feeds


class Whatever(BaseContentNegotiation):
    """A calendar is a calendar, whatever a program says that it accepts."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        renderer: BaseRenderer = renderers[0]
        return renderer, renderer.media_type


@extend_schema(exclude=True)
class CalendarView(APIView):
    """One address a feed. What it does not know, what is malformed and what was revoked get the same answer."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    content_negotiation_class = Whatever

    def get(self, request: Request, token: str) -> HttpResponse:
        """Answer with the calendar, or 304 where the caller has it already."""
        with tenancy.vendor():  # whose the token is shows only when it is found
            now = clock.instant()
            feed = feeds.find(token)
            if feed is not None:
                feeds.note_fetch(feed, now=now)
        if feed is None:
            return HttpResponse("Not found.\n", status=404, content_type="text/plain; charset=utf-8")
        with _scope_of(feed):
            body = ical.written(feed, feeds.events_of(feed, now=now))
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        asked: HttpRequest = request._request
        found = HttpResponse(body, content_type="text/calendar; charset=utf-8")
        found.headers["Content-Disposition"] = 'inline; filename="terme.ics"'
        answer = get_conditional_response(asked, etag=etag, response=found) or found
        answer.headers["ETag"] = etag
        answer.headers["Cache-Control"] = "private, no-cache"
        return answer


def _scope_of(feed: CalendarFeed) -> AbstractContextManager[None]:
    """Return the scope in which the events are read: a client's calendar sees what the client sees."""
    return tenancy.vendor() if feed.organization_id is None else tenancy.tenant(feed.organization_id)
