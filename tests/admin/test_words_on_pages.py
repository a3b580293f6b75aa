"""What pages show is for people: no actor as the trail stores it, no JSON as it is written."""

import html
import re

import pytest

from accounts import tenancy
from accounts.admin import in_words
from accounts.models import AccessRule, LicensedUser
from retention import ledger
from tests.admin.people import a_member
from tests.admin.test_pages import LEDGER, OURS, url
from tests.admin.test_pages import world as world

pytestmark = pytest.mark.usefixtures("world", "undone")
FRENCH = {"accept-language": "fr"}
STORED = re.compile(r"""\b(?:user|token|system):[0-9a-z-]{3,}|[{\[]["']|\b(?:True|False|None)\b""")
# Pages that show what is stored as it is stored, and why.
AS_STORED = {"accounts.AuditSeal": "what was hashed, byte for byte: anybody hashes it again"}


def words(answer):
    page = re.sub(r"(?s)<(script|style|template)\b.*?</\1>", " ", answer.content.decode().split("<main", 1)[-1])
    return html.unescape(re.sub(r"(?s)<[^>]+>", " ", page))


def rows(model):
    with ledger.vendor() if model.__name__ in LEDGER else tenancy.vendor():
        return list(model._default_manager.order_by("pk").values_list("pk", flat=True)[:20])


def test_no_page_shows_actors_or_json_as_they_are_stored(sign_in, monkeypatch):
    monkeypatch.setattr(in_words, "names_of", lambda actors, staff: {one: one.replace(":", " ") for one in actors})
    client, found = sign_in("administrator"), {}
    for model in OURS:
        for page in (url(model, "changelist"), *(url(model, "change", pk) for pk in rows(model))):
            if said := STORED.findall(words(client.get(page, headers=FRENCH))):
                found.setdefault(model._meta.label, set()).update(said)
    assert found.keys() == AS_STORED.keys(), f"show it by ReadOnly.in_words or name_actors: {found}"


def test_who_acted_is_called_by_name_and_a_client_is_told_the_side_only(sign_in):
    with tenancy.vendor():
        left = AccessRule.objects.latest("pk").organization
    ours, theirs = a_member("privacy_officer"), a_member("client_administrator", left)
    pages = []
    with tenancy.vendor():
        for model, field, who in ((AccessRule, "created_by", ours), (LicensedUser, "status_by", theirs)):
            row = model.objects.filter(organization=left).latest("pk")
            model.objects.filter(pk=row.pk).update(**{field: who.actor})
            pages.append(url(model, "change", row.pk))

    def said(client):
        return "".join(words(client.get(page, headers=FRENCH)) for page in pages)

    staff, client = said(sign_in("administrator")), said(sign_in("client_administrator", left))
    assert str(ours) in staff and str(theirs) in staff
    assert str(theirs) in client and "quelqu'un du fournisseur" in client.lower()
    assert str(ours) not in client and ours.actor not in client
