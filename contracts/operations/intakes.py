"""The inbox: a letter dropped, read and matched; decided by a person; asked back, rejected, or given its effect."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts import crypto
from accounts.enums import DocumentKind
from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import Document, Membership, Organization, User
from accounts.operations import audit, documents, outbox
from accounts.rules.permissions import Permission, allowed
from contracts.enums import IntakeKind, IntakeState, NoticeChannel, NoticeKind, NoticeParty, SwitchKind
from contracts.letters.reader import Letter
from contracts.models import Contract, Intake, Notice, SwitchingCase
from contracts.operations import acknowledging, notices, switching
from contracts.rules import classification, matching
from contracts.rules.periods import latest_day, local_day

SWITCHES = {IntakeKind.SWITCHING: SwitchKind.PROVIDER, IntakeKind.ERASURE_ONLY: SwitchKind.ERASURE_ONLY}
NOTICES = {IntakeKind.NON_RENEWAL: NoticeKind.NON_RENEWAL, IntakeKind.TERMINATION: NoticeKind.TERMINATION}
UNDECIDED = (IntakeState.NEW, IntakeState.ASKED_BACK)
CHANNELS = {"message/rfc822": NoticeChannel.EMAIL}


class IntakeNotInThatState(Refused):
    """The letter was decided meanwhile: somebody was faster."""

    code = "intake_not_in_that_state"


@dataclass(frozen=True, slots=True)
class Facts:
    """What stays sealed of a letter: who sent it, and its words."""

    filename: str
    sender_name: str
    sender_email: str
    subject: str
    text: str


@transaction.atomic
def drop(
    letter: Letter, *, now: datetime, by: str, received_on: date | None = None, answers: Intake | None = None
) -> Intake:
    """Take a letter into the inbox: sealed, its client sought, its wish suggested. Nothing is decided.

    An answer to a letter that was asked back keeps that one's receipt: the client was in time if the first was.

    :raises InvalidInput: the day of receipt has come nowhere yet; nobody knows the letter's zone until it is matched.
    :raises IntakeNotInThatState: what it answers was not asked back.
    """
    today = latest_day(now)
    if received_on is not None and received_on > today:
        raise InvalidInput([FieldError("received_on", "in_the_future", "A letter that is here was received.")])
    received_at = min(letter.received_at or now, now)
    organization = None
    if answers is not None:
        asked = _locked(answers, IntakeState.ASKED_BACK)
        received_at, received_on, organization = asked.received_at, asked.received_on, asked.organization
        asked.state = IntakeState.ANSWERED.value
        asked.save(update_fields=["state"])
    key, public_id = crypto.new_data_key(), uuid.uuid4()
    wrapped = _keys().wrap(key, context=sealed_context(public_id, "key"))
    facts = Facts(letter.filename, letter.sender_name, letter.sender_email, letter.subject, letter.text)
    found = classification.classify(letter.text)
    intake = Intake.objects.create(
        public_id=public_id,
        organization=organization,
        media=letter.media,
        size=len(letter.data),
        sha256=hashlib.sha256(letter.data).hexdigest(),
        received_at=received_at,
        received_on=received_on,
        sent_on=letter.sent_on if letter.sent_on is None or letter.sent_on <= today else None,
        suggested=found.kind.value,
        why=found.explanation.to_json(),
        candidates=_candidates(letter),
        answers=None if answers is None else answers.public_id,
        sealed_file=crypto.encrypt(key, letter.data, context=sealed_context(public_id, "file")),
        sealed_facts=crypto.encrypt(key, _packed(facts), context=sealed_context(public_id, "facts")),
        wrapped_key=wrapped.ciphertext,
        key_version=wrapped.version,
        dropped_by=by,
        dropped_at=now,
    )
    _tell("intake.dropped", intake, now=now, by=by, suggested=intake.suggested, media=intake.media)
    return intake


@transaction.atomic
def confirm(
    intake: Intake,
    *,
    organization: Organization,
    contracts: Sequence[Contract],
    kind: IntakeKind,
    entitled: bool | None,
    channel: NoticeChannel | None,
    sent_on: date | None,
    now: datetime,
    by: str,
    reason: str = "",
) -> Intake:
    """Decide what a letter is: a notice, or a switching case, of every contract that it covers, in one transaction.

    Where the sender is no member of the client who may give notice, the person says whether they are entitled.
    The letter becomes the proof; an acknowledgement is written and announced. Where the client was asked what it means,
    the reason says how that became clear; it goes to the erasable part of the trail.

    :raises InvalidInput: the kind is unclear, a contract is another client's, who is entitled is not said, or the
        client was asked and no reason is named.
    :raises IntakeNotInThatState: it was decided meanwhile.
    :raises Refused: as :func:`notices.give` and :func:`switching.open_case`, for any contract; then nothing is written.
    """
    locked = _locked(intake, *UNDECIDED)
    was, facts = locked.state, opened(locked)
    if entitled is None and is_member(organization, facts.sender_email):
        entitled = True
    _check(locked, organization, contracts, kind, entitled, reason)
    file = crypto.decrypt(
        _key(locked), bytes(locked.sealed_file or b""), context=sealed_context(locked.public_id, "file")
    )
    document = documents.store(
        organization,
        BytesIO(file),
        kind=DocumentKind.NOTICE_PROOF,
        filename=facts.filename,
        content_type=locked.media,
        now=now,
        by=by,
    )
    given, cases = [], []
    for contract in sorted(contracts, key=lambda one: one.pk):  # one order: two letters never lock crosswise
        if kind in NOTICES:
            given.append(
                _give(locked, contract, NOTICES[kind], document, bool(entitled), channel, sent_on, now=now, by=by)
            )
        else:
            received_on = locked.received_on or local_day(locked.received_at, contract.time_zone)
            cases.append(
                switching.open_case(
                    contract, kind=SWITCHES[kind], received_on=received_on, proof=document, now=now, by=by
                )
            )
    locked.state = (IntakeState.CONFIRMED if given else IntakeState.HANDED_OVER).value
    locked.organization, locked.kind, locked.document = organization, kind.value, document
    locked.notices = [str(notice.public_id) for notice in given]
    locked.cases = [str(case.public_id) for case in cases]
    locked.sealed_file, locked.decided_by, locked.decided_at = None, by, now
    locked.acknowledgement = _acknowledged(locked, organization, given, cases, now=now, by=by)
    locked.save()
    _tell(
        "intake.confirmed",
        locked,
        now=now,
        by=by,
        detail=_detail(reason),
        was=was,
        kind=kind.value,
        contracts=[str(contract.public_id) for contract in contracts],
        notices=locked.notices,
    )
    return locked


@transaction.atomic
def ask_back(intake: Intake, *, organization: Organization, now: datetime, by: str) -> Intake:
    """Ask the client what an unclear letter means. Its day of receipt is kept, whenever the answer comes.

    :raises IntakeNotInThatState: it was decided meanwhile.
    :raises Refused: the client's data are being erased, or are erased: nothing of it is kept any more.
    """
    locked = _locked(intake, IntakeState.NEW)
    # Whoever closes the organization holds its row: it is seen here, or sees the letter.
    client = Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=organization.pk)
    if client.closed_at is not None:
        raise Refused("The data of this organization are being erased, or are erased.", code="organization_closed")
    locked.state, locked.organization = IntakeState.ASKED_BACK.value, organization
    locked.decided_by, locked.decided_at = by, now
    locked.save(update_fields=["state", "organization", "decided_by", "decided_at"])
    zone = organization.time_zone
    received_on = locked.received_on or local_day(locked.received_at, zone)
    _tell("intake.asked_back", locked, now=now, by=by, received_on=received_on.isoformat())
    return locked


@transaction.atomic
def reject(intake: Intake, *, now: datetime, by: str, reason: str = "") -> Intake:
    """Put away what is no notice: its file and its words are dropped. A reason goes to the erasable part of the trail.

    One about which the client was asked, and that nobody answers, takes a reason. A letter that it seemed to answer
    still waits for its answer, with its day of receipt.

    :raises InvalidInput: the client was asked, and no reason is named.
    :raises IntakeNotInThatState: it was decided meanwhile.
    """
    locked = _locked(intake, *UNDECIDED)
    if faults := _unexplained(locked, reason):
        raise InvalidInput(faults)
    was = locked.state
    locked.state, locked.decided_by, locked.decided_at = IntakeState.REJECTED.value, by, now
    locked.sealed_file = locked.sealed_facts = None
    locked.save(update_fields=["state", "decided_by", "decided_at", "sealed_file", "sealed_facts"])
    if locked.answers is not None:
        asked = Intake.objects.filter(public_id=locked.answers, state=IntakeState.ANSWERED.value)
        asked.update(state=IntakeState.ASKED_BACK.value)
    _tell("intake.rejected", locked, now=now, by=by, detail=_detail(reason), was=was)
    return locked


def opened(intake: Intake) -> Facts:
    """Return what is sealed of a letter; nothing, once it was rejected."""
    if intake.sealed_facts is None:
        return Facts("", "", "", "", "")
    data = crypto.decrypt(_key(intake), bytes(intake.sealed_facts), context=sealed_context(intake.public_id, "facts"))
    return Facts(**json.loads(data))


def is_member(organization: Organization, email: str) -> bool:
    """Say whether an address is that of a member of the client who may give notice."""
    user = User.objects.by_address(email) if email else None
    if user is None or not user.is_active:
        return False
    members = Membership.objects.filter(organization=organization, user=user).values_list("role", flat=True)
    return Permission.GIVE_NOTICE in allowed(members)


def open_contracts(organization: Organization) -> list[Contract]:
    """Return the contracts that a notice can be given of."""
    return list(Contract.objects.binding().filter(organization=organization).order_by("pk"))


def _give(
    intake: Intake,
    contract: Contract,
    kind: NoticeKind,
    document: Document,
    entitled: bool,
    channel: NoticeChannel | None,
    sent_on: date | None,
    *,
    now: datetime,
    by: str,
) -> Notice:
    received_on = intake.received_on or local_day(intake.received_at, contract.time_zone)
    return notices.give(
        contract,
        kind=kind,
        party=NoticeParty.CLIENT,
        channel=channel or CHANNELS.get(intake.media, NoticeChannel.LETTER),
        sent_on=sent_on or min(intake.sent_on or received_on, received_on),
        received_on=received_on,
        entitled=entitled,
        proof=document,
        now=now,
        by=by,
    )


def _acknowledged(
    intake: Intake,
    organization: Organization,
    given: Sequence[Notice],
    cases: Sequence[SwitchingCase],
    *,
    now: datetime,
    by: str,
) -> Document:
    """Write the acknowledgement in the client's language, keep it, and announce it."""
    lines = [*acknowledging.facts(given), *acknowledging.facts_of_switches(cases)]
    received_on = given[0].received_on if given else cases[0].received_on
    text = acknowledging.text(organization, lines, received_on=received_on)
    outbox.publish("intake.acknowledged", intake, at=now, payload={"notices": lines})
    return documents.store(
        organization,
        BytesIO(text.encode()),
        kind=DocumentKind.OTHER,
        filename=f"acknowledgement-{local_day(now, organization.time_zone).isoformat()}.txt",
        content_type="text/plain",
        now=now,
        by=by,
    )


