"""The form of amendments (multipart: the proof, and the clauses as a JSON object) and suspensions on the wire."""

from typing import Any

from rest_framework import serializers

from accounts.errors import FieldError, InvalidInput
from contracts import labels
from contracts.api.proofs import ProofField
from contracts.api.serializers import NewContractSerializer
from contracts.models import Amendment
from contracts.operations import stored


class ClausesSerializer(NewContractSerializer):
    """The clauses that an amendment may change."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        found = super().get_fields()
        return {name: found[name] for name in stored.AMENDABLE}


class NewAmendmentSerializer(serializers.Serializer[Any]):
    agreed_on = serializers.DateField()
    valid_from = serializers.DateField(help_text="From the start of this day, in the contract's zone.")
    values = serializers.JSONField(help_text='Clause names and their new values, such as {"annual_fee": "13000.00"}.')
    proof = serializers.FileField(max_length=200, help_text="The signed amendment, at most 25 MiB.")

    def validate_values(self, value: Any) -> dict[str, Any]:
        """:raises InvalidInput: no object, an unknown clause, or a value that is none."""
        if not isinstance(value, dict):
            raise InvalidInput([FieldError("values", "not_an_object", "An object of clauses and their new values.")])
        unknown = sorted(value.keys() - set(stored.AMENDABLE))
        if unknown:
            raise InvalidInput([FieldError(name, "not_amendable", "This cannot be amended.") for name in unknown])
        clauses = ClausesSerializer(data=value, partial=True)
        clauses.is_valid(raise_exception=True)
        return dict(clauses.validated_data)


class AmendmentSerializer(serializers.ModelSerializer[Amendment]):
    class Meta:
        model = Amendment
        fields = [
            "public_id",
            "agreed_on",
            "valid_from",
            "applies_at",
            "values",
            "before",
            "source",
            "recorded_by",
            "recorded_at",
            "applied_at",
            "voided_at",
        ]
        read_only_fields = fields


class ContractSuspensionSerializer(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=list(labels.CONTRACT_SUSPENSION.items()))
    resumes_on = serializers.DateField(
        allow_null=True, default=None, help_text="On this day the service resumes by itself; null: by hand only."
    )


class AmendmentChoiceSerializer(serializers.Serializer[Any]):
    amendment = serializers.UUIDField()
    proof = ProofField()
