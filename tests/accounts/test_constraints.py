"""What the database itself refuses: an example that breaks each constraint of accounts, by its name."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from accounts import tenancy
from accounts.enums import DocumentKind, Role
from accounts.models import (
    ApiToken,
    AuditEvent,
    AuditSeal,
    Document,
    IdempotencyKey,
    LostMessage,
    Membership,
    Organization,
    OutboxMessage,
    SimulatedClock,
    TrailHead,
    User,
)
from tests.accounts import sign_in_constraints, webhook_constraints
from tests.accounts.licence_constraints import (
    LICENCE_BREAKS,
    a_change,
    a_grant,
    a_person,
    a_policy,
    an_organization,
)
from tests.accounts.licence_constraints import SUSPENDED as LICENCE_SUSPENDED
from tests.accounts.parties import NOW
from tests.accounts.rule_constraints import ENFORCED, RULE_BREAKS, a_finding, a_job, a_rule, an_item

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ID, OTHER = UUID(int=1), UUID(int=2)
EARLIER, LATER = NOW - timedelta(days=1), NOW + timedelta(days=1)
HEX = "0123456789abcdef" * 4
# What cannot be broken on its own, and why.
IMPLIED = {
    f"accounts_{table}_tenant_key": "the primary key is broken first; it is there as the target of composite keys"
    for table in (
        "accesspolicy",
        "accessrule",
        "bulkitem",
        "bulkjob",
        "document",
        "licencegrant",
        "licenseduser",
        "licenseduserchange",
        "provisionedgroup",
        "provisionedmembership",
        "webhookendpoint",
        "ruleexemption",
        "rulefinding",
    )
}


def a_user(email="ann@x.example", **values):
    return User.objects.create(email=email, created_at=NOW, **values)


def a_seat(user, role, organization=None, **values):
    return Membership.objects.create(user=user, role=role, organization=organization, created_at=NOW, **values)


def a_token(user, **values):
    return ApiToken.objects.create(
        **{
            "user": user,
            "name": "t",
            "prefix": "terme_",
            "digest": uuid4().hex,
            "permissions": [],
            "created_at": NOW,
            "expires_at": LATER,
            **values,
        }
    )


def a_document(organization, **values):
    return Document.objects.create(
        **{
            "organization": organization,
            "kind": DocumentKind.OTHER,
            "filename": "f",
            "content_type": "a/b",
            "size": 1,
            "sha256": "0" * 64,
            "wrapped_key": b"k",
            "key_version": 1,
            "created_at": NOW,
            **values,
        }
    )


def an_event(**values):
    return AuditEvent.objects.create(
        name="e", subject_type="T", subject_id=OTHER, actor="system", occurred_at=NOW, **values
    )


def a_seal(position=1, **values):
    return AuditSeal.objects.create(
        **{
            "position": position,
            "event_id": position,
            "vendor_only": False,
            "organization_position": position,
            "canonical": "[]",
            "digest": HEX,
            "organization_digest": HEX,
            "sealed_at": NOW,
            "cluster": 1,
            "before": 7,
            **values,
        }
    )


def a_head(**values):
    return TrailHead.objects.create(
        **{"position": 1, "digest": HEX, "signing_key": "k", "document": {}, "exported_at": NOW, **values}
    )


def a_message(**values):
    return OutboxMessage.objects.create(
        topic="t", subject_type="T", subject_id=OTHER, occurred_at=NOW, next_attempt_at=NOW, **values
    )


def a_lost_message(**values):
    lost = {"message": ID, "topic": "t", "meaning": HEX, "matter": HEX, "readers": [HEX], "sent_at": NOW}
    return LostMessage.objects.create(**{**lost, "lost_at": NOW, **values})


def a_key(**values):
    return IdempotencyKey.objects.create(
        **{"actor": "user:1", "key": "k", "request_digest": "d", "created_at": NOW, "expires_at": LATER, **values}
    )


def twice(make):
    """Make the same row twice."""

    def breaking():
        make()
        make()

    return breaking


# Constraint → what breaks it, in the vendor's scope, and nothing else.
BREAKS = {
    "organization_identity": [twice(an_organization)],
    "organization_country_is_iso": [
        lambda: an_organization(country="fr"),
        lambda: an_organization(country="F"),
        lambda: an_organization(country=""),
        lambda: an_organization(country="1A"),
    ],
    "organization_has_a_name": [lambda: an_organization(name="")],
    "organization_legal_category_known": [
        lambda: an_organization(legal_category=""),
        lambda: an_organization(legal_category="person"),
    ],
    "organization_language_known": [lambda: an_organization(language="xx"), lambda: an_organization(language="")],
    "accounts_organization_public_id_key": [
        lambda: (an_organization("1", public_id=ID), an_organization("2", public_id=ID))
    ],
    **LICENCE_BREAKS,
    **RULE_BREAKS,
    "user_email_once": [lambda: (a_user("ann@x.example"), a_user("Ann@X.example"))],
    "accounts_user_email_key": [twice(a_user)],
    "accounts_user_public_id_key": [lambda: (a_user(public_id=ID), a_user("b@x.example", public_id=ID))],
    "membership_once": [
        lambda: (a_seat(user := a_user(), Role.SUPPORT), a_seat(user, Role.SUPPORT)),
        lambda: (
            a_seat(user := a_user(), Role.CLIENT_FINANCE, organization := an_organization()),
            a_seat(user, Role.CLIENT_FINANCE, organization),
        ),
    ],
    "membership_role_on_its_side": [
        lambda: a_seat(a_user(), Role.CLIENT_ADMINISTRATOR),
        lambda: a_seat(a_user(), Role.ADMINISTRATOR, an_organization()),
        lambda: a_seat(a_user(), "nobody"),
        lambda: a_seat(a_user(), "", an_organization()),
    ],
    "accounts_membership_public_id_key": [
        lambda: (
            a_seat(user := a_user(), Role.SUPPORT, public_id=ID),
            a_seat(user, Role.FINANCE, public_id=ID),
        )
    ],
    "api_token_expires_after_creation": [
        lambda: a_token(a_user(), expires_at=NOW),
        lambda: a_token(a_user(), expires_at=EARLIER),
    ],
    "api_token_one_latest_of_a_series": [
        lambda: (a_token(user := a_user(), series=ID), a_token(user, series=ID)),
        lambda: (a_token(user := a_user(), series=ID, revoked_at=NOW), a_token(user, series=ID)),
    ],
    "api_token_of_a_program_decides_nothing": [
        lambda: a_token(None, permissions=["approve_erasure"]),
        lambda: a_token(None, permissions=["view_contract", "manage_tokens"]),
    ],
    "api_token_of_a_client_holds_a_clients_rights": [
        lambda: a_token(None, organization=an_organization(), permissions=["view_operation"]),
        lambda: a_token(a_user(), organization=an_organization(), permissions=["confirm_end"]),
    ],
    "accounts_apitoken_digest_key": [
        lambda: (a_token(user := a_user(), digest="d"), a_token(user, digest="d")),
    ],
    "accounts_apitoken_public_id_key": [
        lambda: (a_token(user := a_user(), public_id=ID), a_token(user, public_id=ID)),
    ],
    "document_sha256_is_hex": [
        lambda: a_document(an_organization(), sha256="0" * 63),
        lambda: a_document(an_organization(), sha256="G" * 64),
        lambda: a_document(an_organization(), sha256="A" * 64),
        lambda: a_document(an_organization(), sha256=""),
    ],
    "accounts_document_public_id_key": [
        lambda: (a_document(organization := an_organization(), public_id=ID), a_document(organization, public_id=ID))
    ],
    "accounts_auditevent_public_id_key": [lambda: (an_event(public_id=ID), an_event(public_id=ID))],
    "accounts_auditseal_event_id_key": [lambda: (a_seal(), a_seal(2, event_id=1))],
    "audit_seal_once_in_its_chain": [
        lambda: (a_seal(), a_seal(2, organization_position=1)),
        lambda: (a_seal(organization_id=5), a_seal(2, organization_id=5, organization_position=1)),
    ],
    "audit_seal_counts_from_one": [
        lambda: a_seal(0, organization_position=0),
        lambda: a_seal(organization_position=0),
        lambda: a_seal(organization_position=2),
    ],
    "audit_seal_digests_are_hex": [
        lambda: a_seal(digest="0" * 63),
        lambda: a_seal(digest=HEX.upper()),
        lambda: a_seal(organization_digest=""),
    ],
    "accounts_trailhead_public_id_key": [lambda: (a_head(public_id=ID), a_head(public_id=ID, position=2))],
    "accounts_trailhead_position_key": [lambda: (a_head(), a_head())],
    "trail_head_counts_from_one": [lambda: a_head(position=0)],
    "trail_head_digest_is_hex": [lambda: a_head(digest="x" * 64), lambda: a_head(digest="")],
    "outbox_held_until_released": [lambda: a_message(held_at=NOW, released_at=NOW)],
    "accounts_lostmessage_message_key": [lambda: (a_lost_message(), a_lost_message())],
    "accounts_lostmessage_repeated_by_key": [
        lambda: (a_lost_message(repeated_by=ID), a_lost_message(message=OTHER, repeated_by=ID))
    ],
    "outbox_delivered_or_failed": [lambda: a_message(delivered_at=NOW, failed_at=NOW)],
    "accounts_outboxmessage_public_id_key": [lambda: (a_message(public_id=ID), a_message(public_id=ID))],
    "idempotency_key_once": [twice(a_key)],
    "simulated_clock_is_one_row": [lambda: SimulatedClock.objects.create(pk=2, stands_at=NOW)],
    **webhook_constraints.BREAKS,
    **sign_in_constraints.BREAKS,
}


def named_constraints():
    """Return the names of the unique and check constraints of accounts, as the catalogue has them."""
    tables = [model._meta.db_table for model in apps.get_app_config("accounts").get_models()]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype IN ('u', 'c') AND conrelid::regclass::text = ANY(%s) "
            "UNION SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
            "WHERE x.indisunique AND NOT x.indisprimary AND x.indrelid::regclass::text = ANY(%s)",
            [tables, tables],
        )
        found = {name for (name,) in cursor.fetchall()}
    # Django adds ">= 0" to positive numbers, and a hash to the name of what is unique by its field.
    return {name for name in found if not name.endswith("_check")}


def known_name(name):
    """Return the key of BREAKS for a constraint of the catalogue."""
    by_field = name.removesuffix("_uniq").rpartition("_")[0] + "_key"
    return by_field if name not in BREAKS and by_field in BREAKS else name


@pytest.mark.parametrize(
    ("name", "breaking"),
    [pytest.param(name, one, id=f"{name}-{place}") for name, ways in BREAKS.items() for place, one in enumerate(ways)],
)
def test_the_database_refuses_what_breaks_it(name, breaking):
    with tenancy.vendor(), pytest.raises(IntegrityError) as refused, transaction.atomic():
        breaking()
    assert known_name(refused.value.__cause__.diag.constraint_name) == name


def test_every_constraint_has_an_example_that_breaks_it():
    names = {known_name(name) for name in named_constraints()}
    forgotten, gone = names - BREAKS.keys() - IMPLIED.keys(), (BREAKS.keys() | IMPLIED.keys()) - names
    assert not forgotten, f"add an example that breaks: {sorted(forgotten)}"
    assert not gone, f"no longer there: {sorted(gone)}"


def test_what_stands_beside_the_broken_examples_is_accepted():
    """Each example must break by what it says and not by something else: its sound neighbour is stored."""
    with tenancy.vendor():
        organization, user = an_organization(), a_user()
        an_organization("2")
        an_organization("1", country="PL")
        a_grant(organization, valid_from=NOW, valid_until=NOW)
        a_grant(organization, valid_until=None)
        a_person(organization, **LICENCE_SUSPENDED, suspended_until=LATER)
        a_person(organization, status="active", user_name="a", external_id="a")
        a_person(organization, status="scheduled", delete_at=NOW, user_name="a", external_id="a")
        a_person(organization, **{**LICENCE_SUSPENDED, "status": "deleted"}, delete_at=NOW, deleted_at=NOW, features=[])
        a_person(organization, status="restricted", features=[])
        a_person(organization, processing_restricted_at=NOW, processing_lift_told_at=NOW)
        a_change(a_person(organization))
        a_rule(organization, **ENFORCED, inactive_days=3660, most_percent=100, warning_days=365)
        a_rule(organization, mode="stopped", enforced_at=NOW, stopped_at=NOW, stopped_count=0)
        a_rule(organization, inactive_days=None, departments=["Sales"], statuses=["active", "suspended"])
        a_finding(a_person(organization), state="acted", closed_at=NOW)
        a_job(organization, state="finished", finished_at=NOW, done=1, refused=1)
        an_item(a_person(organization), state="refused", code="why")
        a_policy(organization, keep_seconds=3600, deletion_grace_days=365)
        a_seat(user, Role.SUPPORT)
        a_seat(user, Role.FINANCE)
        a_seat(a_user("c@x.example"), Role.CLIENT_FINANCE, organization)
        a_token(user)
        a_document(organization, sha256="0123456789abcdef" * 4)
        an_event()
        a_seal()
        a_seal(2, organization_id=5, organization_position=1)
        a_seal(3, organization_id=5, organization_position=1, vendor_only=True)
        a_head()
        a_head(position=2)
        a_message(delivered_at=NOW)
        a_message(failed_at=NOW)
        a_message(held_at=NOW)
        a_lost_message()
        a_lost_message(message=OTHER)
        a_key()
        a_key(actor="user:2")
        SimulatedClock.objects.create(stands_at=NOW)
        webhook_constraints.sound_neighbours()


@pytest.mark.parametrize(
    ("table", "columns"),
    [("accounts_licenseduser", {"organization_id", "id"}), ("accounts_document", {"organization_id", "id"})],
)
def test_the_tenant_keys_are_there_for_composite_keys_to_point_to(table, columns):
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
    assert set(found[f"{table}_tenant_key"]["columns"]) == columns
    assert found[f"{table}_tenant_key"]["unique"]


@pytest.mark.parametrize(
    "breaking",
    [
        pytest.param(lambda: a_person(Organization(pk=999)), id="person-of-no-organization"),
        pytest.param(lambda: a_seat(User(pk=999), Role.SUPPORT), id="seat-of-nobody"),
        pytest.param(lambda: Organization.objects.create(name="x", created_at=None), id="organization-without-date"),
        pytest.param(lambda: a_document(an_organization(), size=-1), id="size-below-nothing"),
        pytest.param(lambda: a_grant(an_organization(), seats=-1), id="seats-below-nothing"),
    ],
)
def test_the_database_refuses_what_points_nowhere_or_makes_no_sense(breaking):
    with pytest.raises(IntegrityError), tenancy.vendor():
        breaking()
