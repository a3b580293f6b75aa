"""Sign-in by e-mail and password: who gets in, what is said to whom, when attempts end, what is written down."""

import hashlib
import time
import uuid

import pytest
import redis
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tenancy
from accounts.enums import Role
from accounts.models import AuditDetail, AuditEvent, Membership, OutboxMessage, User
from accounts.operations import delivery, members, signing_in
from tests.accounts.parties import at_once
from tests.accounts.signin.people import GOOD, events, sign_in, signed_in, somebody
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NEW = "quite another staple, by and by"


@pytest.fixture
def mailbox(settings):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


def mails():
    """Deliver what the outbox holds, and return what arrived."""
    with tenancy.vendor():
        for message in OutboxMessage.objects.filter(topic__startswith="user."):
            delivery.deliver(message, now=timezone.now())
    return mail.outbox


@pytest.mark.parametrize("role", list(Role))
def test_a_member_of_any_role_signs_in_and_is_led_where_they_wanted(role):
    client_side = role in ("client_administrator", "client_finance", "client_privacy_officer", "authorised_contact")
    user = somebody(role, an_organization() if client_side else None)
    browser = Client()
    wanted = browser.get("/admin/accounts/organization/")["Location"]
    assert wanted == "/account/login/?next=/admin/accounts/organization/"
    _, answer = sign_in(user, client=browser, follow="/admin/accounts/organization/")
    assert answer["Location"] == "/admin/accounts/organization/"
    assert browser.get("/admin/accounts/organization/").status_code == 200
    assert events("sign_in.succeeded") == [("sign_in.succeeded", user.public_id, {"methods": ["password"]})]


@pytest.mark.parametrize("written", [str.lower, str.upper, lambda address: f"  {address} "])
def test_an_address_is_known_whatever_its_case(written):
    user = somebody(email="Ann.Quercus@Terme.Example")
    assert signed_in(sign_in(written(user.email))[0])


def test_the_admins_own_page_leads_to_the_one_page():
    assert Client().get("/admin/login/?next=/admin/contracts/contract/")["Location"] == (
        "/account/login/?next=%2Fadmin%2Fcontracts%2Fcontract%2F"
    )
    assert Client().get("/admin/login/")["Location"] == "/account/login/"
    answer = Client().post("/admin/login/", {"username": "a", "password": "b"})
    assert answer["Location"] == "/account/login/"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "http:///evil.example", "/\\evil"]
)
def test_nobody_is_led_elsewhere(elsewhere):
    _, answer = sign_in(somebody(), follow=elsewhere)
    assert answer["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("login", "password"),
    [
        pytest.param(None, "wrong", id="wrong-password"),
        pytest.param("nobody@terme.example", GOOD, id="unknown-address"),
        pytest.param(None, GOOD + " ", id="blank-at-the-end"),
        pytest.param(None, GOOD.upper(), id="other-case"),
    ],
)
def test_who_does_not_get_in_is_told_the_same_each_time(login, password):
    user = somebody()
    browser, answer = sign_in(login or user, password)
    assert answer.status_code == 200
    assert "The email address and/or password you specified are not correct." in answer.content.decode()
    assert not signed_in(browser)
    (event,) = events("sign_in.failed")
    assert event == ("sign_in.failed", uuid.UUID(int=0) if login else user.public_id, {})


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"login": "", "password": ""},
        {"login": "a\x00b@terme.example", "password": GOOD},
        {"login": "ann@terme.example", "password": "a\x00b"},
        {"login": "no address", "password": GOOD},
        {"login": "a" * 100_000, "password": "b"},
        {"login": ["ann@terme.example", "ben@terme.example"], "password": GOOD},
        {"login": "ann@terme.example' OR 1=1--", "password": GOOD},
    ],
)
def test_bad_input_is_answered_by_the_page(data):
    answer = Client().post(reverse("account_login"), data)
    assert answer.status_code == 200


def test_the_sealed_part_of_the_trail_holds_nobodys_address():
    user = somebody()
    sign_in(user, "wrong", address="203.0.113.9")
    sign_in("stranger@terme.example", "wrong", address="203.0.113.9")
    with tenancy.vendor():
        sealed = [str(row) for row in AuditEvent.objects.filter(name__startswith="sign_in").values()]
        details = list(AuditDetail.objects.values_list("text", flat=True))
    assert len(sealed) == 2
    assert not any("203.0.113" in row or "terme.example" in row for row in sealed)
    assert details == [{"ip": "203.0.113.9"}, {"ip": "203.0.113.9"}]


def test_the_cache_holds_no_address_that_somebody_typed():
    before = kept_in_the_cache()
    for number in range(6):
        sign_in("Stranger@terme.example", "wrong", address=f"198.51.100.{number}")
    kept = kept_in_the_cache() - before
    digest = hashlib.sha256(b"stranger@terme.example").hexdigest()
    assert len(kept) > 6 and not any(b"stranger" in one.lower() or digest.encode() in one for one in kept)


