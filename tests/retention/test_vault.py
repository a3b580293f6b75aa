"""Writing content: sealed under its owner's key, stored once, refused behind the fence; wrong lines are named."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier, Event

import pytest
from django.db import connection, connections, transaction

from accounts import crypto, tenancy
from accounts.models import AuditEvent
from retention import ledger
from retention.enums import VaultState
from retention.models import ContextItem, Conversation, DataKey, Diagnostic, Message, Vault
from retention.operations import keys, vault
from tests.retention.vaults import a_line, a_talk, an_organization, parsed, people_of

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
BOTH = ["default", "ledger"]
EVERY_KIND = [
    *a_talk(),
    {
        "kind": "context_item",
        "id": "x1",
        "at": "2026-02-02T10:00:00+00:00",
        "author": "ann",
        "name": "team",
        "text": "SECRET x",
    },
    {
        "kind": "diagnostic",
        "id": "d1",
        "at": "2026-02-02T10:00:00+00:00",
        "type": "tone",
        "payload": {"score": "SECRET", "n": 3},
    },
]


def write(organization, objects):
    with tenancy.tenant(organization.pk):
        return vault.write(organization, parsed(objects), now=NOW, by="user:test")


def close(organization, state=VaultState.DESTROYING):
    with tenancy.eraser(organization.pk):
        Vault.objects.filter(organization=organization).update(state=state)


@pytest.fixture
def organization():
    made = an_organization()
    people_of(made, "ann", "ben")
    people_of(made, "cyr", processing_restricted_at=NOW)
    return made


@pytest.mark.django_db(databases=BOTH)
def test_every_kind_is_stored_and_reads_back_as_it_was_written(organization):
    assert write(organization, EVERY_KIND) == vault.WriteResult(created=5, existing=0, rejected=[])
    with tenancy.tenant(organization.pk):
        found = {
            row.external_id: sealed
            for model in vault.MODELS.values()
            for row, sealed in zip(
                model.objects.order_by("pk"), vault.read(organization, model.objects.order_by("pk")), strict=True
            )
        }
    assert found == {
        "c1": {"title": "Leave"},
        "c1-0": {"text": "SECRET 0 żółć"},
        "c1-1": {"text": "SECRET 1 żółć"},
        "x1": {"name": "team", "text": "SECRET x"},
        "d1": {"payload": {"score": "SECRET", "n": 3}},
    }


@pytest.mark.django_db(databases=BOTH)
def test_nothing_that_was_said_lies_open_in_the_tables(organization):
    write(organization, EVERY_KIND)
    with tenancy.tenant(organization.pk), connection.cursor() as cursor:
        for model in vault.MODELS.values():
            cursor.execute(f"SELECT t::text, encode(sealed, 'escape') FROM {model._meta.db_table} t")
            assert not [row for row in cursor.fetchall() if "SECRET" in "".join(row) or "Leave" in "".join(row)]


@pytest.mark.django_db(databases=BOTH)
def test_whose_key_seals_what(organization):
    write(organization, EVERY_KIND)
    with tenancy.tenant(organization.pk):
        owners = {
            row.external_id: row.subject and row.subject.external_id
            for model in vault.MODELS.values()
            for row in model.objects.select_related("subject")
        }
        used = {row.subject_id: {row.key_id} for model in vault.MODELS.values() for row in model.objects.all()}
    assert owners == {"c1": "ann", "c1-0": "ann", "c1-1": "ann", "x1": "ann", "d1": None}
    assert len(used) == 2 and used[None] not in [ids for subject, ids in used.items() if subject]


@pytest.mark.django_db(databases=BOTH)
def test_the_same_again_is_there_already_and_leaves_no_event(organization):
    write(organization, EVERY_KIND)
    assert write(organization, EVERY_KIND) == vault.WriteResult(created=0, existing=5, rejected=[])
    with tenancy.tenant(organization.pk):
        assert Message.objects.count() == 2
        (event,) = AuditEvent.objects.filter(name="content.ingested")
    assert event.data == {"created": 5, "existing": 0, "rejected": 0}


@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        pytest.param({"author": "nobody"}, "author", "unknown_author", id="unknown-author"),
        pytest.param({"author": "cyr"}, "author", "processing_restricted", id="restricted-author"),
        pytest.param({"conversation": "gone"}, "conversation", "unknown_conversation", id="unknown-conversation"),
        pytest.param({"id": "c1-0"}, "id", "duplicate", id="same-id-other-content-in-one-batch"),
        pytest.param({"author": "stranger"}, "author", "unknown_author", id="a-person-next-door"),
        pytest.param({"conversation": "next-door"}, "conversation", "unknown_conversation", id="a-talk-next-door"),
    ],
)
def test_a_wrong_line_is_named_and_the_others_are_stored(organization, line, field, code):
    neighbour = an_organization()
    people_of(neighbour, "stranger")
    write(neighbour, a_talk(author="stranger", place="next-door"))
    wrong = {**a_talk()[1], "id": "wrong", "text": "UNHEARD", **line}
    result = write(organization, [*a_talk(), wrong])
    assert (result.created, result.existing) == (3, 0)
    assert [(r.number, r.field, r.code) for r in result.rejected] == [(4, field, code)]
    assert "UNHEARD" not in result.rejected[0].message


@pytest.mark.django_db(databases=BOTH)
def test_an_answer_to_a_person_under_restriction_is_not_stored(organization):
    write(organization, a_talk())
    with tenancy.tenant(organization.pk):
        Conversation.objects.get().subject.__class__.objects.filter(external_id="ann").update(
            processing_restricted_at=NOW
        )
    result = write(organization, [{**a_talk()[2], "id": "later"}])
    assert [(r.field, r.code) for r in result.rejected] == [("conversation", "processing_restricted")]
    with tenancy.tenant(organization.pk):
        assert Message.objects.count() == 2, "what is there is kept"


@pytest.mark.django_db(databases=BOTH)
def test_a_message_may_come_before_its_conversation_in_one_batch(organization):
    assert write(organization, a_talk()[::-1]).created == 3


@pytest.mark.django_db(databases=BOTH)
def test_an_answer_belongs_to_the_person_whose_conversation_stands(organization):
    write(organization, a_talk(author="ann")[:1])
    write(organization, [*a_talk(author="ben")[:1], a_talk()[2]])
    with tenancy.tenant(organization.pk):
        assert Message.objects.get().subject.external_id == "ann"


@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize("state", [VaultState.DESTROYING, VaultState.DESTROYED])
def test_a_vault_that_is_not_open_takes_nothing_and_makes_no_key(organization, state):
    with tenancy.tenant(organization.pk):
        vault.enter(organization, now=NOW)
    close(organization, state)
    with pytest.raises(vault.VaultClosed) as refused:
        write(organization, EVERY_KIND)
    assert refused.value.code == "vault_closed"
    with ledger.vendor():
        assert not DataKey.objects.exists()


@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param("public_id = gen_random_uuid()", id="another-row"),
        pytest.param("sealed = overlay(sealed placing '\\x00'::bytea from 20)", id="changed-bytes"),
    ],
)
def test_a_sealed_row_opens_in_its_own_place_only(organization, change):
    write(organization, a_talk())
    with tenancy.tenant(organization.pk):
        row = Message.objects.first()
        if "public_id" in change:
            row.public_id = Conversation.objects.get().public_id
        else:
            row.sealed = bytes(row.sealed)[:-1] + bytes([bytes(row.sealed)[-1] ^ 1])
        with pytest.raises(crypto.DecryptionFailed):
            vault.read(organization, [row])


@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize("count", [1, 200], ids=["one-line", "two-hundred-lines"])
def test_a_batch_costs_the_same_number_of_queries(organization, count, django_assert_max_num_queries):
    write(organization, a_talk())
    with django_assert_max_num_queries(16):
        write(organization, a_talk(place="c2", turns=count))


@pytest.mark.django_db(databases=BOTH)
def test_a_batch_has_a_largest_size(organization):
    line = a_line(**EVERY_KIND[3])
    with tenancy.tenant(organization.pk), pytest.raises(ValueError, match="1000"):
        vault.write(organization, [line] * 1001, now=NOW, by="user:test")


@pytest.mark.django_db(databases=BOTH)
def test_an_empty_batch_changes_nothing(organization):
    assert write(organization, []) == vault.WriteResult()
    with tenancy.tenant(organization.pk):
        assert not ContextItem.objects.exists() and not Diagnostic.objects.exists()
        assert not AuditEvent.objects.filter(name="content.ingested").exists()


def in_threads(*jobs):
    def run(job):
        try:
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result(timeout=20) for future in [pool.submit(run, job) for job in jobs]]


@pytest.mark.django_db(databases=BOTH, transaction=True)
def test_two_writers_of_the_same_lines_store_each_once(organization):
    lines = [line for n in range(40) for line in a_talk(author="ann" if n % 2 else "ben", place=f"c{n}", turns=4)]
    start = Barrier(4)

    def writer(order):
        def job():
            start.wait()
            return write(organization, order)

        return job

    results = in_threads(*(writer(order) for order in (lines, lines[::-1], lines, lines[::-1])))
    assert sum(r.created for r in results) == len(lines)
    assert all(r.created + r.existing == len(lines) and not r.rejected for r in results)
    with tenancy.tenant(organization.pk):
        assert (Conversation.objects.count(), Message.objects.count()) == (40, 160)
        vault.read(organization, Message.objects.all())


@pytest.mark.django_db(databases=BOTH, transaction=True)
def test_rows_are_stored_in_one_order_and_so_writers_never_deadlock(organization):
    write(organization, a_talk(place="before"))  # the vault and the keys are there
    first, last = a_talk(place="a")[:1], a_talk(place="z")[:1]
    begun = Event()

    def in_order():
        with tenancy.tenant(organization.pk):
            vault.write(organization, parsed(first), now=NOW, by="user:one")
            begun.set()
            time.sleep(0.3)  # the other writer waits for the first row by now
            vault.write(organization, parsed(last), now=NOW, by="user:one")

    def given_in_reverse():
        assert begun.wait(10)
        return write(organization, [*last, *first])

    assert in_threads(in_order, given_in_reverse)[1] == vault.WriteResult(created=0, existing=2)


@pytest.mark.django_db(databases=BOTH, transaction=True)
def test_who_closes_the_vault_waits_for_the_writer_inside_and_the_next_writer_is_refused(organization):
    with tenancy.tenant(organization.pk):
        vault.enter(organization, now=NOW)
    inside, closing, closed = Event(), Event(), Event()
    order = []

    def writer():
        with tenancy.tenant(organization.pk):
            vault.write(organization, parsed(a_talk()), now=NOW, by="user:test")
            inside.set()
            assert closing.wait(10)
            assert not closed.wait(0.5), "closed while a writer was inside"
            order.append("written")

    def closer():
        assert inside.wait(10)
        with tenancy.eraser(organization.pk):
            closing.set()
            Vault.objects.select_for_update().get(organization=organization)
            closed.set()
            order.append("closed")
            Vault.objects.filter(organization=organization).update(state=VaultState.DESTROYING)

    def late():
        assert inside.wait(10) and closed.wait(10)
        with pytest.raises(vault.VaultClosed):
            write(organization, a_talk(place="c2"))

    in_threads(writer, closer, late)
    assert order == ["written", "closed"]
    with tenancy.tenant(organization.pk):
        assert Conversation.objects.count() == 1


@pytest.mark.django_db(databases=BOTH, transaction=True)
def test_first_writers_at_once_make_one_vault(organization):
    start = Barrier(3)

    def job():
        start.wait()
        with tenancy.tenant(organization.pk):
            return vault.enter(organization, now=NOW).state

    assert in_threads(job, job, job) == [VaultState.OPEN] * 3


@pytest.mark.django_db(databases=BOTH, transaction=True)
def test_a_batch_that_fails_leaves_nothing_but_an_unused_key(organization):
    with pytest.raises(RuntimeError, match="crash"), transaction.atomic(), tenancy.tenant(organization.pk):
        vault.write(organization, parsed(EVERY_KIND), now=NOW, by="user:test")
        raise RuntimeError("crash")
    with tenancy.tenant(organization.pk):
        assert not any(model.objects.exists() for model in vault.MODELS.values())
        assert not AuditEvent.objects.filter(name="content.ingested").exists()
    keys.forget(organization)
    assert write(organization, EVERY_KIND).created == 5
