"""By what an erased person is known: what they were called before too, and not what somebody else is called now."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from accounts import tenancy
from accounts.models import AuditDetail, LicensedUser, OutboxMessage
from accounts.operations import audit, users
from accounts.rules import profiles
from contracts.models import Contract
from retention.enums import RequestKind, RequestStatus
from retention.models import CertificateAddendum, DeletionRequest, Verification
from retention.operations import people_requests, requests
from tests.retention.connectors.configured import a_store
from tests.retention.connectors.databases import a_product
from tests.retention.test_life import live_until, plant
from tests.retention.under_contract import (
    AFTER_GRACE,
    CLIENT,
    NOW,
    OFFICER,
    a_client,
    approved,
    asked,
    person,
    state_of,
)
from tests.retention.vaults import people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
PRIVATE = "ann.private@home.example"


def mapped(product, organization):
    """Configure the product's database as a store beyond the vault."""
    settings = product.mapping(tenants={str(organization.public_id): "17"})
    return a_store(kind="postgresql", settings=settings, secret=urlsplit(product.dsn).password)


def a_user_of(product, organization, ref):
    product.run("INSERT INTO app.users (company, ref) VALUES (%s, %s)", organization.public_id, ref)


def users_of(product):
    return [ref for (ref,) in product.run("SELECT ref FROM app.users ORDER BY ref")]


def put(organization, external_id, email, **values):
    with tenancy.tenant(organization.pk):
        users.put(organization, [users.Person(external_id, email, external_id, **values)], now=NOW, by=CLIENT)


def former(organization, pk):
    with tenancy.vendor():
        return LicensedUser.objects.get(organization=organization, pk=pk).former_identifiers


class TestFormerIdentifiers:
    @pytest.mark.parametrize(
        ("changes", "kept"),
        [
            ([{"email": "b@x.example"}], []),  # it is the user name still
            ([{"email": "b@x.example", "user_name": "b"}], ["ann-1@client.example"]),
            ([{"email": "b@x.example"}, {"email": "ann-1@client.example"}], ["b@x.example"]),
            ([{"external_id": "a-2"}, {"external_id": "a-3"}], ["a-2", "ann-1"]),
            ([{"provisioned_id": "guid-9"}, {"provisioned_id": ""}], ["guid-9"]),
            ([{"profile": {"emails": [{"value": PRIVATE}]}}, {"profile": {}}], [PRIVATE]),
            ([{"profile": {"emails": "none", "x": 1}}, {"profile": {"emails": ["none"]}}, {"profile": {}}], []),
            ([{"display_name": "Anna"}, {"department": "Stock"}], []),
            ([{"external_id": "a-2"}, {"former_identifiers": []}], ["ann-1"]),
        ],
    )
    def test_what_a_person_was_called_stays_whoever_changes_it(self, changes, kept):
        organization = a_client()
        ann = person(organization, "ann-1")
        for values in changes:
            with tenancy.vendor():
                LicensedUser.objects.filter(pk=ann.pk).update(**values)
        assert former(organization, ann.pk) == kept

    def test_a_stale_row_that_is_saved_forgets_nothing(self):
        organization = a_client()
        stale = person(organization, "ann-1")
        put(organization, "ann-1", "other@client.example")
        with tenancy.vendor():
            stale.save()
        assert "other@client.example" in former(organization, stale.pk)

    def test_what_names_an_old_address_is_found_and_goes(self):
        organization = a_client()
        with tenancy.vendor():
            detail = {"asked": "ann-1@client.example"}
            audit.record("note.kept", organization, by="user:one", at=NOW, detail=detail)
        put(organization, "ann-1", "anna@client.example")
        plant(organization, ("contracts_contract", "reference", "'C of ann-1@client.example'"))
        request = approved(asked(organization, "ann-1"))
        live_until(AFTER_GRACE)
        assert state_of(request) == RequestStatus.FAILED
        with tenancy.vendor():
            hits = Verification.objects.latest("pk").hits
            assert not AuditDetail.objects.filter(text__icontains="ann-1@client.example").exists()
        assert {hit["place"] for hit in hits} == {"default.contracts_contract.reference"}

    def test_a_store_that_knows_the_old_name_erases_while_a_correction_waits(self):
        organization = a_client()
        with a_product() as product:
            mapped(product, organization)
            a_user_of(product, organization, "ann-1")
            asked(organization, "ann-1", kind=RequestKind.CORRECT, corrections={"external_id": "anna-1"})
            request = approved(asked(organization, "anna-1"))
            live_until(AFTER_GRACE)
            assert (state_of(request), users_of(product)) == (RequestStatus.CERTIFIED, [])


