"""REST: the clauses of a contract with their evidence, and the checklist of what it lacks or violates."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import has
from accounts.api.views import ScopedView
from accounts.rules.permissions import Permission
from contracts import clauses_explained, labels
from contracts.api.proofs import PARSERS, ProofField, kept
from contracts.enums import ClauseCode
from contracts.models import Contract, ContractClause
from contracts.operations import clauses
from contracts.rules.periods import local_day


class ClauseSerializer(serializers.ModelSerializer[ContractClause]):
    evidenced = serializers.SerializerMethodField(help_text="Whether a document proves it.")

    class Meta:
        model = ContractClause
        fields = [
            "public_id",
            "code",
            "value",
            "evidenced",
            "valid_until",
            "recorded_by",
            "recorded_at",
            "superseded_at",
        ]
        read_only_fields = fields

    def get_evidenced(self, clause: ContractClause) -> bool:
        return clause.evidence_id is not None


class NewClauseSerializer(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=list(labels.CLAUSE.items()))
    value = serializers.JSONField(help_text="Its form goes by the code; in a multipart body, JSON as text.")
    valid_until = serializers.DateField(allow_null=True, default=None, help_text="The last day of the evidence.")
    evidence = ProofField()


class FindingSerializer(serializers.Serializer[Any]):
    item = serializers.CharField()
    severity = serializers.ChoiceField(choices=list(labels.CLAUSE_SEVERITY.items()))
    code = serializers.CharField()
    params = serializers.JSONField()
    article = serializers.CharField(help_text="What it follows from.")
    said = serializers.CharField(help_text="The same as a sentence.")


class ChecklistView(ScopedView):
    """What a contract lacks or violates."""

    permission_classes = [has(Permission.VIEW_CONTRACT)]

    @extend_schema(operation_id="contracts_checklist", responses={200: FindingSerializer(many=True)})
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return each thing that the contract must say, by the law of today, with the article it follows from."""
        contract = _contract(public_id)
        found = clauses.checklist(contract, on=local_day(self.now, contract.time_zone))
        return Response([{**one.to_json(), "said": clauses_explained.sentence(one)} for one in found])


class ClausesView(ScopedView):
    """Clauses of one contract."""

    parser_classes = PARSERS

    def get_permissions(self) -> list[BasePermission]:
        right = Permission.AMEND_CONTRACT if self.request.method == "POST" else Permission.VIEW_CONTRACT
        return [has(right)()]

    @extend_schema(operation_id="contracts_clauses", responses={200: ClauseSerializer(many=True)})
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the clauses recorded, superseded ones too."""
        rows = _contract(public_id).clauses.order_by("pk")
        return Response(ClauseSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="contracts_clauses_record", request=NewClauseSerializer, responses={201: ClauseSerializer}
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Record what the contract says on a matter, with the document that proves it."""
        values, contract = self.given(NewClauseSerializer, request), _contract(public_id)
        code = ClauseCode(values["code"])
        evidence = kept(contract, values["evidence"], now=self.now, by=self.actor, kind=clauses.evidence_kind(code))
        values |= {"code": code, "evidence": evidence}
        made = clauses.record(contract, now=self.now, by=self.actor, **values)
        self.touches(contract.organization_id)
        return Response(ClauseSerializer(made).data, status=201)


def _contract(public_id: UUID) -> Contract:
    return get_object_or_404(Contract.objects.select_related("organization"), public_id=public_id)
