"""Mails kept as files, as a first run keeps them: who asked is answered, and nobody else's address stays unseen."""

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.core import mail as django_mail

from accounts import tenancy
from accounts.operations.delivery import TOPIC_HEADER
from accounts.operations.sweeping import SYSTEM
from retention import papers
from retention.enums import RequestStatus
from retention.models import Certificate, Verification
from retention.operations import subject_decisions, verification
from retention.operations.subject_facts import Facts
from tests.admin.people import a_member
from tests.retention.asking import again, forwarded, posted, swept, taken
from tests.retention.test_life import live_until
from tests.retention.test_names_of_people import put
from tests.retention.under_contract import AFTER_GRACE, CLIENT, NOW, a_client, approved, asked, person, state_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ANN = "ann-1@client.example"


@pytest.fixture
def folder(settings):
    """Keep mails as files where the verifier looks; return the folder."""
    found = Path(settings.DATA_DIR) / "mail"
    backend = "django.core.mail.backends.filebased.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": {"file_path": str(found)}}}
    yield found
    for path in found.glob("*"):
        path.unlink()


def checked(after):
    """Look again; return what was found, and what was searched."""
    verification.check_due(now=AFTER_GRACE + after, by=SYSTEM)
    with tenancy.vendor():
        found = Verification.objects.latest("pk")
    return found.hits, found.searched


def test_who_asked_is_told_and_answered_and_the_certificate_stands(folder):
    organization = a_client()
    a_member("client_administrator", organization)
    row = forwarded(organization, taken(facts=Facts(ANN, ANN, "Forget me."), now=NOW, received_at=NOW), now=NOW)
    with tenancy.tenant(organization.pk):
        people = [person(organization, "ann-1").public_id]
        row = subject_decisions.grant(row, people=people, now=NOW, by=CLIENT, for_client=False)
    approved(row.request)
    posted()
    before = len([path for path in folder.iterdir() if ANN in path.read_text()])
    assert before == 2, "acknowledged, and told where it is"
    live_until(AFTER_GRACE)
    assert state_of(row.request) == RequestStatus.CERTIFIED
    with tenancy.vendor():
        document = Certificate.objects.get().document
    assert document["verifications"][0]["searched"]["mails_to_who_asked"] == before
    paper = papers.certificate(document, language="en")
    assert paper.startswith(b"%PDF")

    swept(AFTER_GRACE)
    assert again(row).state == "answered"
    posted()
    hits, searched = checked(timedelta(hours=2))
    assert (hits, searched["mails_to_who_asked"]) == ([], before + 1)
    assert state_of(row.request) == RequestStatus.CERTIFIED


@pytest.mark.parametrize(
    ("to", "topic", "body", "found"),
    [
        pytest.param(ANN, "subject_request.answered", "Hello", [], id="to-who-asked"),
        pytest.param(f"Ann <{ANN.upper()}>", "subject_request.answered", f"Dear {ANN}", [], id="however-it-is-written"),
        pytest.param(ANN, "", "Hello", ["file_content"], id="of-something-else"),
        pytest.param(ANN, "licensed_user.warned", "Hello", ["file_content"], id="of-the-product"),
        pytest.param("x@y.example", "subject_request.answered", f"Of {ANN}", ["file_content"], id="to-somebody-else"),
        pytest.param(ANN, "subject_request.answered", "And ben-1@client.example", ["file_content"], id="about-another"),
    ],
)
def test_only_the_readers_own_address_is_passed_over(folder, to, topic, body, found):
    organization = a_client()
    request = asked(organization, "ann-1", "ben-1")
    approved(request)
    live_until(AFTER_GRACE)
    mail = EmailMessage()
    mail["To"], mail["Subject"] = to, "x"
    if topic:
        mail[TOPIC_HEADER] = topic
    mail.set_content(body, cte="base64")
    folder.mkdir(exist_ok=True)
    (folder / "1.log").write_bytes(mail.as_bytes() + b"\n" + b"-" * 79 + b"\n")
    hits, searched = checked(timedelta(hours=2))
    assert [(hit["place"], hit["kind"]) for hit in hits] == [("files.mail", kind) for kind in found]
    assert searched["mails_to_who_asked"] == (topic == "subject_request.answered" and to != "x@y.example")


def test_one_mail_excuses_no_other_in_its_file(folder):
    organization = a_client()
    approved(asked(organization, "ann-1"))
    live_until(AFTER_GRACE)
    answer = f"To: {ANN}\n{TOPIC_HEADER}: subject_request.answered\n\nHello\n"
    folder.mkdir(exist_ok=True)
    (folder / "1.log").write_text(f"{answer}{'-' * 79}\nTo: x@y.example\n\n{ANN} is here.\n")
    hits, searched = checked(timedelta(hours=2))
    assert (len(hits), searched["mails_to_who_asked"]) == (1, 1)


@pytest.mark.parametrize("is_a_contact", [False, True], ids=["of-nobody-else", "of-a-contact"])
def test_a_mail_is_found_though_it_writes_the_host_of_an_address_in_ascii(folder, is_a_contact):
    organization = a_client()
    put(organization, "ann-1", "ann@ex\u00e4mple.eu")
    if is_a_contact:
        a_member("client_administrator", organization, email="ann@ex\u00e4mple.eu")
    approved(asked(organization, "ann-1"))
    live_until(AFTER_GRACE)
    django_mail.EmailMessage("Hello", "Hello", "us@x.example", ["ann@ex\u00e4mple.eu"]).send()
    assert b"xn--exmple-cua" in b"".join(path.read_bytes() for path in folder.iterdir())
    hits, _searched = checked(timedelta(hours=2))
    found = [(hit["place"], hit["kind"]) for hit in hits]
    assert found == ([] if is_a_contact else [("files.mail", "file_content")])
