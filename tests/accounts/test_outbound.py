"""Calls to addresses that somebody else chose: what is public, what a URL may be, and what no receiver can do to us."""

import socket
import ssl
import time
from ipaddress import ip_address

import pytest

from accounts import outbound
from accounts.enums import CallFault
from accounts.outbound import CallFailed
from accounts.rules import addresses
from tests.accounts.receivers import Receiver, certificates, raw, says, serving

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "172.15.0.1",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "2606:4700::1111",
    "2a00:1450:4007:80e::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]
FORBIDDEN = {
    "this-machine": ["127.0.0.1", "127.255.255.254", "::1"],
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1"],
    "link-local": ["169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0"],
    "shared-by-carriers": ["100.64.0.1", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"],
    "broadcast-and-reserved": ["255.255.255.255", "240.0.0.1"],
    "protocols": ["192.0.0.1", "192.0.0.9", "192.88.99.1", "2001:20::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "measurement": ["198.18.0.1", "198.19.255.255"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:100.64.0.1"],
    "compatible": ["::127.0.0.1", "::10.0.0.1"],
    "translated": ["64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"],
    "6to4": ["2002:7f00:1::", "2002:a00:1::", "2002:808:808::"],
    "teredo": ["2001::1", "2001:0:7f00:1::"],
    "site-local": ["fec0::1"],
    "segments-and-the-rest": ["5f00::1", "100::1", "4000::1"],
}


@pytest.mark.parametrize("text", PUBLIC)
def test_an_address_of_the_internet_is_called(text):
    assert addresses.is_public(ip_address(text))


@pytest.mark.parametrize(
    "text", [pytest.param(text, id=f"{kind}-{text}") for kind, texts in FORBIDDEN.items() for text in texts]
)
def test_an_address_inside_is_not(text):
    assert not addresses.is_public(ip_address(text))
    host = f"[{text.replace('%', '%25')}]" if ":" in text else text
    assert {fault.code for fault in addresses.check("url", f"https://{host}/hook")} == {"forbidden_address"}


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org",
        "https://hooks.example.org/",
        "https://hooks.example.org:443/a/b?c=d&e=%20",
        "https://hooks.example.org:8443/",
        "HTTPS://Hooks.Example.org/x",
        "https://xn--bcher-kva.example/",
        "https://8.8.8.8/hook",
        "https://[2606:4700::1111]:8443/hook",
        "https://a_b.example.org/",
        "https://example.org/" + "x" * 1979,
    ],
)
def test_a_url_that_is_called(url):
    assert addresses.check("url", url) == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "blank"),
        ("   ", "blank"),
        ("https://example.org/" + "x" * 1981, "too_long"),
        ("http://hooks.example.org/", "not_https"),
        ("ftp://hooks.example.org/", "not_https"),
        ("file:///etc/passwd", "not_https"),
        ("gopher://hooks.example.org/", "not_https"),
        ("javascript:alert(1)", "not_https"),
        ("//hooks.example.org/", "not_https"),
        ("hooks.example.org", "not_https"),
        ("https:hooks.example.org", "not_https"),
        ("https:/hooks.example.org", "not_https"),
        ("https://", "malformed_url"),
        ("https:///hook", "malformed_url"),
        ("https://?a", "malformed_url"),
        ("https://:443/", "malformed_url"),
        ("https://user@hooks.example.org/", "credentials_in_url"),
        ("https://user:secret@hooks.example.org/", "credentials_in_url"),
        ("https://8.8.8.8@127.0.0.1/", "credentials_in_url"),
        ("https://@hooks.example.org/", "credentials_in_url"),
        ("https://hooks.example.org/#part", "fragment_in_url"),
        ("https://hooks.example.org#", "fragment_in_url"),
        ("https://hooks.example.org:0/", "forbidden_port"),
        ("https://hooks.example.org:22/", "forbidden_port"),
        ("https://hooks.example.org:25/", "forbidden_port"),
        ("https://hooks.example.org:80/", "forbidden_port"),
        ("https://hooks.example.org:65536/", "malformed_url"),
        ("https://hooks.example.org:x/", "malformed_url"),
        ("https://hooks.example.org:-1/", "malformed_url"),
        ("https://hooks.example.org /", "malformed_url"),
        ("https://hooks.example.org/\x00", "malformed_url"),
        ("https://hooks.example.org/\r\nHost: x", "malformed_url"),
        ("https://hooks.example.org\\@127.0.0.1/", "malformed_url"),
        ("https://hooks.exämple.org/", "malformed_url"),
        ("https://hooks.example.org./", "malformed_url"),
        ("https://hooks..example.org/", "malformed_url"),
        ("https://-hooks.example.org/", "malformed_url"),
        ("https://" + "a" * 64 + ".example.org/", "malformed_url"),
        ("https://hooks%2eexample.org/", "malformed_url"),
        ("https://[::1/", "malformed_url"),
        ("https://[fe80::1%25eth0]/", "forbidden_address"),
        ("https://2130706433/", "malformed_url"),
        ("https://0x7f000001/", "malformed_url"),
        ("https://0x7f.1/", "malformed_url"),
        ("https://127.1/", "malformed_url"),
        ("https://0177.0.0.1/", "malformed_url"),
        ("https://127.0.0.1.nip.1/", "malformed_url"),
        ("https://intranet/", "forbidden_address"),
        ("https://localhost/", "forbidden_address"),
        ("https://LOCALHOST:8443/", "forbidden_address"),
        ("https://a.localhost/", "forbidden_address"),
        ("https://printer.local/", "forbidden_address"),
        ("https://metadata.google.internal/", "forbidden_address"),
        ("https://nas.home.arpa/", "forbidden_address"),
    ],
)
def test_a_url_that_is_not(url, code):
    assert [fault.code for fault in addresses.check("url", url)] == [code]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/", "http://localhost/", "https://[::1]:1/", "http://intranet:81"]
)
def test_where_private_addresses_are_allowed_they_may_be_plain_and_inside(url):
    assert addresses.check("url", url, allow_private=True) == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://127.0.0.1/", "not_https"),
        ("http://u:p@127.0.0.1/", "credentials_in_url"),
        ("http://127.1/", "malformed_url"),
    ],
)
def test_even_then_it_is_a_plain_url(url, code):
    assert [fault.code for fault in addresses.check("url", url, allow_private=True)] == [code]


