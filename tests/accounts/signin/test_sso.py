"""Single sign-on with a real provider: whom it lets in, and what it is enough for."""

import threading
import time

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.enums import Role
from accounts.errors import Refused
from accounts.models import IdentityProvider, Membership
from accounts.operations import factors, members, providers
from accounts.signin import oidc
from tests.accounts.parties import at_once, wait_for_somebody
from tests.accounts.signin.idp import query_of
from tests.accounts.signin.people import events, sign_in, signed_in, somebody, with_totp
from tests.accounts.signin.sso import NOW, a_provider, ann, come_back, leave, refusals, through
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def test_a_member_comes_in_and_the_right_things_are_asked(idp):
    user, provider = ann(), a_provider(idp)
    browser, answer = through(idp, next="/admin/contracts/contract/")
    assert answer["Location"] == "/admin/contracts/contract/"
    assert signed_in(browser)
    (asked,) = idp.asked
    assert asked.keys() == {
        "client_id",
        "redirect_uri",
        "scope",
        "response_type",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
    }
    assert asked["redirect_uri"].endswith("/account/sso/house/callback/") and asked["scope"] == "openid email"
    assert events("sign_in.succeeded")[-1][1:] == (user.public_id, {"methods": ["socialaccount"]})
    assert events("sign_in.linked") == [("sign_in.linked", user.public_id, {"provider": str(provider.public_id)})]
    with tenancy.vendor():
        assert list(SocialAccount.objects.values_list("provider", "uid", "extra_data")) == [("house", "subject-1", {})]


def test_afterwards_the_subject_counts_whatever_the_address(idp):
    ann()
    a_provider(idp)
    through(idp)
    idp.person = {"sub": "subject-1", "email": "other@client.example", "email_verified": False}
    assert signed_in(through(idp)[0])


def test_an_address_that_only_looks_like_a_members_is_nobodys(idp):
    somebody(Role.CONTRACT_MANAGER, email="iris@client.example")
    a_provider(idp)
    idp.person = {"sub": "subject-9", "email": "\u0131r\u0131s@client.example", "email_verified": True}
    assert not signed_in(through(idp)[0])
    assert refusals() == ["not_a_member"]


def test_an_address_that_was_given_to_somebody_else_does_not_hand_the_access_on(idp):
    user = ann()
    a_provider(idp)
    through(idp)
    idp.person = {**idp.person, "sub": "subject-2"}
    assert not signed_in(through(idp)[0])
    assert refusals() == ["another_subject"]
    somebody(Role.SUPPORT, email="ben@client.example")
    idp.person = {"sub": "subject-1", "email": "ben@client.example", "email_verified": True}
    through(idp)
    assert events("sign_in.succeeded")[-1][1] == user.public_id, "the subject is who it was"
    idp.person = {"sub": "subject-2", "email": "ann@client.example", "email_verified": True}
    with tenancy.vendor():
        providers.unlink(user, now=NOW, by="user:one")
        with pytest.raises(Refused):
            providers.unlink(user, now=NOW, by="user:one")
    assert signed_in(through(idp)[0])


@pytest.mark.parametrize(
    ("person", "why"),
    [
        pytest.param({"email_verified": False}, "email_not_verified", id="unverified"),
        pytest.param({"email_verified": "false"}, "email_not_verified", id="unverified-as-text"),
        pytest.param({"email_verified": None}, "email_not_verified", id="not-said"),
        pytest.param({"email_verified": 1}, "email_not_verified", id="a-number"),
        pytest.param({"email": None}, "no_email", id="no-address"),
        pytest.param({"email": ""}, "no_email", id="empty-address"),
        pytest.param({"email": "stranger@client.example"}, "not_a_member", id="unknown"),
        pytest.param({"email": "neighbour@client.example"}, "not_a_member", id="a-neighbours-member"),
        pytest.param({"email": "staff@client.example"}, "not_a_member", id="the-vendors-staff"),
        pytest.param({"email": "gone@client.example"}, "not_a_member", id="no-role-any-more"),
        pytest.param({"email": "ann@client.example\x00"}, None, id="nul"),
    ],
)
def test_a_clients_provider_lets_in_its_own_members_only(idp, person, why):
    mine, theirs = an_organization(), an_organization()
    ann(Role.CLIENT_ADMINISTRATOR, mine)
    somebody(Role.CLIENT_ADMINISTRATOR, theirs, email="neighbour@client.example")
    somebody(Role.SUPPORT, email="staff@client.example")
    gone = somebody(Role.CLIENT_FINANCE, mine, email="gone@client.example")
    with tenancy.vendor():
        Membership.objects.filter(user=gone).delete()
    a_provider(idp, mine)
    idp.wrong = person
    browser, answer = through(idp)
    assert answer.status_code == 403 and "Not signed in" in answer.content.decode()
    assert not signed_in(browser)
    assert refusals() == [why] if why else len(refusals()) == 1
    with tenancy.vendor():
        assert not SocialAccount.objects.exists()
    idp.wrong = {}
    assert signed_in(through(idp)[0]), "and its own member comes in"


