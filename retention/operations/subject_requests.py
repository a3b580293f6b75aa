"""Requests of people (Art. 15 to 18 GDPR): taken down, acknowledged, forwarded to the client who decides, withdrawn.

For what is in a client's product the vendor decides nothing, and erases nothing, because a person asks: it forwards
(rulebook, section 6). Whose client it may be is seen by privacy officers only, and told to nobody who asks.
"""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.enums import Language
from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import LicensedUser, Organization
from accounts.operations import audit, outbox, states
from accounts.rules import checks
from contracts.rules.periods import local_day
from retention.enums import IdentityProof, LinkPurpose, RequestKind, SubjectChannel, SubjectOutcome, SubjectState, Told
from retention.models import SubjectRequest
from retention.operations import instructions, subject_facts, subject_letters, subject_links
from retention.operations.subject_facts import Facts
from retention.policy.bases import ANSWERED
from retention.rules import subjects as rules

OPEN = (SubjectState.RECEIVED, SubjectState.FORWARDED)


class SubjectRequestNotInThatState(Refused):
    """The person's request has moved on: somebody else, or a sweep, was faster."""

    code = "subject_request_not_in_that_state"


class NobodyDecides(Refused):
    """The client has no contact who may decide on its people's data."""

    code = "nobody_decides"


@transaction.atomic
def ask(facts: Facts, *, kind: RequestKind, language: Language, now: datetime) -> SubjectRequest:
    """Take down what a person asks on the page. It counts from now, and is looked at once the address is confirmed.

    :raises InvalidInput: by field.
    """
    subject_facts.check(facts)
    made = _make(facts, kind, SubjectChannel.PAGE, language, SubjectState.UNCONFIRMED, received_at=now, by="")
    made.next_at = rules.next_at(clock_of(made))
    made.save(update_fields=["next_at"])
    tell("subject_request.asked", made, now=now, by=actor_of(made), kind=kind.value, channel=made.channel)
    write(made, "subject_request.address_asked", now=now)
    return made


@transaction.atomic
def take_down(
    facts: Facts,
    *,
    kind: RequestKind,
    channel: SubjectChannel,
    language: Language,
    received_at: datetime,
    now: datetime,
    by: str,
) -> SubjectRequest:
    """Take down what a person wrote or said to the vendor's staff; who has an address is acknowledged at once.

    :raises InvalidInput: by field; received in the future, or by the page.
    """
    subject_facts.check(facts, needs_address=channel is SubjectChannel.MAIL)
    if received_at > now:
        raise InvalidInput([FieldError("received_at", "in_the_future", "What is here was received.")])
    if channel is SubjectChannel.PAGE:
        raise InvalidInput([FieldError("channel", "page", "What comes by the page is taken down by the page.")])
    made = _make(facts, kind, channel, language, SubjectState.RECEIVED, received_at=received_at, by=by)
    _received(made, now=now, by=by)
    return made


@transaction.atomic
def confirm_address(request: SubjectRequest, *, now: datetime) -> SubjectRequest:
    """Note that who asks reads the mail of the address: the request is acknowledged, and waits for a privacy officer.

    Who opens a later link confirms nothing new. What has lapsed, or is over, stays so.
    """
    row = SubjectRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    if row.confirmed_at is not None or row.state in (SubjectState.LAPSED, SubjectState.WITHDRAWN):
        return row
    row.confirmed_at = now
    if row.identity == IdentityProof.UNCHECKED:
        row.identity = IdentityProof.MAILBOX
    first, row.state = row.state == SubjectState.UNCONFIRMED, _after_confirmation(row)
    row.save(update_fields=["confirmed_at", "identity", "state"])
    tell("subject_request.address_confirmed", row, now=now, by=actor_of(row))
    if first:
        _received(row, now=now, by=actor_of(row))
    return row


