"""The engines of the tests: Valkey, and PostgreSQL without fsync, migrated once per run; one server per worker.

A snapshot tells of a whole server: on a shared one, what a test beside has open holds up what waits for the settled
order of transactions. Loaded by ``-p`` before Django reads its settings. ``TEST_DATABASE_URL`` (an administrator of a
server that is for tests only) and ``TEST_REDIS_URL`` replace the embedded engines; then run one worker.
``DATABASE_URL`` is ignored.
"""

import base64
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from config.embedded import engines, roles

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "for-tests-only"
# Migrating takes most of a run's start; what it makes is kept until something that it follows from changes.
KEPT = ROOT / ".pytest_cache" / "terme-cluster"
TEMPLATES = ("terme_template", "terme_ledger_template")
VALKEY_DATABASES = 16
_cleanup = contextlib.ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config, parser, args):
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        _start()
    if "TERME_TEST_CLUSTER" in os.environ:
        _own_server(worker or "main")
    _own_databases(worker or "main")
    return (yield)


def pytest_unconfigure(config):
    _cleanup.close()


def owner_dsn(alias):
    """Return where the tables' owner connects: only migrations and the emptying of tables use it."""
    return os.environ[f"TERME_TEST_OWNER_{alias.upper()}"]


def admin_dsn(alias):
    """Return where the administrator of the server connects to this worker's database."""
    server = urlsplit(os.environ["TERME_TEST_ADMIN"])
    return server._replace(path=urlsplit(owner_dsn(alias)).path).geturl()


def _start():
    folder = Path(
        _cleanup.enter_context(tempfile.TemporaryDirectory(prefix="terme-tests-", ignore_cleanup_errors=True))
    )
    folder.chmod(0o755)
    (folder / "var" / "static").mkdir(parents=True)
    broker = os.environ.get("TEST_REDIS_URL")
    if not broker:
        valkey = engines.valkey(folder / "valkey", password=PASSWORD)
        _cleanup.callback(engines.stop_valkey, valkey)
        broker = f"redis://:{PASSWORD}@127.0.0.1:{valkey.port}/0"
    key = base64.b64encode(bytes(range(32))).decode()
    os.environ.update(
        REDIS_URL=broker,
        DJANGO_SETTINGS_MODULE="config.settings",
        DJANGO_SECRET_KEY="for-tests-only-" + "x" * 40,
        DJANGO_DEBUG="0",
        DJANGO_ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
        TERME_PUBLIC_URL="http://testserver",
        TERME_KEY_ENCRYPTION_KEYS=f"1:{key}",
        TERME_SIGNING_KEY=key,
        TERME_DATA_DIR=str(folder / "var"),
        LOG_LEVEL="WARNING",
    )
    for name in ("EMAIL_URL", "API_THROTTLE", "ERASURE_CHUNK_ROWS", "ERASURE_LEASE_SECONDS"):
        os.environ.pop(name, None)
    os.environ.pop("TERME_TEST_CLUSTER", None)
    if admin := os.environ.get("TEST_DATABASE_URL"):
        os.environ["TERME_TEST_ADMIN"] = admin
        _make_templates(admin)
        return
    os.environ["TERME_TEST_CLUSTER"] = str(_migrated_cluster(folder))


def _migrated_cluster(folder):
    """Return a cluster with both templates that no server runs on: the one kept from an earlier run, or a new one."""
    cluster, kept = folder / "postgresql", KEPT / _what_migrations_make()
    if kept.is_dir():
        copied = subprocess.run(["cp", "-a", str(kept), str(cluster)], check=False, stderr=subprocess.DEVNULL)
        if copied.returncode == 0:
            return cluster
        shutil.rmtree(cluster, ignore_errors=True)  # a run beside this one took it away
    database = engines.postgresql(cluster, superuser_password=PASSWORD, durable=False)
    try:
        os.environ["TERME_TEST_ADMIN"] = _administrator(database)
        _make_templates(os.environ["TERME_TEST_ADMIN"])
    finally:
        engines.stop_postgresql(database)
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    half = KEPT / f"half-{os.getpid()}"
    subprocess.run(["cp", "-a", str(cluster), str(half)], check=True)
    with contextlib.suppress(OSError):  # a run beside this one was faster
        half.rename(kept)
    return cluster


