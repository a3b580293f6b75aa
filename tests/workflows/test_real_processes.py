"""The same life against ``manage.py up``: real processes, a worker killed in mid-erasure, a parent killed, Ctrl-C."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import tests.engines
from config.embedded import engines, roles
from config.embedded.processes import alive, free_port
from contracts.rules.days import add_months
from tests.workflows import walk

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 300


class Service:
    """``manage.py up`` in a data directory of its own."""

    def __init__(self, folder, **env):
        self.folder = folder
        self.port = free_port()
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        # Small chunks and rests between them: an erasure that can be caught in the middle.
        self.env = {
            **kept,
            "TERME_DATA_DIR": str(folder),
            "ERASURE_CHUNK_ROWS": "7",
            "ERASURE_PAUSE_MILLISECONDS": "200",
            "ERASURE_LEASE_SECONDS": "4",
            "ERASURE_GRACE_HOURS": "0",
            "TERME_SWEEP_PACE": "8",
            **env,
        }

    def start(self):
        if not self.folder.exists():
            subprocess.run(["cp", "-a", str(_prepared()), str(self.folder)], check=True)
        self.run_it()

    def run_it(self):
        command = [sys.executable, "manage.py", "up", "--no-demo", "--port", str(self.port)]
        self.log = (self.folder.parent / "up.log").open("a")
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=self.log, stderr=self.log)
        wait_for(lambda: self.process.poll() is not None or (self.folder / "run.json").exists(), "the service")
        assert self.process.poll() is None, (self.folder.parent / "up.log").read_text()

    def manage(self, *arguments, expect=0):
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout

    @property
    def run(self):
        return json.loads((self.folder / "run.json").read_text())

    def send(self, method, path, headers, body):
        data = None if body is None else body.encode()
        request = urllib.request.Request(f"{self.run['url']}{path}", data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def caller(self, role, organization=None):
        options = ["--name", role, "--role", role, "--token", "--format", "json"]
        options += ["--organization", organization] if organization else []
        return walk.Caller(self.send, json.loads(self.manage("add_member", f"{role}@terme.example", *options))["token"])

    def admin_dsn(self, name):
        secret = (self.folder / "secrets" / "superuser_password").read_text().strip()
        port = urlsplit(self.run["addresses"]["default"]).port
        return f"postgres://postgres:{secret}@127.0.0.1:{port}/{name}"

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
        self.process.kill()
        self.log.close()


def _prepared():
    """Return a data directory that ``up`` has made, once in a run of the tests: it takes its time.

    The databases are migrated already, as copies of the tests' own; CI starts once from nothing.
    """
    folder = Path(os.environ["TERME_DATA_DIR"]).parent / "prepared"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            if "TERME_TEST_CLUSTER" in os.environ:
                _migrated(folder / "var")
            first = Service(folder / "var")
            first.run_it()
            first.stop()
            (folder / "done").touch()
    return folder / "var"


def _migrated(folder):
    """Begin a data directory with the tests' cluster, under the names that a service gives its databases."""
    (folder / "secrets").mkdir(parents=True)
    (folder / "secrets" / "superuser_password").write_text(tests.engines.PASSWORD + "\n")
    subprocess.run(["cp", "-a", os.environ["TERME_TEST_CLUSTER"], str(folder / "postgresql")], check=True)
    server = engines.postgresql(folder / "postgresql", superuser_password=tests.engines.PASSWORD)
    try:
        with engines.administrator(server) as connection:
            for made, name in zip(tests.engines.TEMPLATES, roles.DATABASES, strict=True):
                connection.execute(f"ALTER DATABASE {made} RENAME TO {name}")
    finally:
        engines.stop_postgresql(server)


