"""The package for auditors by command, REST and page: who gets it, bad input, and the check that finds any change."""

import hashlib
import io
import json
import zipfile

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import tenancy
from accounts.models import AuditEvent
from accounts.operations import signatures
from accounts.rules import signing
from retention.models import Certificate
from retention.rules.audit_package import PACKAGE
from tests.admin.people import a_member
from tests.admin.test_pages import url
from tests.admin.world import a_whole_world
from tests.api.callers import caller
from tests.retention.packages import DAYS, files_of, rows

pytestmark = pytest.mark.usefixtures("world", "undone")


@pytest.fixture(scope="module")
def world(shared_rows):
    """One world for all: the client that left, and the one that stays."""
    return a_whole_world()


@pytest.fixture
def sign_in():
    """Return a client in which a new member of this role is signed in."""

    def make(role, organization=None):
        client = Client()
        client.force_login(a_member(role, organization), backend="config.backends.EmailBackend")
        return client

    return make


def a_file(tmp_path):
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "package.zip"
    call_command("audit_package", *DAYS, "--output", str(path), stdout=io.StringIO())
    key = tmp_path / "key.pem"
    key.write_text(signatures.public_pem())
    return path, key


def verified(path, *keys):
    """Return what the command says of a package, as JSON."""
    out, options = io.StringIO(), [part for key in keys for part in ("--public-key", str(key))]
    try:
        call_command("verify_audit_package", str(path), *options, "--format", "json", stdout=out)
    except CommandError as error:
        assert error.returncode == 1
    return json.loads(out.getvalue())


def rewritten(path, change):
    with zipfile.ZipFile(path) as archive:
        files = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in change(dict(files)):
            archive.writestr(name, data)


def repacked(raw, method):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files_of(raw).items():
            archive.writestr(name, data)
    return target.getvalue()


def moved(raw, _at):
    """Put a file that the directory does not list before the directory, and let its end say where that now begins."""
    end = raw.rindex(b"PK\5\6")
    begins = int.from_bytes(raw[end + 16 : end + 20], "little")
    unlisted = io.BytesIO()
    with zipfile.ZipFile(unlisted, "w") as archive:
        archive.writestr("instruction-log.csv", b"nobody asked for anything")
        added = unlisted.getvalue()[: archive.start_dir]
    place = (begins + len(added)).to_bytes(4, "little")
    return raw[:begins] + added + raw[begins : end + 16] + place + raw[end + 20 :]


def unreadable_name(raw, _at):
    """Call the first file of the directory by bytes that are no UTF-8, and say that they are."""
    entry = raw.index(b"PK\1\2")
    return raw[: entry + 8] + b"\0\x08" + raw[entry + 10 : entry + 46] + b"\xff" + raw[entry + 47 :]


def endless(raw, _at):
    """Say of the first file that it is as long as no file can be."""
    entry, end = raw.index(b"PK\1\2"), raw.rindex(b"PK\5\6")
    behind = entry + 46 + int.from_bytes(raw[entry + 28 : entry + 30], "little")
    size = b"\1\0\x08\0" + b"\xff" * 8
    first = raw[entry : entry + 20] + b"\xff" * 4 + raw[entry + 24 : entry + 30] + b"\x0c\0" + raw[entry + 32 : behind]
    long = (int.from_bytes(raw[end + 12 : end + 16], "little") + len(size)).to_bytes(4, "little")
    return raw[:entry] + first + size + raw[behind : end + 12] + long + raw[end + 16 :]


def edited_manifest(found, **values):
    manifest = json.loads(found["manifest.json"]) | values
    return {**found, "manifest.json": json.dumps(manifest)}


def resigned(files):
    """Sign the manifest with another key, under that key's name or under the vendor's."""
    other = signing.signing_key("A" * 43 + "=")
    manifest = {name: value for name, value in json.loads(files["manifest.json"]).items() if name != "signature"}
    return {**files, "manifest.json": json.dumps(PACKAGE.signed(manifest, other))}


def signed_anew(files, change):
    """Let the vendor sign a manifest in which something was changed."""
    manifest = {name: value for name, value in json.loads(files["manifest.json"]).items() if name != "signature"}
    change(manifest)
    return {**files, "manifest.json": json.dumps(PACKAGE.signed(manifest, signatures.private_key()))}


def with_a_certificate(path, change):
    """Change the certificate in a package, and let the vendor sign the manifest with its new digest."""

    def changed(files):
        name = min(one for one in files if one.startswith("certificates/"))
        data = json.dumps(change(json.loads(files[name]))).encode()

        def listed(manifest):
            (entry,) = [one for one in manifest["files"] if one["name"] == name]
            entry.update(size=len(data), sha256=hashlib.sha256(data).hexdigest())

        return signed_anew({**files, name: data}, listed).items()

    rewritten(path, changed)


