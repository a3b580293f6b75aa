"""A lost, wrong or malformed key is said at the start, by real processes and the probe, and never shown."""

import pytest
from django.test import Client

from accounts import tenancy
from config import health
from retention.models import KeyEncryptionKey
from retention.operations import key_checks, keys
from tests.accounts.parties import at_once
from tests.retention.sealing import BOTH, NEW, NOW, OLD, ONE, THREE, TWO, process, something_in_every_place
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
SECRETS = (ONE, TWO, THREE)


@pytest.fixture(autouse=True)
def old_key(settings, monkeypatch):
    settings.KEY_ENCRYPTION_KEYS = OLD
    monkeypatch.setattr(health, "_fitted", {})


def a_data_key():
    organization = an_organization()
    (ann,) = people_of(organization, "ann")
    keys.for_writing(organization, [ann], now=NOW)


def noted():
    with tenancy.vendor():
        return dict(KeyEncryptionKey.objects.values_list("version", "check_value"))


def faults(*, note=False):
    return key_checks.faults(now=NOW, note=note)


@pytest.mark.parametrize("known", [True, False], ids=["its-check-value-is-kept", "it-is-tried-on-what-is-stored"])
@pytest.mark.parametrize(
    ("configured", "said"),
    [
        pytest.param(OLD, [], id="the-right-one"),
        pytest.param(BOTH, [], id="and-a-new-one"),
        pytest.param(f"1:{THREE}", ["version 1 is another key"], id="another-under-the-same-version"),
        pytest.param(NEW, ["version 1 is missing, and stored values are under it (data_keys 1)"], id="lost"),
        pytest.param(f"2:{ONE}", ["version 1 is missing"], id="the-right-one-under-a-wrong-version"),
        pytest.param("", ["TERME_KEY_ENCRYPTION_KEYS: key-encryption keys: entry 1 is not"], id="empty"),
        pytest.param(ONE, ["entry 1 is not of the form version:base64"], id="without-a-version"),
        pytest.param(f"1:{ONE[:-8]}", ["version 1"], id="cut-short"),
        pytest.param(f"1:{ONE},1:{TWO}", ["version 1 comes twice"], id="twice"),
    ],
)
def test_what_the_check_says_of_configured_keys(settings, configured, said, known):
    a_data_key()
    if known:
        assert faults(note=True) == []
    settings.KEY_ENCRYPTION_KEYS = configured
    found = faults()
    assert len(found) == len(said)
    for sentence, part in zip(found, said, strict=True):
        assert part in sentence and "TERME_KEY_ENCRYPTION_KEYS" in sentence
        assert not any(secret in sentence for secret in SECRETS)


@pytest.mark.parametrize("text", ["", "x", "AAAA", ONE + "AAAA"])
def test_a_malformed_signing_key_is_said_and_not_shown(settings, text):
    settings.SIGNING_KEY = text
    (said,) = faults()
    assert said.startswith("TERME_SIGNING_KEY: signing key: it must be the base64 of 32 bytes")
    assert len(text) < 4 or text not in said


@pytest.mark.parametrize(
    "text", ["x", ONE, "MCowBQYDK2VwAyEA", "MCowBQYDK2V/AyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="]
)
def test_a_former_public_key_that_is_none_is_said(settings, text):
    settings.FORMER_PUBLIC_KEYS = [text]
    (said,) = faults()
    assert said.startswith("TERME_FORMER_PUBLIC_KEYS: write of each key the line")


def test_another_signing_key_is_no_fault(settings):
    settings.SIGNING_KEY = THREE
    assert faults() == []


def test_a_check_value_is_kept_at_the_first_start_and_a_key_that_nothing_is_under_may_be_replaced(settings):
    settings.KEY_ENCRYPTION_KEYS = BOTH
    a_data_key()
    assert faults() == [] and noted() == {}, "the probe keeps nothing"
    assert at_once(*[lambda: faults(note=True)] * 3) == [[]] * 3
    first = noted()
    assert first.keys() == {1, 2}
    settings.KEY_ENCRYPTION_KEYS = f"2:{TWO},1:{THREE}"
    assert len(faults()) == 1, "a process that runs with another key is not ready"
    assert faults(note=True) == []
    assert noted()[1] != first[1] and noted()[2] == first[2]


def test_with_a_fault_nothing_is_kept(settings):
    a_data_key()
    settings.KEY_ENCRYPTION_KEYS = NEW
    assert faults(note=True) and noted() == {}


def test_the_place_of_each_lost_key_is_named(settings):
    something_in_every_place()
    settings.KEY_ENCRYPTION_KEYS = NEW
    (said,) = faults()
    for place in ("second_factors 3", "documents 1", "old_webhook_secrets 1", "erasure_identifiers 1", "data_keys 2"):
        assert place in said


def test_the_probe_says_that_the_keys_are_wrong_and_no_more(settings):
    a_data_key()
    assert Client().get("/health/ready").json()["parts"]["keys"] == "ok"
    settings.KEY_ENCRYPTION_KEYS = f"1:{THREE}"
    answer = Client().get("/health/ready")
    assert answer.status_code == 503
    assert [name for name, state in answer.json()["parts"].items() if state == "down"] == ["keys"]


WEB = ("-m", "gunicorn", "config.wsgi:application", "--bind", "127.0.0.1:0", "--no-control-socket")
WORKER = ("-m", "celery", "-A", "config.celery:app", "worker", "-Q", "nothing", "-c", "1", "-P", "solo")
CHECK = ("manage.py", "check_keys")
REWRAP = ("manage.py", "rewrap_keys")
LOAD = ("manage.py", "load_content", "README.md")


@pytest.mark.parametrize(
    "program", [WEB, WORKER, CHECK, REWRAP, LOAD], ids=["web", "worker", "check", "rewrap", "load"]
)
@pytest.mark.parametrize("configured", [f"1:{THREE}", f"1:{ONE[:8]}"], ids=["wrong", "malformed"])
def test_a_process_ends_with_a_sentence(program, configured):
    a_data_key()
    running = process(*program, keys=configured)
    out, error = running.communicate(timeout=60)
    assert running.returncode != 0
    assert "TERME_KEY_ENCRYPTION_KEYS: " in error and "version 1" in error
    assert "Traceback" not in error and THREE not in out + error and ONE[:8] not in out + error


def test_a_process_with_a_malformed_signing_key_ends_with_a_sentence():
    running = process(*WEB, signing="short")
    _out, error = running.communicate(timeout=60)
    assert running.returncode != 0 and "TERME_SIGNING_KEY: " in error and "Traceback" not in error
