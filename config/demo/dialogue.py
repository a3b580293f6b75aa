"""The demo's content: conversations, messages, context items and diagnostics, as lines for the loader."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from config.demo.diagnostics import diagnostic
from config.demo.model import DemoOrganization
from config.demo.people import DEPARTMENTS, SEED, DemoPerson
from config.demo.script import CONTEXT, Exchange, Provenance, Script, human
from contracts.rules.days import add_months

MONTHS = 18
CONVERSATIONS_PER_USER = 2.05
CONTEXT_ITEMS_PER_USER = 1.5
DIAGNOSTICS_PER_USER = 4.9

REPEATED_MARK = {
    "en": " [demo: repeated lines]",
    "fr": " [démo : répliques reprises]",
    "pl": " [demo: powtórzone kwestie]",
    "de": " [Demo: wiederholte Zeilen]",
}
"""Ends the title of every conversation, and the name of every context item, whose lines were used before."""

_SHARED_CONVERSATIONS = 0.06
_ENGLISH_ABROAD = 0.2
_CORPUS_SHARE = {"en": 0.45, "fr": 0.06, "de": 0.06, "pl": 0.0}
_QUIET_MONTHS = {8: 0.3, 12: 0.55, 1: 0.8}
_WEEKEND = {5: 0.08, 6: 0.02}


def content(
    organization: DemoOrganization, people: Sequence[DemoPerson], today: date, *, script: Script | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the content of one client over the last 18 months, each item ready for :func:`line`.

    Nothing lies outside the client's contracts (a pilot counts as one) or on the last two days before ``today``.
    Instants carry the offset of the client's zone. A conversation precedes its messages; questions and answers have
    the conversation's author, or the colleague who joined it. ``author`` is empty where an item belongs to the
    organization. ``provenance`` says where lines come from; hand the same ``script`` to all clients, in one order,
    so that a line used for another client counts as repeated. The same arguments give the same content.
    """
    span = _span(organization, today)
    if span is None or not people:
        return
    writer = _Writer(organization, people, span, script or Script())
    yield from writer.conversations()
    yield from writer.context_items()
    yield from writer.diagnostics()


def line(item: Mapping[str, Any], *, organization: str) -> dict[str, Any]:
    """Return an item as a line of the content file: with the organization's real id, without our label."""
    return {key: value for key, value in item.items() if key != "provenance"} | {"organization": organization}


def _span(organization: DemoOrganization, today: date) -> tuple[date, date] | None:
    """Return the first day with content and the first without; ``None`` where there is none at all."""
    first = add_months(today, -MONTHS)
    if not organization.piloted:
        first = max(first, min(contract.starts_on for contract in organization.contracts))
    # In no zone does the day before yesterday's evening lie in the future.
    last = min(today - timedelta(days=1), max(contract.ends_on or today for contract in organization.contracts))
    return (first, last) if first < last else None


@dataclass(frozen=True, slots=True)
class _Turn:
    part: int
    role: str
    text: str
    provenance: Provenance


