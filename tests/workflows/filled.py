"""A row with canaries in every store that an erasure empties beside the content, in the cheapest way."""

from datetime import timedelta

from accounts import tenancy
from accounts.enums import SuspensionReason
from accounts.models import (
    BulkItem,
    BulkJob,
    IdempotencyKey,
    LicensedUser,
    OutboxMessage,
    ProvisionedGroup,
    ProvisionedMembership,
    RuleExemption,
    RuleFinding,
    WebhookDelivery,
)
from accounts.operations import access, access_rules, audit, endpoints
from contracts.letters import reader
from contracts.operations import intakes

LATER = timedelta(days=900)


def filled(organization, mark, *, whole, now):
    """Leave in each store rows about each person of the mark, who are named there by address and ids.

    What is of the client as a whole bears the mark only where the whole client goes (``whole``).
    """
    name = mark if whole else "ours"
    with tenancy.vendor():
        found = LicensedUser.objects.filter(organization=organization, external_id__startswith=mark)
        people = list(found.order_by("pk"))
        if not whole:
            access.suspend(people[0], reason=SuspensionReason.CLIENT_DECISION, now=now, by="user:one")
        if whole:
            asked = intakes.drop(reader.pasted(f"Stop {mark}?"), now=now, by="user:one")
            intakes.ask_back(asked, organization=organization, now=now, by="user:one")
        endpoint, _secret = endpoints.make(
            organization=organization, url=f"https://8.8.8.8/{name}", now=now, by="user:one"
        )
        group = ProvisionedGroup.objects.create(
            organization=organization, display_name=f"{name}-group", changed_at=now, created_at=now
        )
        rule = access_rules.create(
            organization, name="Idle", action="restrict", inactive_days=30, now=now, by="user:one"
        )
        job = BulkJob.objects.create(
            organization=organization,
            act="restrict",
            note=f"{name}-note",
            total=len(people),
            requested_by="user:one",
            created_at=now,
        )
        for person in people:
            own = {"organization": organization, "licensed_user": person}
            reason = {"reason": f"asked by {person.email}"}
            audit.record("note.kept", organization, by="user:one", at=now, detail=reason)
            ProvisionedMembership.objects.create(group=group, created_at=now, **own)
            RuleExemption.objects.create(rule=rule, created_at=now, created_by="user:one", **own)
            RuleFinding.objects.create(rule=rule, enforced=False, found_at=now, acts_at=now + LATER, **own)
            BulkItem.objects.create(job=job, **own)
            IdempotencyKey.objects.create(
                organization=organization,
                actor="user:one",
                key=f"{organization.pk} {person.pk}",
                response_status=201,
                response_body={"people": [{"email": person.email, "ids": [person.external_id]}]},
                created_at=now,
                expires_at=now + LATER,
            )
            told = OutboxMessage.objects.create(
                organization=organization,
                topic="licensed_user.changed",
                subject_type="LicensedUser",
                subject_id=person.public_id,
                payload={"user": str(person.public_id)},
                occurred_at=now,
                next_attempt_at=now + LATER,
                fanned_out_at=now,
            )
            WebhookDelivery.objects.create(
                organization=organization,
                endpoint=endpoint,
                message=told,
                lane=organization.pk,
                next_attempt_at=now + LATER,
                created_at=now,
            )
