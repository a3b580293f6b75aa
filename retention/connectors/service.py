"""A service that erases by itself, asked by signed calls: it answers at once, or works on and is asked again."""

import json
import math
import secrets
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from standardwebhooks import Webhook

from accounts import outbound
from accounts.enums import CallFault
from accounts.errors import FieldError
from accounts.outbound import Answer, CallFailed
from accounts.rules import webhooks
from retention.connectors.protocol import (
    Older,
    Person,
    Progress,
    Record,
    Residue,
    StoreError,
    StoreMisconfigured,
    StoreUnavailable,
    Target,
)
from retention.enums import StoreFault
from retention.rules.stores import service
from retention.rules.stores.service import NoAnswer, Settings
from retention.rules.terms import Searcher, distinctive

LARGEST_ANSWER = 16 * 1024 * 1024
ASKS_AGAIN_AFTER = timedelta(minutes=1)
MOST_PAGES = 1_000_000
# What asks to come back later, beside every failure of the service's own (RFC 9110, 15.5 and 15.6; RFC 6585, 4).
LATER = frozenset({408, 425, 429})
GONE = frozenset({404, 410})
REFUSES_SIGNATURE = frozenset({400, 401, 403})
FAULTS: Mapping[CallFault, type[StoreError]] = {
    CallFault.NAME: StoreUnavailable,
    CallFault.CONNECTION: StoreUnavailable,
    CallFault.TIMEOUT: StoreUnavailable,
    CallFault.FORBIDDEN_ADDRESS: StoreMisconfigured,
    CallFault.TLS: StoreMisconfigured,
    CallFault.PROTOCOL: StoreMisconfigured,
}
MEANING = {
    CallFault.NAME: StoreFault.CONNECTION,
    CallFault.CONNECTION: StoreFault.CONNECTION,
    CallFault.TIMEOUT: StoreFault.TIMEOUT,
    CallFault.FORBIDDEN_ADDRESS: StoreFault.FORBIDDEN_ADDRESS,
    CallFault.TLS: StoreFault.TLS,
    CallFault.PROTOCOL: StoreFault.UNEXPECTED_ANSWER,
}


