"""REST: what leaving costs on each day ahead, and what is committed until the earliest exit."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import has
from accounts.api.resources import the_organization
from accounts.api.views import ScopedView
from accounts.errors import FieldError, InvalidInput
from accounts.rules.permissions import Permission
from contracts import explain, sheets
from contracts.models import Contract, Term
from contracts.operations import exits
from contracts.operations.exits import Commitment
from contracts.rules import errors
from contracts.rules.days import ONE_DAY
from contracts.rules.periods import local_day
from contracts.rules.whatif import Reason, Way, YearAmount

MOST_MONTHS = 60
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class LeavingQuery(serializers.Serializer[Any]):
    on = serializers.DateField(
        default=None, help_text="The day of the decision; default: today, in the contract's zone."
    )
    months = serializers.IntegerField(min_value=1, max_value=MOST_MONTHS, default=24)


class CommitmentQuery(serializers.Serializer[Any]):
    year_starts_in = serializers.IntegerField(
        min_value=1, max_value=12, default=1, help_text="The month with which the financial year begins."
    )


class CommitmentsQuery(CommitmentQuery):
    organization = serializers.UUIDField(default=None, help_text="The vendor's staff name one; a client has its own.")


class WaySerializer(serializers.Serializer[Any]):
    cost = serializers.CharField(help_text="Before VAT, after the last day of service.")
    bound_until = serializers.DateField(help_text="The last day on which the contract still binds.")
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=[reason.value for reason in Reason]))


class LeavingDaySerializer(serializers.Serializer[Any]):
    exit_on = serializers.DateField(help_text="The last day of service.")
    own = WaySerializer(help_text="The contract's own way.")
    switching = WaySerializer(help_text="By a switching notice (Data Act).")


class LeavingSerializer(serializers.Serializer[Any]):
    contract = serializers.UUIDField()
    on = serializers.DateField()
    currency = serializers.CharField()
    days = LeavingDaySerializer(many=True)


class YearSerializer(serializers.Serializer[Any]):
    starts_on = serializers.DateField()
    last_day = serializers.DateField()
    amount = serializers.CharField(help_text="Before VAT.")


class FaultSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()


class CommitmentSerializer(serializers.Serializer[Any]):
    contract = serializers.UUIDField()
    reference = serializers.CharField()
    organization = serializers.UUIDField()
    currency = serializers.CharField()
    bound_until = serializers.DateField(
        allow_null=True, help_text="The last day of the earliest exit, if notice were given today."
    )
    years = YearSerializer(many=True)
    total = serializers.CharField(allow_null=True, help_text="Before VAT.")
    fault = FaultSerializer(allow_null=True, help_text="Why nobody can say what is committed; else null.")


class SheetRenderer(BaseRenderer):
    """Lets a caller ask for a spreadsheet by its media type; the view answers with the bytes itself."""

    media_type = XLSX
    format = "xlsx"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return JSONRenderer().render(data)


class LeavingView(ScopedView):
    """What leaving costs."""

    permission_classes = [has(Permission.VIEW_CONTRACT)]

    @extend_schema(operation_id="contracts_leaving", parameters=[LeavingQuery], responses={200: LeavingSerializer})
    def get(self, request: Request, public_id: UUID) -> Response:
        """Say what leaving costs with each day of the next months as the last day of service.

        The contract's own way and the switching way stand side by side. `reasons` are given where the series steps.
        """
        asked = self.asked(LeavingQuery, request)
        contract = _contract(public_id)
        today = local_day(self.now, contract.time_zone)
        on = asked["on"] or today
        try:
            days = exits.series(contract, on=on, months=asked["months"], today=today)
        except errors.InvalidInput as error:
            raise explain.bad_input(error) from error
        body = {
            "contract": str(contract.public_id),
            "on": on.isoformat(),
            "currency": contract.currency,
            "days": [
                {"exit_on": day.exit_on.isoformat(), "own": _way(day.own), "switching": _way(day.switching)}
                for day in days
            ],
        }
        return Response(body)


class CommitmentView(ScopedView):
    """What one contract commits."""

    permission_classes = [has(Permission.VIEW_CONTRACT)]

    @extend_schema(
        operation_id="contracts_commitment", parameters=[CommitmentQuery], responses={200: CommitmentSerializer}
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Say which fees are committed until the earliest exit, by financial year. 400 `contract_over` afterwards."""
        asked = self.asked(CommitmentQuery, request)
        found = exits.commitments([_contract(public_id)], now=self.now, year_starts_in=asked["year_starts_in"])
        if not found:
            raise InvalidInput([FieldError("contract", "contract_over", "The contract binds nobody any more.")])
        if found[0].fault is not None:
            raise explain.bad_input(found[0].fault, field="contract")
        return Response(_commitment(found[0]))


