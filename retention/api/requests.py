"""REST: deletion requests, from the departure or the instruction to the certificate."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tenancy
from accounts.api.resources import Resource, the_organization
from accounts.api.uploads import PARSERS
from accounts.api.views import without_body
from accounts.errors import Refused
from accounts.models import User
from accounts.rules.permissions import Permission
from retention.api import clients_word
from retention.api.request_bodies import (
    AcceptedHitSerializer,
    ArchiveSerializer,
    CorrectionSerializer,
    DecisionSerializer,
    DeletionRequestSerializer,
    GivenUpSerializer,
    ListedRequestSerializer,
    NewRequestSerializer,
    RateSerializer,
    ReasonSerializer,
    RefusalSerializer,
    VerificationSerializer,
    WaivedSerializer,
    the_run,
)
from retention.enums import AcceptanceGround, RefusalGround, RequestKind, RequestOrigin, RequestScope, RequestStatus
from retention.models import (
    AggregateArchive,
    Certificate,
    DeletionRequest,
    ErasureRun,
    Verification,
)
from retention.operations import (
    acceptance,
    archive,
    corrections,
    exports,
    impact,
    people_requests,
    requests,
    run_control,
    verification,
)


class RequestFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    status = filters.ChoiceFilter(choices=RequestStatus.choices)
    kind = filters.ChoiceFilter(choices=RequestKind.choices)
    scope = filters.ChoiceFilter(choices=RequestScope.choices)
    blocked = filters.BooleanFilter(
        field_name="blocked_since", lookup_expr="isnull", exclude=True, help_text="Due, and held up."
    )

    class Meta:
        model = DeletionRequest
        fields = ["organization", "status", "kind", "scope", "blocked"]


class DeletionRequestResource(Resource):
    """Requests for the erasure of a departed client's data."""

    queryset = DeletionRequest.objects.select_related("organization").order_by("pk")
    serializer_class = DeletionRequestSerializer
    filterset_class = RequestFilter
    parser_classes = PARSERS
    rights = {
        "list": Permission.VIEW_DELETION_REQUEST,
        "retrieve": Permission.VIEW_DELETION_REQUEST,
        "certificate": Permission.VIEW_DELETION_REQUEST,
        "verifications": Permission.VIEW_DELETION_REQUEST,
        "archives": Permission.VIEW_DELETION_REQUEST,
        "create": Permission.REQUEST_DELETION,
        "impact": Permission.VIEW_DELETION_REQUEST,
        "cancel": Permission.REQUEST_DELETION,
        "decide": Permission.REQUEST_DELETION,
        "corrections": Permission.VIEW_LICENSED_USER,
        "confirm_correction": Permission.CHANGE_LICENSED_USER,
        "refuse": Permission.REQUEST_DELETION,
        "take_back": Permission.REQUEST_DELETION,
        "pause": Permission.APPROVE_ERASURE,
        "resume": Permission.APPROVE_ERASURE,
        "slow_down": Permission.APPROVE_ERASURE,
        "retry_stores": Permission.APPROVE_ERASURE,
        "confirm_end": Permission.CONFIRM_END,
        "approve": Permission.APPROVE_ERASURE,
        "erase_again": Permission.APPROVE_ERASURE,
        "check_again": Permission.APPROVE_ERASURE,
        "accept_hit": Permission.APPROVE_ERASURE,
        "waive_export": Permission.EXPORT_CONTENT,
        "waive_retrieval": Permission.VIEW_CONTENT,
        "decline_archive": Permission.AUTHORISE_ARCHIVE,
        "make_archive": Permission.AUTHORISE_ARCHIVE,
    }
    sensitive = frozenset({"approve", "decide", "erase_again", "accept_hit"})

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return ListedRequestSerializer if self.action == "list" else DeletionRequestSerializer

    @extend_schema(request=NewRequestSerializer, responses={201: DeletionRequestSerializer})
    def create(self, request: Request) -> Response:
        """Ask for erasure as the client: of everything, or of some people or a department while the contract goes on.

        Of everything: 409 `contract_open` while a contract is signed or active; the vendor's staff need a proof (409
        `proof_needed`). Of people: a member of the client decides by asking; what the vendor's staff take down waits
        for the client's decision. An export of people is made within a minute after it was decided; whoever may see
        content fetches it. A correction is made here with the decision; the product is told, fetches the values, and
        confirms.
        """
        values = self.given(NewRequestSerializer, request)
        organization = the_organization(values["organization"])
        proof = clients_word.kept(self, organization, values)
        kind = RequestKind(values["kind"])
        scoped = values["licensed_users"] or values["department"]
        if kind is not RequestKind.ERASE or scoped or values["corrections"]:
            found = people_requests.open_for_people(
                organization,
                people=values["licensed_users"],
                department=values["department"],
                kind=kind,
                decided=not self.caller.works_for_vendor,
                note=values["note"],
                corrections=values["corrections"] or None,
                proof=proof,
                now=self.now,
                by=self.actor,
            )
        else:
            found = requests.open_request(
                organization,
                origin=RequestOrigin.CLIENT,
                now=self.now,
                by=self.actor,
                for_client=self.caller.works_for_vendor,
                note=values["note"],
                proof=proof,
            )
        return self.told(found, status=201)

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def impact(self, request: Request, **kwargs: Any) -> Response:
        """What an erasure would take: rows by store, people, holds. Numbers only."""
        return Response(impact.of(self.get_object()))

    @extend_schema(request=DecisionSerializer, responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, **kwargs: Any) -> Response:
        """The client decides for what was asked about its people. The vendor's staff need a proof.

        409 `proof_needed`, and `request_not_in_that_state` once it was decided.
        """
        sent, found = self.given(DecisionSerializer, request), self.get_object()
        decided = people_requests.decide(
            found,
            now=self.now,
            by=self.actor,
            for_client=self.caller.works_for_vendor,
            proof=clients_word.kept(self, found.organization, sent),
            corrections=sent["corrections"] or None,
        )
        return self.told(decided)

    @extend_schema(responses={200: CorrectionSerializer}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def corrections(self, request: Request, **kwargs: Any) -> Response:
        """What is to be corrected, for the client and its product: 409 `client_only` for the vendor's staff.

        409 `nothing_to_correct` before the values were given, and after the request is over.
        """
        found = self.get_object()
        if self.caller.works_for_vendor and isinstance(self.caller, User):
            raise Refused("What people have corrected is for the client and its product.", code="client_only")
        self.touches(found.organization_id)
        return Response(CorrectionSerializer(corrections.of(found)).data)

    @without_body(responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="confirm-correction")
    def confirm_correction(self, request: Request, **kwargs: Any) -> Response:
        """The product has made the correction too: the request is done, and its values are not kept."""
        return self.told(corrections.confirm(self.get_object(), now=self.now, by=self.actor))

    @extend_schema(request=RefusalSerializer, responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, **kwargs: Any) -> Response:
        """Refuse a request about people, with its ground; it stays in the register.

        409 `proof_needed`: the vendor's staff say that the client decided against it, or refuse what the client decided
        on, without its word. Without it they refuse an erasure that it decided on for a `legal_obligation` only.
        """
        sent, found = self.given(RefusalSerializer, request), self.get_object()
        refused = people_requests.refuse(
            found,
            ground=RefusalGround(sent["ground"]),
            reason=sent["reason"],
            now=self.now,
            by=self.actor,
            for_client=self.caller.works_for_vendor,
            proof=clients_word.kept(self, found.organization, sent),
        )
        return self.told(refused)

    @extend_schema(request=ReasonSerializer, responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, **kwargs: Any) -> Response:
        """Take the approval back, until keys are being destroyed."""
        reason = self.given(ReasonSerializer, request)["reason"]
        return self.told(requests.take_back(self.get_object(), now=self.now, by=self.actor, reason=reason))

    @without_body(responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, **kwargs: Any) -> Response:
        """Stop the run at its next commit. 409 `run_not_running`."""
        found = self.get_object()
        run_control.pause(by_request(found), now=self.now, by=self.actor)
        return self.told(found)

    @without_body(responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, **kwargs: Any) -> Response:
        """Let a paused run go on."""
        found = self.get_object()
        run_control.resume(by_request(found), now=self.now, by=self.actor)
        return self.told(found)

    @extend_schema(request=RateSerializer, responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="slow-down")
    def slow_down(self, request: Request, **kwargs: Any) -> Response:
        """Let the run erase so many rows a second at most. 409 `run_not_running`."""
        found = self.get_object()
        rate = self.given(RateSerializer, request)["rate"]
        run_control.slow_down(by_request(found), rate=rate, now=self.now, by=self.actor)
        return self.told(found)

    @without_body(responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="retry-stores")
    def retry_stores(self, request: Request, **kwargs: Any) -> Response:
        """Try the stores again that were given up. 409 `no_store_given_up` otherwise."""
        found = self.get_object()
        run_control.retry_stores(by_request(found), now=self.now, by=self.actor)
        found.refresh_from_db()
        return self.told(found)

    @without_body(responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="confirm-end")
    def confirm_end(self, request: Request, **kwargs: Any) -> Response:
        """Confirm that the collaboration has definitively ended. 409 `contract_open`, `contract_drafted`."""
        return self.told(requests.confirm_end(self.get_object(), now=self.now, by=self.actor))

    @without_body(responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, **kwargs: Any) -> Response:
        """Approve the erasure. 409 `same_person` for who asked for it or confirmed the end."""
        return self.told(requests.approve(self.get_object(), now=self.now, by=self.actor))

    @extend_schema(request=GivenUpSerializer, responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """Give the request up for a contract that keeps the data. 409 `no_contract` where a contract ended without one.

        Where none ever ended, and about people that the client decided on, it takes back its own word; the vendor's
        staff need a proof (409 `proof_needed`).
        """
        sent, found = self.given(GivenUpSerializer, request), self.get_object()
        cancelled = requests.cancel(
            found,
            now=self.now,
            by=self.actor,
            reason=sent["reason"],
            for_client=self.caller.works_for_vendor,
            proof=clients_word.kept(self, found.organization, sent),
        )
        return self.told(cancelled)

    @extend_schema(request=WaivedSerializer, responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="waive-export")
    def waive_export(self, request: Request, **kwargs: Any) -> Response:
        """The client wants no export. The vendor's staff need a proof (409 `proof_needed`)."""
        sent, found = self.given(WaivedSerializer, request), self.get_object()
        waived = exports.waive(
            found,
            now=self.now,
            by=self.actor,
            for_client=self.caller.works_for_vendor,
            proof=clients_word.kept(self, found.organization, sent),
        )
        return self.told(waived)

    @without_body(responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="waive-retrieval")
    def waive_retrieval(self, request: Request, **kwargs: Any) -> Response:
        """The client waives the rest of the retrieval period: it has its export, or wants none. Its members only."""
        return self.told(requests.waive_retrieval(self.get_object(), now=self.now, by=self.actor))

    @without_body(responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="decline-archive")
    def decline_archive(self, request: Request, **kwargs: Any) -> Response:
        """Record that no aggregates are kept."""
        return self.told(archive.decline(self.get_object(), now=self.now, by=self.actor))

    @without_body(responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="erase-again")
    def erase_again(self, request: Request, **kwargs: Any) -> Response:
        """After residue was found and its cause mended: erase and verify once more. 409 `no_residue` otherwise.

        409 `client_came_back` where everything of the organization went and it is a client again: what it has now
        would go too. Mend what was found by hand and ask for `check-again`, or accept it. 409 `request_exists` while a
        later request for the whole organization is open.
        """
        found = self.get_object()
        run_control.erase_again(by_request(found), now=self.now, by=self.actor)
        found.refresh_from_db()
        return self.told(found)

    @without_body(responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="check-again")
    def check_again(self, request: Request, **kwargs: Any) -> Response:
        """Look once more, with the next sweep, whether an erasure left nothing. Nothing more is erased.

        For one that is certified, or that stopped at residue, once that is mended by hand. 409 `not_certified` before;
        `nothing_known` where what to search for is gone, here and in the ledger; `request_exists` where residue was
        found and a later request for the whole organization is open.
        """
        found = self.get_object()
        if not verification.ask_again([by_request(found)], now=self.now, by=self.actor):
            raise Refused("The erasure is not certified: it is looked at anyway.", code="not_certified")
        found.refresh_from_db()
        return self.told(found)

    @extend_schema(request=AcceptedHitSerializer, responses={200: DeletionRequestSerializer})
    @action(detail=True, methods=["post"], url_path="accept-hit")
    def accept_hit(self, request: Request, **kwargs: Any) -> Response:
        """Accept what the last verification found at a place: it stays, and the certificate says so.

        409 `same_person` for who asked for the erasure, decided or approved it; `no_residue` where none was found.
        """
        found = self.get_object()
        values = self.given(AcceptedHitSerializer, request)
        ground = AcceptanceGround(values.pop("ground"))
        acceptance.accept(by_request(found), ground=ground, now=self.now, by=self.actor, **values)
        found.refresh_from_db()
        return self.told(found)

    @without_body(responses={201: ArchiveSerializer})
    @action(detail=True, methods=["post"], url_path="make-archive")
    def make_archive(self, request: Request, **kwargs: Any) -> Response:
        """Make the aggregate archive, which the client must have authorised: 409 `archive_not_authorised`."""
        found = self.get_object()
        with tenancy.vendor():
            made = archive.make(found, now=self.now, by=self.actor)
        self.touches(found.organization_id)
        return Response(ArchiveSerializer(made).data, status=201)

    @extend_schema(responses={200: ArchiveSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def archives(self, request: Request, **kwargs: Any) -> Response:
        """The aggregates that were kept."""
        rows = AggregateArchive.objects.filter(request=self.get_object()).order_by("pk")
        return Response(ArchiveSerializer(rows, many=True).data)

    @extend_schema(responses={200: VerificationSerializer(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def verifications(self, request: Request, **kwargs: Any) -> Response:
        """What was searched after the erasure, and what was found."""
        rows = Verification.objects.filter(run__request=self.get_object()).order_by("pk")
        return Response(VerificationSerializer(rows, many=True).data)

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def certificate(self, request: Request, **kwargs: Any) -> Response:
        """The signed certificate, as `verify_certificate` takes it. 404 until it is issued."""
        found = Certificate.objects.filter(run__request=self.get_object()).first()
        if found is None:
            raise NotFound("The certificate is not issued yet.")
        return Response(found.document)


def by_request(request: DeletionRequest) -> ErasureRun:
    """Return the run of a request. :raises Refused: it has none yet."""
    run = the_run(request).first()
    if run is None:
        raise Refused("The erasure has not begun.", code="no_run")
    return run
