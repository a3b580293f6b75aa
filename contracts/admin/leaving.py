"""What leaving costs, beside the contract: a chart of every day ahead, its steps with reasons, the commitment."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from accounts.admin.acting import Acting
from accounts.operations import clock
from accounts.rules.permissions import Permission
from accounts.wording import faults
from contracts import explain, explain_leaving
from contracts.admin.days import said
from contracts.models import Contract
from contracts.operations import exits
from contracts.rules import errors
from contracts.rules.days import ONE_DAY, add_months
from contracts.rules.money import Money
from contracts.rules.periods import local_day
from contracts.rules.whatif import LeavingDay, Way

MONTHS = 24
WIDTH, HEIGHT, LEFT, BOTTOM = 880, 260, 96, 24


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the grid: where it lies, and what it says."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """A day on which the cost or the binding date steps, with the reasons."""

    on: str
    cost: str
    bound_until: str
    reasons: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """One way out: its name, its points as SVG has them, and its steps."""

    name: str
    points: str
    changes: Sequence[Change]


class Leaving(Acting):
    """Adds the page to an admin of contracts."""

    @action(
        description=gettext_lazy("What leaving costs"),
        url_path="what-leaving-costs",
        permissions=[Permission.VIEW_CONTRACT.value],
        icon="query_stats",
    )
    def what_leaving_costs(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the page; a contract that binds nobody any more has none."""
        contract: Contract = self.object_or_404(request, object_id)
        today = local_day(clock.instant(), contract.time_zone)
        month = _month(request)
        try:
            days = exits.series(contract, on=today, months=MONTHS)
            years = exits.committed(contract, on=today, year_starts_in=month)
        except errors.InvalidInput as error:
            over = error.code == "contract_over"
            text = _("This contract binds nobody any more.") if over else faults(explain.bad_input(error))
            messages.warning(request, text)
            return HttpResponseRedirect(self.detail_url(contract))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What leaving %(contract)s costs") % {"contract": contract.reference},
            "contract": contract,
            "back": self.detail_url(contract),
            "chart": chart(days),
            "years": [(said(one.starts_on), said(one.ends_on - ONE_DAY), _amount(one.amount)) for one in years],
            "bound_until": said(years[-1].ends_on - ONE_DAY),
            "sheet": f"{reverse('commitments-xlsx')}?organization={contract.organization.public_id}"
            f"&year_starts_in={month}",
            "months": [
                (number, formats.date_format(date(2026, number, 1), "F"), number == month) for number in range(1, 13)
            ],
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/what_leaving_costs.html", context)


def chart(days: Sequence[LeavingDay]) -> dict[str, Any]:
    """Return what the template draws: the grid and both ways. A cost steps; it never slopes between two days."""
    highest = max((way.cost.amount for day in days for way in (day.own, day.switching)), default=Decimal(0))
    step = _step(highest)
    lines = math.ceil(highest / step)
    top = float(step * max(lines, 1))
    across = (WIDTH - LEFT) / max(len(days) - 1, 1)

    def point(index: int, way: Way) -> tuple[float, float]:
        return round(LEFT + index * across, 1), round(
            HEIGHT - BOTTOM - float(way.cost.amount) / top * (HEIGHT - 2 * BOTTOM), 1
        )

    def line(name: str, ways: Sequence[Way]) -> Line:
        points = [point(index, way) for index, way in enumerate(ways)]
        steps = [(x, y, before) for (x, y), (_x, before) in zip(points[1:], points, strict=False)]
        drawn = [f"{points[0][0]},{points[0][1]}", *(f"{x},{before} {x},{y}" for x, y, before in steps)]
        changes = [
            Change(
                on=said(days[index].exit_on),
                cost=_amount(way.cost),
                bound_until=said(way.bound_until),
                reasons=", ".join(explain_leaving.reason(one) for one in way.reasons),
                x=points[index][0],
                y=points[index][1],
            )
            for index, way in enumerate(ways)
            if way.reasons
        ]
        return Line(name, " ".join(drawn), changes)

    currency = days[0].own.cost.currency
    rows = [
        Mark(
            round(HEIGHT - BOTTOM - part / max(lines, 1) * (HEIGHT - 2 * BOTTOM), 1),
            _amount(Money(step * part, currency).rounded(), decimals=0 if step == int(step) else None),
        )
        for part in range(lines + 1)
    ]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "floor": HEIGHT - BOTTOM,
        "rows": rows,
        "columns": [Mark(round(LEFT + index * across, 1), text) for index, text in _quarters(days)],
        "lines": [
            line(_("The contract's own way"), [day.own for day in days]),
            line(_("By switching (Data Act)"), [day.switching for day in days]),
        ],
    }


def _quarters(days: Sequence[LeavingDay]) -> list[tuple[int, str]]:
    first = days[0].exit_on
    day = add_months(date(first.year, first.month, 1), 3)
    found = []
    while day <= days[-1].exit_on:
        found.append(((day - first) // timedelta(days=1), formats.date_format(day, "M Y")))
        day = add_months(day, 3)
    return found


def _step(highest: Decimal) -> Decimal:
    """Return the amount between two lines: 1, 2 or 5 times a power of ten, so that five lines reach the highest."""
    power = Decimal(10) ** (highest.adjusted() - 1)
    return next((power * times for times in (1, 2, 5, 10, 20) if power * times * 5 >= highest), power)


def _amount(money: Money, *, decimals: int | None = None) -> str:
    own = max(-int(money.amount.as_tuple().exponent), 0)
    shown = own if decimals is None else decimals
    return f"{formats.number_format(money.amount, decimal_pos=shown, force_grouping=True)} {money.currency}"


def _month(request: HttpRequest) -> int:
    """Return the month with which the reader's financial year begins; what is no month is January."""
    written = request.GET.get("year_starts_in", "")
    return int(written) if written.isascii() and written.isdigit() and 1 <= int(written) <= 12 else 1
