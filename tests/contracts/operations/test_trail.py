"""Every operation leaves one event and its announcement, in its own transaction or not at all."""

from datetime import date

import pytest

from accounts import tenancy
from accounts.models import AuditEvent, Document, LicenceGrant, OutboxMessage
from contracts.enums import NoticeChannel, NoticeKind, NoticeParty
from contracts.models import Contract, Notice, Term
from contracts.operations import ending, importing, notices, renewal, signing
from tests.contracts.agreements import TERMS, a_draft, a_signed_contract, at
from tests.contracts.operations.lives import MANAGER, an_agreement, give, live_until
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def drafted(organization):
    return a_draft(organization)


def signed(organization):
    return a_signed_contract(organization)


def active(organization):
    contract = a_signed_contract(organization)
    live_until("2025-01-02")
    return contract


def certain(organization):
    contract = active(organization)
    live_until("2025-12-01")
    return contract


def under_notice(organization):
    contract = active(organization)
    give(contract, "2025-06-01")
    return contract


def agreed(organization):
    contract = under_notice(organization)
    with tenancy.vendor():
        an_agreement(contract, at("2025-06-02"))
    return contract


def _withdraw(contract):
    notices.withdraw(contract, proof=Document.objects.get(), now=at("2025-06-02"), by=MANAGER)


def _draft(organization):
    signing.draft(organization, now=at("2024-12-01"), by=MANAGER, **TERMS)


def _give(contract):
    notices.give(
        contract,
        kind=NoticeKind.NON_RENEWAL,
        party=NoticeParty.CLIENT,
        channel=NoticeChannel.EMAIL,
        sent_on=date(2025, 6, 1),
        received_on=date(2025, 6, 1),
        entitled=True,
        now=at("2025-06-01"),
        by=MANAGER,
    )


FIRST_END = date(2026, 1, 1)
# What it is done to, the act, and the name of its event and topic.
OPERATIONS = {
    "draft": (lambda organization: organization, _draft, "contract.drafted"),
    "sign": (drafted, lambda c: signing.sign(c, now=at("2024-12-02"), by=MANAGER), "contract.signed"),
    "start": (signed, lambda c: signing.start(c, now=at("2025-01-02"), by=MANAGER), "contract.started"),
    "cancel": (signed, lambda c: signing.cancel(c, now=at("2024-12-20"), by=MANAGER), "contract.cancelled"),
    "make_certain": (
        active,
        lambda c: renewal.make_certain(c, ending=FIRST_END, now=at("2025-12-01"), by=MANAGER),
        "contract.renewal_certain",
    ),
    "renew": (
        certain,
        lambda c: renewal.renew(c, ending=FIRST_END, now=at("2026-01-01"), by=MANAGER),
        "contract.renewed",
    ),
    "give": (active, _give, "contract.notice_given"),
    "withdraw": (agreed, _withdraw, "contract.notice_withdrawn"),
    "end": (under_notice, lambda c: ending.end(c, now=at("2026-01-01"), by=MANAGER), "contract.ended"),
    "set_paid_until": (
        active,
        lambda c: importing.set_paid_until(c, date(2026, 1, 1), now=at("2025-06-01"), by=MANAGER),
        "contract.paid_until_changed",
    ),
}


def everything():
    """Return every row of every table that contract operations write."""
    with tenancy.vendor():
        models = (Contract, Term, Notice, LicenceGrant, AuditEvent, OutboxMessage)
        return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


@pytest.mark.parametrize("name", OPERATIONS)
def test_one_event_and_its_announcement(name):
    make, act, event = OPERATIONS[name]
    subject = make(an_organization())
    before = everything()
    with tenancy.vendor():
        act(subject)
    after = everything()
    (recorded,) = after["AuditEvent"][len(before["AuditEvent"]) :]
    (announced,) = after["OutboxMessage"][len(before["OutboxMessage"]) :]
    (contract,) = after["Contract"]
    assert recorded["name"] == announced["topic"] == event
    assert recorded["subject_id"] == announced["subject_id"] == contract["public_id"]
    assert recorded["organization_id"] == announced["organization_id"] == contract["organization_id"]
    assert recorded["actor"] == MANAGER
    assert recorded["occurred_at"] == announced["occurred_at"]


class _Crash(Exception):
    """What happens to the caller after the operation, before its commit."""


@pytest.mark.parametrize("name", OPERATIONS)
def test_rolled_back_there_is_neither_change_nor_trail(name):
    make, act, _event = OPERATIONS[name]
    subject = make(an_organization())
    before = everything()
    with pytest.raises(_Crash), tenancy.vendor():
        act(subject)
        raise _Crash
    assert everything() == before


@pytest.mark.parametrize("broken", ["audit.record", "outbox.publish"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_without_its_trail_nothing_changes(name, broken, monkeypatch):
    """An operation whose event or announcement cannot be written does nothing, even if its caller goes on."""
    make, act, _event = OPERATIONS[name]
    subject = make(an_organization())
    before = everything()

    def fail(*args, **kwargs):
        raise _Crash

    module, function = broken.split(".")
    monkeypatch.setattr(f"accounts.operations.{module}.{function}", fail)
    with tenancy.vendor(), pytest.raises(_Crash):
        act(subject)
    assert everything() == before


def test_the_trail_of_a_notice_holds_codes_days_and_ids():
    contract = under_notice(an_organization())
    with tenancy.vendor():
        event = AuditEvent.objects.get(name="contract.notice_given", subject_id=contract.public_id)
        notice = Notice.objects.get()
    assert event.data == {"notice": str(notice.public_id), "judgment": "in_time", "ends_on": "2026-01-01"}
    assert event.occurred_at == at("2025-06-01")
