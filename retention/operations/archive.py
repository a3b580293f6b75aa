"""The aggregate archive: counts that identify nobody, kept with the client's authorisation before content is erased."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.errors import Refused
from accounts.models import Document, Organization
from accounts.operations import audit, outbox
from retention.enums import Decision, RequestStatus
from retention.models import AggregateArchive, ArchiveAuthorization, DeletionRequest
from retention.operations import instructions
from retention.rules.disclosure import Fact, LeftOut, protect

TABLE = "diagnostics_by_month_department_type"
DECIDABLE = (RequestStatus.RECEIVED, RequestStatus.CONFIRMED, RequestStatus.APPROVED)

# Each person's contribution first, at every level of the cube; then how many people, how much, and the largest.
# Left out: people under restriction of processing (Art. 18 GDPR), and diagnostics that belong to nobody.
CUBE = """
    WITH facts AS (
        SELECT to_char(d.occurred_at AT TIME ZONE %(zone)s, 'YYYY-MM') AS month,
               u.department AS department, d.type AS type, d.subject_id AS person
        FROM retention_diagnostic d
        JOIN accounts_licenseduser u ON u.organization_id = d.organization_id AND u.id = d.subject_id
        WHERE d.organization_id = %(organization)s AND u.processing_restricted_at IS NULL
          AND to_char(d.occurred_at AT TIME ZONE %(zone)s, 'YYYY-MM') <> ALL(%(published)s)
    ), shares AS (
        SELECT month, department, type, GROUPING(month) AS all_months, GROUPING(department) AS all_departments,
               GROUPING(type) AS all_types, count(*) AS part
        FROM facts GROUP BY person, CUBE (month, department, type)
    )
    SELECT CASE WHEN all_months = 0 THEN month END, CASE WHEN all_departments = 0 THEN department END,
           CASE WHEN all_types = 0 THEN type END, count(*), sum(part), max(part)
    FROM shares GROUP BY all_months, all_departments, all_types, month, department, type
    ORDER BY 1, 2, 3
"""

# Each diagnostic of the organization that is in no cell, by person; without one there is none.
LEFT_OUT = """
    SELECT d.subject_id, count(*)
    FROM retention_diagnostic d
    LEFT JOIN accounts_licenseduser u ON u.organization_id = d.organization_id AND u.id = d.subject_id
    WHERE d.organization_id = %(organization)s AND (u.id IS NULL OR u.processing_restricted_at IS NOT NULL
        OR to_char(d.occurred_at AT TIME ZONE %(zone)s, 'YYYY-MM') = ANY(%(published)s))
    GROUP BY d.subject_id
"""


class ArchiveNotDecidable(Refused):
    """The request is over or runs, or its archive was decided already."""

    code = "archive_not_decidable"


class NotAuthorised(Refused):
    """The client has not authorised that aggregates are kept."""

    code = "archive_not_authorised"


@transaction.atomic
def authorise(
    organization: Organization,
    *,
    granted: bool,
    now: datetime,
    by: str,
    proof: Document | None = None,
    for_client: bool = False,
) -> ArchiveAuthorization:
    """Record the client's decision whether aggregated reports may be kept. The latest one counts.

    :raises instructions.ProofNeeded: the vendor's staff records an agreement for the client, and there is no proof.
    """
    if granted and for_client:
        instructions.demand(proof)
    found = ArchiveAuthorization.objects.create(
        organization=organization, granted=granted, decided_by=by, decided_at=now, proof=proof
    )
    data = {"proof": proof is not None}
    audit.record("archive.authorised" if granted else "archive.refused", found, by=by, at=now, data=data)
    outbox.publish("archive.authorised" if granted else "archive.refused", found, at=now)
    return found


@transaction.atomic
def make(request: DeletionRequest, *, now: datetime, by: str) -> AggregateArchive:
    """Keep the table month by department by diagnostic type, under disclosure control; nothing else of it is stored.

    Months are those of the organization's time zone, which the table names; a month that an earlier archive of the
    organization holds is left out. The caller is in the vendor's scope.

    :raises NotAuthorised: the client's latest decision does not allow it.
    :raises ArchiveNotDecidable: the archive was decided already, or the request is over or runs.
    """
    locked = _locked(request)
    decision = ArchiveAuthorization.objects.filter(organization=locked.organization_id).order_by("pk").last()
    if decision is None or not decision.granted:
        raise NotAuthorised("The client has not authorised that aggregated reports are kept.")
    zone = locked.organization.time_zone
    with connection.cursor() as cursor:
        published, told = _published(locked)
        params: dict[str, Any] = {"zone": zone, "organization": locked.organization_id, "published": published}
        cursor.execute(LEFT_OUT, params)
        left_out = LeftOut.beside(dict(cursor.fetchall()), told=told)
        cursor.execute(CUBE, params)
        facts = [
            Fact(month, department, type_, persons, int(count), largest)
            for month, department, type_, persons, count, largest in cursor.fetchall()
        ]
    table = {
        **protect(facts, left_out=left_out).to_json(),
        "name": TABLE,
        "time_zone": zone,
        "made_at": now.isoformat(),
    }
    archive = AggregateArchive.objects.create(
        organization_id=locked.organization_id,
        request=locked,
        name=TABLE,
        table=table,
        sha256=digest(table),
        made_at=now,
    )
    DeletionRequest.objects.filter(pk=locked.pk).update(archive_decision=Decision.DONE)
    audit.record("archive.made", archive, by=by, at=now, data={"name": TABLE, "sha256": archive.sha256})
    outbox.publish("archive.made", archive, at=now, payload={"name": TABLE})
    return archive


@transaction.atomic
def decline(request: DeletionRequest, *, now: datetime, by: str) -> DeletionRequest:
    """Record that no aggregates are kept.

    :raises ArchiveNotDecidable: it was decided already, or the request is over or runs.
    """
    locked = _locked(request)
    locked.archive_decision = Decision.DECLINED
    locked.save(update_fields=["archive_decision"])
    audit.record("archive.declined", locked, by=by, at=now)
    outbox.publish("archive.declined", locked, at=now)
    return locked


def _published(request: DeletionRequest) -> tuple[list[str], int | None]:
    """Return the months that an earlier archive holds, and how many diagnostics it says there are in them.

    Twice the same month could be subtracted from one another. ``None``: there is no earlier archive.
    """
    earlier = AggregateArchive.objects.filter(organization=request.organization_id).values_list("table", flat=True)
    cells = [cell for table in earlier for cell in (*table.get("cells", ()), *table.get("totals", ()))]
    grand = [cell["count"] or 0 for cell in cells if cell["month"] == cell["department"] == cell["type"] is None]
    return sorted({cell["month"] for cell in cells if cell["month"]}), sum(grand) if grand else None


def digest(table: object) -> str:
    """Return the SHA-256 of a table's JSON (sorted keys, no blanks), as the certificate names it."""
    text = json.dumps(table, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _locked(request: DeletionRequest) -> DeletionRequest:
    found = (
        DeletionRequest.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organization")
        .filter(pk=request.pk, status__in=DECIDABLE, archive_decision=Decision.PENDING)
        .first()
    )
    if found is None:
        raise ArchiveNotDecidable("The archive was decided already, or the request is over or runs.")
    return found
