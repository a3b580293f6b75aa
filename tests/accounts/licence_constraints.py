"""What breaks the constraints of licences and licensed users: an example for each."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from accounts.models import (
    AccessPolicy,
    LicenceGrant,
    LicensedUser,
    LicensedUserChange,
    Organization,
    ProvisionedGroup,
    ProvisionedMembership,
)

ID = UUID(int=7)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(days=1), NOW + timedelta(days=1)
SUSPENDED = {"status": "suspended", "suspended_at": NOW, "suspension_reason": "client_rule"}


def an_organization(number="1", **values):
    return Organization.objects.create(
        **{
            "name": "Client",
            "country": "FR",
            "time_zone": "Europe/Paris",
            "legal_category": "company",
            "registration_number": number,
            "created_at": NOW,
            **values,
        }
    )


def a_person(organization, **values):
    return LicensedUser.objects.create(
        **{
            "organization": organization,
            "external_id": uuid4().hex,
            "user_name": uuid4().hex,
            "email": "p@x.example",
            "display_name": "P",
            "status_at": NOW,
            "status_by": "user:client",
            "changed_at": NOW,
            "created_at": NOW,
            **values,
        }
    )


def a_grant(organization, **values):
    return LicenceGrant.objects.create(
        **{"organization": organization, "source": uuid4(), "valid_from": NOW, "valid_until": LATER, **values}
    )


def a_change(person, **values):
    return LicensedUserChange.objects.create(
        **{
            "organization": person.organization,
            "licensed_user": person,
            "act": "add",
            "status": "active",
            "by": "user:client",
            "occurred_at": NOW,
            **values,
        }
    )


def a_policy(organization, **values):
    return AccessPolicy.objects.create(
        **{"organization": organization, "keep_seconds": 60, "deletion_grace_days": 30, **values}
    )


def a_group(organization, **values):
    return ProvisionedGroup.objects.create(
        **{"organization": organization, "display_name": "G", "changed_at": NOW, "created_at": NOW, **values}
    )


def a_group_member(group, person, **values):
    return ProvisionedMembership.objects.create(
        **{"organization": group.organization, "group": group, "licensed_user": person, "created_at": NOW, **values}
    )


LICENCE_BREAKS = {
    "provisioned_group_has_a_name": [lambda: a_group(an_organization(), display_name="")],
    "accounts_provisionedgroup_public_id_key": [
        lambda: (a_group(an_organization("1"), public_id=ID), a_group(an_organization("2"), public_id=ID))
    ],
    "provisioned_membership_once": [
        lambda: (
            a_group_member(group := a_group(organization := an_organization()), person := a_person(organization)),
            a_group_member(group, person),
        )
    ],
    "accounts_provisionedmembership_public_id_key": [
        lambda: (
            a_group_member(group := a_group(organization := an_organization()), a_person(organization), public_id=ID),
            a_group_member(group, a_person(organization), public_id=ID),
        )
    ],
    "licence_grant_once_per_source": [
        lambda: (a_grant(organization := an_organization(), source=ID), a_grant(organization, source=ID))
    ],
    "licence_grant_from_before_until": [
        lambda: a_grant(an_organization(), valid_from=NOW, valid_until=NOW - timedelta(microseconds=1))
    ],
    "accounts_licencegrant_public_id_key": [
        lambda: (a_grant(an_organization("1"), public_id=ID), a_grant(an_organization("2"), public_id=ID))
    ],
    "licensed_user_external_id_once": [
        lambda: (a_person(organization := an_organization(), external_id="a"), a_person(organization, external_id="a"))
    ],
    "licensed_user_status_known": [
        lambda: a_person(an_organization(), status="gone"),
        lambda: a_person(an_organization(), status=""),
    ],
    "licensed_user_user_name_once": [
        lambda: (a_person(organization := an_organization(), user_name="a"), a_person(organization, user_name="A"))
    ],
    "licensed_user_suspended_with_reason": [
        lambda: a_person(an_organization(), status="suspended", suspended_at=NOW),
        lambda: a_person(an_organization(), status="scheduled", delete_at=NOW, suspended_at=NOW),
        lambda: a_person(an_organization(), status="active", suspension_reason="client_rule"),
        lambda: a_person(an_organization(), status="active", suspended_until=NOW),
    ],
    "licensed_user_suspended_in_that_state": [
        lambda: a_person(an_organization(), status="suspended"),
        lambda: a_person(an_organization(), **{**SUSPENDED, "status": "active"}),
        lambda: a_person(an_organization(), **{**SUSPENDED, "status": "invited"}),
        lambda: a_person(an_organization(), **{**SUSPENDED, "status": "restricted"}, features=[]),
    ],
    "licensed_user_suspended_before_its_end": [
        lambda: a_person(an_organization(), **SUSPENDED, suspended_until=NOW),
        lambda: a_person(an_organization(), **SUSPENDED, suspended_until=EARLIER),
    ],
    "licensed_user_restricted_to_features": [
        lambda: a_person(an_organization(), status="restricted"),
        lambda: a_person(an_organization(), status="active", features=["read"]),
        lambda: a_person(an_organization(), status="invited", features=[]),
    ],
    "licensed_user_scheduled_with_instant": [
        lambda: a_person(an_organization(), status="scheduled"),
        lambda: a_person(an_organization(), status="active", delete_at=NOW),
    ],
    "licensed_user_deleted_with_instant": [
        lambda: a_person(an_organization(), status="deleted", delete_at=NOW),
        lambda: a_person(an_organization(), status="scheduled", delete_at=NOW, deleted_at=NOW),
    ],
    "licensed_user_told_of_a_restriction": [
        lambda: a_person(an_organization(), processing_lift_told_at=NOW),
        lambda: a_person(an_organization(), processing_restricted_at=NOW, processing_lift_told_at=EARLIER),
    ],
    "licensed_user_restricted_by_a_request": [lambda: a_person(an_organization(), processing_request=ID)],
    "licensed_user_change_act_known": [lambda: a_change(a_person(an_organization()), act="fly")],
    "licensed_user_change_status_known": [lambda: a_change(a_person(an_organization()), status="gone")],
    "accounts_licenseduserchange_public_id_key": [
        lambda: (a_change(person := a_person(an_organization()), public_id=ID), a_change(person, public_id=ID))
    ],
    "access_policy_once": [lambda: (a_policy(organization := an_organization()), a_policy(organization))],
    "access_policy_keeps_an_hour_at_most": [lambda: a_policy(an_organization(), keep_seconds=3601)],
    "access_policy_grace_a_year_at_most": [lambda: a_policy(an_organization(), deletion_grace_days=366)],
    "accounts_accesspolicy_public_id_key": [
        lambda: (a_policy(an_organization("1"), public_id=ID), a_policy(an_organization("2"), public_id=ID))
    ],
    "accounts_licenseduser_public_id_key": [
        lambda: (a_person(an_organization("1"), public_id=ID), a_person(an_organization("2"), public_id=ID))
    ],
}
