"""What the tests of contract operations share: living through time, giving notice, reading the trail, two at once."""

import threading
from collections import Counter
from datetime import UTC, date, datetime
from io import BytesIO

from django.db import connections

from accounts import tenancy
from accounts.enums import DocumentKind
from accounts.errors import Refused
from accounts.models import AuditEvent, LicenceGrant, OutboxMessage
from accounts.operations import documents
from accounts.operations.sweeping import SYSTEM
from contracts import sweeps
from contracts.enums import NoticeChannel, NoticeKind, NoticeParty
from contracts.models import Contract
from contracts.operations import notices, standing
from tests.contracts.agreements import at

MANAGER = "user:manager"
NON_RENEWAL, TERMINATION = NoticeKind
IN_ORDER = (sweeps.start_all, sweeps.make_all_certain, sweeps.renew_all, sweeps.end_all)


def utc(text):
    """Return an instant written as ``2026-01-01 23:00``, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def live_until(instant, order=IN_ORDER):
    """Run the sweeps of contracts in an order until they find nothing, as beat does; nothing may be refused."""
    instant = at(instant) if isinstance(instant, str) else instant
    for _round in range(9):
        swept = [sweep(at=instant, by=SYSTEM) for sweep in order]
        assert not any(one.refused for one in swept), swept
        if not any(one.done for one in swept):
            return
    raise AssertionError("the sweeps find work for ever")


def fresh(contract):
    """Return the contract as it is stored now."""
    with tenancy.vendor():
        return Contract.objects.select_related("organization").get(pk=contract.pk)


def terms_of(contract, *, voided=False):
    """Return (number, first day, first day after) of the contract's terms, as text."""
    with tenancy.vendor():
        rows = contract.terms.filter(voided_at__isnull=not voided).order_by("number")
        return [(row.number, str(row.days.lower), str(row.days.upper) if row.days.upper else None) for row in rows]


def give(contract, on, *, recorded=None, kind=NON_RENEWAL, party=NoticeParty.CLIENT, entitled=True, received=None):
    """Give a notice on a day, received the same day and recorded at noon of it unless said otherwise."""
    day = date.fromisoformat(on)
    with tenancy.vendor():
        return notices.give(
            contract,
            kind=kind,
            party=party,
            channel=NoticeChannel.REGISTERED_LETTER,
            sent_on=day,
            received_on=date.fromisoformat(received) if received else day,
            entitled=entitled,
            now=at(recorded or received or on),
            by=MANAGER,
        )


def an_agreement(contract, now):
    """Store the document of both sides that something is taken back."""
    return documents.store(
        contract.organization,
        BytesIO(b"%PDF agreed"),
        kind=DocumentKind.CONTRACT,
        filename="agreement.pdf",
        content_type="application/pdf",
        now=now,
        by=MANAGER,
    )


def withdraw(contract, now):
    """Take back whatever notices stand, by the agreement of both sides."""
    now = at(now) if isinstance(now, str) else now
    with tenancy.vendor():
        named, proof = standing.notices_of(contract), an_agreement(contract, now)
        return notices.withdraw(contract, named=named, proof=proof, now=now, by=MANAGER)


def trail(contract):
    """Return how often each event is in the trail of the contract, and each topic in its outbox."""
    with tenancy.vendor():
        events = AuditEvent.objects.filter(subject_id=contract.public_id).values_list("name", flat=True)
        topics = OutboxMessage.objects.filter(subject_id=contract.public_id).values_list("topic", flat=True)
        return Counter(events), Counter(topics)


def licence_of(contract):
    """Return (valid from, valid until) of what the contract grants, or None."""
    with tenancy.vendor():
        return LicenceGrant.objects.filter(source=contract.public_id).values_list("valid_from", "valid_until").first()


def at_once(act, *, workers=2):
    """Let workers do the same at once, each in a transaction of its own; return (how many did, codes of refusals)."""
    ready = threading.Barrier(workers)
    done, refused, failed = [], [], []

    def work():
        try:
            with tenancy.vendor():
                ready.wait(timeout=20)
                act()
            done.append(True)
        except Refused as error:
            refused.append(error.code)
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not failed, failed
    return len(done), refused
