"""Second factors: an app's codes, recovery codes, passkeys; how they are kept, lost and told of."""

import base64
import json
from urllib.parse import quote

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import crypto, tenancy
from accounts.errors import Refused
from accounts.models import OutboxMessage
from accounts.operations import delivery, signing_in
from accounts.signin import factors as sealing
from tests.accounts.parties import at_once
from tests.accounts.signin.people import (
    GOOD,
    code,
    events,
    factors,
    sign_in,
    signed_in,
    somebody,
    with_totp,
)

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
STEP = "/account/factors/authenticate/"


def activate(browser):
    """Set up an authenticator app through the pages; return its secret."""
    page = browser.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    answer = browser.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    return secret


def test_an_app_is_set_up_and_asked_at_the_next_sign_in():
    user = somebody()
    browser, _ = sign_in(user)
    secret = activate(browser)
    assert factors(user) == ["recovery_codes", "totp"]
    assert {data["kind"] for _, _, data in events("user.factor_added")} == {"totp", "recovery_codes"}
    other, answer = sign_in(user)
    assert answer["Location"] == STEP
    assert not signed_in(other), "the password alone opens nothing"
    assert other.post(STEP, {"code": "000000"}).status_code == 200
    assert not signed_in(other)
    assert other.post(STEP, {"code": code(secret, steps=1)}).status_code == 302
    assert signed_in(other)
    assert events("sign_in.succeeded")[-1][2] == {"methods": ["password", "totp"]}


def test_the_code_that_set_an_app_up_opens_nothing():
    user = somebody()
    browser, _ = sign_in(user)
    secret = browser.get(reverse("mfa_activate_totp")).context["form"].secret
    shown = code(secret)
    browser.post(reverse("mfa_activate_totp"), {"code": shown})
    other, _ = sign_in(user)
    other.post(STEP, {"code": shown})
    assert not signed_in(other)
    other.post(STEP, {"code": code(secret, steps=1)})
    assert signed_in(other)


def test_the_way_to_the_page_that_was_wanted_leads_over_the_second_step():
    user = somebody()
    secret = with_totp(user)
    browser, _ = sign_in(user, follow="/admin/contracts/contract/")
    assert browser.post(STEP, {"code": code(secret)})["Location"] == "/admin/contracts/contract/"


@pytest.mark.parametrize(
    ("steps", "opens"),
    [
        pytest.param(-1, True, id="the-one-before"),
        pytest.param(0, True, id="now"),
        pytest.param(-3, False, id="too-old"),
        pytest.param(3, False, id="not-yet"),
    ],
)
def test_a_code_is_taken_around_its_half_minute(steps, opens):
    user = somebody()
    secret = with_totp(user)
    browser, _ = sign_in(user)
    browser.post(STEP, {"code": code(secret, steps=steps)})
    assert signed_in(browser) == opens


def test_a_code_opens_once():
    user = somebody()
    secret = with_totp(user)
    shown = code(secret)
    browsers = [sign_in(user)[0] for _ in range(4)]

    def enter(browser):
        return lambda: browser.post(STEP, {"code": shown}).status_code

    assert sorted(at_once(*(enter(browser) for browser in browsers))).count(302) == 1


def test_a_code_that_is_taken_longer_than_the_library_remembers_it_still_opens_once():
    user = somebody()
    secret = with_totp(user)
    shown = code(secret, steps=1)  # taken for a minute more at least
    browser, _ = sign_in(user)
    browser.post(STEP, {"code": shown})
    assert signed_in(browser)
    with tenancy.vendor():
        factor = Authenticator.objects.get(user=user).wrap()
    assert cache.delete(factor._get_used_cache_key(shown)), "after its half minute it forgets the code"
    again, _ = sign_in(user)
    again.post(STEP, {"code": shown})
    assert not signed_in(again)
    server = cache._cache.get_client()
    (key,) = server.keys("*signin:totp:*")
    assert 80 < server.ttl(key) <= 90, "as long as it would be taken"


def test_codes_are_guessed_five_times():
    user = somebody()
    secret = with_totp(user)
    for _ in range(5):
        browser, _ = sign_in(user)
        browser.post(STEP, {"code": "000000"})
    browser, _ = sign_in(user)
    browser.post(STEP, {"code": code(secret)})
    assert not signed_in(browser)


def test_a_recovery_code_opens_once():
    user = somebody()
    browser, _ = sign_in(user)
    activate(browser)
    shown = browser.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert len(shown) == 10
    for code_of_paper, opens in ((shown[0], True), (shown[0], False), (shown[1], True)):
        other, _ = sign_in(user)
        other.post(STEP, {"code": code_of_paper})
        assert signed_in(other) == opens
    download = browser.get(reverse("mfa_download_recovery_codes")).content.decode()
    assert shown[2] in download and shown[0] not in download
    assert browser.post(reverse("mfa_generate_recovery_codes")).status_code == 302
    assert not set(shown) & set(browser.get(reverse("mfa_view_recovery_codes")).context["unused_codes"])


