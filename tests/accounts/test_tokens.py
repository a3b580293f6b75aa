"""Personal API tokens: shown once, kept as a digest, never more than their user, and closed at once."""

from datetime import timedelta

import pytest

from accounts import tenancy
from accounts.enums import Role
from accounts.errors import InvalidInput, Refused
from accounts.models import ApiToken, AuditEvent, Membership, User
from accounts.operations import tokens
from accounts.rules.permissions import MATRIX, Permission
from tests.accounts.parties import NOW, a_member
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
LATER = NOW + timedelta(days=30)


def issue(user, *permissions, name="sync", expires_at=LATER):
    with tenancy.vendor():
        return tokens.issue(
            User.objects.get(pk=user.pk),
            name=name,
            permissions=permissions,
            expires_at=expires_at,
            now=NOW,
            by="user:admin",
        )


def found(text, *, at=NOW):
    with tenancy.vendor():
        return tokens.find(text.encode() if isinstance(text, str) else text, at=at)


def test_a_token_opens_for_its_user_and_is_kept_as_a_digest_only():
    user = a_member(Role.FINANCE)
    token, text = issue(user, Permission.VIEW_CONTRACT)
    assert found(text) == token
    assert found(text).user == user
    with tenancy.vendor():
        row = ApiToken.objects.values().get()
        events = list(AuditEvent.objects.values())
    secret = text.removeprefix(row["prefix"])
    assert len(secret) > 30
    assert secret not in str(row)
    assert secret not in str(events)
    assert row["permissions"] == ["view_contract"]


def test_no_two_tokens_are_alike():
    user = a_member(Role.FINANCE)
    assert len({issue(user, Permission.VIEW_CONTRACT)[1] for _ in range(20)}) == 20


@pytest.mark.parametrize("role", list(Role))
def test_a_token_never_exceeds_its_user(role):
    user = a_member(
        role,
        an_organization()
        if role.value in {"client_administrator", "client_finance", "client_privacy_officer", "authorised_contact"}
        else None,
    )
    held = MATRIX[role.value]
    issue(user, *held)
    for permission in set(Permission) - held:
        with pytest.raises(Refused) as refused:
            issue(user, *held, permission)
        assert refused.value.code == "permission_not_held"


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(seconds=-1), timedelta(days=-365)])
def test_an_expiry_that_is_past_is_refused(ahead):
    with pytest.raises(Refused) as refused:
        issue(a_member(Role.FINANCE), Permission.VIEW_CONTRACT, expires_at=NOW + ahead)
    assert refused.value.code == "expiry_past"


@pytest.mark.parametrize("name", ["", " ", "a\x00b", "a\nb", "<script>", "n" * 121])
def test_a_tokens_name_is_a_line_of_text(name):
    with pytest.raises(InvalidInput) as refused:
        issue(a_member(Role.FINANCE), Permission.VIEW_CONTRACT, name=name)
    assert [error.field for error in refused.value.errors] == ["name"]


def test_a_token_ends_at_its_expiry_to_the_microsecond():
    _token, text = issue(a_member(Role.FINANCE), Permission.VIEW_CONTRACT)
    assert found(text, at=LATER - timedelta(microseconds=1))
    assert found(text, at=LATER) is None


def test_a_revoked_token_opens_nothing_and_revoking_twice_says_it_once():
    token, text = issue(a_member(Role.FINANCE), Permission.VIEW_CONTRACT)
    with tenancy.vendor():
        tokens.revoke(token, now=NOW, by="user:admin")
        tokens.revoke(token, now=LATER, by="user:admin")
        assert ApiToken.objects.get().revoked_at == NOW
        assert AuditEvent.objects.filter(name="token.revoked").count() == 1
    assert found(text) is None


@pytest.mark.parametrize("text", ["", "terme_", "terme_" + "x" * 43, b"\xff\xfe", b"\x00"])
def test_what_is_no_token_opens_nothing(text):
    issue(a_member(Role.FINANCE), Permission.VIEW_CONTRACT)
    assert found(text) is None


def test_the_digest_itself_opens_nothing():
    token, _text = issue(a_member(Role.FINANCE), Permission.VIEW_CONTRACT)
    assert found(token.digest) is None


def test_a_token_dies_with_its_users_sign_in():
    user = a_member(Role.FINANCE)
    _token, text = issue(user, Permission.VIEW_CONTRACT)
    with tenancy.vendor():
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert found(text) is None


def test_a_token_dies_with_its_users_last_role():
    user = a_member(Role.FINANCE)
    _token, text = issue(user, Permission.VIEW_CONTRACT)
    with tenancy.vendor():
        Membership.objects.filter(user=user).delete()
    assert found(text) is None


def test_a_token_does_not_follow_its_user_to_another_organization():
    here, there = an_organization(), an_organization()
    user = a_member(Role.CLIENT_ADMINISTRATOR, here)
    token, text = issue(user, Permission.VIEW_CONTRACT)
    assert token.organization_id == here.pk
    with tenancy.vendor():
        Membership.objects.filter(user=user).update(organization=there)
    assert found(text) is None


def test_an_inactive_user_gets_no_token():
    with pytest.raises(Refused):
        issue(a_member(Role.FINANCE, is_active=False), Permission.VIEW_CONTRACT)