def _check(
    intake: Intake,
    organization: Organization,
    contracts: Sequence[Contract],
    kind: IntakeKind,
    entitled: bool | None,
    reason: str,
) -> None:
    faults = _unexplained(intake, reason)
    if kind is IntakeKind.UNCLEAR:
        faults.append(FieldError("kind", "unclear", "An unclear letter is asked back, not confirmed."))
    if not contracts:
        faults.append(FieldError("contracts", "blank", "Name every contract that the letter covers."))
    if any(contract.organization_id != organization.pk for contract in contracts):
        faults.append(FieldError("contracts", "not_this_clients", "A contract is another client's."))
    if entitled is None:
        message = phrase("The sender is not known as a member who may give notice: say whether they are entitled.")
        faults.append(FieldError("entitled", "not_verified", message))
    if entitled is False and kind in SWITCHES:
        message = phrase("Nobody but who is entitled can ask to switch or to be erased: reject the letter.")
        faults.append(FieldError("entitled", "not_entitled", message))
    if faults:
        raise InvalidInput(faults)


def _unexplained(intake: Intake, reason: str) -> list[FieldError]:
    """Return what is wrong with a decision on a letter about which the client was asked: it says what came of it."""
    if intake.state != IntakeState.ASKED_BACK.value or reason.strip():
        return []
    return [FieldError("reason", "missing", "The client was asked: say what it answered, or that it did not.")]


