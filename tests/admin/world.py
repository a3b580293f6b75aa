"""A world with a row in every table that the admin shows: one client that has left, one that stays."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

from django.db import connection

from accounts import tenancy
from accounts.enums import DocumentKind, SuspensionReason
from accounts.models import (
    ApiToken,
    FactorRequirement,
    IdempotencyKey,
    IdentityProvider,
    OutboxMessage,
    ProvisionedGroup,
    ProvisionedMembership,
    SimulatedClock,
    WebhookDelivery,
)
from accounts.operations import (
    access,
    access_rules,
    audit,
    bulk,
    documents,
    endpoints,
    heads,
    policies,
    rule_runs,
)
from accounts.rules.licence_states import Act
from contracts.enums import (
    CalendarFeedKind,
    ClauseCode,
    NoticeChannel,
    NoticeKind,
    NoticeParty,
    SwitchKind,
    TerminationGround,
)
from contracts.letters import reader
from contracts.models import Contract, OutgoingNotice, Reminder
from contracts.operations import amendments, clauses, ends, feeds, intakes, notices, payments, quotes, switching
from contracts.rules.explanation import Explanation
from retention.connectors.protocol import Target
from retention.enums import AddendumKind, HoldGround
from retention.models import (
    AggregateArchive,
    DeletionRequest,
    ErasureRun,
    ExternalStore,
    NightBeyond,
    RetentionNight,
)
from retention.operations import (
    addenda,
    archive,
    attesting,
    exports,
    external,
    holds,
    lasting,
    nights,
    people_requests,
)
from tests.accounts.trails import sealed
from tests.admin.asked import others_are_searched, somebody_asks
from tests.admin.operated import a_restore, keys_wrapped_anew
from tests.admin.people import a_member
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.indices import an_index
from tests.contracts.prices import an_offer, an_uplift
from tests.retention.test_life import a_leaving_client, decide_everything, live_until
from tests.retention.test_vault import EVERY_KIND, write
from tests.retention.vaults import an_organization, people_of

NOW = at("2026-02-05")


def somebody_with_a_history(organization):
    """A person who was suspended, whom a rule exempts, another whom it found, and a job that names them."""
    dov, eve = people_of(organization, "dov", "eve", status="active")
    with tenancy.tenant(organization.pk):
        reason = SuspensionReason.CLIENT_DECISION
        access.suspend(dov, reason=reason, until=NOW + timedelta(days=60), now=NOW, by="user:one")
        rule = access_rules.create(
            organization, name="Idle", action="restrict", inactive_days=30, now=NOW, by="user:one"
        )
        access_rules.exempt(rule, dov, now=NOW, by="user:one")
        rule_runs.look(rule, now=NOW, by="system")
        chosen = bulk.Chosen(public_ids=[eve.public_id])
        bulk.request(organization, Act.RESTRICT, chosen, now=NOW, by="user:one")


def a_rule_with_a_night(organization):
    """Leave a retention rule that was enforced a day ago, keeps for a hundred years, and has had a night."""
    yesterday = NOW - timedelta(days=1)
    with tenancy.vendor():
        rule = lasting.draft(
            organization,
            category="context",
            amount=1200,
            unit="months",
            now=yesterday,
            by="user:client",
            for_client=False,
        )
        lasting.preview(rule, now=yesterday, by="user:one")
        rule = lasting.enforce(rule, now=yesterday, by="user:one")
    nights.work(rule, now=NOW, by="system")
    with tenancy.vendor():
        NightBeyond.objects.create(
            organization=organization,
            night=RetentionNight.objects.get(rule=rule),
            store="product",
            state="done",
            started_at=NOW,
            finished_at=NOW,
        )


def a_client_that_stays(name="Stays", **contract):
    """Return an organization with a row of its own in every table of clients, contracts and content."""
    organization = an_organization(name=name)
    signed = a_signed_contract(organization, starts_on=date(2025, 6, 1), **contract)
    ann, _cyr = people_of(organization, "ann", "cyr")
    somebody_with_a_history(organization)
    live_until(at("2025-06-02"))
    write(organization, EVERY_KIND)
    with tenancy.tenant(organization.pk):
        document = documents.store(
            organization,
            BytesIO(b"%PDF proof"),
            kind=DocumentKind.OTHER,
            filename="proof of fax.pdf",
            content_type="application/pdf",
            now=NOW,
            by="user:one",
        )
        policies.change(organization, now=NOW, by="user:one", keep_seconds=30)
        exports.make(organization, request=None, now=NOW, by="user:one")
        archive.authorise(organization, granted=True, now=NOW, by="user:one", proof=document)
    with tenancy.vendor():
        people_requests.open_for_people(
            organization, people=[ann.public_id], decided=False, now=NOW, by="user:one", note="asked by mail"
        )
        holds.place(
            organization,
            ground=HoldGround.LAW,
            citation="Art. 145",
            review_on=date(2040, 6, 1),
            now=NOW,
            by="user:one",
        )
        notices.give(
            signed,
            kind=NoticeKind.NON_RENEWAL,
            party=NoticeParty.CLIENT,
            channel=NoticeChannel.EMAIL,
            sent_on=date(2025, 7, 1),
            received_on=date(2025, 7, 1),
            entitled=True,
            now=NOW,
            by="user:one",
            proof=document,
        )
        amendments.record(
            Contract.objects.get(pk=signed.pk),
            values={"seats": 12},
            agreed_on=date(2026, 1, 20),
            valid_from=date(2026, 3, 1),
            now=NOW,
            by="user:one",
            proof=document,
        )
        ends.declare(
            Contract.objects.select_related("organization").get(pk=signed.pk),
            ground=TerminationGround.CONVENIENCE,
            party=NoticeParty.CLIENT,
            declared_on=date(2025, 7, 1),
            ends_on=date(2026, 6, 1),
            penalty=Decimal(0),
            now=NOW,
            by="user:one",
            proof=document,
        )
        payments.record(
            signed,
            reference="B-1",
            paid_on=date(2025, 7, 1),
            amount=Decimal(100),
            currency="EUR",
            now=NOW,
            by="user:one",
        )
        quotes.make(
            signed,
            exit_on=date(2026, 3, 1),
            ground=TerminationGround.AGREEMENT,
            party=NoticeParty.CLIENT,
            now=NOW,
            by="user:one",
        )
        clauses.record(
            signed,
            code=ClauseCode.HOSTING,
            value={"location": "FR", "provider": "Else"},
            evidence=document,
            valid_until=date(2027, 1, 1),
            now=NOW,
            by="user:one",
        )
        switching.open_case(
            Contract.objects.get(pk=signed.pk),
            kind=SwitchKind.PROVIDER,
            received_on=date(2026, 2, 1),
            proof=document,
            now=NOW,
            by="user:one",
        )
        asked = intakes.drop(reader.pasted(f"Stop {name}?"), now=NOW, by="user:one")
        intakes.ask_back(asked, organization=organization, now=NOW, by="user:one")
        OutgoingNotice.objects.create(
            organization=organization,
            contract=signed,
            kind="non_renewal",
            channel="letter",
            ends_on=date(2026, 6, 1),
            send_by=date(2026, 2, 20),
            why=Explanation("send_by", 1, {}, (), "the contract").to_json(),
            drafted_by="user:one",
            drafted_at=NOW,
        )
        Reminder.objects.create(
            organization=organization,
            contract=signed,
            term_number=1,
            kind="notice",
            lead=90,
            due_on=date(2025, 11, 30),
            last_notice_on=date(2026, 2, 28),
            message=organization.public_id,
            proof=document,
            sent_at=NOW,
        )
        an_offer(signed, sent_at=NOW, state="sent", sent_by="user:one")
        an_uplift(signed)
        audit.record("note.kept", organization, by="user:one", at=NOW, detail={"reason": f"because {name}"})
        token_owner = a_member("client_administrator", organization)
        group = ProvisionedGroup.objects.create(
            organization=organization, display_name=f"Group {name}", changed_at=NOW, created_at=NOW
        )
        ProvisionedMembership.objects.create(organization=organization, group=group, licensed_user=ann, created_at=NOW)
        endpoint, _secret = endpoints.make(
            organization=organization, url="https://8.8.8.8/hook", now=NOW, by="user:one"
        )
        WebhookDelivery.objects.create(
            organization=organization,
            endpoint=endpoint,
            message=OutboxMessage.objects.filter(organization=organization).earliest("pk"),
            lane=organization.pk,
            next_attempt_at=NOW + timedelta(days=1),
            created_at=NOW,
        )
        feeds.make(kind=CalendarFeedKind.ORGANIZATION, maker=token_owner, organization=organization, now=NOW)
        ApiToken.objects.create(
            user=token_owner,
            organization=organization,
            name="robot",
            prefix="terme_abcdef",
            digest=f"{organization.pk:064}",
            permissions=[],
            created_at=NOW,
            expires_at=NOW + timedelta(days=9),
        )
        IdentityProvider.objects.create(
            organization=organization,
            slug=f"of-{organization.pk}",
            name=f"{name} sign-in",
            issuer="https://login.example",
            client_id="terme",
            sealed_secret=b"sealed",
            key_version=1,
            created_at=NOW,
        )
        attesting.ask(
            a_store_emptied_by_hand(),
            Target(organization.public_id, None),
            run=organization.public_id,
            days=14,
            now=NOW,
            by="system",
        )
        IdempotencyKey.objects.create(
            organization=organization, actor="user:one", key=name, created_at=NOW, expires_at=NOW + timedelta(days=1)
        )
    a_rule_with_a_night(organization)
    somebody_asks(organization)
    others_are_searched(organization)
    return organization


def a_store_emptied_by_hand():
    """Return the vendor's store of paper, switched off so that no erasure of the world waits for people."""
    known = ExternalStore.objects.filter(code="paper").first()
    if known is not None:
        return known
    made = external.create(
        code="paper",
        name="Paper",
        kind="manual",
        settings={"instructions": "Shred the folder.", "days": 14},
        holds="Letters of clients",
        location="Paris, FR",
        now=NOW,
        by="user:one",
    )
    return external.switch(made, on=False, now=NOW, by="user:one")


def a_client_that_left():
    """Return an organization whose content was erased, with its run, journal, verification and certificate."""
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    live_until(NOW)
    with tenancy.vendor():
        AggregateArchive.objects.create(
            organization=organization,
            request=DeletionRequest.objects.get(organization=organization),
            name="a_table",
            table={"cells": [1, None]},
            sha256="0" * 64,
            made_at=NOW,
        )
        run = ErasureRun.objects.select_related("organization").get(organization=organization)
        addenda.issue(run, AddendumKind.CHECKED_AGAIN, now=NOW, by="user:one")
    return organization


def a_whole_world():
    """Make both clients, and what belongs to nobody."""
    left, stays = a_client_that_left(), a_client_that_stays()
    with tenancy.vendor():
        SimulatedClock.objects.create(stands_at=NOW)
        # Lifted, so that the world's people sign in as they are.
        FactorRequirement.objects.create(
            role="auditor", required_at=NOW, required_by="user:one", lifted_at=NOW, lifted_by="user:one"
        )
    keys_wrapped_anew()
    a_restore()
    an_index()
    if not connection.in_atomic_block:  # what an open transaction wrote is not sealed
        sealed()
        with tenancy.vendor():
            heads.export(now=NOW, by="system")
    return left, stays