class ServiceStore:
    """A connector over HTTP. ``now`` is the instant of its calls that are given none; ``tls`` whom it trusts."""

    def __init__(
        self,
        settings: Settings,
        key: bytes,
        *,
        now: datetime,
        allow_private: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._settings, self._key, self._now = settings, key, now
        self._allow_private, self._tls = allow_private, tls

    def close(self) -> None:
        """It keeps no connection."""

    def check(self) -> list[FieldError]:
        """See that it answers, and that it obeys nobody who does not know the secret."""
        try:
            answer = self._ask("store.check", {}, now=self._now)
            if self._said(answer).get("protocol") != service.PROTOCOL:
                return [_fault("url", StoreFault.UNEXPECTED_ANSWER)]
            forged = self._post(self._settings.url, "store.check", {}, self._now, uuid4(), secrets.token_bytes(32))
            if forged.status not in REFUSES_SIGNATURE:
                return [_fault("url", StoreFault.UNSIGNED_ACCEPTED)]
        except StoreError as error:
            field = "secret" if error.fault == StoreFault.CREDENTIALS else "url"
            return [_fault(field, error.fault)]
        return []

    def inventory(self, target: Target) -> dict[str, int]:
        return self._counts("store.inventory", target, "counts")

    def export(self, target: Target) -> Iterator[Record]:
        cursor = ""
        for _page in range(MOST_PAGES):
            answer = self._ask("store.export", {**_who(target), "cursor": cursor or None}, now=self._now)
            try:
                records, following = service.page(answer.body)
            except NoAnswer:
                raise StoreMisconfigured(StoreFault.UNEXPECTED_ANSWER) from None
            yield from records
            if not following or following == cursor:
                return
            cursor = following

    def erase_chunk(
        self, target: Target, *, run: UUID, checkpoint: str, limit: int, now: datetime, sent_again: int = 0
    ) -> Progress:
        """Ask once to erase; where it works on, ask its status until it is done. The run's id makes it one request.

        A run that is sent again bears another id: under the one before, the service repeats what it did then.
        """
        asked = uuid5(run, str(sent_again)) if sent_again else run
        return self._erase("store.erase", _who(target), target, asked=asked, checkpoint=checkpoint, now=now)

    def erase_older(
        self, target: Target, older: Older, *, run: UUID, checkpoint: str, limit: int, now: datetime
    ) -> Progress:
        """Ask once for what is older; likewise. Where somebody else is spared meanwhile it is another request."""
        if older.category not in self._settings.by_age:
            raise StoreMisconfigured(StoreFault.NOT_BY_AGE, "by_age")
        if older.spared and not self._settings.spares:
            raise StoreMisconfigured(StoreFault.CANNOT_SPARE, "spares")
        told = {
            **_who(target),
            "category": older.category,
            "before": older.before.astimezone(UTC).isoformat(),
            "spared": [_told(person) for person in older.spared],
        }
        asked = uuid5(run, json.dumps(told, sort_keys=True))
        meant = replace(target, people=older.spared or None)  # whom no answer that is kept may name
        return self._erase("store.erase_older", told, meant, asked=asked, checkpoint=checkpoint, now=now)

    def _erase(
        self, kind: str, told: dict[str, Any], target: Target, *, asked: UUID, checkpoint: str, now: datetime
    ) -> Progress:
        url, told, message = self._settings.url, {"run": str(asked), **told}, asked
        if checkpoint:  # another message each time: one that was seen may be answered as it was then
            url, kind, told, message = self._status_of(checkpoint), "store.status", {"run": str(asked)}, uuid4()
        answer = self._post(url, kind, told, now, message, self._key)
        if checkpoint and answer.status in GONE:  # it has forgotten the work: asked anew, it is the same request
            return Progress(0, "", finished=False, ask_again_at=now + ASKS_AGAIN_AFTER)
        self._refuse(answer, now=now)
        if answer.status == 200:
            erased = self._read_counts(answer, "erased", target)
            return Progress(sum(erased.values()), checkpoint, finished=True)
        if answer.status != 202:
            raise StoreMisconfigured(StoreFault.UNEXPECTED_ANSWER)
        later = webhooks.retry_after(answer.retry_after, now=now) or now + ASKS_AGAIN_AFTER
        if checkpoint:
            return Progress(0, checkpoint, finished=False, ask_again_at=later)
        return Progress(0, self._where(answer, target), finished=False, ask_again_at=later)

    def verify(self, target: Target, *, run: UUID) -> list[Residue]:
        found = self._counts("store.verify", target, "residue")
        return [Residue(place, "records", count) for place, count in sorted(found.items()) if count]

    def _where(self, answer: Answer, target: Target) -> str:
        """Return where it is asked again. The journal keeps that: it must name nobody."""
        try:
            url = service.status_url(self._settings.url, answer.body)
        except NoAnswer:
            raise StoreMisconfigured(StoreFault.UNEXPECTED_ANSWER) from None
        terms = {*target.terms, *(text for person in target.people or () for text in _identifiers(person))}
        if Searcher(terms).found_in(url):
            raise StoreMisconfigured(StoreFault.UNSAFE_NAME)
        return url

    def _status_of(self, checkpoint: str) -> str:
        """Return the address that a checkpoint names. The store may have moved since: then it is asked no more.

        :raises StoreMisconfigured: it has; tried again, the work is asked for anew where the store is now.
        """
        try:
            if service.origin(checkpoint) == service.origin(self._settings.url):
                return checkpoint
        except ValueError:
            pass
        raise StoreMisconfigured(StoreFault.REDIRECT, from_the_front=True)

    def _counts(self, kind: str, target: Target, name: str) -> dict[str, int]:
        return self._read_counts(self._ask(kind, _who(target), now=self._now), name, target)

    def _ask(self, kind: str, told: Mapping[str, Any], *, now: datetime) -> Answer:
        """Ask something that is answered at once."""
        answer = self._post(self._settings.url, kind, told, now, uuid4(), self._key)
        self._refuse(answer, now=now)
        if answer.status != 200:
            raise StoreMisconfigured(StoreFault.UNEXPECTED_ANSWER)
        return answer

    def _post(self, url: str, kind: str, told: Mapping[str, Any], now: datetime, message: UUID, key: bytes) -> Answer:
        body = json.dumps({"type": kind, "protocol": service.PROTOCOL, **told}, separators=(",", ":"))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Terme-Stores/1",
            "webhook-id": str(message),
            "webhook-timestamp": str(math.floor(now.timestamp())),
            "webhook-signature": Webhook(key).sign(str(message), now.astimezone(UTC), body),
        }
        try:
            return outbound.post(
                url,
                body.encode(),
                headers,
                tls=self._trust(),
                allow_private=self._allow_private,
                seconds=self._settings.seconds,
                longest_answer=LARGEST_ANSWER,
            )
        except CallFailed as failed:
            raise FAULTS.get(failed.fault, StoreUnavailable)(MEANING.get(failed.fault, StoreFault.CONNECTION)) from None

    def _trust(self) -> ssl.SSLContext:
        if self._tls is None:  # reading the authorities takes a while
            self._tls = ssl.create_default_context()
        return self._tls

    def _refuse(self, answer: Answer, *, now: datetime) -> None:
        """:raises StoreError: the status says that it was not done."""
        if answer.status >= 500 or answer.status in LATER:
            fault = StoreFault.FAILED if answer.status >= 500 else StoreFault.BUSY
            raise StoreUnavailable(fault, retry_at=webhooks.retry_after(answer.retry_after, now=now))
        if answer.status >= 400:
            raise StoreMisconfigured(StoreFault.CREDENTIALS if answer.status in (401, 403) else StoreFault.REFUSED)
        if answer.status >= 300:
            raise StoreMisconfigured(StoreFault.REDIRECT)

    @staticmethod
    def _said(answer: Answer) -> Mapping[str, Any]:
        try:
            return service.said(answer.body)
        except NoAnswer:
            raise StoreMisconfigured(StoreFault.UNEXPECTED_ANSWER) from None

    @staticmethod
    def _read_counts(answer: Answer, name: str, target: Target) -> dict[str, int]:
        """Return the counts by place. A place with residue is written down: it must name nobody.

        What was erased and what is there is summed at once, so no name in it stays, and no erasure fails by one.
        """
        try:
            found = service.counts(answer.body, name)
        except NoAnswer:
            raise StoreMisconfigured(StoreFault.UNEXPECTED_ANSWER) from None
        if name != "residue":
            return found
        people = (text for person in target.people or () for text in _identifiers(person) if _means_somebody(text))
        searcher = Searcher({*target.terms, *target.names, *people})
        if any(searcher.found_in(place) for place in found):
            raise StoreMisconfigured(StoreFault.UNSAFE_NAME)
        return found


def _who(target: Target) -> dict[str, Any]:
    """Return how a call names whose data is meant; ``people`` null is the whole organization."""
    people = None if target.people is None else [_told(person) for person in target.people]
    return {
        "organization": str(target.organization_ref),
        "registration_number": target.registration_number or None,
        "people": people,
    }


def _told(person: Person) -> dict[str, Any]:
    return {
        "public_id": str(person.public_id),
        "external_id": person.external_id,
        "emails": list(person.emails),
        "user_name": person.user_name,
    }


def _identifiers(person: Person) -> list[str]:
    opaque = [str(person.public_id), person.public_id.hex]
    return [text for text in (*person.emails, person.external_id, person.user_name, *opaque) if text]


def _means_somebody(text: str) -> bool:
    """Say whether an identifier means its person wherever it stands; "7" or "profiles" does not."""
    return "@" in text or distinctive(text)


def _fault(field: str, fault: StoreFault) -> FieldError:
    return FieldError(field, fault.value, str(fault.label))
