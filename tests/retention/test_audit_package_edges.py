"""What a package says at the edges: of a certificate after it was issued, of people who were written to, of hosts."""

from datetime import date, timedelta

import pytest

from accounts import tenancy
from accounts.models import OutboxMessage
from contracts.enums import ClauseCode
from contracts.models import Contract
from contracts.operations import clauses, signing
from retention.enums import DoubtReason, ExtensionReason, RefusalGround
from retention.operations import subject_decisions
from retention.operations.audit_package import instructions, notifications, register
from retention.operations.audit_package import processing as record
from retention.rules.audit_package import Span
from tests.admin.people import a_member
from tests.contracts.agreements import a_draft, a_signed_contract, at
from tests.contracts.operations.switches import a_proof
from tests.retention import asking
from tests.retention.packages import made, rows
from tests.retention.test_life import live_until
from tests.retention.under_contract import AFTER_GRACE, NOW, a_client, approved, asked, state_of
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
SOON = date(2025, 3, 3)


def test_a_request_is_in_the_period_in_which_its_certificate_became_complete():
    client = a_client()
    request = approved(asked(client, "ann-1"))
    for instant in (AFTER_GRACE, NOW + timedelta(days=10), NOW + timedelta(days=50)):
        live_until(instant)
    assert state_of(request) == "complete"

    def found(begins_on, ends_on):
        with tenancy.vendor():
            table, *_others = register.parts(Span(begins_on, ends_on), client)
            return [(one["request"], one["status"]) for one in table.rows]

    assert found(date(2025, 3, 1), date(2025, 3, 4)) == [(str(request.public_id), "complete")], "when it was certified"
    assert found(date(2025, 3, 12), date(2025, 3, 20)) == [], "nothing was said of it then"
    assert found(date(2025, 4, 1), date(2025, 5, 1)) == [(str(request.public_id), "complete")]
    package = made(Span(date(2025, 4, 1), date(2025, 5, 1)), client)
    registered = {one["request"] for one in rows(package, "request-register")}
    assert {one["request"] for one in rows(package, "certificates")} == registered
    assert "erasure.complete" in {one["name"] for one in rows(package, "request-events")}


@pytest.mark.parametrize(
    ("topic", "of_client", "payload", "recipients"),
    [
        ("subject_request.answered", True, {}, {"person"}),
        ("subject_request.decided", False, {}, {"privacy_officer"}),
        ("deletion_request.due_soon", True, {"tells_client": False}, {"contract_manager", "privacy_officer"}),
        (
            "certificate.issued",
            True,
            {},
            {
                "client_administrator",
                "authorised_contact",
                "client_privacy_officer",
                "contract_manager",
                "privacy_officer",
            },
        ),
        ("deletion_request.done", True, {}, set()),
        ("access_rule.found", True, {}, {"client_administrator"}),
        ("access_rule.found", False, {}, {"administrator"}),
        ("user.factor_added", False, {"only": "00000000-0000-4000-8000-000000000000"}, set()),
    ],
)
def test_a_mail_names_those_who_were_written_to_and_nobody_else(topic, of_client, payload, recipients, monkeypatch):
    monkeypatch.setattr(notifications, "TOPICS", (topic,))
    client = an_organization()
    with tenancy.vendor():
        OutboxMessage.objects.create(
            organization=client if of_client else None,
            topic=topic,
            subject_type="SubjectRequest",
            subject_id=client.public_id,
            payload=payload,
            occurred_at=NOW,
            next_attempt_at=NOW,
            delivered_at=NOW,
        )
        (told,) = notifications.part(Span(date(2025, 3, 1), SOON), None).rows
    assert set(told["recipient"].split()) == recipients
    assert (told["state"], told["told_at"]) == (("delivered", NOW.isoformat()) if recipients else ("not_mailed", None))


def test_who_has_no_address_was_not_mailed():
    client = an_organization()
    with tenancy.vendor():
        for topic in ("subject_request.answered", "subject_request.to_post"):
            OutboxMessage.objects.create(
                organization=client,
                topic=topic,
                subject_type="SubjectRequest",
                subject_id=client.public_id,
                payload={},
                occurred_at=NOW,
                next_attempt_at=NOW,
                delivered_at=NOW,
            )
        told = {row["topic"]: row for row in notifications.part(Span(date(2025, 3, 1), SOON), None).rows}
    answered, to_post = told["subject_request.answered"], told["subject_request.to_post"]
    assert (answered["recipient"], answered["state"], answered["told_at"]) == ("", "not_mailed", None)
    assert (to_post["recipient"], to_post["state"]) == ("privacy_officer", "delivered")


def test_what_the_client_decides_about_a_persons_request_is_in_the_instruction_log():
    client = asking.a_client()
    a_member("authorised_contact", client)
    row = asking.forwarded(client, asking.taken())
    with tenancy.vendor():
        subject_decisions.doubt(row, reason=DoubtReason.SEVERAL_PEOPLE, now=asking.NOW, by="user:client")
        subject_decisions.settle_doubt(row, now=asking.NOW, by="user:client")
        subject_decisions.extend(row, reason=ExtensionReason.COMPLEX, now=asking.NOW, by="user:client")
        subject_decisions.refuse(
            row, ground=RefusalGround.CLIENT_REFUSED, reasons="no", now=asking.NOW, by="user:client", for_client=False
        )
        day = asking.NOW.date()
        told = [one["name"] for one in instructions.part(Span(day, day + timedelta(days=1)), client).rows]
    assert [name.partition(".")[2] for name in told] == ["doubted", "doubt_settled", "extended", "refused"]


