"""What a notice is worth, composed once: the clause, the way out of a missed reminder, a stay; and who asks for it."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.enums import NoticeKind, NoticeParty, NoticeUnit
from contracts.rules import chatel, free_exit, quotes, revenue, whatif, worth
from contracts.rules.chatel import Reminded
from contracts.rules.explanation import Explanation
from contracts.rules.forecast import State
from contracts.rules.free_exit import Missed
from contracts.rules.money import Money
from contracts.rules.notice import Stay
from contracts.rules.periods import midnight
from contracts.rules.quotes import ExitClause
from contracts.rules.whatif import Facts
from tests.contracts.rules.clauses import notices

day = date.fromisoformat
ZONE = "Europe/Paris"
# Terms of calendar years from 2026 on, three months' notice: the last day for notice of 2026 is 30 September.
STAYED = {"stay": Stay(1, day("2026-11-30"))}
BEYOND = {"stay": Stay(1, day("2027-01-31"))}
NON_RENEWAL, TERMINATION = NoticeKind


def missed(number=1, closes="2026-08-30", free_from="2027-01-01", **clause):
    term = notices(**clause).term(number)
    window = chatel.window(term.last_day, length=3, unit=NoticeUnit.MONTHS)
    found = chatel.judge(window, sent_on=None, term=term, protected=True)
    assert (window.closes, found.free_exit_from) == (day(closes), day(free_from))
    return (Missed(number, window.closes, found),)


def given(on, *, kind=TERMINATION, party=NoticeParty.CLIENT, ways=(), **clause):
    asked = day(on)
    return worth.weigh(
        notices(**clause), sent_on=asked, received_on=asked, entitled=True, kind=kind, party=party, missed=ways
    )


@pytest.mark.parametrize(
    ("on", "asked", "last_day", "free"),
    [
        pytest.param("2026-09-30", {}, "2026-12-31", False, id="in-time"),
        pytest.param("2026-10-15", {}, "2027-12-31", False, id="late"),
        pytest.param("2026-10-15", STAYED, "2026-12-31", False, id="in-time-under-a-stay"),
        pytest.param("2026-12-01", STAYED, "2027-12-31", False, id="after-the-stay"),
        pytest.param("2027-01-15", BEYOND, "2027-01-31", False, id="within-a-stay-beyond-the-term"),
        pytest.param("2026-10-15", {"ways": missed()}, "2026-12-31", True, id="late-and-never-reminded"),
        pytest.param("2027-05-20", {"ways": missed()}, "2027-05-20", True, id="never-reminded-at-any-time"),
        pytest.param("2026-10-15", {"ways": missed(), **STAYED}, "2026-12-31", True, id="never-reminded-under-a-stay"),
        pytest.param(
            "2027-01-15",
            {"ways": missed(), "kind": NON_RENEWAL, **BEYOND},
            "2027-01-31",
            False,
            id="the-stay-ends-it-earlier-than-the-missed-reminder",
        ),
        pytest.param(
            "2027-05-20", {"ways": missed(), "party": NoticeParty.VENDOR}, "2027-12-31", False, id="the-vendor-s-own"
        ),
    ],
)
def test_what_a_notice_is_worth(on, asked, last_day, free):
    found = given(on, **asked)
    assert (str(found.judged.takes_effect_on), found.free_of_charge) == (last_day, free)


def test_what_a_stay_voids_is_the_term_that_it_held_back():
    assert given("2027-01-15", **BEYOND).void_from == day("2027-01-01")
    assert given("2026-09-30", **STAYED).void_from is None


@pytest.mark.parametrize(
    ("on", "found"),
    [
        pytest.param("2026-08-30", False, id="the-window-s-last-day"),
        pytest.param("2026-08-31", True, id="the-window-has-closed"),
        pytest.param("2027-12-31", True, id="the-renewed-term"),
        pytest.param("2028-01-01", False, id="the-term-after-it"),
        pytest.param("2025-12-01", False, id="before-the-contract-begins"),
    ],
)
def test_a_missed_reminder_opens_its_term_and_the_next(on, found):
    assert (free_exit.open_on(notices(), day(on), missed()) is not None) is found


@pytest.mark.parametrize(
    ("exit_on", "on", "asked", "end"),
    [
        pytest.param("2026-12-31", "2026-10-15", {}, "2027-12-31", id="too-late-for-the-term"),
        pytest.param("2026-12-31", "2026-10-15", STAYED, "2026-12-31", id="under-a-stay"),
        pytest.param("2027-01-01", "2026-10-15", STAYED, "2027-12-31", id="beyond-what-is-stayed"),
        pytest.param("2026-12-31", "2026-10-15", {"ways": missed()}, "2026-12-31", id="never-reminded"),
        pytest.param("2027-05-20", "2026-10-15", {"ways": missed()}, "2027-05-20", id="never-reminded-any-day"),
        pytest.param("2028-01-01", "2026-10-15", {"ways": missed()}, "2028-12-31", id="one-term-only"),
        pytest.param(
            "2027-05-20",
            "2027-03-01",
            {"ways": missed(), "renewal": None, "end_of": "quarter"},
            "2027-05-20",
            id="never-reminded-no-quarter-holds-the-client",
        ),
    ],
)
def test_the_next_end_is_what_a_notice_brings(exit_on, on, asked, end):
    ways = asked.get("ways", ())
    clause = notices(**{name: value for name, value in asked.items() if name != "ways"})
    assert str(quotes.next_end(clause, on=day(on), exit_on=day(exit_on), missed=ways)) == end


@pytest.mark.parametrize(
    ("asked", "last_day"),
    [
        pytest.param({}, "2026-09-30", id="the-clause"),
        pytest.param(STAYED, "2026-11-30", id="the-stay"),
        pytest.param({"ways": missed()}, "2026-12-31", id="never-reminded"),
    ],
)
def test_until_when_a_notice_still_ends_the_term(asked, last_day):
    ways = asked.get("ways", ())
    clause = notices(**{name: value for name, value in asked.items() if name != "ways"})
    found = quotes.last_notice_for(clause, on=day("2026-09-01"), exit_on=day("2026-12-31"), missed=ways)
    assert str(found) == last_day


def facts(*, ends_on=None, ways=(), **clause):
    exit_clause = ExitClause(rate=None, refunds=True, law=notices().law, concluded_on=day("2025-12-01"))
    fee = Money(Decimal(12000), "EUR")
    return Facts(notices(**clause), exit_clause, lambda _number: fee, ends_on=ends_on, missed=ways)


@pytest.mark.parametrize(
    ("asked", "on", "bound_until"),
    [
        pytest.param({}, "2026-10-15", "2027-12-31", id="another-year"),
        pytest.param(STAYED, "2026-10-15", "2026-12-31", id="under-a-stay"),
        pytest.param({"ways": missed()}, "2026-10-15", "2026-12-31", id="never-reminded"),
        pytest.param({"ways": missed()}, "2027-05-20", "2027-05-20", id="never-reminded-the-same-day"),
        pytest.param({"ends_on": day("2026-12-01")}, "2026-03-01", "2026-11-30", id="an-end-stands"),
        pytest.param(
            {"ends_on": day("2027-01-01"), "mid_term_exit": True}, "2026-03-01", "2026-06-01", id="earlier-than-it"
        ),
    ],
)
def test_what_if_and_commitment_bind_until_the_end_that_a_notice_brings(asked, on, bound_until):
    years = whatif.committed(facts(**asked), on=day(on))
    assert str(years[-1].ends_on - (day("2026-01-02") - day("2026-01-01"))) == bound_until
    first = whatif.series(facts(**asked), on=day(on), months=1)[0]
    assert str(first.own.bound_until) == bound_until


@pytest.mark.parametrize(
    ("asked", "locked_until"),
    [
        pytest.param({}, "2027-12", id="another-year"),
        pytest.param(STAYED, "2026-12", id="under-a-stay"),
        pytest.param({"missed": missed()}, "2026-12", id="never-reminded"),
    ],
)
def test_revenue_is_locked_in_until_the_end_that_a_notice_brings(asked, locked_until):
    now = midnight(day("2026-10-15"), ZONE)
    clause = notices(**({} if "missed" in asked else asked))
    ways = asked.get("missed", ())
    state = State(clause=clause, zone=ZONE, number=1, fee=Decimal(12000), currency="EUR", missed=ways)
    found = revenue.exact(state, now=now, until=day("2028-06-30"))
    months = [month for month, _currency, sureness in found if sureness is revenue.Sureness.LOCKED_IN]
    assert f"{max(months):%Y-%m}" == locked_until


@pytest.mark.parametrize(
    ("ways", "refund", "source"),
    [
        pytest.param(False, "0.00", "notice_clause", id="on-an-ordinary-notice-the-clause-decides"),
        pytest.param(True, "6049.32", chatel.SOURCE, id="never-reminded-what-is-prepaid-comes-back"),
    ],
)
def test_a_quote_for_the_free_way_out_gives_back_what_is_prepaid(ways, refund, source):
    fee = Money(Decimal(12000), "EUR")
    exit_on = day("2026-06-30")
    terms = whatif.billing.priced_terms(
        notices(), annual=lambda _number: fee, starts_on=exit_on, ends_on=day("2027-01-01")
    )
    nothing = Money(Decimal(0), "EUR")
    standing = quotes.Standing(terms, exit_on, fee, nothing, free_of_charge=ways)
    clause = ExitClause(rate=None, refunds=False, law=notices().law, concluded_on=day("2025-12-01"))
    found = quotes.quote(clause, standing, exit_on=exit_on, ground=None)
    (penalty,) = [one for one in found.lines if one.kind is quotes.LineKind.PENALTY]
    assert (str(found.refund.amount), penalty.explanation.source) == (refund, source)
    back = [one.explanation.source for one in found.lines if one.kind is quotes.LineKind.REFUND]
    assert back == [source] * ways


def test_the_reminder_that_counts_is_the_last_in_the_window():
    window = chatel.window(day("2026-12-31"), length=3, unit=NoticeUnit.MONTHS)
    days = [day("2026-05-01"), day("2026-07-01"), day("2026-07-15"), day("2026-09-20")]
    assert chatel.counted(window, days) == day("2026-07-15")
    assert chatel.counted(window, [days[0], days[3]]) == days[3]
    assert chatel.counted(window, []) is None


def test_a_way_without_a_day_names_no_end():
    why = Explanation("chatel", 1, {}, (), "")
    ways = (Missed(1, day("2026-08-30"), Reminded(in_window=False, free_exit_from=None, explanation=why)),)
    begun = day("2026-10-01")
    assert worth.named_end(notices(), day("2027-05-20"), earliest=begun, missed=ways) is None
    assert worth.named_end(notices(), day("2026-10-15"), earliest=begun, missed=missed()) is None


def test_the_next_end_before_the_way_opens_is_the_one_that_it_brings():
    on, exit_on = day("2026-11-01"), day("2026-12-15")
    assert quotes.next_end(notices(), on=on, exit_on=exit_on) == day("2027-12-31"), "too late for 2026"
    assert quotes.next_end(notices(), on=on, exit_on=exit_on, missed=missed()) == day("2026-12-31")
