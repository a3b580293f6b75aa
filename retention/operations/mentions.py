"""What others wrote about those who are to be erased: searched under their authors' keys, and taken if so decided.

Content is sealed under the key of who wrote it, so what others say about a person outlives the person's key. Before the
erasure the client may have it searched, by exact terms as everywhere, and decide that what names one of the people goes
too. What is under restriction is opened for this: it protects the rights of another person (Art. 18(2) GDPR).
"""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts import crypto, tenancy
from accounts.errors import Refused, phrase
from accounts.models import Document
from accounts.operations import audit
from accounts.operations.sweeping import Swept
from retention.enums import RequestKind, RequestStatus, ScanState
from retention.models import DeletionRequest, MentionScan, RequestSubject
from retention.models.ledger import MOST_OTHERS
from retention.models.vault import ContextItem, Conversation, Diagnostic, Message
from retention.operations import identifying, instructions, keys, requests, vault
from retention.operations.stores.mentioned import ORDER
from retention.operations.stores.target import Target
from retention.rules.terms import Searcher, texts_of

BEFORE_ERASURE = (RequestStatus.RECEIVED, RequestStatus.CONFIRMED, RequestStatus.APPROVED)
MODELS = {"messages": Message, "context_items": ContextItem, "diagnostics": Diagnostic, "conversations": Conversation}
ROWS_AT_ONCE = 500
# So many rows are named; what is beyond is counted.
MOST_ROWS = MOST_OTHERS


class NothingToSearch(Refused):
    """The request is no erasure of people, or their data are being erased already."""

    code = "nothing_to_search"


class ScanRunning(Refused):
    """A search for this request runs already."""

    code = "mention_scan_running"


class ClientUndecided(Refused):
    """The client has not decided on the erasure."""

    code = "client_undecided"


class TooManyMentions(Refused):
    """More rows name one of the people than are kept by their keys."""

    code = "too_many_mentions"


class ScanNotDone(Refused):
    """The search is not finished, found nothing, or what it found was taken already."""

    code = "mention_scan_not_done"


@transaction.atomic
def start(request: DeletionRequest, *, now: datetime, by: str, for_client: bool = False) -> MentionScan:
    """Begin to search others' content for a request's people; a job does it. In the vendor's scope or the tenant's.

    The vendor's staff (``for_client``) may once the client has decided that these people are erased: until then nobody
    has instructed it to open anything.

    :raises NothingToSearch: it is no erasure of people, or it has begun or is over.
    :raises ClientUndecided: staff ask, and the client has not decided on the erasure.
    :raises ScanRunning: it is being searched.
    """
    locked = _before_erasure(request)
    if for_client and locked.status == RequestStatus.RECEIVED:
        raise ClientUndecided("The client has not decided on this erasure yet: its content is not opened for it.")
    try:
        with transaction.atomic():
            scan = MentionScan.objects.create(
                organization_id=locked.organization_id, request=locked, started_by=by, started_at=now, store=ORDER[0]
            )
    except IntegrityError as error:
        raise ScanRunning("A search for this request runs already.") from error
    audit.record("mentions.search_started", scan, by=by, at=now, data={"request": str(locked.public_id)})
    return scan


def work(scan: MentionScan, *, now: datetime, by: str, budget: timedelta | None = None) -> bool:
    """Search on until the end or until the budget is spent; say whether it is over. Outside of any transaction.

    Each batch is a transaction under the lock of the scan, with its checkpoint: killed at any instant the next call
    goes on. Where another worker has it, this one leaves. A search whose people are being erased meanwhile stops.
    """
    until = None if budget is None else time.monotonic() + budget.total_seconds()
    searcher = _searcher(scan)
    while True:
        over = _batch(scan, searcher, now=now, by=by)
        if over is None or over:
            return bool(over)
        if until is not None and time.monotonic() >= until:
            return False


@transaction.atomic
def take(
    scan: MentionScan, *, now: datetime, by: str, for_client: bool = False, proof: Document | None = None
) -> MentionScan:
    """The client decides that the rows which the search names are erased with the people, but for what is held.

    :raises instructions.ProofNeeded: the vendor's staff records it ``for_client``, and there is no proof.
    :raises ScanNotDone: the search is not finished, found nothing, or this was decided.
    :raises TooManyMentions: not all rows are named: fewer people are erased at a time.
    :raises NothingToSearch: the erasure has begun, or is over.
    """
    if for_client:
        instructions.demand(proof)
    requests.let_run_go(scan.request)  # what was planned knows nothing of these rows: it is planned anew
    request = _before_erasure(scan.request)
    locked = MentionScan.objects.select_for_update(of=("self",), no_key=True).get(pk=scan.pk)
    if locked.state != ScanState.DONE or not locked.number or locked.taken_at is not None:
        raise ScanNotDone("There is nothing to decide: it is not finished, found nothing, or this was decided.")
    if locked.number > sum(map(len, locked.rows.values())):
        message = phrase(
            "%(number)s rows name these people, more than %(most)s: erase fewer people at a time.",
            number=locked.number,
            most=MOST_ROWS,
        )
        raise TooManyMentions(message)
    locked.taken_by, locked.taken_at, locked.proof = by, now, proof
    locked.save(update_fields=["taken_by", "taken_at", "proof"])
    data = {"request": str(request.public_id), "rows": locked.number, "proof": proof is not None}
    audit.record("mentions.taken", locked, by=by, at=now, data=data)
    return locked


