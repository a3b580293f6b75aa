"""Seeding the demo: its clients come to life by the service's own operations, in the order of their days."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from django.db.models import F

from accounts import tenancy
from accounts.enums import Role
from accounts.models import Organization as Client
from accounts.models import OutboxMessage, User
from accounts.operations import licences, members, organizations, tokens, users
from accounts.operations.sweeping import SYSTEM, Swept
from accounts.rules.permissions import Permission
from config.demo import dialogue, present
from config.demo import organizations as portfolio
from config.demo.model import DemoNotice, DemoOrganization, Stage
from config.demo.people import people
from config.demo.script import Script
from contracts import sweeps as contract_sweeps
from contracts.models import Contract, IndexSeries
from contracts.operations import notices, signing
from retention import sweeps as retention_sweeps
from retention.models import DeletionRequest
from retention.operations import archive, exports, loading, requests

BY = "system:demo"
MANAGER, OFFICER = "system:demo-manager", "system:demo-officer"
TOKEN_DAYS = 365
VENDOR = (
    Role.ADMINISTRATOR,
    Role.CONTRACT_MANAGER,
    Role.PRIVACY_OFFICER,
    Role.SUPPORT,
    Role.FINANCE,
    Role.AUDITOR,
)
CLIENT = (Role.CLIENT_ADMINISTRATOR, Role.CLIENT_PRIVACY_OFFICER, Role.AUTHORISED_CONTACT, Role.CLIENT_FINANCE)
NAMES = {
    Role.ADMINISTRATOR: "Aline Perrin",
    Role.CONTRACT_MANAGER: "Marek Zawada",
    Role.PRIVACY_OFFICER: "Inès Caron",
    Role.SUPPORT: "Tom Becker",
    Role.FINANCE: "Ewa Lis",
    Role.AUDITOR: "Paul Renard",
    Role.CLIENT_ADMINISTRATOR: "Claire Vasseur",
    Role.CLIENT_PRIVACY_OFFICER: "Nadia Roche",
    Role.AUTHORISED_CONTACT: "Luc Ferrand",
    Role.CLIENT_FINANCE: "Odile Marchand",
}


@dataclass(frozen=True, slots=True)
class _Story:
    """A told client beside its row."""

    told: DemoOrganization
    row: Client


def seed(*, now: datetime, password: Callable[[], str], tell: Callable[[str], None]) -> dict[str, object]:
    """Bring the demo to life; return its sign-ins and API tokens. Runs once, on empty tables."""
    today = now.date()
    index = present.publish_index(today, now=now, by=BY)
    stories = [_register(told, index=index, now=now) for told in portfolio.organizations(today)]
    tell(f"{len(stories)} organizations with their people and contracts")
    count = _load_content(stories, today, now=now)
    tell(f"{count} conversations, messages, context items and diagnostics")
    _live_through(stories, now=now)
    tell("their terms, renewals, notices and ends")
    present.go_on(today, now=now, by=BY)
    for sweep in (contract_sweeps.propose_all, contract_sweeps.refresh_all_deadlines):
        _checked(sweep(at=now, by=SYSTEM))
    tell("letters, offers, a quote, a switch, an uplift and a suspension under way")
    for story in stories:
        _leave(story, now=now)
    with tenancy.vendor():
        # The past of the demo is told to nobody.
        OutboxMessage.objects.filter(delivered_at__isnull=True).update(delivered_at=F("occurred_at"))
        return _sign_ins(stories, now=now, password=password)


def _noon(day: date, *, before: datetime) -> datetime:
    """Return noon UTC of a day, or a moment before ``before`` if that is earlier."""
    return min(datetime.combine(day, time(12), tzinfo=UTC), before - timedelta(minutes=1))


def _register(told: DemoOrganization, *, index: IndexSeries, now: datetime) -> _Story:
    first = min(contract.concluded_on for contract in told.contracts)
    began = _noon(first - timedelta(days=30), before=now)
    with tenancy.vendor():
        row = organizations.create(now=began, by=BY, **told.registered())
        people_of = [
            users.Person(person.external_id, person.email, person.display_name, person.department)
            for person in people(told)
        ]
        users.put(row, people_of, now=began, by=BY)
        for contract in told.contracts:
            at = _noon(contract.concluded_on, before=now)
            follows = index if contract.indexed else None
            drafted = signing.draft(row, now=at, by=BY, index_series=follows, **contract.agreed())
            if contract.stage is not Stage.DRAFT:
                signing.sign(drafted, now=at, by=BY)
        if told.piloted:
            # A pilot before the first contract: people worked with the product until today.
            licences.grant(row.pk, source=row.public_id, valid_from=began, valid_until=now + timedelta(days=60))
            licences.align(row, now=began, by=BY)
    return _Story(told, row)


def _load_content(stories: list[_Story], today: date, *, now: datetime) -> int:
    """Load through the bulk loader, from a file that does not outlive this call."""
    script = Script()
    with tempfile.TemporaryDirectory(prefix="terme-demo-") as folder:
        path = Path(folder) / "content.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for story in stories:
                for item in dialogue.content(story.told, people(story.told), today, script=script):
                    line = dialogue.line(item, organization=str(story.row.public_id))
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
        done = loading.load(
            path,
            Path(folder) / "rejected.jsonl",
            organization=None,
            start=loading.Progress(),
            checkpoint=loading.Checkpoint(path, None),
            now=now,
            by=BY,
            tell=lambda progress: None,
        )
    if done.rejected:
        raise RuntimeError(f"{done.rejected} lines of the demo's content were rejected")
    return done.created


def _live_through(stories: list[_Story], *, now: datetime) -> None:
    """Give each notice on its day, after all that fell due before it; then live until now."""
    given = [
        (contract.notice, story.row.pk, contract.reference)
        for story in stories
        for contract in story.told.contracts
        if contract.notice is not None
    ]
    ends = {contract.ends_on for story in stories for contract in story.told.contracts if contract.ends_on}
    days = sorted({notice.received_on for notice, _organization, _reference in given} | ends)
    for day in (day for day in days if day <= now.date()):
        at = _noon(day, before=now)
        _sweep_contracts(at)
        with tenancy.vendor():
            for notice, organization_id, reference in sorted(given, key=lambda one: one[1]):
                if notice.received_on == day:
                    contract = Contract.objects.get(organization=organization_id, reference=reference)
                    _give_notice(contract, notice, now=at)
    _sweep_contracts(now)


def _give_notice(contract: Contract, notice: DemoNotice, *, now: datetime) -> None:
    notices.give(
        contract,
        kind=notice.kind,
        party=notice.party,
        channel=notice.channel,
        sent_on=notice.sent_on,
        received_on=notice.received_on,
        entitled=True,
        now=now,
        by=BY,
    )


def _sweep_contracts(at: datetime) -> None:
    for sweep in (
        contract_sweeps.start_all,
        contract_sweeps.make_all_certain,
        contract_sweeps.renew_all,
        contract_sweeps.end_all,
        retention_sweeps.open_all,
    ):
        _checked(sweep(at=at, by=SYSTEM))


def _checked(swept: Swept) -> None:
    if swept.refused:
        raise RuntimeError(f"a sweep of the demo was refused: {swept.refused}")


def _leave(story: _Story, *, now: datetime) -> None:
    """Take a client that left as far as its story says."""
    stages = {contract.stage for contract in story.told.contracts}
    if not stages & {Stage.AWAITS_APPROVAL, Stage.ERASED}:
        return
    with tenancy.vendor():
        request = DeletionRequest.objects.select_related("organization").get(organization=story.row)
        at = min(max(request.erase_from, request.received_at), now)
        requests.confirm_end(request, now=at, by=MANAGER)
        if Stage.ERASED not in stages:
            return
        requests.approve(request, now=at, by=OFFICER)
        archive.authorise(story.row, granted=True, now=at, by=BY)
        archive.make(request, now=at, by=OFFICER)
        if request.export_decision == "pending":
            exports.waive(request, now=at, by=BY)
    retention_sweeps.plan_all(at=now, by=SYSTEM)
    _checked(retention_sweeps.work_all(at=now, by=SYSTEM))


def _sign_ins(stories: list[_Story], *, now: datetime, password: Callable[[], str]) -> dict[str, object]:
    home = next(story.row for story in stories if story.told.slug == portfolio.TOUR)
    found = []
    for role in (*VENDOR, *CLIENT):
        where = home if role in CLIENT else None
        domain = "mirandelle.example" if where else "terme.example"
        secret = password()
        user = members.add(
            email=f"{role.value.replace('_', '.')}@{domain}",
            name=NAMES[role],
            role=role,
            organization=where,
            language="fr" if where else "en",
            password=secret,
            now=now,
            by=BY,
        )
        user.read_seats()
        found.append({"email": user.email, "password": secret, "role": role.value, "token": _token(user, now=now)})
    return {
        "sign_ins": found,
        "tour": {"organization": str(home.public_id), "name": home.name},
    }


def _token(user: User, *, now: datetime) -> str:
    held = [permission for permission in Permission if user.has_perm(permission)]
    expires_at = now + timedelta(days=TOKEN_DAYS)
    _row, text = tokens.issue(user, name="demo", permissions=held, expires_at=expires_at, now=now, by=BY)
    return text
