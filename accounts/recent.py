"""How long ago somebody proved who they are: sensitive acts ask that it was a moment ago, and sessions grow old."""

import time
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

# Keys of the session: seconds since 1970, of the real clock (simulated time makes nobody older).
BEGAN = "terme_began"
PROVEN = "terme_proven"
SEEN = "terme_seen"
FACTOR = "terme_factor"


def begin(request: HttpRequest) -> None:
    """Note that a session has just begun; signing in counts as proof."""
    request.session[BEGAN] = request.session[PROVEN] = request.session[SEEN] = time.time()


def note(request: HttpRequest) -> None:
    """Note that the session's owner has just proven again who they are."""
    request.session[PROVEN] = time.time()


def proven(request: HttpRequest) -> bool:
    """Say whether the owner of the session proved who they are within ``settings.ACCOUNT_REAUTHENTICATION_TIMEOUT``."""
    at = request.session.get(PROVEN)
    return isinstance(at, float) and 0 <= time.time() - at < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def note_factor(request: HttpRequest) -> None:
    """Note that the provider by which a session began has asked for a second factor itself."""
    request.session[FACTOR] = True


def lacks_factor(request: HttpRequest) -> bool:
    """Say whether a role of who is signed in needs a second factor, and neither they nor their provider has one."""
    return bool(getattr(request.user, "lacks_factor", False)) and request.session.get(FACTOR) is not True


def page(back: str) -> str:
    """Return the address of the page that asks for the proof, and then leads ``back``."""
    return f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}"


def expired(request: HttpRequest) -> bool:
    """Say whether a session is too old, or was left alone for too long; note that it is used, once a minute at most."""
    now = time.time()
    began, seen = request.session.get(BEGAN), request.session.get(SEEN)
    if not isinstance(began, float) or not isinstance(seen, float):
        return True
    if now - began >= _seconds(settings.SESSION_LIFE) or now - seen >= _seconds(settings.SESSION_IDLE):
        return True
    if now - seen >= 60:
        request.session[SEEN] = now
    return False


def _seconds(length: timedelta) -> float:
    return length.total_seconds()
