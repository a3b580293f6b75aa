"""Keys and secrets wrapped anew under the newest key-encryption key: all of them, once, whatever comes in between."""

import json
import signal
import time
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import crypto, tenancy
from accounts.errors import Refused
from accounts.models import AuditEvent, Document, IdentityProvider
from accounts.operations import endpoints
from retention import ledger, sweeps
from retention.models import DataKey, KeyRotation, KeyRotationStep
from retention.operations import key_checks, keys, rewrapping
from retention.operations.sealed_places import BY_NAME, PLACES
from tests.accounts.parties import at_once
from tests.retention.sealing import (
    BOTH,
    NEW,
    NOW,
    OLD,
    THREE,
    all_that_is_sealed,
    process,
    something_in_every_place,
    start,
)
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def old_key(settings):
    settings.KEY_ENCRYPTION_KEYS = OLD


def versions():
    """Return the versions that each place uses, where it uses any."""
    found = {}
    for place in PLACES:
        with place.scope():
            if place.versions():
                found[place.name] = set(place.versions())
    return found


def many_people(organization, count):
    """Give an organization people with a data key each."""
    with tenancy.tenant(organization.pk):
        people = people_of(organization, *(f"p{number}" for number in range(count)))
    keys.for_writing(organization, people, now=NOW)
    return people


def test_everything_is_wrapped_anew_and_opens_without_the_old_key(settings):
    organization = something_in_every_place()
    before = all_that_is_sealed(organization)
    assert versions() == {place.name: {1} for place in PLACES}, "something lies in each place"
    settings.KEY_ENCRYPTION_KEYS = BOTH
    rotation = start()
    assert rewrapping.work(rotation, now=NOW, by="system")
    assert versions() == {place.name: {2} for place in PLACES}
    assert [one.version for one in key_checks.standing() if one.removable] == [1]
    settings.KEY_ENCRYPTION_KEYS = NEW
    assert all_that_is_sealed(organization) == before
    with tenancy.vendor():
        rotation.refresh_from_db()
        steps = {step.place: (step.total, step.done, step.failed) for step in rotation.steps.all()}
        events = AuditEvent.objects.filter(subject_id=rotation.public_id).order_by("pk")
        names = list(events.values_list("name", flat=True))
    assert (rotation.state, rotation.finished_at, rotation.last_error) == ("finished", NOW, "")
    # A person and what has no owner; the seed of the codes, one that was moved here, and what an app counts from.
    assert (steps["data_keys"], steps["second_factors"]) == ((2, 2, 0), (3, 3, 0))
    assert names == ["keys.rewrap_started", "keys.rewrap_finished"]


def test_no_data_key_and_no_content_changes(settings):
    organization = an_organization()
    (ann,) = people_of(organization, "ann")
    made = keys.for_writing(organization, [ann, None], now=NOW)
    settings.KEY_ENCRYPTION_KEYS = BOTH
    rewrapping.work(start(), now=NOW, by="system")
    keys.forget(organization)
    assert keys.for_writing(organization, [ann, None], now=NOW) == made


def test_what_is_under_the_newest_already_is_let_be(settings):
    settings.KEY_ENCRYPTION_KEYS = BOTH
    something_in_every_place()
    with tenancy.vendor(), pytest.raises(Refused) as refused:
        rewrapping.start(now=NOW, by="user:one")
    assert refused.value.code == "nothing_to_rewrap"


@pytest.mark.parametrize("workers", [2, 4])
def test_who_start_at_once_start_one(settings, workers):
    many_people(an_organization(), 3)
    settings.KEY_ENCRYPTION_KEYS = BOTH
    outcomes = at_once(*[start] * workers)
    assert sorted(getattr(one, "code", "started") for one in outcomes) == [
        *["key_rotation_running"] * (workers - 1),
        "started",
    ]
    with tenancy.vendor():
        assert (KeyRotation.objects.count(), KeyRotationStep.objects.count()) == (1, len(PLACES))


