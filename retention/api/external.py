"""REST: stores beyond the vault, and attestations that one was emptied by hand."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource
from accounts.api.uploads import PARSERS
from accounts.api.views import without_body
from accounts.rules.permissions import Permission
from retention.enums import StoreKind
from retention.models import ExternalStore, ManualErasure
from retention.operations import attesting, external

CONFIGURE = Permission.MANAGE_IDENTITY_PROVIDERS


class StoreFaultSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="A setting such as `tables[0].key`, or `secret`.")
    code = serializers.CharField()
    message = serializers.CharField()


class ExternalStoreSerializer(serializers.ModelSerializer[ExternalStore]):
    has_secret = serializers.SerializerMethodField(help_text="It is sealed, and never told.")
    check_faults = StoreFaultSerializer(many=True, help_text="What the last test found; empty: nothing, or no test.")

    class Meta:
        model = ExternalStore
        fields = [
            "public_id",
            "code",
            "name",
            "kind",
            "position",
            "settings",
            "has_secret",
            "holds",
            "location",
            "processor",
            "enabled",
            "disabled_at",
            "checked_at",
            "check_faults",
            "created_by",
            "created_at",
        ]
        read_only_fields = fields

    def get_has_secret(self, row: ExternalStore) -> bool:
        return row.secret is not None


class ExternalStoreChangeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False)
    position = serializers.IntegerField(min_value=0, max_value=external.MOST_POSITION, required=False)
    settings = serializers.DictField(required=False)
    secret = serializers.CharField(
        max_length=1000,
        required=False,
        allow_blank=True,
        write_only=True,
        trim_whitespace=False,
        help_text="Password, secret access key, or `whsec_…`. Taken and never told.",
    )
    holds = serializers.CharField(max_length=1000, required=False)
    location = serializers.CharField(max_length=200, required=False)
    processor = serializers.CharField(max_length=200, required=False, allow_blank=True)


class NewExternalStoreSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=50, help_text="What journals and certificates call it.")
    name = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(choices=StoreKind.choices)
    position = serializers.IntegerField(min_value=0, max_value=external.MOST_POSITION, default=0)
    settings = serializers.DictField()
    secret = serializers.CharField(
        max_length=1000, default="", allow_blank=True, write_only=True, trim_whitespace=False
    )
    holds = serializers.CharField(max_length=1000, help_text="Which data of whom, for the record of processing.")
    location = serializers.CharField(max_length=200)
    processor = serializers.CharField(max_length=200, default="", allow_blank=True)


class ExternalStoreResource(Resource):
    """Where else the vendor keeps clients' data. Every erasure empties these too, while they are enabled."""

    queryset = ExternalStore.objects.order_by("position", "pk")
    serializer_class = ExternalStoreSerializer
    filterset_fields = ["kind", "enabled"]
    rights = {
        "list": Permission.VIEW_OPERATION,
        "retrieve": Permission.VIEW_OPERATION,
        "create": CONFIGURE,
        "partial_update": CONFIGURE,
        "test": CONFIGURE,
        "enable": CONFIGURE,
        "disable": CONFIGURE,
    }
    sensitive = frozenset({"create", "partial_update", "enable", "disable"})

    @extend_schema(request=NewExternalStoreSerializer, responses={201: ExternalStoreSerializer})
    def create(self, request: Request) -> Response:
        """Add a store. Its connection is not tested yet. 409 `code_taken`."""
        values = self.given(NewExternalStoreSerializer, request)
        return self.told(external.create(**values, now=self.now, by=self.actor), status=201)

    @extend_schema(request=ExternalStoreChangeSerializer, responses={200: ExternalStoreSerializer})
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change what is named. Another address needs the secret again; what the last test found is forgotten."""
        values = self.given(ExternalStoreChangeSerializer, request)
        return self.told(external.change(self.get_object(), **values, now=self.now, by=self.actor))

    @without_body(responses={200: ExternalStoreSerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, **kwargs: Any) -> Response:
        """Try connection and settings on the store itself; nothing in it is changed. 409 `store_changed`."""
        return self.told(external.test(self.get_object(), now=self.now, by=self.actor))

    @without_body(responses={200: ExternalStoreSerializer})
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, **kwargs: Any) -> Response:
        """Empty it again with every erasure. 409 `store_unchanged`."""
        return self.told(external.switch(self.get_object(), on=True, now=self.now, by=self.actor))

    @without_body(responses={200: ExternalStoreSerializer})
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, **kwargs: Any) -> Response:
        """Empty it no more; it says since when. 409 `store_unchanged`."""
        return self.told(external.switch(self.get_object(), on=False, now=self.now, by=self.actor))


class ManualErasureSerializer(serializers.ModelSerializer[ManualErasure]):
    organization = serializers.UUIDField(source="organization.public_id")
    document = serializers.UUIDField(source="document.public_id", allow_null=True, default=None)

    class Meta:
        model = ManualErasure
        fields = [
            "public_id",
            "organization",
            "store_name",
            "run",
            "people",
            "asked_at",
            "due_at",
            "attested_by",
            "attested_at",
            "document",
        ]
        read_only_fields = fields


class AttestationSerializer(serializers.Serializer[Any]):
    document = serializers.FileField(max_length=200, help_text="What shows that it is emptied: at most 25 MiB.")


class ManualErasureResource(Resource):
    """What was asked of people for an erasure, where a store is emptied by hand."""

    queryset = ManualErasure.objects.select_related("organization", "document").order_by("pk")
    serializer_class = ManualErasureSerializer
    parser_classes = PARSERS
    rights = {
        "list": Permission.VIEW_DELETION_REQUEST,
        "retrieve": Permission.VIEW_DELETION_REQUEST,
        "attest": Permission.APPROVE_ERASURE,
    }
    sensitive = frozenset({"attest"})

    @extend_schema(request={"multipart/form-data": AttestationSerializer}, responses={200: ManualErasureSerializer})
    @action(detail=True, methods=["post"])
    def attest(self, request: Request, **kwargs: Any) -> Response:
        """Attest that the store is emptied, with a document. Who did it is kept. 409 `already_attested`."""
        upload = self.given(AttestationSerializer, request)["document"]
        return self.told(attesting.attest(self.get_object(), upload, now=self.now, by=self.actor))
