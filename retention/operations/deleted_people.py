"""Requests that deletions of licensed users bring: each in the name of whoever had the people deleted.

The client's members and programs decide for it by deleting, and by enforcing a rule that does. What anybody else
deleted, or had a rule delete, waits for the client, as all that others ask for.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from accounts.enums import LicenceAct, LicenceStatus
from accounts.models import AccessRule, LicensedUser, LicensedUserChange, Organization
from accounts.operations import actors
from accounts.querysets import OrganizationQuerySet
from retention.enums import RequestKind, RequestOrigin
from retention.models import DeletionRequest, RequestSubject
from retention.operations import people_requests


@dataclass(frozen=True, slots=True)
class Instruction:
    """Who asked, of what origin that is, and whether they decide for the client."""

    by: str
    origin: RequestOrigin
    decided: bool


def due(*, at: datetime) -> OrganizationQuerySet:
    """Organizations with deleted people for whom nothing was asked since."""
    found = _deleted(at).filter(organization=OuterRef("pk"))
    return Organization.objects.filter(Exists(found), closed_at__isnull=True).order_by("pk")


def request(organization: Organization, *, now: datetime, by: str) -> list[DeletionRequest]:
    """Open the requests for the people who were deleted: one for each who had them deleted. In the vendor's scope.

    :raises states.OrganizationClosed: everything of this organization is being erased, or is erased.
    """
    scheduled = LicensedUserChange.objects.filter(
        organization=organization, licensed_user=OuterRef("pk"), act=LicenceAct.SCHEDULE
    ).order_by("-occurred_at", "-pk")
    rows = (
        _deleted(now)
        .filter(organization=organization)
        .annotate(
            scheduled_by=Subquery(scheduled.values("by")[:1]),
            scheduled_from=Subquery(scheduled.values("source")[:1]),
            scheduled_at=Subquery(scheduled.values("occurred_at")[:1]),
        )
        .order_by("pk")
        .values_list("public_id", "scheduled_by", "scheduled_from", "scheduled_at", "status_by")
    )
    # Of each rule, since when it is the client's instruction.
    rules = dict(AccessRule.objects.filter(organization=organization).values_list("public_id", "of_client_since"))
    asked: dict[tuple[str, bool | None], list[UUID]] = defaultdict(list)
    for public_id, scheduled_by, source, scheduled_at, deleted_by in rows[: people_requests.MOST_PEOPLE]:
        since = rules.get(source)
        ruled = (since is not None and scheduled_at >= since) if source in rules else None
        asked[scheduled_by or deleted_by, ruled].append(public_id)
    opened = []
    for (actor, ruled), people in asked.items():
        meant = _instruction(organization, actor, ruled=ruled)
        opened.append(
            people_requests.open_for_people(
                organization,
                people=people,
                origin=meant.origin,
                decided=meant.decided,
                asked_by=meant.by,
                now=now,
                by=by,
            )
        )
    return opened


def _instruction(organization: Organization, actor: str, *, ruled: bool | None) -> Instruction:
    """Return in whose name it is. ``ruled``: a rule scheduled them, and whether on the client's word."""
    if ruled is not None:
        return Instruction(actor, RequestOrigin.CLIENT_RULE, decided=ruled)
    return Instruction(actor, RequestOrigin.CLIENT, decided=actors.is_of(organization, actor))


def _deleted(at: datetime) -> QuerySet[LicensedUser]:
    """Return deleted people who are in no request, and in none that was refused or given up since they were deleted."""
    listed = RequestSubject.objects.filter(licensed_user=OuterRef("pk"), kind=RequestKind.ERASE)
    answered = Q(let_go_at__isnull=True) | Q(request__received_at__gte=OuterRef("deleted_at"))
    return LicensedUser.objects.filter(
        ~Exists(listed.filter(answered)), status=LicenceStatus.DELETED, deleted_at__lte=at
    )
