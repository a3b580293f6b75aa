"""What certificates count where several erasures of one client are replayed after a restore."""

import pytest

from accounts import tenancy
from accounts.models import LicensedUser
from retention.models import Certificate
from retention.operations import people_requests, requests, vault
from tests.contracts.agreements import at
from tests.retention.restoring import Backup, replayed
from tests.retention.test_life import a_leaving_client, decide_everything, live_until
from tests.retention.vaults import a_talk, parsed

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def test_what_an_earlier_erasure_takes_again_is_no_number_of_a_later_one():
    organization = a_leaving_client()
    with tenancy.tenant(organization.pk):
        vault.write(organization, parsed(a_talk("ben-1", "cb", 5)), now=at("2025-02-02"), by="user:product")
    live_until(at("2026-01-02"))
    backup, now = Backup(), at("2026-01-15")
    with tenancy.vendor():
        ann = [LicensedUser.objects.get(organization=organization, external_id="ann-1").public_id]
        request = people_requests.open_for_people(
            organization, people=ann, department="", decided=True, note="", now=now, by="user:client"
        )
        requests.approve(request, now=now, by="user:officer")
    live_until(at("2026-01-17"))
    decide_everything(organization, now=at("2026-01-17"))
    live_until(at("2026-02-05"))
    backup.restore()
    assert replayed()["erasures"]["erased"] == 2
    with tenancy.vendor():
        one, whole = Certificate.objects.order_by("run__ledger_expires_at", "pk").values_list("document", flat=True)
    for document, messages in ((one, 9), (whole, 5)):
        counted = {store["store"]: (store["before"], store["erased"]) for store in document["stores"]}
        assert counted["messages"] == (messages, messages)
        assert [store for store, (before, erased) in counted.items() if before != erased] == []
