"""Every answer of an identity provider that lets nobody in: wrong tokens, strange states, silence."""

import time

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse

from tests.accounts.signin.idp import CLIENT, query_of
from tests.accounts.signin.people import signed_in
from tests.accounts.signin.sso import a_provider, ann, come_back, leave, refusals

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def other_key(idp):
    idp.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def shared_secret(idp):
    idp.signing_key, idp.algorithm = b"x" * 32, "HS256"


def unsigned(idp):
    idp.signing_key, idp.algorithm = "", "none"


WRONG = {
    "nonce": lambda idp: idp.wrong.update(nonce="another"),
    "no-nonce": lambda idp: idp.wrong.update(nonce=None),
    "audience": lambda idp: idp.wrong.update(aud="another client"),
    "several-audiences": lambda idp: idp.wrong.update(aud=[CLIENT, "another"]),
    "authorized-party": lambda idp: idp.wrong.update(azp="another"),
    "issuer": lambda idp: idp.wrong.update(iss="http://evil.example"),
    "expired": lambda idp: idp.wrong.update(exp=int(time.time()) - 60),
    "no-expiry": lambda idp: idp.wrong.update(exp=None),
    "from-the-future": lambda idp: idp.wrong.update(nbf=int(time.time()) + 600),
    "no-subject": lambda idp: idp.wrong.update(sub=None),
    "empty-subject": lambda idp: idp.wrong.update(sub=""),
    "long-subject": lambda idp: idp.wrong.update(sub="s" * 192),
    "nul-subject": lambda idp: idp.wrong.update(sub="a\x00b"),
    "another-key": other_key,
    "shared-secret": shared_secret,
    "unsigned": unsigned,
    "no-token": lambda idp: idp.token.update(id_token=None),
    "garbage-token": lambda idp: idp.token.update(id_token="a.b.c"),
    "a-number-for-a-token": lambda idp: idp.token.update(id_token=7),
    "no-access-token": lambda idp: idp.token.update(access_token=None),
    "token-fails": lambda idp: idp.status.update({"/token": 500}),
    "token-redirects": lambda idp: idp.status.update({"/token": 302}),
    "keys-fail": lambda idp: idp.status.update({"/jwks": 500}),
    "wrong-secret": None,
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_lets_nobody_in_and_is_a_page(idp, name):
    ann()
    a_provider(idp, **({"client_secret": "another"} if WRONG[name] is None else {}))
    browser = Client()
    brought = idp.authorize(leave(browser))
    if WRONG[name]:
        WRONG[name](idp)
    answer = come_back(browser, brought)
    assert answer.status_code == 403, answer.content[-300:]
    assert not signed_in(browser)
    assert refusals() == ["answer_wrong"]


@pytest.mark.parametrize(
    "config",
    [
        {"issuer": "http://evil.example"},
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_gone_to(idp, config):
    a_provider(idp)
    idp.config = config
    answer = Client().post(reverse("openid_connect_login", args=["house"]))
    assert answer.status_code == 403 and refusals() in (["provider_silent"], ["answer_wrong"])


def test_a_provider_that_is_not_there_is_a_page(idp):
    a_provider(idp, issuer="http://127.0.0.1:9")
    answer = Client().post(reverse("openid_connect_login", args=["house"]))
    assert answer.status_code == 403 and "does not answer" in answer.content.decode()


def test_a_state_counts_in_its_browser_once_and_for_ten_minutes(idp, monkeypatch):
    ann()
    a_provider(idp)
    a_provider(idp, slug="second")
    browser = Client()
    brought = idp.authorize(leave(browser))
    for other, given, slug in (
        (Client(), brought, "house"),
        (browser, {**brought, "state": "guessed"}, "house"),
        (browser, {"code": brought["code"]}, "house"),
        (browser, {}, "house"),
        (browser, {**brought, "state": ["x", "y"]}, "house"),
        (browser, brought, "second"),
        (browser, {**brought, "state": "a\x00b"}, "house"),
    ):
        answer = come_back(other, given, slug)
        assert answer.status_code == 403 and "Not signed in" in answer.content.decode()
        assert not signed_in(other)
    assert set(refusals()) == {"state_unknown"}
    assert come_back(browser, brought).status_code == 302
    again = come_back(browser, brought)
    assert again.status_code == 403, "a state is used up"
    late = Client()
    brought = idp.authorize(leave(late))
    began = time.time()
    monkeypatch.setattr("allauth.socialaccount.internal.statekit.time.time", lambda: began + 601)
    assert come_back(late, brought).status_code == 403
    monkeypatch.undo()
    assert not signed_in(late)


def test_who_gives_up_at_the_provider_is_told_so(idp):
    a_provider(idp)
    browser = Client()
    state = query_of(leave(browser))["state"][0]
    answer = come_back(browser, {"error": "access_denied", "state": state})
    assert answer.status_code == 403 and "given up" in answer.content.decode()
    assert refusals() == ["given_up"]
