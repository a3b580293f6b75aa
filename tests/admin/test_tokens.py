"""API tokens in the admin: issued with the text shown once, rotated, revoked; what is offered to whom."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import tenancy
from accounts.models import ApiToken
from accounts.operations import tokens
from tests.admin.test_actions import buttons, fresh, page
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ADD = "admin:accounts_apitoken_add"


def confirmed(**values):
    expires_at = (timezone.now() + timedelta(days=9)).strftime("%Y-%m-%d %H:%M:%S")
    return {"name": "Robot", "expires_at": expires_at, **values, "confirmed": "yes"}


def the_token():
    with tenancy.vendor():
        return ApiToken.objects.select_related("user").get()


def found(text):
    with tenancy.vendor():
        return tokens.find(text.encode(), at=timezone.now())


def test_a_token_is_issued_for_a_clients_program_and_shown_once(sign_in):
    organization = an_organization()
    client = sign_in("administrator")
    asked = client.get(reverse(ADD)).content.decode()
    assert 'name="organization"' in asked and "Provision users by SCIM" in asked
    answer = client.post(reverse(ADD), confirmed(permissions=["provision_users"], organization=organization.pk))
    token = the_token()
    assert (token.organization_id, token.user, token.permissions) == (organization.pk, None, ["provision_users"])
    text = answer.context["secret"]
    assert text.encode() in answer.content and found(text) == token
    assert text.encode() not in client.get(answer.context["next"]).content


def test_a_client_issues_its_own_and_is_offered_what_it_holds(sign_in):
    organization, other = an_organization(), an_organization()
    client = sign_in("client_administrator", organization)
    asked = client.get(reverse(ADD)).content.decode()
    assert 'name="organization"' not in asked and 'value="view_document"' not in asked
    client.post(reverse(ADD), confirmed(permissions=["view_contract"], organization=other.pk))
    assert the_token().organization_id == organization.pk


def test_a_personal_one_is_its_owners(sign_in):
    client = sign_in("administrator")
    answer = client.post(reverse(ADD), confirmed(permissions=["sign_contract"], personal="on"))
    assert answer.context["secret"] and the_token().user is not None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"permissions": ["sign_contract"]}, "A person must do this: sign_contract"),
        ({"permissions": []}, "required"),
        ({"permissions": ["no_such"]}, "no_such"),
        ({"permissions": ["view_contract"], "expires_at": "2020-01-01"}, "The expiry is past"),
        ({"permissions": ["view_contract"], "expires_at": "2099-01-01"}, "two years at most"),
        ({"permissions": ["view_contract"], "name": "a\x00b"}, "Null characters"),
    ],
)
def test_a_wrong_one_is_shown_on_its_page(values, words, sign_in):
    answer = sign_in("administrator").post(reverse(ADD), confirmed(**values))
    assert answer.status_code == 200 and words in answer.content.decode()
    with tenancy.vendor():
        assert not ApiToken.objects.exists()


def test_it_is_rotated_and_then_revoked(sign_in):
    client = sign_in("administrator")
    client.post(reverse(ADD), confirmed(permissions=["view_contract"]))
    old = the_token()
    assert {"rotate", "revoke"} <= set(buttons(client, old))
    answer = client.post(page(old, "rotate"), {"overlap_hours": "2", "expires_at": "", "confirmed": "yes"})
    assert found(answer.context["secret"]).series == old.series
    assert fresh(old).rotated_at is not None
    assert "rotate" not in buttons(client, old) and "revoke" in buttons(client, old)
    client.post(page(old, "revoke"), {"confirmed": "yes"})
    assert fresh(old).revoked_at is not None


def test_another_persons_token_is_not_rotated(sign_in):
    owner = sign_in("administrator")
    owner.post(reverse(ADD), confirmed(permissions=["sign_contract"], personal="on"))
    other = sign_in("administrator")
    assert "rotate" not in buttons(other, the_token())
    refused = other.post(page(the_token(), "rotate"), {"overlap_hours": "2", "expires_at": "", "confirmed": "yes"})
    assert "its own person only" in refused.content.decode()