@transaction.atomic
def forward(request: SubjectRequest, *, organization: Organization, now: datetime, by: str) -> SubjectRequest:
    """Forward a request to the client who decides: each of its contacts gets a link that opens once.

    From now on the last day to answer is counted in the client's country (Art. 12(3) GDPR).

    :raises NobodyDecides: no contact of the client may decide.
    :raises states.OrganizationClosed: the client's data are being erased, or are erased: nothing is left to decide.
    :raises SubjectRequestNotInThatState: it is with a client already, or over.
    """
    row = locked(request, SubjectState.RECEIVED)
    if Organization.objects.filter(pk=organization.pk, closed_at__isnull=False).exists():
        raise states.OrganizationClosed("This client's data are being erased, or are erased: answer without a client.")
    row.organization, row.state = organization, SubjectState.FORWARDED
    row.forwarded_at, row.forwarded_by, row.chased_at = now, by, None
    count(row)
    # Leads that are behind us are not told one after the other.
    row.warnings = rules.warnings_by(row.due_on, local_day(now, organization.time_zone))
    row.next_at = rules.next_at(clock_of(row))
    row.save()
    tell("subject_request.forwarded", row, now=now, by=by, due_on=row.due_on.isoformat())
    ask_the_client(row, "subject_request.forwarded", now=now)
    write(row, "subject_request.told_where", now=now)
    return row


@transaction.atomic
def close_without_client(
    request: SubjectRequest, *, outcome: SubjectOutcome, now: datetime, by: str, reason: str = ""
) -> SubjectRequest:
    """Answer a request for which no client decides: the vendor holds nothing, or the data are its own (rulebook §6).

    :raises InvalidInput: another outcome: a client decides that.
    :raises SubjectRequestNotInThatState: it is with a client, or over.
    """
    faults = checks.note("reason", reason)
    if outcome not in (SubjectOutcome.NOT_HELD, SubjectOutcome.OWN):
        faults.append(FieldError("outcome", "client_decides", "This is what a client decides."))
    if outcome is SubjectOutcome.OWN and not reason.strip():
        faults.append(FieldError("reason", "blank", "Say what was decided: the person is told."))
    if faults:
        raise InvalidInput(faults)
    row = locked(request, SubjectState.RECEIVED)
    subject_facts.add_reasons(row, reason)
    answer(row, outcome=outcome, now=now, by=by)
    return row


@transaction.atomic
def withdraw(request: SubjectRequest, *, now: datetime, by: str) -> SubjectRequest:
    """The person gives the request up, before the client has decided.

    :raises SubjectRequestNotInThatState: it was decided, or is over.
    """
    row = locked(request, SubjectState.UNCONFIRMED, *OPEN)
    told, row.state = row.organization_id is not None, SubjectState.WITHDRAWN
    close(row, now=now)
    row.save()
    tell("subject_request.withdrawn", row, now=now, by=by)
    if told:
        outbox.publish("subject_request.withdrawn", row, at=now)
    return row


@transaction.atomic
def mark_posted(request: SubjectRequest, *, now: datetime, by: str) -> SubjectRequest:
    """Note that the answer went out by post, to a person without an e-mail address.

    :raises SubjectRequestNotInThatState: it is not answered, or the person was told.
    """
    row = locked(request, SubjectState.ANSWERED)
    if row.told:
        raise SubjectRequestNotInThatState("The person was told the answer.")
    row.told, row.told_at = Told.POST, now
    row.save(update_fields=["told", "told_at"])
    tell("subject_request.posted", row, now=now, by=by)
    return row


@transaction.atomic
def send_link(request: SubjectRequest, *, email: str, now: datetime) -> bool:
    """Send the person a new link to their own page, if the address is that of the request; say whether it was."""
    row = SubjectRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    known = subject_facts.opened(row).email
    if not known or rules.mailbox(known) != rules.mailbox(email):
        return False
    write(row, "subject_request.link_asked", now=now)
    return True


def by_reference(reference: str) -> list[SubjectRequest]:
    """Return the requests with this reference, however it is written: hardly ever more than one."""
    wanted = "".join(reference.split()).lower()
    if len(wanted) != 8 or not all(one in "0123456789abcdef" for one in wanted):
        return []
    low, high = uuid.UUID(wanted + "0" * 24), uuid.UUID(wanted + "f" * 24)
    return list(SubjectRequest.objects.filter(public_id__gte=low, public_id__lte=high).order_by("pk")[:10])


