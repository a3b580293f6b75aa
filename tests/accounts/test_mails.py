"""The mails: who is told what, in which language and words, and that nothing in them breaks a header."""

import email
import email.policy
import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from django.template.loader import get_template

from accounts import tenancy
from accounts.enums import Role
from accounts.models import Organization, OutboxMessage
from accounts.operations import delivery
from accounts.templatetags import terme
from tests.accounts.parties import NOW, a_member, an_announcement
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ROOT = Path(__file__).resolve().parent.parent.parent
MAILS = sorted(path.stem for path in (ROOT / "templates" / "mail").glob("*.txt") if path.stem != "base")
SWITCH = {"notice_end": "2027-02-01", "transition_end": "2027-03-03", "erase_from": "2027-04-03", "status": "notified"}
# What an announcement of each topic carries (the operations that publish it say so).
PAYLOADS = {
    "contract.signed": {"starts_on": "2026-01-01"},
    "contract.notice_given": {"judgment": "in_time", "ends_on": "2027-01-01", "notice": "n"},
    "contract.renewal_certain": {"number": 2, "certain_at": "2026-10-01T00:00:00+02:00"},
    "contract.renewed": {"number": 2, "starts_on": "2027-01-01"},
    "contract.ended": {"ended_on": "2027-01-01", "reason": "notice"},
    "contract.notice_reminder": {
        "contract": "C-1",
        "last_notice_on": "2026-09-30",
        "term_ends_on": "2027-01-01",
        "days_left": 30,
        "tells_client": False,
    },
    "contract.chatel_reminder": {"contract": "C-1", "deadline": "2026-09-30", "ends_on": "2027-01-01"},
    "contract.chatel_missed": {"contract": "C-1", "closes": "2026-08-30", "free_from": "2027-01-01"},
    "contract.chatel_unreachable": {"closes": "2026-08-30"},
    "intake.acknowledged": {
        "notices": [
            {"contract": "C-1", "judgment": "in_time", "ends_on": "2027-01-01"},
            {"contract": "C-2", "judgment": "not_entitled", "ends_on": None},
        ]
    },
    "intake.asked_back": {"received_on": "2026-09-30"},
    "offer.sent": {"number": 2, "starts_on": "2027-01-01", "valid_until": "2026-11-30"},
    "offer.accepted": {"number": 2, "starts_on": "2027-01-01", "valid_until": "2026-11-30"},
    **{
        f"switching.{act}": SWITCH
        for act in ("opened", "unfeasible_told", "extended", "completed", "withdrawn", "unfinished", "choice_asked")
    },
    "licences.suspended": {"users": 3},
    "licensed_user.warned": {"action": "suspend", "acts_at": "2026-03-15T12:00:00+00:00"},
    "access_rule.found": {"users": 2, "acts_at": "2026-03-15T12:00:00+00:00"},
    "access_rule.stopped": {"people": 20, "limit": 5},
    "deletion_request.opened": {"erase_from": "2026-01-30T23:00:00+00:00"},
    "deletion_request.blocked": {"codes": ["legal_hold", "contract_open"]},
    "deletion_request.due_soon": {"erase_by": "2026-03-15T22:00:00+00:00", "codes": ["not_approved"], "late": False},
    "deletion_request.escalated": {"erase_by": "2026-03-15T22:00:00+00:00", "codes": [], "late": True},
    "export.made": {"ends_at": "2026-06-13T12:00:00+00:00"},
    "legal_hold.placed": {"ground": "law"},
    "erasure.residue_found": {"hits": 2},
    "erasure.stores_not_searched": {"stores": 2},
    "erasure.partially_done": {"stores": 2, "switched_off": 1},
    "legal_hold.review_due": {"review_on": "2026-03-15", "asked_on": "2026-03-15"},
    "manual_erasure.asked": {"due_at": "2026-03-15T12:00:00+00:00"},
    "manual_erasure.overdue": {"due_at": "2026-03-15T12:00:00+00:00", "asked_on": "2026-03-15"},
    "delivery.given_up": {"topic": "contract.signed"},
    "webhook_endpoint.disabled": {"reason": "failing", "given_up": 2},
}
SIGNED = "contract.signed"
# About a person's own sign-in: told to nobody but whom the announcement names (tests/accounts/signin).
PRIVATE = {topic for topic in MAILS if topic.startswith("user.")}
# Told of a request that somebody made about their data, to that person or with its facts (tests/retention).
OF_REQUESTS = {topic for topic in MAILS if topic.startswith("subject_request.")}


def letters(topic, organization, payload=None):
    message = an_announcement(topic, organization, payload=PAYLOADS.get(topic) if payload is None else payload)
    with tenancy.vendor():
        return delivery.letters(message)


# Who is told.


