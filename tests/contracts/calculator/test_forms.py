"""How inputs are written: what is read, what is refused, and that nothing else ever comes out of the calculator."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.calculator import RULES, compute, forms
from contracts.calculator.forms import Duration, Range
from contracts.enums import NoticeEndOf, NoticeUnit
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation

day = date.fromisoformat


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        (forms.DAY, "2024-02-29", day("2024-02-29")),
        (forms.MONTH, "2026-06", day("2026-06-01")),
        (forms.DURATION, "90d", Duration(90, NoticeUnit.DAYS)),
        (forms.DURATION, "2w", Duration(2, NoticeUnit.WEEKS)),
        (forms.DURATION, "6m", Duration(6, NoticeUnit.MONTHS)),
        (forms.DURATION, "2y", Duration(24, NoticeUnit.MONTHS)),
        (forms.DURATION, "0d", Duration(0, NoticeUnit.DAYS)),
        (forms.MONTHS, "1y", 12),
        (forms.WHOLE, "-3", -3),
        (forms.NUMBER, "242.60", Decimal("242.60")),
        (forms.NUMBER, "-1", Decimal(-1)),
        (forms.SHARE, "50%", Decimal("0.5")),
        (forms.SHARE, "0.5", Decimal("0.5")),
        (forms.CURRENCY, "PLN", "PLN"),
        (forms.TRUTH, "true", True),
        (forms.TRUTH, "false", False),
        (forms.COUNTRY, "PL", "PL"),
        (forms.ZONE, "Europe/Paris", "Europe/Paris"),
        (forms.choice(NoticeEndOf), "month", NoticeEndOf.MONTH),
        (forms.DAY_RANGES, "", ()),
        (forms.DAY_RANGES, "2026-12-03..2026-12-10", (Range(day("2026-12-03"), day("2026-12-10")),)),
        (forms.TIERS, "99.9:0,0:25", ((Decimal("99.9"), Decimal(0)), (Decimal(0), Decimal(25)))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_form_reads(form, text, value):
    assert form.read(text, "x") == value


@pytest.mark.parametrize(
    ("form", "text", "code"),
    [
        (forms.DAY, "31/01/2026", "not_iso_date"),
        (forms.DAY, "20260131", "not_iso_date"),
        (forms.DAY, "2026-W05-1", "not_iso_date"),
        (forms.DAY, " 2026-01-31", "not_iso_date"),
        (forms.DAY, "\u0662026-01-31", "not_iso_date"),
        (forms.DAY, "2026-02-30", "no_such_date"),
        (forms.DAY, "0000-01-01", "no_such_date"),
        (forms.DAY, "0001-12-31", "out_of_calendar"),
        (forms.DAY, "9999-01-01", "out_of_calendar"),
        (forms.MONTH, "2026-6", "not_a_month"),
        (forms.MONTH, "2026-13", "no_such_date"),
        (forms.LOCAL_TIME, "2026-01-31 18:00", "not_a_local_time"),
        (forms.LOCAL_TIME, "2026-01-31", "not_a_local_time"),
        (forms.LOCAL_TIME, "2026-01-31T18:00Z", "not_local"),
        (forms.LOCAL_TIME, "2026-01-31T18:00+01:00", "not_local"),
        (forms.LOCAL_TIME, "somewhere+01:00", "not_a_local_time"),
        (forms.LOCAL_TIME, "2026-01-31T24:30", "no_such_time"),
        (forms.LOCAL_TIME, "9999-01-31T18:00", "out_of_calendar"),
        (forms.DURATION, "6", "not_a_duration"),
        (forms.DURATION, "6M", "not_a_duration"),
        (forms.DURATION, "-6m", "not_a_duration"),
        (forms.DURATION, "1y6m", "not_a_duration"),
        (forms.DURATION, "9999999d", "not_a_duration"),
        (forms.MONTHS, "90d", "not_in_months"),
        (forms.WHOLE, "1.0", "not_an_integer"),
        (forms.WHOLE, "1234567890", "not_an_integer"),
        (forms.NUMBER, "1e3", "not_a_number"),
        (forms.NUMBER, "1,000", "not_a_number"),
        (forms.NUMBER, "NaN", "not_a_number"),
        (forms.SHARE, "50", "over_100_percent"),
        (forms.SHARE, "half", "not_a_number"),
        (forms.CURRENCY, "EURO", "unknown_currency"),
        (forms.TRUTH, "yes", "not_true_or_false"),
        (forms.COUNTRY, "fr", "unknown_country"),
        (forms.COUNTRY, "France", "unknown_country"),
        (forms.ZONE, "Europe/Pariss", "unknown_time_zone"),
        (forms.ZONE, "../etc/passwd", "unknown_time_zone"),
        (forms.choice(NoticeEndOf), "year", "unknown"),
        (forms.DAY_RANGES, "2026-12-03", "not_a_range"),
        (forms.DAY_RANGES, "2026-12-03..2026-12-10,", "not_a_range"),
        (forms.TIERS, "99.9", "not_a_pair"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_writing_is_refused(form, text, code):
    with pytest.raises(InvalidInput) as refused:
        form.read(text, "x")
    assert (refused.value.field, refused.value.code) == ("x", code) and refused.value.detail


TERM = {"anchor": "2026-01-01", "first": "1y", "number": "1"}


@pytest.mark.parametrize(
    ("inputs", "field", "code"),
    [
        ({**TERM, "renewal": ""}, "renewal", "empty"),
        ({**TERM, "number": None}, "number", "missing"),
        ({**TERM, "number": 1.0}, "number", "not_text"),
        ({**TERM, "number": 10**15}, "number", "not_text"),
        ({**TERM, "number": {}}, "number", "not_text"),
        ({**TERM, "number": [1]}, "number", "not_text"),
        ({**TERM, "number": "1" * 100_001}, "number", "too_long"),
        ({**TERM, "notice": "1m"}, "notice", "unknown_input"),
    ],
)
def test_a_value_that_is_no_text_is_refused(inputs, field, code):
    with pytest.raises(InvalidInput) as refused:
        compute("term", inputs)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_json_has_its_own_words_for_numbers_truth_lists_and_nothing():
    assert compute("term", {**TERM, "number": 1, "renewal": None}) == compute("term", TERM)
    switching = {"notice_on": "2026-12-01", "notice": "2m", "country": "FR"}
    assert compute("switching", {**switching, "erase_only": True}) == compute(
        "switching", {**switching, "erase_only": "true"}
    )
    pauses = ["2026-12-03..2026-12-10", "2026-12-20..2026-12-21"]
    request = {"received_on": "2026-11-24", "country": "FR"}
    assert compute("gdpr-response", {**request, "paused": pauses}) == compute(
        "gdpr-response", {**request, "paused": ",".join(pauses)}
    )


edges = st.dates(date(2, 1, 1), date(2, 3, 1)) | st.dates(date(9998, 10, 1), date(9998, 12, 31))
changes = st.sampled_from([day("2026-03-29"), day("2026-10-25")])
days = (st.dates(date(1990, 1, 1), date(2050, 1, 1)) | edges | changes).map(date.isoformat)
numbers = st.decimals(-5, 10**6, places=3).map(str) | st.integers(-1, 200).map(str)
times = st.tuples(days, st.sampled_from(["00:00", "02:30", "23:59:59"])).map("T".join)
WRITTEN = {
    "day": days,
    "month": days.map(lambda text: text[:7]),
    "local time": times,
    "duration": st.tuples(st.integers(0, 40).map(str), st.sampled_from("dwmy")).map("".join),
    "months": st.tuples(st.integers(0, 40).map(str), st.sampled_from("my")).map("".join),
    "whole number": st.integers(-1, 999_999_999).map(str),
    "number": numbers,
    "share": st.decimals(0, 1, places=2).map(str),
    "country": st.sampled_from(["FR", "PL", "DE", "NZ", "US"]),
    "time zone": st.sampled_from(["Europe/Paris", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"]),
    "currency": st.sampled_from(["EUR", "JPY"]),
    "list of range of day": st.tuples(days, days).map("..".join),
    "list of range of local time": st.tuples(times, times).map("/".join),
    "list of pair": st.sampled_from(["99.9:0,99.0:10,0:25", "0:25", "99:1"]),
}


def inputs_of(rule):
    values = {}
    for one in rule.inputs:
        values[one.name] = st.sampled_from(one.form.choices) if one.form.choices else WRITTEN[one.form.name]
    needed = {one.name: values[one.name] for one in rule.inputs if one.required}
    return st.fixed_dictionaries(needed, optional={name: value for name, value in values.items() if name not in needed})


@pytest.mark.parametrize("name", RULES)
@given(data=st.data())
def test_whatever_is_written_a_rule_answers_in_json_or_names_an_input(name, data):
    rule = RULES[name]
    inputs = data.draw(inputs_of(rule))
    try:
        found = compute(name, inputs)
    except InvalidInput as error:
        assert error.field in {one.name for one in rule.inputs}, (error.field, error.code)
        return
    assert Explanation.from_json(found.explanation.to_json()) == found.explanation
    answer = json.loads(json.dumps(found.to_json()))
    assert tuple(answer) == (*rule.outputs, "explanation")


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 12), st.sampled_from(["FR", "PL", "DE"]))
def test_the_last_day_for_notice_is_the_last(term_end, months, law):
    inputs = {"term_end": term_end.isoformat(), "notice": f"{months}m", "law": law}
    legal = compute("last-notice-day", inputs).fields["legal"]

    def reached(on):
        inputs = {"anchor": on.isoformat(), "first": f"{months}m", "renewal": "1m", "number": "2"}
        return compute("term", inputs).fields["starts_on"]

    assert reached(legal) <= term_end < reached(legal + timedelta(1))
