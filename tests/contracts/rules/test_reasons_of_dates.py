"""The whole explanation of a date: rule, version, what went in, each step with its parameters, source, other reading.

Somebody will ask years later why a date was what it was, so no part of the answer may change or go missing unseen.
"""

from datetime import date, datetime

import pytest

from contracts.enums import NoticeEndOf, NoticeUnit
from contracts.rules import periods, terms
from contracts.rules.periods import PeriodKind, Purpose, Regime

day = date.fromisoformat
DAYS, WEEKS, MONTHS = NoticeUnit.DAYS, NoticeUnit.WEEKS, NoticeUnit.MONTHS
SATURDAY = {"on": "2026-10-31", "reason": "saturday"}
ALL_SAINTS = {"on": "2026-11-01", "reason": "holiday", "name": "Uroczystość Wszystkich Świętych"}


def steps(why):
    return [(step.code, dict(step.params)) for step in why.steps]


@pytest.mark.parametrize(
    ("number", "renewal", "found"),
    [
        pytest.param(
            3,
            12,
            [
                ("counted_from_anchor", {"number": 3, "starts_on": "2026-02-28", "last_day": "2027-02-27"}),
                ("clamped_to_month_end", {"wanted_day": 29, "to": "2026-02-28"}),
                ("clamped_to_month_end", {"wanted_day": 29, "to": "2027-02-28"}),
            ],
            id="both-boundaries-clamped",
        ),
        pytest.param(
            5,
            12,
            [
                ("counted_from_anchor", {"number": 5, "starts_on": "2028-02-29", "last_day": "2029-02-27"}),
                ("clamped_to_month_end", {"wanted_day": 29, "to": "2029-02-28"}),
            ],
            id="the-anchor-s-own-day-comes-back",
        ),
        pytest.param(
            2,
            None,
            [
                ("begins_counted_from_anchor", {"number": 2, "starts_on": "2025-02-28"}),
                ("clamped_to_month_end", {"wanted_day": 29, "to": "2025-02-28"}),
                ("indefinite_without_renewal_term", {}),
            ],
            id="indefinite",
        ),
    ],
)
def test_why_a_term_has_its_boundaries(number, renewal, found):
    clauses = {"anchor": day("2024-02-29"), "first": 12, "renewal": renewal}
    why = terms.explain(terms.term(number, **clauses), **clauses)
    assert steps(why) == found
    assert (why.rule, why.version, why.source) == ("term", 1, "Code civil, art. 1214-1215")
    assert why.inputs == {"number": number, "anchor": "2024-02-29", "first": 12, "renewal": renewal}
    assert why.other_reading is None


@pytest.mark.parametrize(
    ("event_on", "asked", "found"),
    [
        pytest.param(
            "2026-01-31",
            {"length": 1, "unit": MONTHS},
            [
                ("counted_forward", {"length": 1, "unit": "months", "to": "2026-02-28"}),
                ("clamped_to_month_end", {"wanted_day": 31, "to": "2026-02-28"}),
                (
                    "moved_forward",
                    {
                        "from": "2026-02-28",
                        "to": "2026-03-02",
                        "country": "FR",
                        "skipped": [
                            {"on": "2026-02-28", "reason": "saturday"},
                            {"on": "2026-03-01", "reason": "sunday"},
                        ],
                    },
                ),
                (
                    "internal_pulled_back",
                    {
                        "from": "2026-02-28",
                        "to": "2026-02-27",
                        "country": "FR",
                        "skipped": [{"on": "2026-02-28", "reason": "saturday"}],
                    },
                ),
            ],
            id="clamped-moved-and-pulled-back",
        ),
        pytest.param(
            "2026-09-04",
            {"length": 2, "unit": DAYS, "purpose": Purpose.GRANT},
            [
                ("counted_forward", {"length": 2, "unit": "days", "to": "2026-09-06"}),
                (
                    "moved_forward",
                    {
                        "from": "2026-09-06",
                        "to": "2026-09-07",
                        "country": "FR",
                        "skipped": [{"on": "2026-09-06", "reason": "sunday"}],
                    },
                ),
                ("two_working_days_at_least", {"first": "2026-09-07", "second": "2026-09-08"}),
                ("latest_reading_granted", {"on": "2026-09-08"}),
            ],
            id="two-working-days-granted",
        ),
        pytest.param(
            "2026-09-07",
            {"length": 1, "unit": WEEKS},
            [("counted_forward", {"length": 1, "unit": "weeks", "to": "2026-09-14"})],
            id="nothing-to-move",
        ),
        pytest.param(
            "2026-09-07",
            {"length": 1, "unit": WEEKS, "regime": Regime.DE_CONTRACT, "kind": PeriodKind.NOTICE},
            [
                ("counted_forward", {"length": 1, "unit": "weeks", "to": "2026-09-14"}),
                ("not_moved", {"regime": "de_contract", "kind": "notice"}),
            ],
            id="a-notice-is-not-moved",
        ),
        pytest.param(
            "2026-09-07",
            {"length": 1, "unit": WEEKS, "regime": Regime.FR_CONTRACT},
            [
                ("counted_forward", {"length": 1, "unit": "weeks", "to": "2026-09-14"}),
                ("not_moved", {"regime": "fr_contract", "kind": "performance"}),
            ],
            id="french-contract-law-moves-nothing",
        ),
    ],
)
def test_why_a_period_ends_on_its_day(event_on, asked, found):
    asked = {"regime": Regime.EU, "calendar_country": "FR", **asked}
    why = periods.count_forward(day(event_on), **asked).explanation
    assert steps(why) == [("event_day_not_counted", {"on": event_on}), *found]
    assert (why.rule, why.version, why.source) == (f"{asked['regime']}.forward", 1, periods.SOURCES[asked["regime"]])
    assert why.inputs == {
        "event_on": event_on,
        "length": asked["length"],
        "unit": asked["unit"].value,
        "calendar_country": "FR",
        "kind": asked.get("kind", PeriodKind.PERFORMANCE).value,
        "purpose": asked.get("purpose", Purpose.DUTY).value,
        "holidays": periods.HOLIDAYS_VERSION,
    }
    assert why.other_reading is None