class CommitmentsView(ScopedView):
    """What an organization has committed."""

    permission_classes = [has(Permission.VIEW_CONTRACT)]

    @extend_schema(
        operation_id="commitments_list",
        parameters=[CommitmentsQuery],
        responses={200: CommitmentSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """Say for each contract of an organization what is committed until its earliest exit, by financial year.

        A contract of which nobody can say that has a `fault`.
        """
        return Response([_commitment(one) for one in _commitments(self, request)])


class CommitmentsSheetView(ScopedView):
    """The same as a spreadsheet."""

    permission_classes = [has(Permission.VIEW_CONTRACT)]
    renderer_classes = [JSONRenderer, SheetRenderer]

    @extend_schema(
        operation_id="commitments_sheet",
        parameters=[
            OpenApiParameter("organization", OpenApiTypes.UUID),
            OpenApiParameter("year_starts_in", OpenApiTypes.INT),
        ],
        responses={(200, XLSX): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> HttpResponse:
        """Answer an XLSX with a row per contract and a column per financial year."""
        found = _commitments(self, request)
        year_starts_in = self.asked(CommitmentsQuery, request)["year_starts_in"]
        return HttpResponse(
            sheets.commitments(found, year_starts_in=year_starts_in),
            content_type=XLSX,
            headers={"Content-Disposition": 'attachment; filename="commitments.xlsx"'},
        )


def _rows() -> QuerySet[Contract]:
    agreed = Prefetch("terms", queryset=Term.objects.order_by("number"))
    return Contract.objects.select_related("organization").prefetch_related(agreed, "amendments").order_by("pk")


def _contract(public_id: UUID) -> Contract:
    return get_object_or_404(_rows(), public_id=public_id)


def _commitments(view: ScopedView, request: Request) -> list[Commitment]:
    asked = view.asked(CommitmentsQuery, request)
    rows = _rows()
    if asked["organization"] is not None:
        rows = rows.filter(organization=the_organization(asked["organization"]))
    elif view.caller.works_for_vendor:
        raise InvalidInput([FieldError("organization", "required", "Name the organization.")])
    return exits.commitments(rows, now=view.now, year_starts_in=asked["year_starts_in"])


def _way(way: Way) -> dict[str, Any]:
    return {
        "cost": f"{way.cost.amount:f}",
        "bound_until": way.bound_until.isoformat(),
        "reasons": [reason.value for reason in way.reasons],
    }


def _years(years: Iterable[YearAmount]) -> list[dict[str, str]]:
    return [
        {
            "starts_on": year.starts_on.isoformat(),
            "last_day": (year.ends_on - ONE_DAY).isoformat(),
            "amount": f"{year.amount.amount:f}",
        }
        for year in years
    ]


def _commitment(found: Commitment) -> dict[str, Any]:
    contract, until, total, fault = found.contract, found.bound_until, found.total, found.fault
    return {
        "contract": str(contract.public_id),
        "reference": contract.reference,
        "organization": str(contract.organization.public_id),
        "currency": contract.currency,
        "bound_until": None if until is None else until.isoformat(),
        "years": _years(found.years),
        "total": None if total is None else f"{total.amount:f}",
        "fault": None if fault is None else {"code": fault.code, "detail": fault.detail},
    }
