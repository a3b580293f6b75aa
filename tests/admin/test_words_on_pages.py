"""What pages show is for people: no actor as the trail stores it, no JSON, no code with underscores."""

import html
import re

import pytest
from django.urls import reverse

from retention import ledger
from accounts import tenancy
from tests.admin.test_pages import LEDGER, OURS, url
from tests.admin.test_pages import world as world

pytestmark = pytest.mark.usefixtures("world", "undone")
STORED = re.compile(r"""\b(?:user|token|program|scim):[0-9a-z-]{3,}|[{\[]["']|\b(?:True|False|None)\b""")


def words(answer):
    page = answer.content.decode()
    page = page.split('<main', 1)[-1] if "<main" in page else page
    page = re.sub(r"(?s)<(script|style|template)\b.*?</\1>", " ", page)
    return html.unescape(re.sub(r"(?s)<[^>]+>", " ", page))


def rows(model):
    with ledger.vendor() if model.__name__ in LEDGER else tenancy.vendor():
        return list(model._default_manager.order_by("pk").values_list("pk", flat=True)[:20])


def test_no_page_shows_actors_or_json_as_they_are_stored(sign_in):
    client = sign_in("administrator")
    client.get("/", headers={"accept-language": "fr"})
    found = {}
    for model in OURS:
        pages = [url(model, "changelist"), *(url(model, "change", pk) for pk in rows(model))]
        for page in pages:
            said = set(STORED.findall(words(client.get(page, headers={"accept-language": "fr"}))))
            if said:
                found.setdefault(model._meta.label, set()).update(said)
    for k, v in found.items(): print(k, list(v)[:6])
    assert found == {}
