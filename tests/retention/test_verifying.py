"""Anybody checks a certificate: the public page, the call without sign-in, the command, the small program."""

import base64
import json
import re
import resource
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts import tenancy
from accounts.operations.signatures import private_key, public_pem
from accounts.rules.signing import Kind, canonical
from retention.enums import AddendumKind
from retention.models import Certificate, ErasureRun
from retention.operations import addenda
from retention.rules import certificate as rules
from tests.contracts.agreements import at
from tests.retention.test_checks_again import erased
from tests.retention.under_contract import AFTER_GRACE, a_client

pytestmark = pytest.mark.django_db(databases=["default", "ledger"])
PROGRAM = Path(__file__).parent.parent.parent / "static" / "verify" / "verify_certificate.py"
FACTS = {
    "schema": rules.SCHEMA,
    "certificate": "00000000-0000-4000-8000-000000000001",
    "issued_at": "2026-02-05T10:00:00+00:00",
    "organization": "00000000-0000-4000-8000-000000000002",
    "provisional": True,
    "keys": {"destroyed": 3},
    "stores": [{"store": "messages", "erased": 9}],
}
FIRST = {**FACTS, "schema": "terme.certificate/1"}


@pytest.fixture(autouse=True)
def nobody_called_before():
    cache.clear()


def a_certificate(**facts):
    return rules.signed({**FACTS, **facts}, private_key())


def text(document):
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def with_signature(**fields):
    signed = a_certificate()
    return text({**signed, "signature": {**signed["signature"], **fields}})


def another_kind(**facts):
    """A document that our key signed as something else."""
    return text(Kind("head", "terme.trail-head/1", b"terme trail head 1\n").signed({**FACTS, **facts}, private_key()))


FILES = {
    "as-it-was-issued": (text(a_certificate()), "valid"),
    "written-another-way": (canonical(a_certificate()), "valid"),
    "an-older-certificate": (text(rules.FIRST.signed(FIRST, private_key())), "valid"),
    "an-older-one-signed-as-new": (text(rules.CERTIFICATE.signed(FIRST, private_key())), "changed"),
    "a-figure-was-changed": (text(a_certificate()).replace(b'"destroyed": 3', b'"destroyed": 4'), "changed"),
    "something-was-added": (text({**a_certificate(), "note": "x"}), "changed"),
    "something-beside-the-signature": (with_signature(note="x"), "not_a_certificate"),
    "an-unused-bit-of-the-signature": (
        with_signature(value=a_certificate()["signature"]["value"][:-3] + "x=="),
        "changed",
    ),
    "no-signature-value": (with_signature(value=None), "changed"),
    "the-algorithm-none": (with_signature(algorithm="none"), "not_a_certificate"),
    "signed-anew-with-another-key": (text(rules.signed(FACTS, Ed25519PrivateKey.generate())), "other_key"),
    "another-key-under-our-name": (
        text(
            {
                **rules.signed(FACTS, Ed25519PrivateKey.generate()),
                "signature": {
                    **rules.signed(FACTS, Ed25519PrivateKey.generate())["signature"],
                    "key_id": rules.key_id(private_key().public_key()),
                },
            }
        ),
        "changed",
    ),
    "signed-as-another-kind": (another_kind(), "changed"),
    "another-kind-of-document": (another_kind(schema="terme.trail-head/1"), "not_a_certificate"),
    "a-name-twice": (text(a_certificate()).replace(b"{", b'{"provisional": false,', 1), "not_a_certificate"),
    "not-a-number": (text(a_certificate()).replace(b'"destroyed": 3', b'"destroyed": NaN'), "changed"),
    "a-fraction": (text(a_certificate()).replace(b'"destroyed": 3', b'"destroyed": 3.0'), "changed"),
    "a-number-without-end": (b'{"a": ' + b"9" * 100_000 + b"}", "not_a_certificate"),
    "nested-deeply": (b"[" * 500_000, "not_a_certificate"),
    "nested-deeply-inside": (
        text(a_certificate()).replace(b'"destroyed": 3', b'"destroyed": ' + b"[" * 900 + b"]" * 900),
        "changed",
    ),
    "half-a-character": (text(a_certificate()).replace(b"messages", b"\\ud800"), "changed"),
    "composed-otherwise": (
        text(a_certificate(note="\u00e9")).replace("\u00e9".encode(), "e\u0301".encode()),
        "changed",
    ),
    "nul-bytes": (b"\x00" * 10, "not_a_certificate"),
    "a-list": (b"[]", "not_a_certificate"),
    "nothing": (b"", "not_a_certificate"),
    "a-schema-that-is-no-text": (b'{"schema": [], "signature": {}}', "not_a_certificate"),
    "a-pdf": (b"%PDF-1.7 \xff\xfe", "not_a_certificate"),
}