def test_the_vendors_provider_lets_in_staff_only(idp):
    ann(Role.CLIENT_ADMINISTRATOR, an_organization())
    a_provider(idp)
    assert not signed_in(through(idp)[0])
    assert refusals() == ["not_a_member"]


def test_a_subject_whose_person_left_for_elsewhere_is_refused(idp):
    mine = an_organization()
    user = ann(Role.CLIENT_ADMINISTRATOR, mine)
    a_provider(idp, mine)
    browser, _ = through(idp)
    with tenancy.vendor():
        members.remove(Membership.objects.get(user=user), now=NOW, by="user:x")
        members.add(
            email=user.email, name="Ann", role=Role.CLIENT_FINANCE, organization=an_organization(), now=NOW, by="user:x"
        )
    assert not signed_in(browser), "sessions end at once"
    assert not signed_in(through(idp)[0])
    assert refusals() == ["not_a_member"]


def test_a_link_alone_begins_nothing_and_what_is_asked_cannot_be_changed(idp):
    a_provider(idp)
    browser = Client()
    page = reverse("openid_connect_login", args=["house"])
    assert browser.get(page).status_code == 200 and "socialaccount_states" not in browser.session
    answer = browser.post(f"{page}?scope=admin&auth_params=prompt%3Dnone%26redirect_uri%3Dhttp://evil&process=connect")
    asked = query_of(answer.context["address"])
    assert asked["scope"] == ["openid email"] and "prompt" not in asked
    assert asked["redirect_uri"] == ["http://testserver/account/sso/house/callback/"]
    assert Client(enforce_csrf_checks=True).post(page).status_code == 403


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example"])
def test_nobody_is_led_elsewhere_afterwards(idp, elsewhere):
    ann()
    a_provider(idp)
    assert through(idp, next=elsewhere)[1]["Location"] == "/admin/"


def test_keys_that_change_are_asked_anew(idp):
    ann()
    a_provider(idp)
    assert signed_in(through(idp)[0])
    idp.key, idp.kid = rsa.generate_private_key(public_exponent=65537, key_size=2048), "k2"
    assert signed_in(through(idp)[0])


@pytest.mark.parametrize(("subject", "let_in"), [("subject-1", True), ("subject-2", False)])
def test_an_address_may_come_from_the_userinfo_of_the_same_subject(idp, subject, let_in):
    ann()
    a_provider(idp)
    idp.userinfo = {**idp.person, "sub": subject}
    idp.person = {"sub": "subject-1"}
    assert signed_in(through(idp)[0]) == let_in


def test_a_provider_that_is_off_is_no_page(idp):
    provider = a_provider(idp)
    browser = Client()
    brought = idp.authorize(leave(browser))
    with tenancy.vendor():
        providers.switch(provider, on=False, now=NOW, by="user:one")
    assert come_back(browser, brought).status_code == 404
    assert browser.get(reverse("openid_connect_login", args=["house"])).status_code == 404


def test_where_it_is_the_only_way_in_passwords_do_not_open(idp):
    mine = an_organization()
    user = ann(Role.CLIENT_ADMINISTRATOR, mine)
    provider = a_provider(idp, mine, enforced=True)
    browser, answer = sign_in(user)
    assert answer["Location"] == "/account/sso/house/"
    assert "House sign-in only" in browser.get(answer["Location"]).content.decode()
    assert not signed_in(browser) and refusals() == ["provider_required"]
    Client().post(reverse("account_reset_password"), {"email": user.email})
    assert not events("user.password_reset_asked")
    assert signed_in(through(idp)[0])
    assert signed_in(sign_in(somebody(Role.CLIENT_FINANCE, an_organization()))[0]), "others are not concerned"
    with tenancy.vendor():
        providers.switch(provider, on=False, now=NOW, by="user:one")
    assert signed_in(sign_in(user)[0])


