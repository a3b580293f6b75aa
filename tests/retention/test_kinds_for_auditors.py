"""What auditors are given of requests that were carried out, held up, refused: of every kind, and of nobody by name."""

from datetime import date

import pytest

from accounts import tenancy
from retention.enums import HoldGround, RefusalGround, RequestKind
from retention.operations import corrections, holds, people_requests
from tests.retention.packages import made, rows
from tests.retention.test_life import live_until
from tests.retention.under_contract import CLIENT, NOW, STAFF, a_client, asked

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
