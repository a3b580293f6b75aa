"""Licensed users as SCIM's users, and back (docs/interfaces.md has the table)."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from scim2_models import Context, ResponseParameters
from scim2_models import Group as GroupResource

from accounts.api.scim.base import tag
from accounts.api.scim.resources import CORE, GROUP, TOLERANT, Person
from accounts.models import LicensedUser, ProvisionedGroup, ProvisionedMembership
from accounts.operations import provisioning
from accounts.operations.provisioning import Account
from accounts.rules.profiles import ENTERPRISE, WORD

# What does not stand in the profile: it has a column, is the service's own, or is never kept.
_ELSEWHERE = ("schemas", "id", "externalId", "meta", "userName", "active", "password", "groups")


def user_json(user: LicensedUser, groups: Sequence[ProvisionedGroup], base: str) -> dict[str, Any]:
    """Return a user as all its attributes in JSON. A password is never kept, so it is never there."""
    profile = {name: value for name, value in user.profile.items() if name != WORD}
    found = {
        "schemas": [CORE, ENTERPRISE] if ENTERPRISE in profile else [CORE],
        "id": str(user.public_id),
        "userName": user.user_name,
        **profile,
        "active": provisioning.is_active(user),
        "meta": _meta("User", user, f"{base}/Users/{user.public_id}"),
    }
    if user.provisioned_id:
        found["externalId"] = user.provisioned_id
    if groups:
        found["groups"] = [
            {
                "value": str(group.public_id),
                "$ref": f"{base}/Groups/{group.public_id}",
                "display": group.display_name,
                "type": "direct",
            }
            for group in groups
        ]
    return found


def group_json(group: ProvisionedGroup, members: Sequence[LicensedUser] | None, base: str) -> dict[str, Any]:
    """Return a group as JSON; ``None``: its members were not read."""
    found: dict[str, Any] = {
        "schemas": [GROUP],
        "id": str(group.public_id),
        "displayName": group.display_name,
        "meta": _meta("Group", group, f"{base}/Groups/{group.public_id}"),
    }
    if group.provisioned_id:
        found["externalId"] = group.provisioned_id
    if members:
        found["members"] = [
            {
                "value": str(user.public_id),
                "$ref": f"{base}/Users/{user.public_id}",
                "type": "User",
                "display": user.display_name,
            }
            for user in members
        ]
    return found


def shown(found: dict[str, Any], model: Any, wanted: ResponseParameters[Any]) -> dict[str, Any]:
    """Return only the attributes that were asked for, and those that always are (RFC 7644 §3.9)."""
    if not wanted.attributes and not wanted.excluded_attributes:
        return found
    resource = model.model_validate(found, scim_policy=TOLERANT)
    told: dict[str, Any] = resource.model_dump(
        scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=wanted, scim_policy=TOLERANT
    )
    return told


def account_of(resource: Any) -> Account:
    """Return what an operation takes. A user name is kept in Unicode's composed form (RFC 8265 §3.3)."""
    dumped = resource.model_dump(scim_ctx=Context.DEFAULT, scim_policy=TOLERANT)
    return Account(
        user_name=unicodedata.normalize("NFC", resource.user_name or ""),
        provisioned_id=resource.external_id or "",
        active=resource.active,
        profile={name: value for name, value in dumped.items() if name not in _ELSEWHERE},
    )


def person_of(user: LicensedUser, base: str) -> Any:
    """Return a user as the library's resource, to be patched."""
    return Person.model_validate(user_json(user, groups_of([user])[user.pk], base), scim_policy=TOLERANT)


def group_of(group: ProvisionedGroup, base: str) -> GroupResource:
    """Return a group as the library's resource, without its members, to be patched."""
    return GroupResource.model_validate(group_json(group, None, base), scim_policy=TOLERANT)


def groups_of(users: Sequence[LicensedUser]) -> dict[int, list[ProvisionedGroup]]:
    """Return the groups of people, by key, in one query."""
    found: dict[int, list[ProvisionedGroup]] = defaultdict(list)
    if users:
        rows = ProvisionedMembership.objects.filter(
            organization=users[0].organization_id, licensed_user__in=[user.pk for user in users]
        )
        for row in rows.select_related("group").order_by("group_id"):
            found[row.licensed_user_id].append(row.group)
    return found


def members_of(groups: Sequence[ProvisionedGroup]) -> dict[int, list[LicensedUser]]:
    """Return the members of groups, by key, in one query."""
    found: dict[int, list[LicensedUser]] = defaultdict(list)
    if groups:
        rows = ProvisionedMembership.objects.filter(
            organization=groups[0].organization_id,
            group__in=[group.pk for group in groups],
            licensed_user__in=LicensedUser.objects.live().filter(organization=groups[0].organization_id),
        )
        for row in rows.select_related("licensed_user").order_by("licensed_user_id"):
            found[row.group_id].append(row.licensed_user)
    return found


def _meta(kind: str, row: LicensedUser | ProvisionedGroup, location: str) -> dict[str, str]:
    return {
        "resourceType": kind,
        "created": _instant(row.created_at),
        "lastModified": _instant(row.changed_at),
        "location": location,
        "version": tag(row.version),
    }


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
