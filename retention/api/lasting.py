"""REST: how long a client's content is kept during the contract, and what each night erased."""

from functools import cache
from typing import Any

from django.db.models import Prefetch
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource, the_organization
from accounts.api.rows import computed
from accounts.api.uploads import PARSERS
from accounts.api.views import without_body
from accounts.rules.permissions import Permission
from retention.api import clients_word
from retention.api.clients_word import InstructionSerializer
from retention.enums import ContentCategory, LengthUnit, NightState, RuleRest, RuleState
from retention.models import NightBeyond, RetentionNight, RetentionRule
from retention.models.lasting import LONGEST_AMOUNT
from retention.operations import lasting, reach, resting


class ReachSerializer(serializers.Serializer[Any]):
    """A store beyond the vault, and whether a rule reaches it."""

    store = serializers.CharField()
    reached = serializers.BooleanField()
    spares = serializers.BooleanField(help_text="It can leave out single people; else nothing goes while anybody is.")
    why = serializers.CharField(help_text="Why not: `by_hand`, `not_by_age`; else empty.")
    fault = serializers.CharField(help_text="`connection_failed`: its last test failed; it is asked all the same.")
    tested_at = serializers.DateTimeField(allow_null=True, help_text="When its connection was tested last.")


class RestingSerializer(serializers.Serializer[Any]):
    """Why nothing goes by a rule that is enforced."""

    why = serializers.ChoiceField(choices=RuleRest.choices)
    since = serializers.DateTimeField()
    request = serializers.UUIDField(allow_null=True, help_text="The deletion request for everything.")
    hold = serializers.UUIDField(allow_null=True, help_text="The legal hold on everything.")
    erase_from = serializers.DateTimeField(allow_null=True, help_text="From when the request may be carried out.")
    review_on = serializers.DateField(allow_null=True, help_text="When the hold is reviewed.")


class RetentionRuleSerializer(serializers.ModelSerializer[RetentionRule]):
    organization = serializers.UUIDField(source="organization.public_id")
    proof = serializers.UUIDField(source="proof.public_id", allow_null=True, default=None)
    end_proof = serializers.UUIDField(source="end_proof.public_id", allow_null=True, default=None)
    beyond = serializers.SerializerMethodField()
    resting = serializers.SerializerMethodField()

    class Meta:
        model = RetentionRule
        fields = [
            "public_id",
            "organization",
            "category",
            "amount",
            "unit",
            "state",
            "drafted_by",
            "drafted_at",
            "proof",
            "preview",
            "previewed_by",
            "previewed_at",
            "enforced_by",
            "enforced_at",
            "next_at",
            "ended_by",
            "ended_at",
            "ended_because",
            "end_proof",
            "beyond",
            "resting",
        ]
        read_only_fields = fields

    @extend_schema_field(ReachSerializer(many=True))
    @computed("category")
    def get_beyond(self, category: str) -> list[dict[str, Any]]:
        """Return which stores beyond the vault the rule reaches now."""
        found: list[dict[str, Any]] = self.context.get("beyond", reach.of)(category)
        return found

    @extend_schema_field(RestingSerializer(allow_null=True))
    @computed("organization_id", "state")
    def get_resting(self, organization: int, state: str) -> dict[str, Any] | None:
        """Return why nothing goes by it, though it is enforced and `next_at` may have passed; null: it acts."""
        if state != RuleState.ENFORCED:
            return None
        asked = self.context.get("resting")
        return (resting.of([organization]) if asked is None else asked()).get(organization)


class NewRetentionRuleSerializer(InstructionSerializer):
    organization = serializers.UUIDField()
    category = serializers.ChoiceField(choices=ContentCategory.choices)
    amount = serializers.IntegerField(min_value=1, max_value=LONGEST_AMOUNT)
    unit = serializers.ChoiceField(choices=LengthUnit.choices)


class RetentionEndSerializer(InstructionSerializer):
    pass


class RetentionRuleFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    category = filters.ChoiceFilter(choices=ContentCategory.choices)
    state = filters.ChoiceFilter(choices=RuleState.choices)

    class Meta:
        model = RetentionRule
        fields = ["organization", "category", "state"]