@pytest.mark.parametrize(
    ("topic", "told"),
    [
        ("contract.signed", {"client_administrator", "authorised_contact", "client_finance", "contract_manager"}),
        (
            "deletion_request.opened",
            {
                "client_administrator",
                "authorised_contact",
                "client_privacy_officer",
                "contract_manager",
                "privacy_officer",
            },
        ),
        (
            "switching.choice_asked",
            {
                "client_administrator",
                "authorised_contact",
                "client_privacy_officer",
                "contract_manager",
                "privacy_officer",
            },
        ),
        ("export.made", {"client_administrator", "authorised_contact", "client_privacy_officer", "privacy_officer"}),
        ("licences.suspended", {"client_administrator", "authorised_contact", "contract_manager", "support"}),
        ("erasure.residue_found", {"privacy_officer"}),
        ("erasure.partially_done", {"privacy_officer"}),
        ("delivery.given_up", {"privacy_officer"}),
    ],
)
def test_each_topic_is_told_to_its_audience_and_never_next_door(topic, told):
    organization, neighbour = an_organization(), an_organization()
    for role in Role:
        client = role.value not in {
            "administrator",
            "contract_manager",
            "support",
            "privacy_officer",
            "finance",
            "auditor",
        }
        a_member(role, organization if client else None, email=f"{role.value}@example.org")
        if client:
            a_member(role, neighbour, email=f"{role.value}@neighbour.example")
    assert {letter.to for letter in letters(topic, organization)} == {f"{role}@example.org" for role in told}


def test_who_left_is_told_nothing_and_who_holds_two_roles_is_told_once():
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization, is_active=False)
    both = a_member(Role.AUTHORISED_CONTACT, organization)
    with tenancy.vendor():
        both.memberships.create(organization=organization, role=Role.CLIENT_ADMINISTRATOR.value, created_at=NOW)
    assert [letter.to for letter in letters(SIGNED, organization)] == [both.email]


def test_a_topic_nobody_thought_of_never_goes_to_a_client():
    assert delivery.DEFAULT_AUDIENCE.client == ()


# What they read.


def test_every_mail_has_an_audience_and_every_audience_a_mail():
    assert set(MAILS) - PRIVATE == set(delivery.AUDIENCE)


def test_every_mail_is_about_something_that_is_announced():
    sources = "".join(
        path.read_text()
        for app in ("accounts", "contracts", "retention")
        for path in (ROOT / app).rglob("operations/*.py")
    )
    assert [topic for topic in MAILS if f'"{topic}"' not in sources] == []


@pytest.mark.parametrize("language", ["en", "fr", "pl", "de"])
@pytest.mark.parametrize("topic", [topic for topic in MAILS if topic not in PRIVATE | OF_REQUESTS])
def test_every_mail_has_a_subject_a_body_its_reader_and_one_link(topic, language):
    organization = an_organization(name="Société <Été> & Fils")
    reader = a_member(Role.PRIVACY_OFFICER, name="Łucja O'Neil & Co", language=language)
    manager = a_member(Role.CONTRACT_MANAGER, name="Łucja O'Neil & Co", language=language)
    for letter in letters(topic, organization):
        assert letter.to in {reader.email, manager.email}
        assert letter.subject
        assert "\n" not in letter.subject
        if topic != "delivery.given_up":
            assert "Société <Été> & Fils" in letter.subject, "plain text: nothing is escaped"
        assert "Łucja O'Neil & Co" in letter.body.splitlines()[0]
        assert re.findall(r"https?://\S+", letter.body) == ["http://testserver/admin/"]
        assert "\n\n\n" not in letter.body
        assert not re.search(r"[{%]|None|&amp;", letter.body)
        assert all(len(line) < 400 for line in letter.body.splitlines())


@pytest.mark.parametrize(
    ("topic", "payload", "shown"),
    [
        pytest.param("contract.signed", {"starts_on": "2026-01-01"}, "1 Jan 2026", id="first-day-is-inclusive"),
        pytest.param("contract.renewed", {"starts_on": "2027-01-01", "number": 2}, "1 Jan 2027", id="term-begins"),
        pytest.param("contract.ended", {"ended_on": "2027-01-01"}, "31 Dec 2026", id="an-end-shows-the-last-day"),
        pytest.param(
            "contract.notice_given",
            {"judgment": "late", "ends_on": "2024-03-01"},
            "29 Feb 2024",
            id="notice-shows-the-last-day",
        ),
        pytest.param(
            "deletion_request.opened",
            {"erase_from": "2026-01-30T23:00:00+00:00"},
            "31 Jan 2026, 00:00 (Europe/Paris)",
            id="erasure-is-possible-in-the-clients-zone",
        ),
    ],
)
def test_dates_are_shown_as_people_count_them(topic, payload, shown):
    organization = an_organization()
    a_member(Role.CONTRACT_MANAGER)
    (letter,) = letters(topic, organization, payload)
    assert shown in letter.body


