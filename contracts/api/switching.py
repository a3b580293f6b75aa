"""REST: switching cases of the Data Act. A client's members act today, the vendor's staff with proof."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource
from accounts.errors import FieldError, InvalidInput
from accounts.models import Document
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.api.proofs import PARSERS, ProofField, kept
from contracts.enums import NoticeUnit, SwitchChoice, SwitchKind
from contracts.models import Contract, SwitchingAct, SwitchingCase
from contracts.operations import switching, switching_charges


class SwitchingActSerializer(serializers.ModelSerializer[SwitchingAct]):
    class Meta:
        model = SwitchingAct
        fields = ["public_id", "step", "done_on", "reasons", "recorded_by", "recorded_at"]
        read_only_fields = fields


class SwitchingCaseSerializer(serializers.ModelSerializer[SwitchingCase]):
    organization = serializers.UUIDField(source="organization.public_id")
    contract = serializers.UUIDField(source="contract.public_id")
    currency = serializers.CharField(source="contract.currency")
    acts = SwitchingActSerializer(many=True)

    class Meta:
        model = SwitchingCase
        fields = [
            "public_id",
            "organization",
            "contract",
            "kind",
            "status",
            "destination",
            "received_on",
            "notice_months",
            "notice_end",
            "unfeasible_limit",
            "unfeasible_told_on",
            "extended_to",
            "transition_end",
            "completed_on",
            "retrieval_end",
            "erase_from",
            "why",
            "asked_at",
            "choice",
            "charge",
            "charge_cost",
            "charged_on",
            "currency",
            "acts",
            "recorded_by",
            "recorded_at",
            "closed_at",
        ]
        read_only_fields = fields


class _Declared(serializers.Serializer[Any]):
    """A declaration of the customer, or of both sides: staff say its day and send its proof."""

    on = serializers.DateField(required=False, allow_null=True, default=None)
    proof = ProofField()


class NewSwitchingCaseSerializer(serializers.Serializer[Any]):
    contract = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=list(labels.SWITCH_KIND.items()))
    destination = serializers.CharField(max_length=200, allow_blank=True, default="")
    received_on = serializers.DateField(allow_null=True, default=None, help_text="A local day of the contract.")
    proof = ProofField()


class UnfeasibleSerializer(serializers.Serializer[Any]):
    length = serializers.IntegerField(min_value=1, max_value=1000, help_text="Of the whole transition.")
    unit = serializers.ChoiceField(choices=list(labels.NOTICE_UNIT.items()))
    reasons = serializers.CharField(max_length=2000)
    told_on = serializers.DateField(allow_null=True, default=None, help_text="Today unless an earlier day is proved.")
    proof = ProofField()


class ExtensionSerializer(_Declared):
    until = serializers.DateField(help_text="The last day of the transition.")


class CompletionSerializer(serializers.Serializer[Any]):
    completed_on = serializers.DateField(allow_null=True, default=None)
    proof = ProofField()


class SwitchWithdrawalSerializer(_Declared):
    pass


class ChoiceSerializer(_Declared):
    choice = serializers.ChoiceField(choices=list(labels.SWITCH_CHOICE.items()))
    until = serializers.DateField(allow_null=True, default=None, help_text="With *extend*.")
    completed_on = serializers.DateField(allow_null=True, default=None, help_text="With *completed*.")


class ChargeSerializer(serializers.Serializer[Any]):
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0)
    cost = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0)


class SwitchingCaseFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    contract = filters.UUIDFilter(field_name="contract__public_id")
    status = filters.ChoiceFilter(choices=list(labels.SWITCH_STATUS.items()))

    class Meta:
        model = SwitchingCase
        fields = ["organization", "contract", "status"]


class SwitchingCaseResource(Resource):
    """Switches away from the vendor, with all their dates and why they are what they are."""

    queryset = SwitchingCase.objects.select_related("organization", "contract").prefetch_related("acts").order_by("pk")
    serializer_class = SwitchingCaseSerializer
    filterset_class = SwitchingCaseFilter
    parser_classes = PARSERS
    rights = {
        "list": Permission.VIEW_CONTRACT,
        "retrieve": Permission.VIEW_CONTRACT,
        "create": Permission.REQUEST_SWITCHING,
        "extend": Permission.REQUEST_SWITCHING,
        "complete": Permission.REQUEST_SWITCHING,
        "choose": Permission.REQUEST_DELETION,
        "tell_unfeasible": Permission.MANAGE_SWITCHING,
        "withdraw": Permission.MANAGE_SWITCHING,
        "record_charge": Permission.MANAGE_SWITCHING,
    }

    @extend_schema(request=NewSwitchingCaseSerializer, responses={201: SwitchingCaseSerializer})
    def create(self, request: Request) -> Response:
        """Give the switching notice of a contract, or ask for erasure only (Data Act, Article 25(3)).

        A member of the client gives it today. 409 `switch_stands` if the contract has an open case.
        """
        values = self.given(NewSwitchingCaseSerializer, request)
        contract = Contract.objects.select_related("organization").filter(public_id=values.pop("contract")).first()
        if contract is None:
            raise InvalidInput([FieldError("contract", "unknown_contract", "There is no such contract.")])
        upload = values.pop("proof")
        made = switching.open_case(
            contract,
            kind=SwitchKind(values.pop("kind")),
            proof=self._proof(contract, upload),
            as_client=self._as_client,
            now=self.now,
            by=self.actor,
            **values,
        )
        return self._answer(made, status=201)

    @extend_schema(request=UnfeasibleSerializer, responses={200: SwitchingCaseSerializer})
    @action(detail=True, methods=["post"], url_path="tell-unfeasible")
    def tell_unfeasible(self, request: Request, **kwargs: Any) -> Response:
        """Record that the customer was told why 30 days are not feasible: within 14 working days of its notice.

        409 `unfeasible_too_late` afterwards.
        """
        values = self.given(UnfeasibleSerializer, request)
        case = self.get_object()
        values |= {"unit": NoticeUnit(values["unit"]), "proof": self._proof(case.contract, values["proof"])}
        return self._answer(switching.tell_unfeasible(case, now=self.now, by=self.actor, **values))

    @extend_schema(request=ExtensionSerializer, responses={200: SwitchingCaseSerializer})
    @action(detail=True, methods=["post"])
    def extend(self, request: Request, **kwargs: Any) -> Response:
        """The customer extends the transition, once, for as long as it sees fit."""
        values, case = self.given(ExtensionSerializer, request), self.get_object()
        return self._answer(switching.extend(case, **self._declared(case, values)))

    @extend_schema(request=CompletionSerializer, responses={200: SwitchingCaseSerializer})
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, **kwargs: Any) -> Response:
        """The customer confirms that the switch was completed successfully: the contract ends with that day."""
        values, case = self.given(CompletionSerializer, request), self.get_object()
        return self._answer(switching.complete(case, **self._declared(case, values)))

    @extend_schema(request=SwitchWithdrawalSerializer, responses={200: SwitchingCaseSerializer})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **kwargs: Any) -> Response:
        """Both sides agree to give the switch up; the contract goes on. The vendor's staff record it with proof."""
        values, case = self.given(SwitchWithdrawalSerializer, request), self.get_object()
        proof = self._proof(case.contract, values["proof"])
        return self._answer(switching.withdraw(case, on=values["on"], proof=proof, now=self.now, by=self.actor))

    @extend_schema(request=ChoiceSerializer, responses={200: SwitchingCaseSerializer})
    @action(detail=True, methods=["post"])
    def choose(self, request: Request, **kwargs: Any) -> Response:
        """The client's written choice about an unfinished switch: extend, completed or delete. It releases its data."""
        values, case = self.given(ChoiceSerializer, request), self.get_object()
        values["choice"] = SwitchChoice(values["choice"])
        return self._answer(switching.choose(case, **self._declared(case, values)))

    @extend_schema(request=ChargeSerializer, responses={200: SwitchingCaseSerializer})
    @action(detail=True, methods=["post"], url_path="record-charge")
    def record_charge(self, request: Request, **kwargs: Any) -> Response:
        """Record the switching charge: at most its cost. 409 `switching_charge_forbidden` if the switch ends, or is
        charged, on 12 January 2027 or later.
        """
        values = self.given(ChargeSerializer, request)
        return self._answer(switching_charges.record_charge(self.get_object(), now=self.now, by=self.actor, **values))

    @property
    def _as_client(self) -> bool:
        return not self.caller.works_for_vendor

    def _proof(self, contract: Contract, upload: Any) -> Document | None:
        if self._as_client:
            return None
        return kept(contract, upload, now=self.now, by=self.actor)

    def _declared(self, case: SwitchingCase, values: dict[str, Any]) -> dict[str, Any]:
        proof = self._proof(case.contract, values["proof"])
        return {**values, "proof": proof, "as_client": self._as_client, "now": self.now, "by": self.actor}

    def _answer(self, case: SwitchingCase, *, status: int = 200) -> Response:
        return self.told(self.get_queryset().get(pk=case.pk), status=status)
