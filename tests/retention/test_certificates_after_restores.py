"""What certificates say after a restore: those that it lost, those that are issued anew, those whose keys came back."""

import re
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import tenancy
from accounts.models import AuditEvent
from accounts.operations import audit
from accounts.operations.signatures import private_key
from accounts.operations.sweeping import SYSTEM
from retention import papers
from retention.enums import AddendumKind
from retention.models import Certificate, CertificateAddendum, ErasureRun
from retention.operations import addenda, certificates, ledger_older, verdicts
from retention.rules import certificate as rules
from tests.retention.restoring import Backup, codes, replayed
from tests.retention.test_certificate_faces import text_of
from tests.retention.test_restores import of_one_person
from tests.retention.test_verifying import asked, text
from tests.retention.under_contract import AFTER_GRACE

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def the_certificate():
    with tenancy.vendor():
        return Certificate.objects.get().document


def the_run():
    with tenancy.vendor():
        return ErasureRun.objects.get()


def said_later():
    with tenancy.vendor():
        return list(CertificateAddendum.objects.order_by("number").values_list("kind", flat=True))


def one_that_took_anothers_place():
    """Return a certificate that a restore lost, and the one that the replay issued."""
    _organization, erase = of_one_person()
    backup = Backup()
    erase()
    lost = the_certificate()
    backup.restore()
    replayed()
    return lost, the_certificate()


def test_what_a_restore_lost_is_replaced_and_both_say_so():
    lost, issued = one_that_took_anothers_place()
    assert "restored" not in lost and issued["certificate"] != lost["certificate"]
    again = the_run().replayed_at.isoformat()
    assert issued["restored"] == {"replayed_at": again, "keys_destroyed_again_at": None}
    assert issued["keys"] == lost["keys"], "by this whoever has the other one knows it"
    found = asked(lost)
    assert (found["verdict"], found["known"], found["stands"]) == ("superseded", False, True)
    assert found["replaced_by"] == {"certificate": issued["certificate"], "issued_at": issued["issued_at"]}
    page = Client().post("/verify?language=en", {"file": SimpleUploadedFile("x.json", text(lost))}).content.decode()
    assert f"certificate {issued['certificate']} of " in page and "takes its place" in page
    assert "not in our lists" not in page
    found = asked(issued)
    assert (found["verdict"], found["known"], found["replaced_by"]) == ("valid", True, None)


def test_what_is_said_of_the_new_one_holds_of_the_lost_one():
    lost, issued = one_that_took_anothers_place()
    with tenancy.vendor():
        run = ErasureRun.objects.select_related("organization").get()
        addenda.issue(run, AddendumKind.RESIDUE_FOUND, now=AFTER_GRACE, by=SYSTEM)
    found = asked(lost)
    assert (found["stands"], found["latest"]["kind"]) == (False, "residue_found")
    assert found["replaced_by"]["certificate"] == issued["certificate"]


def test_an_addendum_that_a_restore_lost_is_replaced_too():
    _organization, erase = of_one_person()
    backup = Backup()
    erase()
    with tenancy.vendor():
        run = ErasureRun.objects.select_related("organization").get()
        lost = addenda.issue(run, AddendumKind.CHECKED_AGAIN, now=AFTER_GRACE, by=SYSTEM).document
    assert (asked(lost)["verdict"], lost["run"]) == ("valid", str(run.public_id))
    backup.restore()
    replayed()
    found = asked(lost)
    assert (found["verdict"], found["number"]) == ("superseded", 1)
    assert found["replaced_by"]["certificate"] == the_certificate()["certificate"]


def test_of_a_certificate_that_is_here_a_lost_addendum_is_no_sign_of_another_one():
    _lost, issued = one_that_took_anothers_place()
    between = Backup()
    with tenancy.vendor():
        run = ErasureRun.objects.select_related("organization").get()
        lost = addenda.issue(run, AddendumKind.CHECKED_AGAIN, now=AFTER_GRACE, by=SYSTEM).document
    between.restore()
    found = verdicts.check(text(lost))
    assert (found.verdict, found.known, found.stands, found.replaced_by) == ("valid", False, True, None)
    assert lost["certificate"] == issued["certificate"]