def candidates(request: SubjectRequest) -> list[tuple[Organization, int]]:
    """Return the clients that may be meant, with how many of their people have the address: for privacy officers.

    Everybody whom the client has not deleted counts, suspended people too.
    """
    email = subject_facts.opened(request).email
    if not email:
        return []
    people = LicensedUser.objects.filter(Q(email__iexact=email), organization__closed_at__isnull=True)
    found: dict[int, int] = {}
    for organization_id, address in people.values_list("organization_id", "email"):
        if address.lower() == email.lower():  # letters that only look alike in capitals are others
            found[organization_id] = found.get(organization_id, 0) + 1
    clients = Organization.objects.filter(pk__in=found).order_by("name", "pk")
    return [(one, found[one.pk]) for one in clients]


def client_of(row: SubjectRequest) -> Organization:
    """Return the client that a request was forwarded to. :raises NobodyDecides: it is with none."""
    if row.organization is None:
        raise NobodyDecides("The request is with no client.")
    return row.organization


def ask_the_client(row: SubjectRequest, topic: str, *, now: datetime) -> None:
    """Send each contact of the client a link of their own to decide.

    :raises NobodyDecides: there is none.
    """
    contacts = instructions.contacts_of(client_of(row))
    if not contacts:
        raise NobodyDecides("No contact of this client may decide on its people's data: add one first.")
    links = {
        str(user.public_id): str(subject_links.make(row, purpose=LinkPurpose.DECIDE, now=now, user=user).public_id)
        for user in contacts
    }
    outbox.publish(topic, row, at=now, payload={"links": links, "due_on": row.due_on.isoformat()})


def write(row: SubjectRequest, topic: str, *, now: datetime, **payload: Any) -> None:
    """Announce something to the person, with a new link to their own page.

    Who has no address is written by post: of what must reach them the privacy officers are told that it waits.
    """
    link = subject_links.make(row, purpose=LinkPurpose.PERSON, now=now)
    outbox.publish(topic, row, at=now, payload={"link": str(link.public_id), **payload})
    letter = topic.removeprefix("subject_request.")
    if letter in subject_letters.LETTERS and not subject_facts.opened(row).email:
        outbox.publish("subject_request.to_post", row, at=now, payload={"letter": letter})


def answer(row: SubjectRequest, *, outcome: SubjectOutcome, now: datetime, by: str) -> None:
    """Close a locked request with its answer. The person is told by mail, or a letter is to be posted."""
    row.state, row.outcome = SubjectState.ANSWERED, outcome
    close(row, now=now)
    if subject_facts.opened(row).email:
        row.told, row.told_at = Told.MAIL, now
    row.save()
    tell("subject_request.answered", row, now=now, by=by, outcome=outcome.value)
    write(row, "subject_request.answered", now=now)


def close(row: SubjectRequest, *, now: datetime) -> None:
    """Note on a locked request that it is over, and until when its words stay as evidence (Art. 5(2) GDPR)."""
    row.closed_at, row.purge_at = now, now + settings.SUBJECT_KEPT
    row.next_at = rules.next_at(clock_of(row))


def locked(request: SubjectRequest, *states: SubjectState) -> SubjectRequest:
    """Lock a request that is in one of the states. :raises SubjectRequestNotInThatState: it is in another one."""
    rows = SubjectRequest.objects.select_for_update(of=("self",), no_key=True).select_related("organization")
    found = rows.filter(pk=request.pk, state__in=states).first()
    if found is None:
        raise SubjectRequestNotInThatState("The request is not in a state that allows this.")
    return found


