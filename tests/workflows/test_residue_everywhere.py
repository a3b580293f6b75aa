"""A whole client's erasure, looked for afterwards in each writing: dumps of both databases, files, Valkey."""

import base64
import os
import subprocess
from datetime import date
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import redis
from django.conf import settings

from accounts import tenancy
from accounts.models import LicensedUser
from config.embedded import engines
from contracts.letters import reader
from contracts.operations import intakes
from retention.enums import HoldGround, RefusalGround
from retention.models import Certificate
from retention.operations import holds, subject_decisions
from retention.operations.subject_facts import Facts
from tests.admin.people import a_member
from tests.contracts.agreements import at
from tests.engines import admin_dsn
from tests.retention.asking import forwarded, posted, taken
from tests.workflows.erasure_case import MARK, Case, a_whole_client_to_erase

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
WORDS = (f"{MARK}-mail-0@client.example", f"{MARK}-id-00", f"{MARK}-name", f"{MARK.upper()} TEXT")


def writings(word):
    """Return a word as bytes in each way of writing it, in small letters."""
    raw = word.encode()
    found = {raw, raw.hex().encode(), word.encode("utf-16-le"), word.encode("utf-16-be")}
    found |= {quote(word, safe="").encode(), "".join(f"%{byte:02x}" for byte in raw).encode()}
    found |= {raw.replace(b"@", b"=40"), "".join(f"={byte:02x}" for byte in raw).encode()}
    found |= {"".join(f"\\u{byte:04x}" for byte in raw).encode(), "".join(f"&#{byte};" for byte in raw).encode()}
    return {one.lower() for one in found}


def packed(word):
    """Return what base64 makes of a word wherever it begins; case counts."""
    found = set()
    for before in range(3):
        text = base64.b64encode(b"\0" * before + word.encode())
        found.add(text[(0, 2, 3)[before] : -4])
    return found


def standing(raw):
    small = raw.lower()
    found = {(word, one) for word in WORDS for one in writings(word) if one in small}
    return found | {(word, one) for word in WORDS for one in packed(word) if one in raw}


def dumped(alias):
    command = [str(engines._postgresql_bin() / "pg_dump"), "--dbname", admin_dsn(alias)]
    return subprocess.run(command, capture_output=True, check=True).stdout


def places():
    """Yield each place with its bytes."""
    for alias in ("default", "ledger"):
        table = ""
        for line in dumped(alias).splitlines():
            table = line.split()[1].decode() if line.startswith(b"COPY ") else table
            yield table, line
        with psycopg.connect(admin_dsn(alias)) as connection:
            for row in connection.execute("SELECT tablename, pg_stats::text FROM pg_stats WHERE schemaname = 'public'"):
                yield f"statistics of {row[0]}", row[1].encode()
    for place, folders, names in os.walk(settings.DATA_DIR):
        folders[:] = [name for name in folders if name not in ("postgresql", "valkey")]
        for name in names:
            yield f"{place}/{name}", name.encode() + (Path(place) / name).read_bytes()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter():
            yield key.decode(errors="replace"), key + (client.dump(key) or b"")


@pytest.fixture
def mails(settings):
    folder = Path(settings.DATA_DIR) / "mail"
    backend = "django.core.mail.backends.filebased.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": {"file_path": str(folder)}}}
    yield folder
    for path in folder.glob("*"):
        path.unlink()


def scene():
    organization, neighbour, run = a_whole_client_to_erase()
    address = f"{MARK}-mail-0@client.example"
    a_member("client_administrator", organization, email=address)
    now = at("2026-01-21")
    facts = Facts(f"{MARK}-name", address, f"{MARK.upper()} TEXT: tell me what you know of {MARK}-id-00.")
    row = forwarded(organization, taken("export", facts, now=now, received_at=now), now=now)
    with tenancy.tenant(organization.pk):
        person = LicensedUser.objects.get(organization=organization, external_id=f"{MARK}-id-00")
        subject_decisions.refuse(
            row,
            ground=RefusalGround.LEGAL_OBLIGATION,
            reasons=f"{MARK}-name must stay",
            now=now,
            by="user:client",
            for_client=False,
        )
        assert person.email == address
    with tenancy.vendor():
        letter = intakes.drop(
            reader.pasted(f"From {address}: {MARK.upper()} TEXT of {MARK}-name"), now=now, by="user:one"
        )
        intakes.reject(letter, now=now, by="user:one", reason=f"of {address}, {MARK}-id-00")
        hold = holds.place(
            organization,
            ground=HoldGround.CLIENT_INSTRUCTION,
            citation="Art. L. 123-22 C. com.",
            review_on=date(2026, 3, 1),
            now=now,
            by="user:one",
            person=person.public_id,
        )
        holds.release(hold, now=now, by="user:one")
    posted()
    return organization, neighbour, run


def test_nothing_is_left_in_any_writing_but_what_the_certificate_names(mails):
    case = Case(scene)
    assert {word for _place, raw in places() for word, _one in standing(raw)} == set(WORDS[:3])
    for _again in range(3):
        case.work()
        case.later()
    assert case.status == "certified"
    found = {(place, word) for place, raw in places() for word, _one in standing(raw)}
    in_mails = {place for place, _word in found if place.startswith(str(mails))}
    with tenancy.vendor():
        said = Certificate.objects.get(organization=case.organization).document
    assert {place for place, _word in found} - in_mails == {"public.accounts_user"}, "the contact, whose address it is"
    assert "accounts_user.email" in said["not_searched"]["columns"]
    (look,) = said["verifications"]
    # Mails of one second may stand in one file.
    sent = sum(Path(place).read_text().count(f"To: {WORDS[0]}") for place in in_mails)
    assert look["searched"]["mails_to_others_of_address"] == sent >= len(in_mails) > 0