def test_two_workers_share_the_work_and_count_each_value_once(settings, monkeypatch):
    monkeypatch.setattr(rewrapping, "CHUNK", 7)
    organization = something_in_every_place()
    many_people(organization, 60)
    before = all_that_is_sealed(organization)
    settings.KEY_ENCRYPTION_KEYS = BOTH
    rotation = start()

    def worker():
        try:
            return rewrapping.work(rotation, now=NOW, by="system")
        except rewrapping.NotRunning:
            return True

    at_once(worker, worker)
    assert _finished(rotation)
    with tenancy.vendor():
        step = KeyRotationStep.objects.get(place="data_keys")
        finished = AuditEvent.objects.filter(name="keys.rewrap_finished").count()
    assert (step.total, step.done, finished) == (62, 62, 1)
    settings.KEY_ENCRYPTION_KEYS = NEW
    assert all_that_is_sealed(organization) == before


def _finished(rotation):
    """Go on where both workers stood aside for each other at the very end."""
    with tenancy.vendor():
        rotation.refresh_from_db()
    return rotation.state == "finished" or rewrapping.work(rotation, now=NOW, by="system")


def test_a_killed_process_leaves_what_another_one_finishes(settings):
    organization = an_organization()
    many_people(organization, 3)
    with ledger.vendor():
        (ann, *_others) = DataKey.objects.order_by("pk")
    more = 30_000
    own = crypto.KeyEncryptionKeys.from_text(OLD)
    rows = [DataKey(organization_ref=organization.public_id, subject_ref=None, created_at=NOW) for _ in range(more)]
    for number, row in enumerate(rows):
        row.subject_ref = type(row.id)(int=number + 1)
        context = keys.key_context(row.organization_ref, row.subject_ref, row.id)
        wrapped = own.wrap(b"k" * 32, context=context)
        row.wrapped, row.key_version = wrapped.ciphertext, wrapped.version
    with ledger.tenant(organization.public_id):
        DataKey.objects.bulk_create(rows, batch_size=5000)
    settings.KEY_ENCRYPTION_KEYS = BOTH

    def left():
        with ledger.vendor():
            return BY_NAME["data_keys"].older(2)

    running = process("manage.py", "rewrap_keys", "--format", "json")
    until = time.monotonic() + 60
    while left() == more + 3 and time.monotonic() < until and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert 0 < left() < more + 3, "killed in the middle"
    done = process("manage.py", "rewrap_keys", "--format", "json")
    said, error = done.communicate(timeout=120)
    assert done.returncode == 0, error
    told = json.loads(said)
    assert (told["state"], told["removable"], left()) == ("finished", [1], 0)
    assert told["places"]["data_keys"] == {"total": more + 3, "done": more + 3, "failed": 0}
    with tenancy.vendor():
        assert KeyRotation.objects.count() == 1, "it went on with the job that it found"
    with ledger.vendor():
        assert DataKey.objects.get(pk=ann.pk).wrapped != ann.wrapped


def test_a_key_that_an_erasure_destroys_meanwhile_stays_destroyed(settings, monkeypatch):
    monkeypatch.setattr(rewrapping, "CHUNK", 2)
    organization = an_organization()
    many_people(organization, 6)
    settings.KEY_ENCRYPTION_KEYS = BOTH
    rotation = start()
    rewrapping.work(rotation, now=NOW, by="system", budget=timedelta(0))
    with ledger.eraser(organization.public_id):
        DataKey.objects.filter(organization_ref=organization.public_id).delete()
    assert rewrapping.work(rotation, now=NOW, by="system")
    with ledger.vendor():
        assert not DataKey.objects.exists()
    with tenancy.vendor():
        assert KeyRotationStep.objects.get(place="data_keys").done == 6


def test_a_value_is_written_only_over_the_one_that_was_read(settings):
    """The secret was rotated, or the row is gone, between reading and writing: neither comes back."""
    organization = an_organization()
    with tenancy.vendor():
        endpoint, _text = endpoints.make(organization=organization, url="https://8.8.8.8/h", now=NOW, by="user:one")
    old = bytes(endpoint.secret)
    place = BY_NAME["webhook_secrets"]
    with tenancy.vendor():
        endpoints.rotate_secret(endpoint, overlap=timedelta(0), now=NOW, by="user:one")
        assert place._write([(endpoint.pk, old, b"anew", 2), (endpoint.pk + 1, old, b"anew", 2)]) == 0
        endpoint.refresh_from_db()
    assert endpoint.secret_version == 1
    assert bytes(endpoint.secret) not in (old, b"anew")


