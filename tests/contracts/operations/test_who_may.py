"""Who may end a contract, and with what: a side leaves on its own grounds, staff act for a client with its document."""

from datetime import date
from decimal import Decimal

import psycopg
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from contracts.enums import NoticeParty, TerminationGround
from contracts.models import Contract, Quote, Termination
from contracts.operations import ends, quotes, terminations
from contracts.rules import grounds
from tests.admin.people import a_member
from tests.contracts.agreements import at
from tests.contracts.operations.lives import fresh
from tests.contracts.operations.test_quotes import BY, a_proof, an_active_contract, make, terminate
from tests.contracts.test_outgoing_faces import a_slip
from tests.engines import owner_dsn

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


@pytest.mark.parametrize("ground", list(G))
def test_every_ground_but_a_switch_is_proved_by_one_list_in_the_rule_and_in_the_table(ground):
    contract = an_active_contract()
    switched = ground is G.SWITCHING
    assert grounds.is_proved(ground) is not switched

    def declare():
        with tenancy.vendor(), transaction.atomic():
            locked = Contract.objects.select_for_update(of=("self",)).select_related("organization").get(pk=contract.pk)
            ends.declare(
                locked,
                ground=ground,
                party=CLIENT,
                declared_on=date(2025, 3, 1),
                ends_on=date(2025, 7, 1),
                penalty=None if switched else Decimal(0),
                now=at("2025-03-01"),
                by=BY,
            )

    if switched:
        declare()
    else:
        with pytest.raises(IntegrityError, match="termination_proved_where_it_must_be"):
            declare()


def test_a_declaration_of_the_past_is_recorded_with_the_client_s_document():
    contract = an_active_contract()
    terminate(contract, on="2025-02-01", last_day="2025-04-30", now="2025-06-01")
    assert fresh(contract).ends_on == date(2025, 5, 1)


def test_one_that_was_recorded_without_proof_before_it_needed_one_stays_and_can_be_taken_back():
    contract = an_active_contract()
    name = "termination_proved_where_it_must_be"
    with psycopg.connect(owner_dsn("default"), autocommit=True) as owner:
        query = "SELECT pg_get_constraintdef(oid), convalidated FROM pg_constraint WHERE conname = %s"
        definition, validated = owner.execute(query, [name]).fetchone()
        assert not validated, "the migration asks nothing of earlier rows"
        owner.execute(f"ALTER TABLE contracts_termination DROP CONSTRAINT {name}")
        try:
            with tenancy.vendor():
                earlier = ends.declare(
                    Contract.objects.select_related("organization").get(pk=contract.pk),
                    ground=G.CONVENIENCE,
                    party=CLIENT,
                    declared_on=date(2025, 3, 1),
                    ends_on=date(2025, 7, 1),
                    penalty=Decimal(0),
                    now=at("2025-03-01"),
                    by=BY,
                )
        finally:
            owner.execute(f"ALTER TABLE contracts_termination ADD CONSTRAINT {name} {definition}")
    with tenancy.vendor():
        terminations.revert(earlier, proof=a_proof(contract), now=at("2025-03-02"), by=BY)
    assert fresh(contract).ends_on is None


def test_in_the_admin_the_document_is_asked_for(monkeypatch):
    contract = an_active_contract()
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-06-01"))
    client = Client()
    client.force_login(a_member("contract_manager"))
    page = reverse("admin:contracts_contract_terminate", args=[contract.pk])
    form = {"ground": "convenience", "party": "client", "declared_on": "01/02/2025", "last_day": "30/06/2025"}
    assert client.get(page).context["form"].fields["proof"].required
    refused = client.post(page, {**form, "confirmed": "yes"})
    assert set(refused.context["form"].errors) == {"proof"} and fresh(contract).ends_on is None
    done = client.post(page, {**form, "proof": a_slip(), "confirmed": "yes"})
    assert done.status_code == 302, done.context["form"].errors
    with tenancy.vendor():
        found = Termination.objects.get()
    assert found.proof_id is not None and fresh(contract).ends_on == date(2025, 7, 1)
