"""REST: quotes and terminations of contracts. State changes are verbs."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import has
from accounts.api.resources import Resource
from accounts.api.views import ScopedView
from accounts.enums import DocumentKind
from accounts.errors import FieldError, InvalidInput
from accounts.models import Document
from accounts.rules.permissions import Permission
from contracts import labels, papers
from contracts.api.proofs import PARSERS, ProofField, kept
from contracts.enums import NoticeParty, TerminationGround
from contracts.models import Contract, Quote, Termination
from contracts.operations import quotes, terminations

GROUNDS = labels.TERMINATION_GROUNDS


class QuoteSerializer(serializers.ModelSerializer[Quote]):
    contract = serializers.UUIDField(source="contract.public_id")

    class Meta:
        model = Quote
        fields = [
            "public_id",
            "contract",
            "ground",
            "party",
            "quoted_on",
            "valid_until",
            "exit_on",
            "remaining_days",
            "penalty",
            "refund",
            "total",
            "currency",
            "agreed",
            "right_to_leave",
            "blocked",
            "flagged",
            "lines",
            "checklist",
            "made_at",
            "accepted_at",
        ]
        read_only_fields = fields


class NewQuoteSerializer(serializers.Serializer[Any]):
    exit_on = serializers.DateField(help_text="The last day of service.")
    ground = serializers.ChoiceField(
        choices=GROUNDS, allow_blank=True, default="", help_text="Empty: on notice, at a term's end."
    )
    party = serializers.ChoiceField(choices=list(labels.NOTICE_PARTY.items()), default="client")
    agreed = serializers.DecimalField(max_digits=None, decimal_places=None, allow_null=True, default=None)
    switching_cost = serializers.DecimalField(max_digits=None, decimal_places=None, allow_null=True, default=None)
    valid_until = serializers.DateField(allow_null=True, default=None, help_text="Default: 30 days on.")


class AcceptanceSerializer(serializers.Serializer[Any]):
    proof = ProofField()


class RevertSerializer(serializers.Serializer[Any]):
    proof = ProofField()


class TerminationSerializer(serializers.ModelSerializer[Termination]):
    contract = serializers.UUIDField(source="contract.public_id")

    class Meta:
        model = Termination
        fields = [
            "public_id",
            "contract",
            "ground",
            "party",
            "declared_on",
            "ends_on",
            "penalty",
            "prolongs",
            "source",
            "why",
            "recorded_at",
            "withdrawn_at",
        ]
        read_only_fields = fields


class DeclaredSerializer(serializers.Serializer[Any]):
    ground = serializers.ChoiceField(choices=GROUNDS)
    party = serializers.ChoiceField(choices=list(labels.NOTICE_PARTY.items()), default="client")
    declared_on = serializers.DateField()
    last_day = serializers.DateField(help_text="The last day of service.")
    agreed = serializers.DecimalField(max_digits=None, decimal_places=None, allow_null=True, default=None)


class NewTerminationSerializer(DeclaredSerializer):
    proof = serializers.UUIDField(
        allow_null=True, default=None, help_text="The document that declares or agrees it, where it is stored already."
    )


class ProvedTerminationSerializer(DeclaredSerializer):
    proof = ProofField(
        required=True,
        allow_null=False,
        default=serializers.empty,
        help_text="The document that declares or agrees it, at most 25 MiB.",
    )


class PdfRenderer(JSONRenderer):
    """Lets a caller ask for ``application/pdf``; the view answers with the bytes itself, a problem is JSON."""

    media_type = "application/pdf"
    format = "pdf"


class ContractQuotesView(ScopedView):
    """Quotes of one contract."""

    permission_classes = [has(Permission.MAKE_QUOTE)]

    @extend_schema(operation_id="contracts_quotes_create", request=NewQuoteSerializer, responses={201: QuoteSerializer})
    def post(self, request: Request, public_id: UUID) -> Response:
        """Make a quote for leaving and keep it: each line with its clause and its reasons, and the leaving checklist.

        A client's own members ask for what they may do alone; agreements are offered by the vendor.
        """
        contract = _contract(public_id)
        values = self.given(NewQuoteSerializer, request)
        word = values.pop("ground")
        ground = TerminationGround(word) if word else None
        if self.caller.works_for_vendor:
            values["party"] = NoticeParty(values["party"])
            made = quotes.make(contract, ground=ground, now=self.now, by=self.actor, **values)
        else:
            made = quotes.make_as_client(
                contract, exit_on=values["exit_on"], ground=ground, now=self.now, by=self.actor
            )
        self.touches(contract.organization_id)
        return Response(QuoteSerializer(made).data, status=201)


class QuoteResource(Resource):
    """Quotes for leaving."""

    queryset = Quote.objects.select_related("contract", "organization").order_by("pk")
    serializer_class = QuoteSerializer
    parser_classes = PARSERS
    rights = {
        "list": Permission.VIEW_CONTRACT,
        "retrieve": Permission.VIEW_CONTRACT,
        "accept": Permission.ACCEPT_QUOTE,
    }

    @extend_schema(request=AcceptanceSerializer, responses={200: QuoteSerializer})
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, **kwargs: Any) -> Response:
        """Accept a quote within its validity: the contract ends on its exit date. 409 `quote_expired` afterwards.

        The client's members accept here; for the vendor's staff to record it there must be a `proof` (409
        `proof_needed`).
        """
        values, quote = self.given(AcceptanceSerializer, request), self.get_object()
        staff, proof = self.caller.works_for_vendor, None
        if staff:
            proof = kept(quote.contract, values["proof"], kind=DocumentKind.CONTRACT, now=self.now, by=self.actor)
        return self.told(quotes.accept(quote, for_client=staff, proof=proof, now=self.now, by=self.actor))


class QuotePageView(ScopedView):
    """The page of one quote."""

    permission_classes = [has(Permission.VIEW_CONTRACT)]
    renderer_classes = [JSONRenderer, PdfRenderer]

    @extend_schema(operation_id="quotes_page", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, public_id: UUID) -> HttpResponse:
        """Answer the quote and the leaving checklist as one page of PDF, in the client's language."""
        rows = Quote.objects.select_related("contract__organization")
        found = get_object_or_404(rows, public_id=public_id)
        contract = found.contract
        return HttpResponse(
            papers.quote(found, contract, language=contract.organization.language),
            content_type="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="quote-{found.public_id}.pdf"'},
        )