def _detail(reason: str) -> dict[str, str] | None:
    return {"reason": reason} if reason.strip() else None


def _candidates(letter: Letter) -> list[dict[str, Any]]:
    """Return who may have sent it, as it is stored: public ids, scores and reasons."""
    references: dict[int, list[tuple[str, str]]] = {}
    for organization_id, key, reference in (
        Contract.objects.binding().order_by("pk").values_list("organization_id", "public_id", "reference")
    ):
        references.setdefault(organization_id, []).append((str(key), reference))
    clients = [
        matching.Client(str(public_id), name, number, tuple(references.get(pk, ())))
        for pk, public_id, name, number in Organization.objects.filter(closed_at__isnull=True)
        .order_by("pk")
        .values_list("pk", "public_id", "name", "registration_number")
    ]
    return [
        {
            "organization": one.key,
            "score": one.score,
            "contracts": list(one.contracts),
            "why": one.explanation.to_json(),
        }
        for one in matching.match(letter.text, clients)[:5]
    ]


def _tell(
    name: str, intake: Intake, *, now: datetime, by: str, detail: dict[str, str] | None = None, **data: Any
) -> None:
    audit.record(name, intake, by=by, at=now, data=data, detail=detail, vendor_only=True)
    outbox.publish(name, intake, at=now, payload=data)


def _locked(intake: Intake, *states: IntakeState) -> Intake:
    found = (
        Intake.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organization")
        .filter(pk=intake.pk, state__in=[state.value for state in states])
        .first()
    )
    if found is None:
        raise IntakeNotInThatState("The letter is not in a state that allows this.")
    return found


def _packed(facts: Facts) -> bytes:
    return json.dumps({name: getattr(facts, name) for name in Facts.__slots__}).encode()


def _key(intake: Intake) -> bytes:
    wrapped = crypto.WrappedKey(intake.key_version, bytes(intake.wrapped_key))
    return _keys().unwrap(wrapped, context=sealed_context(intake.public_id, "key"))


def sealed_context(public_id: uuid.UUID, part: str) -> bytes:
    """Return what a part of an intake, its key too, is bound to."""
    return crypto.context("intake", str(public_id), part)


def _keys() -> crypto.KeyEncryptionKeys:
    return crypto.KeyEncryptionKeys.from_text(settings.KEY_ENCRYPTION_KEYS)