def wait_for(question, what):
    """Ask until the answer is true, and return it."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = question()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {PATIENCE} seconds for {what}")


@pytest.fixture
def service(tmp_path):
    found = Service(tmp_path / "var")
    found.start()
    yield found
    found.stop()


# `docs/tour.sh`, which CI runs, walks the same life; test_erasure_faults.py kills workers at any instant.
@pytest.mark.proof
def test_from_signature_to_certificate_with_a_worker_killed_in_between(service, tmp_path):
    manager, officer, administrator = (
        service.caller(role) for role in ("contract_manager", "privacy_officer", "administrator")
    )
    leaving, staying = walk.register(administrator, 1, "canary"), walk.register(administrator, 2, "neighbour")
    starts_on = add_months(datetime.now(UTC).date().replace(day=1), -26)
    contract, other = (walk.draft(manager, organization, starts_on) for organization in (leaving, staying))
    for one in (contract, other):
        manager("POST", f"contracts/{one}/sign")
    # The jobs catch up: two years of renewals, term after term.
    wait_for(lambda: manager("GET", f"contracts/{contract}")["term_number"] == 3, "the third term")
    wait_for(lambda: manager("GET", f"contracts/{other}")["term_number"] == 3, "the neighbour's third term")
    talked_at = datetime.now(UTC) - timedelta(days=100)
    for organization, mark in ((leaving, "canary"), (staying, "neighbour")):
        walk.ingest(administrator, organization, walk.content(mark, talked_at, messages=480))

    # A notice that came in time and is recorded late: the third term never was, the contract is over.
    came_on = add_months(starts_on, 15).isoformat()
    body = {"kind": "non_renewal", "channel": "registered_letter", "sent_on": came_on, "received_on": came_on}
    notice = manager.with_file(f"contracts/{contract}/give-notice", body, expect=201)
    assert (notice["judgment"], notice["ends_on"]) == ("in_time", add_months(starts_on, 24).isoformat())
    wait_for(lambda: manager("GET", f"contracts/{contract}")["status"] == "ended", "the end")
    found = wait_for(lambda: officer("GET", f"deletion-requests?organization={leaving}")["results"], "the request")
    path = f"deletion-requests/{found[0]['public_id']}"
    manager("POST", f"{path}/confirm-end")
    client = service.caller("client_administrator", leaving)
    export = client("POST", f"organizations/{leaving}/exports", {"request": found[0]["public_id"]}, expect=201)
    administrator("GET", f"exports/{export['public_id']}/download", expect=403)
    assert client("GET", f"exports/{export['public_id']}/download")[:2] == b"PK"
    client("POST", f"organizations/{leaving}/archive-authorization", {"granted": True}, expect=201)
    officer("POST", f"{path}/make-archive", expect=201)
    client("POST", f"{path}/waive-retrieval")
    # The sweeps that plan renewals, keep deadlines and carry away the trail's head (once a day, of which the
    # neighbour is told) come in their own time: the neighbour's rows must rest first.
    wait_for(lambda: not unplanned(service), "the neighbour's plan and deadlines")
    service.manage(
        "shell",
        "--no-imports",
        "-c",
        "from config.celery import app; app.send_task('accounts.tasks.sweep_trail_heads', queue='workflows')",
    )
    wait_for(lambda: heads(service), "the day's head of the trail, of which the neighbour is told")
    wait_for(lambda: not undelivered(service), "the mails")
    before = walk.rows_of(service.admin_dsn("terme"), staying)
    officer("POST", f"{path}/approve")

    # In mid-erasure the worker is killed; the service starts another, which goes on from the last chunk.
    wait_for(lambda: 0 < erased(officer, path) < 480, "the erasure's middle")
    worker = service.run["pids"]["worker"]
    os.killpg(worker, signal.SIGKILL)
    reached = erased(officer, path)
    assert 0 < reached < 480, "the worker was killed too late to prove anything"
    wait_for(lambda: service.run["pids"]["worker"] != worker, "another worker")
    wait_for(lambda: officer("GET", path)["status"] in ("certified", "failed"), "the certificate")
    done = officer("GET", path)
    assert done["status"] == "certified", officer("GET", f"{path}/verifications")
    assert {step["store"]: step["erased"] for step in done["steps"]}["messages"] == 480

    assert walk.rows_of(service.admin_dsn("terme"), staying) == before, "the neighbour is untouched, byte for byte"
    assert walk.canaries_in_tables(service.admin_dsn("terme")) == []
    assert walk.canaries_in_tables(service.admin_dsn("terme_ledger")) == []
    assert walk.canaries_in_valkey(service.run["addresses"]["redis"]) == []
    assert walk.canaries_in_files(service.folder) == []

    certificate, key = tmp_path / "certificate.json", tmp_path / "key.pem"
    certificate.write_text(json.dumps(officer("GET", f"{path}/certificate")))
    key.write_text(officer("GET", "public-key")["pem"])
    pids = service.run["pids"].values()
    service.stop()
    wait_for(lambda: not any(alive(pid) for pid in pids), "the end of all processes")
    assert not (service.folder / "run.json").exists()
    # Offline: the service is gone, and the check is told nothing of it.
    service.env["TERME_DATA_DIR"] = str(tmp_path / "elsewhere")
    assert "VALID" in service.manage("verify_certificate", str(certificate), "--public-key", str(key))
    assert not (tmp_path / "elsewhere").exists()


def undelivered(service):
    import psycopg

    with psycopg.connect(service.admin_dsn("terme")) as connection:
        query = "SELECT count(*) FROM accounts_outboxmessage WHERE delivered_at IS NULL OR fanned_out_at IS NULL"
        return connection.execute(query).fetchone()[0]


def unplanned(service):
    import psycopg

    with psycopg.connect(service.admin_dsn("terme")) as connection:
        query = """
        SELECT count(*) FROM contracts_contract
        WHERE status = 'active' AND (deadlines_stale OR planned_for IS DISTINCT FROM term_number + 1)
        """
        return connection.execute(query).fetchone()[0]


def heads(service):
    import psycopg

    with psycopg.connect(service.admin_dsn("terme")) as connection:
        return connection.execute("SELECT count(*) FROM accounts_trailhead").fetchone()[0]


def erased(call, path):
    return sum(step["erased"] for step in call("GET", path)["steps"] if step["store"] == "messages")


def test_a_start_after_the_parent_was_killed_and_one_clear_sentence_for_each_trouble(service, tmp_path):
    administrator = service.caller("administrator")
    organization = walk.register(administrator, 1, "canary")
    asked = "from django.conf import settings; print(settings.PUBLIC_URL)"
    assert service.manage("shell", "--no-imports", "-c", asked).strip() == service.run["url"], "mails lead here"
    second = subprocess.run(
        [sys.executable, "manage.py", "up"], cwd=ROOT, env=service.env, capture_output=True, text=True, check=False
    )
    assert (second.returncode, second.stderr.count("\n")) == (1, 1) and "runs already" in second.stderr
    pids = list(service.run["pids"].values())
    os.kill(service.process.pid, signal.SIGKILL)
    service.process.wait()
    wait_for(lambda: not any(alive(pid) for pid in pids), "the children to end with their parent")
    (service.folder / "run.json").unlink()
    service.start()
    assert administrator("GET", f"organizations/{organization}")["name"] == "Client 1"

    other = {**service.env, "TERME_DATA_DIR": str(tmp_path / "other")}
    for port, said in ((str(service.port), "is busy"), ("http", "is not a port")):
        done = subprocess.run(
            [sys.executable, "manage.py", "up", "--port", port],
            cwd=ROOT,
            env=other,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1 and said in done.stderr and done.stderr.count("\n") == 1, done.stderr
