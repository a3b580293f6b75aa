"""A tenant with much content among others, in a template database: each turn begins with a fresh copy."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, connections

from accounts import tenancy
from accounts.models import LicensedUser, Organization
from benchmarks import bench
from retention.enums import Decision, RequestOrigin, RequestScope, RequestStatus
from retention.models import DeletionRequest, ErasureRun, RequestSubject
from retention.operations import runs

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
BEFORE = datetime(2025, 1, 1, 12, tzinfo=UTC)
TENANTS = 50
# Sealed bytes of a message, of a title, of a diagnostic.
SEALED = {"message": 240, "conversation": 80, "diagnostic": 400}


@dataclass(frozen=True, slots=True)
class Size:
    """How much the large tenant has; all the others together have as much again."""

    users: int
    conversations: int
    messages: int
    diagnostics: int

    @property
    def rows(self) -> int:
        """Everything of the large tenant that is content."""
        return self.conversations + self.messages + self.diagnostics


SIZES = {"small": Size(200, 2_000, 100_000, 5_000), "full": Size(1_000, 20_000, 1_000_000, 50_000)}


def load(size: Size) -> Organization:
    """Load the tenants and return the large one; every table is vacuumed and analysed."""
    with tenancy.vendor():
        made = [
            Organization.objects.create(
                name=f"Client {number}",
                country="FR",
                time_zone="Europe/Paris",
                legal_category="company",
                registration_number=f"E{number:08}",
                created_at=BEFORE,
            )
            for number in range(TENANTS)
        ]
    large = made[0]
    _people(made, size)
    with bench.administrator() as connected:
        others = [one.pk for one in made[1:]]
        connected.execute(
            "CREATE TABLE owners AS SELECT organization_id, id, "
            "row_number() OVER (PARTITION BY organization_id ORDER BY id) AS n FROM accounts_licenseduser"
        )
        connected.execute("CREATE INDEX ON owners (organization_id, n)")
        bench.say(f"  loading {2 * size.rows} rows of {TENANTS} tenants")
        for table, count, more in (
            ("conversation", size.conversations, ""),
            ("message", size.messages, "conversation"),
            ("diagnostic", size.diagnostics, "type"),
        ):
            _content(connected, table, count, more, large.pk, others, size)
        connected.execute("DROP TABLE owners")
        for table in ("conversation", "message", "diagnostic"):
            connected.execute(f"VACUUM (ANALYZE) retention_{table}")
        connected.execute("VACUUM (ANALYZE) accounts_licenseduser")
        connected.execute(
            "INSERT INTO retention_vault (organization_id, state, changed_at) "
            "SELECT id, 'open', %s FROM accounts_organization",
            [AT],
        )
    return large


def _people(made: list[Organization], size: Size) -> None:
    few = max(2, size.users // (len(made) - 1))
    for organization in made:
        count = size.users if organization is made[0] else few
        with tenancy.tenant(organization.pk):
            LicensedUser.objects.bulk_create(
                LicensedUser(
                    organization=organization,
                    external_id=f"p-{n}",
                    user_name=f"p-{n}@client.example",
                    email=f"p-{n}@client.example",
                    display_name=f"P {n}",
                    department=f"D{n % 7}",
                    status_at=BEFORE,
                    status_by="user:one",
                    changed_at=BEFORE,
                    created_at=BEFORE,
                )
                for n in range(count)
            )


def _content(connected: Any, table: str, count: int, more: str, large: int, others: list[int], size: Size) -> None:
    few = max(2, size.users // len(others))
    talks = {"large": size.conversations, "others": max(1, size.conversations // len(others))}
    sealed = f"decode(repeat(md5(r.n::text || r.organization_id), {SEALED[table] // 16}), 'hex')"
    columns, values, join = "", "", ""
    if more == "conversation":
        columns, values = ", conversation_id, role", ", c.id, CASE r.n %% 2 WHEN 0 THEN 'assistant' ELSE 'user' END"
        join = (
            "JOIN retention_conversation c ON c.organization_id = r.organization_id AND c.external_id = 'c-' || "
            f"(1 + r.n %% CASE WHEN r.organization_id = {large} THEN {talks['large']} ELSE {talks['others']} END)"
        )
    elif more == "type":
        columns, values = ", type", ", 'clarity'"
    people = f"CASE WHEN r.organization_id = {large} THEN {size.users} ELSE {few} END"
    connected.execute(
        f"INSERT INTO retention_{table} (organization_id, public_id, external_id, subject_id, key_id, sealed, "
        f"occurred_at, recorded_at{columns}) SELECT r.organization_id, gen_random_uuid(), '{table[0]}-' || r.n, o.id, "
        f"gen_random_uuid(), {sealed}, %s, %s{values} FROM ("
        f"SELECT {large} AS organization_id, n FROM generate_series(1, {count}) AS n UNION ALL "
        f"SELECT organization_id, n FROM unnest(%s::bigint[]) AS organization_id, "
        f"generate_series(1, {max(1, count // len(others))}) AS n) AS r "
        f"JOIN owners o ON o.organization_id = r.organization_id AND o.n = 1 + r.n %% {people} {join} "
        "ORDER BY md5(r.n::text || r.organization_id)",
        [BEFORE, BEFORE, others],
    )


def planned(organization: Organization, people: list[UUID] | None = None) -> ErasureRun:
    """Return an approved request's run, about everything or about these people."""
    with tenancy.vendor():
        request = DeletionRequest.objects.create(
            organization=organization,
            origin=RequestOrigin.CLIENT,
            scope=RequestScope.ORGANIZATION if people is None else RequestScope.PEOPLE,
            status=RequestStatus.APPROVED,
            requested_by="user:one",
            received_at=BEFORE,
            service_ended_on=BEFORE.date() if people is None else None,
            retrieval_ends_on=BEFORE.date() if people is None else None,
            erase_from=BEFORE,
            erase_by=AT,
            confirmed_by="user:one",
            confirmed_at=BEFORE,
            approved_by="user:two",
            approved_at=BEFORE,
            export_decision=Decision.DECLINED,
            archive_decision=Decision.DECLINED,
        )
        if people is not None:
            RequestSubject.objects.bulk_create(
                RequestSubject(organization=organization, request=request, licensed_user=one, added_at=BEFORE)
                for one in LicensedUser.objects.filter(organization=organization, public_id__in=people)
            )
        return runs.plan(request, now=AT, by="system")


class Template:
    """The loaded database, kept aside: :meth:`fresh` gives the benchmark a copy of its files."""

    def __init__(self) -> None:
        self.name = str(connection.settings_dict["NAME"])
        self.kept = f"{self.name}_kept"
        with _maintenance() as connected:
            connected.execute(f'CREATE DATABASE "{self.kept}" TEMPLATE "{self.name}" STRATEGY FILE_COPY')

    def fresh(self) -> None:
        """Put the loaded state back, with nothing of it to be written out by whoever comes next."""
        with _maintenance() as connected:
            connected.execute(f'DROP DATABASE "{self.name}" WITH (FORCE)')
            connected.execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{self.kept}" STRATEGY FILE_COPY')
            connected.execute("CHECKPOINT")
        with connection.cursor() as cursor:
            # Read once, whoever comes next: the same pages are in memory for each way.
            cursor.execute("SELECT 1")


@contextlib.contextmanager
def _maintenance() -> Iterator[Any]:
    connections.close_all()
    with bench.administrator(database="postgres") as connected:
        yield connected
