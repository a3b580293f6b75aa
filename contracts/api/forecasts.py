"""REST: what lies ahead of a contract, of a client, of the portfolio; the revenue ahead by month. Writes nothing."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import has
from accounts.api.resources import the_organization
from accounts.api.views import ScopedView
from accounts.errors import FieldError, InvalidInput
from accounts.rules.permissions import Permission
from contracts.models import Contract
from contracts.operations import foreseeing
from contracts.rules.days import add_months
from contracts.rules.explanation import plain
from contracts.rules.forecast import Event, EventKind
from contracts.rules.periods import local_day
from contracts.rules.revenue import Sureness

MOST_MONTHS = 120
PAGE = 200


class UntilQuery(serializers.Serializer[Any]):
    until = serializers.DateField(default=None, help_text="The last day; default: in 24 months, at most in 10 years.")


class PortfolioQuery(UntilQuery):
    organization = serializers.UUIDField(default=None, help_text="Default: all that the caller sees.")


class PageQuery(PortfolioQuery):
    after = serializers.UUIDField(default=None, help_text="The `next` of the page before.")


class EventSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[kind.value for kind in EventKind])
    on = serializers.DateField(help_text="A day in the contract's zone; a last day where the kind is one.")
    at = serializers.DateTimeField()
    amount = serializers.CharField(allow_null=True, help_text="The fee a year, before VAT, from then on.")
    currency = serializers.CharField()
    params = serializers.DictField()


class ForecastSerializer(serializers.Serializer[Any]):
    contract = serializers.UUIDField()
    reference = serializers.CharField()
    organization = serializers.UUIDField()
    events = EventSerializer(many=True)


class PortfolioForecastSerializer(serializers.Serializer[Any]):
    until = serializers.DateField()
    contracts = ForecastSerializer(many=True)
    next = serializers.UUIDField(
        allow_null=True, help_text="Ask for the next page with `after`; null: this is the last."
    )


class RevenueSerializer(serializers.Serializer[Any]):
    month = serializers.DateField(help_text="Its first day.")
    currency = serializers.CharField()
    sureness = serializers.ChoiceField(choices=[one.value for one in Sureness])
    amount = serializers.CharField(help_text="Before VAT: the days' shares of the fees.")


class RevenueForecastSerializer(serializers.Serializer[Any]):
    until = serializers.DateField()
    revenue = RevenueSerializer(many=True)


class _ForecastView(ScopedView):
    """Reads the query, and the contracts of the caller's scope."""

    permission_classes = [has(Permission.VIEW_CONTRACT)]

    def asked(self, serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
        """Return the query, its form checked; ``until`` is filled in."""
        values = super().asked(serializer, request)
        values["until"] = self._until(values["until"])
        return values

    def _until(self, until: date | None) -> date:
        today = local_day(self.now, "UTC")
        if until is None:
            return add_months(today, 24)
        if until < today:
            raise InvalidInput([FieldError("until", "in_the_past", f"Today is {today.isoformat()}.")])
        if until > add_months(today, MOST_MONTHS):
            raise InvalidInput([FieldError("until", "too_far", "At most ten years ahead.")])
        return until

    def contracts(self, organization: UUID | None) -> QuerySet[Contract]:
        """Return the contracts of the caller's scope, of one client if it is named."""
        found = Contract.objects.select_related("organization")
        return found if organization is None else found.filter(organization=the_organization(organization))


class ContractForecastView(_ForecastView):
    @extend_schema(parameters=[UntilQuery], responses={200: ForecastSerializer})
    def get(self, request: Request, public_id: UUID) -> Response:
        """What will happen to the contract if nobody does anything: renewals, last notice days, prices, ends."""
        until = self.asked(UntilQuery, request)["until"]
        contract = get_object_or_404(self.contracts(None), public_id=public_id)
        return Response(_told(contract, foreseeing.events_of(contract, now=self.now, until=until)))


class ForecastView(_ForecastView):
    @extend_schema(parameters=[PageQuery], responses={200: PortfolioForecastSerializer})
    def get(self, request: Request) -> Response:
        """What will happen to every contract that is signed or active, some contracts a page."""
        asked = self.asked(PageQuery, request)
        contracts = foreseeing.open_ones(self.contracts(asked["organization"]))
        if asked["after"] is not None:
            contracts = contracts.filter(pk__gt=get_object_or_404(self.contracts(None), public_id=asked["after"]).pk)
        page = list(contracts[: PAGE + 1])
        told = [
            _told(contract, events)
            for contract, events in foreseeing.events_by_contract(page[:PAGE], now=self.now, until=asked["until"])
        ]
        following = str(page[PAGE - 1].public_id) if len(page) > PAGE else None
        return Response({"until": asked["until"].isoformat(), "contracts": told, "next": following})


class RevenueForecastView(_ForecastView):
    @extend_schema(parameters=[PortfolioQuery], responses={200: RevenueForecastSerializer})
    def get(self, request: Request) -> Response:
        """The revenue ahead by month, by currency, and by how sure it is; currencies are never added up."""
        asked = self.asked(PortfolioQuery, request)
        contracts = self.contracts(asked["organization"])
        found = foreseeing.revenue_of_all(contracts, now=self.now, until=asked["until"])
        rows = [
            {
                "month": one.month.isoformat(),
                "currency": one.amount.currency,
                "sureness": one.sureness.value,
                "amount": str(one.amount.amount),
            }
            for one in found
        ]
        return Response({"until": asked["until"].isoformat(), "revenue": rows})


def _told(contract: Contract, events: Iterable[Event]) -> dict[str, Any]:
    return {
        "contract": str(contract.public_id),
        "reference": contract.reference,
        "organization": str(contract.organization.public_id),
        "events": [
            {
                "kind": event.kind.value,
                "on": event.on.isoformat(),
                "at": event.at.isoformat(),
                "amount": None if event.amount is None else str(event.amount),
                "currency": event.currency,
                "params": plain(event.params),
            }
            for event in events
        ],
    }