class _Writer:
    """Writes one client's content; every choice comes from one seeded source of chance."""

    def __init__(
        self, organization: DemoOrganization, people: Sequence[DemoPerson], span: tuple[date, date], script: Script
    ) -> None:
        self._organization = organization
        self._people = people
        self._script = script
        self._random = Random(f"{SEED}:content:{organization.slug}")
        self._zone = ZoneInfo(organization.time_zone)
        self._first = span[0]
        self._days = [span[0] + timedelta(days=number) for number in range((span[1] - span[0]).days)]
        self._busy = list(accumulate(self._weight(day) for day in self._days))
        # Some people write a lot, most a little.
        ranks = self._random.sample(range(1, len(people) + 1), len(people))
        self._eager = list(accumulate(rank**-0.5 for rank in ranks))
        self._share = len(self._days) / (MONTHS * 30.4)

    def conversations(self) -> Iterator[dict[str, Any]]:
        """Each conversation, followed by its messages."""
        for number, day in enumerate(self._drawn_days(CONVERSATIONS_PER_USER), start=1):
            author = self._person()
            language = self._language()
            turns: list[_Turn] = []
            title = ""
            for part, exchange in enumerate(self._exchanges(language, author.topic)):
                values = self._values()
                title = title or self._filled(exchange.title, exchange, values)
                for number_in_part, text in enumerate(exchange.lines):
                    provenance = self._script.say(text, exchange.source)
                    role = "assistant" if number_in_part % 2 else "user"
                    turns.append(_Turn(part, role, self._filled(text, exchange, values), provenance))
                source = exchange.source
            if any(turn.provenance is Provenance.REPEATED for turn in turns):
                title, source = title + REPEATED_MARK[language], Provenance.REPEATED
            started_at = self._instant(day)
            name = f"{self._organization.slug}-c{number}"
            yield self._item("conversation", name, author, started_at, provenance=source.value, title=title)
            yield from self._messages(name, author, started_at, turns)

    def context_items(self) -> Iterator[dict[str, Any]]:
        """Half of them belong to a person, half to the organization."""
        language = self._organization.language
        for number, day in enumerate(self._drawn_days(CONTEXT_ITEMS_PER_USER), start=1):
            exchange = self._script.deal(language, Provenance.PROJECT, CONTEXT)
            values = self._values()
            provenance = self._script.say(exchange.lines[0], exchange.source)
            mark = REPEATED_MARK[language] if provenance is Provenance.REPEATED else ""
            yield self._item(
                "context_item",
                f"{self._organization.slug}-x{number}",
                self._person() if self._random.random() < 0.5 else None,
                self._instant(day),
                provenance=provenance.value,
                name=self._filled(exchange.title, exchange, values) + mark,
                text=self._filled(exchange.lines[0], exchange, values),
            )

    def diagnostics(self) -> Iterator[dict[str, Any]]:
        """Onboarding comes first; large departments and two types have most, so that the rest is rare."""
        rate = DIAGNOSTICS_PER_USER * self._organization.diagnostics_factor
        for number, day in enumerate(self._drawn_days(rate), start=1):
            kind, payload = diagnostic(self._random, days=(day - self._first).days)
            yield self._item(
                "diagnostic",
                f"{self._organization.slug}-d{number}",
                self._person(),
                self._instant(day),
                type=kind,
                payload=payload,
            )

    def _messages(
        self, conversation: str, author: DemoPerson, started_at: datetime, turns: list[_Turn]
    ) -> Iterator[dict[str, Any]]:
        shared = self._random.random() < _SHARED_CONVERSATIONS
        colleague = self._person() if shared else author
        said_at = started_at
        for number, turn in enumerate(turns, start=1):
            yield self._item(
                "message",
                f"{conversation}-m{number}",
                # In a shared conversation every second exchange is the colleague's.
                colleague if turn.part % 2 else author,
                said_at,
                provenance=turn.provenance.value,
                conversation=conversation,
                role=turn.role,
                text=turn.text,
            )
            said_at += timedelta(seconds=self._random.randint(5, 90))

    def _item(
        self, kind: str, item_id: str, author: DemoPerson | None, occurred_at: datetime, **rest: Any
    ) -> dict[str, Any]:
        return {
            "kind": kind,
            "organization": self._organization.slug,
            "id": item_id,
            "author": author.external_id if author else None,
            "at": occurred_at.isoformat(),
            **rest,
        }

    def _exchanges(self, language: str, topic: str) -> list[Exchange]:
        """Some exchanges of one topic, none of them twice."""
        source = Provenance.PROJECT
        categories = human(language)
        if categories and self._random.random() < _CORPUS_SHARE[language]:
            source = Provenance.CORPUS
            weights = [len(exchanges) for exchanges in categories.values()]
            topic = self._random.choices(list(categories), weights)[0]
        elif self._random.random() < 0.25:
            topic = self._random.choice(list(DEPARTMENTS))
        wanted = self._random.choices((1, 2, 3, 4), (15, 35, 35, 15))[0] * (2 if source is Provenance.CORPUS else 1)
        # A deck that is dealt anew may give the same exchange again: a dictionary keeps it once.
        return list(dict.fromkeys(self._script.deal(language, source, topic) for _ in range(wanted)))

    def _filled(self, text: str, exchange: Exchange, values: dict[str, str]) -> str:
        # Braces in the corpus' program code are no placeholders.
        return text.format_map(values) if exchange.source is Provenance.PROJECT else text

    def _values(self) -> dict[str, str]:
        random, language = self._random, self._organization.language
        amount = f"{random.randint(12, 990) * 100:,}"
        if language != "en":
            amount = re.sub(",", "." if language == "de" else "\u202f", amount)
        return {
            "code": f"{random.choice('KLMPRV')}-{random.randint(11, 499)}",
            # From 5 to 21 Polish uses one and the same plural.
            "n": str(random.randint(5, 21)),
            "pct": str(random.randint(3, 38)),
            "amount": f"{amount} {self._organization.contracts[0].currency}",
            "person": self._random.choice(self._people).display_name,
        }

    def _language(self) -> str:
        return "en" if self._random.random() < _ENGLISH_ABROAD else self._organization.language

    def _person(self) -> DemoPerson:
        return self._random.choices(self._people, cum_weights=self._eager)[0]

    def _drawn_days(self, per_user: float) -> list[date]:
        count = round(self._organization.users * per_user * self._share)
        return sorted(self._random.choices(self._days, cum_weights=self._busy, k=count))

    def _weight(self, day: date) -> float:
        growth = 0.6 + (day - self._first).days / (MONTHS * 30.4)
        return growth * _QUIET_MONTHS.get(day.month, 1.0) * _WEEKEND.get(day.weekday(), 1.0)

    def _instant(self, day: date) -> datetime:
        # Office hours: no clock change falls into them.
        at = time(self._random.randint(7, 16), self._random.randint(0, 59), self._random.randint(0, 59))
        return datetime.combine(day, at, tzinfo=self._zone)
