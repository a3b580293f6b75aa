"""Rows in every store that an erasure empties, with a mark in each text and JSON column; and their count, by hand.

What the proofs' scenes do not come by through operations is inserted as the vendor. Of each kind there is more than one
chunk of rows, so that a worker can be killed between two. :data:`COUNTED` is not derived from the engine: a store that
is missing here, or that nobody fills, fails the proofs (:func:`unfilled`).
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Model

from accounts.models import (
    AccessRule,
    AuditDetail,
    AuditEvent,
    BulkItem,
    BulkJob,
    IdempotencyKey,
    LicensedUser,
    LicensedUserChange,
    OutboxMessage,
    ProvisionedGroup,
    ProvisionedMembership,
    RuleExemption,
    RuleFinding,
    WebhookDelivery,
    WebhookEndpoint,
)
from accounts.operations import audit
from contracts.models import Intake
from retention.models import ContextItem, Conversation, Diagnostic, Export, Message
from retention.operations.stores import STORES

OWN = 4
# How the identifiers of who is erased begin; and what is said of the client's others, who stay, and of itself.
MARK, OTHERS = "canary", "office"


@dataclass(frozen=True, slots=True)
class Counted:
    """How the rows of a store are counted here.

    ``person`` leads from a row to the external id of whom it is about; ``searched``: its texts alone say so;
    ``copies``: it is a copy of everything, and goes with the first person. Else its rows go with the client only.
    """

    model: type[Model]
    person: str = ""
    searched: bool = False
    copies: bool = False

    @property
    def whole_only(self):
        return not (self.person or self.searched or self.copies)


OF_PERSON = "licensed_user__external_id"
COUNTED = {
    "exports": Counted(Export, copies=True),
    "messages": Counted(Message, person="subject__external_id"),
    "context_items": Counted(ContextItem, person="subject__external_id"),
    "diagnostics": Counted(Diagnostic, person="subject__external_id"),
    "conversations": Counted(Conversation, person="subject__external_id"),
    "intakes": Counted(Intake),
    "audit_details": Counted(AuditDetail, searched=True),
    "idempotency_keys": Counted(IdempotencyKey, searched=True),
    "webhook_deliveries": Counted(WebhookDelivery),
    "webhook_endpoints": Counted(WebhookEndpoint),
    "outbox_of_people": Counted(OutboxMessage, searched=True),
    "provisioned_memberships": Counted(ProvisionedMembership, person=OF_PERSON),
    "provisioned_groups": Counted(ProvisionedGroup),
    "rule_findings": Counted(RuleFinding, person=OF_PERSON),
    "rule_exemptions": Counted(RuleExemption, person=OF_PERSON),
    "bulk_items": Counted(BulkItem, person=OF_PERSON),
    "bulk_jobs": Counted(BulkJob, searched=True),
    "licence_changes": Counted(LicensedUserChange, person=OF_PERSON),
    "licensed_users": Counted(LicensedUser, person="external_id"),
}
NEVER = {"mentions": "it holds what a client decided on after a search of others' content; no scene has one"}


def unfilled(there, *, whole):
    """Return the stores that the scene should have filled and did not."""
    held = (store.name for store in STORES if store.name not in NEVER)
    return [
        name for name in held if not there.get(name) and (whole or name not in COUNTED or not COUNTED[name].whole_only)
    ]


def count(organization, *, whole):
    """Return how many rows of each store go with a client, or with its marked people. In the vendor's scope."""
    found = {}
    for name, one in COUNTED.items():
        rows = one.model.objects.filter(organization_id=organization.pk)
        if whole and one.model is OutboxMessage:
            found[name] = rows.filter(subject_type="LicensedUser").count()  # the others are kept
        elif whole and one.model is AuditDetail:
            refused = AuditEvent.objects.filter(name="legal_hold.refused")  # what such a hold cites is kept
            found[name] = rows.exclude(event_id__in=refused.values("pk")).count()
        elif whole or one.copies:
            found[name] = rows.count()
        elif one.person:
            found[name] = rows.filter(**{f"{one.person}__startswith": MARK}).count()
        elif one.searched:
            found[name] = _naming(rows, MARK, of_marked(organization))
    return found


