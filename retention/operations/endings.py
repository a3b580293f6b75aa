"""What was kept on a basis goes when its period is over: the contract file, accounting records, evidence, contacts.

For each client in one transaction, as the eraser, what refers to a row before what it refers to. A hold in force on
anything of the client, and any request of it that is open, keep all of it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import Exists, ForeignKey, Model, OuterRef
from django.db.models.expressions import RawSQL

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import Membership, Organization, User
from accounts.operations import audit, documents
from accounts.operations.sweeping import Swept
from accounts.querysets import OrganizationQuerySet
from contracts.models import Contract, Payment, Quote, StatementLine
from contracts.rules.days import ONE_DAY
from retention.models import DeletionRequest, LegalHold
from retention.operations import chunks
from retention.operations.stores.kept import kept
from retention.policy.bases import ACCOUNTS, ANSWERED, CONTRACT_FILE, EVIDENCE
from retention.policy.kinds import Basis
from retention.rules import endings as rules

log = structlog.get_logger(__name__)
# So many rows of a table in one transaction: what is left goes with the next sweep.
MOST_ROWS = 5000
# Nowhere on earth does a day begin later than so long after it begins in UTC.
WESTERNMOST = timedelta(hours=12)
# What belongs to a person who signs in, beside the memberships.
OF_USERS = ("mfa_authenticator", "socialaccount_socialaccount")


class FileKept(Refused):
    """A hold is in force, or a request is open: nothing of the client's file goes."""

    code = "file_kept"


def params_at(now: datetime) -> dict[str, Any]:
    """Return what the conditions of the tables compare with: the day that has begun everywhere on earth counts."""
    today = (now.astimezone(UTC) - WESTERNMOST).date()
    contract_day = rules.last_day_over(today, years=years_of(CONTRACT_FILE))
    return {
        "contract_day": contract_day,
        "contract_before": _begin_of(contract_day + ONE_DAY),
        "evidence_before": _begin_of(rules.last_day_over(today, years=years_of(EVIDENCE)) + ONE_DAY),
        "answered_before": _begin_of(rules.last_day_over(today, years=years_of(ANSWERED)) + ONE_DAY),
        "account_year": rules.last_year_over(today, years=years_of(ACCOUNTS)),
    }


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), tzinfo=UTC)


def years_of(basis: Basis) -> int:
    """Return how many years a basis keeps, by the issuer's country where the law says so."""
    assert basis.period is not None
    return basis.period.by_country.get(settings.VENDOR_COUNTRY, basis.period.amount)


def due(*, at: datetime) -> OrganizationQuerySet:
    """Return the organizations of which something goes now: a period is over, nothing is held, no request is open."""
    params = params_at(at)
    if not _anything_so_old(params):
        return Organization.objects.none()
    holds = LegalHold.objects.in_force().filter(organization=OuterRef("pk"))
    requests = DeletionRequest.objects.open().filter(organization=OuterRef("pk"))
    parts = (f"SELECT {one.tenant} FROM {one.table} t WHERE {one.goes}" for one in kept())
    # Positional, as the ORM passes them on: each name in its place.
    query, values = positional(" UNION ".join(parts), params)
    found = Organization.objects.filter(~Exists(holds), ~Exists(requests), pk__in=RawSQL(query, values))
    return found.order_by("pk")


def _anything_so_old(params: dict[str, Any]) -> bool:
    """Say whether anything can be over at all: cheaply, for it is asked often and seldom so."""
    year = params["account_year"]
    return (
        Organization.objects.filter(created_at__lt=params["contract_before"]).exists()
        or Contract.objects.filter(ends_on__lte=params["contract_day"] + ONE_DAY).exists()
        or StatementLine.objects.filter(due_on__year__lte=year).exists()
        or Payment.objects.filter(paid_on__year__lte=year).exists()
        or Quote.objects.filter(quoted_on__year__lte=year).exists()
    )


