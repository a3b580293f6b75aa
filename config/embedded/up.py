"""``manage.py up``: engines, migrations, demo, web, worker and beat on this machine, until Ctrl-C."""

import argparse
import contextlib
import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from config.embedded import environment, processes, secrets
from config.embedded.errors import CannotStart

QUEUES = "workflows,erasure,delivery"
FIRST_PORT = 8000
READY_SECONDS = 180
# A part that ends this soon after its start ends for a reason: it is not started again for ever.
FLAPPING_SECONDS = 5
FLAPPING_TIMES = 5


class _Stopped(Exception):
    """Somebody asked the service to stop."""


class _Part:
    """One process of the service, started again when it ends by itself."""

    def __init__(self, name: str, command: list[str], log: Path, env: dict[str, str]) -> None:
        self.name = name
        self._command = command
        self.log = log
        self._env = env
        self._early = 0
        self.start()

    def start(self) -> None:
        self._began = time.monotonic()
        self.process = processes.start(self._command, log=self.log, env=self._env)

    def look_after(self) -> bool:
        """Start the process again if it ended, and say so. :raises CannotStart: it ends again and again."""
        if self.process.poll() is None:
            return False
        self._early = self._early + 1 if time.monotonic() - self._began < FLAPPING_SECONDS else 0
        if self._early >= FLAPPING_TIMES:
            raise CannotStart(f"{self.name} ends again and again: {processes.last_line(self.log)} (see {self.log})")
        processes.stop(self.process)
        self.start()
        return True


def main(arguments: Sequence[str]) -> int:
    """Run the service; return the exit code. :raises CannotStart: it cannot; why is said."""
    options = _options(arguments)
    folder = environment.data_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"{folder} cannot be made: {error.strerror}.") from None
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        with _only_one(folder), contextlib.ExitStack() as stack:
            _run(folder, options, stack)
    except _Stopped:
        print("Terme stopped.", flush=True)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise CannotStart(f"The disk of {folder} is full.") from None
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py up", description="Start everything here, until Ctrl-C.")
    parser.add_argument("--port", default=os.environ.get("PORT", ""), help=f"default: {FIRST_PORT}, or a free one")
    parser.add_argument("--no-demo", action="store_true", default=os.environ.get("DEMO") in ("0", "no", "false"))
    return parser.parse_args(arguments)


def _run(folder: Path, options: argparse.Namespace, stack: contextlib.ExitStack) -> None:
    environment.refuse_made_up_secrets()
    port = _port(options.port)
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    (folder / "run.json").unlink(missing_ok=True)
    url = f"http://127.0.0.1:{port}"
    os.environ.setdefault("TERME_PUBLIC_URL", url)
    found = secrets.all_of(folder / "secrets")
    print("Starting PostgreSQL and Valkey …", flush=True)
    where = stack.enter_context(environment.started(found))
    env = {**os.environ, **environment.variables(where, found)}
    owner = {**env, "DATABASE_URL": where.default_owner, "LEDGER_DATABASE_URL": where.ledger_owner}
    migrations = [["migrate", "--database", alias, "--no-input", "-v", "0"] for alias in ("default", "ledger")]
    _commands(migrations, owner, logs / "migrate.log")
    _check_keys(env)
    closed = _gate(env)
    if not options.no_demo and not closed:
        print("Seeding the demo, the first time only …", flush=True)
        _commands([["seed_demo", "--once", "--url", url]], env, logs / "seed.log")
    parts = [_Part(name, command, logs / f"{name}.log", env) for name, command in _programs(port).items()]
    stack.callback(_stop_parts, parts)
    if closed:
        _write_run(folder, url, parts, where)
        print("\n".join(["Nothing is served (503):", *closed]), flush=True)
    else:
        _wait_until_ready(url, parts)
        _announce(folder, url, parts, where)
    stack.callback((folder / "run.json").unlink, missing_ok=True)
    while True:
        time.sleep(0.5)
        again = [part.look_after() for part in parts]
        if any(again):
            _write_run(folder, url, parts, where)
        if closed and _answers(f"{url}/health/ready"):
            closed = []
            _announce(folder, url, parts, where)


