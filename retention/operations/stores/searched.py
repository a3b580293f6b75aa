"""Stores whose rows say in their texts alone whom they are about: read row by row, as the verifier reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import tenancy
from accounts.models import WebhookEndpoint
from retention.enums import RequestKind, StepStatus
from retention.models import ErasureStep, Export, RequestSubject
from retention.operations import exports
from retention.operations.stores.rows import Rows
from retention.operations.stores.target import Chunk, Place, Target
from retention.rules.terms import texts_in_json


@dataclass(frozen=True, slots=True)
class Searched(Rows):
    """A table that goes with its organization whole; of some people, the rows whose ``texts`` name one of them.

    A row goes whole, though it may name others too: what it says is bound together by a digest or an answer.
    """

    texts: tuple[str, ...] = ()
    # Of an organization's rows only these, as SQL; the others are kept.
    only: str = ""

    def covers(self, target: Target) -> bool:
        return True

    def count(self, target: Target) -> int:
        return int(self._asked(target, "SELECT count(*)")) if target.whole else 0

    def left(self, target: Target) -> bool:
        # Of some people the verifier tells: it reads every text right afterwards.
        return target.whole and bool(self._asked(target, "SELECT EXISTS (SELECT 1", ")"))

    def erase(self, target: Target, *, after: Place, limit: int, until: float) -> Chunk:
        rows = self._rows(target, after.key, limit)
        if target.whole:
            chosen = [row[0] for row in rows]
        else:
            named = target.named_by()
            chosen = [row[0] for row in rows if named(_pieces(row[1:]))]
        if chosen:
            self._delete(target, chosen)
        return Chunk(len(chosen), Place(0, rows[-1][0] if rows else after.key), len(rows) < limit)

    def _rows(self, target: Target, after: int, limit: int) -> list[tuple[Any, ...]]:
        columns = ", ".join((self.key, *(() if target.whole else (f"{name}::text" for name in self.texts))))
        which = f" AND {self.only}" if self.only and target.whole else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns} FROM {self.table} WHERE organization_id = %s AND {self.key} > %s{which} "
                f"ORDER BY {self.key} LIMIT %s",
                [target.organization_id, after, limit],
            )
            return list(cursor.fetchall())

    def _delete(self, target: Target, chosen: list[int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {self.table} WHERE organization_id = %s AND {self.key} = ANY(%s)",
                [target.organization_id, chosen],
            )

    def _asked(self, target: Target, before: str, behind: str = "") -> Any:
        which = f" AND {self.only}" if self.only else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f"{before} FROM {self.table} WHERE organization_id = %s{which}{behind}", [target.organization_id]
            )
            return cursor.fetchone()[0]


@dataclass(frozen=True, slots=True)
class OfNobodyToo(Searched):
    """Such a table, in which rows of no client may name somebody: after the client's own those of the people go too.

    Calls of the vendor's staff are answered there, and letters put away before anybody knew whose they were. An
    external id says nothing there: another client may have somebody of the same. ``apart``: rows of nobody that no
    words stand in, as SQL of one row: their texts are not read. The walk's place has 1 as its person from there on.
    """

    apart: str = "false"

    def erase(self, target: Target, *, after: Place, limit: int, until: float) -> Chunk:
        erased, key = 0, after.key
        if not after.person:
            own = super(OfNobodyToo, self).erase(target, after=after, limit=limit, until=until)
            if not own.finished:
                return own
            erased, key = own.erased, 0
        with tenancy.vendors_eraser(), connection.cursor() as cursor:
            texts = ", ".join(f"CASE WHEN NOT ({self.apart}) THEN {name}::text END" for name in self.texts)
            cursor.execute(
                f"SELECT {self.key}, {texts} FROM {self.table} "
                f"WHERE organization_id IS NULL AND {self.key} > %s ORDER BY {self.key} LIMIT %s",
                [key, limit],
            )
            rows = cursor.fetchall()
            named = target.named_by(anywhere=True)
            chosen = [row[0] for row in rows if named(_pieces(row[1:]))]
            if chosen:
                cursor.execute(
                    f"DELETE FROM {self.table} WHERE organization_id IS NULL AND {self.key} = ANY(%s)", [chosen]
                )
        return Chunk(erased + len(chosen), Place(1, rows[-1][0] if rows else key), len(rows) < limit)


@dataclass(frozen=True, slots=True)
class Announcements(Searched):
    """What the outbox says about people, and its deliveries. What it says about contracts is kept."""

    def _delete(self, target: Target, chosen: list[int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM accounts_webhookdelivery WHERE organization_id = %s AND message_id = ANY(%s)",
                [target.organization_id, chosen],
            )
        super(Announcements, self)._delete(target, chosen)


@dataclass(frozen=True, slots=True)
class Endpoints(Rows):
    """Endpoints of webhooks, each with what was fanned out to it while the deliveries were being erased."""

    def erase(self, target: Target, *, after: Place, limit: int, until: float) -> Chunk:
        rows = WebhookEndpoint.objects.filter(organization=target.organization_id, pk__gt=after.key).order_by("pk")
        # Locked: who fans out to them waits, and then finds them gone.
        chosen = [endpoint.pk for endpoint in rows.select_for_update()[:limit]]
        with connection.cursor() as cursor:
            for table, column in (("accounts_webhookdelivery", "endpoint_id"), (self.table, "id")):
                cursor.execute(
                    f"DELETE FROM {table} WHERE organization_id = %s AND {column} = ANY(%s)",
                    [target.organization_id, chosen],
                )
        return Chunk(len(chosen), Place(0, chosen[-1] if chosen else after.key), len(chosen) < limit)


# Whoever makes an export may have another clock than the worker, and may have begun before its last commit.
ALL_CLOCKS_AGREE = timedelta(minutes=5)


def exports_of(organization: int, request: int | None) -> QuerySet[Export]:
    """Return the exports that an organization's erasure empties; with an erasure of people, those that hold them.

    That is every export of everything, and of those that were made for some people the ones made for any of these. What
    is made after the last of the people is gone (:data:`ALL_CLOCKS_AGREE` later) holds none of them, and stays.
    """
    found = Export.objects.filter(organization=organization)
    if request is None:
        return found
    found = found.exclude(
        Exists(
            ErasureStep.objects.filter(
                organization=organization,
                run__request=request,
                store="licensed_users",
                status=StepStatus.DONE,
                finished_at__lt=OuterRef("made_at") - ALL_CLOCKS_AGREE,
            )
        )
    )
    listed = RequestSubject.objects.filter(organization=organization, request=request).values("licensed_user")
    about = RequestSubject.objects.filter(
        organization=organization, request=OuterRef("request"), licensed_user__in=listed
    )
    return found.filter(~Q(request__kind=RequestKind.EXPORT) | Exists(about))


@dataclass(frozen=True, slots=True)
class ExportFiles(Rows):
    """Exports: each file goes before its row, so a crash in between leaves a row that is erased again.

    An export of the whole organization is a copy of every person's data: it goes with the first of them. One of some
    people goes with the first of these.
    """

    def covers(self, target: Target) -> bool:
        return True

    def erase(self, target: Target, *, after: Place, limit: int, until: float) -> Chunk:
        rows = exports_of(target.organization_id, target.request_id).filter(pk__gt=after.key).order_by("pk")
        chosen = list(rows.values_list("pk", "public_id")[:limit])
        for _pk, public_id in chosen:
            exports.remove_file(public_id)
        if chosen:
            keys = [pk for pk, _id in chosen]
            with connection.cursor() as cursor:
                cursor.execute(
                    f"DELETE FROM {self.table} WHERE organization_id = %s AND id = ANY(%s)",
                    [target.organization_id, keys],
                )
        return Chunk(len(chosen), Place(0, chosen[-1][0] if chosen else after.key), len(chosen) < limit)

    def count(self, target: Target) -> int:
        return exports_of(target.organization_id, target.request_id).count()

    def left(self, target: Target) -> bool:
        return exports_of(target.organization_id, target.request_id).exists()


def _pieces(texts: Sequence[str | None]) -> list[str]:
    return [piece for text in texts if text for piece in texts_in_json(text)]