def named_rows(scan: MentionScan) -> list[dict[str, Any]]:
    """Return what a search names, for the client: the store, the row's external id, and by whom it is."""
    found = []
    for store, keys_ in scan.rows.items():
        rows = MODELS[store]._default_manager.filter(organization=scan.organization_id, pk__in=keys_).order_by("pk")
        found += [
            {"store": store, "external_id": external_id, "licensed_user": subject}
            for external_id, subject in rows.values_list("external_id", "subject__external_id")
        ]
    return found


def due(*, at: datetime) -> QuerySet[MentionScan]:
    """Return the searches that are not over. In the vendor's scope."""
    return MentionScan.objects.filter(state=ScanState.RUNNING, started_at__lte=at).order_by("pk")


def search_all(*, at: datetime, by: str) -> Swept:
    """Work on every search until it is over."""
    with tenancy.vendor():
        found = list(due(at=at))
    return Swept(done=sum(work(scan, now=at, by=by) for scan in found))


def _searcher(scan: MentionScan) -> Searcher:
    """Return what finds the people in a text; not by a name that somebody else of the organization has by now."""
    with tenancy.vendor():
        target = Target.of(DeletionRequest.objects.get(pk=scan.request_id))
        terms = identifying.identifiers_of(target)
        theirs = identifying.of_living_others(scan.organization_id, terms, whole=False)
    taken = {term for one in theirs for term in one.terms}
    return Searcher({*(terms.emails - taken), *(terms.searchable_ids - taken), *terms.uuid_texts()})


def _batch(scan: MentionScan, searcher: Searcher, *, now: datetime, by: str) -> bool | None:
    """Search one batch and write it down; say whether the search is over, ``None``: another worker has it."""
    with tenancy.vendor():
        rows = MentionScan.objects.select_related("organization").filter(pk=scan.pk)
        locked = rows.select_for_update(of=("self",), no_key=True, skip_locked=True).first()
        if locked is None:
            return None
        if locked.state != ScanState.RUNNING:
            return True
        request = DeletionRequest.objects.get(pk=locked.request_id)
        if request.status not in BEFORE_ERASURE:
            return _over(locked, ScanState.STOPPED, now=now, by=by)
        batch = _others(locked, request)
        if batch:
            named, unreadable = _naming(locked, batch, searcher)
            locked.examined += len(batch) - unreadable
            locked.unreadable += unreadable
            _note(locked, named)
            locked.checkpoint = batch[-1].pk
        if len(batch) < ROWS_AT_ONCE:
            following = ORDER[ORDER.index(locked.store) + 1 :]
            if not following:
                return _over(locked, ScanState.DONE, now=now, by=by)
            locked.store, locked.checkpoint = following[0], 0
        locked.save()
        return False


def _others(scan: MentionScan, request: DeletionRequest) -> Sequence[Any]:
    listed = RequestSubject.objects.filter(request=request).values("licensed_user")
    rows = MODELS[scan.store]._default_manager.filter(organization=scan.organization_id, pk__gt=scan.checkpoint)
    return list(rows.exclude(subject__in=listed).order_by("pk")[:ROWS_AT_ONCE])


def _naming(scan: MentionScan, batch: Sequence[Any], searcher: Searcher) -> tuple[list[int], int]:
    """Return the keys of the rows that name one of the people, and how many rows did not open."""
    named, unreadable = [], 0
    for row, values in zip(batch, _opened(scan, batch), strict=True):
        if values is None:
            unreadable += 1
        elif any(map(searcher.found_in, texts_of(values))):
            named.append(row.pk)
    return named, unreadable


def _opened(scan: MentionScan, batch: Sequence[Any]) -> Iterable[dict[str, Any] | None]:
    try:
        return vault.read(scan.organization, batch, restricted_too=True)
    except (keys.ContentDestroyed, crypto.DecryptionFailed):
        if len(batch) == 1:
            return [None]
        return [values for row in batch for values in _opened(scan, [row])]


def _note(scan: MentionScan, named: Sequence[int]) -> None:
    if named:
        room = MOST_ROWS - sum(map(len, scan.rows.values()))
        scan.found[scan.store] = scan.found.get(scan.store, 0) + len(named)
        scan.rows[scan.store] = [*scan.rows.get(scan.store, ()), *named[: max(room, 0)]]


def _over(scan: MentionScan, state: ScanState, *, now: datetime, by: str) -> bool:
    scan.state, scan.finished_at = state, now
    scan.save()
    data = {"state": state.value, "examined": scan.examined, "unreadable": scan.unreadable, "found": scan.number}
    audit.record("mentions.searched", scan, by=by, at=now, data=data)
    return True


def _before_erasure(request: DeletionRequest) -> DeletionRequest:
    locked = DeletionRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    if locked.whole or locked.kind != RequestKind.ERASE or locked.status not in BEFORE_ERASURE:
        raise NothingToSearch("Others' content is searched for people who are to be erased, before it begins.")
    return locked