def _programs(port: int) -> dict[str, list[str]]:
    python = sys.executable
    celery = [python, "-m", "celery", "-A", "config.celery:app"]
    web = [python, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    return {
        "web": [*web, "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"],
        "worker": [
            *celery,
            "worker",
            "-Q",
            QUEUES,
            "-c",
            "2",
            "-n",
            "terme@%h",
            "--without-gossip",
            "--without-mingle",
        ],
        "beat": [*celery, "beat", "--schedule", str(environment.data_dir() / "beat"), "--pidfile="],
    }


def _port(asked: str) -> int:
    if asked:
        if not asked.isdigit() or not 1 <= int(asked) <= 65535:
            raise CannotStart(f"PORT: {asked!r} is not a port; write a number such as 8001.")
        if not processes.is_free(int(asked)):
            raise CannotStart(f"Port {asked} is busy: stop what listens there, or write make up PORT=8001.")
        return int(asked)
    return FIRST_PORT if processes.is_free(FIRST_PORT) else processes.free_port()


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the folder: two services would write to one cluster. The kernel lets go when we die, however we die."""
    with (folder / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            running = environment.running_service()
            where = f" at {running['url']}" if running else ""
            raise CannotStart(f"Terme runs already in {folder}{where}.") from None
        yield


def _commands(commands: list[list[str]], env: dict[str, str], log: Path) -> None:
    """Run some of our commands side by side to their end. :raises CannotStart: one failed; its last line says why."""
    manage = [sys.executable, str(environment.ROOT / "manage.py")]
    running: list[subprocess.Popen[bytes]] = []
    try:
        for arguments in commands:
            running.append(processes.start([*manage, *arguments], log=log, env=env))
        codes = [process.wait() for process in running]
    except BaseException:
        for process in running:
            processes.stop(process)
        raise
    for arguments, code in zip(commands, codes, strict=True):
        if code != 0:
            said = processes.last_line(log)
            raise CannotStart(f"`manage.py {' '.join(arguments[:3])}` failed: {said} (see {log})")


def _check_keys(env: dict[str, str]) -> None:
    """:raises CannotStart: the configured keys do not open what is stored, or are malformed; which, and what to do."""
    command = [sys.executable, str(environment.ROOT / "manage.py"), "check_keys", "--format", "json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        try:
            faults = json.loads(done.stdout)["faults"]
        except (ValueError, KeyError):
            faults = [f"`manage.py check_keys` failed: {done.stderr.strip().rpartition(chr(10))[2]}"]
        raise CannotStart("\n".join(faults))


def _gate(env: dict[str, str]) -> list[str]:
    """Return why nothing may be served after a restore, a sentence each; nothing, if the databases agree."""
    command = [sys.executable, str(environment.ROOT / "manage.py"), "replay_erasures", "--check", "--format", "json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    try:
        return [fault["detail"] for fault in json.loads(done.stdout)["faults"]]
    except (ValueError, KeyError):
        said = done.stderr.strip().rpartition(chr(10))[2]
        raise CannotStart(f"`manage.py replay_erasures --check` failed: {said}") from None


def _wait_until_ready(url: str, parts: list[_Part]) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if _answers(f"{url}/health/ready"):
            return
        for part in parts:
            if part.process.poll() is not None:
                raise CannotStart(f"{part.name} ended at once: {processes.last_line(part.log)} (see {part.log})")
        time.sleep(0.2)
    raise CannotStart(f"{url} does not answer after {READY_SECONDS} seconds (see {parts[0].log}).")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:  # urllib's errors are OSErrors too
        return False


def _announce(folder: Path, url: str, parts: list[_Part], where: environment.Addresses) -> None:
    _write_run(folder, url, parts, where)
    print(f"PostgreSQL, Valkey, web, worker and beat run here; their data and logs are in {folder}.")
    demo = folder / "demo.json"
    if demo.exists():
        print("Demo sign-ins (more, with API tokens, in var/demo.json):")
        for sign_in in json.loads(demo.read_text())["sign_ins"]:
            print(f"  {sign_in['email']:<36} {sign_in['password']:<24} {sign_in['role']}")
    print(f"Terme ready {url}", flush=True)


def _write_run(folder: Path, url: str, parts: list[_Part], where: environment.Addresses) -> None:
    content = {
        "url": url,
        "addresses": asdict(where),
        "pids": {"up": os.getpid(), **{part.name: part.process.pid for part in parts}},
        "started": processes.started_at(os.getpid()),
    }
    environment.write_private(folder / "run.json", content)


def _stop_parts(parts: list[_Part]) -> None:
    """Ask all at once, then wait for each: a worker may finish its task."""
    for part in parts:
        with contextlib.suppress(ProcessLookupError):
            part.process.send_signal(signal.SIGTERM)
    for part in parts:
        processes.stop(part.process, patience=20.0)


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Stopped
