"""The whole explanation of a judged notice, and what is said about one that cannot be judged."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from contracts.enums import GoverningLaw, NoticeEffect, NoticeEndOf, NoticeJudgment, NoticeKind, NoticeParty, NoticeUnit
from contracts.rules import notice, worth
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Step
from contracts.rules.notice import Stay
from contracts.rules.periods import SOURCES, Regime
from tests.contracts.rules.clauses import notices

day = date.fromisoformat
ONE = timedelta(days=1)
IN_TIME, LATE, PREMATURE, NOT_ENTITLED = NoticeJudgment
POLISH = {"anchor": day("2026-02-01"), "law": GoverningLaw.PL, "calendar_country": "PL"}


def judged(of, on, **more):
    return notice.judge(of, sent_on=day(on), received_on=day(on), **{"entitled": True, **more})


def steps(found):
    return [(step.code, dict(step.params)) for step in found.explanation.steps]


def expires(on, at):
    return ("notice_expires", {"length": 3, "unit": "months", "from": on, "on": at})


@pytest.mark.parametrize(
    ("of", "on", "judgment", "found"),
    [
        pytest.param(
            {},
            "2026-09-30",
            IN_TIME,
            [expires("2026-09-30", "2026-12-30"), ("in_time_for_term", {"number": 1, "last_day": "2026-12-31"})],
            id="in-time",
        ),
        pytest.param(
            {},
            "2027-10-01",
            LATE,
            [
                expires("2027-10-01", "2028-01-01"),
                ("late_for_term", {"number": 2, "last_day": "2027-12-31"}),
                ("takes_effect_at_end_of_term", {"number": 3, "last_day": "2028-12-31"}),
            ],
            id="late",
        ),
        pytest.param(
            {"renewal": None, "end_of": NoticeEndOf.QUARTER},
            "2026-10-02",
            LATE,
            [
                expires("2026-10-02", "2027-01-02"),
                ("effective_at_end_of", {"end_of": "quarter", "on": "2027-03-31"}),
                ("late_for_term", {"number": 1, "last_day": "2026-12-31"}),
                ("ends_indefinite_term", {"last_day": "2027-03-31"}),
            ],
            id="late-then-indefinite",
        ),
        pytest.param(
            {"commitment": 24},
            "2026-05-01",
            PREMATURE,
            [
                expires("2026-05-01", "2026-08-01"),
                ("held_by_commitment", {"committed_until": "2027-12-31"}),
                ("takes_effect_at_end_of_term", {"number": 2, "last_day": "2027-12-31"}),
            ],
            id="held-by-the-commitment",
        ),
        pytest.param(
            POLISH,
            "2026-11-02",
            IN_TIME,
            [
                expires("2026-11-02", "2027-02-02"),
                ("in_time_under_disputed_reading", {"legal": "2026-10-31", "until": "2026-11-02"}),
                ("in_time_for_term", {"number": 1, "last_day": "2027-01-31"}),
            ],
            id="in-time-under-a-disputed-reading",
        ),
        pytest.param(
            {"mid_term_exit": True, "commitment": 6},
            "2026-02-10",
            PREMATURE,
            [
                expires("2026-02-10", "2026-05-10"),
                ("given_before_exit_right_opens", {"starts_on": "2026-01-01", "committed_until": "2026-06-30"}),
                ("mid_term_exit", {"last_day": "2026-06-30"}),
            ],
            id="before-the-right-to-leave-opens",
        ),
        pytest.param(
            {"mid_term_exit": True, "commitment": 6},
            "2026-07-01",
            IN_TIME,
            [expires("2026-07-01", "2026-10-01"), ("mid_term_exit", {"last_day": "2026-10-01"})],
            id="on-the-first-day-of-the-right-to-leave",
        ),
        pytest.param(
            {"mid_term_exit": True},
            "2025-12-31",
            PREMATURE,
            [
                expires("2025-12-31", "2026-03-31"),
                ("given_before_exit_right_opens", {"starts_on": "2026-01-01", "committed_until": None}),
                ("mid_term_exit", {"last_day": "2026-03-31"}),
            ],
            id="before-the-contract-begins",
        ),
        pytest.param(
            {"mid_term_exit": True},
            "2026-01-01",
            IN_TIME,
            [expires("2026-01-01", "2026-04-01"), ("mid_term_exit", {"last_day": "2026-04-01"})],
            id="on-the-day-on-which-it-begins",
        ),
        pytest.param(
            {"renewal": None},
            "2027-05-15",
            IN_TIME,
            [expires("2027-05-15", "2027-08-15"), ("ends_indefinite_term", {"last_day": "2027-08-15"})],
            id="indefinite",
        ),
        pytest.param(
            {"auto_renews": False},
            "2026-12-15",
            IN_TIME,
            [expires("2026-12-15", "2027-03-15"), ("ends_without_notice", {"last_day": "2026-12-31"})],
            id="ends-by-itself",
        ),
        pytest.param(
            {"auto_renews": False, "mid_term_exit": True},
            "2026-11-15",
            IN_TIME,
            [expires("2026-11-15", "2027-02-15"), ("ends_without_notice", {"last_day": "2026-12-31"})],
            id="ends-by-itself-before-the-notice-has-run",
        ),
        pytest.param(
            {"auto_renews": False, "mid_term_exit": True},
            "2026-09-30",
            IN_TIME,
            [expires("2026-09-30", "2026-12-30"), ("mid_term_exit", {"last_day": "2026-12-30"})],
            id="leaves-a-day-before-it-ends-by-itself",
        ),
    ],
)
def test_each_step_of_a_judgment(of, on, judgment, found):
    given = judged(notices(**of), on)
    assert steps(given) == [("counts_from", {"effect": "receipt", "on": on}), *found]
    assert given.judgment == judgment


def test_who_is_not_entitled_learns_what_an_entitled_notice_would_do():
    found = judged(notices(), "2026-10-01", entitled=False)
    assert steps(found)[-2:] == [
        ("takes_effect_at_end_of_term", {"number": 2, "last_day": "2027-12-31"}),
        ("sender_not_entitled", {"would_end_on": "2027-12-31"}),
    ]
    assert found.explanation.inputs["entitled"] is False


@pytest.mark.parametrize(
    ("law", "regime"),
    [
        (GoverningLaw.FR, Regime.FR_CONTRACT),
        (GoverningLaw.PL, Regime.PL_CONTRACT),
        (GoverningLaw.DE, Regime.DE_CONTRACT),
        (GoverningLaw.OTHER, Regime.FR_CONTRACT),
    ],
)
def test_a_judgment_names_its_rule_and_source(law, regime):
    why = judged(notices(law=law), "2026-09-30").explanation
    assert (why.rule, why.version, why.source) == ("notice", 1, SOURCES[regime])


def test_a_judgment_keeps_all_that_went_in():
    of = notices(
        anchor=day("2026-02-01"),
        renewal=6,
        length=2,
        unit=NoticeUnit.WEEKS,
        end_of=NoticeEndOf.MONTH,
        effect=NoticeEffect.SENDING,
        commitment=3,
        mid_term_exit=True,
        law=GoverningLaw.DE,
        calendar_country="DE",
    )
    found = notice.judge(
        of,
        sent_on=day("2026-06-01"),
        received_on=None,
        entitled=True,
        party=NoticeParty.VENDOR,
        kind=NoticeKind.NON_RENEWAL,
    )
    assert found.explanation.inputs == {
        "anchor": "2026-02-01",
        "first": 12,
        "renewal": 6,
        "auto_renews": True,
        "commitment": 3,
        "mid_term_exit": True,
        "length": 2,
        "unit": "weeks",
        "end_of": "month",
        "effect": "sending",
        "law": "DE",
        "calendar_country": "DE",
        "sent_on": "2026-06-01",
        "received_on": None,
        "entitled": True,
        "party": "vendor",
        "kind": "non_renewal",
    }
    assert steps(found)[0] == ("counts_from", {"effect": "sending", "on": "2026-06-01"})


def test_a_notice_to_leave_as_soon_as_possible_is_the_client_s_termination_sent_and_received_that_day():
    of = notices(mid_term_exit=True)
    found = worth.ends_if_given(of, on=day("2026-05-01"))
    assert found == judged(of, "2026-05-01", party=NoticeParty.CLIENT, kind=NoticeKind.TERMINATION)
    assert found.explanation.inputs["received_on"] == found.explanation.inputs["sent_on"] == "2026-05-01"
    vendor = worth.ends_if_given(of, on=day("2026-05-01"), party=NoticeParty.VENDOR)
    assert vendor.explanation.inputs["party"] == "vendor"


@pytest.mark.parametrize(
    ("of", "on", "found"),
    [
        pytest.param({}, {"sent": "2026-09-01"}, ("received_on", "missing"), id="receipt-counts"),
        pytest.param(
            {"effect": NoticeEffect.SENDING}, {"received": "2026-09-01"}, ("sent_on", "missing"), id="sending-counts"
        ),
        pytest.param({}, {}, ("received_on", "missing"), id="neither"),
        pytest.param(
            {},
            {"sent": "2026-09-02", "received": "2026-09-01"},
            ("received_on", "before_sending"),
            id="received-before-it-was-sent",
        ),
        pytest.param(
            {"auto_renews": False},
            {"sent": "2027-01-01", "received": "2027-01-01"},
            ("given_on", "contract_over"),
            id="after-the-contract",
        ),
    ],
)
def test_a_notice_that_cannot_be_judged_names_field_and_code(of, on, found):
    sent, received = on.get("sent"), on.get("received")
    with pytest.raises(InvalidInput) as refused:
        notice.judge(notices(**of), sent_on=sent and day(sent), received_on=received and day(received), entitled=True)
    assert (refused.value.field, refused.value.code) == found
    counted = of.get("effect", NoticeEffect.RECEIPT)
    assert refused.value.params == ({"effect": counted} if found[1] == "missing" else {})


@pytest.mark.parametrize("field", ["length", "commitment"])
def test_a_negative_period_names_field_and_code(field):
    with pytest.raises(InvalidInput) as refused:
        notices(**{field: -1})
    assert (refused.value.field, refused.value.code) == (field, "negative")


@pytest.mark.parametrize("effect", NoticeEffect)
def test_a_notice_received_on_the_day_on_which_it_was_sent_is_judged(effect):
    assert judged(notices(effect=effect), "2026-09-30").given_on == day("2026-09-30")


@pytest.mark.parametrize(
    ("of", "number", "deadline"),
    [
        pytest.param({}, 2, ("2027-09-30", "2027-09-30", "2027-09-30"), id="months"),
        pytest.param({"unit": NoticeUnit.WEEKS}, 1, ("2026-12-10", "2026-12-10", "2026-12-10"), id="weeks"),
        pytest.param(
            {"end_of": NoticeEndOf.QUARTER, "anchor": day("2026-02-15")},
            1,
            ("2026-09-30", "2026-09-30", "2026-09-30"),
            id="counted-from-the-quarter",
        ),
        pytest.param({**POLISH}, 1, ("2026-10-31", "2026-11-02", "2026-10-30"), id="polish"),
        pytest.param(
            {"law": GoverningLaw.DE, "calendar_country": "DE", "anchor": day("2026-01-04")},
            1,
            ("2026-10-03", "2026-10-03", "2026-10-02"),
            id="pulled-back-in-the-contract-s-country",
        ),
    ],
)
def test_the_last_day_to_give_notice_by_law_by_the_client_s_reading_and_inside(of, number, deadline):
    clause = notices(**of)
    found = notice.last_notice(clause, clause.term(number))
    assert (str(found.legal), str(found.latest), str(found.internal)) == deadline
    assert found.explanation.inputs["end_of"] == (clause.end_of and clause.end_of.value)
    assert found.calendar_country == clause.calendar_country


@pytest.mark.parametrize(
    ("until", "number", "stayed"),
    [
        pytest.param("2026-11-01", 1, False, id="over-before-the-client-s-last-day"),
        pytest.param("2026-11-02", 1, True, id="to-the-client-s-last-day"),
        pytest.param("2026-12-15", 1, True, id="beyond-it"),
        pytest.param("2026-12-15", 2, False, id="of-another-term"),
    ],
)
def test_a_stay_moves_the_last_day_for_notice_and_says_so(until, number, stayed):
    strict, of = notices(**POLISH), notices(**POLISH, stay=Stay(number, day(until)))
    term = of.term(1)
    before, found = notice.last_notice(strict, term), notice.last_notice(of, term)
    moved = {"legal": day(until), "internal": day(until), "disputed": None} if stayed else {}
    steps = (*before.explanation.steps, *[Step("renewal_stayed", {"until": until})] * stayed)
    assert found == replace(before, **moved, explanation=replace(before.explanation, steps=steps))
    assert judged(of, "2026-11-03") == judged(strict, "2026-11-03"), "the judgment itself knows no stay"


@pytest.mark.parametrize(
    ("number", "on", "held"),
    [
        pytest.param(1, "2026-12-14", "2026-12-16", id="before-the-stay-is-over"),
        pytest.param(1, "2026-12-16", "2026-12-16", id="on-the-first-day-after-it"),
        pytest.param(1, "2026-12-17", "2026-12-17", id="later"),
        pytest.param(2, "2026-12-14", "2026-12-14", id="of-another-term"),
    ],
)
def test_a_day_is_held_back_to_the_first_after_the_stay(number, on, held):
    of = notices(stay=Stay(number, day("2026-12-15")))
    assert notice.held_back(of, of.term(1), day(on)) == day(held)
    assert notice.held_back(notices(), of.term(1), day(on)) == day(on)
