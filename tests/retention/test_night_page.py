"""The page of a night: what went where, who was spared, what stayed and why, which stores no rule reaches."""

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from retention.models import RetentionNight
from tests.admin.people import a_member
from tests.retention.connectors.configured import a_store
from tests.retention.test_nights_beyond import Nights
from tests.retention.test_nights_beyond import on_this_machine as on_this_machine
from tests.retention.test_nights_beyond import service as service
from tests.retention.under_contract import person

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


SAID = {
    "fr": [
        "Messages3",
        "Conversations1",
        "Messages : 4 · sous gel de l'effacement",
        "Conversations : 2 · sous gel de l'effacement",
        "Conversations : 1 · messages plus récents dedans",
        "product : 4 · Fait · personnes épargnées : 1",
        "talks : 0 · Laissé de côté · Les personnes dont rien ne peut être effacé n'y sont pas distinguées · "
        "personnes épargnées : 1",
        "notes : aucune règle de cette catégorie ne l'atteint : seul un effacement le vide",
    ],
    "en": [
        "product: 4 · Done · people spared: 1",
        "notes: no rule of this category reaches it: only an erasure empties it",
    ],
}


@pytest.mark.parametrize("language", SAID)
def test_it_names_each_store_what_went_there_and_why_nothing_did(service, language):
    every = Nights()
    a_store(settings={"url": service.url, "by_age": ["conversations"], "spares": True})
    a_store(code="talks", settings={"url": service.url, "by_age": ["conversations"]})
    a_store(code="notes", settings={"url": service.url, "by_age": ["context"]})
    assert every.hold(person=person(every.organization, "ann").public_id)
    every.begin()
    every.go_on()
    assert set(SAID[language]) - set(lines_of_the_night(language)) == set()


def lines_of_the_night(language):
    browser = Client(raise_request_exception=True, headers={"accept-language": language})
    browser.force_login(a_member("privacy_officer"), backend="config.backends.EmailBackend")
    with tenancy.vendor():
        pk = RetentionNight.objects.latest("pk").pk
    page = browser.get(reverse("admin:retention_retentionnight_change", args=[pk])).content.decode()
    lines = re.findall(r"(?s)<(?:li|tr)\b.*?</(?:li|tr)>", page)
    return [html.unescape(" ".join(re.sub(r"<[^>]+>", "", line).split())) for line in lines]
