"""What belongs to no client goes when its period is over: the words and announcements of the vendor's own acts.

Staff, keys and stores are no client's; nor is a letter that was put away before anybody knew whose it was. The events
themselves stay, in the sealed trail. No hold covers them: a hold is on a client's data.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from accounts import tenancy
from accounts.operations import audit
from accounts.operations.sweeping import Swept
from retention.operations import endings
from retention.operations.stores.kept import of_nobody

LOCK = "retention.own_acts"


@dataclass(slots=True)
class OwnActs:
    """What the trail says the event is about: the acts of the vendor itself."""

    public_id: uuid.UUID


# The same each time.
OWN_ACTS = uuid.UUID("6f0e3c4e-7a51-4b5e-9a0c-2d1b6c8f4a10")


def due(*, at: datetime) -> QuerySet[Any]:
    """Return what goes now, each under an id of its own table."""
    params = endings.params_at(at)
    found: list[QuerySet[Any]] = []
    for one in of_nobody():
        query, values = endings.positional(f"SELECT t.{one.key} FROM {one.table} t WHERE {one.goes}", params)
        model = apps.get_model(one.label)
        found.append(model._default_manager.filter(pk__in=RawSQL(query, values)).order_by().values("pk"))
    first, *others = found
    return first.union(*others, all=True)


def end_all(*, at: datetime, by: str) -> Swept:
    """Let go of what is over, batch by batch until nothing is left."""
    swept = Swept()
    while end(now=at, by=by):
        swept.done += 1
    return swept


def end(*, now: datetime, by: str) -> dict[str, int]:
    """Let go of a batch of each table in one transaction; return how many rows of which. Nothing over, nothing goes.

    Two workers take turns. What a killed one had begun is there again.
    """
    params = {**endings.params_at(now), "most": endings.MOST_ROWS}
    counts: dict[str, int] = {}
    with tenancy.vendors_eraser(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [LOCK])
        for one in of_nobody():
            cursor.execute(
                f"DELETE FROM {one.table} WHERE {one.key} IN "
                f"(SELECT t.{one.key} FROM {one.table} t WHERE {one.goes} LIMIT %(most)s)",
                params,
            )
            if cursor.rowcount:
                counts[one.table] = cursor.rowcount
        if counts:
            data = {"tables": counts}
            audit.record("retention.period_over", OwnActs(OWN_ACTS), by=by, at=now, data=data, vendor_only=True)
    return counts
