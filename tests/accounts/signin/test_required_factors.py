"""A role that needs a second factor: who is let on, who is led to set one up, what programs are told."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import tenancy
from accounts.enums import CLIENT_ROLES, Role
from accounts.errors import InvalidInput, Refused
from accounts.models import FactorRequirement
from accounts.operations import factors
from tests.accounts.parties import at_once
from tests.accounts.signin.people import code, events, sign_in, signed_in, somebody, with_totp
from tests.api.callers import caller
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
STEP = "/account/factors/authenticate/"


def require(role):
    with tenancy.vendor():
        return factors.require(str(role), now=timezone.now(), by="user:one")


def home(role):
    return an_organization() if role in CLIENT_ROLES else None


@pytest.mark.parametrize("role", list(Role), ids=str)
@pytest.mark.parametrize("required", [None, "same", "other"])
@pytest.mark.parametrize("has_one", [True, False], ids=["with-factor", "without"])
def test_who_gets_on(role, required, has_one):
    user = somebody(role, home(role))
    secret = with_totp(user) if has_one else None
    if required:
        require(role if required == "same" else next(one for one in Role if one != role))
    browser, _ = sign_in(user)
    if secret:
        browser.post(STEP, {"code": code(secret)})
    kept_out = required == "same" and not has_one
    page, call = browser.get("/admin/"), browser.get("/api/v1/organizations")
    if kept_out:
        assert page["Location"] == reverse("mfa_index")
        assert (call.status_code, call.json()["code"]) == (403, "mfa_required")
    else:
        assert (page.status_code, call.status_code) == (200, 200)


def test_who_is_kept_out_sets_one_up_and_goes_on():
    require(Role.SUPPORT)
    browser, answer = sign_in(somebody(Role.SUPPORT))
    page = browser.get(answer["Location"], follow=True)
    assert page.redirect_chain[-1] == (reverse("mfa_index"), 302)
    assert "Your role asks for a second factor." in page.content.decode()
    for path in ("/admin/accounts/organization/", "/admin/password_change/", "/"):
        assert browser.get(path)["Location"] == reverse("mfa_index"), path
    secret = browser.get(reverse("mfa_activate_totp")).context["form"].secret
    browser.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    assert signed_in(browser)
    assert "Your role asks" not in browser.get(reverse("mfa_index")).content.decode()


def test_recovery_codes_alone_are_no_factor():
    require(Role.SUPPORT)
    user = somebody(Role.SUPPORT)
    with tenancy.vendor():
        factors.Authenticator.objects.create(user=user, type="recovery_codes", data={"seed": "x", "used_mask": 0})
    assert not signed_in(sign_in(user)[0])


def test_who_is_signed_in_is_asked_from_the_next_page_on_and_let_go_when_it_is_lifted():
    browser, _ = sign_in(somebody(Role.SUPPORT))
    assert signed_in(browser)
    requirement = require(Role.SUPPORT)
    assert not signed_in(browser)
    assert browser.post(reverse("admin:logout")).status_code in (200, 302), "one may always leave"
    browser, _ = sign_in(somebody(Role.SUPPORT))
    with tenancy.vendor():
        factors.lift(requirement, now=timezone.now(), by="user:one")
        with pytest.raises(Refused) as refused:
            factors.lift(requirement, now=timezone.now(), by="user:one")
    assert refused.value.code == "factor_requirement_lifted"
    assert signed_in(browser)
    assert [(name, data) for name, _, data in events("factor_requirement.made", "factor_requirement.lifted")] == [
        ("factor_requirement.made", {"role": "support"}),
        ("factor_requirement.lifted", {"role": "support"}),
    ]


def test_a_token_is_not_concerned():
    call = caller("administrator")
    require(Role.ADMINISTRATOR)
    assert call("GET", "organizations")["results"] == []


def test_it_is_required_once_whoever_is_first():
    def ask():
        return require(Role.FINANCE)

    results = at_once(ask, ask, ask)
    assert sorted(type(one).__name__ for one in results) == ["FactorRequirement", "Refused", "Refused"]
    with tenancy.vendor():
        assert FactorRequirement.objects.count() == 1


@pytest.mark.parametrize("role", ["", "nobody", "a\x00b", "x" * 33])
def test_what_is_no_role_is_bad_input(role):
    with tenancy.vendor(), pytest.raises(InvalidInput):
        factors.require(role, now=timezone.now(), by="user:one")
    call = caller("administrator")
    status, _raw = call._send(
        "POST", "/api/v1/factor-requirements", {"Authorization": f"Bearer {call._token}"}, f'{{"role": "{role}"}}'
    )
    assert status == 400


def test_the_administrator_requires_and_lifts_it_in_the_admin_and_by_rest():
    browser, _ = sign_in(somebody(Role.ADMINISTRATOR))
    add = reverse("admin:accounts_factorrequirement_add")
    assert browser.post(add, {"confirmed": "yes", "role": "finance"}).status_code == 302
    assert browser.post(add, {"confirmed": "yes", "role": "nobody"}).status_code == 200
    with tenancy.vendor():
        (found,) = FactorRequirement.objects.all()
    lift = reverse("admin:accounts_factorrequirement_changelist") + f"{found.pk}/lift/"
    assert browser.post(lift, {"confirmed": "yes"}).status_code == 302
    call = caller("administrator")
    made = call("POST", "factor-requirements", {"role": "finance"}, expect=201)
    assert call("POST", f"factor-requirements/{made['public_id']}/lift")["lifted_by"].startswith("user:")
    assert [one["role"] for one in call("GET", "factor-requirements")["results"]] == ["finance", "finance"]
