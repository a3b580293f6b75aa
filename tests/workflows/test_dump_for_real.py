"""A dump made before an erasure, restored by the server's own tools as docs/operations.md says, with real processes."""

import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest

from config.embedded import engines, roles
from config.embedded.processes import alive
from contracts.rules.days import add_months
from tests.workflows import walk
from tests.workflows.test_real_processes import Service, wait_for

pytestmark = pytest.mark.proof
# Each process of the service believes for so many seconds what it saw of the gate (``RESTORE_GATE``).
BELIEVED = 10
GONE = ("canary-mail-03", "canary-name 03", "canary-id-03")


@pytest.fixture
def service(tmp_path):
    found = Service(tmp_path / "var", ERASURE_PAUSE_MILLISECONDS="0", ERASURE_CHUNK_ROWS="100")
    found.start()
    yield found
    found.stop()


def tool(name, *arguments):
    command = [str(engines._postgresql_bin() / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-2000:]


def stopped(service):
    pids = service.run["pids"].values()
    service.stop()
    wait_for(lambda: not any(alive(pid) for pid in pids), "the end of all processes")


def restored(service, dump):
    """Put the dump in the place of the main database, as its owner, while nothing else runs."""
    secrets = {name: (service.folder / "secrets" / f"{name}_password").read_text().strip() for name in PASSWORDS}
    server = engines.postgresql(service.folder / "postgresql", superuser_password=secrets["superuser"])
    try:
        with engines.administrator(server) as administrator:
            administrator.execute("ALTER DATABASE terme RENAME TO terme_lost")
            for statement in roles.create_database("terme"):
                administrator.execute(statement)
        owner = f"postgres://terme_owner:{secrets['owner']}@127.0.0.1:{server.port}/terme"
        tool("pg_restore", "--exit-on-error", "--dbname", owner, str(dump))
        with engines.administrator(server) as administrator:
            administrator.execute("DROP DATABASE terme_lost")
    finally:
        engines.stop_postgresql(server)


PASSWORDS = ("superuser", "owner")


def ready(service):
    status, said = service.send("GET", "/health/ready", {}, None)
    print(said)  # for whoever waits in vain
    return status == 200


def in_tables(service, canaries):
    return walk.canaries_in_tables(service.admin_dsn("terme"), canaries)


def test_a_dump_from_before_an_erasure_serves_nobody_until_it_was_replayed(service, tmp_path):
    manager, officer, administrator = (
        service.caller(role) for role in ("contract_manager", "privacy_officer", "administrator")
    )
    organization, other = walk.register(administrator, 1, "canary"), walk.register(administrator, 2, "neighbour")
    client = service.caller("client_administrator", organization)
    contract = walk.draft(manager, organization, add_months(datetime.now(UTC).date().replace(day=1), -2))
    manager("POST", f"contracts/{contract}/sign")
    for whose, mark in ((organization, "canary"), (other, "neighbour")):
        walk.ingest(administrator, whose, walk.content(mark, datetime.now(UTC) - timedelta(days=20)))
    people = client("GET", f"licensed-users?organization={organization}")["results"]
    one = next(each["public_id"] for each in people if each["external_id"] == "canary-id-03")
    body = {"organization": organization, "licensed_users": [one]}
    path = f"deletion-requests/{client('POST', 'deletion-requests', body, expect=201)['public_id']}"

    dump = tmp_path / "terme.dump"
    tool("pg_dump", "--format", "custom", "--file", str(dump), service.admin_dsn("terme"))
    officer("POST", f"{path}/approve")
    wait_for(lambda: officer("GET", path)["status"] in ("certified", "failed"), "the certificate")
    certificate = officer("GET", f"{path}/certificate")
    assert in_tables(service, GONE) == []

    stopped(service)
    restored(service, dump)
    service.run_it()
    assert in_tables(service, GONE), "the dump brought the person back"
    assert service.send("GET", "/health/ready", {}, None)[0] == 503
    officer("GET", path, expect=503)
    service.manage("replay_erasures", "--check", expect=1)
    service.manage("replay_erasures")
    wait_for(lambda: ready(service), "the gate")
    time.sleep(BELIEVED)

    assert in_tables(service, GONE) == []
    assert in_tables(service, ["canary-mail-04", "neighbour-mail-03"]), "everybody else is there still"
    assert walk.canaries_in_valkey(service.run["addresses"]["redis"], GONE) == []
    assert walk.canaries_in_files(service.folder, GONE) == []
    again = officer("GET", f"{path}/certificate")
    assert again["keys"] == certificate["keys"], "the keys are as gone as they were, and say when"
    assert again["stores"] and again["certificate"] != certificate["certificate"]