@pytest.mark.parametrize(("raw", "verdict"), FILES.values(), ids=FILES.keys())
def test_a_file_is_what_it_is(raw, verdict, tmp_path):
    answer = Client().post("/api/v1/certificates/verify", data=raw, content_type="application/json")
    assert (answer.status_code, answer.json()["verdict"]) == (200, verdict)
    page = Client().post("/verify?language=en", {"file": SimpleUploadedFile("x.json", raw)})
    if raw:
        assert (page.status_code, f'class="answer {verdict}"' in page.content.decode()) == (200, True)
    paths = {"file": tmp_path / "c.json", "key": tmp_path / "k.pem"}
    paths["file"].write_bytes(raw)
    paths["key"].write_text(public_pem())
    program = [sys.executable, str(PROGRAM), "--public-key", str(paths["key"]), str(paths["file"])]
    done = subprocess.run(program, check=False, capture_output=True, text=True)
    assert done.returncode == (0 if verdict == "valid" else 1)
    assert not done.stdout.rstrip("\n").endswith(": "), "it says why"
    if verdict == "valid":
        call_command("verify_certificate", str(paths["file"]), public_key=paths["key"])
    else:
        with pytest.raises(CommandError, match="NOT VALID"):
            call_command("verify_certificate", str(paths["file"]), public_key=paths["key"])


class TestThePage:
    @pytest.mark.parametrize("language", ["en", "fr", "pl"])
    def test_it_needs_no_sign_in_no_cookie_and_no_foreign_script(self, language):
        answer = Client().get(f"/verify?language={language}")
        assert answer.status_code == 200
        assert f'<html lang="{language}">' in answer.content.decode()
        assert not answer.cookies
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert "<script>" not in answer.content.decode() and " style=" not in answer.content.decode()
        assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(
        ("form", "status"),
        [
            pytest.param({}, 400, id="no-file"),
            pytest.param({"file": "a text"}, 400, id="no-file-but-a-text"),
            pytest.param({"file": SimpleUploadedFile("x", b"x" * (rules.LARGEST + 70_000))}, 413, id="too-large"),
        ],
    )
    def test_what_is_no_file_of_ours_is_said_so(self, form, status):
        answer = Client().post("/verify", form)
        assert answer.status_code == status
        assert 'class="answer error"' in answer.content.decode()

    def test_a_body_that_is_no_form_is_said_so(self):
        answer = Client().post("/verify", data=b"--x\r\n", content_type="multipart/form-data; boundary=")
        assert answer.status_code == 400

    def test_nothing_is_stored(self, settings):
        before = sorted(settings.DATA_DIR.rglob("*")) if settings.DATA_DIR.exists() else []
        with connection.execute_wrapper(only_reads):
            Client().post("/verify", {"file": SimpleUploadedFile("x.json", text(a_certificate()))})
        after = sorted(settings.DATA_DIR.rglob("*")) if settings.DATA_DIR.exists() else []
        assert after == before

    def test_it_is_throttled(self, settings):
        answers = [Client().post("/verify", {}).status_code for _call in range(31)]
        assert (answers[0], answers[-1]) == (400, 429)


PROVISIONAL = "Provisional: not every window has closed"


def only_reads(execute, sql, params, many, context):
    assert not sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")), sql
    return execute(sql, params, many, context)


@pytest.mark.parametrize("known", [True, False], ids=["its-public-half-is-kept", "nobody-kept-it"])
def test_what_was_signed_before_the_key_was_replaced_is_ours_still(known, settings):
    certificate, before = a_certificate(), public_pem()
    settings.SIGNING_KEY = base64.b64encode(bytes(31) + b"\1").decode()
    settings.FORMER_PUBLIC_KEYS = [before.splitlines()[1]] if known else []
    found = asked(certificate)
    assert (found["verdict"], found["key_id"]) == (
        ("valid", certificate["signature"]["key_id"]) if known else ("other_key", "")
    )
    assert asked({**certificate, "issued_at": "x"})["verdict"] == ("changed" if known else "other_key")
    forged = rules.signed(FACTS, Ed25519PrivateKey.generate())
    forged["signature"]["key_id"] = certificate["signature"]["key_id"]
    assert asked(forged)["verdict"] == ("changed" if known else "other_key")


