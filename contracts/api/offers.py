"""REST: renewal offers, and the stay that both sides sign. What was never sent is the vendor's own."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.parsers import JSONParser
from accounts.api.permissions import has
from accounts.api.resources import Resource, by_public_id
from accounts.api.views import ScopedView, without_body
from accounts.enums import DocumentKind
from accounts.models import Document, Organization, User
from accounts.operations import documents
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.api.serializers import ContractSerializer, FeaturesField
from contracts.models import Contract, RenewalOffer
from contracts.operations import offers, stays


class ComparedSerializer(serializers.Serializer[Any]):
    field = serializers.CharField()
    old = serializers.JSONField()
    new = serializers.JSONField()
    changed = serializers.BooleanField()


class OfferSerializer(serializers.ModelSerializer[RenewalOffer]):
    contract = serializers.UUIDField(source="contract.public_id")
    compared = serializers.SerializerMethodField(help_text="Every clause, the old and the new side by side.")
    fee_difference = serializers.SerializerMethodField()
    fee_difference_percent = serializers.SerializerMethodField()

    class Meta:
        model = RenewalOffer
        fields = [
            "public_id",
            "contract",
            "number",
            "starts_on",
            "valid_until",
            "state",
            "values",
            "compared",
            "fee_difference",
            "fee_difference_percent",
            "made_by",
            "made_at",
            "sent_by",
            "sent_at",
            "closed_by",
            "closed_at",
        ]
        read_only_fields = fields

    @extend_schema_field(ComparedSerializer(many=True))
    def get_compared(self, offer: RenewalOffer) -> Any:
        return ComparedSerializer(offers.comparison(offer).rows, many=True).data

    @extend_schema_field(serializers.DecimalField(max_digits=14, decimal_places=2))
    def get_fee_difference(self, offer: RenewalOffer) -> str:
        return str(offers.comparison(offer).fee_difference)

    @extend_schema_field(serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True))
    def get_fee_difference_percent(self, offer: RenewalOffer) -> str | None:
        percent = offers.comparison(offer).percent
        return None if percent is None else str(percent)


class OfferedSerializer(serializers.Serializer[Any]):
    """The clauses offered; what is left out stays as it is."""

    annual_fee = serializers.DecimalField(max_digits=None, decimal_places=None, required=False)
    seats = serializers.IntegerField(min_value=1, max_value=10_000_000, allow_null=True, required=False)
    features = FeaturesField(required=False)
    minimum_commitment_months = serializers.IntegerField(min_value=0, max_value=1200, required=False)
    renewal_term_months = serializers.IntegerField(min_value=1, max_value=1200, allow_null=True, required=False)
    auto_renews = serializers.BooleanField(required=False)
    mid_term_exit = serializers.BooleanField(required=False)
    notice_length = serializers.IntegerField(min_value=0, max_value=3650, required=False)
    notice_unit = serializers.ChoiceField(choices=list(labels.NOTICE_UNIT.items()), required=False)
    notice_end_of = serializers.ChoiceField(
        choices=list(labels.NOTICE_END_OF.items()), allow_blank=True, required=False
    )
    notice_effect = serializers.ChoiceField(choices=list(labels.NOTICE_EFFECT.items()), required=False)
    billing_interval = serializers.ChoiceField(choices=list(labels.BILLING_INTERVAL.items()), required=False)
    billing_timing = serializers.ChoiceField(choices=list(labels.BILLING_TIMING.items()), required=False)
    retrieval_days = serializers.IntegerField(min_value=0, max_value=3650, required=False)
    erasure_days = serializers.IntegerField(min_value=1, max_value=365, allow_null=True, required=False)


class NewOfferSerializer(serializers.Serializer[Any]):
    values = OfferedSerializer()
    valid_until = serializers.DateField(help_text="The last local day on which it can be accepted.")


class ProofSerializer(serializers.Serializer[Any]):
    proof = serializers.FileField(
        max_length=200, required=False, help_text="At most 25 MiB. Staff who record an acceptance need one."
    )


class NewStaySerializer(serializers.Serializer[Any]):
    until = serializers.DateField(help_text="The last local day of the stay.")
    proof = serializers.FileField(max_length=200, help_text="What both sides signed, at most 25 MiB.")


class OfferFilter(filters.FilterSet):
    contract = filters.UUIDFilter(field_name="contract__public_id")
    state = filters.ChoiceFilter(choices=list(labels.OFFER_STATE.items()))

    class Meta:
        model = RenewalOffer
        fields = ["contract", "state"]


class Keeping(ScopedView):
    """Keeps what was uploaded with a call."""

    parser_classes = [JSONParser, MultiPartParser]

    def kept(self, organization: Organization, upload: documents.Upload | None, kind: DocumentKind) -> Document | None:
        """Store an upload, if there is one."""
        return documents.keep_upload(organization, upload, kind=kind, now=self.now, by=self.actor)


def seen_by(user: object) -> QuerySet[RenewalOffer]:
    """Return the offers that a caller may see."""
    found = RenewalOffer.objects.select_related("contract", "organization").order_by("pk")
    return found if isinstance(user, User) and user.works_for_vendor else found.seen_by_clients()


class OfferResource(Keeping, Resource):
    """Offers of other clauses for the next term. None of them stops a tacit renewal."""

    queryset = RenewalOffer.objects.none()
    serializer_class = OfferSerializer
    filterset_class = OfferFilter
    rights = {
        "list": Permission.VIEW_CONTRACT,
        "retrieve": Permission.VIEW_CONTRACT,
        "send": Permission.AMEND_CONTRACT,
        "accept": Permission.ACCEPT_OFFER,
        "withdraw": Permission.AMEND_CONTRACT,
    }

    def get_queryset(self) -> QuerySet[RenewalOffer]:
        return seen_by(self.request.user)

    @extend_schema(request={"multipart/form-data": ProofSerializer}, responses={200: OfferSerializer})
    @action(detail=True, methods=["post"])
    def send(self, request: Request, **kwargs: Any) -> Response:
        """Send a draft: the client's members see it and are told. A proof of another way of sending may be named."""
        values = self.given(ProofSerializer, request)
        offer = self.get_object()
        proof = self.kept(offer.organization, values.get("proof"), DocumentKind.OTHER)
        return self.told(offers.send(offer, now=self.now, by=self.actor, proof=proof))

    @extend_schema(request={"multipart/form-data": ProofSerializer}, responses={200: OfferSerializer})
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, **kwargs: Any) -> Response:
        """Accept: the clauses are agreed from the next term's first day on. Once, within its validity.

        The client's members accept here; for the vendor's staff to record it there must be a `proof` (409
        `proof_needed`).
        """
        values = self.given(ProofSerializer, request)
        offer = self.get_object()
        staff = self.caller.works_for_vendor
        proof = self.kept(offer.organization, values.get("proof"), DocumentKind.CONTRACT) if staff else None
        accepted = offers.accept(offer, now=self.now, by=self.actor, for_client=staff, proof=proof)
        return self.told(accepted)

    @without_body(responses={200: OfferSerializer})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **kwargs: Any) -> Response:
        """Take back an offer that was not accepted."""
        return self.told(offers.withdraw(self.get_object(), now=self.now, by=self.actor))


