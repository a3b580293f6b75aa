"""The vendor's own notices: two persons, proof, the day that counts; nothing twice, nothing for a client to see."""

from datetime import date
from io import BytesIO

import pytest

from accounts import tenancy
from accounts.enums import DocumentKind
from accounts.errors import InvalidInput, Refused
from accounts.models import AuditDetail
from accounts.operations import documents
from contracts.enums import NoticeChannel, NoticeKind, NoticeParty
from contracts.models import Notice, OutgoingNotice
from contracts.operations import outgoing
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import at_once, fresh, give, live_until
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ONE, TWO = "user:one", "user:two"
END = date(2025, 12, 31)


def a_contract(**terms):
    contract = a_signed_contract(an_organization(), **terms)
    live_until("2025-06-01")
    return fresh(contract)


def draft(contract, *, now="2025-06-01", last_day=END, channel=NoticeChannel.REGISTERED_LETTER):
    with tenancy.vendor():
        return outgoing.draft(
            contract, kind=NoticeKind.NON_RENEWAL, channel=channel, last_day=last_day, now=at(now), by=ONE
        )


def approve(row, by=TWO):
    with tenancy.vendor():
        return outgoing.approve(row, now=at("2025-06-02"), by=by)


def a_proof(contract):
    return documents.store(
        contract.organization,
        BytesIO(b"slip"),
        kind=DocumentKind.NOTICE_PROOF,
        filename="slip.txt",
        content_type="text/plain",
        now=at("2025-06-03"),
        by=TWO,
    )


def send(row, *, sent_on="2025-06-03", received_on=None, now="2025-06-10"):
    with tenancy.vendor():
        return outgoing.send(
            row,
            sent_on=date.fromisoformat(sent_on),
            received_on=received_on and date.fromisoformat(received_on),
            proof=a_proof(row.contract),
            now=at(now),
            by=TWO,
        )


def test_from_draft_to_notice_where_receipt_counts():
    row = draft(a_contract())
    assert (row.status, row.send_by, row.why["rule"]) == ("draft", date(2025, 9, 25), "send_by")
    row = send(approve(row))
    assert (row.status, row.notice) == ("sent", None)
    assert fresh(row.contract).ends_on is None
    with tenancy.vendor():
        row = outgoing.receive(row, received_on=date(2025, 6, 6), now=at("2025-06-10"), by=TWO)
    assert (row.status, row.notice.party, row.notice.judgment) == ("given", "vendor", "in_time")
    assert (row.notice.proof_id, fresh(row.contract).ends_on) == (row.proof_id, date(2026, 1, 1))


@pytest.mark.parametrize(
    ("terms", "received_on"), [({"notice_effect": "sending"}, None), ({}, "2025-06-05")], ids=["sending", "receipt"]
)
def test_given_at_once_where_the_day_that_counts_is_known(terms, received_on):
    assert send(approve(draft(a_contract(**terms))), received_on=received_on).status == "given"


def test_who_drafts_does_not_approve():
    row = draft(a_contract())
    with pytest.raises(outgoing.NeedsAnotherPerson):
        approve(row, by=ONE)
    with pytest.raises(outgoing.OutgoingNotInThatState):
        send(row)
    assert approve(row).approved_by == TWO


def test_without_a_day_it_is_the_first_end_in_time_and_a_late_one_is_drafted():
    assert draft(a_contract(), last_day=None).ends_on == date(2026, 1, 1)
    assert draft(a_contract(), now="2025-09-29", last_day=None).ends_on == date(2027, 1, 1)
    assert draft(a_contract(), now="2025-09-29").send_by == date(2025, 9, 25), "late, and shown as late"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(lambda: draft(a_contract(), last_day=date(2025, 11, 30)), "not_an_end", id="not-an-end"),
        pytest.param(lambda: send(approve(draft(a_contract())), sent_on="2025-06-11"), "out_of_range", id="tomorrow"),
        pytest.param(
            lambda: send(approve(draft(a_contract())), received_on="2025-06-02"),
            "before_sending",
            id="before-it-was-sent",
        ),
    ],
)
def test_wrong_days(change, code):
    with pytest.raises(InvalidInput) as raised:
        change()
    assert [error.code for error in raised.value.errors] == [code]
    with tenancy.vendor():
        assert not Notice.objects.exists()
        assert not OutgoingNotice.objects.filter(status__in=["sent", "given"]).exists()


def test_one_is_prepared_at_a_time_and_none_while_one_stands():
    contract = a_contract()
    row = draft(contract)
    with pytest.raises(Refused) as raised:
        draft(contract)
    assert raised.value.code == "outgoing_notice_open"
    with tenancy.vendor():
        outgoing.cancel(row, reason="Ada changed her mind", now=at("2025-06-02"), by=ONE)
        assert AuditDetail.objects.get().text == {"reason": "Ada changed her mind"}
    give(contract, "2025-06-05", party=NoticeParty.VENDOR)
    with pytest.raises(Refused) as raised:
        draft(contract)
    assert raised.value.code == "notice_stands"


@pytest.mark.parametrize("act", ["draft", "approve", "send", "cancel"])
def test_two_at_once(act):
    contract = a_contract()
    if act == "draft":
        done = at_once(
            lambda: outgoing.draft(
                contract,
                kind=NoticeKind.NON_RENEWAL,
                channel=NoticeChannel.EMAIL,
                last_day=END,
                now=at("2025-06-01"),
                by=ONE,
            )
        )
        assert done == (1, ["outgoing_notice_open"])
        return
    row = draft(contract)
    if act == "send":
        approve(row)
    does = {
        "approve": lambda: outgoing.approve(row, now=at("2025-06-02"), by=TWO),
        "cancel": lambda: outgoing.cancel(row, now=at("2025-06-02"), by=TWO),
        "send": lambda: outgoing.send(
            row,
            sent_on=date(2025, 6, 3),
            received_on=date(2025, 6, 4),
            proof=a_proof(contract),
            now=at("2025-06-10"),
            by=TWO,
        ),
    }
    assert at_once(does[act]) == (1, ["outgoing_notice_not_in_that_state"])


def test_a_client_sees_none_of_it_even_in_its_own_scope():
    row = draft(a_contract())
    with tenancy.tenant(row.organization_id):
        assert not OutgoingNotice.objects.exists()
