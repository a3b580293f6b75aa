"""The demo's content: the right amount, valid lines, honest about repetition, with cells small enough to hide."""

import json
import re
import time
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.demo import dialogue, script
from config.demo.model import Stage
from config.demo.organizations import TOUR, organizations
from config.demo.people import DEPARTMENTS, people
from config.demo.script import CONTEXT, LANGUAGES, Provenance, Script, human, written
from retention.rules import disclosure
from tests.retention.rules.cubes import counted

TODAY = date(2026, 11, 24)
PLACEHOLDERS = {"{code}", "{n}", "{pct}", "{amount}", "{person}"}
TYPES = {"onboarding", "usage", "quality", "latency", "adoption", "security"}
KEYS = {
    "conversation": {"title"},
    "message": {"conversation", "role", "text"},
    "context_item": {"name", "text"},
    "diagnostic": {"type", "payload"},
}


def everything(today=TODAY):
    said = Script()
    return {
        client.slug: list(dialogue.content(client, people(client), today, script=said))
        for client in organizations(today)
    }


@pytest.fixture(scope="module")
def items():
    return everything()


def flat(items):
    return [item for of_client in items.values() for item in of_client]


def test_the_amounts(items):
    amounts = Counter(item["kind"] for item in flat(items))
    assert 28_000 <= amounts["message"] <= 36_000
    assert 2_700 <= amounts["conversation"] <= 3_300
    assert 1_800 <= amounts["context_item"] <= 2_400
    assert 7_500 <= amounts["diagnostic"] <= 9_000


@pytest.mark.parametrize("today", [date(2028, 2, 29), date(2029, 8, 31)], ids=str)
def test_the_amounts_are_alike_on_another_day(today):
    amounts = Counter(item["kind"] for item in flat(everything(today)))
    assert 25_000 <= amounts["message"] <= 38_000
    assert 7_000 <= amounts["diagnostic"] <= 9_500


def test_all_of_it_takes_under_three_seconds():
    started = time.process_time()
    assert sum(len(of_client) for of_client in everything().values()) > 40_000
    assert time.process_time() - started < 3


def test_the_same_day_gives_the_same_content(items):
    assert everything() == items


def test_ids_come_once_per_client_and_kind(items):
    for slug, of_client in items.items():
        ids = [item["id"] for item in of_client]
        assert len(ids) == len(set(ids)), slug


def test_every_item_has_the_keys_of_its_kind_and_is_json(items):
    for item in flat(items):
        line = dialogue.line(item, organization="an-id")
        assert set(line) == {"kind", "organization", "id", "author", "at"} | KEYS[item["kind"]]
        assert line["organization"] == "an-id"
        assert json.loads(json.dumps(line)) == line
        assert "\0" not in json.dumps(line)


def test_authors_are_people_of_the_client(items):
    for client in organizations(TODAY):
        known = {person.external_id for person in people(client)}
        for item in items[client.slug]:
            assert item["author"] in known or (item["kind"] == "context_item" and item["author"] is None)


def test_some_context_belongs_to_nobody(items):
    authors = Counter(item["author"] is None for item in flat(items) if item["kind"] == "context_item")
    assert authors[True] > 500
    assert authors[False] > 500


def test_a_conversation_precedes_its_messages_which_begin_with_the_user(items):
    for of_client in items.values():
        begun: dict[str, datetime] = {}
        last: dict[str, datetime] = {}
        for item in of_client:
            at = datetime.fromisoformat(item["at"])
            if item["kind"] == "conversation":
                begun[item["id"]] = last[item["id"]] = at
            elif item["kind"] == "message":
                name = item["conversation"]
                assert at >= last[name]
                if item["id"] == f"{name}-m1":
                    assert item["role"] == "user"
                last[name] = at
        assert all(last[name] >= at for name, at in begun.items())


def test_some_conversations_have_two_authors(items):
    authors = defaultdict(set)
    for item in flat(items):
        if item["kind"] == "message":
            authors[item["conversation"]].add(item["author"])
    shared = sum(len(found) == 2 for found in authors.values())
    assert 30 < shared < len(authors) / 10


def test_instants_are_local_aware_and_inside_the_contract(items):
    for client in organizations(TODAY):
        first = min(contract.starts_on for contract in client.contracts)
        last = max(contract.ends_on or TODAY for contract in client.contracts)
        for item in items[client.slug]:
            at = datetime.fromisoformat(item["at"])
            assert at.utcoffset() == at.astimezone(ZoneInfo(client.time_zone)).utcoffset()
            assert client.piloted or first <= at.date() < last
            assert TODAY - timedelta(days=550) <= at.date() < TODAY - timedelta(days=1)


def test_a_contract_that_has_not_begun_has_no_content_but_a_pilot_has(items):
    for client in organizations(TODAY):
        stages = {contract.stage for contract in client.contracts}
        if stages <= {Stage.DRAFT, Stage.SIGNED}:
            assert bool(items[client.slug]) == client.piloted


