"""Stores that are tables: walked by ranges of their keys, each range one statement, whatever dead rows lie behind it.

A range needs no list of ids, and never looks again at what was deleted before: with an old snapshot open elsewhere,
chunks by ``LIMIT`` alone scan those dead rows again and again.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from retention.operations.stores.target import LAST, PEOPLE_AT_ONCE, Chunk, Place, Target

OF_PEOPLE = "EXISTS (SELECT 1 FROM retention_requestsubject s WHERE s.organization_id = t.organization_id"


@dataclass(frozen=True, slots=True)
class Rows:
    """A table whose rows belong to an organization and, by their column ``person``, to one of its people.

    Without such a column its rows go with the organization only. ``backwards``: its rows may point to earlier ones of
    it, so the latest go first, and no chunk leaves one that does. ``fenced``: nobody adds a row once the saga closed
    the vault, so nobody looks for late ones: it would read every dead row again. The verifier looks, afterwards.
    """

    name: str
    table: str
    key: str = "id"
    person: str | None = None
    needs: tuple[str, ...] = ()
    backwards: bool = False
    fenced: bool = False
    # Other tables' rows refer to these, dead ones too until they are vacuumed: each is looked for at commit.
    referred_to: bool = False

    def covers(self, target: Target) -> bool:
        return target.whole or self.person is not None

    def count(self, target: Target) -> int:
        return int(self._asked(target, "SELECT count(*)"))

    def left(self, target: Target) -> bool:
        return not self.fenced and bool(self._asked(target, "SELECT EXISTS (SELECT 1", ")"))

    def erase(self, target: Target, *, after: Place, limit: int, until: float) -> Chunk:
        if target.whole:
            return self._range_of(target, None, after.key, limit)
        erased = anonymised = 0
        place = after
        # Who was finished is not asked for again: however slow a chunk is, it comes further by one person at least.
        people = target.people_from(after.person + (after.key == LAST))
        for person in people:
            start = after.key if person == after.person else 0
            chunk = self._range_of(target, person, start, limit - erased - anonymised)
            erased, anonymised = erased + chunk.erased, anonymised + chunk.anonymised
            if not chunk.finished:
                return Chunk(erased, chunk.place, False, anonymised)
            place = Place(person, LAST)
            if erased + anonymised >= limit or time.monotonic() >= until:
                return Chunk(erased, place, False, anonymised)
        return Chunk(erased, place, len(people) < PEOPLE_AT_ONCE, anonymised)

    def _range_of(self, target: Target, person: int | None, after: int, limit: int) -> Chunk:
        """Erase one range of the organization's rows, or of one person's."""
        past, order, upto = ("<", "DESC", ">=") if self.backwards else (">", "ASC", "<=")
        after = LAST if self.backwards and after == 0 else after
        whose, params = "t.organization_id = %s", [target.organization_id]
        if person is not None:
            whose, params = f"{whose} AND t.{self.person} = %s", [target.organization_id, person]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT t.{self.key} FROM {self.table} t WHERE {whose} AND t.{self.key} {past} %s "
                f"ORDER BY t.{self.key} {order} LIMIT 1 OFFSET %s",
                [*params, after, limit - 1],
            )
            found = cursor.fetchone()
            within, params = f"{whose} AND t.{self.key} {past} %s", [*params, after]
            if found is not None:
                within, params = f"{within} AND t.{self.key} {upto} %s", [*params, found[0]]
            erased, anonymised = self._empty(cursor, within, params, person)
        place = Place(person or 0, LAST if found is None else found[0])
        return Chunk(erased, place, found is None, anonymised)

    def _empty(self, cursor: Any, within: str, params: Sequence[Any], person: int | None) -> tuple[int, int]:
        """Delete the rows of a range; return how many were deleted, and how many made anonymous."""
        cursor.execute(f"DELETE FROM {self.table} t WHERE {within}", params)
        return cursor.rowcount, 0

    def _asked(self, target: Target, before: str, behind: str = "") -> Any:
        whose, params = "t.organization_id = %s", [target.organization_id]
        if target.request_id is not None:
            listed = f"{OF_PEOPLE} AND s.licensed_user_id = t.{self.person} AND s.request_id = %s)"
            whose, params = f"{whose} AND {listed}", [*params, target.request_id]
        with connection.cursor() as cursor:
            cursor.execute(f"{before} FROM {self.table} t WHERE {whose}{behind}", params)
            return cursor.fetchone()[0]


@dataclass(frozen=True, slots=True)
class Conversations(Rows):
    """Conversations. One person's, in which others wrote too, stays as the place of their messages, without its title.

    What they wrote is theirs, sealed under their keys.
    """

    def _empty(self, cursor: Any, within: str, params: Sequence[Any], person: int | None) -> tuple[int, int]:
        if person is None:
            return super(Conversations, self)._empty(cursor, within, params, person)
        others = (
            "EXISTS (SELECT 1 FROM retention_message m WHERE m.organization_id = t.organization_id "
            "AND m.conversation_id = t.id)"
        )
        cursor.execute(f"DELETE FROM {self.table} t WHERE {within} AND NOT {others}", params)
        erased = cursor.rowcount
        cursor.execute(f"UPDATE {self.table} t SET subject_id = NULL, sealed = '' WHERE {within}", params)
        return erased, cursor.rowcount


# Jobs about nobody any more: all their people are gone; and what takes such a job back, and has nobody either.
_EMPTY = (
    "NOT EXISTS (SELECT 1 FROM accounts_bulkitem i WHERE i.organization_id = t.organization_id AND i.job_id = t.id)"
)
_OF_NOBODY = f"""WITH RECURSIVE of_nobody AS (
    SELECT t.id FROM accounts_bulkjob t WHERE t.organization_id = %(organization)s AND t.total > 0 AND {_EMPTY}
    UNION SELECT t.id FROM accounts_bulkjob t JOIN of_nobody back ON t.undo_of_id = back.id
    WHERE t.organization_id = %(organization)s AND {_EMPTY}
)"""


@dataclass(frozen=True, slots=True)
class Jobs(Rows):
    """Bulk jobs. Of some people, those whose last person went: what was noted then was said of the erased alone."""

    def covers(self, target: Target) -> bool:
        return True

    def count(self, target: Target) -> int:
        return super(Jobs, self).count(target) if target.whole else 0

    def left(self, target: Target) -> bool:
        if target.whole:
            return super(Jobs, self).left(target)
        with connection.cursor() as cursor:
            params = {"organization": target.organization_id}
            cursor.execute(f"{_OF_NOBODY} SELECT EXISTS (SELECT FROM of_nobody)", params)
            return bool(cursor.fetchone()[0])

    def erase(self, target: Target, *, after: Place, limit: int, until: float) -> Chunk:
        if target.whole:
            return super(Jobs, self).erase(target, after=after, limit=limit, until=until)
        with connection.cursor() as cursor:
            cursor.execute(
                f"{_OF_NOBODY} DELETE FROM {self.table} t WHERE t.organization_id = %(organization)s "
                "AND t.id IN (SELECT id FROM of_nobody ORDER BY id DESC LIMIT %(limit)s)",
                {"organization": target.organization_id, "limit": limit},
            )
            return Chunk(cursor.rowcount, after, cursor.rowcount < limit)


@dataclass(frozen=True, slots=True)
class People(Rows):
    """The licensed users, last of all: with each goes its place in the requests' lists, and on released holds."""

    def erase(self, target: Target, *, after: Place, limit: int, until: float) -> Chunk:
        if target.whole:
            chosen = self._next(target, after.key, limit)
            place = Place(0, chosen[-1] if chosen else after.key)
        else:
            # Those who are gone are not listed any more: the walk always begins at the first.
            chosen, place = target.people_from(0, limit=limit), after
        gone = [
            self._run(statement, target, chosen)
            for statement in (
                "UPDATE retention_legalhold SET subject_id = NULL WHERE organization_id = %s AND subject_id = ANY(%s)",
                # Before their places in the list, by which the database knows that no hold covers them any more.
                "DELETE FROM accounts_licenseduser WHERE organization_id = %s AND id = ANY(%s)",
                "DELETE FROM retention_requestsubject WHERE organization_id = %s AND licensed_user_id = ANY(%s)",
            )
        ]
        return Chunk(gone[1], place, len(chosen) < limit)

    @staticmethod
    def _run(statement: str, target: Target, chosen: list[int]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, [target.organization_id, chosen])
            return int(cursor.rowcount)

    def _next(self, target: Target, after: int, limit: int) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id FROM {self.table} WHERE organization_id = %s AND id > %s ORDER BY id LIMIT %s",
                [target.organization_id, after, limit],
            )
            return [row[0] for row in cursor.fetchall()]