def kept_in_the_cache():
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return {key + (client.dump(key) or b"") for key in client.scan_iter()}


def test_after_five_wrong_passwords_the_right_one_does_not_open_either():
    user = somebody()
    for number in range(5):
        assert sign_in(user, "wrong", address=f"198.51.100.{number}")[1].status_code == 200
    browser, answer = sign_in(user, address="198.51.100.77")
    assert "Too many failed login attempts. Try again later." in answer.content.decode()
    assert not signed_in(browser)
    sign_in(user, address="198.51.100.78")
    assert events("sign_in.locked") == [("sign_in.locked", user.public_id, {})], "told once"
    assert signed_in(sign_in(somebody(), address="198.51.100.77")[0]), "others are not concerned"


def test_the_limit_counts_the_account_whatever_the_host_name_says(settings):
    settings.ALLOWED_HOSTS = ["*"]
    user = somebody()
    for number in range(5):
        data = {"login": user.email, "password": "wrong"}
        Client().post(
            reverse("account_login"), data, HTTP_HOST=f"h{number}.example", REMOTE_ADDR=f"198.51.100.{number}"
        )
    assert not signed_in(sign_in(user, address="198.51.100.9")[0])


@pytest.mark.parametrize("alike", ["\N{LATIN SMALL LETTER LONG S}", "\N{LATIN SMALL LETTER DOTLESS I}"])
def test_an_address_that_looks_alike_in_capitals_is_nobodys(alike):
    user = somebody(email="iris@terme.example")
    lookalike = user.email.replace(alike.upper().lower(), alike, 1)
    for number in range(5):
        sign_in(user, "wrong", address=f"198.51.100.{number}")
    browser, answer = sign_in(lookalike, address="198.51.100.77")
    assert not signed_in(browser) and "not correct" in answer.content.decode()
    with tenancy.vendor():
        assert User.objects.by_address(lookalike) is None
        other = User.objects.create(email=lookalike, created_at=timezone.now())
        assert (User.objects.by_address(lookalike), User.objects.by_address(user.email)) == (other, user)


def test_ten_wrong_passwords_from_one_address_end_attempts_on_everybody():
    for number in range(10):
        sign_in(f"stranger-{number}@terme.example", "wrong")
    assert not signed_in(sign_in(somebody())[0])
    assert signed_in(sign_in(somebody(), address="198.51.100.1")[0])


def test_right_passwords_are_not_counted():
    user = somebody()
    assert all(signed_in(sign_in(user)[0]) for _ in range(8))


def test_parallel_guesses_are_counted_each():
    user = somebody()

    def guess(number):
        return lambda: sign_in(user, "wrong", address=f"198.51.100.{number}")[1].content.decode()

    answers = at_once(*(guess(number) for number in range(12)))
    looked_at = [answer for answer in answers if "not correct" in answer]
    assert len(looked_at) <= 5, "no more passwords are tried than the limit says"
    assert len(events("sign_in.failed")) == len(looked_at)
    assert not signed_in(sign_in(user, address="198.51.100.99")[0])


def test_without_the_cache_nobody_signs_in_and_who_is_in_stays(settings):
    user = somebody()
    browser, _ = sign_in(user)
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9"}}
    new, answer = sign_in(user)
    assert answer.status_code == 503 and "not possible at the moment" in answer.content.decode()
    assert signed_in(browser) and not signed_in(new)


def test_who_has_no_role_any_more_is_told_so_and_sent_nowhere():
    user = somebody()
    with tenancy.vendor():
        Membership.objects.filter(user=user).delete()
    _, answer = sign_in(user)
    assert answer["Location"] == "/account/inactive/"
    assert Client().get("/account/inactive/").status_code == 200
    assert events("sign_in.refused") == [("sign_in.refused", user.public_id, {"why": "no_role"})]


def test_signing_out_is_an_event_by_either_page():
    user = somebody()
    for page in ("account_logout", "admin:logout"):
        browser, _ = sign_in(user)
        assert browser.get(reverse("account_logout")).status_code == 200, "a link alone signs nobody out"
        browser.post(reverse(page))
        assert not signed_in(browser)
    assert [name for name, *_ in events("user.signed_out")] == ["user.signed_out"] * 2


def test_nobody_signs_up_and_nobody_manages_addresses():
    for path in ("signup/", "email/", "confirm-email/", "login/code/", "3rdparty/", "social/signup/"):
        assert Client().get(f"/account/{path}").status_code == 404, path


def test_a_new_password_ends_the_sessions_elsewhere_and_is_told(mailbox):
    user = somebody(Role.CLIENT_ADMINISTRATOR, an_organization())
    here, there = sign_in(user)[0], sign_in(user)[0]
    form = {"oldpassword": GOOD, "password1": NEW, "password2": NEW}
    assert here.post(reverse("account_change_password"), {**form, "oldpassword": "x"}).status_code == 200
    assert here.post(reverse("account_change_password"), form).status_code == 302
    assert signed_in(here) and not signed_in(there)
    assert signed_in(sign_in(user, NEW)[0]) and not signed_in(sign_in(user)[0])
    assert events("user.password_changed") == [("user.password_changed", user.public_id, {"by_link": False})]
    assert [(m.to, m.subject) for m in mails()] == [([user.email], "Your password for Terme was changed")]


