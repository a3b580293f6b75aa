"""REST: the client's own rules of access: made, seen, enforced, stopped, confirmed, exempting."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.licensed_users import LicensedUserSerializer
from accounts.api.resources import Resource, the_organization
from accounts.api.views import without_body
from accounts.enums import RuleAction, RuleMode
from accounts.errors import FieldError, InvalidInput
from accounts.labels import RULE_STATUSES
from accounts.models import AccessRule, LicensedUser, RuleExemption, RuleFinding
from accounts.operations import access_rules
from accounts.rules.permissions import Permission


def _departments() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=120), max_length=access_rules.MOST_DEPARTMENTS, required=False
    )


class AccessRuleSerializer(serializers.ModelSerializer[AccessRule]):
    organization = serializers.UUIDField(source="organization.public_id")

    class Meta:
        model = AccessRule
        fields = [
            "public_id",
            "organization",
            *access_rules.FIELDS,
            "mode",
            "evaluated_at",
            "enforced_at",
            "of_client_since",
            "stopped_at",
            "stopped_count",
            "confirmed",
            "created_at",
            "created_by",
        ]
        read_only_fields = fields


class RuleChangeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False)
    action = serializers.ChoiceField(choices=RuleAction.choices, required=False)
    inactive_days = serializers.IntegerField(min_value=1, max_value=3660, required=False, allow_null=True)
    assignment_over = serializers.BooleanField(required=False)
    departments = _departments()
    statuses = serializers.ListField(child=serializers.ChoiceField(choices=RULE_STATUSES), required=False, max_length=3)
    exempt_departments = _departments()
    warning_days = serializers.IntegerField(min_value=0, max_value=365, required=False)
    warns_people = serializers.BooleanField(required=False)
    most_percent = serializers.IntegerField(min_value=1, max_value=100, required=False)


class NewRuleSerializer(RuleChangeSerializer):
    organization = serializers.UUIDField()
    name = serializers.CharField(max_length=200)
    action = serializers.ChoiceField(choices=RuleAction.choices)


class PreviewSerializer(serializers.Serializer[access_rules.Preview]):
    count = serializers.IntegerField(help_text="How many people the rule would touch now.")
    population = serializers.IntegerField(help_text="Of how many.")
    limit = serializers.IntegerField(help_text="How many it may touch at once.")
    too_many = serializers.BooleanField()
    digest = serializers.CharField(help_text="The mark of exactly these people; `enforce` and `confirm` want it.")


class DigestSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField(max_length=80, help_text="Of the preview that was seen.")


class ExternalIdSerializer(serializers.Serializer[Any]):
    external_id = serializers.CharField(max_length=200, trim_whitespace=False)


class RuleFindingSerializer(serializers.ModelSerializer[RuleFinding]):
    licensed_user = serializers.UUIDField(source="licensed_user.public_id")
    external_id = serializers.CharField(source="licensed_user.external_id")

    class Meta:
        model = RuleFinding
        fields = ["licensed_user", "external_id", "state", "enforced", "found_at", "acts_at", "closed_at", "code"]
        read_only_fields = fields


class AccessRuleFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    mode = filters.ChoiceFilter(choices=RuleMode.choices)

    class Meta:
        model = AccessRule
        fields = ["organization", "mode"]


_MANAGE, _VIEW = Permission.MANAGE_ACCESS_RULES, Permission.VIEW_LICENSED_USER


class AccessRuleResource(Resource):
    """The client's own rules of access. A new or changed rule observes until somebody enforces it."""

    queryset = AccessRule.objects.select_related("organization").order_by("pk")
    serializer_class = AccessRuleSerializer
    filterset_class = AccessRuleFilter
    rights = {
        "list": _VIEW,
        "retrieve": _VIEW,
        "preview": _VIEW,
        "people": _VIEW,
        "findings": _VIEW,
        "create": _MANAGE,
        "partial_update": _MANAGE,
        "enforce": _MANAGE,
        "confirm": _MANAGE,
        "observe": _MANAGE,
        "switch_off": _MANAGE,
        "exempt": _MANAGE,
        "lift_exemption": _MANAGE,
    }

    @extend_schema(request=NewRuleSerializer, responses={201: AccessRuleSerializer})
    def create(self, request: Request) -> Response:
        """Make a rule. It observes: it notes whom it would touch, and touches nobody."""
        values = self.given(NewRuleSerializer, request)
        organization = the_organization(values.pop("organization"))
        return self.told(access_rules.create(organization, now=self.now, by=self.actor, **values), status=201)

    @extend_schema(request=RuleChangeSerializer, responses={200: AccessRuleSerializer})
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change a rule; it observes again. The same values again change nothing."""
        values = self.given(RuleChangeSerializer, request)
        return self.told(access_rules.change(self.get_object(), now=self.now, by=self.actor, **values))

    @extend_schema(responses={200: PreviewSerializer})
    @action(detail=True, methods=["get"], filterset_class=None)
    def preview(self, request: Request, **kwargs: Any) -> Response:
        """Say whom the rule would touch now; `people` lists them."""
        return Response(PreviewSerializer(access_rules.preview(self.get_object(), at=self.now)).data)

    @extend_schema(responses={200: LicensedUserSerializer(many=True)})
    @action(detail=True, methods=["get"], filterset_class=None)
    def people(self, request: Request, **kwargs: Any) -> Response:
        """List exactly whom the rule would touch now, in pages."""
        found = LicensedUser.objects.concerned_by(self.get_object(), at=self.now).select_related("organization")
        return self.listed(found, LicensedUserSerializer)

    @extend_schema(responses={200: RuleFindingSerializer(many=True)})
    @action(detail=True, methods=["get"], filterset_class=None)
    def findings(self, request: Request, **kwargs: Any) -> Response:
        """List whom the rule found, and what came of it, in pages."""
        return self.listed(self.get_object().findings.select_related("licensed_user"), RuleFindingSerializer)

    @extend_schema(request=DigestSerializer, responses={200: AccessRuleSerializer})
    @action(detail=True, methods=["post"])
    def enforce(self, request: Request, **kwargs: Any) -> Response:
        """Let the rule act, for the people of the preview that was seen. 409 `preview_stale` if they are others now."""
        given = self.given(DigestSerializer, request)
        return self.told(access_rules.enforce(self.get_object(), now=self.now, by=self.actor, **given))

    @extend_schema(request=DigestSerializer, responses={200: AccessRuleSerializer})
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, **kwargs: Any) -> Response:
        """Let a rule that stopped go on for the people of the preview, although they are many."""
        given = self.given(DigestSerializer, request)
        return self.told(access_rules.confirm(self.get_object(), now=self.now, by=self.actor, **given))

    @without_body(responses={200: AccessRuleSerializer})
    @action(detail=True, methods=["post"])
    def observe(self, request: Request, **kwargs: Any) -> Response:
        """Let the rule only observe."""
        return self.told(access_rules.rest(self.get_object(), mode=RuleMode.OBSERVE, now=self.now, by=self.actor))

    @without_body(responses={200: AccessRuleSerializer})
    @action(detail=True, methods=["post"], url_path="switch-off")
    def switch_off(self, request: Request, **kwargs: Any) -> Response:
        """Switch the rule off."""
        return self.told(access_rules.rest(self.get_object(), mode=RuleMode.OFF, now=self.now, by=self.actor))

    @extend_schema(request=ExternalIdSerializer, responses={200: AccessRuleSerializer})
    @action(detail=True, methods=["post"])
    def exempt(self, request: Request, **kwargs: Any) -> Response:
        """Let the rule never touch a person. 409 `exempt_already`."""
        rule = self.get_object()
        access_rules.exempt(rule, self._person(rule, request), now=self.now, by=self.actor)
        return self.told(rule)

    @extend_schema(request=ExternalIdSerializer, responses={200: AccessRuleSerializer})
    @action(detail=True, methods=["post"], url_path="lift-exemption")
    def lift_exemption(self, request: Request, **kwargs: Any) -> Response:
        """Let the rule concern a person again."""
        rule = self.get_object()
        found = RuleExemption.objects.select_related("rule", "licensed_user").filter(
            rule=rule, licensed_user=self._person(rule, request)
        )
        exemption = found.first()
        if exemption is None:
            raise InvalidInput([FieldError("external_id", "not_exempt", "This person is not exempt.")])
        access_rules.lift_exemption(exemption, now=self.now, by=self.actor)
        return self.told(rule)

    def _person(self, rule: AccessRule, request: Request) -> LicensedUser:
        external_id = self.given(ExternalIdSerializer, request)["external_id"]
        people = LicensedUser.objects.live().filter(organization=rule.organization_id, external_id=external_id)
        found = people.first()
        if found is None:
            raise InvalidInput([FieldError("external_id", "unknown_person", "Nobody is licensed under this id.")])
        return found