class ContractOffersView(ScopedView):
    """The offers of one contract."""

    def get_permissions(self) -> list[Any]:
        needed = Permission.VIEW_CONTRACT if self.request.method == "GET" else Permission.AMEND_CONTRACT
        return [has(needed)()]

    @extend_schema(operation_id="contract_offers_list", responses={200: OfferSerializer(many=True)})
    def get(self, request: Request, public_id: UUID) -> Response:
        """The offers so far, each with the old and the new side by side."""
        contract = by_public_id(Contract.objects.select_related("organization"), public_id)
        found = seen_by(request.user).filter(contract=contract)
        return Response(OfferSerializer(found, many=True).data)

    @extend_schema(operation_id="contract_offers_create", request=NewOfferSerializer, responses={201: OfferSerializer})
    def post(self, request: Request, public_id: UUID) -> Response:
        """Draft an offer for the next term. 409 `offer_stands` if one is open, `no_renewal` if none is ahead."""
        contract = by_public_id(Contract.objects.select_related("organization"), public_id)
        offer = offers.make(contract, now=self.now, by=self.actor, **self.given(NewOfferSerializer, request))
        self.touches(contract.organization_id)
        return Response(OfferSerializer(offer).data, status=201)


class ContractStayView(Keeping):
    """The stay of a contract's renewal."""

    permission_classes = [has(Permission.AMEND_CONTRACT)]

    @extend_schema(
        operation_id="contract_stay_create",
        request={"multipart/form-data": NewStaySerializer},
        responses={200: ContractSerializer},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Record that both sides stay the renewal: until that day is over it neither becomes certain nor starts."""
        contract = by_public_id(Contract.objects.select_related("organization"), public_id)
        sent = self.given(NewStaySerializer, request)
        proof = self.kept(contract.organization, sent["proof"], DocumentKind.CONTRACT)
        stayed = stays.agree(contract, until=sent["until"], proof=proof, now=self.now, by=self.actor)
        self.touches(contract.organization_id)
        return Response(ContractSerializer(stayed).data)
