"""What the tests of requests about people share: a client under contract whose people wrote, and a request's way."""

from datetime import timedelta

from accounts import tenancy
from accounts.models import LicensedUser
from retention.models import DeletionRequest, Message
from retention.operations import people_requests, requests, vault
from tests.contracts.agreements import a_signed_contract, at
from tests.retention.test_life import live_until
from tests.retention.vaults import a_talk, an_organization, parsed, people_of

CLIENT, OFFICER, STAFF = "user:client", "user:officer", "user:staff"
NOW = at("2025-03-01")
AFTER_GRACE = NOW + timedelta(hours=25)


def a_client(**values):
    """Return a client under contract: ann and ben of Sales, cyd of Stock; all wrote, ben in ann's conversation too."""
    organization = an_organization()
    a_signed_contract(organization)
    people_of(organization, "ann-1", "ben-1", department="Sales", **values)
    people_of(organization, "cyd-1", department="Stock", **values)
    live_until(at("2025-01-02"))
    with tenancy.tenant(organization.pk):
        lines = [*a_talk("ann-1", "ca", 7), *a_talk("ben-1", "cb", 5), *a_talk("cyd-1", "cc", 3)]
        own = {"kind": "message", "at": "2026-02-01T10:00:00+00:00", "conversation": "ca", "role": "user"}
        lines.append({**own, "id": "guest", "author": "ben-1", "text": "ann-1 is on leave"})
        lines += [
            {"kind": "context_item", "id": f"k-{who}", "at": own["at"], "author": who, "name": "n", "text": "t"}
            for who in ("ann-1", "ben-1")
        ]
        vault.write(organization, parsed(lines), now=at("2025-02-02"), by="user:product")
    return organization


def person(organization, external_id):
    with tenancy.vendor():
        return LicensedUser.objects.filter(organization=organization, external_id=external_id).latest("pk")


def asked(organization, *external_ids, decided=True, department="", **values):
    people = [person(organization, one).public_id for one in external_ids]
    with tenancy.vendor():
        return people_requests.open_for_people(
            organization,
            people=people,
            department=department,
            decided=decided,
            now=NOW,
            by=CLIENT,
            note="please",
            **values,
        )


def approved(request):
    with tenancy.vendor():
        return requests.approve(request, now=NOW, by=OFFICER)


def state_of(request):
    with tenancy.vendor():
        return DeletionRequest.objects.get(pk=request.pk).status


def rows(organization):
    """Return how many messages each person of the organization has."""
    with tenancy.vendor():
        found = Message.objects.filter(organization=organization).values_list("subject__external_id", flat=True)
        return {name: list(found).count(name) for name in set(found)}
