"""What the tests of retention rules share: a client with content of two ages, a rule's way, and what is left."""

from datetime import date, timedelta

import psycopg

from accounts import tenancy
from contracts.rules.periods import midnight
from retention import sweeps
from retention.models import ContextItem, Conversation, Diagnostic, Message, RetentionNight, RetentionRule
from retention.operations import lasting, nights, vault
from tests.contracts.agreements import at
from tests.engines import owner_dsn
from tests.retention.vaults import an_organization, parsed, people_of

CLIENT, OFFICER = "user:client", "user:officer"
OLD, YOUNG = "2026-01-05T10:00:00+00:00", "2026-03-01T10:00:00+00:00"
NOW = at("2026-03-10")
# The rule of these tests keeps 30 days: what is of OLD goes on the night that begins at NOW's next midnight.
TONIGHT = midnight(date(2026, 3, 11), "Europe/Paris") + timedelta(hours=1)
CONTENT = {"conversations": Conversation, "messages": Message, "context_items": ContextItem, "diagnostics": Diagnostic}

WHOLE = {
    "conversations": {"old", "going-on", "of-cyd", "young"},
    "messages": {"old-0", "old-1", "going-on-0", "going-on-1", "of-cyd-0", "of-cyd-1", "young-0"},
    "context_items": {"k-old"},
    "diagnostics": {"d-old", "d-nobody"},
}
AFTER = {**WHOLE, "conversations": {"going-on", "young"}, "messages": {"going-on-1", "young-0"}}


def talk(place, author, at, *turns):
    """Return a conversation of an author, and in it a message of each instant and author."""
    lines = [{"kind": "conversation", "id": place, "at": at, "author": author, "title": "t"}]
    for number, (when, who) in enumerate(turns):
        lines.append(
            {
                "kind": "message",
                "id": f"{place}-{number}",
                "at": when,
                "conversation": place,
                "role": "user",
                "author": who,
                "text": "x",
            }
        )
    return lines


def a_client(**values):
    """Return a client whose ann and ben (Sales) and cyd (Stock) wrote, some of it long ago."""
    organization = an_organization(**values)
    people_of(organization, "ann", "ben", department="Sales")
    people_of(organization, "cyd", department="Stock")
    lines = [
        *talk("old", "ann", OLD, (OLD, "ann"), (OLD, "ben")),
        *talk("going-on", "ann", OLD, (OLD, "ann"), (YOUNG, "ann")),
        *talk("of-cyd", "cyd", OLD, (OLD, "cyd"), (OLD, "ann")),
        *talk("young", "ben", YOUNG, (YOUNG, "ben")),
        {"kind": "context_item", "id": "k-old", "at": OLD, "author": "ann", "name": "n", "text": "t"},
        {"kind": "diagnostic", "id": "d-old", "at": OLD, "author": "cyd", "type": "skill", "payload": {"v": 1}},
        {"kind": "diagnostic", "id": "d-nobody", "at": OLD, "type": "skill", "payload": {"v": 2}},
    ]
    with tenancy.tenant(organization.pk):
        vault.write(organization, parsed(lines), now=NOW, by="user:product")
    return organization


def drafted(organization, category="conversations", amount=30, unit="days", now=NOW):
    with tenancy.tenant(organization.pk):
        return lasting.draft(
            organization, category=category, amount=amount, unit=unit, now=now, by=CLIENT, for_client=False
        )


def enforced(organization, category="conversations", amount=30, unit="days", now=NOW):
    """Return a rule that acts from the next midnight on."""
    rule = drafted(organization, category, amount, unit, now)
    with tenancy.vendor():
        lasting.preview(rule, now=now, by=OFFICER)
        return lasting.enforce(rule, now=now, by=OFFICER)


def a_night(rule, now=TONIGHT):
    """Live a rule's night; return its record."""
    with tenancy.vendor():
        found = RetentionRule.objects.get(pk=rule.pk)
    assert nights.work(found, now=now, by="system")
    with tenancy.vendor():
        return RetentionNight.objects.filter(rule=rule).latest("on")


def swept(now=TONIGHT):
    return sweeps.keep_all(at=now, by="system")


def left(organization):
    """Return the external ids of what is there, by kind."""
    with tenancy.vendor():
        return {
            name: set(model.objects.filter(organization=organization).values_list("external_id", flat=True))
            for name, model in CONTENT.items()
        }


def bytes_of(organization):
    """Return every column of an organization's content, and which transaction wrote each row."""
    with psycopg.connect(owner_dsn("default")) as connection:
        return {
            name: connection.execute(
                f"SELECT md5(string_agg(t.xmin::text || t::text, '' ORDER BY t.id)) FROM {model._meta.db_table} t "
                "WHERE organization_id = %s",
                [organization.pk],
            ).fetchone()
            for name, model in CONTENT.items()
        }
