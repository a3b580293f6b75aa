"""REST: what is sent and answered about deletion requests."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.fields import empty
from rest_framework.utils import html

from retention.api.clients_word import InstructionSerializer
from retention.enums import AcceptanceGround, RefusalGround, RequestKind, RunPhase
from retention.models import AggregateArchive, DeletionRequest, ErasureRun, ErasureStep, Export, Verification
from retention.operations import acceptance, blocking, corrections, outside, people_requests, run_control
from retention.rules import corrections as correction_rules


class StepSerializer(serializers.ModelSerializer[ErasureStep]):
    switched_off_at = serializers.SerializerMethodField(
        help_text="Since when the store that it waits for is switched off: switched on again, it is tried again."
    )
    found = serializers.SerializerMethodField(help_text="Null: emptied by hand, nobody counted.")
    erased = serializers.SerializerMethodField(help_text="Likewise.")
    anonymised = serializers.SerializerMethodField(help_text="Likewise.")

    class Meta:
        model = ErasureStep
        fields = [
            "store",
            "status",
            "found",
            "erased",
            "anonymised",
            "kept",
            "failures",
            "last_error",
            "switched_off_at",
            "again_at",
            "vacuumed_at",
            "held_by",
            "rewritten_at",
            "sent_again",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields

    def get_found(self, step: ErasureStep) -> int | None:
        return self._counted(step, step.found)

    def get_erased(self, step: ErasureStep) -> int | None:
        return self._counted(step, step.erased)

    def get_anonymised(self, step: ErasureStep) -> int | None:
        return self._counted(step, step.anonymised)

    def _counted(self, step: ErasureStep, number: int) -> int | None:
        return None if step.store in self.context["by_hand"] else number

    def get_switched_off_at(self, step: ErasureStep) -> datetime | None:
        found: dict[str, datetime] = self.context["switched_off"]
        return found.get(step.store)


class VerificationSerializer(serializers.ModelSerializer[Verification]):
    class Meta:
        model = Verification
        fields = ["public_id", "performed_at", "passed", "searched", "hits"]
        read_only_fields = fields


class AcceptedHitSerializer(serializers.Serializer[Any]):
    """A hit of the last verification, and why it stays."""

    place = serializers.CharField(max_length=200)
    kind = serializers.CharField(max_length=40)
    ground = serializers.ChoiceField(choices=AcceptanceGround.values)
    reason = serializers.CharField(max_length=acceptance.LONGEST_REASON)


class ListedRequestSerializer(serializers.ModelSerializer[DeletionRequest]):
    organization = serializers.UUIDField(source="organization.public_id")

    class Meta:
        model = DeletionRequest
        fields = [
            "public_id",
            "organization",
            "kind",
            "scope",
            "department",
            "origin",
            "status",
            "requested_by",
            "received_at",
            "service_ended_on",
            "retrieval_ends_on",
            "erase_from",
            "erase_by",
            "promised_by",
            "confirmed_by",
            "confirmed_at",
            "carried_out_at",
            "approved_by",
            "approved_at",
            "grace_until",
            "refusal",
            "blocked_since",
            "export_decision",
            "export_waived_at",
            "archive_decision",
            "closed_at",
        ]
        read_only_fields = fields


class DeletionRequestSerializer(ListedRequestSerializer):
    blocked_by = serializers.SerializerMethodField(help_text="What keeps it from erasure now, as codes.")
    exports = serializers.SerializerMethodField(help_text="The exports that were made for it, by their ids.")
    steps = serializers.SerializerMethodField(help_text="The journal of the erasure, store by store.")

    class Meta(ListedRequestSerializer.Meta):
        fields = [*ListedRequestSerializer.Meta.fields, "blocked_by", "exports", "steps"]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_blocked_by(self, request: DeletionRequest) -> list[str]:
        return list(blocking.blocks(request, now=self.context["view"].now))

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_exports(self, request: DeletionRequest) -> list[str]:
        made = Export.objects.filter(request=request).order_by("pk").values_list("public_id", flat=True)
        return [str(public_id) for public_id in made]

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, request: DeletionRequest) -> Any:
        steps = list(ErasureStep.objects.filter(run__in=the_run(request)).order_by("position"))
        context = {"switched_off": outside.switched_off(steps), "by_hand": outside.by_hand()}
        return StepSerializer(steps, many=True, context=context).data


def the_run(request: DeletionRequest) -> QuerySet[ErasureRun]:
    """Return the run of a request that counts, if it has one: not those whose approval was taken back."""
    return ErasureRun.objects.filter(request=request).exclude(phase=RunPhase.CANCELLED)


class CorrectionsField(serializers.DictField):
    """Field to new value; only a correction has them. In a multipart body, JSON as text."""

    child = serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=correction_rules.LONGEST_VALUE)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            default=dict,
            help_text="Of a correction: field to new value. An empty value empties the field. In a multipart body, "
            "JSON as text.",
            **kwargs,
        )

    def get_value(self, dictionary: Mapping[str, Any]) -> Any:
        """Return what was sent, read where it is text; text that is no JSON is no dictionary."""
        sent = dictionary.get(self.field_name or "", empty)
        if sent is empty or not html.is_html_input(dictionary):
            return sent
        try:
            return json.loads(sent)
        except (TypeError, ValueError, RecursionError):
            return sent


def not_everybody(form: serializers.Serializer[Any], read: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return what a form read. :raises serializers.ValidationError: one of these was sent, and none has a value."""
    named = [name for name in names if name in form.initial_data]
    if named and not any(read[name] for name in names):
        nobody = "Nobody is named. Leave this out to mean everything of the organization."
        raise serializers.ValidationError({name: [ErrorDetail(nobody, "empty")] for name in named})
    return read


