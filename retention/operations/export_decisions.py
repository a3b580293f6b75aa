"""What is decided about a request's export, as long as it may be: made, waived, or left to what the contract says."""

from datetime import datetime

from django.db.models import Q

from accounts.errors import Refused
from accounts.models import Document, Organization
from retention.enums import Decision, RequestKind, RequestStatus
from retention.models import DeletionRequest

# Once keys are being destroyed, there is nothing left to decide about an export.
DECIDABLE = (RequestStatus.RECEIVED, RequestStatus.CONFIRMED, RequestStatus.APPROVED)


class ExportNotDecidable(Refused):
    """The request is over, already runs, or its export was decided otherwise."""

    code = "export_not_decidable"


def decide(
    organization: Organization, request: DeletionRequest, decision: Decision, **said: Document | datetime | None
) -> None:
    """Write the decision where it may still be written. A second export of one request is allowed, a reversal not.

    What the contract says counts while the client is silent: it may still have its export, or waive it by its word.
    """
    by_contract = Q(export_decision=Decision.DECLINED, export_waived_at__isnull=True)
    allowed = Q(export_decision=Decision.PENDING) | by_contract
    if decision == Decision.DONE:
        allowed |= Q(export_decision=Decision.DONE)
    count = DeletionRequest.objects.filter(
        allowed,
        pk=request.pk,
        organization=organization,
        kind=RequestKind.ERASE,
        status__in=DECIDABLE,
    ).update(export_decision=decision, **said)
    if count != 1:
        raise ExportNotDecidable("The request is over, already runs, or its export was decided otherwise.")
