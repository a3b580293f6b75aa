"""What breaks each constraint of how people must sign in."""

from datetime import timedelta
from uuid import UUID

from accounts.models import FactorRequirement, IdentityProvider
from tests.accounts.parties import NOW

ID = UUID(int=1)


def a_requirement(role="support", **values):
    return FactorRequirement.objects.create(**{"role": role, "required_at": NOW, "required_by": "user:1", **values})


def a_provider(**values):
    return IdentityProvider.objects.create(
        **{
            "slug": "p",
            "name": "P",
            "issuer": "https://p.example",
            "client_id": "c",
            "sealed_secret": b"s",
            "key_version": 1,
            "created_at": NOW,
            **values,
        }
    )


BREAKS = {
    "identity_provider_is_described": [
        lambda: a_provider(slug=""),
        lambda: a_provider(name=""),
        lambda: a_provider(issuer=""),
        lambda: a_provider(client_id=""),
    ],
    "identity_provider_enforced_only_if_enabled": [lambda: a_provider(enforced=True, enabled=False)],
    "accounts_identityprovider_slug_key": [lambda: (a_provider(), a_provider())],
    "accounts_identityprovider_public_id_key": [lambda: (a_provider(public_id=ID), a_provider(public_id=ID, slug="q"))],
    "factor_requirement_once_a_role": [lambda: (a_requirement(), a_requirement())],
    "factor_requirement_of_a_known_role": [lambda: a_requirement("nobody"), lambda: a_requirement("")],
    "factor_requirement_lifted_by_somebody_afterwards": [
        lambda: a_requirement(lifted_at=NOW),
        lambda: a_requirement(lifted_by="user:1"),
        lambda: a_requirement(lifted_at=NOW - timedelta(seconds=1), lifted_by="user:1"),
    ],
    "accounts_factorrequirement_public_id_key": [
        lambda: (a_requirement(public_id=ID), a_requirement("auditor", public_id=ID))
    ],
}
