"""What a certificate may claim: nothing that nobody knows or looked into, and every store that was left out."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import tenancy
from accounts.models import AuditDetail
from accounts.operations import audit
from contracts.models import Contract
from retention import papers
from retention.models import Certificate, DeletionRequest, ManualErasure
from retention.operations import attesting, external, holds, instructions, subject_decisions
from retention.operations.subject_facts import Facts
from retention.policy import NO_RESIDUE
from tests.accounts.receivers import says
from tests.admin.people import a_member
from tests.contracts.agreements import at
from tests.retention import asking
from tests.retention.connectors.configured import a_store, paper
from tests.retention.connectors.test_service import Service
from tests.retention.restoring import Backup, replayed
from tests.retention.test_blocked import hold
from tests.retention.test_certificate_faces import text_of
from tests.retention.test_life import a_leaving_client, decide_everything, live_until
from tests.retention.test_stores_beyond import Erasure
from tests.retention.under_contract import AFTER_GRACE, CLIENT, NOW, a_client, approved, asked, person

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
UNKNOWN = {"end_confirmed_at": None, "approved_at": None, "approved_by_another_person": None}
GENERAL = {"stores of the product", "object storage"}
LANGUAGES = {
    "en": ("the ledger of erasures, after a restore", "when, and by whom, was not restored"),
    "fr": ("le registre des effacements, après une restauration", "n'a pas été restauré"),
    "pl": ("rejestr usunięć, po przywróceniu", "nie zostało przywrócone"),
}


def a_letter(organization):
    """A document by which a contact of the client said something."""
    contact = a_member("authorised_contact", organization)
    upload = SimpleUploadedFile("letter.pdf", b"%PDF-1.4 it is so")
    with tenancy.vendor():
        return instructions.keep(organization, upload, sender=contact.email, now=NOW, by="user:staff")


def the_certificate():
    with tenancy.vendor():
        return Certificate.objects.latest("pk").document


class TestAfterAReplay:
    def test_who_asked_and_who_approved_is_not_made_up(self):
        organization = a_client()
        backup = Backup()
        approved(asked(organization, "ann-1"))
        live_until(AFTER_GRACE)
        said = the_certificate()["request"]
        assert (said["asked_by"], said["approved_by_another_person"]) == ("client", True)
        backup.restore()
        replayed()
        again = the_certificate()["request"]
        assert again.items() >= {**UNKNOWN, "id": said["id"], "origin": "restore", "asked_by": "ledger"}.items()
        assert (again["received_at"], again["export"], again["archive"]) == (None, None, None)

    def test_what_was_restored_is_said_and_what_was_not_is_not(self):
        organization = a_client()
        request = asked(organization, "ann-1")
        backup = Backup()
        approved(request)
        live_until(AFTER_GRACE)
        backup.restore()
        replayed()
        said = the_certificate()["request"]
        known = {"asked_by": "client", "end_confirmed_at": NOW.isoformat()}
        assert said.items() >= {**UNKNOWN, **known}.items()

    def test_of_an_organization_no_day_is_made_up_either(self):
        organization = a_leaving_client()
        backup = Backup()
        live_until(at("2026-01-02"))
        decide_everything(organization)
        live_until(at("2026-03-20"))
        assert the_certificate()["request"]["service_ended_on"] == "2026-01-01"
        backup.restore()
        replayed()
        said = the_certificate()["request"]
        assert said.items() >= {**UNKNOWN, "service_ended_on": None, "retrieval_ended_on": None}.items()

    def test_what_was_decided_after_the_backup_is_not_made_up(self):
        organization = a_leaving_client()
        live_until(at("2026-01-02"))
        backup = Backup()
        decide_everything(organization)
        live_until(at("2026-03-20"))
        before = the_certificate()["request"]
        assert (before["export"], before["archive"]) == ("declined", "declined")
        backup.restore()
        replayed()
        said = the_certificate()["request"]
        assert said.items() >= {**UNKNOWN, "export": None, "archive": None}.items()
        assert (said["received_at"], said["asked_by"]) == (before["received_at"], before["asked_by"]), "that was there"

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_the_paper_says_so_in_each_language(self, language):
        approved(asked(a_client(), "ann-1"))
        live_until(AFTER_GRACE)
        document = the_certificate()
        document["request"] |= {**UNKNOWN, "origin": "restore", "asked_by": "ledger", "received_at": None}
        text = " ".join(text_of(papers.certificate(document, language=language)).split())
        assert [words for words in LANGUAGES[language] if words not in text] == []


class TestWhatWasNotSearched:
    @pytest.fixture(autouse=True)
    def on_this_machine(self, settings):
        settings.WEBHOOK_ALLOW_PRIVATE = True
        settings.ERASURE_GRACE = timedelta()

    @pytest.fixture
    def service(self):
        made = Service()
        yield made
        made.close()

    def not_searched(self):
        return set(the_certificate()["not_searched"]["stores"])

    def test_where_no_store_is_configured_it_is_said_in_general(self):
        Erasure().go_on()
        assert self.not_searched() >= GENERAL

    def test_a_store_that_answered_is_not_among_them(self, service):
        a_store(settings={"url": service.url})
        Erasure().go_on()
        assert self.not_searched() & {*GENERAL, "external:product"} == {"object storage"}

    def test_one_that_was_switched_off_is_named(self, service):
        store = a_store(settings={"url": service.url})
        with tenancy.vendor():
            external.switch(store, on=False, now=NOW, by="user:three")
        Erasure().go_on()
        assert self.not_searched() >= {*GENERAL, "external:product"}
        assert service.calls == []

    def test_so_is_one_that_was_added_too_late(self, service):
        service.hook = lambda handler, asked, number: says(handler, 500)
        a_store(settings={"url": service.url})
        erasure = Erasure()
        erasure.go_on()
        a_store(code="late", settings={"url": service.url})
        service.hook = None
        erasure.go_on(after=timedelta(seconds=15))
        assert self.not_searched() & {"external:product", "external:late"} == {"external:late"}

    def test_nor_did_anybody_look_into_what_people_attest(self):
        paper()
        erasure = Erasure()
        erasure.go_on()
        erasure.go_on(after=timedelta(minutes=2))
        with tenancy.vendor():
            upload = SimpleUploadedFile("protocol.pdf", b"%PDF shredded")
            attesting.attest(ManualErasure.objects.get(), upload, now=erasure.now, by="user:three")
        erasure.go_on(after=timedelta(seconds=1))
        assert self.not_searched() >= {*GENERAL, "external:paper"}
        document = the_certificate()
        (said,) = [one for one in document["stores"] if one["store"] == "external:paper"]
        assert [said[name] for name in ("before", "erased", "anonymised", "residual")] == [None] * 4, "nobody counted"
        (look,) = document["verifications"]
        assert (look["searched"]["attested"], look["searched"]["beyond"]) == (["external:paper"], [])
        text = " ".join(text_of(papers.certificate(document, language="en")).split())
        assert "Attested by who emptied them: paper." in text
        assert "paper not counted not counted not counted not counted" in text.lower()
        said |= {"before": 0, "erased": 0, "anonymised": 0, "residual": 0}  # as certificates said before
        assert (
            "paper 0 0 0 not counted" in " ".join(text_of(papers.certificate(document, language="en")).split()).lower()
        )

    def test_the_paper_names_the_stores_in_its_language(self):
        Erasure().go_on()
        text = " ".join(text_of(papers.certificate(the_certificate(), language="pl")).split())
        assert "Rozmowy" in text and "dostawca modelu AI" in text and "model vendor" not in text


WORDS = {
    "en": (
        "Encrypted files, of which only the names",
        "Folders that were not searched",
        "Columns that stay on a basis",
        "Base64 and other encodings",
    ),
    "fr": (
        "Fichiers chiffrés, dont seuls les noms",
        "Dossiers où rien",
        "Colonnes qui restent sur une base",
        "Base64 et les autres codages",
    ),
    "pl": (
        "Pliki zaszyfrowane, których",
        "Foldery nieprzeszukane",
        "Kolumny, które pozostają na własnej podstawie",
        "Base64 i innych kodowań",
    ),
}


class TestWhatIsNotLookedInto:
    def test_what_is_passed_by_is_named(self, settings):
        for name in ("secrets", "static", "postgresql/data", "documents"):
            (settings.DATA_DIR / name).mkdir(parents=True, exist_ok=True)
        approved(asked(a_client(), "ann-1"))
        live_until(AFTER_GRACE)
        document = the_certificate()
        said = document["not_searched"]
        assert said["columns"] == ["accounts_user.email", "retention_erasureentry.subject_refs"]
        assert "documents" in said["contents"] and said["folders"] == ["postgresql/data", "secrets", "static"]
        assert "files under way" in said["stores"] and {"ids_outside_rows", "encoded_texts"} <= {*said["limits"]}
        for language, words in WORDS.items():
            text = " ".join(text_of(papers.certificate(document, language=language)).split())
            assert [one for one in words if one not in text] == [], language

    def test_every_exemption_of_the_policy_is_named(self):
        approved(asked(a_client(), "ann-1"))
        live_until(AFTER_GRACE)
        assert set(the_certificate()["not_searched"]["columns"]) == set(NO_RESIDUE)

    @pytest.mark.parametrize("as_files", [True, False])
    def test_mails_and_logs_are_searched_only_as_files(self, settings, as_files):
        if as_files:
            backend = "django.core.mail.backends.filebased.EmailBackend"
            options = {"file_path": str(settings.DATA_DIR / "mail")}
            settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": options}}
            (settings.DATA_DIR / "logs").mkdir(parents=True, exist_ok=True)
        elif (settings.DATA_DIR / "logs").exists():
            (settings.DATA_DIR / "logs").rmdir()
        approved(asked(a_client(), "ann-1"))
        live_until(AFTER_GRACE)
        left = {"mail outbox", "logs"} & set(the_certificate()["not_searched"]["stores"])
        assert left == (set() if as_files else {"mail outbox", "logs"})


class TestWhatIsKept:
    def kept(self):
        return {one["what"] for one in the_certificate()["kept"]}

    def test_of_some_peoples_erasure_what_stays_is_about_the_erasure(self):
        request = asked(a_client(), "ann-1")
        with tenancy.vendor():
            lifted = hold(request.organization, "ann-1")
            holds.release(lifted, now=NOW, by="user:three")
        approved(request)
        live_until(AFTER_GRACE)
        kept = self.kept()
        assert kept >= {
            "retention.DeletionRequest",
            "retention.ErasureRun",
            "retention.ErasureStep",
            "retention.Verification",
            "retention.LegalHold",
            "retention.ErasureEntry",
            "accounts.AuditEvent",
            "accounts.OutboxMessage",
        }
        assert not kept & {"contracts.Contract", "accounts.LicensedUser", "accounts.Membership", "accounts.Document"}
        assert "retention.SubjectRequest" not in kept, "nobody asked by a request of their own"

    def test_so_is_the_proof_of_what_the_client_asked(self):
        organization = a_client()
        approved(asked(organization, "ann-1", proof=a_letter(organization)))
        live_until(AFTER_GRACE)
        assert "accounts.Document" in self.kept()

    @pytest.mark.parametrize("staff", [True, False], ids=["by-staff-with-a-proof", "by-the-client-itself"])
    def test_so_is_the_proof_of_what_the_client_decided_of_a_persons_request(self, staff):
        organization = a_client()
        letter, people = a_letter(organization), [person(organization, "ann-1").public_id]
        row = asking.forwarded(organization, asking.taken(now=NOW, received_at=NOW), now=NOW)
        proof = letter if staff else None
        with tenancy.vendor():
            by = "user:staff" if staff else CLIENT
            row = subject_decisions.grant(row, people=people, now=NOW, by=by, for_client=staff, proof=proof)
            # It stands in the person's request too: no other names it.
            DeletionRequest.objects.update(proof=None)
        approved(row.request)
        live_until(AFTER_GRACE)
        assert ("accounts.Document" in self.kept()) is staff

    def test_so_is_the_persons_own_request(self):
        organization = a_client()
        a_member("client_administrator", organization)
        who = Facts("Ann", "ann-1@client.example", "Forget me.")
        row = asking.forwarded(organization, asking.taken(facts=who, now=NOW, received_at=NOW), now=NOW)
        with tenancy.tenant(organization.pk):
            people = [person(organization, "ann-1").public_id]
            row = subject_decisions.grant(row, people=people, now=NOW, by=CLIENT, for_client=False)
        approved(row.request)
        live_until(AFTER_GRACE)
        assert "retention.SubjectRequest" in self.kept()

    @pytest.mark.parametrize("whole", [True, False])
    def test_of_everything_so_is_what_was_said_about_the_erasures_before(self, whole):
        organization = a_leaving_client() if whole else a_client()
        with tenancy.vendor():
            # As of an earlier erasure: about neither this request, nor its run, nor the client.
            earlier = Contract.objects.get(organization=organization)
            audit.record("erasure.hit_accepted", earlier, by="x", at=NOW, detail={"reason": "A letter quotes it."})
        if whole:
            live_until(at("2026-01-02"))
            decide_everything(organization)
            live_until(at("2026-02-05"))
        else:
            approved(asked(organization, "ann-1"))
            live_until(AFTER_GRACE)
        with tenancy.vendor():
            assert AuditDetail.objects.filter(text={"reason": "A letter quotes it."}).count() == 1
        assert ("accounts.AuditDetail" in self.kept()) is whole

    def test_each_is_on_paper_with_its_basis(self):
        approved(asked(a_client(), "ann-1"))
        live_until(AFTER_GRACE)
        text = " ".join(text_of(papers.certificate(the_certificate(), language="en")).split())
        assert "What is kept, and why" in text
