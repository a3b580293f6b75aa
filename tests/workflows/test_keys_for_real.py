"""Keys of a real service: one added, everything wrapped anew by its worker, the old one taken out, a wrong one."""

import base64
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.workflows import walk
from tests.workflows.test_real_processes import ROOT, Service, wait_for

# Five starts of a real service. tests/retention/test_rewrapping.py and test_key_checks.py ask the same in one process.
pytestmark = pytest.mark.proof


@pytest.fixture
def service(tmp_path):
    found = Service(tmp_path / "var")
    found.start()
    yield found
    found.stop()


def restarted(service, keys):
    """Stop the service, give it other keys, and start it again."""
    service.stop()
    (service.folder / "secrets" / "terme_key_encryption_keys").write_text(keys + "\n")
    service.run_it()


def refused(service, keys):
    """Return what a start with these keys says."""
    service.stop()
    (service.folder / "secrets" / "terme_key_encryption_keys").write_text(keys + "\n")
    command = [sys.executable, "manage.py", "up", "--no-demo", "--port", str(service.port)]
    done = subprocess.run(command, cwd=ROOT, env=service.env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode != 0
    return done.stderr


def test_a_key_is_replaced_and_a_wrong_one_never_starts(service):
    first = (service.folder / "secrets" / "terme_key_encryption_keys").read_text().strip()
    second, wrong = (base64.b64encode(bytes([number] * 32)).decode() for number in (7, 8))
    administrator = service.caller("administrator")
    organization = walk.register(administrator, 1, "canary")
    walk.ingest(administrator, organization, walk.content("canary", datetime.now(UTC) - timedelta(days=9), messages=40))
    client = service.caller("client_administrator", organization)
    (before,) = administrator("GET", "key-versions")
    assert (before["version"], before["removable"]) == (1, False) and before["used"]["data_keys"] > 1

    said = refused(service, f"2:{second}")
    assert "Terme cannot start: TERME_KEY_ENCRYPTION_KEYS: version 1 is missing" in said and "Traceback" not in said
    said = refused(service, f"1:{wrong}")
    assert "Terme cannot start: TERME_KEY_ENCRYPTION_KEYS: version 1 is another key" in said and wrong not in said

    restarted(service, f"{first},2:{second}")
    started = administrator("POST", "key-rotations", expect=201)
    assert (started["target_version"], started["state"]) == (2, "running")
    path = f"key-rotations/{started['public_id']}"
    over = wait_for(lambda: (now := administrator("GET", path))["state"] == "finished" and now, "the rotation")
    assert {step["done"] - step["total"] for step in over["steps"]} == {0}
    versions = administrator("GET", "key-versions")
    assert [one["version"] for one in versions if one["removable"]] == [1]
    assert administrator("POST", "key-rotations", expect=409)["code"] == "nothing_to_rewrap"
    assert administrator("POST", f"{path}/stop", expect=409)["code"] == "key_rotation_over"

    restarted(service, f"2:{second}")
    export = client("POST", f"organizations/{organization}/exports", {}, expect=201)
    assert client("GET", f"exports/{export['public_id']}/download")[:2] == b"PK", "what was loaded before is read"
    assert [one["version"] for one in administrator("GET", "key-versions")] == [2]
