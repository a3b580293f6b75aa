"""Child processes: started so that they end with us, stopped in order, told apart from strangers with the same pid."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from config.embedded.errors import CannotStart

LAUNCH = Path(__file__).with_name("launch.py")
LEAST_FREE_BYTES = 200 * 1024 * 1024


def start(
    command: list[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    ends_by: int = signal.SIGTERM,
    unprivileged: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, writing to ``log``; it gets ``ends_by`` when we are gone."""
    options = ["--signal", str(int(ends_by)), *(["--unprivileged"] if unprivileged else [])]
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, str(LAUNCH), *options, "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes], *, number: int = signal.SIGTERM, patience: float = 15.0) -> None:
    """Ask a process to end, wait, and kill its group if it does not."""
    if process.poll() is None:
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_for_port(port: int, process: subprocess.Popen[bytes], *, what: str, log: Path, patience: float = 60.0) -> None:
    """Wait until a server listens. :raises CannotStart: it ended, or does not listen in time."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None:
            raise CannotStart(f"{what} ended at once: {last_line(log)} (see {log})")
        time.sleep(0.05)
    raise CannotStart(f"{what} does not answer after {patience:.0f} seconds (see {log}).")


def last_line(log: Path) -> str:
    """Return the last line of a log that says something."""
    try:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except FileNotFoundError:
        return "it wrote nothing"
    return lines[-1][:300] if lines else "it wrote nothing"


def alive(pid: int, *, started: float | None = None) -> bool:
    """Say whether the process lives; ``started`` tells it from a later one with the same pid (Linux).

    One that has ended and that nobody has buried is dead: it holds nothing any more.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    fields = _stat(pid)
    if fields is None:  # elsewhere than on Linux, or gone in between
        return True
    return fields[0] != "Z" and (started is None or float(fields[19]) == started)


def started_at(pid: int) -> float | None:
    """Return when a process started, in clock ticks since boot; ``None`` where that cannot be known."""
    fields = _stat(pid)
    return None if fields is None or fields[0] == "Z" else float(fields[19])


def _stat(pid: int) -> list[str] | None:
    """Return what the kernel says of a process after its name; ``None`` where it says nothing."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def need_room(folder: Path) -> None:
    """:raises CannotStart: the disk that holds the folder is (nearly) full."""
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise CannotStart(
            f"The disk of {folder} is full: {free // 2**20} MiB free, {LEAST_FREE_BYTES // 2**20} needed."
        )
