"""Every step that the rules take has its sentence, in the reader's language and form of dates."""

import re
from datetime import date
from pathlib import Path

import pytest
from django.utils import translation

from contracts import explain
from contracts.enums import GoverningLaw, NoticeEffect, NoticeUnit
from contracts.rules import notice, worth
from contracts.rules.notice import NoticeClause

HERE = Path(explain.__file__).parent
RULES = "\n".join(path.read_text() for folder in ("rules", "calculator") for path in (HERE / folder).glob("*.py"))


def codes_in_the_rules():
    text = RULES
    found = set(re.findall(r'Step\(\s*"(\w+)"', text))
    found |= set(re.findall(r'_moved\(\s*"(\w+)"', text))
    return found | {"ends_indefinite_term", "mid_term_exit"}  # chosen by a condition


def test_every_step_of_the_rules_has_a_sentence_and_no_sentence_is_left_over():
    assert codes_in_the_rules() == set(explain.STEPS)


def clause(**values):
    return NoticeClause(
        **{
            "anchor": date(2025, 1, 1),
            "first": 12,
            "renewal": 12,
            "length": 6,
            "unit": NoticeUnit.MONTHS,
            "effect": NoticeEffect.RECEIPT,
            "law": GoverningLaw.FR,
            "calendar_country": "FR",
            **values,
        }
    )


def test_the_last_day_for_notice_is_explained_in_order():
    found = notice.last_notice(clause(anchor=date(2024, 7, 1)), clause(anchor=date(2024, 7, 1)).term(1))
    with translation.override("en"):
        said = explain.reasons(found.explanation.to_json())
    assert said[0] == "6 months counted back from the last day, 30 Jun 2025, lead to 30 Dec 2024."
    assert said[1] == "A notice on 31 Dec 2024 is still in time: the period then reaches 30 Jun 2025."
    assert said[-1].startswith("Source: Code de procédure civile")


@pytest.mark.parametrize(
    ("values", "given", "sentence"),
    [
        pytest.param({}, date(2025, 2, 1), "It is in time for term 1: the last day is 31 Dec 2025.", id="in-time"),
        pytest.param({}, date(2025, 12, 1), "It takes effect at the end of term 2, on 31 Dec 2026.", id="late"),
        pytest.param(
            {"mid_term_exit": True, "commitment": 6},
            date(2025, 2, 1),
            "It was given before the right to leave opens: the contract starts on 1 Jan 2025, "
            "and the commitment lasts until 30 Jun 2025.",
            id="premature",
        ),
        pytest.param(
            {"renewal": None},
            date(2026, 2, 1),
            "The indefinite term ends on 1 Aug 2026.",
            id="indefinite",
        ),
    ],
)
def test_a_judgment_is_explained(values, given, sentence):
    judged = worth.ends_if_given(clause(**values), on=given)
    with translation.override("en"):
        assert sentence in explain.reasons(judged.explanation.to_json())


def test_every_sentence_takes_the_parameters_that_its_step_gives():
    for text in explain.STEPS.values():
        for name in re.findall(r"%\((\w+)\)", str(text)):
            assert re.search(rf'"{name}"', RULES) or name == "period"


def test_nothing_explained_says_nothing_and_an_unknown_step_its_code():
    assert explain.reasons({}) == []
    assert explain.reasons({"steps": [{"code": "of_tomorrow", "params": {}}], "source": ""}) == ["of tomorrow"]
