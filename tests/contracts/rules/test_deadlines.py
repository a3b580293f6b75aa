"""The deadlines of a contract's life: which lie ahead, which were met, each on its day and with its why."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from contracts.enums import ContractStatus, DeadlineKind, GoverningLaw, NoticeEffect, NoticeUnit
from contracts.rules import deadlines
from contracts.rules.deadlines import Life, LivedTerm, Met, Wanted
from contracts.rules.notice import NoticeClause
from contracts.rules.worth import ends_if_given

CONTRACT = uuid.uuid4()
AT = datetime(2025, 10, 1, tzinfo=UTC)


def day(text):
    return date.fromisoformat(text)


def a_clause(**values):
    return NoticeClause(
        **{
            "anchor": day("2025-01-01"),
            "first": 12,
            "renewal": 12,
            "length": 3,
            "unit": NoticeUnit.MONTHS,
            "effect": NoticeEffect.RECEIPT,
            "law": GoverningLaw.FR,
            "calendar_country": "FR",
            **values,
        }
    )


def a_life(clause=None, **values):
    return Life(
        **{
            "contract": CONTRACT,
            "clause": clause or a_clause(),
            "zone": "Europe/Paris",
            "status": ContractStatus.ACTIVE,
            "term_number": 1,
            "ends_on": None,
            "retrieval_days": 30,
            **values,
        }
    )


def said(life):
    """Return what lies ahead as {kind: (occurrence, last day)}."""
    return {
        one.kind.value: (one.occurrence, str(one.legal)) for one in deadlines.of_life(life) if isinstance(one, Wanted)
    }


RENEWING = {
    "last_notice": (1, "2025-09-30"),
    "renewal_certain": (2, "2025-10-01"),
    "renewal": (2, "2026-01-01"),
}


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        pytest.param(a_life(), RENEWING, id="renews"),
        pytest.param(a_life(status=ContractStatus.SIGNED), RENEWING, id="signed-foresees-the-same"),
        pytest.param(a_life(status=ContractStatus.DRAFT), {}, id="draft"),
        pytest.param(a_life(status=ContractStatus.CANCELLED), {}, id="cancelled"),
        pytest.param(
            a_life(lived={2: LivedTerm(AT, None)}), {"renewal": (2, "2026-01-01")}, id="certain-waits-for-the-start"
        ),
        pytest.param(
            a_life(term_number=2, lived={2: LivedTerm(AT, AT)}),
            {"last_notice": (2, "2026-09-30"), "renewal_certain": (3, "2026-10-01"), "renewal": (3, "2027-01-01")},
            id="next-term",
        ),
        pytest.param(
            a_life(ends_on=day("2026-01-01")),
            {"contract_end": (0, "2025-12-31"), "retrieval_end": (0, "2026-01-30")},
            id="ends-with-its-term",
        ),
        pytest.param(
            a_life(ends_on=day("2027-01-01")),
            {
                "renewal_certain": (2, "2025-10-01"),
                "renewal": (2, "2026-01-01"),
                "contract_end": (0, "2026-12-31"),
                "retrieval_end": (0, "2027-02-01"),
            },
            id="a-late-notice-renews-once-more",
        ),
        pytest.param(
            a_life(ends_on=day("2026-02-11"), prolongs=True),
            {"contract_end": (0, "2026-02-10"), "retrieval_end": (0, "2026-03-12")},
            id="a-switch-prolongs",
        ),
        pytest.param(
            a_life(a_clause(auto_renews=False), ends_on=day("2026-01-01")),
            {"contract_end": (0, "2025-12-31"), "retrieval_end": (0, "2026-01-30")},
            id="no-tacit-renewal",
        ),
        pytest.param(a_life(a_clause(renewal=None), term_number=2), {}, id="indefinite"),
        pytest.param(
            a_life(a_clause(commitment=24)),
            {"renewal_certain": (2, "2025-01-01"), "renewal": (2, "2026-01-01")},
            id="the-commitment-outlasts-the-term",
        ),
        pytest.param(
            a_life(status=ContractStatus.ENDED, ends_on=day("2026-01-01"), ended_at=AT),
            {"retrieval_end": (0, "2026-01-30")},
            id="ended",
        ),
        pytest.param(
            a_life(a_clause(anchor=day("2024-02-29")), term_number=4),
            {"last_notice": (4, "2027-11-28"), "renewal_certain": (5, "2027-11-29"), "renewal": (5, "2028-02-29")},
            id="29-february-returns-to-its-day",
        ),
    ],
)
def test_what_lies_ahead(life, expected):
    assert said(life) == expected


def test_the_terms_and_the_end_say_what_was_met():
    life = a_life(
        term_number=2,
        status=ContractStatus.ENDED,
        ends_on=day("2027-01-01"),
        ended_at=AT,
        lived={2: LivedTerm(AT, AT), 3: LivedTerm(AT, None)},
    )
    met = [(one.kind.value, one.occurrence) for one in deadlines.of_life(life) if isinstance(one, Met)]
    assert met == [
        ("last_notice", 1),
        ("renewal_certain", 2),
        ("renewal", 2),
        ("last_notice", 2),
        ("renewal_certain", 3),
        ("contract_end", 0),
    ]


@pytest.mark.parametrize(
    ("life", "kind", "due_at"),
    [
        pytest.param(a_life(), "last_notice", "2025-09-30T22:00", id="midnight-in-paris-in-summer"),
        pytest.param(a_life(zone="Pacific/Auckland"), "last_notice", "2025-09-30T11:00", id="ahead-of-utc"),
        pytest.param(a_life(ends_on=day("2026-01-01")), "contract_end", "2025-12-31T23:00", id="the-end"),
        pytest.param(
            # 30 September 2025 + a notice that lands on Sunday: the disputed reading of Polish law adds a day.
            a_life(
                a_clause(law=GoverningLaw.PL, calendar_country="PL", anchor=day("2025-03-01")), zone="Europe/Warsaw"
            ),
            "last_notice",
            "2025-12-01T23:00",
            id="not-over-before-the-reading-most-favourable",
        ),
    ],
)
def test_a_deadline_is_over_at_the_local_midnight_after_its_last_day(life, kind, due_at):
    found = {one.kind.value: one for one in deadlines.of_life(life) if isinstance(one, Wanted)}[kind]
    assert found.due_at == datetime.fromisoformat(due_at).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "life",
    [
        pytest.param(a_life(), id="renews"),
        pytest.param(a_life(a_clause(commitment=24)), id="committed"),
        pytest.param(a_life(a_clause(law=GoverningLaw.PL, calendar_country="PL")), id="polish"),
        pytest.param(
            a_life(
                ends_on=day("2026-01-01"), end_why=ends_if_given(a_clause(), on=day("2025-06-01")).explanation.to_json()
            ),
            id="under-notice",
        ),
        pytest.param(a_life(a_clause(auto_renews=False), ends_on=day("2026-01-01")), id="no-tacit-renewal"),
        pytest.param(a_life(ends_on=day("2026-01-01")), id="an-end-without-a-why"),
    ],
)
def test_every_deadline_is_explained_and_acted_on_in_time(life):
    found = [one for one in deadlines.of_life(life) if isinstance(one, Wanted)]
    assert found
    for one in found:
        assert one.explanation.steps and one.explanation.source and one.explanation.rule
        assert one.internal <= one.legal and one.subject == CONTRACT


def test_what_the_client_is_granted_passes_by_itself_and_the_vendors_plans_stay_with_the_vendor():
    found = {one.kind.value: one for one in deadlines.of_life(a_life()) if isinstance(one, Wanted)}
    assert {kind: one.lapses for kind, one in found.items()} == {
        "last_notice": True,
        "renewal_certain": False,
        "renewal": False,
    }
    assert not any(one.vendor_only for one in found.values())
    assert DeadlineKind.SEND_BY in deadlines.VENDOR_ONLY


def test_after_a_switch_its_own_deadlines_say_how_long_the_data_stay():
    ended = a_life(ends_on=day("2026-01-01"))
    kinds = [[one.kind.value for one in deadlines.of_end(life)] for life in (ended, replace(ended, switched=True))]
    assert kinds == [["contract_end", "retrieval_end"], ["contract_end"]]
