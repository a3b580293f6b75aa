"""Certificates by browser and REST: addenda, the paper in three languages, a look asked for, a hit accepted."""

import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pypdf import PdfReader

from accounts import tenancy
from retention import papers
from retention.enums import AddendumKind, RunPhase
from retention.models import Certificate, ErasureRun
from retention.operations import addenda
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import at
from tests.retention.test_checks_again import checked_at, erased, the_run
from tests.retention.test_life import a_leaving_client, decide_everything, live_until, plant
from tests.retention.under_contract import AFTER_GRACE, a_client, asked
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def text_of(pdf):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def a_certificate(*kinds):
    """Return a certificate with addenda of these kinds."""
    erased(a_client(), "ann-1")
    with tenancy.vendor():
        run = ErasureRun.objects.select_related("organization").get()
        for kind in kinds:
            run.completed_at = AFTER_GRACE if kind == AddendumKind.COMPLETE else None
            addenda.issue(run, kind, now=AFTER_GRACE + timedelta(hours=3), by="system")
        certificate = Certificate.objects.get()
        return certificate, [one.document for one in certificate.addenda.order_by("number")]


@pytest.mark.parametrize("language", ["en", "fr", "pl", "xx"])
def test_the_paper_says_what_the_document_says(language):
    certificate, added = a_certificate(AddendumKind.CHECKED_AGAIN)
    text = text_of(papers.certificate(certificate.document, added, language=language))
    assert str(certificate.public_id) in text
    assert certificate.document["keys"]["ledger_entry"][:16] in text
    assert "/verify" in text and "�" not in text
    assert "ann" not in text.replace("cannot", "").replace("Planned", "") or language != "en"


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        pytest.param((), "Provisional", id="at-first"),
        pytest.param((AddendumKind.RESIDUE_FOUND,), "does not stand any more", id="residue"),
        pytest.param((AddendumKind.RESIDUE_FOUND, AddendumKind.CLEAN_AGAIN), "Provisional", id="clean-again"),
        pytest.param((AddendumKind.COMPLETE,), "Complete: every window has closed", id="complete"),
    ],
)
def test_the_paper_begins_with_whether_it_stands(kinds, words):
    certificate, added = a_certificate(*kinds)
    text = text_of(papers.certificate(certificate.document, added, language="en"))
    assert words in text.split("What was asked")[0]


@pytest.mark.parametrize("language", ["fr", "pl"])
def test_what_is_kept_of_a_client_is_said_in_the_readers_language_and_each_basis_once(language):
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    live_until(at("2026-02-05"))
    with tenancy.vendor():
        document = Certificate.objects.get().document
    bases = {one["basis"] for one in document["kept"]}
    assert len(bases) >= 4
    text = " ".join(text_of(papers.certificate(document, language=language)).split())
    for basis in bases:
        assert " ".join(basis.split()) not in text
        with translation.override(language):
            assert text.count(translation.gettext(basis)) == 1, basis
    assert {"fr": "5 ans à compter de la fin du contrat", "pl": "5 lat od końca umowy"}[language] in text
    newer = {**document, "kept": [{**document["kept"][0], "basis": "Of another version.", "period": "for ever"}]}
    assert "Of another version. (for ever)" in text_of(papers.certificate(newer, language=language))


@pytest.mark.parametrize(
    ("language", "released", "said"),
    [
        ("en", None, "placed on 2 Mar 2026, not released."),
        ("fr", None, "posé le 2 mars 2026, non levé."),
        ("pl", None, "nałożono 2 marca 2026, nie zwolniono."),
        ("fr", "2026-03-04", "posé le 2 mars 2026, levé le 4 mars 2026."),
    ],
)
def test_a_hold_that_nobody_released_has_a_sentence_of_its_own(language, released, said):
    certificate, _added = a_certificate()
    hold = {"scope": "person", "ground": "law", "placed_at": "2026-03-02", "released_at": released}
    text = text_of(papers.certificate({**certificate.document, "holds_met": [hold]}, language=language))
    assert said in text