def test_the_record_names_the_hosts_of_the_period_and_none_of_a_draft():
    client = a_client()
    with tenancy.vendor():
        contract = Contract.objects.get(organization=client)
        for provider, location, recorded in (
            ("First", "FR", at("2025-02-01")),
            ("Second", "US", at("2025-06-01")),
            ("Third", "DE", at("2025-09-01")),
        ):
            value = {"provider": provider, "location": location}
            clauses.record(contract, code=ClauseCode.HOSTING, value=value, now=recorded, by="user:manager")
    draft = a_draft(client, reference="C-2")
    with tenancy.vendor():
        value = {"provider": "Never", "location": "US"}
        clauses.record(draft, code=ClauseCode.HOSTING, value=value, now=at("2025-02-01"), by="user:manager")

    def hosts(begins_on, ends_on):
        with tenancy.vendor():
            (row,) = record.part(Span(begins_on, ends_on), client).rows
            return row["sub_processors"], [one["name"] for one in row["transfers"]]

    assert hosts(date(2025, 3, 1), date(2025, 4, 1)) == (["First"], [])
    assert hosts(date(2025, 5, 1), date(2025, 7, 1)) == (["First", "Second"], ["Second"])
    assert hosts(date(2025, 7, 1), date(2025, 8, 1)) == (["Second"], ["Second"])
    assert hosts(date(2025, 10, 1), date(2026, 1, 1)) == (["Third"], [])


def test_the_record_names_of_a_contract_that_was_signed_later_what_it_said_since_then():
    client = an_organization()
    draft = a_draft(client)
    with tenancy.vendor():
        for provider, recorded in (("Crossed Out", at("2024-12-02")), ("Agreed", at("2025-02-01"))):
            value = {"provider": provider, "location": "FR"}
            clauses.record(draft, code=ClauseCode.HOSTING, value=value, now=recorded, by="user:manager")
        signing.sign(draft, now=at("2025-04-01"), by="user:manager")

    def hosts(begins_on, ends_on):
        with tenancy.vendor():
            (row,) = record.part(Span(begins_on, ends_on), client).rows
            return row["sub_processors"]

    assert hosts(date(2025, 1, 1), date(2025, 4, 1)) == [], "it bound nobody"
    assert hosts(date(2025, 1, 1), date(2025, 4, 2)) == ["Agreed"]


def said_in(contract, code, value, now, **more):
    with tenancy.vendor():
        clauses.record(contract, code=code, value=value, now=now, by="user:manager", **more)


def recorded_of(client, begins_on, ends_on):
    with tenancy.vendor():
        (row,) = record.part(Span(begins_on, ends_on), client).rows
        return row["sub_processors"], row["training_allowed"]


def test_the_record_names_nothing_that_a_contract_said_which_had_ended_while_another_one_says_it():
    client = an_organization()
    once = {"renewal_term_months": None, "auto_renews": False}
    for reference, starts_on, provider, trains in (
        ("C-1", date(2025, 1, 1), "Old", True),
        ("C-2", date(2026, 1, 1), "New", False),
    ):
        contract = a_signed_contract(client, reference=reference, starts_on=starts_on, **once)
        value = {"provider": provider, "location": "FR"}
        said_in(contract, ClauseCode.HOSTING, value, at("2024-12-03"))
        proof = a_proof(client, "2024-12-03")
        said_in(contract, ClauseCode.TRAINING_ALLOWED, trains, at("2024-12-03"), evidence=proof)
    live_until(at("2026-01-02"))
    assert recorded_of(client, date(2025, 12, 1), date(2026, 2, 1)) == (["New", "Old"], True)
    assert recorded_of(client, date(2026, 2, 1), date(2026, 3, 1)) == (["New"], False)
    live_until(at("2027-01-02"))
    assert recorded_of(client, date(2027, 1, 2), date(2027, 2, 1)) == (["New"], False), "it holds what is not erased"


def test_the_record_names_the_host_of_a_contract_that_was_noted_only_later():
    client = an_organization()
    contract = a_signed_contract(client)
    for provider, recorded in (("First", at("2026-02-01")), ("Second", at("2026-06-01"))):
        said_in(contract, ClauseCode.HOSTING, {"provider": provider, "location": "US"}, recorded)
    assert recorded_of(client, date(2025, 1, 1), date(2026, 1, 1)) == (["First"], False)
    assert recorded_of(client, date(2026, 5, 1), date(2026, 7, 1)) == (["First", "Second"], False)


def test_between_two_contracts_the_first_ones_host_has_what_is_not_erased():
    client = an_organization()
    once = {"renewal_term_months": None, "auto_renews": False}
    said_in(
        a_signed_contract(client, **once), ClauseCode.HOSTING, {"provider": "Old", "location": "FR"}, at("2024-12-03")
    )
    live_until(at("2026-01-02"))
    draft = a_draft(client, reference="C-2", starts_on=date(2026, 3, 1))
    said_in(draft, ClauseCode.HOSTING, {"provider": "New", "location": "FR"}, at("2026-02-10"))
    with tenancy.vendor():
        signing.sign(draft, now=at("2026-02-10"), by="user:manager")
    assert recorded_of(client, date(2026, 1, 10), date(2026, 2, 1)) == (["Old"], False)
    assert recorded_of(client, date(2026, 2, 1), date(2026, 3, 1)) == (["New", "Old"], False)
    assert recorded_of(client, date(2026, 3, 1), date(2026, 4, 1)) == (["New"], False)
