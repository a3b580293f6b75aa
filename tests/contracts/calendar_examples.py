"""An example that breaks each constraint of calendars, and only it."""

import uuid

from contracts.models import CalendarEvent, CalendarFeed
from tests.contracts.agreements import at
from tests.contracts.copies import copy


def _events(found):
    return CalendarEvent.objects.filter(contract=found, kind="last_notice", occurrence=1)


def event(**values):
    return lambda found: _events(found).update(**values)


def a_feed(**values):
    """Insert a feed of the organization, with other values."""

    def insert(found):
        CalendarFeed.objects.create(
            **{
                "organization_id": found.organization_id,
                "kind": "organization",
                "language": "en",
                "prefix": "tcal_",
                "digest": uuid.uuid4().hex * 2,
                "created_by": "user:one",
                "created_at": at("2025-06-01"),
                **values,
            }
        )

    return insert


EXAMPLES = {
    "contracts_calendarevent_public_id_key": copy(
        _events, kind="send_by", public_id=lambda found: _events(found).get().public_id
    ),
    "calendar_event_once": copy(_events),
    "calendar_event_kind_known": event(kind="whim"),
    "calendar_event_cancelled_by_a_revision": event(cancelled_at=at("2025-06-01")),
    "calendar_feed_of_what_its_kind_says": a_feed(kind="portfolio"),
    "calendar_feed_language_known": a_feed(language="de"),
    "calendar_feed_keeps_a_digest": a_feed(digest="tcal_secret"),
}
