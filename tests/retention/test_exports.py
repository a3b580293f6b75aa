"""Exports: everything that was written comes back, in an encrypted file that only its row opens."""

import hashlib
import io
import json
import os
import uuid
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command

from accounts import crypto, tenancy
from accounts.models import AuditEvent, LicensedUser, OutboxMessage, ProvisionedGroup, ProvisionedMembership
from retention.enums import Decision, RequestOrigin, RequestStatus, VaultState
from retention.models import DeletionRequest, Export, Message, Vault
from retention.operations import export_decisions, exports, instructions, keys, vault
from tests.retention.test_vault import EVERY_KIND, write
from tests.retention.vaults import a_talk, an_organization, people_of

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
BOTH = ["default", "ledger"]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EXPORTS_DIR = tmp_path / "exports"
    settings.DATA_DIR = tmp_path / "var"
    return settings.EXPORTS_DIR


@pytest.fixture
def organization():
    made = an_organization()
    people_of(made, "ann")
    people_of(made, "cyr", processing_restricted_at=NOW)
    return made


def a_request(organization, status=RequestStatus.RECEIVED, **values):
    with tenancy.tenant(organization.pk):
        return DeletionRequest.objects.create(
            **{
                "organization": organization,
                "origin": RequestOrigin.CLIENT,
                "status": status,
                "requested_by": "user:one",
                "received_at": NOW,
                "service_ended_on": date(2026, 1, 1),
                "retrieval_ends_on": date(2026, 1, 31),
                "erase_from": NOW,
                "erase_by": NOW + timedelta(days=30),
                "confirmed_by": "user:two",
                "confirmed_at": NOW,
                "approved_by": "user:three",
                "approved_at": NOW,
                **values,
            }
        )


def make(organization, request=None):
    with tenancy.tenant(organization.pk):
        return exports.make(organization, request=request, now=NOW, by="user:test")


def fetch(export, now=NOW):
    with tenancy.tenant(export.organization_id):
        pieces = exports.stream(export, now=now, by="user:test")
    return b"".join(pieces)


def opened(data):
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


def lines_of(data):
    return [json.loads(line) for line in data.splitlines()]


