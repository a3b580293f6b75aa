"""What the environment must say before Django loads: engines, credentials, secrets, for this command."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.embedded import engines, processes, secrets
from config.embedded.errors import CannotStart

ROOT = Path(__file__).resolve().parent.parent.parent
# Commands that touch neither database nor broker: they need no engine, and get addresses where nothing listens.
OFFLINE = frozenset(
    {
        "",
        "help",
        "--help",
        "--version",
        "version",
        "check",
        "collectstatic",
        "compilemessages",
        "data_protection",
        "database_roles",
        "diffsettings",
        "makemessages",
        "makemigrations",
        "spectacular",
        "verify_audit_package",
        "verify_certificate",
    }
)
# Commands that change tables: they connect as the owner, whom nothing else uses.
AS_OWNER = frozenset({"migrate", "flush", "sqlflush", "showmigrations", "optimizemigration", "squashmigrations"})
NOWHERE = "127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the engines are, and with which credentials they are used."""

    default: str
    ledger: str
    default_owner: str
    ledger_owner: str
    redis: str


def data_dir() -> Path:
    """Return the folder of everything that this service keeps on disk."""
    return Path(os.environ.get("TERME_DATA_DIR") or ROOT / "var").resolve()


def variables(where: Addresses, found: Mapping[str, str], *, as_owner: bool = False) -> dict[str, str]:
    """Return the settings of an embedded service, those that the caller's environment does not set itself."""
    wanted = {
        "DATABASE_URL": where.default_owner if as_owner else where.default,
        "LEDGER_DATABASE_URL": where.ledger_owner if as_owner else where.ledger,
        "REDIS_URL": where.redis,
        "DJANGO_DEBUG": "1",
        "DJANGO_ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "TERME_DATA_DIR": str(data_dir()),
        **{name: found[name] for name in secrets.SETTINGS},
    }
    return {name: value for name, value in wanted.items() if not os.environ.get(name)}


@contextlib.contextmanager
def prepared(command: str) -> Iterator[None]:
    """Put into the environment what ``command`` needs; engines that had to be started end with it.

    With ``DATABASE_URL`` set, nothing is made up: production says everything itself. A service that runs here
    (``manage.py up``) is used; else the engines are started for this command.

    :raises CannotStart: something is missing, or an engine cannot be started.
    """
    if os.environ.get("DATABASE_URL"):
        if command in AS_OWNER:
            _take_owner()
        yield
    elif command in OFFLINE:
        nothing = f"postgres://nobody@{NOWHERE}/none"
        nowhere = Addresses(nothing, nothing, nothing, nothing, f"redis://{NOWHERE}/0")
        _set(variables(nowhere, secrets.passing()))
        yield
    else:
        refuse_made_up_secrets()
        found = secrets.all_of(data_dir() / "secrets")
        running = running_service()
        if running is not None:
            _set(variables(Addresses(**running["addresses"]), found, as_owner=command in AS_OWNER))
            # What a command mails leads to the service that runs.
            os.environ.setdefault("TERME_PUBLIC_URL", running["url"])
            yield
            return
        with started(found) as where:
            _set(variables(where, found, as_owner=command in AS_OWNER))
            yield


@contextlib.contextmanager
def started(found: Mapping[str, str]) -> Iterator[Addresses]:
    """Start the engines that the environment does not name, with Terme's roles and databases; stop them at the end.

    :raises CannotStart: an engine cannot be started, or only one of the two databases is named.
    """
    folder = data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    processes.need_room(folder)
    with contextlib.ExitStack() as stack:
        named = _named_databases()
        if named is None:
            database = engines.postgresql(folder / "postgresql", superuser_password=found["superuser_password"])
            stack.callback(engines.stop_postgresql, database)
            engines.make_databases(database, owner_password=found["owner_password"], app_password=found["app_password"])
            named = _embedded_databases(database, found)
        redis = os.environ.get("REDIS_URL")
        if not redis:
            broker = engines.valkey(folder / "valkey", password=found["valkey_password"])
            stack.callback(engines.stop_valkey, broker)
            redis = f"redis://:{found['valkey_password']}@127.0.0.1:{broker.port}/0"
        yield Addresses(*named, redis)


@contextlib.contextmanager
def apart(folder: Path) -> Iterator[dict[str, str]]:
    """Start durable engines with their data in ``folder``, whatever the caller's environment names, and use them.

    For measurements: nothing of a service that runs here is touched. What is yielded is the environment of the
    databases' owner, for the migrations.

    :raises CannotStart: an engine cannot be started.
    """
    for name in ("DATABASE_URL", "LEDGER_DATABASE_URL", "DATABASE_OWNER_URL", "LEDGER_DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    os.environ.update(TERME_DATA_DIR=str(folder), DJANGO_SETTINGS_MODULE="config.settings", LOG_LEVEL="WARNING")
    found = secrets.all_of(folder / "secrets")
    with started(found) as where:
        _set(variables(where, found))
        yield {**os.environ, "DATABASE_URL": where.default_owner, "LEDGER_DATABASE_URL": where.ledger_owner}


def _named_databases() -> tuple[str, str, str, str] | None:
    """Return the databases that the environment names: default, ledger, and both as their owner."""
    default, ledger = os.environ.get("DATABASE_URL"), os.environ.get("LEDGER_DATABASE_URL")
    if not default and not ledger:
        return None
    if not default or not ledger:
        raise CannotStart("DATABASE_URL and LEDGER_DATABASE_URL: set both, or neither.")
    owner = os.environ.get("DATABASE_OWNER_URL") or default
    return default, ledger, owner, os.environ.get("LEDGER_DATABASE_OWNER_URL") or ledger


def _embedded_databases(database: engines.Engine, found: Mapping[str, str]) -> tuple[str, str, str, str]:
    def dsn(role: str, name: str) -> str:
        return f"postgres://terme_{role}:{found[f'{role}_password']}@127.0.0.1:{database.port}/{name}"

    return dsn("app", "terme"), dsn("app", "terme_ledger"), dsn("owner", "terme"), dsn("owner", "terme_ledger")


def running_service() -> dict[str, Any] | None:
    """Return what ``var/run.json`` says, if the service it speaks of is alive."""
    try:
        found: dict[str, Any] = json.loads((data_dir() / "run.json").read_text())
        pid, began = found["pids"]["up"], found["started"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return found if processes.alive(pid, started=began) else None


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file that only its owner reads, all or nothing."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    part.replace(path)


def refuse_made_up_secrets() -> None:
    """:raises CannotStart: DEBUG is off, and a secret is not given: none is made up for a real service."""
    off = os.environ.get("DJANGO_DEBUG", "1").lower() in ("0", "false", "no", "off", "")
    missing = [name for name in secrets.SETTINGS if not os.environ.get(name)]
    if off and missing:
        raise CannotStart(f"{', '.join(missing)}: set them. With DJANGO_DEBUG off, no secret is made up.")


def _take_owner() -> None:
    for name in ("DATABASE", "LEDGER_DATABASE"):
        owner = os.environ.get(f"{name}_OWNER_URL")
        if owner:
            os.environ[f"{name}_URL"] = owner


def _set(found: Mapping[str, str]) -> None:
    os.environ.update(found)
