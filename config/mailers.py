"""How mail leaves: by the server that the environment names, or into files of the data directory."""

from pathlib import Path
from typing import Any


def in_files(data: Path) -> str:
    """Return the address of a mailer that writes each mail into a file."""
    return f"filemail:///{str(data).lstrip('/')}/mail"


def mailers(read: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return Django's mailers from an address of a mail server, as ``environ`` reads it."""
    options: dict[str, Any]
    if read["EMAIL_BACKEND"].endswith("filebased.EmailBackend"):
        options = {"file_path": "/" + read["EMAIL_FILE_PATH"].lstrip("/")}
    else:
        options = {
            "host": read["EMAIL_HOST"],
            "port": read["EMAIL_PORT"],
            "username": read["EMAIL_HOST_USER"],
            "password": read["EMAIL_HOST_PASSWORD"],
            "use_tls": read.get("EMAIL_USE_TLS", False),
            "use_ssl": read.get("EMAIL_USE_SSL", False),
            "timeout": 30,
        }
    return {"default": {"BACKEND": read["EMAIL_BACKEND"], "OPTIONS": options}}