def _what_migrations_make():
    """Return a digest of all that the templates follow from: migrations and what they import, the engines, packages."""
    files = [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("accounts/db/*.py"), *ROOT.glob("config/embedded/*.py")]
    files += [ROOT / "config" / "routers.py", ROOT / "requirements.lock", Path(__file__)]
    digest = hashlib.sha256(sys.version.encode())
    for file in sorted(files):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:32]


def _own_server(worker):
    """Start a server for this worker, on a copy of the cluster with the templates."""
    cluster = f"{os.environ['TERME_TEST_CLUSTER']}-{worker}"
    subprocess.run(["cp", "-a", os.environ["TERME_TEST_CLUSTER"], cluster], check=True)
    database = engines.postgresql(Path(cluster), superuser_password=PASSWORD, durable=False)
    _cleanup.callback(engines.stop_postgresql, database)
    os.environ["TERME_TEST_ADMIN"] = _administrator(database)


def _administrator(database):
    return f"postgres://postgres:{PASSWORD}@127.0.0.1:{database.port}/postgres"


def _make_templates(admin):
    """Make the two databases that every worker copies, migrated by their owner."""
    with psycopg.connect(admin, autocommit=True) as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for statement in roles.ROLES.strip().split("\n"):
            words = statement.rstrip(";").split()
            if words[0] == "GRANT" or words[2] not in known:
                connection.execute(statement)
        for role in ("terme_owner", "terme_app"):
            connection.execute(f"ALTER ROLE {role} PASSWORD '{PASSWORD}'")
        for name in TEMPLATES:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            _create(connection, name)
    urls = {"DATABASE_URL": _dsn("terme_owner", TEMPLATES[0]), "LEDGER_DATABASE_URL": _dsn("terme_owner", TEMPLATES[1])}
    both = [
        subprocess.Popen(
            [sys.executable, "manage.py", "migrate", "--database", alias, "--no-input", "-v", "0"],
            cwd=ROOT,
            env={**os.environ, **urls},
        )
        for alias in ("default", "ledger")
    ]
    codes = [one.wait() for one in both]
    if any(codes):
        pytest.exit("The migrations failed; see above.", returncode=4)


def _own_databases(worker):
    """Copy the templates for this worker and point the settings at the copies."""
    names = {"default": f"terme_{worker}", "ledger": f"terme_ledger_{worker}"}
    with psycopg.connect(os.environ["TERME_TEST_ADMIN"], autocommit=True) as connection:
        for template, name in zip(TEMPLATES, names.values(), strict=True):
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            _create(connection, name, template=template)
    if worker != "main":
        # Each worker empties the cache after its tests: the one beside it needs its own.
        number = int(worker.removeprefix("gw")) % VALKEY_DATABASES
        os.environ["REDIS_URL"] = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}").geturl()
    os.environ["DATABASE_URL"] = _dsn("terme_app", names["default"])
    os.environ["LEDGER_DATABASE_URL"] = _dsn("terme_app", names["ledger"])
    for alias, name in names.items():
        os.environ[f"TERME_TEST_OWNER_{alias.upper()}"] = _dsn("terme_owner", name)


def _create(connection, name, *, template=None):
    create, *grants = roles.create_database(name)
    # Workers copy at the same time, and a template in use cannot be copied: one after the other.
    connection.execute("SELECT pg_advisory_lock(1)")
    try:
        connection.execute(create + (f" TEMPLATE {template}" if template else ""))
    finally:
        connection.execute("SELECT pg_advisory_unlock(1)")
    for statement in grants:
        connection.execute(statement)


def _dsn(role, database):
    server = urlsplit(os.environ["TERME_TEST_ADMIN"])
    return f"postgres://{role}:{PASSWORD}@{server.hostname}:{server.port or 5432}/{database}"