def test_every_address_of_a_profile_is_searched_for():
    organization = a_client()
    profile = {"emails": [{"value": "ann-1@client.example", "primary": True}, {"value": PRIVATE, "type": "home"}]}
    with tenancy.vendor():
        LicensedUser.objects.filter(organization=organization, external_id="ann-1").update(profile=profile)
    assert profiles.addresses(profile) == ["ann-1@client.example", PRIVATE]
    plant(organization, ("contracts_contract", "reference", f"'C of {PRIVATE}'"))
    request = approved(asked(organization, "ann-1"))
    live_until(AFTER_GRACE)
    assert state_of(request) == RequestStatus.FAILED


class TestSomebodyElseIsCalledSoNow:
    def test_who_was_hired_again_before_the_erasure_stays_in_a_store_beyond(self):
        organization = a_client()
        with a_product() as product:
            mapped(product, organization)
            with tenancy.vendor():
                gone = {"status": "deleted", "delete_at": NOW, "deleted_at": NOW, "status_at": NOW}
                LicensedUser.objects.filter(organization=organization, external_id="ann-1").update(**gone)
            people_of(organization, "ann-1")
            a_user_of(product, organization, "ann-1")
            live_until(NOW)
            with tenancy.vendor():
                request = DeletionRequest.objects.get()
                people_requests.decide(request, now=NOW, by=CLIENT, for_client=False)
                requests.approve(request, now=NOW, by=OFFICER)
            live_until(AFTER_GRACE)
            assert (state_of(request), users_of(product)) == (RequestStatus.CERTIFIED, ["ann-1"])

    def test_who_came_back_is_no_residue_of_a_store_beyond(self):
        organization = a_client()
        with a_product() as product:
            mapped(product, organization)
            a_user_of(product, organization, "ann-1")
            request = approved(asked(organization, "ann-1"))
            live_until(AFTER_GRACE)
            assert (state_of(request), users_of(product)) == (RequestStatus.CERTIFIED, [])
            people_of(organization, "ann-1")
            a_user_of(product, organization, "ann-1")
            live_until(AFTER_GRACE + timedelta(days=2))
        assert state_of(request) == RequestStatus.CERTIFIED
        with tenancy.vendor():
            assert all(one.document["stands"] for one in CertificateAddendum.objects.all())

    def test_the_eraser_leaves_what_is_about_them_alone(self):
        organization = a_client()
        for who, email in (("ann-1", "sales@client.example"), ("ann-1", "anna@client.example")):
            put(organization, who, email)
        put(organization, "ben-1", "sales@client.example")  # ann's once, ben's now
        ben = str(person(organization, "ben-1").public_id)
        with tenancy.vendor():
            for detail in ({"who": ben, "asked": "sales@client.example"}, {"asked": "sales@client.example"}):
                audit.record("note.kept", organization, by="user:one", at=NOW, detail=detail)
        approved(asked(organization, "ann-1"))
        live_until(AFTER_GRACE)
        with tenancy.vendor():
            texts = AuditDetail.objects.filter(text__icontains="asked").values_list("text", flat=True)
            assert [text.get("who") for text in texts] == [ben]

    def test_an_address_that_a_colleague_has_beside_others_is_theirs_too(self):
        organization = a_client()
        team = "team-7@client.example"
        for who in ("ann-1", "ben-1"):
            shared = {"emails": [{"value": f"{who}@client.example", "primary": True}, {"value": team.upper()}]}
            with tenancy.vendor():
                LicensedUser.objects.filter(organization=organization, external_id=who).update(profile=shared)
        ben = str(person(organization, "ben-1").public_id)
        with tenancy.vendor():
            for detail in ({"who": ben, "asked": team}, {"asked": team}):
                audit.record("note.kept", organization, by="user:one", at=NOW, detail=detail)
        request = approved(asked(organization, "ann-1"))
        live_until(AFTER_GRACE)
        with tenancy.vendor():
            texts = AuditDetail.objects.filter(text__icontains="asked").values_list("text", flat=True)
            assert [text.get("who") for text in texts] == [ben]
        assert state_of(request) == RequestStatus.CERTIFIED

    def test_whoever_came_back_with_the_host_of_an_address_in_ascii_has_it_now(self):
        organization = a_client()
        own, ascii_ = "ann@ex\u00e4mple.eu", "ann@xn--exmple-cua.eu"
        put(organization, "ann-1", own)
        with tenancy.vendor():
            LicensedUser.objects.filter(organization=organization, external_id="ann-1").update(user_name="ann")
        request = approved(asked(organization, "ann-1"))
        live_until(AFTER_GRACE)
        assert state_of(request) == RequestStatus.CERTIFIED
        people_of(organization, "zoe-9", email=ascii_)
        live_until(AFTER_GRACE + timedelta(days=2))
        assert state_of(request) == RequestStatus.CERTIFIED