def test_the_vendors_administrators_keep_their_own_way(idp):
    a_provider(idp, enforced=True)
    assert signed_in(sign_in(somebody(Role.ADMINISTRATOR))[0])
    assert not signed_in(sign_in(somebody(Role.AUDITOR))[0])


@pytest.mark.parametrize("enough", [True, False])
def test_a_provider_may_be_enough_where_a_role_needs_a_second_factor(idp, enough):
    ann(Role.SUPPORT)
    a_provider(idp, checks_second_factor=enough)
    with tenancy.vendor():
        factors.require("support", now=NOW, by="user:one")
    browser, _ = through(idp)
    assert signed_in(browser) == enough
    assert browser.get("/api/v1/organizations").status_code == (200 if enough else 403)


def test_who_has_a_factor_of_their_own_is_asked_for_it(idp):
    user = ann()
    with_totp(user)
    a_provider(idp)
    browser, answer = through(idp)
    assert answer["Location"] == "/account/factors/authenticate/" and not signed_in(browser)


def test_who_has_no_password_proves_it_again_at_the_provider(idp):
    ann(Role.ADMINISTRATOR, password=None)
    a_provider(idp)
    browser, _ = through(idp)
    add = reverse("admin:accounts_user_add")
    assert browser.get(add).status_code == 200
    session = browser.session
    session["terme_proven"] -= 301
    session.save()
    asked = browser.get(add)
    page = browser.get(asked["Location"])
    assert page["Location"] == f"/account/sso/house/?next={add.replace('/', '%2F')}"
    assert browser.get(reverse("mfa_add_webauthn")).status_code == 302, "a passkey is a way in"
    address = leave(browser, next=add)
    assert (query_of(address)["prompt"], query_of(address)["max_age"]) == (["login"], ["0"])
    idp.wrong = {"auth_time": int(time.time()) - 3600}
    brought = idp.authorize(address)
    assert come_back(browser, brought).status_code == 403, "the provider did not ask"
    idp.wrong = {"auth_time": int(time.time())}
    assert come_back(browser, idp.authorize(leave(browser, next=add)))["Location"] == add
    assert browser.get(add).status_code == 200


def test_two_first_sign_ins_at_once_link_once(idp):
    ann()
    a_provider(idp)
    browsers = [Client() for _ in range(3)]
    brought = [idp.authorize(leave(browser)) for browser in browsers]

    def back(browser, given):
        return lambda: come_back(browser, given).status_code

    results = at_once(*(back(browser, given) for browser, given in zip(browsers, brought, strict=True)))
    assert 302 in results and set(results) <= {302, 403}
    with tenancy.vendor():
        assert SocialAccount.objects.count() == 1
    assert signed_in(through(idp)[0])


def test_of_two_subjects_who_come_as_one_person_at_once_one_is_linked(idp):
    user, provider = ann(), a_provider(idp)
    found = []

    def links():
        with tenancy.vendor():
            return providers.link(user, provider=provider, subject="subject-2", now=NOW)

    late = threading.Thread(target=lambda: found.extend(at_once(links)))
    with tenancy.vendor():
        providers.link(user, provider=provider, subject="subject-1", now=NOW)
        late.start()
        wait_for_somebody()
    late.join(60)
    assert found == [None]
    with tenancy.vendor():
        assert [account.uid for account in SocialAccount.objects.all()] == ["subject-1"]


def test_another_issuer_knows_people_by_other_subjects(idp):
    ann()
    provider = a_provider(idp)
    through(idp)
    with tenancy.vendor():
        providers.change(provider, client_id="other", now=NOW, by="user:one")
        assert not SocialAccount.objects.exists()
        assert IdentityProvider.objects.get().client_id == "other"


def test_the_nonce_says_nothing_of_the_verifier():
    assert oidc.nonce_of("a") != oidc.nonce_of("b") and len(oidc.nonce_of("a")) == 64


def test_the_first_page_names_the_vendors_providers_and_no_clients(idp):
    a_provider(idp)
    a_provider(idp, an_organization(), slug="client", name="A client's sign-in")
    text = Client().get("/account/login/?next=/admin/x/").content.decode()
    assert "Sign in with House sign-in" in text and "/account/sso/house/?next=%2Fadmin%2Fx%2F" in text
    assert "client" not in text.replace("client_", "")
    found = Client().get("/account/sso/", {"name": " CLIENT ", "next": "/admin/x/"})
    assert found["Location"] == "/account/sso/client/?next=%2Fadmin%2Fx%2F"
    for name in ("nobody", "", "../x", "a\x00", "x" * 60):
        assert Client().get("/account/sso/", {"name": name}).status_code == 200
