"""A client's webhooks go with its data; the vendor's own stay, and are searched."""

import pytest

from accounts import tenancy
from accounts.models import LicensedUser, OutboxMessage, WebhookDelivery, WebhookEndpoint
from accounts.operations import endpoints, fanning
from retention.enums import RequestStatus
from retention.models import ErasureStep, Verification
from retention.operations.stores import BY_NAME, Place, Target
from tests.contracts.agreements import at
from tests.retention.test_life import a_leaving_client, decide_everything, live_until, the_request
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
MADE, LEFT = at("2025-03-01"), at("2026-02-05")


def a_hook(organization=None, url="https://8.8.8.8/hook"):
    with tenancy.vendor():
        return endpoints.make(organization=organization, url=url, now=MADE, by="user:one")[0]


def fan_out_to(*found):
    """Give every message of the outbox to these endpoints once more."""
    with tenancy.vendor():
        OutboxMessage.objects.update(fanned_out_at=None)
        while fanning.fan_out(now=LEFT):
            pass
        return [endpoint.deliveries.count() for endpoint in found]


def lives_to_the_end(organization):
    live_until(at("2026-01-02"))
    decide_everything(organization)
    live_until(LEFT)
    return the_request(organization)


def test_a_clients_endpoints_and_deliveries_are_gone_and_nothing_is_found():
    organization = a_leaving_client()
    theirs = a_hook(organization, url="https://8.8.8.8/?who=ann-1@client.example")
    vendors, neighbours = a_hook(), a_hook(an_organization())
    live_until(at("2026-01-02"))
    assert min(fan_out_to(theirs, vendors)) > 0
    request = lives_to_the_end(organization)
    with tenancy.vendor():
        assert (request.status, Verification.objects.get().hits) == (RequestStatus.CERTIFIED, [])
        assert set(WebhookEndpoint.objects.all()) == {vendors, neighbours}
        assert not WebhookDelivery.objects.filter(organization=organization).exists()
        assert vendors.deliveries.filter(lane=organization.pk).exists(), "what the vendor was told stays with the trail"
        steps = {step.store: step.erased for step in ErasureStep.objects.all()}
    assert steps["webhook_endpoints"] == 1 and steps["webhook_deliveries"] > 0


def test_what_the_vendor_was_told_about_a_person_goes_with_the_announcement():
    organization = a_leaving_client()
    vendors = a_hook()
    with tenancy.vendor():
        message = OutboxMessage.objects.create(
            organization=organization,
            topic="licensed_user.suspended",
            subject_type="LicensedUser",
            subject_id=LicensedUser.objects.filter(organization=organization).earliest("pk").public_id,
            occurred_at=at("2025-06-01"),
            next_attempt_at=at("2025-06-01"),
        )
    fan_out_to(vendors)
    with tenancy.vendor():
        assert vendors.deliveries.filter(message=message).exists()
    assert lives_to_the_end(organization).status == RequestStatus.CERTIFIED
    with tenancy.vendor():
        assert not OutboxMessage.objects.filter(pk=message.pk).exists()
        assert vendors.deliveries.exists() and not vendors.deliveries.filter(message_id=message.pk).exists()


def test_an_address_in_the_vendors_own_endpoint_is_residue():
    organization = a_leaving_client()
    a_hook(url="https://8.8.8.8/?who=ann-1%40client.example")
    assert lives_to_the_end(organization).status == RequestStatus.FAILED
    with tenancy.vendor():
        places = {hit["place"] for hit in Verification.objects.latest("pk").hits}
    assert places == {"default.accounts_webhookendpoint.url"}


def test_what_is_fanned_out_while_deliveries_are_being_erased_goes_with_its_endpoint():
    organization = a_leaving_client()
    theirs = a_hook(organization)
    assert fan_out_to(theirs)[0] > 0
    with tenancy.eraser(organization.pk):
        BY_NAME["webhook_deliveries"].erase(Target(organization.pk), after=Place(), limit=1000, until=0)
    assert fan_out_to(theirs)[0] > 0
    with tenancy.eraser(organization.pk):
        chunk = BY_NAME["webhook_endpoints"].erase(Target(organization.pk), after=Place(), limit=1000, until=0)
    assert chunk.erased == 1
    with tenancy.vendor():
        assert not WebhookEndpoint.objects.exists() and not WebhookDelivery.objects.exists()


def test_endpoints_are_erased_in_chunks():
    organization = an_organization()
    made = [a_hook(organization) for _number in range(3)]
    with tenancy.eraser(organization.pk):
        first = BY_NAME["webhook_endpoints"].erase(Target(organization.pk), after=Place(), limit=2, until=0)
        second = BY_NAME["webhook_endpoints"].erase(Target(organization.pk), after=first.place, limit=2, until=0)
    assert ((first.erased, first.place.key), second.erased) == ((2, made[1].pk), 1)
