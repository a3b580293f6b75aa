"""The pages that say that something is refused, missing or broken: styled, translated, standing alone."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.urls import reverse

from config import errors
from tests.admin.people import a_member

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
WORDS = {
    "en": ("Not found", "Not allowed", "Not accepted"),
    "fr": ("Page introuvable", "Accès refusé", "Formulaire non accepté"),
    "pl": ("Nie znaleziono", "Brak dostępu", "Nie przyjęto formularza"),
}


def stands_alone(answer):
    """Check that a page has its style, follows the dark, asks for no file, and leads to the first page."""
    text, policy = answer.content.decode(), answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<style>" in text and "style-src 'unsafe-inline'" in policy and policy.startswith("default-src 'none'")
    assert "prefers-color-scheme: dark" in text
    assert '<link rel="icon" href="data:,">' in text and "img-src data:" in policy
    assert set(re.findall(r'(?:href|src)="([^"]*)"', text)) == {"data:,", "/"}
    return text


@pytest.mark.parametrize("language", list(WORDS))
def test_refusals_are_read_in_the_readers_language(language):
    lost, refused, untrusted = WORDS[language]
    client = Client(enforce_csrf_checks=True, headers={"accept-language": language})
    answer = client.get("/nowhere/at-all")
    assert answer.status_code == 404
    assert lost in stands_alone(answer) and f'<html lang="{language}">' in answer.content.decode()
    answer = client.post(reverse("admin:login"), {"username": "x"})
    assert answer.status_code == 403 and untrusted in stands_alone(answer)
    client.force_login(a_member("support"), backend="config.backends.EmailBackend")
    answer = client.get(reverse("admin:retention_keyrotation_changelist"))
    assert answer.status_code == 403 and refused in stands_alone(answer)


def test_a_page_without_an_icon_of_its_own_finds_one():
    answer = Client().get("/favicon.ico", follow=False)
    assert answer.status_code == 302 and answer["Location"].endswith("favicon.svg")
    assert finders.find(answer["Location"].removeprefix("/static/"))


def test_what_broke_is_said_in_every_language_without_any_context():
    answer = errors.broken(RequestFactory().get("/admin/"))
    assert answer.status_code == 500
    text = stands_alone(answer)
    assert [word in text for word in ('lang="en"', 'lang="fr"', 'lang="pl"')] == [True] * 3


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param(lambda request: errors.missing(request, ValueError()), 404, id="missing"),
        pytest.param(lambda request: errors.forbidden(request, PermissionDenied()), 403, id="forbidden"),
        pytest.param(errors.broken, 500, id="broken"),
    ],
)
def test_programs_go_on_reading_problem_details(answer, status):
    found = answer(RequestFactory().get("/api/v1/contracts"))
    assert (found.status_code, found.headers["Content-Type"]) == (status, "application/problem+json")
    assert b'"status": %d' % status in found.content


def test_an_address_that_rest_does_not_know_is_a_problem_too():
    answer = Client().get("/api/v1/nothing-here")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"