@pytest.mark.parametrize(
    ("known", "written"),
    [
        pytest.param("ann@ex\u00e4mple.eu", "ann@xn--exmple-cua.eu", id="host-in-ascii"),
        pytest.param("ann@xn--exmple-cua.eu", "ann@ex\u00e4mple.eu", id="host-in-its-own-letters"),
        pytest.param("o'neil@client.example", "<a>o&#x27;neil@client.example</a>", id="as-a-page-writes-it"),
    ],
)
def test_an_address_that_is_written_in_another_way_is_found_and_goes(known, written):
    organization = a_client()
    put(organization, "ann-1", known)
    with tenancy.vendor():
        audit.record("note.kept", organization, by="user:one", at=NOW, detail={"asked": written})
        Contract.objects.filter(organization=organization).update(reference=f"C of {written}")
    request = approved(asked(organization, "ann-1"))
    live_until(AFTER_GRACE)
    assert state_of(request) == RequestStatus.FAILED
    with tenancy.vendor():
        assert not AuditDetail.objects.filter(text__icontains="asked").exists()
        hits = Verification.objects.latest("pk").hits
    assert [hit["place"] for hit in hits] == ["default.contracts_contract.reference"]


def test_an_id_that_is_the_opaque_id_of_something_else_takes_nothing_of_it():
    organization = a_client()
    ben = person(organization, "ben-1").public_id
    with tenancy.vendor():
        audit.record("note.kept", organization, by="user:one", at=NOW, detail={"licensed_users": str(ben)})
        messages = OutboxMessage.objects.filter(organization=organization, subject_id__in=[ben, organization.public_id])
        kept = set(messages.values_list("pk", flat=True))
    for external_id in (str(ben), organization.public_id.hex, "5b3c7f42-9d6e-4a01-8f7e-0123456789ab"):
        put(organization, external_id, f"x{external_id[:4]}@client.example")
    plant(organization, ("contracts_contract", "reference", "'of 5b3c7f42-9d6e-4a01-8f7e-0123456789ab'"))
    request = approved(
        asked(organization, str(ben), organization.public_id.hex, "5b3c7f42-9d6e-4a01-8f7e-0123456789ab")
    )
    live_until(AFTER_GRACE)
    with tenancy.vendor():
        found = Verification.objects.latest("pk")
        assert kept <= set(messages.values_list("pk", flat=True))
        assert AuditDetail.objects.filter(text__icontains=str(ben)).exists()
    # An id that is nobody else's is searched for, in whatever form it comes.
    assert state_of(request) == RequestStatus.FAILED
    assert [hit["place"] for hit in found.hits] == ["default.contracts_contract.reference"]