@pytest.mark.django_db(databases=BOTH)
def test_an_export_holds_all_that_was_written_and_says_so(organization):
    write(organization, EVERY_KIND)
    export = make(organization)
    data = fetch(export)
    files = opened(data)
    manifest = json.loads(files["manifest.json"])
    assert (export.size, export.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert export.rows == {
        "messages": 2,
        "context_items": 1,
        "diagnostics": 1,
        "conversations": 1,
        "licensed_users": 2,
    }
    assert manifest["categories"] == sorted(export.rows)
    assert files.keys() == {"manifest.json"} | {file["name"] for file in manifest["files"]}
    for file in manifest["files"]:
        content = files[file["name"]]
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert file["rows"] == export.rows[file["category"]] == len(lines_of(content))
    assert (manifest["schema_version"], manifest["people_under_restriction"]) == (1, 1)
    assert lines_of(files["messages.jsonl"])[1]["text"] == "SECRET 1 żółć"


@pytest.mark.django_db(databases=BOTH)
def test_people_come_back_with_their_groups_at_the_identity_provider(organization):
    with tenancy.tenant(organization.pk):
        ann = LicensedUser.objects.get(external_id="ann")
        for name in ("Sales", "Łódź"):
            group = ProvisionedGroup.objects.create(
                organization=organization, display_name=name, changed_at=NOW, created_at=NOW
            )
            ProvisionedMembership.objects.create(
                organization=organization, group=group, licensed_user=ann, created_at=NOW
            )
    people = lines_of(opened(fetch(make(organization)))["licensed_users.jsonl"])
    assert {person["id"]: person["groups"] for person in people} == {"ann": ["Sales", "Łódź"], "cyr": []}


@pytest.mark.django_db(databases=BOTH, transaction=True)
def test_what_was_exported_can_be_loaded_elsewhere_and_exports_the_same(organization, tmp_path):
    write(organization, EVERY_KIND)
    first = opened(fetch(make(organization)))
    other = an_organization()
    people_of(other, "ann")
    for name in ("conversations", "messages", "context_items", "diagnostics"):
        path = tmp_path / f"{name}.jsonl"
        path.write_bytes(first[path.name])
        call_command("load_content", str(path), "--organization", str(other.public_id), stdout=io.StringIO())
    second = opened(fetch(make(other)))
    assert {n: second[n] for n in second if n not in ("manifest.json", "licensed_users.jsonl")} == {
        n: first[n] for n in first if n not in ("manifest.json", "licensed_users.jsonl")
    }


@pytest.mark.django_db(databases=BOTH)
def test_an_export_of_nothing_is_an_export(organization):
    files = opened(fetch(make(an_organization())))
    assert json.loads(files["manifest.json"])["files"][0]["rows"] == 0 and files["messages.jsonl"] == b""


@pytest.mark.django_db(databases=BOTH)
def test_an_export_holds_nothing_of_the_neighbour(organization):
    write(organization, a_talk())
    neighbour = an_organization()
    people_of(neighbour, "ann")
    write(neighbour, [{**a_talk()[0], "title": "NEIGHBOUR"}, {**a_talk()[1], "text": "NEIGHBOUR"}])
    with tenancy.vendor():  # the vendor sees every organization: the operation itself keeps to one
        export = exports.make(organization, request=None, now=NOW, by="user:vendor")
    assert all(b"NEIGHBOUR" not in content for content in opened(fetch(export)).values())


@pytest.mark.django_db(databases=BOTH)
def test_more_than_one_batch_and_one_piece(organization):
    write(organization, [*a_talk(turns=900)])
    export = make(organization)
    assert export.rows["messages"] == 900
    assert len({line["id"] for line in lines_of(opened(fetch(export))["messages.jsonl"])}) == 900


@pytest.mark.django_db(databases=BOTH)
def test_the_file_on_disk_is_unreadable_without_its_row(organization, folder):
    write(organization, EVERY_KIND)
    export, other = make(organization), make(organization)
    path = folder / f"{export.public_id}.bin"
    stored = path.read_bytes()
    assert b"SECRET" not in stored and b"messages.jsonl" not in stored and stored[:2] != b"PK"
    path.write_bytes((folder / f"{other.public_id}.bin").read_bytes())
    with pytest.raises(crypto.DecryptionFailed):
        fetch(export)
    with tenancy.tenant(organization.pk):  # not even with the key that belongs to the file
        Export.objects.filter(pk=export.pk).update(wrapped_key=other.wrapped_key)
        export.refresh_from_db()
    with pytest.raises(crypto.DecryptionFailed):
        fetch(export)


@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize("cut", [0, 1, 40], ids=["changed-bit", "one-byte-short", "forty-bytes-short"])
def test_a_damaged_file_is_never_handed_out_whole(organization, folder, cut):
    write(organization, a_talk(turns=900))
    export = make(organization)
    path = folder / f"{export.public_id}.bin"
    stored = path.read_bytes()
    path.write_bytes(stored[:-cut] if cut else stored[:-1] + bytes([stored[-1] ^ 1]))
    with pytest.raises(crypto.DecryptionFailed):
        fetch(export)


@pytest.mark.django_db(databases=BOTH)
def test_making_and_fetching_leave_a_trail(organization):
    export = make(organization)
    fetch(export, now=NOW + timedelta(hours=1))
    fetch(export, now=NOW + timedelta(hours=2))
    with tenancy.tenant(organization.pk):
        assert Export.objects.get().first_fetched_at == NOW + timedelta(hours=1)
        names = AuditEvent.objects.filter(subject_id=export.public_id).order_by("pk").values_list("name", flat=True)
        assert list(names) == ["export.made", "export.fetched", "export.fetched"]
        assert OutboxMessage.objects.get().topic == "export.made"


@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize("state", [VaultState.DESTROYING, VaultState.DESTROYED])
def test_no_export_once_the_content_is_being_destroyed(organization, folder, state):
    write(organization, EVERY_KIND)
    with tenancy.eraser(organization.pk):
        Vault.objects.update(state=state)
    with pytest.raises(vault.VaultClosed):
        make(organization)
    assert not folder.exists() or not list(folder.iterdir())


@pytest.mark.django_db(databases=BOTH)
def test_a_crash_in_the_middle_leaves_no_file_and_no_row(organization, folder, monkeypatch):
    write(organization, EVERY_KIND)
    request = a_request(organization)
    monkeypatch.setattr(vault, "read", lambda *_, **_how: (_ for _ in ()).throw(keys.ContentDestroyed("gone")))
    with pytest.raises(keys.ContentDestroyed):
        make(organization, request)
    assert not list(folder.iterdir())
    with tenancy.tenant(organization.pk):
        assert not Export.objects.exists()
        assert DeletionRequest.objects.get().export_decision == Decision.PENDING


@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize(("hours", "removed"), [(0, False), (2, True)], ids=["still-being-written", "abandoned"])
def test_the_next_run_removes_what_a_killed_process_left(organization, folder, hours, removed):
    folder.mkdir()
    left = folder / f"{uuid.uuid4()}.part"
    left.write_bytes(b"half")
    then = left.stat().st_mtime - hours * 3600
    os.utime(left, (then, then))
    make(organization)
    assert left.exists() is not removed


@pytest.mark.django_db(databases=BOTH)
def test_a_removed_file_is_gone_and_says_so(organization, folder):
    export = make(organization)
    assert exports.remove_file(export.public_id) is True
    assert exports.remove_file(export.public_id) is False
    assert not list(folder.iterdir())
    with pytest.raises(exports.FileMissing):
        fetch(export)
    with tenancy.tenant(organization.pk):
        assert Export.objects.get().first_fetched_at is None


@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize(
    ("status", "before", "exported", "waived"),
    [
        (RequestStatus.RECEIVED, Decision.PENDING, True, True),
        (RequestStatus.CONFIRMED, Decision.PENDING, True, True),
        (RequestStatus.APPROVED, Decision.PENDING, True, True),
        (RequestStatus.APPROVED, Decision.DONE, True, False),
        (RequestStatus.APPROVED, Decision.DECLINED, True, True),  # by the contract: the client has said nothing
        (RequestStatus.DESTROYING, Decision.PENDING, False, False),
        (RequestStatus.ERASED, Decision.DONE, False, False),
        (RequestStatus.CERTIFIED, Decision.PENDING, False, False),
        (RequestStatus.CANCELLED, Decision.PENDING, False, False),
    ],
)
@pytest.mark.parametrize("verb", ["export", "waive"])
def test_when_an_export_may_still_be_made_or_waived(organization, status, before, exported, waived, verb):
    request = a_request(organization, status=status, export_decision=before)
    allowed = exported if verb == "export" else waived
    with tenancy.tenant(organization.pk):
        if not allowed:
            with pytest.raises(export_decisions.ExportNotDecidable):
                _do(verb, organization, request)
        else:
            _do(verb, organization, request)
        after = DeletionRequest.objects.get().export_decision
    expected = {"export": Decision.DONE, "waive": Decision.DECLINED}[verb] if allowed else before
    assert after == expected


@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize("verb", ["export", "waive"])
def test_what_the_client_waived_itself_is_not_reversed(organization, verb):
    request = a_request(organization, status=RequestStatus.APPROVED, export_decision=Decision.DECLINED)
    with tenancy.tenant(organization.pk):
        exports.waive(request, now=NOW, by="user:test")
        assert DeletionRequest.objects.get().export_waived_at == NOW
        with pytest.raises(export_decisions.ExportNotDecidable):
            _do(verb, organization, request)


def _do(verb, organization, request):
    if verb == "export":
        exports.make(organization, request=request, now=NOW, by="user:test")
    else:
        exports.waive(request, now=NOW, by="user:test")


@pytest.mark.django_db(databases=BOTH)
def test_a_request_of_the_neighbour_is_not_answered_by_our_export(organization):
    request = a_request(an_organization())
    with tenancy.vendor(), pytest.raises(export_decisions.ExportNotDecidable):
        exports.make(organization, request=request, now=NOW, by="user:test")


@pytest.mark.django_db(databases=BOTH)
def test_waiving_leaves_a_trail(organization):
    request = a_request(organization)
    with tenancy.tenant(organization.pk):
        exports.waive(request, now=NOW, by="user:test")
        event = AuditEvent.objects.get(name="export.waived")
        assert (event.subject_id, event.data) == (request.public_id, {"proof": False})
        assert not Message.objects.exists()


@pytest.mark.django_db(databases=BOTH)
def test_staff_waive_it_only_with_the_clients_word(organization):
    request = a_request(organization)
    with tenancy.tenant(organization.pk):
        with pytest.raises(instructions.ProofNeeded):
            exports.waive(request, now=NOW, by="user:staff", for_client=True)
        assert DeletionRequest.objects.get().export_decision == Decision.PENDING
