"""A page of 100 contracts by REST against a bare view that sends the same bytes, with the same authentication."""

import http.client
from datetime import date
from decimal import Decimal
from typing import Any

from benchmarks import bench, serving
from benchmarks.clients import a_client_with

SIZES = {"small": 400, "full": 5_000}
CONTRACTS = 300
TURNS = 5
PAGE = "/api/v1/contracts?page_size=100"


def measure(size: str) -> dict[str, Any]:
    """Return pages per second of both."""
    calls = SIZES[size]
    organization, token = a_client_with(10, wanted=("view_contract",))
    _sign(organization)
    port = serving.free_port()
    with serving.served(port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        body = serving.call(connection, "GET", PAGE, token)
        serving.call(connection, "PUT", "/bare/pages/contracts", token, body)
        for path in (PAGE, "/bare/pages/contracts"):
            serving.load(port, token, [path], calls=40)
        ours, limit = serving.in_turn(
            lambda: serving.load(port, token, [PAGE], calls=calls),
            lambda: serving.load(port, token, ["/bare/pages/contracts"], calls=calls),
            times=TURNS,
        )
    return bench.result(
        "lists",
        size,
        [one.seconds for one in ours],
        [one.seconds for one in limit],
        bytes=len(body),
        ours_per_second=[round(one.per_second) for one in ours],
        limit_per_second=[round(one.per_second) for one in limit],
    )


def _sign(organization: Any) -> None:
    from django.utils import timezone

    from accounts import tenancy
    from contracts.operations import signing

    now = timezone.now()
    for number in range(CONTRACTS):
        with tenancy.vendor():
            signing.draft(
                organization,
                reference=f"C-{number}",
                concluded_on=date(2026, 1, 1),
                starts_on=date(2026, 2, 1),
                governing_law="FR",
                first_term_months=12,
                renewal_term_months=12,
                notice_length=3,
                notice_unit="months",
                annual_fee=Decimal(12000),
                currency="EUR",
                now=now,
                by="user:bench",
            )
