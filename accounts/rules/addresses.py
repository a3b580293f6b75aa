"""Which network addresses and which URLs the service may call for somebody else: public ones, and nothing inside."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from accounts.errors import FieldError, phrase

type Address = IPv4Address | IPv6Address

LONGEST_URL = 2000
# The global unicast space (RFC 4291, 2.4), and the translation prefix that carries IPv4 addresses (RFC 6052).
_UNICAST = IPv6Network("2000::/3")
_TRANSLATED = IPv6Network("64:ff9b::/96")
# What `is_global` of the standard library lets through, or may by a later table.
_NEVER = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # IETF protocol assignments (RFC 6890)
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "2001::/23",  # IETF protocol assignments: Teredo, ORCHID
        "2002::/16",  # 6to4: an IPv4 address in disguise (RFC 7526)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
# Names that mean this machine or this network (RFC 6761, 6762, 8375, 9476 and ICANN's .internal).
_INSIDE = ("localhost", "local", "internal", "home.arpa", "alt", "onion")
HTTPS_PORT, HTTP_PORT, FIRST_FREE_PORT = 443, 80, 1024


def is_public(address: Address) -> bool:
    """Say whether everybody on the internet may reach the address, and it is one machine's.

    Not private, shared (RFC 6598), loopback, link-local, multicast, reserved or unspecified. An IPv4 address written in
    an IPv6 one (mapped, RFC 4291; translated, RFC 6052) is judged as what it stands for; 6to4 and Teredo never pass.
    """
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _TRANSLATED:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address.scope_id is not None or address not in _UNICAST:
            return False
    if address.is_multicast or address.is_reserved or address.is_unspecified or not address.is_global:
        return False
    return not any(address in network for network in _NEVER if network.version == address.version)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: TLS or not, the host (a name in small letters, or an address), the port, path with query."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def literal(self) -> Address | None:
        """The address, where the URL names one instead of a host."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    @property
    def authority(self) -> str:
        """What the header ``Host`` says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (HTTPS_PORT if self.secure else HTTP_PORT) else f"{host}:{self.port}"


def target(url: str) -> Target:
    """Return where a URL that :func:`check` accepts leads. :raises ValueError: it is no such URL."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    path = parts.path or "/"
    return Target(
        secure,
        (parts.hostname or "").lower(),
        parts.port or (HTTPS_PORT if secure else HTTP_PORT),
        f"{path}?{parts.query}" if parts.query else path,
    )


def check(field: str, url: str, *, allow_private: bool = False) -> list[FieldError]:
    """Return what is wrong with a URL to call, as far as it can be seen without asking a name server.

    ``https``, a host that is a full name or a public address, port 443 or from 1024 on, no user and password, no
    fragment, printable ASCII. With ``allow_private`` (development, a private network) also ``http``, any port, and
    names and addresses inside.
    """
    if not url.strip():
        return [FieldError(field, "blank", "This must not be empty.")]
    if len(url) > LONGEST_URL:
        return [
            FieldError(
                field,
                "too_long",
                phrase("At most %(most)s characters; this has %(has)s.", most=LONGEST_URL, has=len(url)),
            )
        ]
    if not all(33 <= ord(character) <= 126 and character not in '\\<>"^`{|}' for character in url):
        message = phrase(
            "Only printable ASCII: write other characters as %XX, and host names in their ASCII form (xn--…)."
        )
        return [FieldError(field, "malformed_url", message)]
    try:
        parts, found = urlsplit(url), target(url)
    except ValueError:
        return [FieldError(field, "malformed_url", "This is not a URL.")]
    if parts.scheme not in ("https", "http") or not url.lower().startswith(f"{parts.scheme}://"):
        return [FieldError(field, "not_https", "Write a URL that begins with https://.")]
    if not found.secure and not allow_private:
        return [FieldError(field, "not_https", "Only https:// is called.")]
    if "@" in parts.netloc:
        return [FieldError(field, "credentials_in_url", "A URL with a user or a password is not accepted.")]
    if "#" in url:
        return [FieldError(field, "fragment_in_url", "A fragment (#…) is never sent: leave it out.")]
    if parts.port == 0 or not (allow_private or found.port == HTTPS_PORT or found.port >= FIRST_FREE_PORT):
        return [FieldError(field, "forbidden_port", "Port 443, or one from 1024 on.")]
    return _host(field, found, allow_private=allow_private)


def forbidden(field: str) -> FieldError:
    """Return the fault of a URL that leads, or may lead, to an address inside."""
    return FieldError(field, "forbidden_address", "This does not lead to a public address.")


def _host(field: str, found: Target, *, allow_private: bool) -> list[FieldError]:
    address = found.literal
    if address is not None:
        return [] if allow_private or is_public(address) else [forbidden(field)]
    labels = found.host.split(".")
    well_formed = len(found.host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    if not well_formed or _NUMERIC.fullmatch(labels[-1]):  # 127.1, 0x7f.1, 2130706433: addresses in disguise
        return [FieldError(field, "malformed_url", "The host is neither a name nor an address.")]
    if allow_private:
        return []
    inside = any(found.host == name or found.host.endswith(f".{name}") for name in _INSIDE)
    return [forbidden(field)] if inside or len(labels) == 1 else []
