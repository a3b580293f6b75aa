"""The person's pages: ask, open the link that came by mail, see how it stands, give it up."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts import tenancy
from accounts.enums import Language
from accounts.errors import InvalidInput, Refused
from accounts.operations import clock
from retention import letters
from retention.enums import LinkPurpose, RequestKind, SubjectState
from retention.models import SubjectRequest
from retention.operations import subject_facts, subject_letters, subject_links, subject_requests
from retention.operations.subject_facts import Facts
from retention.public.pages import (
    TOO_OFTEN,
    PerMailbox,
    PerVisitor,
    faults_of,
    language_of,
    may_try,
    page,
    public,
    said,
)

COOKIE = "terme_privacy"
LASTS = timedelta(minutes=30)
MAILED = _("If the address is right, a mail is on its way. Open the link in it.")
USELESS = _("This link was used before, or is too old. Ask for a new one.")
# What people ask for, in their words.
KINDS = (
    (RequestKind.ERASE, _("Erase my data")),
    (RequestKind.EXPORT, _("A copy of my data")),
    (RequestKind.CORRECT, _("Correct my data")),
    (RequestKind.RESTRICT, _("Keep my data, but do not use them")),
)
WITHDRAWABLE = (SubjectState.RECEIVED, SubjectState.FORWARDED)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Show the form; take a request down. Whoever asks learns nothing about whether anybody is known."""
    given = {name: request.POST.get(name, "") for name in ("kind", "name", "email", "service", "words")}
    context = {"kinds": KINDS, "given": given, "longest": subject_facts.LONGEST_WORDS}
    if request.method != "POST":
        return page(request, "ask", context)
    if not may_try(request, PerVisitor()):
        return page(request, "ask", context | {"error": TOO_OFTEN}, status=429)
    if given["kind"] not in RequestKind.values:
        return page(request, "ask", context | {"faults": {"kind": _("Choose what you ask for.")}}, status=400)
    facts = Facts(given["name"].strip(), given["email"].strip(), given["words"].strip(), given["service"].strip())
    try:
        subject_facts.check(facts)
        if not may_try(request, PerMailbox(facts.email)):
            return page(request, "ask", context | {"error": TOO_OFTEN}, status=429)
        with tenancy.vendor():
            subject_requests.ask(
                facts, kind=RequestKind(given["kind"]), language=Language(language_of(request)), now=clock.instant()
            )
    except InvalidInput as error:
        return page(request, "ask", context | {"faults": faults_of(error)}, status=400)
    return said(request, MAILED, good=True)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def link_again(request: HttpRequest) -> HttpResponse:
    """Send a new link to who names the reference and the address of a request. The answer is the same for everybody."""
    given = {name: request.POST.get(name, "") for name in ("reference", "email")}
    if request.method != "POST":
        return page(request, "again", {"given": given})
    if not may_try(request, PerVisitor()) or not may_try(request, PerMailbox(given["email"])):
        return page(request, "again", {"given": given, "error": TOO_OFTEN}, status=429)
    with tenancy.vendor():
        for found in subject_requests.by_reference(given["reference"]):
            subject_requests.send_link(found, email=given["email"], now=clock.instant())
    return said(request, MAILED, good=True)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Open a link from a mail. Looking at it changes nothing: programs that read mail look too."""
    now = clock.instant()
    try:
        if request.method != "POST":
            with tenancy.vendor():
                subject_links.found(token, purpose=LinkPurpose.PERSON, now=now)
            return page(request, "link", {})
        with tenancy.vendor():
            row = subject_links.use(token, purpose=LinkPurpose.PERSON, now=now).request
            subject_requests.confirm_address(row, now=now)
    except subject_links.LinkUseless:
        return said(request, USELESS, status=410)
    response = HttpResponseRedirect(f"{reverse('privacy_own')}?language={language_of(request)}")
    response.set_signed_cookie(
        COOKIE,
        str(row.public_id),
        max_age=LASTS,
        path=reverse("privacy"),
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Strict",
    )
    return response


@public
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """Show how the person's request stands; a POST gives it up."""
    with tenancy.vendor():
        row = _whose(request)
        if row is None:
            return said(request, _("Ask for a link first: it opens this page for half an hour."), status=403)
        error = None
        if request.method == "POST":
            try:
                row = subject_requests.withdraw(row, now=clock.instant(), by=subject_requests.actor_of(row))
            except Refused as refused:
                error = _("It was decided already, or is over.") if refused.code else None
        context = subject_letters.facts(row) | {
            "error": error,
            "letters": [name for name in subject_letters.of(row) if name != "forwarding"],
            "withdrawable": row.state in WITHDRAWABLE,
        }
        return page(request, "own", context, status=409 if error else 200)


@public
@require_http_methods(["GET", "HEAD"])
def letter(request: HttpRequest, name: str) -> HttpResponse:
    """Give a letter of the person's request, as PDF."""
    with tenancy.vendor():
        row = _whose(request)
        if row is None or name == "forwarding" or name not in subject_letters.of(row):
            return said(request, _("There is no such letter, or the link's half hour is over."), status=404)
        return letters.answered(row, name)


def _whose(request: HttpRequest) -> SubjectRequest | None:
    """Return the request whose link was opened here in the last half hour."""
    public_id = request.get_signed_cookie(COOKIE, default=None, max_age=LASTS)
    if public_id is None:
        return None
    return SubjectRequest.objects.select_related("organization").filter(public_id=public_id).first()
