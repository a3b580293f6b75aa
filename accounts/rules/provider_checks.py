"""What makes an identity provider's data acceptable. Pure: each function returns what is wrong, or nothing."""

import re
from urllib.parse import urlsplit

from accounts.errors import FieldError, phrase
from accounts.rules import checks

_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?")


def slug(value: str) -> list[FieldError]:
    """Return what is wrong with a short name: at most 50 small letters, digits, and hyphens between them."""
    if _SLUG.fullmatch(value):
        return []
    return [FieldError("slug", "invalid_slug", "Small letters, digits, and hyphens between them; at most 50.")]


def issuer(value: str, *, plain_http: bool) -> list[FieldError]:
    """Return what is wrong with an issuer (OpenID Connect Core 1.0, 2): https, no query, no fragment, no user.

    ``plain_http`` lets http pass, for development.
    """
    fault = [FieldError("issuer", "invalid_issuer", "An address such as https://login.example.org/tenant.")]
    if len(value) > 400 or checks.text("issuer", value, longest=400) or re.search(r"\s", value):
        return fault
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return fault
    schemes = {"https", "http"} if plain_http else {"https"}
    odd = "?" in value or "#" in value or "\\" in value or parts.username is not None or parts.password is not None
    return fault if odd or not host or parts.scheme not in schemes else []


def credential(field: str, value: str, *, longest: int, may_be_empty: bool = False) -> list[FieldError]:
    """Return what is wrong with a client id or secret: visible ASCII characters, as RFC 6749 (appendix A) has them."""
    if not value and may_be_empty:
        return []
    if 0 < len(value) <= longest and all(" " <= character <= "~" for character in value):
        return []
    return [
        FieldError(field, "invalid_credential", phrase("Between 1 and %(most)s characters of ASCII.", most=longest))
    ]
