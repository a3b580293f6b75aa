"""What sign-in writes down: who came in and how, who did not, whose factors, password and sessions changed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import F

from accounts.errors import Refused
from accounts.models import User
from accounts.operations import audit, outbox
from accounts.operations.audit import Subject

NOBODY = UUID(int=0)


@dataclass(slots=True)
class _Stranger:
    """Who tried an address that is nobody's: the trail counts it, and names nobody."""

    public_id: UUID = NOBODY


def note_succeeded(user: User, *, methods: list[str], now: datetime) -> None:
    """Record that somebody signed in, and by what: ``password``, ``totp``, ``recovery_codes``, ``webauthn``, …"""
    audit.record("sign_in.succeeded", user, by=_self(user), at=now, data={"methods": methods})


def note_failed(user: User | None, *, ip: str, now: datetime) -> None:
    """Record a wrong password. The network address is in the erasable part only."""
    audit.record("sign_in.failed", _whom(user), by="system:sign-in", at=now, detail={"ip": ip})


def note_locked(user: User | None, *, ip: str, now: datetime) -> None:
    """Record that further attempts are refused for a while, whatever the password."""
    audit.record("sign_in.locked", _whom(user), by="system:sign-in", at=now, detail={"ip": ip})


def note_refused(user: User | None, *, why: str, now: datetime, data: dict[str, str] | None = None) -> None:
    """Record a sign-in that a rule refused, with the rule's code."""
    audit.record("sign_in.refused", _whom(user), by="system:sign-in", at=now, data={"why": why, **(data or {})})


def note_signed_out(user: User, *, now: datetime) -> None:
    """Record that somebody ended their session."""
    audit.record("user.signed_out", user, by=_self(user), at=now)


@transaction.atomic
def ask_for_reset(user: User, *, now: datetime) -> None:
    """Have a link mailed with which the person sets a new password. The link is made when the mail is written."""
    audit.record("user.password_reset_asked", user, by="system:sign-in", at=now)
    _tell(user, "user.password_reset_asked", now=now)


@transaction.atomic
def note_password_changed(user: User, *, by_link: bool, now: datetime) -> None:
    """Record a new password, and tell its owner by mail."""
    audit.record("user.password_changed", user, by=_self(user), at=now, data={"by_link": by_link})
    _tell(user, "user.password_changed", now=now)


@transaction.atomic
def note_factor(user: User, *, added: bool, kind: str, by: str, now: datetime) -> None:
    """Record a second factor that came or went, and tell its owner by mail."""
    name = "user.factor_added" if added else "user.factor_removed"
    audit.record(name, user, by=by, at=now, data={"kind": kind})
    _tell(user, name, now=now, kind=kind)


@transaction.atomic
def end_sessions(user: User, *, now: datetime, by: str) -> None:
    """End every session of a person at once: each is bound to the number that this raises."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    audit.record("user.sessions_ended", user, by=by, at=now)


@transaction.atomic
def drop_factors(user: User, *, now: datetime, by: str) -> None:
    """Take all second factors of a person away, and end the sessions. Each is told by mail (accounts/signin/events.py).

    :raises Refused: there is none.
    """
    if not Authenticator.objects.filter(user=user).delete()[0]:
        raise Refused("This person has no second factor.", code="no_factor")
    audit.record("user.factors_dropped", user, by=by, at=now)
    end_sessions(user, now=now, by=by)


def _tell(user: User, topic: str, *, now: datetime, **payload: str) -> None:
    outbox.publish(topic, user, at=now, payload={"only": str(user.public_id), **payload})


def _self(user: User) -> str:
    return user.actor


def _whom(user: User | None) -> Subject:
    return _Stranger() if user is None else user
