"""What is under way on the day of the demo: letters, an offer, a quote, a switch, an uplift, suspensions, a rule."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO

from accounts import tenancy
from accounts.enums import DocumentKind, Language, LicenceStatus, RuleAction, RuleMode, SuspensionReason
from accounts.models import Document, LicensedUser, Organization
from accounts.operations import access_rules, activity, bulk, documents
from accounts.rules.licence_states import Act
from contracts.enums import ContractSuspension, NoticeChannel, NoticeKind, SwitchKind, TerminationGround
from contracts.letters import reader
from contracts.models import Contract, IndexSeries
from contracts.operations import amendments, indices, intakes, offers, outgoing, quotes, suspension, switching
from contracts.rules.days import add_months
from contracts.rules.periods import local_day
from retention.enums import RequestKind, SubjectChannel
from retention.operations import subject_requests
from retention.operations.subject_facts import Facts

SERIES = "DEMO-SERVICES"
MONTHS = 24
"""How many months of the index are published."""
DELAY = 2
"""How many months after its month a value comes out."""


def publish_index(today: date, *, now: datetime, by: str) -> IndexSeries:
    """Name an invented index of the prices of services, and import its monthly values."""
    with tenancy.vendor():
        series = indices.create(
            code=SERIES,
            name="Demo index of the prices of business services (invented)",
            publisher="Demo statistics office",
            country="FR",
            periodicity="month",
            unit="2020 = 100",
            now=now,
            by=by,
        )
        last = add_months(today.replace(day=1), -DELAY)
        lines = ["series,period,value,published_on"]
        for month in range(MONTHS):
            period = add_months(last, month - MONTHS + 1)
            published = add_months(period, DELAY).replace(day=1)
            lines.append(f"{SERIES},{period},{Decimal('118.4') + Decimal(month) / 4},{published}")
        indices.run("\n".join(lines).encode(), now=now, by=by)
    return series


def go_on(today: date, *, now: datetime, by: str) -> None:
    """Bring what has been begun and not finished to where it stands on the demo's day."""
    with tenancy.vendor():
        _letters(now=now, by=by)
        _a_person_asks(now=now, by=by)
        offer = offers.make(
            _contract("SMJ-4/2"),
            values={"annual_fee": Decimal("59900.00"), "renewal_term_months": 24},
            valid_until=today + timedelta(days=60),
            now=now,
            by=by,
        )
        offers.send(offer, now=now, by=by)
        outgoing.draft(
            _contract("MBH-24-12"),
            kind=NoticeKind.NON_RENEWAL,
            channel=NoticeChannel.REGISTERED_LETTER,
            last_day=None,
            now=now,
            by=by,
        )
        quotes.make(
            _contract("LR-GROUPE"),
            exit_on=today + timedelta(days=180),
            ground=TerminationGround.CONVENIENCE,
            now=now,
            by=by,
        )
        leaving = _contract("AB-0009")
        switching.open_case(
            leaving,
            kind=SwitchKind.PROVIDER,
            destination="Nuage du Levant SARL",
            received_on=local_day(now, leaving.time_zone) - timedelta(days=9),
            proof=_proof(leaving, "changement-de-fournisseur.txt", now=now, by=by),
            now=now,
            by=by,
        )
        growing = _contract("ZMB/8/31")
        if growing.term_ends_on is None:
            raise LookupError("the demo's contract that grows runs in a term with an end")
        amendments.record(
            growing,
            values={"annual_fee": Decimal("330000.00")},
            agreed_on=local_day(now, growing.time_zone),
            valid_from=growing.term_ends_on,
            proof=_proof(growing, "aneks-1.txt", now=now, by=by),
            now=now,
            by=by,
        )
        suspension.suspend(_contract("LGT-1"), reason=ContractSuspension.NON_PAYMENT, now=now, by=by)
        _access(_contract("SMJ-4/2").organization, now=now, by=by)


def _access(organization: Organization, *, now: datetime, by: str) -> None:
    """Let a client keep out some of its people by bulk work, which can be taken back, and have a rule to be looked at.

    The rule is off: one that observes looks once a day, and a rehearsal would stop at each of its looks.
    """
    active = LicensedUser.objects.filter(organization=organization, status=LicenceStatus.ACTIVE).order_by("pk")
    keys = list(active.values_list("external_id", flat=True))
    uses = [activity.Use(key, now - timedelta(days=number % 20)) for number, key in enumerate(keys[:-4])]
    activity.note(organization, uses, now=now, by=by)
    chosen = bulk.Chosen(external_ids=keys[:3])
    reason = SuspensionReason.CLIENT_DECISION
    job = bulk.request(organization, Act.SUSPEND, chosen, now=now, by=by, reason=reason, note="On leave (invented)")
    bulk.work(job, now=now, by=by)
    rule = access_rules.create(
        organization,
        now=now,
        by=by,
        name="Not used for 90 days",
        action=RuleAction.SUSPEND,
        inactive_days=90,
    )
    access_rules.rest(rule, mode=RuleMode.OFF, now=now, by=by)


def _letters(*, now: datetime, by: str) -> None:
    for name, lines in LETTERS:
        intakes.drop(reader.read("\r\n".join(lines).encode(), name), now=now, by=by)


def _a_person_asks(*, now: datetime, by: str) -> None:
    """Somebody who uses the product through a client has written to the vendor, and waits to be forwarded."""
    person = LicensedUser.objects.live().filter(organization=_contract("SMJ-4/2").organization).earliest("pk")
    subject_requests.take_down(
        Facts(person.display_name, person.email, "Please send me a copy of what you keep about me. Invented."),
        kind=RequestKind.EXPORT,
        channel=SubjectChannel.MAIL,
        language=Language.ENGLISH,
        received_at=now,
        now=now,
        by=by,
    )


def _contract(reference: str) -> Contract:
    return Contract.objects.select_related("organization").get(reference=reference)


def _proof(contract: Contract, name: str, *, now: datetime, by: str) -> Document:
    text = f"What both sides signed about {contract.reference}. Invented.\n"
    return documents.store(
        contract.organization,
        BytesIO(text.encode()),
        kind=DocumentKind.NOTICE_PROOF,
        filename=name,
        content_type="text/plain",
        now=now,
        by=by,
    )


LETTERS: Sequence[tuple[str, Sequence[str]]] = (
    (
        "resiliation.eml",
        (
            "From: Odette Lunel <o.lunel@quatre-lunes.example>",
            "To: contrats@terme.example",
            "Subject: =?utf-8?q?R=C3=A9siliation_du_contrat_QL-0044?=",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
            "",
            "Madame, Monsieur,",
            "",
            "Nous ne souhaitons pas reconduire le contrat QL-0044, conclu avec Messageries Quatre-Lunes SARL.",
            "",
            "Odette Lunel, gérante",
        ),
    ),
    (
        "question.eml",
        (
            "From: Jan Sarna <jan.sarna@siedem-debow.example>",
            "To: contracts@terme.example",
            "Subject: Nasza umowa",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
            "",
            "Dzień dobry,",
            "",
            "proszę o usunięcie naszych danych albo o rozmowę o umowie. Logistyka Siedem Dębów sp. z o.o.",
            "",
            "Jan Sarna",
        ),
    ),
)
