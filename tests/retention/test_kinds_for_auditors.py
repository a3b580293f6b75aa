"""What auditors are given of requests that were carried out, held up, refused: of every kind, and of nobody by name."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import tenancy
from accounts.operations.sweeping import SYSTEM
from retention.enums import HoldGround, RefusalGround, RequestKind
from retention.models import Certificate, CertificateAddendum, ManualErasure
from retention.operations import attesting, corrections, external, holds, people_requests, verification
from retention.rules.audit_package import Span
from tests.retention.connectors.configured import PAPER, described
from tests.retention.packages import made, rows
from tests.retention.test_life import live_until, plant
from tests.retention.under_contract import AFTER_GRACE, CLIENT, NOW, OFFICER, STAFF, a_client, approved, asked

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture
def files(settings):
    settings.VENDOR_NAME, settings.VENDOR_CONTACT, settings.VENDOR_DPO = "Vendor SAS", "privacy@vendor.example", "DPO"
    organization = a_client()
    with tenancy.vendor():
        hold = holds.place(
            organization, ground=HoldGround.LAW, citation="Art. 145", review_on=date(2099, 1, 1), now=NOW, by=STAFF
        )
    erasure = asked(organization, "cyd-1")
    live_until(NOW)
    with tenancy.vendor():
        holds.release(hold, now=NOW, by=STAFF)
    live_until(NOW)
    refused = asked(organization, "ben-1", kind=RequestKind.EXPORT, decided=False)
    restricted = asked(organization, "ann-1", kind=RequestKind.RESTRICT)
    corrected = asked(organization, "ann-1", kind=RequestKind.CORRECT, corrections={"shoe_size": "SEVENANDAHALF"})
    with tenancy.vendor():
        people_requests.refuse(refused, ground=RefusalGround.NOT_IDENTIFIED, now=NOW, by=CLIENT, reason="REASONINWORDS")
        corrections.confirm(corrected, now=NOW, by="token:product")
    kinds = {str(one.public_id): one.kind for one in (erasure, refused, restricted, corrected)}
    return kinds, made(organization=organization)


def test_the_package_tells_of_every_kind_and_names_nobody(files):
    kinds, package = files
    register = {one["kind"]: one for one in rows(package, "request-register")}
    assert {kind: one["status"] for kind, one in register.items()} == {
        "erase": "confirmed",
        "export": "refused",
        "restrict": "done",
        "correct": "done",
    }
    assert register["export"]["refusal"] == "not_identified"
    assert register["correct"]["carried_out_at"] is not None
    told = {(kinds[one["request"]], one["name"].partition(".")[2]): one for one in rows(package, "request-events")}
    for of in (
        ("erase", "blocked"),
        ("erase", "unblocked"),
        ("export", "refused"),
        ("restrict", "done"),
        ("correct", "made"),
        ("correct", "done"),
    ):
        assert of in told, f"{of} is not told"
    assert told["erase", "blocked"]["data"]["codes"] == ["legal_hold"]
    assert told["export", "refused"]["data"] == {"kind": "export", "ground": "not_identified"}
    assert told["correct", "made"]["data"]["fields"] == ["shoe_size"]
    instructed = {one["name"] for one in rows(package, "instruction-log")}
    assert {"correction.made", "processing.restricted", "deletion_request.refused"} <= instructed
    notified = {one["topic"] for one in rows(package, "notifications")}
    assert {"correction.made", "processing.restricted", "deletion_request.done", "deletion_request.blocked"} <= notified
    text = b"".join(package.values())
    for secret in (b"SEVENANDAHALF", b"REASONINWORDS", b"ann-1", b"ben-1@"):
        assert secret not in text


def test_what_was_said_of_a_certificate_and_attested_by_hand_in_the_period_is_there(settings):
    settings.VENDOR_NAME, settings.VENDOR_CONTACT, settings.VENDOR_DPO = "Vendor SAS", "privacy@vendor.example", "DPO"
    organization = a_client()
    with tenancy.vendor():
        store = external.create(**described(code="paper", kind="manual", settings=PAPER, secret=""), now=NOW, by=STAFF)
    approved(asked(organization, "ann-1"))
    live_until(AFTER_GRACE)
    with tenancy.vendor():
        upload = SimpleUploadedFile("protocol.pdf", b"%PDF shredded")
        row = ManualErasure.objects.get(store=store)
        attesting.attest(row, upload, now=AFTER_GRACE + timedelta(minutes=1), by=OFFICER)
    issued_at = AFTER_GRACE + timedelta(hours=1)
    live_until(issued_at)
    plant(organization, ("contracts_contract", "reference", "'C of ann-1@client.example'"))
    later = issued_at + timedelta(days=1)
    verification.check_due(now=later, by=SYSTEM)
    with tenancy.vendor():
        certificate = Certificate.objects.get()
        (addendum,) = CertificateAddendum.objects.all()
    assert (certificate.issued_at.date(), addendum.kind) == (issued_at.date(), "residue_found")
    first, second, third = (
        made(Span(on, on + timedelta(days=1)), organization=organization)
        for on in (issued_at.date(), later.date(), later.date() + timedelta(days=1))
    )
    for package, there in ((first, True), (second, True), (third, False)):
        assert (f"certificates/{certificate.public_id}.json" in package) is there
        assert (f"certificates/{certificate.public_id}-addendum-1.json" in package) is there
    assert "manual_erasure.attested" in {one["name"] for one in rows(first, "instruction-log")}
    assert {"manual_erasure.asked", "manual_erasure.attested"} <= {one["topic"] for one in rows(first, "notifications")}
