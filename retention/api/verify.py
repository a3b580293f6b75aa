"""Whether a file is a certificate of ours, and the key that shows it: for anybody, without sign-in.

The file is read in memory and forgotten.
"""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.template.response import TemplateResponse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.throttling import PerActor
from accounts.signin.pages import OWN_SCOPE
from retention import naming
from retention.enums import AddendumKind
from retention.operations import certificates, verdicts
from retention.operations.verdicts import Answer, Verdict
from retention.rules.certificate import LARGEST

# What a form adds around the file.
AROUND = 64 * 1024
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
SAID: dict[Verdict, str | Promise] = {
    Verdict.VALID: _("Valid: we signed this document, and nothing in it was changed."),
    Verdict.SUPERSEDED: _("We signed this document, and nothing in it was changed. Something was added since."),
    Verdict.CHANGED: _("Not valid: the document was changed after it was signed."),
    Verdict.OTHER_KEY: _("Not ours: another key signed this document."),
    Verdict.NOT_A_CERTIFICATE: _("This file is not a certificate of erasure, nor an addendum to one."),
}


class PerVerification(PerActor):
    """How often one address may have files checked: it takes no account."""

    scope = "verify"


class TooLarge(APIException):
    """The file is larger than any certificate."""

    status_code = 413
    default_code = "too_large"
    default_detail = _("The file is larger than any certificate.")


class LatestAddendumSerializer(serializers.Serializer[Any]):
    """The last addendum to a certificate."""

    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=AddendumKind.values)
    issued_at = serializers.CharField()
    stands = serializers.BooleanField()
    provisional = serializers.BooleanField()


class ReplacementSerializer(serializers.Serializer[Any]):
    """The certificate of the same erasure that was issued after a restore."""

    certificate = serializers.UUIDField()
    issued_at = serializers.CharField()


class VerdictSerializer(serializers.Serializer[Any]):
    """What holds of a document."""

    verdict = serializers.ChoiceField(choices=[one.value for one in Verdict])
    kind = serializers.CharField(help_text="certificate or addendum; empty where it is neither")
    certificate = serializers.CharField()
    number = serializers.IntegerField(help_text="of the addendum; 0 for the certificate")
    issued_at = serializers.CharField()
    key_id = serializers.CharField()
    provisional = serializers.BooleanField(allow_null=True, help_text="whether a window is open still")
    simulated_time = serializers.BooleanField()
    known = serializers.BooleanField(help_text="whether it is in this service's lists")
    stands = serializers.BooleanField(allow_null=True, help_text="whether what it certifies still holds")
    latest = LatestAddendumSerializer(
        allow_null=True, help_text="to the certificate, or to the one that took its place after a restore"
    )
    replaced_by = ReplacementSerializer(allow_null=True)


class VerifyView(APIView):
    """Checks the signature of a certificate or an addendum, and says whether anything was added since."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (PerVerification,)

    @extend_schema(
        operation_id="certificates_verify", request=OpenApiTypes.OBJECT, responses={200: VerdictSerializer}, auth=[]
    )
    def post(self, request: Request) -> Response:
        """The body is the signed document as it was downloaded. Nothing of it is kept. 413: larger than 1 MiB."""
        asked: HttpRequest = request._request
        if _length(asked) > LARGEST:
            raise TooLarge
        return Response(VerdictSerializer(asdict(verdicts.check(asked.body))).data)


class FormerKeySerializer(serializers.Serializer[Any]):
    """A key with which certificates were signed before."""

    key_id = serializers.CharField(help_text="as a signature names it")
    pem = serializers.CharField()


class PublicKeySerializer(serializers.Serializer[Any]):
    """The key with which certificates are signed now, and those of before."""

    algorithm = serializers.CharField()
    pem = serializers.CharField()
    former_keys = FormerKeySerializer(many=True)


class PublicKeyView(APIView):
    """The keys with which anybody checks a certificate. They are no secret: nobody is asked who they are."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="public_key_retrieve", responses={200: PublicKeySerializer}, auth=[])
    def get(self, request: Request) -> Response:
        """The public key, and those of before by the id that a signature names, as PEM, without sign-in."""
        former = [{"key_id": key_id, "pem": pem} for key_id, pem in certificates.former_pems().items()]
        return Response({"algorithm": "Ed25519", "pem": certificates.public_pem(), "former_keys": former})


@csrf_exempt  # nothing is changed, and nobody is signed in
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show the form; after a file was sent, what holds of it. ``?language=`` chooses the page's language."""
    known = [code for code, _name in settings.LANGUAGES]
    asked = request.GET.get("language", "")
    language = asked if asked in known else translation.get_language() or known[0]
    with translation.override(language):
        none: tuple[Answer | None, str | Promise, int] = (None, "", 200)
        answer, error, status = _checked(request) if request.method == "POST" else none
        context = {
            "answer": answer,
            "said": SAID[answer.verdict] if answer else error,
            "issued_at": naming.instant(answer.issued_at) if answer and answer.issued_at else "",
            "replaced_at": naming.instant(answer.replaced_by["issued_at"]) if answer and answer.replaced_by else "",
            "latest_at": naming.instant(answer.latest["issued_at"]) if answer and answer.latest else "",
            "addendum": AddendumKind(answer.latest["kind"]).label if answer and answer.latest else "",
            "error": error,
            "language": language,
            # Each in its own words: who cannot read the page finds their own.
            "languages": [(code, translation.get_language_info(code)["name_local"]) for code in known],
            "public_key": certificates.public_pem(),
            "former_keys": certificates.former_pems(),
        }
        response = TemplateResponse(request, "verify.html", context, status=status)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response.render()


def _checked(request: HttpRequest) -> tuple[Answer | None, str | Promise, int]:
    if not PerVerification().allow_request(Request(request), APIView()):
        return None, _("There were too many attempts from here. Wait some minutes, then try again."), 429
    if _length(request) > LARGEST + AROUND:
        return None, TooLarge.default_detail, 413
    request.upload_handlers = [MemoryFileUploadHandler(request)]
    try:
        file = request.FILES.get("file")
    except (MultiPartParserError, RequestDataTooBig, TooManyFilesSent):
        file = None
    if file is None:
        return None, _("Choose the file of a certificate first."), 400
    return verdicts.check(file.read(LARGEST + 1)), "", 200


def _length(request: HttpRequest) -> int:
    """Return how long the body says it is; what does not say it has none, as the server reads it."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdigit() else 0


setattr(page, OWN_SCOPE, True)
login_not_required(page)
