"""What a contract lacks or violates: each item, each way it can stand, by the law of the day."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import translation

from contracts import clauses_explained
from contracts.enums import ClauseCode
from contracts.rules import clause_checklist
from contracts.rules.clause_checklist import Clause, Facts, check, compare

ON = date(2026, 6, 1)
KEPT = frozenset({"conversations", "messages"})
HOSTED = {"location": "FR", "provider": "Else"}
SOUND = {
    "exportable_data": Clause(["conversations", "messages"]),
    "exempt_data": Clause([]),
    "transition_days": Clause(30),
    "erasure_guarantee": Clause(True),
    "jurisdiction_page": Clause("https://v.example/law"),
    "international_access": Clause("https://v.example/access"),
    "format_register": Clause("https://v.example/formats"),
    "switching_charges": Clause("at_cost"),
    "service_levels": Clause({"target": "99.9", "credits": True, "zone": "Europe/Paris"}),
    "incident_handling": Clause(True),
    "breach_hours": Clause(24),
    "client_separation": Clause(True),
    "training_allowed": Clause(False),
    "hosting": Clause(HOSTED, evidenced=True, valid_until=ON),
}


def facts(said=None, without=(), **values):
    """Return a sound contract, with other clauses or columns."""
    clauses = {ClauseCode(code): clause for code, clause in {**SOUND, **(said or {})}.items() if code not in without}
    return Facts(
        **{
            "concluded_on": date(2026, 1, 1),
            "ends_on": None,
            "switching_notice_months": 2,
            "retrieval_days": 30,
            "early_exit_rate": Decimal("0.5"),
            "early_exit_disclosed_on": date(2026, 1, 1),
            "clauses": clauses,
            "stored": KEPT,
            **values,
        }
    )


def found(given, item, on=ON):
    (one,) = [finding for finding in check(given, on=on) if finding.item == item]
    return one.severity.value, one.code


def test_a_sound_contract_is_in_order_throughout():
    assert {one.item: one.severity.value for one in check(facts(), on=ON) if one.severity.value != "ok"} == {}


def test_an_empty_contract_lacks_each_thing_that_it_must_say():
    bare = facts(without=SOUND, early_exit_rate=None)
    assert {one.item for one in check(bare, on=ON) if one.severity.value == "missing"} == {
        code.value for code in ClauseCode
    } - {"breach_hours", "training_allowed"}


@pytest.mark.parametrize(
    ("given", "item", "severity", "code"),
    [
        pytest.param(
            facts(switching_notice_months=3), "switching_notice", "violated", "over_the_maximum", id="3-months"
        ),
        pytest.param(facts(switching_notice_months=0), "switching_notice", "ok", "within_the_maximum", id="no-notice"),
        pytest.param(
            facts({"transition_days": Clause(31)}), "transition_days", "violated", "over_the_maximum", id="31-days"
        ),
        pytest.param(facts(retrieval_days=29), "retrieval", "violated", "under_the_minimum", id="29-days"),
        pytest.param(
            facts(stored=KEPT | {"diagnostics"}), "exportable_data", "violated", "kept_but_not_listed", id="not-listed"
        ),
        pytest.param(
            facts({"exempt_data": Clause(["diagnostics"])}, stored=KEPT | {"diagnostics"}),
            "exportable_data",
            "ok",
            "stated",
            id="exempt",
        ),
        pytest.param(
            facts(stored=frozenset({"messages"})), "exportable_data", "violated", "listed_but_not_kept", id="not-kept"
        ),
        pytest.param(
            facts({"exempt_data": Clause(["messages"])}), "exportable_data", "violated", "listed_and_exempt", id="both"
        ),
        pytest.param(
            facts({"erasure_guarantee": Clause(False)}), "erasure_guarantee", "violated", "refused", id="refused"
        ),
        pytest.param(
            facts({"switching_charges": Clause("above_cost")}),
            "switching_charges",
            "violated",
            "charge_above_cost",
            id="dear",
        ),
        pytest.param(facts({"switching_charges": Clause("none")}), "switching_charges", "ok", "stated", id="free"),
        pytest.param(facts(early_exit_rate=None), "early_exit", "not_applicable", "no_early_exit_fee", id="no-fee"),
        pytest.param(facts(early_exit_disclosed_on=None), "early_exit", "violated", "not_disclosed", id="undisclosed"),
        pytest.param(
            facts(early_exit_disclosed_on=date(2026, 1, 2)), "early_exit", "violated", "not_disclosed", id="told-after"
        ),
        pytest.param(
            facts(early_exit_disclosed_on=None, concluded_on=date(2025, 9, 12)),
            "early_exit",
            "violated",
            "not_disclosed",
            id="concluded-on-the-day",
        ),
        pytest.param(
            facts(early_exit_disclosed_on=None, concluded_on=date(2025, 9, 11)),
            "early_exit",
            "missing",
            "not_disclosed_older",
            id="older",
        ),
        pytest.param(facts(without=["breach_hours"]), "breach_hours", "ok", "default_hours", id="default-hours"),
        pytest.param(
            facts({"breach_hours": Clause(73)}), "breach_hours", "violated", "over_the_maximum", id="73-hours"
        ),
        pytest.param(facts(without=["training_allowed"]), "training_allowed", "ok", "no_training", id="no-word-of-it"),
        pytest.param(
            facts({"training_allowed": Clause(True)}),
            "training_allowed",
            "violated",
            "training_unauthorised",
            id="unsigned",
        ),
        pytest.param(
            facts({"training_allowed": Clause(True, evidenced=True)}),
            "training_allowed",
            "ok",
            "training_authorised",
            id="signed",
        ),
        pytest.param(
            facts({"hosting": Clause(HOSTED, True, date(2026, 5, 31))}),
            "hosting",
            "violated",
            "evidence_expired",
            id="expired",
        ),
        pytest.param(
            facts({"hosting": Clause(HOSTED, True)}), "hosting", "violated", "evidence_expired", id="no-expiry"
        ),
        pytest.param(facts({"hosting": Clause(HOSTED)}), "hosting", "missing", "hosting_unproved", id="unproved"),
        pytest.param(
            facts({"hosting": Clause({**HOSTED, "location": "US"}, True, ON)}),
            "hosting",
            "violated",
            "hosted_outside_eu",
            id="outside",
        ),
    ],
)
def test_how_each_item_stands(given, item, severity, code):
    assert found(given, item) == (severity, code)


@pytest.mark.parametrize(
    ("on", "ends_on", "expected"),
    [
        pytest.param(date(2025, 9, 11), None, "not_applicable", id="the-day-before"),
        pytest.param(date(2025, 9, 12), None, "violated", id="the-day"),
        pytest.param(ON, date(2025, 9, 12), "not_applicable", id="ended-before"),
        pytest.param(ON, date(2025, 9, 13), "violated", id="in-force-on-the-day"),
    ],
)
def test_the_data_act_binds_what_is_in_force_from_its_day_on(on, ends_on, expected):
    old = facts(switching_notice_months=3, concluded_on=date(2020, 1, 1), ends_on=ends_on)
    assert found(old, "switching_notice", on=on)[0] == expected
    assert found(replace(old, clauses={}), "service_levels", on=on)[0] == "missing"


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        pytest.param(date(2027, 1, 11), ("ok", "stated"), id="the-last-day-at-cost"),
        pytest.param(date(2027, 1, 12), ("violated", "charge_forbidden"), id="none-from-here"),
    ],
)
def test_charges_go_by_the_day(on, expected):
    assert found(facts(), "switching_charges", on=on) == expected


def test_the_lists_are_compared_in_every_way():
    same = compare(stored=["a", "b"], listed=["b", "a"], exempt=[])
    assert same.agrees
    apart = compare(stored=["a", "b", "x"], listed=["a", "c"], exempt=["a"])
    assert (apart.unlisted, apart.absent, apart.contradicted) == (("b", "x"), ("c",), ("a",))
    assert not apart.agrees


def test_every_finding_has_its_sentence():
    text = Path(clause_checklist.__file__).read_text()
    assert {code for code in clauses_explained.SENTENCES if f'"{code}"' in text} == set(clauses_explained.SENTENCES)
    with translation.override("en"):
        said = [
            one.said
            for given in (facts(), facts(without=SOUND))
            for one in clauses_explained.lines(check(given, on=ON))
        ]
        late = clauses_explained.lines(check(facts({"hosting": Clause(HOSTED, True)}), on=ON))
    assert all(sentence.endswith(".") and "%" not in sentence for sentence in said)
    assert late[-2].said == "Else, FR: the evidence has expired (no day)." and late[-2].violated
