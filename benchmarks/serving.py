"""A web server of the service with bare views beside its own, and callers that ask it as fast as it answers."""

import contextlib
import http.client
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.bench import ROOT, say

CALLERS = 4


@dataclass(frozen=True, slots=True)
class Load:
    """What a turn measured: seconds, answers per second, and the time of one answer in milliseconds."""

    seconds: float
    per_second: float
    median_ms: float
    p99_ms: float


@contextlib.contextmanager
def served(port: int) -> Iterator[None]:
    """Serve with one process and four threads until the end; the server has the environment of this process."""
    said = (
        "LOG_LEVEL=ERROR",
        "DJANGO_DEBUG=0",
        "DJANGO_ALLOWED_HOSTS=127.0.0.1",
        "DJANGO_SETTINGS_MODULE=config.settings",
    )
    command = ["env", *said, sys.executable, "-m", "gunicorn", "benchmarks.served_wsgi:application"]
    command += ["--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--workers", "1", "--threads", str(CALLERS), "--no-control-socket"]
    with subprocess.Popen([*command, "--log-level", "error"], cwd=ROOT) as server:
        try:
            _wait_for(port)
            yield
        finally:
            server.terminate()


def free_port() -> int:
    """Return a port of this machine where nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def call(
    connection: http.client.HTTPConnection, method: str, path: str, token: str, body: bytes | None = None
) -> bytes:
    """Call once over a connection that stays. :raises RuntimeError: the answer is not a success."""
    connection.request(method, path, body=body, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    data = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {data[:200]!r}")
    return data


def load(port: int, token: str, paths: Sequence[str], *, calls: int) -> Load:
    """Ask for the paths in turn, from four callers at once, until so many answers have come."""
    times: list[float] = []
    faults: list[BaseException] = []

    def ask(first: int) -> None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            for number in range(first, calls, CALLERS):
                began = time.perf_counter()
                call(connection, "GET", paths[number % len(paths)], token)
                times.append(time.perf_counter() - began)
            connection.close()
        except BaseException as error:
            faults.append(error)

    began = time.perf_counter()
    threads = [threading.Thread(target=ask, args=(first,)) for first in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    took = time.perf_counter() - began
    times.sort()
    return Load(took, calls / took, statistics.median(times) * 1000, times[int(len(times) * 0.99)] * 1000)


def in_turn(ours: Callable[[], Load], limit: Callable[[], Load], *, times: int) -> tuple[list[Load], list[Load]]:
    """Load our view and the bare one in turn; the order changes with every turn."""
    took: tuple[list[Load], list[Load]] = ([], [])
    for turn in range(times):
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            found = (ours, limit)[which]()
            took[which].append(found)
            say(f"  turn {turn + 1}: {('ours', 'bare')[which]} {found.per_second:.0f}/s, p99 {found.p99_ms:.1f} ms")
    return took


def _wait_for(port: int) -> None:
    for _attempt in range(300):
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health/live")
            if connection.getresponse().status == 200:
                connection.close()
                return
        time.sleep(0.1)
    raise RuntimeError("the server does not answer")