def end_all(*, at: datetime, by: str) -> Swept:
    """Let go of what is over, one client after the other."""
    swept = Swept()
    with tenancy.vendor():
        found = list(due(at=at))
    for organization in found:
        try:
            swept.done += bool(end(organization, now=at, by=by))
        except Refused as error:
            swept.refuse(error.code)
        except Exception as error:  # one client's trouble holds up no other's: it is logged, and counted
            if type(error).__name__ == "SoftTimeLimitExceeded":
                raise
            swept.refuse("error")
            log.exception("sweep.failed", error=type(error).__name__)
    return swept


def end(organization: Organization, *, now: datetime, by: str) -> dict[str, int]:
    """Let go of what was kept long enough; return how many rows of which table. Once more, and nothing goes.

    :raises FileKept: a hold is in force, or a request is open.
    """
    with tenancy.eraser(organization.pk):
        counts, files = _take(organization, now=now)
        if counts:
            audit.record("retention.period_over", organization, by=by, at=now, data={"tables": counts})
        documents.remove_files(files)
    return counts


def preview(organization: Organization, *, now: datetime) -> dict[str, int]:
    """Return what :func:`end` would let go of now: it is done, and undone. :raises FileKept: as there."""
    try:
        with tenancy.eraser(organization.pk):
            counts, _files = _take(organization, now=now)
            raise _Undone
    except _Undone:
        return counts


class _Undone(Exception):
    """What was done was only looked at."""


def _take(organization: Organization, *, now: datetime) -> tuple[dict[str, int], list[Any]]:
    chunks.take_fence(organization.pk)
    held = LegalHold.objects.in_force().filter(organization=organization).exists()
    if held or DeletionRequest.objects.open().filter(organization=organization).exists():
        raise FileKept("A legal hold is in force, or a request is open: nothing of the file goes.")
    params = {**params_at(now), "own": organization.pk, "most": MOST_ROWS}
    members = list(Membership.objects.filter(organization=organization).values_list("user", flat=True))
    counts: dict[str, int] = {}
    files: list[Any] = []
    for one in kept():
        returned = "t.public_id" if one.table == "accounts_document" else "1"
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {one.table} t WHERE t.{one.key} IN (SELECT t.{one.key} FROM {one.table} t "
                f"WHERE {one.tenant} = %(own)s AND {one.goes} LIMIT %(most)s) RETURNING {returned}",
                params,
            )
            rows = cursor.fetchall()
        if rows:
            counts[one.table] = len(rows)
        if one.table == "accounts_document":
            files = [row[0] for row in rows]
    if "accounts_membership" in counts and (gone := _let_users_go(members)):
        counts["accounts_user"] = gone
    return counts, files


def _let_users_go(members: list[int]) -> int:
    """Let go of those who belong nowhere any more, with their factors; return how many."""
    with tenancy.vendor():  # who is a member elsewhere, no single client's scope tells
        found = User.objects.filter(pk__in=members)
        for model, field in _pointing_to_users():
            found = found.filter(~Exists(model._default_manager.filter(**{field: OuterRef("pk")})))
        lone = list(found.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        for table in OF_USERS:
            cursor.execute(f"DELETE FROM {table} WHERE user_id = ANY(%s)", [lone])
        cursor.execute("DELETE FROM accounts_user WHERE id = ANY(%s)", [lone])
        return int(cursor.rowcount)


def _pointing_to_users() -> Iterator[tuple[type[Model], str]]:
    """Yield the tables by which somebody is needed still, a membership first of all, and the field."""
    for model in apps.get_models():
        if model._meta.db_table not in OF_USERS:
            for field in model._meta.concrete_fields:
                if isinstance(field, ForeignKey) and field.related_model is User:
                    yield model, field.name


def positional(query: str, params: dict[str, Any]) -> tuple[str, list[Any]]:
    """Return a query and its values as the ORM takes them: named places become positions."""
    values: list[Any] = []
    pieces = query.split("%(")
    text = pieces[0]
    for piece in pieces[1:]:
        name, rest = piece.split(")s", 1)
        values.append(params[name])
        text += f"%s{rest}"
    return text, values
