"""The client's page: one of its contacts decides on a person's request by the link that came by mail."""

import uuid
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts import tenancy
from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import LicensedUser, Organization
from accounts.operations import clock
from accounts.wording import worded
from retention.enums import DoubtReason, ExtensionReason, LinkPurpose, RefusalGround, RequestKind, SubjectState
from retention.models import SubjectLink
from retention.operations import instructions, subject_decisions, subject_letters, subject_links, subject_requests
from retention.public.pages import TOO_OFTEN, PerVisitor, faults_of, may_try, page, public, said
from retention.rules import corrections

SHOW = "show"
FIELDS = ("action", "others", "ground", "reasons", "doubt", "extension")
DONE = {
    "grant": _("You granted the request. It is carried out now; the person is told when it is done."),
    "not_held": _("The person is told that nothing about them is held for you."),
    "refuse": _("You refused the request. The person is told why, and where to complain."),
    "doubt": _("The person is asked who they are. Record here, by the same link, that they have shown it."),
    "settle": _("Recorded: the time for the answer goes on."),
    "extend": _("The person is told that it takes longer, and why."),
}
USELESS = _("This link was used before, or is too old, or is not yours any more. Sign in to decide.")


@public
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, token: str) -> HttpResponse:
    """Show a person's request to the contact whose link this is; do what the contact decides. A decision uses it up."""
    given: dict[str, Any] = {name: request.POST.get(name, "") for name in FIELDS}
    given["people"] = request.POST.getlist("people")
    given["corrections"] = {
        name.removeprefix("correct_"): request.POST.get(name, "")
        for name in request.POST
        if name.startswith("correct_") and request.POST.get(name, "").strip()
    }
    if request.method == "POST" and not may_try(request, PerVisitor()):
        return said(request, TOO_OFTEN, status=429)
    more: dict[str, Any] = {}
    status = 200
    shows = request.method == "POST" and given["action"] == SHOW
    try:
        if request.method == "POST" and not shows:
            with tenancy.vendor():
                done = _do(subject_links.found(token, purpose=LinkPurpose.DECIDE, now=clock.instant()), token, given)
            return said(request, DONE[done], good=True)
    except subject_links.LinkUseless:
        return said(request, USELESS, status=410)
    except InvalidInput as error:
        more, status = {"faults": faults_of(error)}, 400
    except Refused as error:
        more, status = {"error": worded(error.message)}, 409
    try:
        with tenancy.vendor():
            link = _mine(subject_links.found(token, purpose=LinkPurpose.DECIDE, now=clock.instant()))
            if request.method != "POST":  # programs that read mail look too: they see nobody's name
                return page(request, "open", {"reference": link.request.reference, "action": SHOW})
            return page(request, "decide", _context(link, given) | more, status=status)
    except subject_links.LinkUseless:
        return said(request, USELESS, status=410)


def _do(link: SubjectLink, token: str, given: dict[str, Any]) -> str:
    """Do what a contact chose, as that contact, in the client's scope: all of it, or nothing."""
    _mine(link)
    row, client = link.request, subject_requests.client_of(link.request)
    assert link.user is not None  # the database sees to it
    now, by = clock.instant(), link.user.actor
    action = given["action"]
    if action not in DONE:
        raise InvalidInput([FieldError("action", "unknown", str(_("Choose what you decide.")))])
    if action in ("grant", "refuse", "not_held"):
        subject_links.use(token, purpose=LinkPurpose.DECIDE, now=now)
    with tenancy.tenant(client.pk):
        match action:
            case "grant":
                people = _people(client, given["people"], given["others"])
                subject_decisions.grant(
                    row, people=people, corrections=given["corrections"], now=now, by=by, for_client=False
                )
            case "refuse":
                ground = RefusalGround(_one_of("ground", given["ground"], RefusalGround.values))
                subject_decisions.refuse(row, ground=ground, reasons=given["reasons"], now=now, by=by, for_client=False)
            case "not_held":
                subject_decisions.not_held(row, now=now, by=by, for_client=False)
            case "doubt":
                reason = DoubtReason(_one_of("doubt", given["doubt"], DoubtReason.values))
                subject_decisions.doubt(row, reason=reason, now=now, by=by)
            case "settle":
                subject_decisions.settle_doubt(row, now=now, by=by)
            case "extend":
                why = ExtensionReason(_one_of("extension", given["extension"], ExtensionReason.values))
                subject_decisions.extend(row, reason=why, now=now, by=by)
    return str(action)


def _mine(link: SubjectLink) -> SubjectLink:
    """Return the link, if its contact may still decide and there is something to decide.

    :raises LinkUseless: the contact has left, or lost the role; or the request was decided, or given up.
    """
    row = link.request
    if row.state != SubjectState.FORWARDED or link.user not in instructions.contacts_of(
        subject_requests.client_of(row)
    ):
        raise subject_links.LinkUseless("There is nothing to decide by this link.")
    return link


def _context(link: SubjectLink, given: dict[str, Any]) -> dict[str, Any]:
    row = link.request
    kind = RequestKind(row.kind)
    with tenancy.tenant(subject_requests.client_of(row).pk):
        people = subject_decisions.people_meant(row)
    return subject_letters.facts(row) | {
        "given": given,
        "people": people,
        "chosen": given["people"] or [str(one.public_id) for one in people],
        "grounds": RefusalGround.choices,
        "doubts": DoubtReason.choices,
        "extensions": ExtensionReason.choices,
        "correct": kind is RequestKind.CORRECT,
        "correctable": [(name, label_for_field(name, LicensedUser)) for name in corrections.OWN],
        "extendable": row.extended_at is None,
    }


def _people(client: Organization, ticked: list[str], others: str) -> list[uuid.UUID]:
    """Return the public ids of those who are meant: ticked, or named by e-mail or external id, one a line."""
    found = {_uuid(one) for one in ticked}
    rows = LicensedUser.objects.filter(organization=client)
    for place, line in enumerate(map(str.strip, others.splitlines()), start=1):
        if not line:
            continue
        # No text of the database holds a NUL, and it refuses to look for one.
        known = "\0" not in line and (
            list(rows.filter(external_id=line).order_by("-pk")[:1]) or subject_decisions.of_address(client, line)
        )
        if not known:
            text = _("Line %(place)d: nobody of yours has this address or external id.") % {"place": place}
            raise InvalidInput([FieldError("others", "unknown", text)])
        found |= {one.public_id for one in known}
    if not found:
        raise InvalidInput([FieldError("people", "nobody", str(_("Say who it is in your product.")))])
    return sorted(found)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise InvalidInput([FieldError("people", "unknown", str(_("Say who it is in your product.")))]) from None


def _one_of(field: str, value: str, known: list[str]) -> str:
    if value not in known:
        raise InvalidInput([FieldError(field, "unknown", str(_("Choose one.")))])
    return value
