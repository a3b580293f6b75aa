"""The archive beside the certificate: their difference tells nobody what few people did."""

from datetime import timedelta

import pytest

from accounts import tenancy
from accounts.models import LicensedUser
from retention.models import AggregateArchive, Certificate
from retention.operations import archive, exports, requests, vault
from tests.contracts.agreements import at
from tests.retention.test_life import (
    CONTRACT_MANAGER,
    PRIVACY_OFFICER,
    a_leaving_client,
    live_until,
    the_request,
)
from tests.retention.vaults import parsed, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
PEOPLE = 70


def with_diagnostics(organization, *, of_nobody):
    """Let many people have a diagnostic each in two departments, one of them four."""
    names = [f"many-{n}" for n in range(PEOPLE)]
    for department, some in (("Art", names[::2]), ("Law", names[1::2])):
        people_of(organization, *some, department=department)
    lines = [
        {
            "kind": "diagnostic",
            "id": f"{name}-{turn}",
            "at": (at("2025-03-01") + timedelta(days=31 * (n % 2))).isoformat(),
            "author": name,
            "type": "tone",
            "payload": {"score": 1},
        }
        for n, name in enumerate(names)
        for turn in range(4 if n == 0 else 1)
    ]
    alone = {"kind": "diagnostic", "at": at("2025-03-01").isoformat(), "type": "tone", "payload": {}}
    lines += [{**alone, "id": f"alone-{n}"} for n in range(of_nobody)]
    with tenancy.tenant(organization.pk):
        vault.write(organization, parsed(lines), now=at("2025-05-01"), by="user:product")


@pytest.mark.parametrize(
    ("left_out", "shown"),
    [
        pytest.param("nobody", True, id="nobody-is-restricted"),
        pytest.param("one", False, id="one-is-restricted"),
        pytest.param("many", True, id="many-are"),
        pytest.param("of-nobody", False, id="a-few-belong-to-nobody"),
    ],
)
def test_the_certificate_minus_the_archive_is_nothing_or_of_many_people(left_out, shown):
    organization = a_leaving_client()
    with_diagnostics(organization, of_nobody=2 if left_out == "of-nobody" else 0)
    live_until(at("2026-01-02"))
    restricted = {"one": ["many-0"], "many": [f"many-{n}" for n in range(12)]}.get(left_out, [])
    with tenancy.vendor():
        people = LicensedUser.objects.filter(organization=organization, external_id__in=restricted)
        assert people.update(processing_restricted_at=at("2026-01-02")) == len(restricted)
        request = requests.confirm_end(the_request(organization), now=at("2026-01-02"), by=CONTRACT_MANAGER)
        requests.approve(request, now=at("2026-01-02"), by=PRIVACY_OFFICER)
        exports.waive(request, now=at("2026-01-02"), by="user:client")
        archive.authorise(organization, granted=True, now=at("2026-01-02"), by="user:client")
        archive.make(request, now=at("2026-01-02"), by=PRIVACY_OFFICER)
    live_until(at("2026-02-05"))
    with tenancy.vendor():
        table = AggregateArchive.objects.get().table
        stores = {one["store"]: one["before"] for one in Certificate.objects.get().document["stores"]}
    (grand,) = [
        one["count"] for one in table["totals"] if (one["month"], one["department"], one["type"]) == (None, None, None)
    ]
    assert stores["diagnostics"] == PEOPLE + 3 + (2 if left_out == "of-nobody" else 0)
    gone = {"nobody": 0, "many": 15}.get(left_out)
    assert grand == (stores["diagnostics"] - gone if shown else None)
    assert table["cells"], "the rest of the table is there"