def count_of_others(organization):
    """Return how many rows are about people of the client who are not marked, by store. In the vendor's scope.

    Of content nothing is said: they may go on writing.
    """
    found = {}
    for name, one in COUNTED.items():
        rows = one.model.objects.filter(organization_id=organization.pk)
        if one.person in (OF_PERSON, "external_id"):
            found[name] = rows.exclude(**{f"{one.person}__startswith": MARK}).count()
        elif one.searched:
            found[name] = _naming(rows, OTHERS, of_others(organization))
        elif one.whole_only and one.model is not WebhookDelivery:  # those about the marked go with the announcements
            found[name] = rows.count()
    return found


def of_marked(organization):
    """Return the people of a client whom the mark names."""
    return LicensedUser.objects.filter(organization=organization, external_id__startswith=MARK)


def of_others(organization):
    """Return the people of a client whom the mark does not name."""
    return LicensedUser.objects.filter(organization=organization).exclude(external_id__startswith=MARK)


def _naming(rows, mark, people):
    """Count the rows that say a mark or the opaque id of one of the people anywhere."""
    named = (mark, *(str(public_id) for public_id in people.values_list("public_id", flat=True)))
    return sum(any(term in str(row) for term in named) for row in rows.values())


def fill(organization, people, mark, *, own, now):
    """Put rows about the people into each store, with the mark in every text of theirs.

    ``own`` is the mark of what belongs to the organization alone, and stays when only people go. The caller is in the
    vendor's scope.
    """
    people = list(people)
    _spoil(organization, people, mark, now=now)
    _provisioned(organization, people, own, now=now)
    _ruled(organization, people, mark, now=now)
    _in_bulk(organization, people, mark, now=now)
    _told(organization, people, mark, own, now=now)
    _named_in_texts(organization, people, mark, now=now)
    Intake.objects.bulk_create(
        Intake(
            organization=organization,
            state="asked_back",
            media="text/plain",
            size=1,
            sha256="0" * 64,
            received_at=now,
            suggested="unclear",
            why={"words": [f"{own}-name {n}"]},
            candidates=[{"member": f"{own}-mail-{n}@client.example"}],
            notices=[f"{own}-id-{n:02}"],
            cases=[f"{own}-id-{n:02}"],
            wrapped_key=b"wrapped",
            key_version=1,
            dropped_by=f"user:{own}-name",
            dropped_at=now,
            decided_by=f"user:{own}-name",
            decided_at=now,
        )
        for n in range(OWN)
    )


def _spoil(organization, people, mark, *, now):
    """Mark what operations leave unmarked of the people themselves, of their changes and of the exports."""
    for person in people:
        LicensedUser.objects.filter(pk=person.pk).update(provisioned_id=f"{person.external_id}-before")
        # The database remembers what it was.
        LicensedUser.objects.filter(pk=person.pk).update(
            provisioned_id=f"{person.external_id}-now",
            profile={"nickName": f"{mark}-name"},
            department=f"{mark}-name",
            status_by=f"user:{mark}-name",
        )
    LicensedUserChange.objects.bulk_create(
        LicensedUserChange(
            organization=organization,
            licensed_user=person,
            act="restrict",
            status="restricted",
            features=[f"{mark}-name"],
            by=f"user:{mark}-name",
            occurred_at=now,
        )
        for person in people
    )
    Export.objects.filter(organization=organization).update(made_by=f"user:{mark}-name", rows={f"{mark}-name": 1})


def _provisioned(organization, people, own, *, now):
    groups = ProvisionedGroup.objects.bulk_create(
        ProvisionedGroup(
            organization=organization,
            display_name=f"{own}-name {n}",
            provisioned_id=f"{own}-id-group-{n}",
            department=f"{own}-name",
            changed_at=now,
            created_at=now,
        )
        for n in range(OWN)
    )
    ProvisionedMembership.objects.bulk_create(
        ProvisionedMembership(organization=organization, group=group, licensed_user=person, created_at=now)
        for group in groups[:1]
        for person in people
    )


