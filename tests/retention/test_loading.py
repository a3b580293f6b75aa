"""Bulk loading: everything once, wrong lines reported without their content, going on where a crash stopped it."""

import json
import uuid
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts import tenancy
from accounts.models import AuditEvent
from retention.enums import VaultState
from retention.models import Conversation, Message, Vault
from retention.operations import loading, vault
from tests.retention.vaults import a_talk, an_organization, people_of

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def own_data_directory(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "var"


@pytest.fixture
def organization():
    made = an_organization()
    people_of(made, "ann")
    return made


@pytest.fixture
def file(tmp_path):
    def write(lines):
        path = tmp_path / "content.jsonl"
        path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
        return path

    return write


def talks(count):
    return [line for n in range(count) for line in a_talk(place=f"c{n}", turns=3)]


def load(path, *options, fails_with=0):
    out = StringIO()
    try:
        call_command("load_content", str(path), *options, "--format", "json", stdout=out)
        code = 0
    except SystemExit as stopped:
        code = stopped.code
    assert code == fails_with
    return json.loads(out.getvalue())


def count(organization):
    with tenancy.tenant(organization.pk):
        return Conversation.objects.count(), Message.objects.count()


def rejected(path):
    report = path.with_name("content.rejected.jsonl")
    return [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else None


def test_a_file_is_loaded_and_reads_back(organization, file):
    found = load(file(talks(5)), "--organization", str(organization.public_id))
    assert (found["line"], found["created"], found["existing"], found["rejected"]) == (20, 20, 0, 0)
    with tenancy.tenant(organization.pk):
        texts = vault.read(organization, Message.objects.order_by("pk"))
        assert texts[0] == {"text": "SECRET 0 żółć"} and len(texts) == 15
        (event,) = AuditEvent.objects.filter(name="content.ingested")
    assert (event.actor, event.data) == ("system", {"created": 20, "existing": 0, "rejected": 0})


def test_loading_again_stores_nothing_twice(organization, file):
    path = file(talks(5))
    load(path, "--organization", str(organization.public_id))
    found = load(path, "--organization", str(organization.public_id))
    assert (found["created"], found["existing"]) == (0, 20)
    assert count(organization) == (5, 15)


def test_lines_find_their_own_organization_and_no_other(organization, file):
    neighbour = an_organization()
    people_of(neighbour, "ann")
    mixed = [{**line, "organization": str(home.public_id)} for line in talks(2) for home in (organization, neighbour)]
    assert load(file(mixed))["created"] == 16
    assert count(organization) == count(neighbour) == (2, 6)
    with tenancy.tenant(neighbour.pk):
        assert len(vault.read(neighbour, Message.objects.all())) == 6


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        pytest.param('{"kind": "message", "id', None, None, id="truncated-line"),
        pytest.param("", None, None, id="empty-line"),
        pytest.param({**a_talk()[1], "id": "m", "author": "nobody"}, "author", "unknown_author", id="unknown-author"),
        pytest.param(
            {**a_talk()[1], "id": "m", "organization": str(uuid.uuid4())},
            "organization",
            "unknown_organization",
            id="unknown-organization",
        ),
    ],
)
def test_a_wrong_line_is_reported_with_its_number_and_the_rest_is_loaded(organization, file, line, field, code):
    path = file([*a_talk(), line, *a_talk(place="c2")])
    found = load(path, "--organization", str(organization.public_id), fails_with=1)
    assert (found["created"], found["rejected"]) == (6, 1)
    (report,) = rejected(path)
    assert report["number"] == 4 and report.keys() == {"number", "field", "code", "message"}
    assert (field, code) in [(None, None), (report["field"], report["code"])]
    assert "SECRET" not in json.dumps(report)


def test_a_report_of_an_earlier_load_does_not_linger(organization, file):
    load(file([{**a_talk()[1], "author": "nobody"}] * 5), "--organization", str(organization.public_id), fails_with=1)
    path = file([*a_talk(), "broken"])
    load(path, "--organization", str(organization.public_id), fails_with=1)
    assert [line["number"] for line in rejected(path)] == [4]
    path = file(a_talk())
    load(path, "--organization", str(organization.public_id))
    assert rejected(path) is None


def test_a_line_that_names_another_organization_than_given_is_rejected(organization, file):
    neighbour = an_organization()
    people_of(neighbour, "ann")
    path = file([{**line, "organization": str(neighbour.public_id)} for line in a_talk()])
    load(path, "--organization", str(organization.public_id), fails_with=1)
    assert {line["code"] for line in rejected(path)} == {"other_organization"}
    assert count(neighbour) == (0, 0)


def test_a_line_without_an_organization_is_rejected(organization, file):
    path = file(a_talk())
    load(path, fails_with=1)
    assert [(line["field"], line["code"]) for line in rejected(path)] == [("organization", "missing")] * 3