def test_secrets_are_sealed_in_the_table():
    user = somebody()
    browser, _ = sign_in(user)
    secret = activate(browser)
    with tenancy.vendor():
        rows = {row.type: row.data for row in Authenticator.objects.filter(user=user)}
    stored = json.dumps(rows)
    assert secret not in stored and base64.b32decode(secret).hex() not in stored
    assert sealing.unseal(rows["totp"]["secret"], place=sealing.PLACE) == secret
    assert rows["totp"]["secret"].startswith("1:") and rows["recovery_codes"]["seed"].startswith("1:")


@pytest.mark.parametrize("change", [lambda t: t[:-4] + "AAAA", lambda t: "9" + t[1:]], ids=["changed", "another-key"])
def test_a_sealed_secret_that_was_changed_does_not_open(change):
    sealed = sealing.seal("SECRET", place=sealing.PLACE)
    with pytest.raises((crypto.DecryptionFailed, crypto.UnknownKeyVersion)):
        sealing.unseal(change(sealed), place=sealing.PLACE)
    with pytest.raises(crypto.DecryptionFailed):
        sealing.unseal(sealed, place=crypto.context("elsewhere"))


def test_taking_the_app_away_is_told_and_takes_the_recovery_codes_along(settings):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    user = somebody()
    browser, _ = sign_in(user)
    activate(browser)
    browser.post(reverse("mfa_deactivate_totp"))
    assert factors(user) == []
    with tenancy.vendor():
        for message in OutboxMessage.objects.filter(topic="user.factor_removed"):
            delivery.deliver(message, now=timezone.now())
    assert {letter.to[0] for letter in mail.outbox} == {user.email}
    assert {letter.subject for letter in mail.outbox} == {"A second factor was taken from your sign-in"}


def test_lost_factors_are_taken_away_and_every_session_ends_with_them():
    user = somebody()
    browser, _ = sign_in(user)
    activate(browser)
    other = sign_in(somebody("administrator"))[0]
    page = reverse("admin:accounts_user_changelist") + f"{user.pk}/drop-factors/"
    assert other.get(page).status_code == 200 and signed_in(browser)
    other.post(page, {"confirmed": "yes"})
    assert factors(user) == [] and not signed_in(browser) and signed_in(other)
    assert [subject for _, subject, _ in events("user.factors_dropped", "user.sessions_ended")] == [user.public_id] * 2
    assert {data["kind"] for _, _, data in events("user.factor_removed")} == {"totp", "recovery_codes"}
    assert signed_in(sign_in(user)[0]), "the password alone opens again"
    with tenancy.vendor(), pytest.raises(Refused):
        signing_in.drop_factors(user, now=timezone.now(), by="user:one")


@pytest.mark.parametrize("name", ["mfa_activate_totp", "mfa_view_recovery_codes", "mfa_add_webauthn"])
def test_who_proved_it_long_ago_is_asked_again_and_led_back(monkeypatch, name):
    user = somebody()
    browser, _ = sign_in(user)
    if name == "mfa_view_recovery_codes":
        activate(browser)
    session = browser.session
    session["terme_proven"] -= 301
    session.save()
    asked = browser.get(reverse(name))
    assert asked["Location"] == f"/account/reauthenticate/?next={quote(reverse(name), safe='')}"
    page = browser.get(asked["Location"])
    assert page.status_code == 200
    assert browser.post(asked["Location"], {"password": "wrong"}).status_code == 200
    assert browser.post(asked["Location"], {"password": GOOD, "next": reverse(name)})["Location"] == reverse(name)
    assert browser.get(reverse(name)).status_code == 200


GARBAGE = [
    "",
    "null",
    "[]",
    "{",
    '"text"',
    "{}",
    '{"id": 1, "rawId": [], "response": null, "type": "public-key"}',
    '{"id": "A", "rawId": "A", "type": "public-key", "response": {"clientDataJSON": "AA", "attestationObject": "AA"}}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "e30", "authenticatorData": "AA",'
    ' "signature": "AA", "userHandle": "/w"}}',
    '{"id": "\\u0000", "rawId": "\\u0000", "response": {}, "type": "\\u0000"}',
    "[" * 5000,
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_what_is_no_passkey_is_answered_by_the_page(garbage):
    user = somebody()
    secret = with_totp(user)
    stranger = Client()
    stranger.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"})
    assert stranger.post(reverse("mfa_login_webauthn"), {"credential": garbage}).status_code == 302
    browser, _ = sign_in(user)
    assert browser.post(STEP, {"credential": garbage}).status_code == 200
    browser.post(STEP, {"code": code(secret)})
    for name in ("mfa_add_webauthn", "mfa_reauthenticate_webauthn"):
        browser.get(reverse(name))
        assert browser.post(reverse(name), {"credential": garbage, "name": "x"}).status_code in (200, 302)
    assert factors(user) == ["totp"]


def test_a_neighbours_passkey_is_not_found():
    browser, _ = sign_in(somebody())
    with tenancy.vendor():
        theirs = Authenticator.objects.create(user=somebody(), type="webauthn", data={"name": "x", "credential": {}})
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        assert browser.get(reverse(name, args=[theirs.pk])).status_code == 404
        assert browser.post(reverse(name, args=[theirs.pk]), {"name": "mine"}).status_code == 404
    with tenancy.vendor():
        assert Authenticator.objects.get(pk=theirs.pk).data["name"] == "x"
