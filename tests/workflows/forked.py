"""Processes of their own for what must be killed: forked from the test, with the test's databases, and no start-up."""

import contextlib
import os
import signal
import time

import psycopg
from django.db import connections

from tests.engines import admin_dsn

PATIENCE = 60


class Process:
    """A process that does one thing. ``killed`` says whether it was alive when it was killed."""

    def __init__(self, act):
        # A session belongs to one process: the test opens its own again.
        connections.close_all()
        self.began = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                act()
                code = 0
            finally:
                os._exit(code)

    def kill_after(self, seconds):
        """Kill it so long after its start, if it is not done by then; say whether it was not."""
        time.sleep(max(0.0, self.began + seconds - time.monotonic()))
        return self.kill()

    def kill(self):
        done, _status = os.waitpid(self.pid, os.WNOHANG)
        if done:
            return False
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return True

    def wait(self):
        """Wait for its end; say whether it came through."""
        _pid, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status) == 0


class Held(Process):
    """A process that tells which session of the server is its own, and waits for leave before it begins."""

    def __init__(self, act):
        told, tell = os.pipe()
        leave, give = os.pipe()

        def held():
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                os.write(tell, f"{cursor.fetchone()[0]}\n".encode())
            os.read(leave, 1)
            act()

        super().__init__(held)
        self._give = give
        self.session = int(os.read(told, 32))

    def let_go(self):
        self.began = time.monotonic()
        os.write(self._give, b".")


def wait_for_server():
    """Wait until the server takes sessions again after it restarted."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(admin_dsn("default")) as connected:
            connected.execute("SELECT 1")
            return
        time.sleep(0.1)
    raise AssertionError("the server does not come back")


def wait_until(question):
    """Ask until the answer is true, and return it."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if answer := question():
            return answer
        time.sleep(0.002)
    raise AssertionError("waited in vain")