def test_a_closed_vault_rejects_its_lines_and_only_those(organization, file):
    neighbour = an_organization()
    people_of(neighbour, "ann")
    with tenancy.tenant(organization.pk):
        vault.enter(organization, now=NOW)
    with tenancy.eraser(organization.pk):
        Vault.objects.update(state=VaultState.DESTROYING)
    path = file(
        [{**line, "organization": str(home.public_id)} for home in (organization, neighbour) for line in a_talk()]
    )
    assert load(path, fails_with=1)["created"] == 3
    assert {line["code"] for line in rejected(path)} == {"vault_closed"}
    assert (count(organization), count(neighbour)) == ((0, 0), (1, 2))


@pytest.mark.parametrize("crash_in_batch", [1, 2, 3], ids=["first-batch", "second", "last"])
@pytest.mark.parametrize("after_commit", [False, True], ids=["in-the-transaction", "before-the-checkpoint"])
def test_a_load_goes_on_after_a_crash(organization, file, monkeypatch, crash_in_batch, after_commit):
    monkeypatch.setattr(loading, "BATCH", 6)
    bad = {**a_talk()[1], "id": "bad", "author": "nobody"}
    path = file([bad, *talks(3), bad, *a_talk(place="end"), bad])
    owner, name = (loading.Checkpoint, "write") if after_commit else (vault, "record")
    original, calls = getattr(owner, name), []

    def crash(*args, **kwargs):
        calls.append(name)
        if len(calls) == crash_in_batch:
            raise RuntimeError("killed")
        original(*args, **kwargs)

    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="killed"):
        patch.setattr(owner, name, crash)
        load(path, "--organization", str(organization.public_id))
    found = load(path, "--organization", str(organization.public_id), fails_with=1)
    assert found["resumed_at_line"] == 6 * (crash_in_batch - 1)
    assert (found["line"], found["rejected"]) == (18, 3)
    assert count(organization) == (4, 11)
    assert [line["number"] for line in rejected(path)] == [1, 14, 18]
    assert not list((path.parent / "var" / "loads").glob("*")), "a finished load leaves no checkpoint"


def test_restart_begins_at_the_first_line(organization, file, monkeypatch):
    monkeypatch.setattr(loading, "BATCH", 4)
    path = file(talks(3))
    original = loading.Checkpoint.write
    with monkeypatch.context() as patch:

        def write_then_die(self, progress):
            original(self, progress)
            raise RuntimeError("killed")

        patch.setattr(loading.Checkpoint, "write", write_then_die)
        with pytest.raises(RuntimeError, match="killed"):
            load(path, "--organization", str(organization.public_id))
    found = load(path, "--organization", str(organization.public_id), "--restart")
    assert (found["resumed_at_line"], found["created"], found["existing"]) == (0, 8, 4)


def test_a_changed_file_starts_anew(organization, file):
    path = file(talks(2))
    loading.Checkpoint(path, organization).write(loading.Progress(offset=5, line=1))
    assert loading.Checkpoint(path, organization).read().line == 1
    assert loading.Checkpoint(path, None).read().line == 0, "another organization is another load"
    path.write_text(path.read_text() + json.dumps(a_talk(place="new")[0]) + "\n")
    assert loading.Checkpoint(path, organization).read().line == 0


@pytest.mark.parametrize("content", [b"", b"{", b'{"offset": 1, "later": 2}', b"[]"])
def test_a_damaged_checkpoint_starts_anew(organization, file, content):
    checkpoint = loading.Checkpoint(file(talks(1)), organization)
    checkpoint.write(loading.Progress(line=3))
    checkpoint._path.write_bytes(content)
    assert checkpoint.read() == loading.Progress()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("absent.jsonl", [], id="no-such-file"),
        pytest.param("", [], id="a-folder"),
        pytest.param("content.jsonl", ["--organization", str(uuid.uuid4())], id="unknown-organization"),
        pytest.param("content.jsonl", ["--rejected", "{path}"], id="report-over-the-file"),
    ],
)
def test_wrong_arguments_exit_2_and_write_nothing(organization, file, tmp_path, name, options):
    before = file(talks(1)).read_bytes()
    with pytest.raises(CommandError) as stopped:
        load(tmp_path / name, *(option.format(path=tmp_path / name) for option in options))
    assert stopped.value.returncode == 2
    assert (tmp_path / "content.jsonl").read_bytes() == before and count(organization) == (0, 0)


def test_an_empty_file_is_done_at_once(organization, file):
    path = file([])
    assert load(path, "--organization", str(organization.public_id))["line"] == 0
    assert rejected(path) is None


def test_a_load_is_never_part_of_a_larger_transaction(organization, file):
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        load(file(talks(1)), "--organization", str(organization.public_id))


def test_the_loaders_role_ends_with_the_batch(organization, file):
    load(file(talks(1)), "--organization", str(organization.public_id))
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, (SELECT count(*) FROM retention_message)")
        assert cursor.fetchone() == ("terme_app", 0)