def test_anybody_gets_the_keys_of_before_and_checks_with_them_what_they_signed(tmp_path, settings):
    certificate, before = a_certificate(), public_pem()
    settings.SIGNING_KEY = base64.b64encode(bytes(31) + b"\1").decode()
    call_command("public_key", "--former", stdout=(none := StringIO()))
    assert Client().get("/api/v1/public-key").json()["former_keys"] == [] and none.getvalue() == public_pem()
    settings.FORMER_PUBLIC_KEYS = [before.splitlines()[1]]
    found = Client().get("/api/v1/public-key").json()
    (former,) = found["former_keys"]
    assert found["pem"] == public_pem() != former["pem"] == before
    assert former["key_id"] == certificate["signature"]["key_id"]
    page = Client().get("/verify?language=en").content.decode()
    assert before in page and f"the key {former['key_id']} signed before" in page
    call_command("public_key", stdout=(now := StringIO()))
    call_command("public_key", "--former", stdout=(then := StringIO()))
    assert (now.getvalue(), then.getvalue()) == (public_pem(), f"{public_pem()}key_id {former['key_id']}\n{before}")
    file, key = tmp_path / "certificate.json", tmp_path / "key.pem"
    file.write_bytes(text(certificate))
    key.write_text(then.getvalue().partition("key_id")[2])
    call_command("verify_certificate", str(file), "--public-key", str(key), stdout=(said := StringIO()))
    assert said.getvalue().startswith("VALID")


def test_a_certificate_and_an_addendum_of_two_keys_are_checked_with_both(tmp_path):
    first = rules.signed(FACTS, private_key())
    later = Ed25519PrivateKey.generate()
    links = {"previous_sha256": rules.digest(first), "certificate_sha256": rules.digest(first), "stands": True}
    added = {**FACTS, "schema": rules.ADDENDUM.schema, "addendum": "a", "number": 1, **links}
    files = [tmp_path / "0.json", tmp_path / "1.json"]
    for path, document in zip(files, (first, rules.ADDENDUM.signed(added, later)), strict=True):
        path.write_bytes(text(document))
    keys = [tmp_path / "0.pem", tmp_path / "1.pem"]
    for path, pem in zip(keys, (public_pem(), rules.public_pem(later.public_key())), strict=True):
        path.write_text(pem)
    for some, holds in ((keys, True), (keys[::-1], True), (keys[:1], False), (keys[1:], False)):
        options = [part for path in some for part in ("--public-key", str(path))]
        done = subprocess.run([sys.executable, str(PROGRAM), *options, *files], check=False, capture_output=True)
        assert done.returncode == (0 if holds else 1)
        out = StringIO()
        if holds:
            call_command("verify_certificate", *map(str, files), *options, "--format", "json", stdout=out)
        else:
            with pytest.raises(CommandError, match="Another key signed"):
                call_command("verify_certificate", *map(str, files), *options, stdout=out)


RSA = rsa.generate_private_key(65537, 2048).public_key()
UNKNOWN = "MCowBQYDK2V/AyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="  # a kind that no library knows


@pytest.mark.parametrize(
    "pem",
    [rules.public_pem(RSA), f"-----BEGIN PUBLIC KEY-----\n{UNKNOWN}\n-----END PUBLIC KEY-----\n"],
    ids=["another-kind", "an-unknown-kind"],
)
def test_a_key_of_another_kind_is_wrong_input_and_says_nothing_of_the_certificate(tmp_path, pem):
    file, key, other = tmp_path / "c.json", tmp_path / "k.pem", tmp_path / "other.pem"
    file.write_bytes(text(a_certificate()))
    key.write_text(public_pem())
    other.write_text(pem)
    options = ["--public-key", str(other), "--public-key", str(key), str(file)]
    done = subprocess.run([sys.executable, str(PROGRAM), *options], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, str(other) in done.stderr) == (2, "", True)
    with pytest.raises(CommandError, match="not an Ed25519 key"):
        call_command("verify_certificate", *options)


def test_an_addendum_alone_is_not_called_a_certificate(tmp_path):
    added = {**FACTS, "schema": rules.ADDENDUM.schema, "addendum": "a", "number": 3}
    file, key = tmp_path / "a.json", tmp_path / "k.pem"
    file.write_bytes(text(rules.ADDENDUM.signed(added, private_key())))
    key.write_text(public_pem())
    program = [sys.executable, str(PROGRAM), "--public-key", str(key), str(file)]
    assert b"VALID: addendum 3 to certificate" in subprocess.run(program, check=False, capture_output=True).stdout