class ContractTerminationView(ScopedView):
    """The termination of one contract."""

    permission_classes = [has(Permission.END_CONTRACT)]
    parser_classes = PARSERS

    @extend_schema(
        operation_id="contracts_terminate",
        request={
            "multipart/form-data": ProvedTerminationSerializer,
            "application/json": NewTerminationSerializer,
        },
        responses={201: TerminationSerializer},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """End a contract on a ground, with the document that declares or agrees it, and charge what that costs.

        The document comes with the call, as multipart, or is named by its id.
        """
        contract = _contract(public_id)
        sent = "proof" in request.FILES
        body = (ProvedTerminationSerializer if sent else NewTerminationSerializer)(data=request.data)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        values["ground"], values["party"] = TerminationGround(values["ground"]), NoticeParty(values["party"])
        if sent:
            values["proof"] = kept(contract, values["proof"], kind=DocumentKind.OTHER, now=self.now, by=self.actor)
        else:
            values["proof"] = _proof(contract, values["proof"])
        found = terminations.terminate(contract, now=self.now, by=self.actor, **values)
        self.touches(contract.organization_id)
        return Response(TerminationSerializer(found).data, status=201)


class TerminationResource(Resource):
    """Contracts ended otherwise than by notice."""

    queryset = Termination.objects.select_related("contract", "organization").order_by("pk")
    serializer_class = TerminationSerializer
    parser_classes = PARSERS
    rights = {
        "list": Permission.VIEW_CONTRACT,
        "retrieve": Permission.VIEW_CONTRACT,
        "revert": Permission.END_CONTRACT,
    }

    @extend_schema(request=RevertSerializer, responses={200: TerminationSerializer})
    @action(detail=True, methods=["post"])
    def revert(self, request: Request, **kwargs: Any) -> Response:
        """Take a termination back before it takes effect, both sides agreeing; staff record it with the `proof`."""
        values, termination = self.given(RevertSerializer, request), self.get_object()
        proof = kept(termination.contract, values["proof"], kind=DocumentKind.CONTRACT, now=self.now, by=self.actor)
        return self.told(terminations.revert(termination, proof=proof, now=self.now, by=self.actor))


def _contract(public_id: UUID) -> Contract:
    return get_object_or_404(Contract.objects.select_related("organization"), public_id=public_id)


def _proof(contract: Contract, public_id: UUID | None) -> Document | None:
    if public_id is None:
        return None
    found = Document.objects.filter(organization_id=contract.organization_id, public_id=public_id).first()
    if found is None:
        raise InvalidInput([FieldError("proof", "unknown_document", "The client has no such document.")])
    return found
