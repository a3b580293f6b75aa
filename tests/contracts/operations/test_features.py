"""The features that a contract agrees: granted with it, amended from a day on, kept by its renewals; and more seats."""

import pytest

from accounts import tenancy
from accounts.errors import InvalidInput
from accounts.models import LicenceGrant, LicensedUser
from accounts.operations import entitlements, users
from contracts.models import Term
from tests.contracts.agreements import a_draft, a_signed_contract, at
from tests.contracts.operations.lives import fresh
from tests.contracts.operations.test_amendments import amend, an_active_contract, live_until
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def granted(contract):
    with tenancy.vendor():
        return LicenceGrant.objects.get(source=contract.public_id).features


def people(organization, *names, now):
    with tenancy.vendor():
        found = [
            users.Person(external_id=name, email=f"{name}@client.example", display_name=name, row=number)
            for number, name in enumerate(names, start=1)
        ]
        users.put(organization, found, now=now, by="user:x")


def used_by(organization, name, *, now):
    """Return what somebody may use, as the product is told."""
    with tenancy.tenant(organization.pk):
        return entitlements.check([name], now=now, organization_id=organization.pk).answers[name].features


def test_what_is_agreed_is_granted_once_each_in_order():
    contract = a_signed_contract(an_organization(), features=["reports", "chat", "reports"])
    assert contract.features == ["chat", "reports"] == granted(contract)


def test_without_any_everything_is_granted():
    assert granted(a_signed_contract(an_organization())) == []


@pytest.mark.parametrize("features", [["a b"], ["x" * 61], [""], ["é"], ["a\x00"], [f"f{n}" for n in range(101)]])
def test_what_is_no_code_is_told(features):
    with pytest.raises(InvalidInput) as refused:
        a_draft(an_organization(), features=features)
    assert {error.field for error in refused.value.errors} == {"features"}


def test_an_amendment_changes_what_people_may_use_from_its_midnight():
    contract = an_active_contract(features=["chat"])
    organization = contract.organization
    people(organization, "ann", now=at("2025-01-10"))
    amend(contract, "2025-03-01", features=["chat", "reports"])
    live_until("2025-02-28")
    assert used_by(organization, "ann", now=at("2025-02-28")) == ("chat",)
    live_until("2025-03-02")
    assert used_by(organization, "ann", now=at("2025-03-02")) == ("chat", "reports")
    with pytest.raises(InvalidInput):
        amend(contract, "2025-04-01", on="2025-03-05", features=["no code"])


def test_a_renewal_keeps_them_and_each_term_says_its_own():
    contract = an_active_contract(features=["chat"])
    amend(contract, "2025-03-01", features=["chat", "reports"])
    live_until("2026-01-05")
    assert granted(contract) == ["chat", "reports"]
    with tenancy.vendor():
        terms = Term.objects.filter(contract=contract, voided_at__isnull=True).order_by("number")
        assert [term.clauses["features"] for term in terms][:2] == [["chat"], ["chat", "reports"]]


def test_more_seats_let_in_those_who_wait():
    contract = an_active_contract(seats=1)
    people(contract.organization, "ann", "ben", now=at("2025-01-10"))

    def statuses():
        with tenancy.vendor():
            return sorted(LicensedUser.objects.values_list("status", flat=True))

    assert statuses() == ["active", "invited"]
    amend(contract, "2025-03-01", seats=2)
    live_until("2025-03-02")
    assert fresh(contract).seats == 2 and statuses() == ["active", "active"]