def test_by_rest_with_its_addenda_and_as_paper():
    certificate, added = a_certificate(AddendumKind.CHECKED_AGAIN)
    officer = caller("privacy_officer")
    (listed,) = officer("GET", "certificates")["results"]
    found = officer("GET", f"certificates/{listed['public_id']}")
    assert found["document"] == certificate.document
    assert [one["document"] for one in found["addenda"]] == added
    path = f"/api/v1/certificates/{certificate.public_id}/paper?language=fr"
    status, raw = officer._send("GET", path, {"Authorization": f"Bearer {officer._token}"}, "")
    assert (status, raw[:5]) == (200, b"%PDF-")
    for unknown in ("xx", "", "EN"):
        (fault,) = officer("GET", f"{path.removeprefix('/api/v1/')[:-2]}{unknown}", expect=400)["errors"]
        assert (fault["attr"], fault["code"]) == ("language", "unknown")


def test_by_browser_as_paper():
    certificate, _added = a_certificate()
    client = Client()
    client.force_login(a_member("auditor"), backend="config.backends.EmailBackend")
    answer = client.get(reverse("admin:retention_certificate_paper", args=[certificate.pk]), {"language": "pl"})
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    answer = client.get(reverse("admin:retention_certificate_paper", args=[certificate.pk]), {"language": "xx"})
    assert (answer.status_code, answer.content) == (400, b"language: One of: en, fr, pl.")


def test_a_look_is_asked_for_by_rest():
    request = erased(a_client(), "ann-1")
    officer = caller("privacy_officer")
    path = f"deletion-requests/{request.public_id}/check-again"
    officer("POST", path)
    assert the_run().check_asked_at is not None
    checked_at(the_run().next_check_at)
    assert the_run().check_asked_at is None
    with tenancy.vendor():
        ErasureRun.objects.update(phase=RunPhase.VERIFIED)
    assert officer("POST", path, expect=409)["code"] == "not_certified"


def test_a_hit_is_accepted_by_rest_and_bad_input_is_said_by_field():
    organization = a_client()
    request = erased(organization, "ann-1")
    plant(organization, ("contracts_contract", "reference", "'C of ann-1@client.example'"))
    checked_at(AFTER_GRACE + timedelta(days=1))
    officer = caller("privacy_officer")
    path = f"deletion-requests/{request.public_id}/accept-hit"
    body = {"place": "default.contracts_contract.reference", "kind": "email", "ground": "quoted", "reason": "A letter."}
    assert officer("POST", path, {**body, "ground": "because"}, expect=400)
    assert officer("POST", path, {**body, "place": "default.x"}, expect=400)
    assert officer("POST", path, {**body, "reason": "\u0000"}, expect=400)
    officer("POST", path, body)
    assert [one["kind"] for one in the_run().accepted] == ["email"]


@pytest.mark.parametrize("of_neighbour", [False, True], ids=["its-client", "a-neighbour"])
def test_the_page_of_a_request_leads_to_its_run_and_its_certificate(of_neighbour):
    certificate, _added = a_certificate()
    with tenancy.vendor():
        run = ErasureRun.objects.select_related("organization", "request").get()
    reader = a_member("authorised_contact", an_organization() if of_neighbour else run.organization)
    client = Client()
    client.force_login(reader, backend="config.backends.EmailBackend")
    text = client.get(reverse("admin:retention_deletionrequest_change", args=[run.request_id])).content.decode()
    for where in (
        reverse("admin:retention_erasurerun_change", args=[run.pk]),
        reverse("admin:retention_certificate_change", args=[certificate.pk]),
    ):
        assert (f'href="{where}"' in text) is not of_neighbour
        assert client.get(where).status_code == (302 if of_neighbour else 200)


def test_a_request_without_a_run_leads_nowhere():
    request = asked(a_client(), "ann-1")
    client = Client()
    client.force_login(a_member("privacy_officer"), backend="config.backends.EmailBackend")
    page = client.get(reverse("admin:retention_deletionrequest_change", args=[request.pk]))
    assert page.context["outcome"] == [] and "erasurerun/" not in page.content.decode().partition("<main")[2]