def test_a_package_is_checked_offline(tmp_path):
    found = verified(*a_file(tmp_path))
    assert found["valid"] and (found["certificates"], found["certificates_of_other_keys"]) == (1, 0)
    assert (found["from"], found["until"], found["made_by"]) == ("2024-01-01", "2027-01-01", "system")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            lambda f: (f | {"instruction-log.csv": f["instruction-log.csv"][:-20]}).items(), "changed", id="cut"
        ),
        pytest.param(lambda f: [(n, d) for n, d in f.items() if n != "trail.json"], "missing: trail", id="removed"),
        pytest.param(lambda f: [*f.items(), ("more.csv", b"x")], "added: more.csv", id="added"),
        pytest.param(lambda f: [*f.items(), ("README.txt", b"x")], "twice", id="twice"),
        pytest.param(lambda f: [("manifest.json", b"{}"), *f.items()], "twice", id="another-manifest-before"),
        pytest.param(
            lambda f: [*f.items(), ("\r\x1b[2KVALID: x", b"")], "added: ��[2KVALID: x.", id="a-name-that-writes"
        ),
        pytest.param(lambda f: (f | {"README.txt": b"\0" * 2**26}).items(), "changed: README", id="longer"),
        pytest.param(lambda f: edited_manifest(f, until="2028-01-01").items(), "was changed", id="another-period"),
        pytest.param(lambda f: edited_manifest(f, files=[]).items(), "was changed", id="an-empty-list"),
        pytest.param(lambda f: resigned(f).items(), "Another key", id="signed-by-another-key"),
        pytest.param(
            lambda f: [(n, d) for n, d in f.items() if n != "manifest.json"], "not a package", id="no-manifest"
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_changed_package_does_not_hold(tmp_path, change, said):
    path, key = a_file(tmp_path)
    rewritten(path, change)
    found = verified(path, key)
    assert not found["valid"] and said in found["reason"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda raw, _at: b"#!/bin/sh\n" + raw, "beside", id="before-it"),
        pytest.param(lambda raw, _at: raw + b"more", "beside", id="after-it"),
        pytest.param(lambda raw, _at: raw[:-2] + b"\4\0more", "beside", id="as-its-comment"),
        pytest.param(moved, "beside", id="between-files-and-directory"),
        pytest.param(lambda raw, at: raw[: at + 60] + b"\xff" * 30 + raw[at + 90 :], "not a package", id="damaged"),
        pytest.param(lambda raw, _at: raw[: raw.rindex(b"PK\1\2") + 8], "not a package", id="cut"),
        pytest.param(endless, "beside", id="a-size-that-no-file-has"),
        pytest.param(unreadable_name, "not a package", id="a-name-that-is-no-text"),
        pytest.param(lambda raw, _at: repacked(raw, zipfile.ZIP_BZIP2), "unknown way", id="packed-in-another-way"),
    ],
)
def test_a_file_with_more_in_it_than_the_package_does_not_hold(tmp_path, change, said):
    path, key = a_file(tmp_path)
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("manifest.json").header_offset
    path.write_bytes(change(path.read_bytes(), at))
    found = verified(path, key)
    assert not found["valid"] and said in found["reason"]


def test_a_package_that_was_packed_anew_holds(tmp_path):
    path, key = a_file(tmp_path)
    path.write_bytes(repacked(path.read_bytes(), zipfile.ZIP_STORED))
    assert verified(path, key)["valid"]


def test_certificates_of_an_earlier_key_are_checked_with_it(tmp_path, settings):
    _path, former = a_file(tmp_path / "former")
    settings.SIGNING_KEY = "A" * 43 + "="
    path, key = a_file(tmp_path / "now")

    def counted(*keys):
        found = verified(path, *keys)
        return found["valid"] and (found["certificates"], found["certificates_of_other_keys"], found["key_id"])

    key_id = signing.key_id(signatures.private_key().public_key())
    assert counted(key) == (0, 2, key_id), "one has an addendum"
    assert counted(key, former) == counted(former, key) == (1, 0, key_id)
    assert verified(path, former)["reason"] == "Another key signed this package."
    with_a_certificate(path, lambda certificate: certificate | {"issued_at": "x"})
    assert "was changed" in verified(path, key, former)["reason"]
    assert verified(path, key)["valid"], "it says whose it is, and that key was not given"


