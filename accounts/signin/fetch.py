"""How an identity provider is asked: https to public addresses, no redirects, a time limit, a bound on what is read."""

import contextlib
import ipaddress
import socket
import threading
from contextvars import ContextVar
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

from accounts.rules import addresses

# For a connection to begin, for something to arrive, and for all of it: an answer that comes in drops holds nobody up.
SECONDS = 5
SECONDS_IN_ALL = 15
MOST_BYTES = 512 * 1024


class Session(requests.Session):
    """A session whose every connection goes to an address that was checked, not merely to a name that was."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # neither a proxy nor a .netrc of this machine
        self.mount("https://", _Adapter())
        if settings.SSO_ALLOW_INSECURE:
            self.mount("http://", _Adapter())
        else:
            self.adapters.pop("http://")

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Ask, following no redirect.

        :raises requests.RequestException: no answer in time, another scheme, a private address, or too much.
        """
        kwargs.update(allow_redirects=False, stream=True, timeout=SECONDS)
        with _Shutter() as shutter, super().request(method, url, *args, **kwargs) as answer:
            body, size = [], 0
            for piece in answer.iter_content(16 * 1024):
                size += len(piece)
                if size > MOST_BYTES:
                    raise requests.exceptions.ContentDecodingError("The answer is too long.")
                body.append(piece)
            if shutter.shut:  # a body without a length ends there as if it were whole
                raise requests.exceptions.ReadTimeout("The answer took too long.")
            answer._content = b"".join(body)
            if answer.is_redirect:
                raise requests.exceptions.TooManyRedirects("No redirect is followed.")
            return answer


class _Shutter:
    """Ends what a call has connected to once its time is over, also while somebody waits for it."""

    def __init__(self) -> None:
        self.shut = False
        self._twins: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(SECONDS_IN_ALL, self._over)
        self._timer.daemon = True

    def __enter__(self) -> "_Shutter":
        self._timer.start()
        self._before = _shutter.set(self)
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        _shutter.reset(self._before)
        with self._lock:
            for twin in self._twins:
                twin.close()
            self._twins = []

    def hold(self, connected: socket.socket) -> None:
        """Keep a second handle of a connection: TLS takes the first one over. :raises OSError: the time is over."""
        with self._lock:
            if self.shut:
                raise TimeoutError("the time is over")
            self._twins.append(connected.dup())

    def _over(self) -> None:
        with self._lock:
            self.shut = True
            for twin in self._twins:
                with contextlib.suppress(OSError):
                    twin.shutdown(socket.SHUT_RDWR)


_shutter: ContextVar[_Shutter] = ContextVar("terme_fetch_shutter")


class _Http(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self)


class _Https(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self)


def _connected(connection: HTTPConnection) -> socket.socket:
    """Resolve the name once, refuse what is not public, and connect to the very address that was checked."""
    host, port = connection.host, int(connection.port or connection.default_port)
    try:
        connected = create_connection((_public_address(host, port), port), SECONDS)
        _shutter.get().hold(connected)
    except OSError as error:
        raise NewConnectionError(connection, str(error)) from error
    return connected


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


def _public_address(host: str, port: int) -> str:
    """Return an address of the host that is public. :raises OSError: it has none, or one of them is not public."""
    found = {str(entry[4][0]) for entry in socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)}
    if not settings.SSO_ALLOW_INSECURE and not all(addresses.is_public(ipaddress.ip_address(one)) for one in found):
        raise OSError(f"{host} is not a public address")
    return sorted(found)[0]
