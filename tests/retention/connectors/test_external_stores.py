"""Stores as the vendor configures them: secrets sealed, addresses guarded, tests kept; by browser and by REST."""

import json
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from accounts.models import LicensedUser, OutboxMessage
from retention.connectors.protocol import Residue, StoreMisconfigured
from retention.models import ExternalStore
from retention.operations import attesting, external
from tests.retention.connectors.configured import NOW, PAPER, SECRET, Asked, a_store, events, paper
from tests.retention.connectors.databases import RUN, a_product, erase
from tests.retention.connectors.test_service import Service
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def on_this_machine(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True


def test_a_secret_is_sealed_and_opens_for_its_own_store_only():
    store, other = a_store(), a_store(code="other")
    assert b"whsec" not in bytes(store.secret) and store.secret_version == 1
    with tenancy.vendor():
        ExternalStore.objects.filter(pk=other.pk).update(secret=store.secret)
        other.refresh_from_db()
        with pytest.raises(StoreMisconfigured, match="credentials"):
            external.connector_for(other, now=NOW)
        assert [(f["field"], f["code"]) for f in external.test(other, now=NOW, by="u").check_faults] == [
            ("secret", "credentials")
        ]
    assert SECRET not in json.dumps(events()) and "product.example" not in json.dumps(events())


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        pytest.param({"code": "Two words"}, "code", "invalid_slug", id="code"),
        pytest.param({"name": ""}, "name", "blank", id="name"),
        pytest.param({"holds": "\x00"}, "holds", "control_character", id="nul"),
        pytest.param({"location": " "}, "location", "blank", id="location"),
        pytest.param({"kind": "ftp"}, "kind", "unknown", id="kind"),
        pytest.param({"position": -1}, "position", "out_of_range", id="position"),
        pytest.param({"secret": ""}, "secret", "invalid_secret", id="no-secret"),
        pytest.param({"secret": "whsec_short"}, "secret", "invalid_secret", id="short-secret"),
        pytest.param({"settings": []}, "settings", "not_an_object", id="settings-are-a-list"),
        pytest.param({"settings": {}}, "settings.url", "required", id="no-address"),
        pytest.param({"settings": {"url": "ftp://x.example"}}, "settings.url", "not_https", id="address"),
        pytest.param({"settings": {"url": "https://x.example/", "a\x00": 1}}, "settings.?", "unknown", id="nul-inside"),
        pytest.param({"settings": {"x": "y" * 600_000}}, "settings", "too_long", id="endless"),
        pytest.param({"kind": "manual", "settings": PAPER}, "secret", "no_secret", id="paper-has-no-secret"),
        pytest.param({"kind": "s3", "secret": "żółw"}, "secret", "invalid_credential", id="secret-key-is-ascii"),
        pytest.param(
            {"kind": "postgresql", "settings": {"host": "/tmp", "tables": [{}]}},
            "settings.host",
            "no_host",
            id="socket",
        ),
    ],
)
def test_what_a_store_must_be(values, field, code):
    with pytest.raises(InvalidInput) as caught:
        a_store(**values)
    assert (field, code) in [(fault.field, fault.code) for fault in caught.value.errors]
    with tenancy.vendor():
        assert not ExternalStore.objects.exists()


def test_a_code_is_given_once():
    a_store()
    with pytest.raises(Refused) as caught:
        a_store()
    assert caught.value.code == "code_taken"


def changed(store, **values):
    with tenancy.vendor():
        return external.change(store, **values, now=NOW, by="user:one")


def test_another_address_needs_the_secret_again():
    store = a_store()
    elsewhere = {"url": "https://evil.example/"}
    with pytest.raises(InvalidInput) as caught:
        changed(store, settings=elsewhere)
    assert [(fault.field, fault.code) for fault in caught.value.errors] == [("secret", "required")]
    assert changed(store, settings={**store.settings, "seconds": 20}).settings["seconds"] == 20
    assert changed(store, settings=elsewhere, secret=SECRET).settings == elsewhere
    before = len(events())
    changed(store, settings=elsewhere, secret="", name="Product")
    assert len(events()) == before, "the same again writes nothing"


@pytest.mark.parametrize("field", ["host", "port", "database", "user", "tls", "authority"])
def test_each_part_of_a_databases_address_counts(field):
    with a_product() as product:
        store = a_store(kind="postgresql", settings=product.mapping(), secret="p")
    values = {"port": 5433, "tls": "require"}
    with pytest.raises(InvalidInput):
        changed(store, settings={**store.settings, field: values.get(field, "other")})
    assert changed(store, settings={**store.settings, "statement_seconds": 9})


def test_the_connection_is_tested_and_what_was_seen_is_kept():
    service, at = Service(), datetime.now(UTC)  # it refuses calls that were signed long ago
    try:
        store = a_store(settings={"url": service.url})
        with tenancy.vendor():
            seen = external.test(store, now=at, by="user:one")
        assert (seen.checked_at, seen.check_faults) == (at, [])
        service.close()
        with tenancy.vendor():
            seen = external.test(store, now=at + timedelta(hours=1), by="user:one")
        assert [fault["code"] for fault in seen.check_faults] == ["connection"]
        assert changed(store, settings={"url": service.url, "seconds": 3}).checked_at is None
    finally:
        service.close()
    assert events()[-2] == ("external_store.tested", {"code": "product", "faults": ["connection"]})


