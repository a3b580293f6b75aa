"""A client with as many people as wanted, and a token of its administrator."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from benchmarks import bench

PEOPLE = """
    INSERT INTO accounts_licenseduser (
        public_id, organization_id, external_id, user_name, email, display_name, department, status, status_at,
        status_by, suspension_reason, last_active_at, provisioned_id, profile,
        former_identifiers, version, changed_at, created_at
    )
    SELECT gen_random_uuid(), %s, 'person-' || n, 'person-' || n, 'p' || n || '@measured.example', 'Person ' || n,
        'Department ' || n %% 10, 'active', now() - interval '300 days', 'user:bench', '',
        now() - n %% 200 * interval '1 day', '', '{}', '{}', 1, now(), now()
    FROM generate_series(0, %s - 1) AS n
"""


def a_client_with(people: int, *, wanted: Sequence[str] = ("check_entitlement",)) -> tuple[Any, str]:
    """Make a client with so many active people; return it, and the text of a token with the wanted rights."""
    from django.utils import timezone

    from accounts import tenancy
    from accounts.enums import Role
    from accounts.models import LicenceGrant
    from accounts.operations import members, organizations, tokens
    from accounts.rules.permissions import Permission

    now = timezone.now()
    with tenancy.vendor():
        values = {"country": "FR", "time_zone": "Europe/Paris", "language": "en", "legal_category": "company"}
        organization = organizations.create(
            name="Measured", registration_number="M1", now=now, by="user:bench", **values
        )
        LicenceGrant.objects.create(organization=organization, source=uuid4(), valid_from=now - timedelta(days=1))
        user = members.add(
            email="administrator@measured.example",
            name="Administrator",
            role=Role.CLIENT_ADMINISTRATOR,
            organization=organization,
            now=now,
            by="user:bench",
        )
        user.read_seats()
        _token, text = tokens.issue(
            user,
            name="measured",
            permissions=[Permission(one) for one in wanted],
            expires_at=now + timedelta(days=1),
            now=now,
            by="user:bench",
        )
    with bench.administrator() as administrator:
        administrator.execute(PEOPLE, [organization.pk, people])
        administrator.execute("ANALYZE")
    return organization, text
