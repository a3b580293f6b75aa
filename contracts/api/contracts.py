"""REST: contracts, their terms and notices. State changes are verbs."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.parsers import JSONParser
from accounts.api.resources import Resource, by_public_id, the_organization
from accounts.api.views import without_body
from accounts.enums import DocumentKind
from accounts.errors import Refused
from accounts.operations import documents
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.api.amendments import (
    AmendmentChoiceSerializer,
    AmendmentSerializer,
    ContractSuspensionSerializer,
    NewAmendmentSerializer,
)
from contracts.api.proofs import PARSERS, kept
from contracts.api.serializers import (
    ContractSerializer,
    NewContractSerializer,
    NewNoticeSerializer,
    NoticeSerializer,
    TermSerializer,
    WithdrawalSerializer,
)
from contracts.api.stored_deadlines import DeadlineSerializer
from contracts.enums import ContractSuspension, NoticeChannel, NoticeKind, NoticeParty
from contracts.models import Contract, Deadline
from contracts.operations import amendments, notices, signing, suspension


class ContractFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    status = filters.ChoiceFilter(choices=list(labels.CONTRACT_STATUS.items()))
    reference = filters.CharFilter()

    class Meta:
        model = Contract
        fields = ["organization", "status", "reference"]


class ContractResource(Resource):
    """Agreements with clients."""

    queryset = Contract.objects.select_related("organization", "index_series").order_by("pk")
    serializer_class = ContractSerializer
    filterset_class = ContractFilter
    rights = {
        "list": Permission.VIEW_CONTRACT,
        "retrieve": Permission.VIEW_CONTRACT,
        "terms": Permission.VIEW_CONTRACT,
        "notices": Permission.VIEW_CONTRACT,
        "deadlines": Permission.VIEW_CONTRACT,
        "create": Permission.SIGN_CONTRACT,
        "sign": Permission.SIGN_CONTRACT,
        "cancel": Permission.SIGN_CONTRACT,
        "give_notice": Permission.GIVE_NOTICE,
        "withdraw_notice": Permission.WITHDRAW_NOTICE,
        "suspend": Permission.SUSPEND_CONTRACT,
        "resume": Permission.SUSPEND_CONTRACT,
        "amendments": Permission.VIEW_CONTRACT,
        "amend": Permission.AMEND_CONTRACT,
        "void_amendment": Permission.AMEND_CONTRACT,
    }

    @extend_schema(request=NewContractSerializer, responses={201: ContractSerializer})
    def create(self, request: Request) -> Response:
        """Draft a contract: nothing is agreed until it is signed. 409 if its reference is taken."""
        values = self.given(NewContractSerializer, request)
        organization = the_organization(values.pop("organization"))
        return self.told(signing.draft(organization, now=self.now, by=self.actor, **values), status=201)

    @without_body(responses={200: ContractSerializer})
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, **kwargs: Any) -> Response:
        """Sign a draft: the first term is agreed. It starts by itself on its first day."""
        return self.told(signing.sign(self.get_object(), now=self.now, by=self.actor))

    @without_body(responses={200: ContractSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """Give up a contract that has not started."""
        return self.told(signing.cancel(self.get_object(), now=self.now, by=self.actor))

    @extend_schema(responses={200: TermSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def terms(self, request: Request, **kwargs: Any) -> Response:
        """The terms so far, voided ones too, each with the price that held."""
        return Response(TermSerializer(self.get_object().terms.order_by("pk"), many=True).data)

    @extend_schema(responses={200: NoticeSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def notices(self, request: Request, **kwargs: Any) -> Response:
        """The notices given, with the judgment and its reasons."""
        return Response(NoticeSerializer(self.get_object().notices.order_by("pk"), many=True).data)

    @extend_schema(responses={200: DeadlineSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def deadlines(self, request: Request, **kwargs: Any) -> Response:
        """The deadlines that stand, by day: open, late and met, each with its reasons."""
        found = (
            Deadline.objects.standing()
            .filter(contract=self.get_object())
            .select_related("organization", "contract")
            .order_by("due_at", "pk")
        )
        return Response(DeadlineSerializer(found, many=True, context=self.get_serializer_context()).data)

    @extend_schema(request=NewNoticeSerializer, responses={201: NoticeSerializer})
    @action(detail=True, methods=["post"], url_path="give-notice", parser_classes=PARSERS)
    def give_notice(self, request: Request, **kwargs: Any) -> Response:
        """Record a client's notice; it is judged at once, and a late one says when it takes effect instead.

        Staff send its `proof`. The vendor's own notice (`party`) is a 409 `by_outgoing_notice`: it is drafted, approved
        by another person and sent. A client's own members give notice through the portal, on the day of the call (a
        local day of the contract's zone): channel, days and entitlement are not theirs to say.
        """
        values = self.given(NewNoticeSerializer, request)
        contract = self.get_object()
        kind, by_client = NoticeKind(values["kind"]), values["party"] == NoticeParty.CLIENT.value
        if self.caller.works_for_vendor:
            if not by_client:
                message = "The vendor's own notice is drafted, approved by another person and sent."
                raise Refused(message, code="by_outgoing_notice")
            found = notices.give_for_client(
                contract,
                kind=kind,
                channel=NoticeChannel(values["channel"]),
                sent_on=values["sent_on"],
                received_on=values["received_on"],
                entitled=values["entitled"],
                proof=kept(contract, values["proof"], now=self.now, by=self.actor),
                now=self.now,
                by=self.actor,
            )
        elif by_client:
            found = notices.give_as_client(contract, kind=kind, now=self.now, by=self.actor)
        else:
            raise Refused("You give notice for the client.", code="not_your_side")
        self.touches(contract.organization_id)
        return Response(NoticeSerializer(found).data, status=201)

    @extend_schema(request={"multipart/form-data": WithdrawalSerializer}, responses={200: ContractSerializer})
    @action(detail=True, methods=["post"], url_path="withdraw-notice", parser_classes=PARSERS)
    def withdraw_notice(self, request: Request, **kwargs: Any) -> Response:
        """Take back a notice before it takes effect, both sides agreeing; staff record it with the `proof`.

        Where both sides' notices stand, `notices` says which.
        """
        values = self.given(WithdrawalSerializer, request)
        contract = self.get_object()
        proof = kept(contract, values.get("proof"), now=self.now, by=self.actor)
        named = [by_public_id(contract.notices.all(), one) for one in values["notices"]]
        withdrawn = notices.withdraw(
            contract, named=named, reason=values["reason"], proof=proof, now=self.now, by=self.actor
        )
        return self.told(withdrawn)

    @extend_schema(request=ContractSuspensionSerializer, responses={200: ContractSerializer})
    @action(detail=True, methods=["post"])
    def suspend(self, request: Request, **kwargs: Any) -> Response:
        """Stop the service of an active contract for a while; its terms and notices go on. 409 if it is suspended."""
        values = self.given(ContractSuspensionSerializer, request)
        reason = ContractSuspension(values["reason"])
        return self.told(
            suspension.suspend(
                self.get_object(), reason=reason, resumes_on=values["resumes_on"], now=self.now, by=self.actor
            )
        )

    @without_body(responses={200: ContractSerializer})
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, **kwargs: Any) -> Response:
        """Let the service of a suspended contract go on. 409 if it is not suspended."""
        return self.told(suspension.resume(self.get_object(), now=self.now, by=self.actor))

    @extend_schema(responses={200: AmendmentSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def amendments(self, request: Request, **kwargs: Any) -> Response:
        """The amendments, voided ones too, with the clauses before and after."""
        return Response(AmendmentSerializer(self.get_object().amendments.order_by("pk"), many=True).data)

    @extend_schema(request={"multipart/form-data": NewAmendmentSerializer}, responses={201: AmendmentSerializer})
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser, JSONParser])
    def amend(self, request: Request, **kwargs: Any) -> Response:
        """Record an amendment with its proof. It applies at the local midnight of its day, at once if that has passed.

        Terms that have begun keep their fee and clauses. 409 if the same clause is amended from the same day
        already, or was from a later one.
        """
        values = self.given(NewAmendmentSerializer, request)
        contract, upload = self.get_object(), values.pop("proof")
        proof = documents.keep_upload(
            contract.organization, upload, kind=DocumentKind.CONTRACT, now=self.now, by=self.actor
        )
        found = amendments.record(contract, proof=proof, now=self.now, by=self.actor, **values)
        self.touches(contract.organization_id)
        return Response(AmendmentSerializer(found).data, status=201)

    @extend_schema(request=AmendmentChoiceSerializer, responses={200: AmendmentSerializer})
    @action(detail=True, methods=["post"], url_path="void-amendment", parser_classes=PARSERS)
    def void_amendment(self, request: Request, **kwargs: Any) -> Response:
        """Take back an amendment that was not applied yet, both sides agreeing, with the `proof` of that."""
        contract, values = self.get_object(), self.given(AmendmentChoiceSerializer, request)
        found = by_public_id(contract.amendments.select_related("contract"), values["amendment"])
        proof = kept(contract, values["proof"], kind=DocumentKind.CONTRACT, now=self.now, by=self.actor)
        self.touches(contract.organization_id)
        return Response(AmendmentSerializer(amendments.void(found, proof=proof, now=self.now, by=self.actor)).data)