@pytest.mark.parametrize("weak", ["short", "ann quercus", "password1234"])
def test_a_weak_password_is_not_taken(weak):
    browser, _ = sign_in(somebody())
    data = {"oldpassword": GOOD, "password1": weak, "password2": weak}
    assert browser.post(reverse("account_change_password"), data).status_code == 200


def ask_for_link(address):
    return Client().post(reverse("account_reset_password"), {"email": address})


def test_a_forgotten_password_is_set_anew_by_a_link_that_works_once(mailbox):
    user = somebody(Role.AUTHORISED_CONTACT, an_organization())
    browser, _ = sign_in(user)
    assert ask_for_link(user.email.upper())["Location"] == "/account/password/reset/done/"
    (letter,) = mails()
    assert letter.to == [user.email]
    link = next(line for line in letter.body.splitlines() if "/password/reset/key/" in line)
    path = link.removeprefix("http://localhost:8000")
    other = Client()
    form = other.get(path)["Location"]
    assert "set-password" in form, "the key does not stay in the address"
    assert other.post(form, {"password1": NEW, "password2": NEW})["Location"] == "/account/password/reset/key/done/"
    assert signed_in(sign_in(user, NEW)[0]) and not signed_in(browser)
    assert events("user.password_changed") == [("user.password_changed", user.public_id, {"by_link": True})]
    again = Client().get(path)
    assert again.status_code == 200 and "link was invalid" in again.content.decode()


@pytest.mark.parametrize("who", ["nobody", "no-role", "inactive"])
def test_the_answer_is_the_same_for_whoever_gets_no_link(mailbox, who):
    user = somebody()
    with tenancy.vendor():
        if who == "no-role":
            Membership.objects.filter(user=user).delete()
        elif who == "inactive":
            User.objects.filter(pk=user.pk).update(is_active=False)
    answer = ask_for_link("nobody@terme.example" if who == "nobody" else user.email)
    assert answer["Location"] == "/account/password/reset/done/"
    assert mails() == []


def test_no_link_is_kept_anywhere_before_it_is_mailed():
    user = somebody()
    ask_for_link(user.email)
    with tenancy.vendor():
        assert OutboxMessage.objects.get(topic="user.password_reset_asked").payload == {"only": str(user.public_id)}


def test_links_are_asked_for_three_times_in_ten_minutes():
    user = somebody()
    assert [ask_for_link(user.email).status_code for _ in range(4)] == [302, 302, 302, 429]


def test_a_removed_member_is_out_at_once_in_every_browser():
    somebody(Role.ADMINISTRATOR)
    user = somebody(Role.SUPPORT)
    somebody(Role.FINANCE, email=user.email)
    browsers = [sign_in(user)[0] for _ in range(2)]
    with tenancy.vendor():
        members.remove(Membership.objects.get(user=user, role="finance"), now=timezone.now(), by="user:x")
    assert not any(signed_in(browser) for browser in browsers), "also when another role stays"
    assert signed_in(sign_in(user)[0]), "who keeps a role signs in again"
    with tenancy.vendor():
        members.remove(Membership.objects.get(user=user), now=timezone.now(), by="user:x")
    assert sign_in(user)[1]["Location"] == "/account/inactive/"


def test_sessions_end_while_their_owner_clicks():
    user = somebody(Role.SUPPORT)
    browser, _ = sign_in(user)

    def click():
        return [browser.get("/admin/").status_code for _ in range(5)]

    def end():
        with tenancy.vendor():
            signing_in.end_sessions(User.objects.get(pk=user.pk), now=timezone.now(), by="user:x")

    clicks, nothing = at_once(click, end)
    assert nothing is None and set(clicks) <= {200, 302}
    assert not signed_in(browser)


@pytest.mark.parametrize(
    ("minutes", "used", "alive"),
    [
        pytest.param(119, False, True, id="left-alone-for-less-than-two-hours"),
        pytest.param(120, False, False, id="left-alone-for-two-hours"),
        pytest.param(11 * 60, True, True, id="used-all-day"),
        pytest.param(12 * 60, True, False, id="twelve-hours-old"),
    ],
)
def test_a_session_grows_old(monkeypatch, minutes, used, alive):
    began, passed = time.time(), [0]
    browser, _ = sign_in(somebody())
    monkeypatch.setattr("accounts.recent.time.time", lambda: began + 1 + 60 * passed[-1])
    for later in range(30, minutes, 30) if used else ():
        passed.append(later)
        assert signed_in(browser)
    passed.append(minutes)
    assert signed_in(browser) == alive
