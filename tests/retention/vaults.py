"""What the tests of the vault share: organizations with people, made as the vendor."""

import itertools
import json
from datetime import UTC, datetime, timedelta

from accounts import tenancy
from accounts.enums import LegalCategory
from accounts.models import LicensedUser, Organization
from retention.content.lines import parse_line

BEFORE = datetime(2025, 1, 1, tzinfo=UTC)
TALKED_AT = datetime(2026, 2, 1, 10, tzinfo=UTC)
_numbers = itertools.count(1)


def an_organization(**values):
    """Make an organization with an identity of its own."""
    number = next(_numbers)
    with tenancy.vendor():
        return Organization.objects.create(
            **{
                "name": f"Client {number}",
                "country": "FR",
                "time_zone": "Europe/Paris",
                "legal_category": LegalCategory.COMPANY,
                "registration_number": f"V{number:08}",
                "created_at": BEFORE,
                **values,
            }
        )


def people_of(organization, *external_ids, **values):
    """Make licensed users of an organization and return them in this order."""
    with tenancy.tenant(organization.pk):
        return [
            LicensedUser.objects.create(
                **{
                    "organization": organization,
                    "external_id": external_id,
                    "user_name": f"{external_id}@client.example",
                    "email": f"{external_id}@client.example",
                    "display_name": external_id.title(),
                    "status_at": BEFORE,
                    "status_by": "user:client",
                    "changed_at": BEFORE,
                    "created_at": BEFORE,
                    **values,
                }
            )
            for external_id in external_ids
        ]


def a_line(number=1, kind="message", id="m1", at="2026-02-01T10:00:00+00:00", **fields):
    """Return a line of content as the product sends it, parsed."""
    return parse_line(json.dumps({"kind": kind, "id": id, "at": at, **fields}).encode(), number)


def a_talk(author="ann", place="c1", turns=2):
    """Return the lines of one conversation, as objects: it begins with its author, who and the assistant take turns."""
    talk = [
        {"kind": "conversation", "id": place, "at": "2026-02-01T10:00:00+00:00", "author": author, "title": "Leave"}
    ]
    for turn in range(turns):
        answer = turn % 2 == 1
        talk.append(
            {
                "kind": "message",
                "id": f"{place}-{turn}",
                "at": (TALKED_AT + timedelta(minutes=turn)).isoformat(),
                "conversation": place,
                "role": "assistant" if answer else "user",
                "text": f"SECRET {turn} żółć",
                **({} if answer else {"author": author}),
            }
        )
    return talk


def parsed(objects):
    """Return objects as parsed lines, numbered from 1."""
    return [parse_line(json.dumps(one).encode(), number) for number, one in enumerate(objects, start=1)]
