"""What the tests of accounts share: people who sign in, announcements, and work done by several threads at once."""

import itertools
import threading
import time
from datetime import UTC, datetime

from django.db import connection, connections

from accounts import tenancy
from accounts.models import LicenceGrant, Membership, OutboxMessage, User

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_numbers = itertools.count(1)


def a_member(role, organization=None, **values):
    """Make somebody with a role: of an organization, or of the vendor."""
    number = next(_numbers)
    with tenancy.vendor():
        user = User.objects.create(
            **{"email": f"member-{number}@example.org", "name": f"Member {number}", "created_at": NOW, **values}
        )
        Membership.objects.create(user=user, organization=organization, role=role.value, created_at=NOW)
    return user


def an_announcement(topic, organization, *, payload=None, **values):
    """Put a message into the outbox."""
    with tenancy.vendor():
        return OutboxMessage.objects.create(
            **{
                "organization": organization,
                "topic": topic,
                "subject_type": "Organization",
                "subject_id": organization.public_id,
                "payload": payload or {},
                "occurred_at": NOW,
                "next_attempt_at": NOW,
                **values,
            }
        )


def a_licence(organization, *, since=datetime(2026, 1, 1, tzinfo=UTC), until=None, **values):
    """Grant an organization a licence."""
    with tenancy.vendor():
        return LicenceGrant.objects.create(
            organization=organization,
            **{"source": organization.public_id, "valid_from": since, "valid_until": until, **values},
        )


def at_once(*works):
    """Run the works at the same time, each with a connection of its own; return results, or what was raised."""
    results = [None] * len(works)
    ready = threading.Barrier(len(works))

    def run(place, work):
        try:
            ready.wait(timeout=30)
            results[place] = work()
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    return results


def wait_for_somebody():
    """Wait until somebody waits for a lock of this server."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")
