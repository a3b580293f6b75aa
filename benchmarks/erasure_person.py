"""Erasure of one person out of a large tenant: the engine against bare DELETEs of that person's rows."""

import time
from typing import Any

from django.db import connection

from accounts import tenancy
from accounts.models import LicensedUser
from benchmarks import bench, erasure_world
from benchmarks.erasure import _forget_ledger, _make_keys, saga_alone, unthrottled
from benchmarks.erasure_world import AT, SIZES, Template
from retention.models import ErasureRun
from retention.operations import erasure
from retention.operations.stores import STORES, Rows
from retention.operations.stores.searched import Searched

TURNS = 5
# A conversation in which others wrote stays, without its title: both ways.
WITH_OTHERS = (
    "EXISTS (SELECT 1 FROM retention_message m WHERE m.organization_id = t.organization_id "
    "AND m.conversation_id = t.id)"
)


def measure(size: str) -> dict[str, Any]:
    """Erase one person both ways, each from a fresh copy of the same files."""
    sizes = SIZES[size]
    organization = erasure_world.load(sizes)
    with tenancy.vendor():
        person = LicensedUser.objects.filter(organization=organization).order_by("pk")[sizes.users // 2]
    template = Template()
    run: list[ErasureRun] = []
    transactions: list[float] = []
    saga: list[float] = []

    def prepare() -> None:
        template.fresh()
        _forget_ledger()
        _make_keys(organization)
        run[:] = [erasure_world.planned(organization, [person.public_id])]
        began = time.perf_counter()
        with saga_alone():
            erasure.advance(run[0], now=AT, by="system")
        saga.append(time.perf_counter() - began)

    def ours() -> None:
        with unthrottled(), bench.longest_transaction(transactions, "eraser"):
            if not erasure.advance(run[0], now=AT, by="system"):
                raise RuntimeError("the engine did not come to its end")

    def bare() -> None:
        with tenancy.eraser(organization.pk), connection.cursor() as cursor:
            cursor.execute("DELETE FROM retention_requestsubject WHERE organization_id = %s", [organization.pk])
            for store in STORES:
                if isinstance(store, Rows) and not isinstance(store, Searched) and store.person is not None:
                    whose = f"t.organization_id = %s AND t.{store.person} = %s"
                    which = f"{whose} AND NOT {WITH_OTHERS}" if store.name == "conversations" else whose
                    cursor.execute(f"DELETE FROM {store.table} t WHERE {which}", [organization.pk, person.pk])
                    if store.name == "conversations":
                        cursor.execute(
                            f"UPDATE {store.table} t SET subject_id = NULL, sealed = '' WHERE {whose}",
                            [organization.pk, person.pk],
                        )

    took = bench.alternate(ours, bare, reset=prepare, times=TURNS)
    return bench.result(
        "erasure_person",
        size,
        *took,
        rows_of_tenant=sizes.rows,
        rows_of_person=sizes.rows // sizes.users,
        longest_tx_ms=round(max(transactions) * 1000, 1),
        transactions=len(transactions) // TURNS,
        saga_ms=round(max(saga) * 1000, 1),
    )