def test_rows_that_others_hold_are_passed_over_and_tried_again(settings):
    something_in_every_place()
    settings.KEY_ENCRYPTION_KEYS = BOTH
    rotation = start()

    def hold_and_work():
        with tenancy.vendor():
            Document.objects.select_for_update().get()
            (finished,) = at_once(lambda: rewrapping.work(rotation, now=NOW, by="system"))
            return finished

    assert hold_and_work() is False
    with tenancy.vendor():
        rotation.refresh_from_db()
    assert (rotation.last_error, rotation.retry_at) == (rewrapping.HELD, NOW + rewrapping.REST)
    assert sweeps.rewrap_all(at=NOW, by="system").done == 0, "it rests"
    assert sweeps.rewrap_all(at=NOW + rewrapping.REST, by="system").done == 1
    assert versions() == {place.name: {2} for place in PLACES}


def test_a_value_that_does_not_open_is_counted_and_holds_up_nothing_else(settings):
    something_in_every_place()
    assert key_checks.faults(now=NOW, note=True) == []
    with tenancy.vendor():
        IdentityProvider.objects.update(sealed_secret=b"torn")
    settings.KEY_ENCRYPTION_KEYS = BOTH
    rotation = start()
    assert rewrapping.work(rotation, now=NOW, by="system") is False
    with tenancy.vendor():
        rotation.refresh_from_db()
        step = rotation.steps.get(place="identity_providers")
    assert (rotation.state, rotation.last_error) == ("running", rewrapping.NOT_OPENED)
    assert (step.total, step.done, step.failed) == (1, 0, 1)
    assert [name for name, found in versions().items() if found == {1}] == ["identity_providers"]
    assert not [one for one in key_checks.standing() if one.removable], "the old key must stay"
    with pytest.raises(CommandError, match="values_do_not_open"):
        call_command("rewrap_keys", stdout=StringIO())


def test_it_waits_where_the_target_is_no_longer_configured(settings):
    many_people(an_organization(), 2)
    settings.KEY_ENCRYPTION_KEYS = BOTH
    rotation = start()
    settings.KEY_ENCRYPTION_KEYS = OLD
    assert rewrapping.work(rotation, now=NOW, by="system") is False
    with tenancy.vendor():
        rotation.refresh_from_db()
    assert rotation.last_error == rewrapping.OLD_KEYS
    settings.KEY_ENCRYPTION_KEYS = f"{BOTH},3:{THREE}"
    assert rewrapping.work(rotation, now=NOW, by="system"), "a newer one than the target does"
    assert versions() == {"data_keys": {3}}


def test_a_stopped_job_does_no_more(settings):
    many_people(an_organization(), 2)
    settings.KEY_ENCRYPTION_KEYS = BOTH
    rotation = start()
    with tenancy.vendor():
        rewrapping.stop(rotation, now=NOW, by="user:one")
        with pytest.raises(rewrapping.NotRunning):
            rewrapping.stop(rotation, now=NOW, by="user:one")
    assert rewrapping.work(rotation, now=NOW, by="system") is False
    assert versions() == {"data_keys": {1}}
    rewrapping.work(start(), now=NOW, by="system")
    assert versions() == {"data_keys": {2}}


def test_with_wrong_keys_nothing_is_started(settings):
    many_people(an_organization(), 2)
    settings.KEY_ENCRYPTION_KEYS = f"1:{THREE},{BOTH.partition(',')[2]}"
    with tenancy.vendor(), pytest.raises(Refused, match="version 1 is another key") as refused:
        rewrapping.start(now=NOW, by="user:one")
    assert refused.value.code == "keys_wrong"


def test_the_command_says_what_may_be_taken_out(settings):
    something_in_every_place()
    settings.KEY_ENCRYPTION_KEYS = BOTH
    out = StringIO()
    call_command("rewrap_keys", stdout=out)
    assert "Data keys: 2 of 2" in out.getvalue()
    assert "Nothing is under version 1 any more" in out.getvalue() and "35 days" in out.getvalue()
    out = StringIO()
    call_command("rewrap_keys", "--format", "json", stdout=out)
    assert json.loads(out.getvalue())["state"] == "nothing_to_do"