def count(row: SubjectRequest) -> None:
    """Count on a locked request by when it is answered: in the country of whoever decides."""
    zone, country = _place(row)
    extended_on = None if row.extended_at is None else local_day(row.extended_at, zone)
    doubts = row.doubts.order_by("asked_on", "pk") if row.pk else ()
    # What was asked and is not answered has stopped the clock up to the day on which the extension was told.
    pauses = [(one.asked_on, one.answered_on or extended_on) for one in doubts]
    due = rules.answer_due(
        row.received_at,
        zone=zone,
        country=country,
        extended_at=row.extended_at,
        doubts=[(asked, until) for asked, until in pauses if until is not None and until >= asked],
    )
    row.due_on, row.why = due.legal, due.explanation.to_json()


def clock_of(row: SubjectRequest) -> rules.Clock:
    """Return what the steps of a request go by."""
    zone, country = _place(row)
    return rules.Clock(
        state=row.state,
        received_at=row.received_at,
        due_on=row.due_on,
        zone=zone,
        country=country,
        chase_days=settings.SUBJECT_CHASE_DAYS,
        forward_by=row.forward_by,
        reminded_at=row.chased_at or row.forwarded_at,
        warnings=row.warnings,
        doubted=row.doubts.filter(answered_on__isnull=True).exists(),
        purge_at=None if row.purged_at else row.purge_at,
        drop_at=_drop_at(row),
    )


def tell(name: str, row: SubjectRequest, *, now: datetime, by: str, **data: Any) -> None:
    """Record an act on a request in the trail: codes and days only, the words stay sealed in the row."""
    audit.record(name, row, by=by, at=now, data=data)


def zone_of(row: SubjectRequest) -> str:
    """Return the time zone whose days count: the client's, the vendor's before it is known."""
    return _place(row)[0]


def actor_of(row: SubjectRequest) -> str:
    """Name the person who asks, for the trail: by the request, which says nothing about them."""
    return f"person:{row.public_id}"


def _make(
    facts: Facts,
    kind: RequestKind,
    channel: SubjectChannel,
    language: Language,
    state: SubjectState,
    *,
    received_at: datetime,
    by: str,
) -> SubjectRequest:
    public_id = uuid.uuid4()
    sealed = subject_facts.seal(public_id, facts)
    day = local_day(received_at, settings.VENDOR_TIME_ZONE)
    row = SubjectRequest(
        public_id=public_id,
        kind=kind,
        channel=channel,
        language=language,
        state=state,
        received_at=received_at,
        taken_by=by,
        forward_by=rules.working_days_after(day, settings.SUBJECT_FORWARD_DAYS, settings.VENDOR_COUNTRY),
        sealed_facts=sealed.sealed_facts,
        wrapped_key=sealed.wrapped_key,
        key_version=sealed.key_version,
    )
    count(row)
    row.save()
    return row


def _received(row: SubjectRequest, *, now: datetime, by: str) -> None:
    """Acknowledge to the person, and tell the privacy officers that somebody waits to be forwarded."""
    zone, _country = _place(row)
    row.warnings = rules.warnings_by(row.due_on, local_day(now, zone))
    row.next_at = rules.next_at(clock_of(row))
    row.save(update_fields=["warnings", "next_at"])
    tell("subject_request.received", row, now=now, by=by, kind=row.kind, channel=row.channel)
    outbox.publish("subject_request.received", row, at=now, payload={"forward_by": row.forward_by.isoformat()})
    write(row, "subject_request.acknowledged", now=now)


def _after_confirmation(row: SubjectRequest) -> str:
    return SubjectState.RECEIVED if row.state == SubjectState.UNCONFIRMED else row.state


def _drop_at(row: SubjectRequest) -> datetime | None:
    """Return when a request that was with no client goes; one that was goes with that client's file."""
    assert ANSWERED.period is not None
    if row.organization_id is not None or row.purged_at is None or row.closed_at is None:
        return None
    return rules.kept_until(row.closed_at, years=ANSWERED.period.amount, zone=settings.VENDOR_TIME_ZONE)


def _place(row: SubjectRequest) -> tuple[str, str]:
    """Return the zone and country whose days count."""
    client = row.organization
    if client is None:
        return settings.VENDOR_TIME_ZONE, settings.VENDOR_COUNTRY
    return client.time_zone, client.country
