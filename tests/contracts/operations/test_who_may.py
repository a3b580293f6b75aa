"""Who may end a contract, and with what: a side leaves on its own grounds, staff act for a client with its document."""

from decimal import Decimal

import pytest

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from contracts.enums import NoticeParty, TerminationGround
from contracts.models import Quote, Termination
from contracts.operations import quotes
from contracts.rules import grounds
from tests.contracts.agreements import at
from tests.contracts.operations.lives import fresh
from tests.contracts.operations.test_quotes import BY, a_proof, an_active_contract, make

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
G, CLIENT, VENDOR = TerminationGround, NoticeParty.CLIENT, NoticeParty.VENDOR


def accept(quote, **more):
    with tenancy.vendor():
        found = Quote.objects.select_related("contract").get(pk=quote.pk)
        return quotes.accept(found, now=at("2025-03-10"), by=BY, **more)


@pytest.mark.parametrize(
    ("ground", "client", "vendor"),
    [
        pytest.param(None, True, True, id="on-notice"),
        pytest.param(G.CONVENIENCE, True, False, id="convenience"),
        pytest.param(G.VENDOR_BREACH, True, False, id="vendor-s-breach"),
        pytest.param(G.CLIENT_BREACH, False, True, id="client-s-breach"),
        pytest.param(G.AGREEMENT, True, True, id="agreement"),
        pytest.param(G.SWITCHING, True, False, id="switching"),
        pytest.param(G.IMMEDIATE, True, True, id="grave-cause"),
    ],
)
def test_each_side_leaves_on_its_own_grounds(ground, client, vendor):
    assert (grounds.may_declare(CLIENT, ground), grounds.may_declare(VENDOR, ground)) == (client, vendor)


@pytest.mark.parametrize("ground", [G.CONVENIENCE, G.VENDOR_BREACH, G.SWITCHING])
def test_the_vendor_is_not_quoted_what_only_the_client_may(ground):
    contract = an_active_contract()
    with pytest.raises(InvalidInput) as refused:
        make(contract, ground=ground, party=VENDOR)
    assert [(one.field, one.code) for one in refused.value.errors] == [("party", "not_this_side")]
    with tenancy.vendor():
        assert not Quote.objects.exists()


@pytest.mark.parametrize(
    ("ground", "more"),
    [
        pytest.param(G.CONVENIENCE, {}, id="the-client-s-exit"),
        pytest.param(G.AGREEMENT, {"agreed": Decimal(3000), "party": VENDOR}, id="the-vendor-s-wish"),
    ],
)
def test_staff_accepts_for_the_client_with_the_client_s_document_only(ground, more):
    contract = an_active_contract()
    quote = make(contract, ground=ground, **more)
    with pytest.raises(Refused) as refused:
        accept(quote, for_client=True)
    assert (refused.value.code, fresh(contract).ends_on) == ("proof_needed", None)
    with tenancy.vendor():
        proof = a_proof(contract)
    accept(quote, for_client=True, proof=proof)
    with tenancy.vendor():
        assert Termination.objects.get().proof_id == proof.pk, "the client's document, not the vendor's own page"