# What receivers do.


@pytest.fixture
def tls(tmp_path, monkeypatch):
    """Return what the caller trusts: the authority of the test's own certificates."""
    authority, server = certificates(tmp_path, "hooks.example.org", "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    context = ssl.create_default_context()
    context.server_file = server
    return context


def post(url, tls=None, *, seconds=5, allow_private=True):
    tls = tls or ssl.create_default_context()
    return outbound.post(url, b'{"a":1}', {"X-One": "1"}, tls=tls, allow_private=allow_private, seconds=seconds)


def fault_of(url, tls=None, **kwargs):
    with pytest.raises(CallFailed) as failed:
        post(url, tls, **kwargs)
    return failed.value.fault


def lookups(monkeypatch, *answers):
    """Let each look-up of a name give the next answer, a list of addresses; return the names that were asked for."""
    asked, system, left = [], socket.getaddrinfo, list(answers)

    def getaddrinfo(host, port, *args, **kwargs):
        if host.replace(".", "").isdigit() or ":" in host:
            return system(host, port, *args, **kwargs)
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.fixture
def receiver():
    found = Receiver()
    yield found
    found.close()


def test_a_body_arrives_with_its_headers(receiver, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # a proxy of the environment would look up names for us
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert post(receiver.url).status == 204
    ((headers, body),) = receiver.calls
    assert (body, headers["X-One"], headers["Host"]) == (b'{"a":1}', "1", f"127.0.0.1:{receiver.port}")


def test_a_redirect_is_an_answer_and_not_followed(receiver):
    elsewhere = Receiver()
    receiver.answer = lambda handler, number: says(handler, 302, Location=elsewhere.url)
    assert post(receiver.url).status == 302
    assert elsewhere.calls == []
    elsewhere.close()


def test_nothing_that_listens_is_no_connection():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert fault_of(f"http://127.0.0.1:{port}/") is CallFault.CONNECTION


def drip(piece):
    def serve(connection, over):
        connection.recv(65536)
        while not over.wait(0.05):
            connection.sendall(piece)

    return serve


@pytest.mark.parametrize(
    ("scheme", "serve"),
    [
        pytest.param("http", lambda connection, over: over.wait(30), id="silence"),
        pytest.param("http", drip(b"H"), id="a-status-line-in-drops"),
        pytest.param("http", drip(b"HTTP/1.1 100 Continue\r\n\r\n"), id="continue-for-ever"),
        pytest.param("https", lambda connection, over: over.wait(30), id="silence-in-the-handshake"),
        pytest.param("https", drip(b"\x16\x03\x03\x00\x01\x00"), id="a-handshake-in-drops"),
    ],
)
def test_a_slow_receiver_is_left_when_the_time_is_over(scheme, serve, tls):
    with raw(serve) as port:
        began = time.monotonic()
        fault = fault_of(f"{scheme}://127.0.0.1:{port}/", tls, seconds=1)
        assert time.monotonic() - began < 3
    assert fault is (CallFault.TIMEOUT if "drops" not in str(fault) else fault)


def test_a_body_that_never_ends_is_not_read():
    def serve(connection, over):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not over.is_set():
            connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    with raw(serve) as port:
        began = time.monotonic()
        assert post(f"http://127.0.0.1:{port}/", seconds=10).status == 200
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.9\r\n", id="another-protocol"),
        pytest.param(b"HTTP/1.1 abc OK\r\n\r\n", id="no-status"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", id="too-many-headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70000 + b"\r\n\r\n", id="a-header-too-long"),
    ],
)
def test_what_is_no_http_is_a_fault(head):
    def serve(connection, over):
        connection.recv(65536)
        connection.sendall(head)
        over.wait(2)

    with raw(serve) as port:
        assert fault_of(f"http://127.0.0.1:{port}/") is CallFault.PROTOCOL