def test_what_was_seen_of_other_settings_is_not_kept():
    store = a_store()
    with tenancy.vendor():
        seen = ExternalStore.objects.get(pk=store.pk)
    changed(store, settings={**store.settings, "seconds": 20})
    with tenancy.vendor(), pytest.raises(Refused) as caught:
        external._note(seen, [], now=NOW, by="user:one")
    assert caught.value.code == "store_changed"


def test_a_disabled_store_says_since_when_and_is_not_emptied():
    second, first = a_store(position=2), paper(position=1)
    with tenancy.vendor():
        assert list(external.enabled()) == [first, second]
        external.switch(first, on=False, now=NOW, by="user:one")
        with pytest.raises(Refused) as caught:
            external.switch(first, on=False, now=NOW, by="user:one")
        assert (first.disabled_at, caught.value.code) == (NOW, "store_unchanged")
        assert list(external.enabled()) == [second]
        assert external.switch(first, on=True, now=NOW, by="user:one").disabled_at is None


def test_a_real_database_is_emptied_of_a_real_organization():
    organization = an_organization()
    ann, ben = people_of(organization, "ann-1", "ben-2")
    with a_product() as product:
        product.fill()
        product.run(
            "UPDATE app.users SET company = %s WHERE company = '00000000-0000-0000-0000-000000000ace'",
            organization.public_id,
        )
        product.run("UPDATE app.conversations SET company = u.company FROM app.users u WHERE u.id = author")
        product.run(
            "UPDATE app.logins SET tenant = %s, email = substr(id, 4) || '@client.example' WHERE tenant = 'V1'",
            organization.registration_number,
        )
        tenants = {str(organization.public_id): "17"}
        store = a_store(
            kind="postgresql", settings=product.mapping(tenants=tenants), secret=urlsplit(product.dsn).password
        )
        with tenancy.vendor():
            assert external.test(store, now=NOW, by="user:one").check_faults == []
        one = external.target_of(organization, [ann])
        with closing(external.connector_for(store, now=NOW)) as connector:
            assert sum(progress.erased for progress in erase(connector, one, now=NOW)) == 6
            whole = external.target_of(organization)
            assert sum(progress.erased for progress in erase(connector, whole, now=NOW)) == 7
            assert connector.verify(whole, run=RUN) == []
        assert product.run("SELECT count(*) FROM app.users") == [(2,)]
    assert ben.pk


def test_a_registration_number_of_two_countries_names_nobody():
    french, polish = an_organization(registration_number="SAME"), None
    assert external.target_of(french).registration_number == "SAME"
    polish = an_organization(registration_number="SAME", country="PL")
    assert external.target_of(french).registration_number == external.target_of(polish).registration_number == ""


def test_people_are_named_by_all_that_stores_may_know_them_by():
    organization = an_organization()
    (ann,) = people_of(organization, "ann", user_name="Ann@sso.example")
    with tenancy.tenant(organization.pk):
        LicensedUser.objects.filter(pk=ann.pk).update(email="")
        ann.refresh_from_db()
    (person,) = external.target_of(organization, [ann]).people
    assert (person.public_id, person.external_id, person.emails) == (ann.public_id, "ann", ("Ann@sso.example",))
    assert "ann" not in repr(person).lower().replace("person", "")


def test_paper_is_asked_for_once_and_done_when_somebody_attests_it():
    asked = Asked()
    first = asked.chunk()
    assert (first.finished, first.ask_again_at) == (False, NOW + timedelta(hours=1))
    assert asked.chunk(NOW + timedelta(hours=1)).finished is False
    row = asked.row()
    assert (row.asked_at, row.due_at, row.people, row.attested_at) == (NOW, NOW + timedelta(days=10), None, None)
    connector = external.connector_for(asked.store, now=NOW)
    assert connector.verify(asked.target, run=asked.run) == [Residue("paper", "not_attested", 1)]
    attested = asked.attest()
    assert (attested.attested_by, attested.document.filename) == ("user:two", "protocol.pdf")
    assert asked.chunk().finished is True
    assert connector.verify(asked.target, run=asked.run) == []
    with pytest.raises(Refused) as caught:
        asked.attest()
    assert caught.value.code == "already_attested"
    with tenancy.vendor():
        topics = list(OutboxMessage.objects.order_by("pk").values_list("topic", flat=True))
    assert topics == ["manual_erasure.asked", "manual_erasure.attested"]


def test_a_client_is_asked_in_the_erasers_scope_too():
    asked = Asked()
    with tenancy.eraser(asked.organization.pk):
        assert asked.chunk().finished is False
        assert tenancy.current().role == tenancy.ERASER_ROLE
    assert asked.row().run == asked.run


def test_two_workers_ask_once():
    asked, errors, barrier = Asked(), [], threading.Barrier(4)

    def work():
        barrier.wait()
        try:
            asked.chunk()
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and asked.row()
    assert [name for name, _data in events()].count("manual_erasure.asked") == 1


def test_two_people_attest_once():
    asked, found, barrier = Asked(), [], threading.Barrier(2)
    asked.chunk()

    def work():
        barrier.wait()
        try:
            asked.attest()
            found.append("done")
        except Refused as error:
            found.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _person in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["already_attested", "done"]


def test_an_empty_document_attests_nothing():
    asked = Asked()
    asked.chunk()
    with pytest.raises(InvalidInput), tenancy.vendor():
        attesting.attest(asked.row(), SimpleUploadedFile("x.pdf", b""), now=NOW, by="user:two")
    assert asked.row().attested_at is None
