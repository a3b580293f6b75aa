"""Quotes are kept, told on one page, accepted once within their validity; terminations have ground, proof and price."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from accounts import tenancy
from accounts.enums import DocumentKind
from accounts.errors import InvalidInput, Refused
from accounts.operations import documents
from contracts import papers
from contracts.enums import NoticeParty, TerminationGround
from contracts.models import Quote, Termination
from contracts.operations import payments, quotes, signing, terminations
from tests.contracts.agreements import TERMS, a_draft, a_signed_contract, at
from tests.contracts.operations.lives import at_once, fresh, give, live_until, terms_of, trail
from tests.contracts.operations.test_statements import lines_of
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
BY = "user:manager"
G, CLIENT, VENDOR = TerminationGround, NoticeParty.CLIENT, NoticeParty.VENDOR
CLAUSE = {
    "early_exit_rate": Decimal("0.5"),
    "early_exit_refunds": True,
    "early_exit_disclosed_on": date(2024, 11, 1),
}


def an_active_contract(*, paid="12000", **values):
    contract = a_signed_contract(an_organization(), **{**CLAUSE, **values})
    live_until("2025-01-02")
    if Decimal(paid):
        with tenancy.vendor():
            payments.record(
                contract,
                reference="B-1",
                paid_on=date(2025, 1, 2),
                amount=Decimal(paid),
                currency="EUR",
                now=at("2025-01-02"),
                by=BY,
            )
    return fresh(contract)


def make(contract, exit_on="2025-06-30", ground=G.CONVENIENCE, *, on="2025-03-01", **more):
    with tenancy.vendor():
        return quotes.make(contract, exit_on=date.fromisoformat(exit_on), ground=ground, now=at(on), by=BY, **more)


def accept(quote, on="2025-03-10", hour=12):
    with tenancy.vendor():
        return quotes.accept(Quote.objects.select_related("contract").get(pk=quote.pk), now=at(on, hour), by=BY)


def a_proof(contract):
    return documents.store(
        contract.organization,
        BytesIO(b"%PDF proof"),
        kind=DocumentKind.OTHER,
        filename="proof.pdf",
        content_type="application/pdf",
        now=at("2025-03-01"),
        by=BY,
    )


def terminate(
    contract, ground=G.CONVENIENCE, *, party=CLIENT, on="2025-03-01", last_day="2025-06-30", proof=True, **more
):
    with tenancy.vendor():
        return terminations.terminate(
            contract,
            ground=ground,
            party=party,
            declared_on=date.fromisoformat(on),
            last_day=date.fromisoformat(last_day),
            now=at(more.pop("now", on)),
            by=BY,
            proof=a_proof(contract) if proof else None,
            **more,
        )


def test_a_quote_is_kept_as_it_was_told():
    contract = an_active_contract()
    quote = make(contract)
    assert (quote.penalty, quote.refund, quote.total) == (Decimal("3024.66"), Decimal("3024.66"), Decimal("-3024.66"))
    assert (quote.quoted_on, quote.valid_until) == (date(2025, 3, 1), date(2025, 3, 31))
    assert [line["kind"] for line in quote.lines] == ["fee_remaining", "penalty", "set_off", "refund"]
    assert [(item["code"], item["on"]) for item in quote.checklist][-1] == ("erasure", "2025-07-31")
    assert (fresh(contract).ends_on, trail(contract)[0]["contract.quoted"]) == (None, 1)


def test_payments_reach_the_term_of_the_exit_through_those_before():
    contract = an_active_contract(paid="15000")
    live_until("2026-01-02")
    quote = make(contract, "2026-06-30", on="2026-03-01")
    # 3,000 of the second year are paid; its first half costs 5,950.68.
    assert {line["kind"]: line["amount"] for line in quote.lines}["arrears"] == "2950.68"


def test_an_accepted_quote_ends_the_contract_and_settles_it():
    contract = an_active_contract()
    quote = accept(make(contract))
    ended = fresh(contract)
    assert (ended.ends_on, str(ended.paid_until), quote.accepted_by) == (date(2025, 7, 1), "2025-07-01", BY)
    assert lines_of(contract)[1:] == [
        ("credit", "2025-07-01", "2026-01-01", "-6049.32"),
        ("penalty", "2025-07-01", "2026-01-01", "3024.66"),
        ("refund", "2025-07-01", "2026-01-01", "3024.66"),
    ]
    with tenancy.vendor():
        termination = Termination.objects.select_related("proof").get()
        assert (termination.ground, termination.source) == ("convenience", quote.public_id)
        assert termination.proof.content_type == "application/pdf"
    live_until("2025-07-02")
    assert (fresh(contract).status, fresh(contract).end_reason) == ("ended", "convenience")


@pytest.mark.parametrize(
    ("on", "hour", "code"),
    [
        pytest.param("2025-03-31", 12, None, id="on-its-last-day"),
        pytest.param("2025-03-31", 21, None, id="in-its-last-hour-in-paris"),
        pytest.param("2025-03-31", 22, "quote_expired", id="from-midnight-on-in-paris"),
        pytest.param("2025-04-01", 12, "quote_expired", id="the-day-after"),
    ],
)
def test_a_quote_is_accepted_within_its_validity(on, hour, code):
    quote = make(an_active_contract())
    if code is None:
        assert accept(quote, on, hour).accepted_at is not None
        return
    with pytest.raises(Refused) as refused:
        accept(quote, on, hour)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("concluded_on", "disclosed_on", "penalty", "marks"),
    [
        pytest.param("2025-09-12", None, "0.00", (True, False), id="never-disclosed-it-is-blocked"),
        pytest.param("2025-09-12", "2025-09-13", "0.00", (True, False), id="a-day-late-it-is-blocked"),
        pytest.param("2025-09-12", "2025-09-12", "3024.66", (False, False), id="disclosed-it-is-asked"),
        pytest.param("2025-09-11", None, "3024.66", (False, True), id="of-an-older-contract-it-is-flagged"),
    ],
)
def test_the_early_exit_fee_goes_by_what_the_stored_contract_disclosed(concluded_on, disclosed_on, penalty, marks):
    dates = {"concluded_on": concluded_on, "starts_on": "2026-01-01", "early_exit_disclosed_on": disclosed_on}
    days = {name: None if day is None else date.fromisoformat(day) for name, day in dates.items()}
    with tenancy.vendor():
        values = {**TERMS, **CLAUSE, **days}
        draft = signing.draft(an_organization(), now=at("2025-10-01"), by=BY, **values)
        contract = signing.sign(draft, now=at("2025-10-01"), by=BY)
    live_until("2026-01-02")
    quote = make(contract, "2026-06-30", on="2026-03-01")
    assert (str(quote.penalty), (quote.blocked, quote.flagged)) == (penalty, marks)
    accept(quote, "2026-03-10")
    assert [line[-1] for line in lines_of(contract) if line[0] == "penalty"] == [penalty] * (penalty != "0.00")


def test_a_quote_is_never_valid_beyond_its_exit():
    assert make(an_active_contract(), "2025-03-05").valid_until == date(2025, 3, 5)


@pytest.mark.parametrize(
    ("values", "asked", "code"),
    [
        pytest.param({"early_exit_rate": None}, {}, "quote_not_acceptable", id="no-right-to-leave"),
        pytest.param({}, {"ground": G.SWITCHING}, "quote_not_acceptable", id="a-switch-goes-its-own-way"),
        pytest.param({}, {"ground": None, "exit_on": "2025-12-31"}, "quote_not_acceptable", id="on-notice"),
    ],
)
def test_what_only_informs_is_not_accepted(values, asked, code):
    quote = make(an_active_contract(**values), **asked)
    with pytest.raises(Refused) as refused:
        accept(quote)
    assert refused.value.code == code


def test_a_contract_that_ends_before_accepts_no_quote():
    contract = an_active_contract()
    first, second = make(contract, "2025-06-30"), make(contract, "2025-05-31")
    accept(second)
    with pytest.raises(Refused) as refused:
        accept(first)
    assert refused.value.code == "ends_before"
    with pytest.raises(InvalidInput) as wrong:
        make(contract, "2025-06-30")
    assert wrong.value.errors[0].code == "ends_before"


def test_two_accept_one_quote_once():
    contract = an_active_contract()
    quote = make(contract)
    done, refused = at_once(
        lambda: quotes.accept(Quote.objects.select_related("contract").get(pk=quote.pk), now=at("2025-03-10"), by=BY)
    )
    assert (done, refused) == (1, ["quote_not_acceptable"])
    assert trail(contract)[0]["contract.quote_accepted"] == 1
    assert len(lines_of(contract)) == 4


@pytest.mark.parametrize(
    ("asked", "field", "code"),
    [
        pytest.param({"exit_on": "2025-02-28"}, "exit_on", "in_the_past", id="exit-in-the-past"),
        pytest.param({"ground": None}, "exit_on", "not_an_end", id="no-end-on-that-day"),
        pytest.param({"valid_until": date(2025, 2, 28)}, "valid_until", "in_the_past", id="validity-in-the-past"),
        pytest.param({"ground": G.AGREEMENT, "agreed": Decimal(-1)}, "agreed", "negative", id="negative-agreement"),
    ],
)
def test_what_has_no_answer_is_refused(asked, field, code):
    with pytest.raises(InvalidInput) as refused:
        make(an_active_contract(), **asked)
    assert [(one.field, one.code) for one in refused.value.errors] == [(field, code)]


def test_a_draft_is_not_quoted():
    draft = a_draft(an_organization())
    with pytest.raises(Refused):
        make(draft)


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Quote"), ("fr", ""), ("pl", ""), ("de", "Quote"), ("xx", "Quote")]
)
def test_the_quote_is_one_page_with_its_checklist(language, title):
    contract = an_active_contract()
    quote = make(contract, ground=G.AGREEMENT)
    with tenancy.vendor():
        content = papers.quote(quote, contract, language=language)
    pages = PdfReader(BytesIO(content)).pages
    text = pages[0].extract_text()
    assert len(pages) == 1 and title in text and contract.reference in text
    assert str(quote.public_id) in text and "3" in text


@pytest.mark.parametrize(
    ("ground", "party", "reason", "penalty"),
    [
        pytest.param(G.CONVENIENCE, CLIENT, "convenience", "3024.66", id="convenience"),
        pytest.param(G.VENDOR_BREACH, CLIENT, "breach", None, id="vendor-s-breach"),
        pytest.param(G.CLIENT_BREACH, VENDOR, "breach", "3024.66", id="client-s-breach"),
        pytest.param(G.AGREEMENT, VENDOR, "agreement", "3024.66", id="agreement"),
        pytest.param(G.IMMEDIATE, CLIENT, "immediate", None, id="immediate-by-the-client"),
        pytest.param(G.IMMEDIATE, VENDOR, "immediate", "3024.66", id="immediate-by-the-vendor"),
    ],
)
def test_a_termination_ends_the_contract_on_its_ground(ground, party, reason, penalty):
    contract = an_active_contract()
    terminate(contract, ground, party=party)
    assert {kind: amount for kind, _from, _to, amount in lines_of(contract)}.get("penalty") == penalty
    live_until("2025-07-01")
    assert (fresh(contract).status, fresh(contract).end_reason) == ("ended", reason)
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01")]


@pytest.mark.parametrize(
    ("asked", "field", "code"),
    [
        pytest.param({"proof": False}, "proof", "missing", id="convenience-unproved"),
        pytest.param(
            {"proof": False, "on": "2025-01-05", "last_day": "2025-01-31", "now": "2025-06-01"},
            "proof",
            "missing",
            id="convenience-backdated-unproved",
        ),
        pytest.param({"ground": G.AGREEMENT, "proof": False}, "proof", "missing", id="agreement-unproved"),
        pytest.param({"ground": G.VENDOR_BREACH, "proof": False}, "proof", "missing", id="breach-unproved"),
        pytest.param({"ground": G.CLIENT_BREACH}, "party", "not_this_side", id="client-declares-its-own-breach"),
        pytest.param({"party": VENDOR}, "party", "not_this_side", id="vendor-leaves-for-convenience"),
        pytest.param({"agreed": Decimal(1)}, "agreed", "not_agreed", id="agreed-without-agreement"),
        pytest.param({"on": "2025-03-02", "now": "2025-03-01"}, "declared_on", "in_the_future", id="tomorrow"),
        pytest.param({"last_day": "2025-02-28"}, "last_day", "before_declaration", id="backdated-end"),
        pytest.param(
            {"on": "2024-11-30", "now": "2025-03-01"},
            "declared_on",
            "before_the_contract",
            id="before-it-was-concluded",
        ),
    ],
)
def test_a_termination_that_cannot_be_is_refused(asked, field, code):
    contract = an_active_contract()
    with pytest.raises(InvalidInput) as refused:
        terminate(contract, **asked)
    assert [(one.field, one.code) for one in refused.value.errors] == [(field, code)]


@pytest.mark.parametrize(
    ("values", "ground", "code"),
    [
        pytest.param({"early_exit_rate": None}, G.CONVENIENCE, "no_right_to_leave", id="no-right"),
        pytest.param({}, G.SWITCHING, "by_switching_case", id="switching"),
    ],
)
def test_a_termination_without_a_right_is_refused(values, ground, code):
    contract = an_active_contract(**values)
    with pytest.raises(Refused) as refused:
        terminate(contract, ground)
    assert refused.value.code == code


def test_a_termination_is_taken_back_by_agreement_before_it_takes_effect():
    contract = an_active_contract()
    terminate(contract)
    with tenancy.vendor():
        termination = Termination.objects.select_related("contract").get()
        terminations.revert(termination, proof=a_proof(contract), now=at("2025-06-30"), by=BY)
    again = fresh(contract)
    assert (again.ends_on, str(again.paid_until)) == (None, "2026-01-01")
    assert [kind for kind, *_ in lines_of(contract)] == ["fee"]
    with tenancy.vendor(), pytest.raises(Refused) as refused:
        terminations.revert(termination, proof=None, now=at("2025-06-30"), by=BY)
    assert refused.value.code == "no_termination"
    live_until("2026-01-02")
    assert len(terms_of(contract)) == 2


def test_a_termination_that_took_effect_is_not_taken_back():
    contract = an_active_contract()
    terminate(contract)
    with tenancy.vendor(), pytest.raises(Refused) as refused:
        termination = Termination.objects.select_related("contract").get()
        terminations.revert(termination, proof=None, now=at("2025-07-01"), by=BY)
    assert refused.value.code == "no_termination"


def test_two_terminate_once():
    contract = an_active_contract()
    with tenancy.vendor():
        proof = a_proof(contract)

    def act():
        terminations.terminate(
            contract,
            ground=G.CONVENIENCE,
            party=CLIENT,
            declared_on=date(2025, 3, 1),
            last_day=date(2025, 6, 30),
            now=at("2025-03-01"),
            by=BY,
            proof=proof,
        )

    assert at_once(act) == (1, ["ends_before"])
    assert trail(contract)[0]["contract.terminated"] == 1


def test_an_earlier_exit_counts_beside_a_notice():
    contract = an_active_contract()
    give(contract, "2025-02-01")
    accept(make(contract))
    assert fresh(contract).ends_on == date(2025, 7, 1)