def test_an_end_without_an_answer_is_no_connection():
    with raw(lambda connection, over: connection.recv(65536)) as port:
        assert fault_of(f"http://127.0.0.1:{port}/") is CallFault.CONNECTION


# Names, and certificates.


def test_the_certificate_is_checked_against_the_name_and_the_connection_goes_to_the_address(tls, monkeypatch):
    receiver = Receiver(tls=serving(tls.server_file))
    asked = lookups(monkeypatch, ["127.0.0.1"])
    assert post(f"https://hooks.example.org:{receiver.port}/x", tls).status == 204
    assert receiver.calls[0][0]["Host"] == f"hooks.example.org:{receiver.port}"
    assert post(receiver.url, tls).status == 204, "a certificate may be for an address"
    assert fault_of(f"https://other.example.org:{receiver.port}/", tls) is CallFault.TLS
    assert asked == ["hooks.example.org", "other.example.org"], "asked once for each call"
    receiver.close()


def test_an_unknown_authority_is_refused(tls, monkeypatch):
    receiver = Receiver(tls=serving(tls.server_file))
    monkeypatch.delenv("SSL_CERT_FILE")
    assert fault_of(receiver.url, ssl.create_default_context()) is CallFault.TLS
    assert receiver.calls == []
    receiver.close()


def test_a_plain_server_behind_https_is_a_fault_of_tls(receiver, tls):
    assert fault_of(receiver.url.replace("http:", "https:"), tls) in (CallFault.TLS, CallFault.CONNECTION)
    assert receiver.calls == []


def test_a_name_that_leads_inside_is_not_called(receiver, monkeypatch):
    lookups(monkeypatch, ["127.0.0.1"])
    url = f"https://hooks.example.org:{receiver.port}/"
    assert fault_of(url, allow_private=False) is CallFault.FORBIDDEN_ADDRESS
    assert outbound.leads_inside(url)


def test_one_address_inside_among_public_ones_is_enough(monkeypatch):
    lookups(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    assert fault_of("https://hooks.example.org/", allow_private=False) is CallFault.FORBIDDEN_ADDRESS


def test_a_name_that_changes_its_address_between_two_looks_is_asked_once_a_call(monkeypatch):
    """Rebinding: public when the endpoint is made, and while it is judged; inside when somebody asks again."""
    asked = lookups(monkeypatch, ["8.8.8.8"], ["8.8.8.8"], ["127.0.0.1"])
    url, went_to = "https://hooks.example.org/", []

    def create_connection(address, timeout):
        went_to.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", create_connection)
    assert not outbound.leads_inside(url)
    assert fault_of(url, allow_private=False) is CallFault.CONNECTION
    assert (went_to, len(asked)) == ([("8.8.8.8", 443)], 2)
    assert fault_of(url, allow_private=False) is CallFault.FORBIDDEN_ADDRESS
    assert len(went_to) == 1


def test_an_unknown_name_leads_nowhere_yet(monkeypatch):
    def getaddrinfo(*args, **kwargs):
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert not outbound.leads_inside("https://hooks.example.org/")
    assert fault_of("https://hooks.example.org/", allow_private=False) is CallFault.NAME


def test_a_name_server_that_does_not_answer_costs_no_more_than_the_time_of_the_call(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(5) or [])
    began = time.monotonic()
    assert fault_of("https://hooks.example.org/", allow_private=False, seconds=0.5) is CallFault.TIMEOUT
    assert time.monotonic() - began < 2
