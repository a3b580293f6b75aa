"""A person's request in the world that the admin shows."""

from accounts import tenancy
from accounts.enums import Language
from retention.enums import DoubtReason, RequestKind, SubjectChannel
from retention.models import DeletionRequest, MentionScan
from retention.operations import subject_decisions, subject_requests
from retention.operations.subject_facts import Facts
from tests.admin.people import a_member
from tests.contracts.agreements import at
from tests.retention.vaults import BEFORE

NOW = at("2026-02-05")


def somebody_asks(organization):
    """Leave a person's request with the client, which asked first who it is."""
    a_member("client_privacy_officer", organization)
    with tenancy.vendor():
        row = subject_requests.take_down(
            Facts("Ann", f"ann-{organization.pk}@canary.example", "What do you know of me?"),
            kind=RequestKind.EXPORT,
            channel=SubjectChannel.MAIL,
            language=Language.ENGLISH,
            received_at=BEFORE,
            now=NOW,
            by="user:one",
        )
        row = subject_requests.forward(row, organization=organization, now=NOW, by="user:one")
    with tenancy.tenant(organization.pk):
        subject_decisions.doubt(row, reason=DoubtReason.DATA_DIFFER, now=NOW, by="user:one")


def others_are_searched(organization):
    """Leave a search of others' content for some request of the client, and its decision on it."""
    with tenancy.vendor():
        MentionScan.objects.create(
            organization=organization,
            request=DeletionRequest.objects.filter(organization=organization).earliest("pk"),
            state="done",
            started_by="user:one",
            started_at=BEFORE,
            finished_at=NOW,
            store="conversations",
            examined=3,
            found={"messages": 1},
            rows={"messages": [1]},
            taken_by="user:two",
            taken_at=NOW,
        )


def somebody_waits(now):
    """Leave a person's request that waits to be forwarded, from this instant on."""
    with tenancy.vendor():
        subject_requests.take_down(
            Facts("Ann", "ann@far.example"),
            kind=RequestKind.EXPORT,
            channel=SubjectChannel.MAIL,
            language=Language.ENGLISH,
            received_at=now,
            now=now,
            by="user:one",
        )