def test_until_there_is_a_new_one_nobody_says_that_the_lost_one_stands(monkeypatch):
    _organization, erase = of_one_person()
    backup = Backup()
    erase()
    lost = the_certificate()
    backup.restore()

    def killed(*_run, **_said):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(certificates, "certify", killed)
        with pytest.raises(KeyboardInterrupt):
            replayed()
    found = verdicts.check(text(lost))
    assert (found.verdict, found.known, found.stands, found.replaced_by) == ("valid", False, None, None)
    replayed()
    assert asked(lost)["replaced_by"] is not None


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"organization": str(uuid4())}, id="of-another-client"),
        pytest.param({"keys": {"run": str(uuid4())}}, id="of-another-run"),
        pytest.param({"keys": {"destroyed": 1}}, id="of-no-run"),
    ],
)
def test_no_other_document_is_replaced_by_it(changed):
    lost, _issued = one_that_took_anothers_place()
    facts = {name: said for name, said in lost.items() if name != "signature"}
    found = asked(rules.signed({**facts, **changed}, private_key()))
    assert (found["verdict"], found["replaced_by"]) == ("valid", None)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        pytest.param("en", "was issued before, this one takes its place", id="en"),
        pytest.param("fr", "a été délivré auparavant, celui-ci le remplace", id="fr"),
        pytest.param("pl", "ten go zastępuje", id="pl"),
    ],
)
def test_the_paper_says_it_too(language, words):
    lost, issued = one_that_took_anothers_place()
    on_paper = [re.sub(r"\s+", " ", text_of(papers.certificate(one, language=language))) for one in (issued, lost)]
    assert words in on_paper[0] and issued["keys"]["run"] in on_paper[0]
    assert words not in on_paper[1]


def with_keys_that_came_back():
    """Let a ledger be restored to before an erasure whose certificate is here."""
    _organization, erase = of_one_person()
    other = Backup("ledger")
    erase()
    other.restore()


@pytest.mark.parametrize("stood", [pytest.param(True, id="it-stands"), pytest.param(False, id="it-does-not")])
def test_keys_that_come_back_and_go_again_are_told_by_an_addendum(stood):
    with_keys_that_came_back()
    if not stood:
        with tenancy.vendor():
            run = ErasureRun.objects.select_related("organization").get()
            addenda.issue(run, AddendumKind.RESIDUE_FOUND, now=AFTER_GRACE, by=SYSTEM)
    replayed("--ledger-older")
    with tenancy.vendor():
        last = CertificateAddendum.objects.order_by("number").last().document
    assert (last["kind"], last["stands"]) == ("keys_gone_again", stood)
    run = the_run()
    levels = {one["level"]: one for one in last["levels"]}
    assert levels["unreadable"]["at"] is None, "key caches hold them for a moment"
    assert levels["unreadable"]["expected_at"] > run.keys_destroyed_again_at.isoformat()
    assert asked(the_certificate())["latest"]["kind"] == "keys_gone_again"


def test_a_replay_killed_before_it_told_of_keys_tells_when_it_goes_on(monkeypatch):
    """Its entry is as it was, digest and all: nothing but the trail shows that it was not told."""
    with_keys_that_came_back()
    record = audit.record

    def killed(name, *facts, **said):
        if name == "erasure.keys_destroyed_again":
            raise KeyboardInterrupt
        return record(name, *facts, **said)

    monkeypatch.setattr(audit, "record", killed)
    with pytest.raises(KeyboardInterrupt):
        replayed("--ledger-older")
    assert said_later() == []
    monkeypatch.setattr(audit, "record", record)
    replayed("--ledger-older")
    assert (said_later(), codes()) == (["keys_gone_again"], [])
    with tenancy.vendor():
        assert AuditEvent.objects.filter(name="erasure.keys_destroyed_again").count() == 1


def test_a_replay_killed_once_it_had_told_of_keys_still_reports_them(monkeypatch):
    with_keys_that_came_back()
    destroy_again = ledger_older.destroy_again

    def killed(*run, **said):
        destroy_again(*run, **said)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ledger_older, "destroy_again", killed)
        with pytest.raises(KeyboardInterrupt):
            replayed("--ledger-older")
    told = replayed("--ledger-older")
    assert told["runs"] == {str(the_run().public_id): "keys"}
    assert said_later() == ["keys_gone_again"]
