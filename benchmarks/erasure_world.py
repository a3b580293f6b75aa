"""Tenants with much content among others; in a template database, so that each turn begins with a fresh copy."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, connections
from psycopg.types.json import Jsonb

from accounts import tenancy
from accounts.models import LicensedUser, Organization
from benchmarks import bench
from retention import ledger
from retention.enums import Decision, RequestOrigin, RequestScope, RequestStatus
from retention.models import DataKey, DeletionRequest, ErasureEntry, ErasureRun, RequestSubject
from retention.operations import runs

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
BEFORE = datetime(2025, 1, 1, 12, tzinfo=UTC)
TENANTS = 50
# Sealed bytes of a message, of a title, of a diagnostic.
SEALED = {"conversation": 80, "message": 240, "diagnostic": 400}


@dataclass(frozen=True, slots=True)
class Size:
    """How much a tenant has."""

    users: int
    conversations: int
    messages: int
    diagnostics: int

    @property
    def rows(self) -> int:
        """Everything of the tenant that is content."""
        return self.conversations + self.messages + self.diagnostics

    def shared_by(self, tenants: int) -> "Size":
        """Return what each of so many tenants has who have as much together."""
        return Size(
            max(2, self.users // tenants),
            max(1, self.conversations // tenants),
            max(1, self.messages // tenants),
            max(1, self.diagnostics // tenants),
        )


SIZES = {"small": Size(200, 2_000, 100_000, 5_000), "full": Size(1_000, 20_000, 1_000_000, 50_000)}


def load(*sizes: Size, mixed: bool = True) -> list[Organization]:
    """Load a tenant of each size, and others who have as much together as the first; return the former.

    ``mixed``: the tenants' rows lie among each other, as they do where all write at once; else they are loaded sooner.
    Every table is vacuumed and analysed.
    """
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
    few = sizes[0].shared_by(TENANTS - len(sizes))
    tenants = [(one, sizes[n] if n < len(sizes) else few) for n, one in enumerate(made)]
    for organization, size in tenants:
        _people(organization, size.users)
    with bench.administrator() as connected:
        # What is made here refers to what is there: it need not be looked up for each row.
        connected.execute("SET session_replication_role = replica")
        connected.execute(
            "CREATE TABLE owners AS SELECT organization_id, id, "
            "row_number() OVER (PARTITION BY organization_id ORDER BY id) AS n FROM accounts_licenseduser"
        )
        connected.execute("CREATE INDEX ON owners (organization_id, n)")
        connected.execute("CREATE TABLE tenants (organization_id bigint, users int, conversations int, rows jsonb)")
        for organization, size in tenants:
            rows = {"conversation": size.conversations, "message": size.messages, "diagnostic": size.diagnostics}
            row = (organization.pk, size.users, size.conversations, Jsonb(rows))
            connected.execute("INSERT INTO tenants VALUES (%s, %s, %s, %s)", row)
        bench.say(f"  loading {sum(size.rows for _one, size in tenants)} rows of {TENANTS} tenants")
        for table in SEALED:
            _content(connected, table, mixed=mixed)
        connected.execute("DROP TABLE owners, tenants")
        for table in (*(f"retention_{table}" for table in SEALED), "accounts_licenseduser"):
            connected.execute(f"VACUUM (ANALYZE) {table}")
        connected.execute(
            "INSERT INTO retention_vault (organization_id, state, changed_at) "
            "SELECT id, 'open', %s FROM accounts_organization",
            [AT],
        )
    return made[: len(sizes)]


def _people(organization: Organization, count: int) -> None:
    with tenancy.tenant(organization.pk):
        LicensedUser.objects.bulk_create(
            (
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
            ),
            batch_size=1_000,
        )


# Of ten conversations of a person one is shared: in it every other message is its neighbour's.
TALK = "(1 + r.n %% r.conversations)"
SHARED = f"CASE WHEN {TALK} / r.users %% 10 = 0 THEN r.n / r.conversations %% 2 ELSE 0 END"


def _content(connected: Any, table: str, *, mixed: bool) -> None:
    """Insert a table's rows of all tenants."""
    columns, values, join, owner = "", "", "", "r.n"
    if table == "message":
        columns, values = ", conversation_id, role", ", c.id, CASE r.n %% 2 WHEN 0 THEN 'assistant' ELSE 'user' END"
        join = (
            f"JOIN retention_conversation c ON c.organization_id = r.organization_id AND c.external_id = 'c-' || {TALK}"
        )
        owner = f"({TALK} + {SHARED})"
    elif table == "diagnostic":
        columns, values = ", type", ", 'clarity'"
    connected.execute(
        f"INSERT INTO retention_{table} (organization_id, public_id, external_id, subject_id, key_id, sealed, "
        f"occurred_at, recorded_at{columns}) SELECT r.organization_id, gen_random_uuid(), '{table[0]}-' || r.n, o.id, "
        f"gen_random_uuid(), decode(repeat(md5(r.n::text || r.organization_id), {SEALED[table] // 16}), 'hex'), "
        f"%s, %s{values} FROM ("
        f"SELECT t.*, generate_series(1, (t.rows ->> '{table}')::int) AS n FROM tenants t) AS r "
        f"JOIN owners o ON o.organization_id = r.organization_id AND o.n = 1 + {owner} %% r.users {join}"
        + (" ORDER BY md5(r.n::text || r.organization_id)" if mixed else ""),
        [BEFORE, BEFORE],
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


def make_keys(organization: Organization) -> None:
    """Give each person a key: how it is wrapped does not matter to its destruction."""
    with tenancy.vendor():
        people = LicensedUser.objects.filter(organization=organization).values_list("public_id", flat=True)
        keys = [
            DataKey(
                organization_ref=organization.public_id,
                subject_ref=one,
                wrapped=b"x" * 61,
                key_version=1,
                created_at=AT,
            )
            for one in people
        ]
    with ledger.vendor():
        DataKey.objects.bulk_create(keys, batch_size=1_000)


def forget_ledger() -> None:
    """Take out of the ledger what earlier turns wrote."""
    with bench.administrator(database=str(connections["ledger"].settings_dict["NAME"])) as connected:
        for model in (DataKey, ErasureEntry):
            connected.execute(f"TRUNCATE {model._meta.db_table}")


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