@pytest.mark.parametrize(
    ("last_day", "regime", "country", "asked", "found", "other_reading", "source"),
    [
        pytest.param(
            "2027-02-28",
            Regime.FR_CONTRACT,
            "FR",
            {"length": 3, "unit": MONTHS},
            [
                ("counted_back", {"last_day": "2027-02-28", "length": 3, "unit": "months", "to": "2026-11-28"}),
                ("greatest_day_in_time", {"on": "2026-11-30", "reaches": "2027-02-28"}),
                ("not_moved", {"regime": "fr_contract", "kind": "notice"}),
                (
                    "internal_pulled_back",
                    {
                        "from": "2026-11-28",
                        "to": "2026-11-27",
                        "country": "FR",
                        "skipped": [{"on": "2026-11-28", "reason": "saturday"}],
                    },
                ),
            ],
            "2026-11-28",
            "Code de procédure civile, art. 640-642, by analogy; Cass. 3e civ., 8 March 2018, 17-11.312; "
            "Cass. 3e civ., 31 October 2006, 05-16.483",
            id="the-greatest-day-is-later-than-the-subtraction",
        ),
        pytest.param(
            "2027-02-14",
            Regime.PL_CONTRACT,
            "PL",
            {"length": 3, "unit": MONTHS, "end_of": NoticeEndOf.MONTH},
            [
                ("counted_from_end_of", {"end_of": "month", "last_day": "2027-02-14", "on": "2027-01-31"}),
                ("counted_back", {"last_day": "2027-01-31", "length": 3, "unit": "months", "to": "2026-10-31"}),
                ("not_moved", {"regime": "pl_contract", "kind": "notice"}),
                (
                    "disputed_reading_moves",
                    {"from": "2026-10-31", "to": "2026-11-02", "country": "PL", "skipped": [SATURDAY, ALL_SAINTS]},
                ),
                (
                    "internal_pulled_back",
                    {"from": "2026-10-31", "to": "2026-10-30", "country": "PL", "skipped": [SATURDAY]},
                ),
            ],
            "2026-11-02",
            "Kodeks cywilny, art. 110-116",
            id="polish-law-disputes-a-saturday",
        ),
        pytest.param(
            "2026-12-31",
            Regime.DE_CONTRACT,
            "DE",
            {"length": 6, "unit": WEEKS},
            [
                ("counted_back", {"last_day": "2026-12-31", "length": 6, "unit": "weeks", "to": "2026-11-19"}),
                ("not_moved", {"regime": "de_contract", "kind": "notice"}),
            ],
            None,
            "BGB §§ 186-193",
            id="plain",
        ),
        pytest.param(
            "2027-02-28",
            Regime.EU,
            "FR",
            {"length": 3, "unit": MONTHS, "kind": PeriodKind.PERFORMANCE},
            [
                ("counted_back", {"last_day": "2027-02-28", "length": 3, "unit": "months", "to": "2026-11-28"}),
                ("not_moved", {"regime": "eu", "kind": "performance"}),
                (
                    "internal_pulled_back",
                    {
                        "from": "2026-11-28",
                        "to": "2026-11-27",
                        "country": "FR",
                        "skipped": [{"on": "2026-11-28", "reason": "saturday"}],
                    },
                ),
            ],
            None,
            "Regulation (EEC, Euratom) No 1182/71, Article 3",
            id="the-union-s-law-has-the-subtraction-only",
        ),
    ],
)
def test_why_an_act_must_be_done_by_its_day(last_day, regime, country, asked, found, other_reading, source):
    deadline = periods.count_back(day(last_day), regime=regime, calendar_country=country, **asked)
    why = deadline.explanation
    assert steps(why) == found
    assert (why.rule, why.version, why.source) == (f"{regime}.back", 1, source)
    assert why.other_reading == (other_reading and day(other_reading))
    assert deadline.calendar_country == country
    assert why.inputs == {
        "last_day": last_day,
        "length": asked["length"],
        "unit": asked["unit"].value,
        "end_of": asked.get("end_of"),
        "calendar_country": country,
        "kind": asked.get("kind", PeriodKind.NOTICE).value,
        "holidays": periods.HOLIDAYS_VERSION,
    }


def test_why_hours_end_at_their_instant():
    found = periods.count_hours(datetime.fromisoformat("2026-10-23T18:00+02:00"), hours=72, zone="Europe/Paris")
    why = found.explanation
    since, due = "2026-10-23T16:00:00+00:00", "2026-10-26T16:00:00+00:00"
    assert steps(why) == [("elapsed_hours", {"from": since, "hours": 72, "to": due})]
    assert why.inputs == {"since": since, "hours": 72, "zone": "Europe/Paris"}
    assert (why.rule, why.version) == ("hours", 1)
    assert why.source == "Regulation (EEC, Euratom) No 1182/71, Article 3(1)"
