"""Requests that are no erasure: export, restriction, correction; their way, and what none of them does."""

import pytest

from accounts import tenancy
from retention.enums import RequestKind
from retention.operations import people_requests
from tests.retention.under_contract import CLIENT, NOW, a_client, person

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.mark.parametrize("kind", sorted(set(RequestKind) - set(people_requests.KINDS)))
def test_a_kind_that_nothing_carries_out_is_not_taken(kind):
    organization = a_client()
    people = [person(organization, "ann-1").public_id]
    with tenancy.vendor(), pytest.raises(people_requests.KindNotCarriedOut):
        people_requests.open_for_people(organization, people=people, kind=kind, decided=True, now=NOW, by=CLIENT)
