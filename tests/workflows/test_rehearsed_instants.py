"""At a rehearsed instant every sweep that has work runs, and none is asked again without need."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from accounts.operations.sweeping import Swept
from config import time_travel
from contracts.tasks import sweep_starts
from tests.contracts.agreements import at

pytestmark = pytest.mark.django_db(transaction=True)
START = at("2025-01-02")
HOUR = timedelta(hours=1)
NAMES = ("first", "second", "third", "fourth")


@dataclass
class World:
    """Sweeps that do nothing but note it: what waits for an hour, what is due by a change, what brings about what."""

    hours: dict[str, list[int]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    brings: dict[tuple[str, int], str] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    asked: Counter[tuple[str, int]] = field(default_factory=Counter)
    done: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    tried: Counter[str] = field(default_factory=Counter)
    back_to: dict[str, str] = field(default_factory=dict)

    def sweeps(self):
        return tuple(self._sweep(name) for name in NAMES)

    def is_due(self, name, now):
        return name in self.changed or any(START + one * HOUR <= now for one in self.hours.get(name, ()))

    def _sweep(self, name):
        def due(*, at):
            self.asked[name, _hour(at)] += 1
            return _Found(self.is_due(name, at))

        def following(*, after):
            return min(
                (START + one * HOUR for one in self.hours.get(name, ()) if START + one * HOUR > after), default=None
            )

        def do(*, at, by):
            swept = Swept()
            if not self.is_due(name, at):
                return swept
            self.tried[name] += 1
            if name in self.refuses:
                swept.refuse("held")
                return swept
            self.changed.discard(name)
            self.hours[name] = [one for one in self.hours.get(name, ()) if START + one * HOUR > at]
            self.done[_hour(at)].append(name)
            if brought := self.brings.get((name, _hour(at))):
                self.changed.add(brought)
            swept.done = 1
            return swept

        return time_travel.Sweep(
            name, due, following, do, sweep_starts, HOUR, "workflows", back_to=self.back_to.get(name, "")
        )


@dataclass
class _Found:
    """What a queryset says of itself."""

    any: bool

    def exists(self):
        return self.any


def _hour(instant: datetime) -> int:
    return (instant - START) // HOUR


def lived(world, monkeypatch, *, hours):
    monkeypatch.setattr(time_travel, "SWEEPS", world.sweeps())
    time_travel.travel(at=START, until=START + hours * HOUR, tell=lambda *_what: None)
    return dict(world.done)


@pytest.mark.parametrize(
    ("world", "done"),
    [
        pytest.param(World(), {}, id="nothing"),
        pytest.param(World(changed={"third"}), {0: ["third"]}, id="left-over-at-the-start"),
        pytest.param(World(hours={"second": [2]}), {2: ["second"]}, id="its-own-instant"),
        pytest.param(
            World(hours={"second": [2, 5], "fourth": [2], "first": [3]}),
            {2: ["second", "fourth"], 3: ["first"], 5: ["second"]},
            id="each-at-its-own-instant",
        ),
        pytest.param(World(hours={"third": [9]}), {9: ["third"]}, id="the-last-instant-counts"),
        pytest.param(World(hours={"third": [10]}), {}, id="not-beyond-the-last-instant"),
        pytest.param(
            World(hours={"first": [2]}, brings={("first", 2): "fourth"}),
            {2: ["first", "fourth"]},
            id="brings-a-later-one",
        ),
        pytest.param(
            World(hours={"fourth": [2]}, brings={("fourth", 2): "first", ("first", 2): "third"}),
            {2: ["fourth", "first", "third"]},
            id="brings-an-earlier-one",
        ),
        pytest.param(
            World(hours={"second": [2]}, brings={("second", 2): "third", ("third", 2): "second"}),
            {2: (["second", "third"] * 1000)},
            id="without-end",
        ),
    ],
)
def test_what_has_work_at_an_instant_runs_at_it(monkeypatch, world, done):
    found = lived(world, monkeypatch, hours=9)

    if len(done.get(2, ())) > len(NAMES):  # two that bring each other about for ever are given up
        assert found[2] == done[2][: len(found[2])]
    else:
        assert found == done


def test_what_a_person_changes_meanwhile_is_done_at_the_next_instant(monkeypatch):
    world = World(hours={"second": [2, 4]})
    world.brings["second", 2] = "first"
    real = world.is_due
    # The change is committed when the questions of that instant have been answered.
    world.is_due = lambda name, now: real(name, now) and not (name == "first" and _hour(now) == 2)

    found = lived(world, monkeypatch, hours=5)

    assert {hour: set(names) for hour, names in found.items()} == {2: {"second"}, 4: {"second", "first"}}


def test_what_was_refused_is_tried_once_at_each_instant_and_again_after_a_change(monkeypatch):
    world = World(changed={"second"}, refuses={"second"}, hours={"third": [3]})

    assert lived(world, monkeypatch, hours=5) == {3: ["third"]}
    assert world.tried["second"] == 3  # at the first instant, at the third hour, at the last


@pytest.mark.parametrize("name", NAMES)
def test_each_question_is_asked_once_at_an_instant_that_is_one_sweeps_own(monkeypatch, name):
    world = World(hours={name: [2]})

    lived(world, monkeypatch, hours=3)

    assert world.asked == {(one, hour): 1 for one in NAMES for hour in (0, 2, 3)}


def test_after_the_last_work_each_question_is_asked_once_more(monkeypatch):
    world = World(hours={"first": [2]}, brings={("first", 2): "third"})

    lived(world, monkeypatch, hours=2)

    asked = {name: count for (name, hour), count in world.asked.items() if hour == 2}
    assert asked == {"first": 2, "second": 2, "third": 2, "fourth": 1}


@pytest.mark.parametrize(
    ("back_to", "asked"),
    [
        # What the third did may have made anything due, or only something for itself, or also for the second.
        ("", {"first": 2, "second": 2, "third": 2, "fourth": 1}),
        ("third", {"first": 1, "second": 1, "third": 2, "fourth": 1}),
        ("second", {"first": 1, "second": 2, "third": 2, "fourth": 1}),
    ],
)
def test_only_those_are_asked_again_for_which_something_may_be_due_now(monkeypatch, back_to, asked):
    world = World(changed={"third"}, back_to={"third": back_to})

    assert lived(world, monkeypatch, hours=0) == {0: ["third"]}
    assert {name: count for (name, _hour), count in world.asked.items()} == asked


def test_what_was_not_asked_since_anything_changed_is_asked_behind_one_that_wakes_few(monkeypatch):
    """The second wakes everybody; then the fourth, which wakes itself only, must not pass over the first."""
    world = World(changed={"second"}, brings={("second", 0): "fourth"}, back_to={"fourth": "fourth"})
    real = world.is_due
    world.is_due = lambda name, now: (
        real(name, now) or (name == "first" and "second" in world.done[0] and "first" not in world.done[0])
    )

    assert lived(world, monkeypatch, hours=0) == {0: ["second", "fourth", "first"]}


def test_what_was_awaited_is_followed_by_the_first_in_order(monkeypatch):
    """A renewal is made certain before its deadlines are counted, though they stand behind it in the order."""
    world = World(hours={"third": [2]}, brings={("third", 2): "second"})
    also = world.is_due
    world.is_due = lambda name, now: (
        also(name, now)
        or (name == "fourth" and _hour(now) == 2 and "third" in world.done[2] and "fourth" not in world.done[2])
    )

    assert lived(world, monkeypatch, hours=3) == {2: ["third", "second", "fourth"]}
