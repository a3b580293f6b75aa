"""Calls to addresses that somebody else chose: only public ones, exactly the one that was checked, in bounded time.

The standard library's own client is used: it follows no redirect, knows no proxy and keeps no connection. The host is
resolved once, every address of it is judged, and the connection goes to one of these. The certificate is checked
against the name in the URL. One deadline covers all of it, TLS handshake and slow answers too: when it is over the
connection is shut, whoever waits for it. Of the answer only its head is read, unless more is asked for.
"""

import contextlib
import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from accounts.enums import CallFault
from accounts.rules import addresses
from accounts.rules.addresses import Address, Target

# Seconds: for the whole call, for one connection to begin, for one answer of the name server while a form is filled in.
DEADLINE = 15.0
CONNECTING = 5.0
LOOKING_UP = 3.0
# A host may have many addresses: so many are tried.
MOST_TRIED = 4


class CallFailed(Exception):
    """A call did not arrive, or was answered by nothing that is HTTP. ``fault`` says why."""

    def __init__(self, fault: CallFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an answer, as far as it matters, and of its body what was asked for."""

    status: int
    retry_after: str | None = None
    body: bytes = field(default=b"", repr=False)


def leads_inside(url: str) -> bool:
    """Say whether a URL's host has an address that is not public; an unknown name leads nowhere yet."""
    found = addresses.target(url)
    try:
        return not all(addresses.is_public(address) for address in _addresses(found, seconds=LOOKING_UP))
    except CallFailed:
        return False


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    tls: ssl.SSLContext,
    allow_private: bool = False,
    seconds: float = DEADLINE,
    longest_answer: int = 0,
) -> Answer:
    """Send a body and return the head of the answer, within so many seconds from now.

    With ``longest_answer`` the answer's body comes along, of so many bytes at most; a longer one is no answer.

    :raises CallFailed: with the reason: the name, the address, the connection, the certificate, the time, the answer.
    """
    end = time.monotonic() + seconds
    if addresses.check("url", url, allow_private=allow_private):
        raise CallFailed(CallFault.FORBIDDEN_ADDRESS)
    target = addresses.target(url)
    found = _addresses(target, seconds=_left(end))
    if not allow_private and not all(addresses.is_public(address) for address in found):
        raise CallFailed(CallFault.FORBIDDEN_ADDRESS)
    with _Shutter(_connected(found, target.port, end=end), end) as shutter:
        try:
            return _exchange(shutter, target, body, headers, tls=tls, longest_answer=longest_answer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CallFailed(CallFault.TIMEOUT if shutter.shut else _fault(error)) from error


class _Shutter:
    """A socket that is shut when its time is over, also while another thread waits for it."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self.sock, self.shut = sock, False
        self._end = end
        self._timer = threading.Timer(max(0.0, end - time.monotonic()), self._over)
        self._timer.daemon = True

    def __enter__(self) -> "_Shutter":
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        self._close()

    def left(self) -> float:
        return _left(self._end)

    def _over(self) -> None:
        self.shut = True
        self._close()

    def _close(self) -> None:
        """End the connection itself; closing alone would leave it to whoever still reads from it."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def _exchange(
    shutter: _Shutter,
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    *,
    tls: ssl.SSLContext,
    longest_answer: int,
) -> Answer:
    shutter.sock.settimeout(shutter.left())
    if target.secure:
        # Wrapped first and shaken hands later, so that the shutter holds the socket meanwhile.
        wrapped = tls.wrap_socket(shutter.sock, server_hostname=target.host, do_handshake_on_connect=False)
        shutter.sock = wrapped
        shutter.left()
        wrapped.do_handshake()
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = shutter.sock
    connection.request("POST", target.path, body, {**headers, "Host": target.authority, "Connection": "close"})
    response = connection.getresponse()
    # One byte more than may come tells that there is more.
    said = response.read(longest_answer + 1) if longest_answer else b""
    if len(said) > longest_answer:
        raise http.client.HTTPException("too long")
    return Answer(response.status, response.headers.get("Retry-After"), said)


def _addresses(target: Target, *, seconds: float) -> list[Address]:
    """Return the addresses of a host, asked once. :raises CallFailed: the name is unknown, or nobody answers."""
    if target.literal is not None:
        return [target.literal]
    answers: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            answers.put(None)
        else:
            answers.put([str(entry[4][0]) for entry in found])

    # The system's resolver cannot be given a time; a thread that nobody waits for can.
    threading.Thread(target=ask, daemon=True).start()
    try:
        texts = answers.get(timeout=seconds)
    except queue.Empty:
        raise CallFailed(CallFault.TIMEOUT) from None
    if not texts:
        raise CallFailed(CallFault.NAME)
    return [ip_address(text) for text in dict.fromkeys(texts)]


def _connected(found: list[Address], port: int, *, end: float) -> socket.socket:
    fault = CallFault.CONNECTION
    for address in found[:MOST_TRIED]:
        try:
            return socket.create_connection((str(address), port), timeout=min(CONNECTING, _left(end)))
        except TimeoutError:
            fault = CallFault.TIMEOUT
        except OSError:
            fault = CallFault.CONNECTION
    raise CallFailed(fault)


def _left(end: float) -> float:
    """Return the seconds that are left. :raises CallFailed: none."""
    left = end - time.monotonic()
    if left <= 0:
        raise CallFailed(CallFault.TIMEOUT)
    return left


def _fault(error: Exception) -> CallFault:
    match error:
        case TimeoutError():
            return CallFault.TIMEOUT
        case ssl.SSLError():
            return CallFault.TLS
        case OSError():
            return CallFault.CONNECTION
    return CallFault.PROTOCOL
