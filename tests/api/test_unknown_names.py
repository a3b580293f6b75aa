"""A name in a body that nothing reads is refused: mistyped, it would leave out what was meant."""

import pytest

from accounts import tenancy
from retention.models import DeletionRequest
from tests.api.callers import caller
from tests.retention.under_contract import a_client, person

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def test_a_mistyped_name_does_not_widen_what_is_to_be_erased():
    organization = a_client()
    one = str(person(organization, "ann-1").public_id)
    body = {"organization": str(organization.public_id), "licenced_users": [one], "grond": "x"}
    refused = caller("client_administrator", str(organization.public_id))("POST", "deletion-requests", body, expect=400)
    assert [(error["attr"], error["code"]) for error in refused["errors"]] == [
        ("grond", "unknown_field"),
        ("licenced_users", "unknown_field"),
    ]
    with tenancy.vendor():
        assert not DeletionRequest.objects.exists()


def test_of_many_unknown_names_the_first_are_told_and_none_at_length():
    organization = a_client()
    body = {"organization": str(organization.public_id)} | {f"{n:02}{'x' * 500}": 1 for n in range(50)}
    refused = caller("client_administrator", str(organization.public_id))("POST", "deletion-requests", body, expect=400)
    assert len(refused["errors"]) == 20
    assert max(len(error["attr"]) for error in refused["errors"]) == 80