def test_too_large_a_body_is_not_read():
    answer = Client().post("/api/v1/certificates/verify", data=b"x" * (rules.LARGEST + 1), content_type="text/plain")
    assert answer.status_code == 413


@pytest.mark.parametrize("endless", [True, False], ids=["without-an-end", "one-byte-too-large"])
@pytest.mark.parametrize("which", ["certificate", "addendum", "key"])
def test_programs_read_no_file_that_is_larger_than_any_certificate(which, endless, tmp_path):
    paths = {name: tmp_path / name for name in ("certificate", "addendum", "key")}
    for name in ("certificate", "addendum"):
        paths[name].write_bytes(text(a_certificate()))
    paths["key"].write_text(public_pem())
    if endless:
        paths[which].unlink()
        paths[which].symlink_to("/dev/zero")
    else:
        paths[which].write_bytes(b" " * (rules.LARGEST + 1))
    asked = ["--public-key", *map(str, (paths["key"], paths["certificate"], paths["addendum"]))]
    program = subprocess.run(
        [sys.executable, str(PROGRAM), *asked], check=False, capture_output=True, timeout=20, preexec_fn=little_memory
    )
    assert (program.returncode, program.stdout) == (2, b"")
    assert f"{paths[which]}: larger than any certificate" in program.stderr.decode()
    with pytest.raises(CommandError, match="larger than any certificate") as refused:
        call_command("verify_certificate", *asked)
    assert refused.value.returncode == 2


def little_memory():
    resource.setrlimit(resource.RLIMIT_AS, (512 * 1024 * 1024,) * 2)


def asked(document):
    answer = Client().post("/api/v1/certificates/verify", data=text(document), content_type="application/json")
    return answer.json()


@pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
def test_a_certificate_that_something_was_added_to_says_so(tmp_path):
    erased(a_client(), "ann-1")
    with tenancy.vendor():
        certificate = Certificate.objects.get().document
        run = ErasureRun.objects.select_related("organization").get()
    found = asked(certificate)
    assert (found["verdict"], found["known"], found["stands"], found["latest"]) == ("valid", True, True, None)
    with tenancy.vendor():
        bad = addenda.issue(run, AddendumKind.RESIDUE_FOUND, now=AFTER_GRACE, by="system")
    found = asked(certificate)
    assert (found["verdict"], found["stands"], found["latest"]["kind"]) == ("superseded", False, "residue_found")
    assert asked(bad.document)["verdict"] == "valid", "it is the last word"
    with tenancy.vendor():
        good = addenda.issue(run, AddendumKind.CLEAN_AGAIN, now=at("2026-03-01"), by="system")
    assert (asked(certificate)["stands"], asked(bad.document)["verdict"]) == (True, "superseded")
    page = Client().post("/verify?language=en", {"file": SimpleUploadedFile("x.json", text(certificate))})
    assert "Something was added since" in page.content.decode() and PROVISIONAL in page.content.decode()
    shown = re.sub(r'datetime="[^"]*"', "", page.content.decode())
    assert re.search(r"1 Mar 2026 \d\d:\d\d UTC", shown) and not re.search(r"\d{4}-\d\d-\d\dT", shown)

    with tenancy.vendor():
        run.completed_at = at("2026-03-20")
        last = addenda.issue(run, AddendumKind.COMPLETE, now=run.completed_at, by="system")
    assert [asked(one)["provisional"] for one in (certificate, bad.document, last.document)] == [False] * 3
    page = Client().post("/verify?language=en", {"file": SimpleUploadedFile("x.json", text(certificate))})
    assert PROVISIONAL not in page.content.decode(), "it is complete since: what was said last counts"

    files = []
    for number, document in enumerate([certificate, bad.document, good.document]):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_bytes(text(document))
    key = tmp_path / "key.pem"
    key.write_text(public_pem())
    program = [sys.executable, str(PROGRAM), "--public-key", str(key)]
    assert subprocess.run([*program, *files], check=False).returncode == 0
    assert subprocess.run([*program, files[0], files[2]], check=False).returncode == 1, "one is missing"
    call_command("verify_certificate", *map(str, files), public_key=key)
    with pytest.raises(CommandError, match="missing"):
        call_command("verify_certificate", str(files[0]), str(files[2]), public_key=key)