class NewRequestSerializer(InstructionSerializer):
    organization = serializers.UUIDField()
    kind = serializers.ChoiceField(
        choices=RequestKind.choices,
        default=RequestKind.ERASE.value,
        help_text="All but an erasure are about people or a department.",
    )
    licensed_users = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        default=list,
        max_length=people_requests.MOST_PEOPLE,
        help_text=(
            "Whose data are meant, while the contract goes on. Neither people nor a department sent: everything."
        ),
    )
    department = serializers.CharField(required=False, default="", allow_blank=True, max_length=120)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)
    corrections = CorrectionsField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a list of nobody, and a department without a name: what was to be some people is not everything."""
        return not_everybody(self, attrs, "licensed_users", "department")


class DecisionSerializer(InstructionSerializer):
    corrections = CorrectionsField()


class CorrectionSerializer(serializers.Serializer[corrections.Correction]):
    """What is to be corrected about whom: for the product."""

    licensed_user = serializers.UUIDField()
    known_as = serializers.CharField(help_text="The external id by which the product knew the person before.")
    values = serializers.DictField(child=serializers.CharField(allow_blank=True), help_text="Field to new value.")


class RefusalSerializer(InstructionSerializer):
    """On what ground a request is refused; of the vendor's staff the client's word, where it decided against it."""

    ground = serializers.ChoiceField(choices=RefusalGround.choices)
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


class RateSerializer(serializers.Serializer[Any]):
    rate = serializers.IntegerField(
        allow_null=True, min_value=1, max_value=run_control.FASTEST, help_text="Rows a second; null: as set."
    )


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


class GivenUpSerializer(ReasonSerializer, InstructionSerializer):
    """Why a request is given up; of the vendor's staff the client's word, where only that asks for the erasure."""


class WaivedSerializer(InstructionSerializer):
    pass


class DecidedField(serializers.BooleanField):
    """Yes or no, which must be said: a form that leaves it out does not say no."""

    default_empty_html = empty


class ArchiveSerializer(serializers.ModelSerializer[AggregateArchive]):
    class Meta:
        model = AggregateArchive
        fields = ["public_id", "name", "table", "sha256", "made_at"]
        read_only_fields = fields


class AuthorizationSerializer(InstructionSerializer):
    granted = DecidedField()


class AuthorizationAnswerSerializer(serializers.Serializer[Any]):
    public_id = serializers.UUIDField()
    granted = serializers.BooleanField()
    decided_at = serializers.DateTimeField()