def test_a_fault_of_ours_is_no_fault_of_the_package(tmp_path):
    path, key = a_file(tmp_path)
    rewritten(path, lambda files: signed_anew(files, lambda manifest: manifest.pop("files")).items())
    with pytest.raises(KeyError, match="files"):
        verified(path, key)


def test_a_file_that_is_locked_does_not_hold(tmp_path):
    path, key = a_file(tmp_path)
    raw = path.read_bytes()
    entry = raw.index(b"PK\1\2", raw.rindex(b"manifest.json") - 100)
    path.write_bytes(raw[: entry + 8] + b"\1\0" + raw[entry + 10 :])
    assert verified(path, key) == {"valid": False, "reason": "This is not a package for auditors."}


def test_what_is_no_zip_does_not_hold(tmp_path):
    path, key = a_file(tmp_path)
    path.write_bytes(b"PK no zip")
    assert verified(path, key) == {"valid": False, "reason": "This is not a package for auditors."}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(("--from", "2026-01-32", "--until", "2026-02-01"), 2, id="no-day"),
        pytest.param(("--from", "2026-02-01", "--until", "2026-02-01"), 2, id="no-period"),
        pytest.param((*DAYS, "--organization", "00000000-0000-0000-0000-000000000000"), 2, id="nobody"),
        pytest.param((*DAYS, "--output", "/nowhere/package.zip"), 1, id="no-folder"),
    ],
)
def test_wrong_arguments_make_nothing(arguments, code):
    with pytest.raises(CommandError) as error:
        call_command("audit_package", *arguments, stdout=io.StringIO())
    assert error.value.returncode == code
    with tenancy.vendor():
        assert not AuditEvent.objects.filter(name="audit_package.made").exists()


def test_the_command_writes_over_no_file(tmp_path):
    path, _key = a_file(tmp_path)
    before = path.read_bytes()
    with pytest.raises(CommandError, match="exists"):
        call_command("audit_package", *DAYS, "--output", str(path), stdout=io.StringIO())
    assert path.read_bytes() == before and path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("role", ["auditor", "privacy_officer", "administrator"])
def test_by_rest_the_vendors_officers_get_it(role, world):
    call = caller(role)
    data = call("GET", "audit-package?from=2024-01-01&until=2027-01-01")
    assert {one["organization"] for one in rows(files_of(data), "request-register")} == {
        str(one.public_id) for one in world
    }
    data = call("GET", f"audit-package?from=2024-01-01&until=2027-01-01&organization={world[1].public_id}")
    (own,) = rows(files_of(data), "request-register")
    assert own["organization"] == str(world[1].public_id)


@pytest.mark.parametrize(
    ("role", "status"), [("contract_manager", 403), ("client_privacy_officer", 404), ("client_administrator", 404)]
)
def test_by_rest_nobody_else_does(role, status, world):
    call = caller(role, str(world[1].public_id) if status == 404 else None)
    call("GET", "audit-package?from=2024-01-01&until=2027-01-01", expect=status)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "from=2024-01-01",
        "until=2024-01-01",
        "from=2024-01-01&until=2023-01-01",
        "from=x&until=y",
        "from=2024-01-01&until=2027-01-01&organization=1",
        "from=2024-01-01&until=2027-01-01&organization=%00",
        "from=2024-01-01&until=2027-01-01&organization=00000000-0000-0000-0000-000000000000",
    ],
)
def test_bad_input_by_rest_is_a_400(query):
    caller("auditor")("GET", f"audit-package?{query}", expect=400)


def test_the_page_asks_for_the_period_and_answers_with_the_file(sign_in):
    browser = sign_in("auditor")
    page = url(Certificate, "audit_package")
    assert b"Package for auditors" in browser.get(page).content
    wrong = browser.post(page, {"confirmed": "yes", "begins_on": "2026-02-01", "ends_on": "2026-01-01"})
    assert b"must end after its first day" in wrong.content
    answer = browser.post(page, {"confirmed": "yes", "begins_on": "2024-01-01", "ends_on": "2027-01-01"})
    assert answer["Content-Type"] == "application/zip"
    data = b"".join(answer.streaming_content)
    assert len(data) == int(answer["Content-Length"])
    assert "manifest.json" in files_of(data)


@pytest.mark.parametrize(("role", "shown"), [("auditor", True), ("client_privacy_officer", False)])
def test_the_button_stands_where_its_page_opens(role, shown, world, sign_in):
    browser = sign_in(role, None if shown else world[1])
    assert (url(Certificate, "audit_package") in browser.get(url(Certificate, "changelist")).content.decode()) is shown
    assert browser.get(url(Certificate, "audit_package")).status_code == (200 if shown else 404)