def test_a_rule_without_a_warning_period_announces_no_day_to_act_before():
    organization = an_organization()
    a_member(Role.CLIENT_ADMINISTRATOR, organization)
    announced = an_announcement("access_rule.found", organization, payload={})
    (letter,) = letters("access_rule.found", organization, {"users": 1, "acts_at": announced.occurred_at.isoformat()})
    assert "found 1 user. It acts at once" in letter.body and "Until then" not in letter.body
    later = announced.occurred_at + timedelta(days=14)
    (letter,) = letters("access_rule.found", organization, {"users": 2, "acts_at": later.isoformat()})
    assert "It acts on " in letter.body and "Until then" in letter.body


def test_erasure_only_has_no_transition():
    organization = an_organization()
    a_member(Role.PRIVACY_OFFICER)
    (letter,) = letters("switching.opened", organization, {**SWITCH, "transition_end": None})
    assert "1 Feb 2027" in letter.body and "3 Apr 2027" in letter.body
    assert "transition" not in letter.body and "\n\n\n" not in letter.body


def test_each_judgment_reads_differently_and_one_without_effect_shows_no_day():
    organization = an_organization()
    a_member(Role.CONTRACT_MANAGER)
    texts = {
        judgment: letters("contract.notice_given", organization, {"judgment": judgment, "ends_on": ends_on})[0].body
        for judgment, ends_on in [
            ("in_time", "2027-01-01"),
            ("late", "2027-01-01"),
            ("premature", "2027-01-01"),
            ("not_entitled", None),
        ]
    }
    assert len(set(texts.values())) == 4
    assert [judgment for judgment, text in texts.items() if "last day of the contract" in text] == [
        "in_time",
        "late",
        "premature",
    ]


def test_each_reader_is_told_in_their_own_language_and_german_falls_back_to_english_entirely():
    organization = an_organization()
    for language in ("en", "fr", "pl", "de"):
        a_member(
            Role.AUTHORISED_CONTACT, organization, email=f"{language}@client.example", name="Same", language=language
        )
    found = {letter.to[:2]: letter for letter in letters("contract.ended", organization, {"ended_on": "2027-05-01"})}
    assert "30 Apr 2027" in found["en"].body
    assert "30 avril 2027" in found["fr"].body
    assert "30 kwietnia 2027" in found["pl"].body
    assert (found["de"].subject, found["de"].body) == (found["en"].subject, found["en"].body)


# What is on the wire.


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("Client\nBcc: all@example.org", id="newline"),
        pytest.param("Client\r\nBcc: all@example.org\r\n\r\nBody", id="carriage-return"),
        pytest.param("Client\x00Bcc: all@example.org", id="nul"),
        pytest.param("Client\u2028Bcc: all@example.org\x85Cc: x@example.org\x0b", id="other-line-ends"),
        pytest.param("=?utf-8?q?Bcc=3A?= \N{RIGHT-TO-LEFT OVERRIDE}gro", id="encoded-word-and-direction"),
    ],
)
def test_a_name_cannot_break_the_headers(name):
    reader = a_member(Role.CONTRACT_MANAGER)
    message = OutboxMessage(
        organization=Organization(pk=1, name=name), topic=SIGNED, payload=PAYLOADS[SIGNED], subject_type="Contract"
    )
    with tenancy.vendor():
        (letter,) = delivery.letters(message)
    sent = EmailMessage(letter.subject, letter.body, "terme@example.org", [letter.to]).message().as_bytes()
    parsed = email.message_from_bytes(sent, policy=email.policy.default)
    assert sorted(parsed.keys()) == sorted(
        ["Subject", "From", "To", "Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
    )
    assert parsed["To"] == reader.email
    assert letter.subject.isprintable()


def test_the_mails_escape_nothing():
    assert "{% autoescape off %}" in get_template("mail/base.txt").template.source


# The filters.


@pytest.mark.parametrize(
    ("value", "last"),
    [
        ("2027-01-01", date(2026, 12, 31)),
        ("2024-03-01", date(2024, 2, 29)),
        (date(2025, 3, 1), date(2025, 2, 28)),
        (None, None),
        ("", None),
    ],
)
def test_the_last_day_is_the_one_before_an_exclusive_end(value, last):
    assert terme.last_day(value) == last


@pytest.mark.parametrize(
    ("read", "value"),
    [(terme.day, "31/12/2026"), (terme.last_day, "soon"), (terme.instant, "2026-01-01T00:00:00"), (terme.instant, "x")],
)
def test_what_is_no_day_and_no_instant_is_an_error_and_not_a_blank(read, value):
    with pytest.raises(ValueError):
        read(value)


def test_an_instant_keeps_its_offset():
    text = "2026-10-01T00:00:00+02:00"
    assert terme.instant(text) == datetime.fromisoformat(text)
    assert terme.instant(None) is terme.instant("") is None
