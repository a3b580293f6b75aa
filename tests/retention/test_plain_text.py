"""What the database's own files hold: of encrypted fields never a plain text, in tables or in the write-ahead log."""

import json
import mmap
import re
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command

from accounts import tenancy
from retention.enums import RequestStatus
from retention.operations import vault
from tests.engines import admin_dsn
from tests.retention.test_life import live_until
from tests.retention.under_contract import AFTER_GRACE, NOW, a_client, approved, asked, state_of
from tests.retention.vaults import parsed

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
# One stands in an encrypted text, the other in a plain identifier, so that the search itself is seen to find.
SEALED, PLAIN = b"canary-in-a-sealed-text", b"canary-who-is-named"


def occurrences(folder, needle):
    """Return in how many files below a folder of the server the bytes stand."""
    found = 0
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.stat().st_size:
            with path.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content:
                found += content.find(needle) >= 0
    return found


def files_with(needle):
    """Return how many data files, and how many segments of the log, hold the bytes, everything written out."""
    with psycopg.connect(admin_dsn("default"), autocommit=True) as admin:
        admin.execute("CHECKPOINT")
        folder = Path(admin.execute("SHOW data_directory").fetchone()[0])
    return occurrences(folder / "base", needle), occurrences(folder / "pg_wal", needle)


@pytest.mark.parametrize("people", [("ann-1",), ("ann-1", "ben-1", "cyd-1")], ids=["some-stay", "nobody-stays"])
def test_the_planners_statistics_keep_no_address_of_whom_was_erased(people):
    """Its values stand in a catalogue, which neither a vacuum nor a rewritten table changes."""
    organization = a_client()
    assert addresses_in_statistics() == {"ann-1@client.example", "ben-1@client.example", "cyd-1@client.example"}
    request = approved(asked(organization, *people))
    live_until(AFTER_GRACE)
    assert state_of(request) == RequestStatus.CERTIFIED
    live_until(AFTER_GRACE + timedelta(hours=1))
    left = addresses_in_statistics(analyze=False)
    assert left & {f"{one}@client.example" for one in people} == set()


def addresses_in_statistics(*, analyze=True):
    with psycopg.connect(admin_dsn("default"), autocommit=True) as admin:
        if analyze:
            admin.execute("ANALYZE")
        rows = admin.execute(
            "SELECT coalesce(histogram_bounds::text, '') || coalesce(most_common_vals::text, '') FROM pg_stats "
            "WHERE schemaname = 'public'"
        )
        return {found for (text,) in rows for found in re.findall(r"[a-z]+-1@client\.example", text)}


def test_encrypted_fields_stand_in_no_file_before_or_after_and_plain_identifiers_until_they_are_written_over():
    organization = a_client()
    with tenancy.tenant(organization.pk):
        line = {"kind": "message", "id": PLAIN.decode(), "at": "2026-02-01T10:00:00+00:00", "conversation": "ca"}
        line |= {"role": "user", "author": "ann-1", "text": f"{SEALED.decode()} " * 50}
        vault.write(organization, parsed([line]), now=NOW, by="user:product")
    assert files_with(SEALED) == (0, 0)
    tables, log = files_with(PLAIN)
    assert tables > 0 and log > 0, "the search finds what is there"
    request = approved(asked(organization, "ann-1"))
    live_until(AFTER_GRACE)
    assert state_of(request) == RequestStatus.CERTIFIED
    assert files_with(SEALED) == (0, 0)
    live_until(AFTER_GRACE + timedelta(hours=1))
    call_command("rewrite_tables")
    tables, _log = files_with(PLAIN)
    assert tables == 0, "the table was written anew; the log keeps it until it is written over"
    assert "canary" not in json.dumps(request.impact)
