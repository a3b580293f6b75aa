"""What breaks each constraint of the vendor's own notices; for test_constraints.py."""

from datetime import date

from accounts.models import Document
from contracts.models import OutgoingNotice
from tests.contracts.agreements import at


def an_outgoing_notice(contract, **values):
    """Make a draft."""
    return OutgoingNotice.objects.create(
        **{
            "organization_id": contract.organization_id,
            "contract": contract,
            "kind": "non_renewal",
            "channel": "letter",
            "ends_on": date(2026, 1, 1),
            "send_by": date(2025, 9, 24),
            "drafted_by": "user:one",
            "drafted_at": at("2025-06-01"),
            **values,
        }
    )


def outgoing(**values):
    return lambda found: OutgoingNotice.objects.filter(contract=found).update(**values)


def a_document(contract):
    """Make the row of a document."""
    return Document.objects.create(
        organization_id=contract.organization_id,
        kind="other",
        filename="slip.txt",
        content_type="text/plain",
        size=1,
        sha256="0" * 64,
        wrapped_key=b"",
        key_version=1,
        created_at=at("2025-06-01"),
    )


APPROVED = {"status": "approved", "approved_by": "user:two", "approved_at": at("2025-06-02")}
OUTGOING = {
    "contracts_outgoingnotice_public_id_key": lambda found: an_outgoing_notice(
        found,
        status="cancelled",
        cancelled_at=at("2025-06-02"),
        public_id=found.outgoing_notices.get().public_id,
    ),
    "outgoing_status_known": outgoing(status="lost"),
    "outgoing_approved_by_somebody": outgoing(approved_by="user:two"),
    "outgoing_approved_before_sent": outgoing(status="approved"),
    "outgoing_approved_by_another": outgoing(**APPROVED | {"approved_by": "user:one"}),
    "outgoing_sent_with_proof": outgoing(**APPROVED | {"status": "sent", "sent_on": date(2025, 6, 3)}),
    "outgoing_given_is_a_notice": lambda found: found.outgoing_notices.update(notice=found.notices.get()),
    "outgoing_cancelled_at_iff_cancelled": outgoing(status="cancelled"),
    "outgoing_open_once_per_contract": an_outgoing_notice,
}
FOREIGN_KEYS = {
    "contracts_outgoingnotice_contract_id_tenant_fk": outgoing(contract_id=2**40),
    "contracts_outgoingnotice_proof_id_tenant_fk": outgoing(
        **APPROVED | {"status": "sent", "sent_on": date(2025, 6, 3), "proof_id": 2**40}
    ),
    "contracts_outgoingnotice_notice_id_tenant_fk": lambda found: found.outgoing_notices.update(
        **APPROVED | {"status": "given", "sent_on": date(2025, 6, 3), "proof": a_document(found), "notice_id": 2**40}
    ),
}
