"""Versions that follow what is read of others: a group is read with its members' names, a person with their groups'."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import F

from accounts.models import LicensedUser, ProvisionedGroup, ProvisionedMembership


def of_their_groups(organization_id: int, people: Collection[int], *, now: datetime) -> None:
    """Count on the groups that people (keys) are in: one is named otherwise, or is a member no more, or again."""
    groups = ProvisionedMembership.objects.filter(organization=organization_id, licensed_user__in=people)
    ProvisionedGroup.objects.filter(organization=organization_id, pk__in=groups.values("group_id")).update(
        version=F("version") + 1, changed_at=now
    )


def of_people(organization_id: int, people: Collection[int], *, now: datetime) -> None:
    """Count on people (keys): a group of theirs is named otherwise, or is theirs no more, or newly so."""
    LicensedUser.objects.filter(organization=organization_id, pk__in=people).update(
        version=F("version") + 1, changed_at=now
    )
