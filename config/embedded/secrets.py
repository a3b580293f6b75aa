"""Secrets of the embedded service: generated once under ``var/secrets``, mode 0600, never overwritten."""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from config.embedded.errors import CannotStart


def _password() -> str:
    return secrets.token_urlsafe(32)


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


MAKERS: dict[str, Callable[[], str]] = {
    "DJANGO_SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "TERME_KEY_ENCRYPTION_KEYS": lambda: f"1:{_key()}",
    "TERME_SIGNING_KEY": _key,
    "superuser_password": _password,
    "owner_password": _password,
    "app_password": _password,
    "valkey_password": _password,
}
SETTINGS = ("DJANGO_SECRET_KEY", "TERME_KEY_ENCRYPTION_KEYS", "TERME_SIGNING_KEY")


def all_of(folder: Path) -> dict[str, str]:
    """Return every secret, making those that are not there yet.

    :raises CannotStart: a file is empty: it was cut short, and another key would not open what is stored.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return {name: _one(folder / name.lower(), make) for name, make in MAKERS.items()}


def passing() -> dict[str, str]:
    """Return secrets for a command that stores nothing: new ones, which nobody keeps."""
    return {name: MAKERS[name]() for name in SETTINGS}


def _one(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}.part")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(make() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)  # who comes second keeps the first one's
        except FileExistsError:
            pass
        finally:
            part.unlink()
    found = path.read_text().strip()
    if not found:
        raise CannotStart(f"The secret {path} is empty. Put it back from your backup; delete it only with all data.")
    return found