def test_repetition_is_labelled_and_nothing_else_is(items):
    marks = tuple(dialogue.REPEATED_MARK.values())
    parts = defaultdict(set)
    for item in flat(items):
        if item["kind"] == "message":
            parts[item["conversation"]].add(item["provenance"])
    for item in flat(items):
        if item["kind"] == "conversation":
            repeated = Provenance.REPEATED in parts[item["id"]]
            assert (item["provenance"] == Provenance.REPEATED) is repeated
            assert item["title"].endswith(marks) is repeated
        elif item["kind"] == "context_item":
            assert item["name"].endswith(marks) is (item["provenance"] == Provenance.REPEATED)


def test_a_line_is_new_only_once(items):
    new = [i["text"].casefold() for i in flat(items) if i["kind"] == "message" and i["provenance"] != "repeated"]
    assert len(new) == len(set(new))
    assert len(new) > 1200


def test_a_script_of_its_own_knows_nothing_of_other_clients():
    client = organizations(TODAY)[1]
    first = next(iter(dialogue.content(client, people(client), TODAY)))
    assert first["provenance"] != Provenance.REPEATED


def test_no_placeholder_is_left(items):
    written_lines = [i for i in flat(items) if i["kind"] in {"message", "context_item"}]
    assert not [i["text"] for i in written_lines if any(mark in i["text"] for mark in PLACEHOLDERS)]


def test_diagnostics_are_small_numbers_of_six_types(items):
    found = [item for item in flat(items) if item["kind"] == "diagnostic"]
    assert {item["type"] for item in found} == TYPES
    assert all(isinstance(value, int) and 0 <= value < 10_000 for i in found for value in i["payload"].values())


def test_suppression_has_work_to_do_and_something_to_publish(items):
    client = next(client for client in organizations(TODAY) if client.slug == TOUR)
    department = {person.external_id: person.department for person in people(client)}
    cells = defaultdict(set)
    for item in items[TOUR]:
        if item["kind"] == "diagnostic":
            cells[item["at"][:7], department[item["author"]], item["type"]].add(item["author"])
    safe = sum(len(persons) >= 10 for persons in cells.values())
    assert safe >= 20
    assert len(cells) - safe >= 100
    assert len({month for month, _department, _type in cells}) >= 18


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_project_wrote_150_distinct_lines(language):
    lines = [line for topic, found in written(language).items() if topic != CONTEXT for e in found for line in e.lines]
    assert len(lines) >= 150
    assert len({line.casefold() for line in lines}) == len(lines)
    assert set(written(language)) == {*DEPARTMENTS, CONTEXT}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_files_alternate_and_use_known_placeholders(language):
    text = (script.LINES / f"{language}.txt").read_text(encoding="utf-8")
    assert set(re.findall(r"\{[^}]*\}", text)) <= PLACEHOLDERS
    for block in text.removeprefix("== ").split("\n== "):
        turns = "".join(line[0] for line in block.strip().split("\n")[1:])
        assert re.fullmatch(r"(UA)+U?|T", turns), block


@pytest.mark.parametrize(("language", "least"), [("en", 700), ("fr", 50), ("de", 40)])
def test_human_lines_come_from_the_corpus(language, least):
    lines = {line.casefold() for found in human(language).values() for e in found for line in e.lines}
    assert len(lines) >= least


@pytest.mark.parametrize(
    "word", ["hitler", "testicle", "murder", "assassin", "suicide", "bend over", "cold war", "pope"]
)
def test_what_does_not_belong_at_work_is_left_out(word, items):
    assert not [item for item in flat(items) if word in str(item.get("text", "")).lower()]


def test_without_the_corpus_the_project_speaks_alone(monkeypatch):
    def missing(_package):
        raise ModuleNotFoundError

    human.cache_clear()
    monkeypatch.setattr(script.resources, "files", missing)
    try:
        provenances = Counter(item.get("provenance") for item in flat(everything()))
    finally:
        human.cache_clear()
    assert Provenance.CORPUS not in provenances
    assert provenances[Provenance.PROJECT] > 500


def test_the_archive_of_the_client_who_leaves_shows_its_totals(items):
    """A tour whose archive is empty would show nobody what is kept. The grand total is on the certificate."""
    client = next(one for one in organizations(TODAY) if one.slug == TOUR)
    departments = {person.external_id: person.department for person in people(client)}
    records = [
        (
            one["author"],
            f"{datetime.fromisoformat(one['at']).astimezone(ZoneInfo('Europe/Paris')):%Y-%m}",
            departments[one["author"]],
            one["type"],
            1,
        )
        for one in items[TOUR]
        if one["kind"] == "diagnostic"
    ]
    table = disclosure.protect(counted(records).facts, left_out=disclosure.LeftOut(0, 0, 0)).to_json()
    totals = [
        one["count"] for one in table["totals"] if [one["month"], one["department"], one["type"]].count(None) >= 2
    ]
    assert sum(count is not None for count in totals) > len(totals) / 2
    assert len(records) in totals
