"""What the vendor plans stays out of the client's trail: drafts, proposals, letters being weighed, their words."""

from datetime import date

import pytest

from accounts import tenancy
from accounts.models import AuditDetail, AuditEvent
from accounts.operations import audit
from contracts.letters import reader
from contracts.models import Deadline
from contracts.operations import deadlines, intakes, offers, outgoing, uplifts
from tests.contracts.agreements import at
from tests.contracts.indexation import test_offers, test_uplifts
from tests.contracts.operations import test_outgoing
from tests.contracts.operations.lives import MANAGER
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def names(contract, prefix):
    """Return the events of a client with a prefix: those that the vendor reads, and those that the client reads."""
    found = []
    for scope in (tenancy.vendor(), tenancy.tenant(contract.organization_id)):
        with scope:
            events = AuditEvent.objects.filter(organization_id=contract.organization_id, name__startswith=prefix)
            found.append(list(events.order_by("pk").values_list("name", flat=True)))
    return tuple(found)


def test_a_notice_being_prepared_and_the_reason_to_give_it_up():
    contract = test_outgoing.a_contract()
    row = test_outgoing.approve(test_outgoing.draft(contract))
    with tenancy.vendor():
        outgoing.cancel(row, now=at("2025-06-04"), by=MANAGER, reason="Too big a client to lose.")
    seen, told = names(contract, "outgoing_notice.")
    assert (len(seen), told) == (3, [])
    with tenancy.tenant(contract.organization_id):
        assert not AuditDetail.objects.exists()
    with tenancy.vendor():
        assert AuditDetail.objects.get().text == {"reason": "Too big a client to lose."}


@pytest.mark.parametrize(
    ("sends", "visible"),
    [
        pytest.param(False, [], id="withdrawn-as-a-draft"),
        pytest.param(True, ["offer.sent", "offer.withdrawn"], id="withdrawn-once-sent"),
    ],
)
def test_an_offer_until_it_is_sent(sends, visible):
    contract = test_offers.an_active_contract()
    offer = test_offers.made(contract)
    with tenancy.vendor():
        if sends:
            offers.send(offer, now=test_offers.NOW, by=MANAGER)
        offers.withdraw(offer, now=test_offers.NOW, by=MANAGER)
    seen, told = names(contract, "offer.")
    assert (seen, told) == (["offer.made", *(["offer.sent"] if sends else []), "offer.withdrawn"], visible)


def test_a_price_that_the_vendor_weighs():
    contract = test_uplifts.an_indexed_contract()
    test_uplifts.import_rows(test_uplifts.SUMMER, now=at("2025-08-20"))
    test_uplifts.sweep(test_uplifts.DUE)
    test_uplifts.decide(uplifts.apply)
    assert names(contract, "uplift.") == (["uplift.proposed", "uplift.applied"], [])
    assert names(contract, "contract.amended")[1] == ["contract.amended"], "what binds the client is told"


def test_a_letter_that_is_asked_back():
    organization = an_organization()
    with tenancy.vendor():
        letter = intakes.drop(reader.pasted("Stop?"), now=at("2025-06-10"), by=MANAGER)
        intakes.ask_back(letter, organization=organization, now=at("2025-06-10"), by=MANAGER)
    with tenancy.tenant(organization.pk):
        assert not AuditEvent.objects.filter(name__startswith="intake.").exists()


@pytest.mark.parametrize(("vendor_only", "visible"), [(True, []), (False, ["deadline.superseded", "deadline.met"])])
def test_a_deadline_of_the_vendor_s_own(vendor_only, visible):
    contract = test_outgoing.a_contract()
    facts = {
        "organization_id": contract.organization_id,
        "contract": contract,
        "subject_type": "Contract",
        "subject_id": contract.public_id,
        "calendar_country": "FR",
        "time_zone": "Europe/Paris",
        "rule": "send_by",
        "version": 1,
        "due_at": at("2025-09-01"),
        "opened_at": at("2025-06-01"),
        "vendor_only": vendor_only,
        "inputs": {},
        "why": {},
        "kind": "last_notice",
        **dict.fromkeys(("nominal_on", "legal_on", "internal_on"), date(2025, 9, 1)),
    }
    with tenancy.vendor():
        Deadline.objects.create(occurrence=7, **facts)
        deadlines.refresh([contract.pk], now=at("2025-06-10"), by=MANAGER)
        met = Deadline.objects.create(occurrence=8, **facts)
        deadlines.meet(met, reason="Done by phone.", now=at("2025-06-10"), by=MANAGER)
    assert names(contract, "deadline.") == (["deadline.superseded", "deadline.met"], visible)


def test_a_client_s_scope_writes_none_of_the_vendor_s_own():
    contract = test_outgoing.a_contract()
    with pytest.raises(Exception, match="row-level security"), tenancy.tenant(contract.organization_id):
        audit.record("thing.done", contract, by=MANAGER, at=at("2025-06-10"), vendor_only=True)