class RetentionRuleResource(Resource):
    """How long a category of a client's content is kept, as the client instructs."""

    queryset = RetentionRule.objects.select_related("organization", "proof", "end_proof").order_by("pk")
    serializer_class = RetentionRuleSerializer
    filterset_class = RetentionRuleFilter
    parser_classes = PARSERS
    rights = {
        "list": Permission.VIEW_DELETION_REQUEST,
        "retrieve": Permission.VIEW_DELETION_REQUEST,
        "create": Permission.REQUEST_DELETION,
        "preview": Permission.REQUEST_DELETION,
        "enforce": Permission.APPROVE_ERASURE,
        "end": Permission.REQUEST_DELETION,
    }
    sensitive = frozenset({"enforce"})

    def get_serializer_context(self) -> dict[str, Any]:
        """Let the stores be asked for once, and what clients' rules rest for, however many rules are told."""
        clients = RetentionRule.objects.enforced().values("organization")
        lists = {"beyond": cache(reach.of), "resting": cache(lambda: resting.of(clients))}
        return {**super().get_serializer_context(), **lists}

    @extend_schema(
        request={"multipart/form-data": NewRetentionRuleSerializer, "application/json": NewRetentionRuleSerializer},
        responses={201: RetentionRuleSerializer},
    )
    def create(self, request: Request) -> Response:
        """Draft a rule. A member of the client instructs; the vendor's staff need a proof (409 `proof_needed`)."""
        values = self.given(NewRetentionRuleSerializer, request)
        organization = the_organization(values.pop("organization"))
        kept = clients_word.kept(self, organization, values)
        rule = lasting.draft(
            organization,
            category=values["category"],
            amount=values["amount"],
            unit=values["unit"],
            now=self.now,
            by=self.actor,
            for_client=self.caller.works_for_vendor,
            proof=kept,
        )
        return self.told(rule, status=201)

    @without_body(responses={200: RetentionRuleSerializer})
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, **kwargs: Any) -> Response:
        """Count what it would erase now; the numbers stay with the rule. 409 `retention_rule_not_in_that_state`."""
        return self.told(lasting.preview(self.get_object(), now=self.now, by=self.actor))

    @without_body(responses={200: RetentionRuleSerializer})
    @action(detail=True, methods=["post"])
    def enforce(self, request: Request, **kwargs: Any) -> Response:
        """Let it erase from the client's next midnight on, in place of the rule that its category had.

        409 `same_person` for who drafted it, `preview_stale` where nobody previewed it within a day.
        """
        return self.told(lasting.enforce(self.get_object(), now=self.now, by=self.actor))

    @extend_schema(
        request={"multipart/form-data": RetentionEndSerializer, "application/json": RetentionEndSerializer},
        responses={200: RetentionRuleSerializer},
    )
    @action(detail=True, methods=["post"])
    def end(self, request: Request, **kwargs: Any) -> Response:
        """End it: nothing more goes by it. The vendor's staff need a proof for an enforced one (409 `proof_needed`)."""
        sent = self.given(RetentionEndSerializer, request)
        rule: RetentionRule = self.get_object()
        kept = clients_word.kept(self, rule.organization, sent)
        ended = lasting.end(rule, now=self.now, by=self.actor, for_client=self.caller.works_for_vendor, proof=kept)
        return self.told(ended)


class NightBeyondSerializer(serializers.ModelSerializer[NightBeyond]):
    class Meta:
        model = NightBeyond
        fields = ["store", "state", "why", "erased", "spared", "failures", "again_at", "started_at", "finished_at"]
        read_only_fields = fields


class RetentionNightSerializer(serializers.ModelSerializer[RetentionNight]):
    organization = serializers.UUIDField(source="organization.public_id")
    rule = serializers.UUIDField(source="rule.public_id")
    category = serializers.CharField(source="rule.category")
    beyond = NightBeyondSerializer(many=True, read_only=True)

    class Meta:
        model = RetentionNight
        fields = [
            "public_id",
            "organization",
            "rule",
            "category",
            "on",
            "cutoff",
            "winner",
            "why",
            "state",
            "erased",
            "left",
            "beyond",
            "failures",
            "last_error",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields


class RetentionNightFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    rule = filters.UUIDFilter(field_name="rule__public_id")
    state = filters.ChoiceFilter(choices=NightState.choices)

    class Meta:
        model = RetentionNight
        fields = ["organization", "rule", "state"]


class RetentionNightResource(Resource):
    """What each night of a rule erased, and what it left and why: numbers only."""

    queryset = (
        RetentionNight.objects.select_related("organization", "rule")
        .prefetch_related(Prefetch("beyond", NightBeyond.objects.order_by("pk")))
        .order_by("pk")
    )
    serializer_class = RetentionNightSerializer
    filterset_class = RetentionNightFilter
    rights = {"list": Permission.VIEW_DELETION_REQUEST, "retrieve": Permission.VIEW_DELETION_REQUEST}
