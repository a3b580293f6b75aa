"""The ways in which a tenant's rows, or those of one of its people, are erased: the engine's, and those beside it."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from accounts import tenancy
from accounts.models import LicensedUser
from benchmarks.erasure_world import AT
from retention.models import Conversation, Diagnostic, ErasureRun, Message, RequestSubject
from retention.operations import erasure
from retention.operations.stores import STORES, Rows
from retention.operations.stores.searched import Searched

BY_ID = 1_000
# A conversation in which others wrote stays, without its title: in every way.
WITH_OTHERS = (
    "EXISTS (SELECT 1 FROM retention_message m WHERE m.organization_id = t.organization_id "
    "AND m.conversation_id = t.id)"
)


@dataclass(frozen=True, slots=True)
class Whose:
    """A tenant, or one of its people, by their internal keys."""

    organization: int
    person: int | None = None

    def querysets(self) -> list[QuerySet[Any]]:
        """Return what goes by Django's own delete, children first."""
        everything: tuple[Any, ...] = (Message, Diagnostic, Conversation, LicensedUser)
        if self.person is None:
            return [model._default_manager.filter(organization=self.organization) for model in everything]
        found = [model._default_manager.filter(**self._of_person("subject")) for model in everything[:3]]
        listed = RequestSubject._default_manager.filter(**self._of_person("licensed_user"))
        return [*found, listed, LicensedUser.objects.filter(**self._of_person("pk"))]

    def keep_what_others_wrote_in(self) -> None:
        """Make those of the person's conversations anonymous in which others wrote."""
        if self.person is None:
            return
        others = Message.objects.filter(organization=OuterRef("organization"), conversation=OuterRef("pk"))
        others = others.exclude(subject=self.person)
        found = Conversation.objects.filter(Exists(others), **self._of_person("subject"))
        found.update(subject=None, sealed=b"")

    def _of_person(self, column: str) -> dict[str, Any]:
        return {"organization": self.organization, column: self.person}


def advance(run: ErasureRun) -> bool:
    """Let the engine go on, at the rate that is set; say whether it came to its end."""
    return erasure.advance(run, now=AT, by="system")


def engine(run: ErasureRun) -> None:
    """Let the engine come to its end, at the rate that is set."""
    if not advance(run):
        raise RuntimeError("the engine did not come to its end")


def bare(whose: Whose) -> None:
    """One DELETE per table in one transaction, in the same role, behind the same wall."""
    with tenancy.eraser(whose.organization), connection.cursor() as cursor:
        if whose.person is None:
            for store in STORES:
                if isinstance(store, Rows) and store.table:
                    which = f" AND {store.only}" if getattr(store, "only", "") else ""
                    cursor.execute(f"DELETE FROM {store.table} WHERE organization_id = %s{which}", [whose.organization])
            return
        params = [whose.organization, whose.person]
        cursor.execute(
            "DELETE FROM retention_requestsubject WHERE organization_id = %s AND licensed_user_id = %s", params
        )
        for store in STORES:
            if isinstance(store, Rows) and not isinstance(store, Searched) and store.person is not None:
                of_person = f"t.organization_id = %s AND t.{store.person} = %s"
                which = f"{of_person} AND NOT {WITH_OTHERS}" if store.name == "conversations" else of_person
                cursor.execute(f"DELETE FROM {store.table} t WHERE {which}", params)
                if store.name == "conversations":
                    cursor.execute(
                        f"UPDATE {store.table} t SET subject_id = NULL, sealed = '' WHERE {of_person}", params
                    )


def orm(whose: Whose) -> None:
    """``QuerySet.delete()`` in one transaction."""
    with tenancy.eraser(whose.organization):
        whose.keep_what_others_wrote_in()
        for rows in whose.querysets():
            rows.delete()


def id_lists(whose: Whose) -> None:
    """Chunks of :data:`BY_ID` rows by lists of their keys, each a transaction."""
    with tenancy.eraser(whose.organization):
        whose.keep_what_others_wrote_in()
    for rows in whose.querysets():
        while True:
            with tenancy.eraser(whose.organization):
                chosen = list(rows.values_list("pk", flat=True)[:BY_ID])
                if not chosen:
                    break
                rows.model._default_manager.filter(pk__in=chosen).delete()


BESIDE: Mapping[str, Callable[[Whose], None]] = {"orm": orm, "id_lists": id_lists}


@contextlib.contextmanager
def unthrottled() -> Iterator[None]:
    """Let the engine go as fast as it can."""
    rate, settings.ERASURE_ROWS_PER_SECOND = settings.ERASURE_ROWS_PER_SECOND, 0
    try:
        yield
    finally:
        settings.ERASURE_ROWS_PER_SECOND = rate


@contextlib.contextmanager
def saga_alone() -> Iterator[None]:
    """Let the engine come to the stores, and take nothing from them."""
    real = erasure._Work._empty_stores
    erasure._Work._empty_stores = lambda work: False
    try:
        yield
    finally:
        erasure._Work._empty_stores = real
