"""Identity providers as rows: what is accepted, who may change them, how they are reached; and how they are asked."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
from django.urls import reverse
from django.utils import timezone

from accounts import crypto, tenancy
from accounts.enums import Role
from accounts.errors import InvalidInput, Refused
from accounts.models import AuditEvent, IdentityProvider
from accounts.operations import providers
from accounts.signin import fetch
from tests.accounts.parties import at_once
from tests.accounts.receivers import raw
from tests.accounts.signin.people import sign_in, somebody
from tests.accounts.test_outbound import FORBIDDEN, lookups
from tests.api.callers import caller
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NOW = timezone.now()
GOOD = {
    "slug": "house",
    "name": "House",
    "issuer": "https://login.example/tenant",
    "client_id": "terme",
    "client_secret": "s3cret",
}


def create(**values):
    with tenancy.vendor():
        return providers.create(**{"organization": None, **GOOD, "now": NOW, "by": "user:one", **values})


WRONG = [
    ("slug", ""),
    ("slug", "House"),
    ("slug", "-house"),
    ("slug", "a/b"),
    ("slug", "a\x00b"),
    ("slug", "a" * 51),
    ("slug", "lo gin"),
    ("name", ""),
    ("name", "<b>x</b>"),
    ("name", "a\x00b"),
    ("issuer", ""),
    ("issuer", "login.example"),
    ("issuer", "http://login.example"),
    ("issuer", "ftp://login.example"),
    ("issuer", "https://"),
    ("issuer", "https://user:pw@login.example"),
    ("issuer", "https://login.example?x=1"),
    ("issuer", "https://login.example#x"),
    ("issuer", "https://login.example/a b"),
    ("issuer", "https://login.example:port"),
    ("issuer", "https://[::1"),
    ("issuer", "https://login.example/\x00"),
    ("issuer", "https://login.example/" + "a" * 400),
    ("client_id", ""),
    ("client_id", "\u017c"),
    ("client_id", "a\nb"),
    ("client_secret", ""),
    ("client_secret", "a\x00b"),
    ("client_secret", "a" * 1001),
]


@pytest.mark.parametrize(
    ("field", "value"), WRONG, ids=[f"{field}-{number}" for number, (field, _) in enumerate(WRONG)]
)
def test_a_wrong_field_is_named_and_nothing_is_written(field, value):
    with pytest.raises(InvalidInput) as refused:
        create(**{field: value})
    assert {error.field for error in refused.value.errors} == {field}
    call = caller("administrator")
    status, raw = call._send(
        "POST",
        "/api/v1/identity-providers",
        {"Authorization": f"Bearer {call._token}"},
        json.dumps({**GOOD, field: value}),
    )
    assert status == 400 and json.loads(raw)["errors"][0]["attr"] == field
    browser, _ = sign_in(somebody(Role.ADMINISTRATOR))
    answer = browser.post(reverse("admin:accounts_identityprovider_add"), {**GOOD, field: value, "confirmed": "yes"})
    assert answer.status_code == 200 and field in answer.context["form"].errors
    with tenancy.vendor():
        assert not IdentityProvider.objects.exists()


def test_the_secret_is_sealed_bound_to_its_row_and_told_nowhere():
    row, other = create(), create(slug="other")
    with tenancy.vendor():
        stored = IdentityProvider.objects.get(pk=row.pk)
        assert b"s3cret" not in bytes(stored.sealed_secret) and providers.secret_of(stored) == "s3cret"
        stored.sealed_secret = other.sealed_secret
        with pytest.raises(crypto.DecryptionFailed):
            providers.secret_of(stored)
        assert "s3cret" not in str(list(AuditEvent.objects.values("data")))
    call = caller("administrator")
    assert "s3cret" not in json.dumps(call("GET", f"identity-providers/{row.public_id}"))
    browser, _ = sign_in(somebody(Role.ADMINISTRATOR))
    for page in ("change/", "alter/"):
        address = reverse("admin:accounts_identityprovider_changelist") + f"{row.pk}/{page}"
        assert b"s3cret" not in browser.get(address).content


def test_a_short_name_is_taken_once_whoever_is_first():
    results = at_once(create, create)
    assert sorted(type(one).__name__ for one in results) == ["IdentityProvider", "Refused"]


def test_it_is_added_changed_and_switched_by_rest():
    organization = an_organization()
    call = caller("administrator")
    body = {**GOOD, "organization": str(organization.public_id), "enforced": True}
    made = call("POST", "identity-providers", body, expect=201)
    assert made["redirect_address"] == "http://testserver/account/sso/house/callback/"
    assert made["organization"] == str(organization.public_id)
    path = f"identity-providers/{made['public_id']}"
    changed = call("PATCH", path, {"name": "Home", "client_secret": "another"})
    assert (changed["name"], changed["enforced"]) == ("Home", True)
    off = call("POST", f"{path}/disable")
    assert (off["enabled"], off["enforced"]) == (False, False)
    assert call("POST", f"{path}/disable", expect=409)["code"] == "provider_unchanged"
    assert call("PATCH", path, {"enforced": True}, expect=409)["code"] == "provider_disabled"
    assert call("POST", f"{path}/enable")["enabled"]
    assert call("POST", "identity-providers", body, expect=409)["code"] == "slug_taken"
    unknown = {**GOOD, "slug": "x", "organization": str(made["public_id"])}
    assert call("POST", "identity-providers", unknown, expect=400)["errors"][0]["attr"] == "organization"
    with tenancy.vendor():
        names = list(AuditEvent.objects.filter(name__startswith="identity").order_by("pk").values_list("name", "data"))
        assert providers.secret_of(IdentityProvider.objects.get()) == "another"
    assert names[1] == ("identity_provider.changed", {"slug": "house", "changed": ["name", "client_secret"]})
    assert [name for name, _ in names] == [
        f"identity_provider.{what}" for what in ("added", "changed", "disabled", "enabled")
    ]


def test_it_is_added_changed_and_switched_in_the_admin():
    browser, _ = sign_in(somebody(Role.ADMINISTRATOR))
    add = reverse("admin:accounts_identityprovider_add")
    page = browser.post(add, {**GOOD, "confirmed": "yes"})["Location"]
    assert "http://testserver/account/sso/house/callback/" in browser.get(page).content.decode()
    with tenancy.vendor():
        (row,) = IdentityProvider.objects.all()
    base = reverse("admin:accounts_identityprovider_changelist") + f"{row.pk}/"
    asked = browser.get(base + "alter/")
    assert 'value="https://login.example/tenant"' in asked.content.decode()
    data = {**GOOD, "name": "Home", "client_secret": "", "confirmed": "yes"}
    assert browser.post(base + "alter/", data).status_code == 302
    assert browser.post(base + "disable/", {"confirmed": "yes"}).status_code == 302
    with tenancy.vendor():
        (row,) = IdentityProvider.objects.all()
        assert (row.name, row.enabled, providers.secret_of(row)) == ("Home", False, "s3cret")


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/",
        "file:///etc/passwd",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://0.0.0.0/",
        "https://2130706433/",
        "https://no-such-host.invalid/",
    ],
)
def test_no_private_address_is_asked(address):
    with pytest.raises(requests.RequestException), fetch.Session() as session:
        session.get(address)


@pytest.mark.parametrize("text", [text for texts in FORBIDDEN.values() for text in texts])
def test_what_is_no_webhooks_address_is_no_providers_either(text):
    with pytest.raises(OSError):
        fetch._public_address(text, 443)


@pytest.mark.parametrize("found", [["10.0.0.1", "8.8.8.8"], ["8.8.8.8", "127.0.0.1"]], ids=str)
def test_one_address_inside_among_public_ones_is_enough(monkeypatch, found):
    lookups(monkeypatch, found)
    with pytest.raises(OSError, match="not a public address"):
        fetch._public_address("login.example.org", 443)


def test_a_name_that_changes_its_address_between_two_looks_is_asked_once(monkeypatch):
    asked, went_to = lookups(monkeypatch, ["8.8.8.8"], ["127.0.0.1"]), []

    def create_connection(address, *_more, **_by_name):
        went_to.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(fetch, "create_connection", create_connection)
    with pytest.raises(requests.RequestException), fetch.Session() as session:
        session.get("https://login.example.org/")
    assert (asked, went_to) == (["login.example.org"], [("8.8.8.8", 443)])


@pytest.mark.parametrize("length", ["Content-Length: 9999\r\n", ""], ids=["of-a-length", "until-the-end"])
@pytest.mark.parametrize("where", ["head", "body"])
def test_an_answer_in_drops_ends_when_its_time_is_over(settings, monkeypatch, where, length):
    settings.SSO_ALLOW_INSECURE = True
    monkeypatch.setattr(fetch, "SECONDS_IN_ALL", 1)

    def serve(connection, over):
        connection.recv(4096)
        connection.sendall(f"HTTP/1.1 200 OK\r\n{length}".encode() + (b"" if where == "head" else b"\r\n"))
        for _drop in range(60):
            connection.sendall(b"x")
            over.wait(0.2)

    began = time.monotonic()
    with raw(serve) as port, pytest.raises(requests.RequestException), fetch.Session() as session:
        session.get(f"http://127.0.0.1:{port}/")
    assert time.monotonic() - began < 5


class _Slow(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            time.sleep(3)
        self.send_response(302 if self.path == "/elsewhere" else 200)
        if self.path == "/elsewhere":
            self.send_header("Location", "/")
        self.end_headers()
        self.wfile.write(b"x" * (fetch.MOST_BYTES + 1 if self.path == "/long" else 2))

    def log_message(self, *args):
        """Say nothing."""


@pytest.mark.parametrize(("path", "answered"), [("/", True), ("/long", False), ("/elsewhere", False), ("/slow", False)])
def test_an_answer_is_bounded(settings, monkeypatch, path, answered):
    settings.SSO_ALLOW_INSECURE = True
    monkeypatch.setattr(fetch, "SECONDS", 1)
    server = HTTPServer(("127.0.0.1", 0), _Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with fetch.Session() as session:
            if answered:
                assert session.get(f"http://127.0.0.1:{server.server_port}{path}").content == b"xx"
            else:
                with pytest.raises(requests.RequestException):
                    session.get(f"http://127.0.0.1:{server.server_port}{path}")
    finally:
        server.shutdown()
        server.server_close()


def test_only_what_a_provider_changes_is_refused_or_kept():
    row = create(enforced=True)
    with tenancy.vendor():
        before = AuditEvent.objects.count()
        assert providers.change(row, name="House", now=NOW, by="user:one").name == "House"
        assert AuditEvent.objects.count() == before, "the same again changes nothing"
        with pytest.raises(Refused):
            providers.switch(row, on=True, now=NOW, by="user:one")


def test_another_issuer_is_not_sent_the_secret_of_the_one_before():
    row = create()
    with tenancy.vendor():
        with pytest.raises(InvalidInput) as refused:
            providers.change(row, issuer="https://mine.example", now=NOW, by="user:one")
        assert [(fault.field, fault.code) for fault in refused.value.errors] == [("client_secret", "required")]
        changed = providers.change(row, issuer="https://mine.example", client_secret="anew", now=NOW, by="user:one")
    assert changed.issuer == "https://mine.example"
