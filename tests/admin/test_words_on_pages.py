"""What pages show is for people: no actor as the trail stores it, no JSON or instant as it is written."""

import html
import re

import pytest

from accounts import tenancy
from accounts.admin import in_words
from accounts.models import AccessRule, LicensedUser
from retention import ledger
from retention.models import KeyRotationStep, Vault
from retention.operations import endings
from tests.admin.people import a_member
from tests.admin.test_pages import LEDGER, OURS, url
from tests.admin.test_pages import world as world

pytestmark = pytest.mark.usefixtures("world", "undone")
FRENCH = {"accept-language": "fr"}
STORED = re.compile(r"""\b(?:user|token|system):[0-9a-z-]{3,}|[{\[]["']|\b(?:True|False|None)\b|\d-\d\dT\d\d:""")
# Pages that show what is stored as it is stored, and why.
AS_STORED = {
    "accounts.AuditSeal": "what was hashed, byte for byte: anybody hashes it again",
    "retention.Certificate": "the signed document, which its paper says in words",
    "retention.CertificateAddendum": "likewise",
}


def words(answer):
    page = re.sub(r"(?s)<(script|style|template)\b.*?</\1>", " ", answer.content.decode().split("<main", 1)[-1])
    return html.unescape(re.sub(r"(?s)<[^>]+>", " ", page))


def rows(model):
    with ledger.vendor() if model.__name__ in LEDGER else tenancy.vendor():
        return list(model._default_manager.order_by("pk").values_list("pk", flat=True)[:20])


def test_no_page_shows_actors_json_or_instants_as_they_are_stored(sign_in, monkeypatch):
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


def test_a_step_of_a_rotation_calls_its_place_as_the_rotation_does(sign_in):
    with tenancy.vendor():
        step = KeyRotationStep.objects.latest("pk")
        KeyRotationStep.objects.filter(pk=step.pk).update(place="data_keys")
    client = sign_in("administrator")
    for page in (url(KeyRotationStep, "changelist"), url(KeyRotationStep, "change", step.pk)):
        assert "Clés de données" in words(client.get(page, headers=FRENCH)).partition("Étapes des rotations de clés")[2]


def test_what_of_a_file_may_go_is_said_by_the_names_of_its_tables(sign_in, monkeypatch):
    monkeypatch.setattr(
        endings, "preview", lambda _organization, now: {"contracts_contract": 2, "mfa_authenticator": 1}
    )
    with tenancy.vendor():
        page = url(Vault, "change", Vault.objects.latest("pk").pk).replace("/change/", "/look-at-file/")
    answer = sign_in("administrator").post(page, {"confirmed": "yes"}, headers=FRENCH, follow=True)
    assert "contrats : 2, seconds facteurs : 1" in words(answer)