def _ruled(organization, people, mark, *, now):
    rule = AccessRule.objects.create(
        organization=organization,
        name="Idle",
        action="suspend",
        inactive_days=90,
        statuses=["active"],
        created_at=now,
        created_by="user:client",
    )
    whose = [{"organization": organization, "rule": rule, "licensed_user": person} for person in people]
    RuleExemption.objects.bulk_create(
        RuleExemption(**known, created_at=now, created_by=f"user:{mark}-name") for known in whose
    )
    RuleFinding.objects.bulk_create(
        RuleFinding(
            **known,
            state="refused",
            enforced=True,
            found_at=now,
            acts_at=now,
            closed_at=now,
            code=f"{mark}-name",
        )
        for known in whose
    )


def _in_bulk(organization, people, mark, *, now):
    """Leave jobs each of which takes the one before it back, so that only the latest can go first."""
    job = None
    for n in range(OWN):
        total = 0 if n else len(people)
        job = BulkJob.objects.create(
            organization=organization,
            act="restrict",
            features=[f"{mark}-name"],
            note=f"{mark}-name {n}",
            undo_of=job,
            state="finished",
            total=total,
            refused=total,
            requested_by=f"user:{mark}-name",
            created_at=now,
            finished_at=now,
        )
        BulkItem.objects.bulk_create(
            BulkItem(
                organization=organization,
                job=job,
                licensed_user=person,
                state="refused",
                code=f"{mark}-name",
                before_reason=f"{mark}-name",
                before_features=[f"{mark}-name"],
            )
            for person in people[:total]
        )


def _told(organization, people, mark, own, *, now):
    """Leave announcements about each person, by its subject or in its payload, and their calls to the endpoints."""
    endpoints = WebhookEndpoint.objects.bulk_create(
        WebhookEndpoint(
            organization=organization,
            url=f"https://8.8.8.8/{own}-id-{n:02}",
            description=f"{own}-name",
            topics=[f"{own}-name"],
            secret=b"sealed",
            secret_version=1,
            created_by=f"user:{own}-name",
            created_at=now,
        )
        for n in range(OWN)
    )
    messages = OutboxMessage.objects.bulk_create(
        OutboxMessage(
            organization=organization,
            topic="licensed_user.changed",
            subject_type="LicensedUser",
            subject_id=uuid.uuid4() if n % 2 else person.public_id,
            payload={"people": [{"email": person.email, "name": f"{mark}-name"}]} if n % 2 else {"is": f"{mark}-name"},
            occurred_at=now,
            next_attempt_at=now + timedelta(days=900),
            last_error=f"{mark}-name",
        )
        for n, person in enumerate(people)
    )
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            organization=organization,
            endpoint=endpoint,
            message=message,
            lane=organization.pk,
            next_attempt_at=now + timedelta(days=900),
            created_at=now,
        )
        for endpoint in endpoints[:1]
        for message in messages
    )


def _named_in_texts(organization, people, mark, *, now):
    """Leave rows that only their texts say of whom they are: an address, an id of the client's, an opaque id."""
    for n, person in enumerate(people):
        named = (person.email, person.external_id, str(person.public_id))[n % 3]
        detail = {"reason": f"{mark}-name asked, see {named}"}
        audit.record("note.kept", organization, by="user:one", at=now, detail=detail)
    IdempotencyKey.objects.bulk_create(
        IdempotencyKey(
            organization=organization,
            actor=f"user:{mark}-name",
            key=f"{person.pk}-again" if n % 2 else f"{person.external_id} {mark}-name {person.pk}",
            request_digest=f"{mark}-name",
            response_body={"people": [{"email": person.email}]} if n % 2 else {"is": f"{mark}-name"},
            created_at=now,
            expires_at=now + timedelta(days=900),
        )
        for n, person in enumerate(people)
    )
