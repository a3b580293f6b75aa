"""Sign-in in a real browser: an authenticator app, a passkey that is the whole sign-in; the policy stops nothing."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import sync_playwright

from accounts.enums import Role
from tests.accounts.signin.people import GOOD, code, events, factors, somebody
from tests.browser.chromium import CHROMIUM
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
SLOW = 60_000  # milliseconds: machines are shared
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def browse(live_server):
    """Return what runs a journey in Chromium, in a thread of its own: its library holds an event loop there."""

    def run(journey):
        def inside():
            with sync_playwright() as library:
                browser = library.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                context = browser.new_context(base_url=live_server.url.replace("127.0.0.1", "localhost"))
                context.set_default_timeout(SLOW)
                page, complaints = context.new_page(), []
                page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
                page.on("pageerror", lambda error: complaints.append(str(error)))
                try:
                    journey(page, context)
                finally:
                    browser.close()
                return complaints

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(inside).result()

    return run


def enter(page, user):
    page.goto("/admin/")
    page.fill("#id_login", user.email)
    page.fill("#id_password", GOOD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def leave(page):
    page.goto("/account/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/account/login/**")


def test_an_authenticator_app_is_set_up_and_asked(browse):
    user = somebody(Role.CONTRACT_MANAGER)

    def journey(page, _context):
        enter(page, user)
        page.wait_for_url("**/admin/")
        page.goto("/account/factors/totp/activate/")
        secret = page.input_value("#authenticator_secret")
        page.fill("#id_code", code(secret))
        page.get_by_role("button", name="Activate").click()
        page.wait_for_url("**/recovery-codes/")
        assert len(page.input_value("#recovery_codes").split()) == 10
        leave(page)
        enter(page, user)
        page.wait_for_url("**/factors/authenticate/")
        page.fill("#id_code", code(secret, steps=1))
        page.get_by_role("button", name="Sign In").click()
        page.wait_for_url("**/admin/")

    assert browse(journey) == []
    assert factors(user) == ["recovery_codes", "totp"]
    assert events("sign_in.succeeded")[-1][2] == {"methods": ["password", "totp"]}


def test_a_passkey_is_added_and_is_the_whole_sign_in(browse):
    user = somebody(Role.CLIENT_ADMINISTRATOR, an_organization())

    def journey(page, context):
        devices = context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        enter(page, user)
        page.wait_for_url("**/admin/")
        page.goto("/account/factors/keys/add/")
        page.check("#id_passwordless")
        page.click("#mfa_webauthn_add")
        page.wait_for_url("**/recovery-codes/")
        page.goto("/account/factors/keys/")
        assert page.get_by_text("Passkey").first.is_visible()
        leave(page)
        page.goto("/admin/contracts/contract/")
        page.click("#passkey_login")
        page.wait_for_url(re.compile(r"^http://[^/]+/admin/contracts/contract/"))

    assert browse(journey) == []
    assert factors(user) == ["recovery_codes", "webauthn"]
    assert events("sign_in.succeeded")[-1][1:] == (user.public_id, {"methods": ["webauthn"]})
