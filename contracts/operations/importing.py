"""Importing a portfolio: what a file would change, found without writing; and the change itself, in one transaction."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import batched
from typing import Any

from django.db import connection, models, transaction

from accounts.errors import FieldError, Grouped, InvalidInput, phrase
from accounts.models import LicensedUser, Organization
from accounts.operations import audit, organizations, outbox, users
from accounts.operations.users import Person
from contracts.enums import ContractStatus
from contracts.models import Contract
from contracts.operations import signing
from contracts.portfolio import ContractEntry, OrganizationEntry, Portfolio, UserEntry
from contracts.portfolio.columns import FILE, Group, column_of
from contracts.portfolio.rows import MAX_ERRORS
from contracts.rules.periods import local_day

BATCH = 1_000
"""How many rows are looked up, or users written, by one query."""

# Two imports of one file at once would both find nothing and both create it: one waits for the other.
_LOCK = 0x7465726D_0001
_TOO_MANY = "too_many_errors"


class Outcome(StrEnum):
    """What an import does with an entry, or did."""

    CREATED = "created"
    CHANGED = "changed"
    SAME = "same"
    REFUSED = "refused"


PLURALS: Mapping[Group, str] = {
    Group.ORGANIZATION: "organizations",
    Group.CONTRACT: "contracts",
    Group.USER: "users",
}


@dataclass(slots=True)
class Item:
    """What becomes of one entry. ``columns`` are those whose value changes; ``key`` is its identity as text.

    A refused entry without errors of its own was taken along by its organization. Warnings do not refuse.
    """

    group: Group
    row: int
    key: str
    outcome: Outcome = Outcome.CREATED
    columns: tuple[str, ...] = ()
    errors: tuple[FieldError, ...] = ()
    warnings: tuple[FieldError, ...] = ()


@dataclass(slots=True)
class PlannedContract:
    """A contract of the file, and the stored one of that reference."""

    item: Item
    entry: ContractEntry
    stored: Contract | None = None


@dataclass(slots=True)
class PlannedUser:
    """A licensed user of the file."""

    item: Item
    person: Person


@dataclass(slots=True)
class PlannedOrganization:
    """An organization of the file with what belongs to it, and the stored one of that identity."""

    item: Item
    entry: OrganizationEntry
    stored: Organization | None = None
    contracts: list[PlannedContract] = field(default_factory=list)
    users: list[PlannedUser] = field(default_factory=list)

    def refuse_all(self) -> None:
        """Nothing can be stored for an organization that is not."""
        for item in self.items():
            item.outcome = Outcome.REFUSED

    def items(self) -> Iterator[Item]:
        """Yield the organization's item, then those of its contracts and users."""
        yield self.item
        yield from (contract.item for contract in self.contracts)
        yield from (user.item for user in self.users)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do, or did, entry by entry in the file's order; and what the reader could not read."""

    organizations: list[PlannedOrganization]
    unread: list[FieldError]

    def items(self) -> Iterator[Item]:
        """Yield every entry's item."""
        for planned in self.organizations:
            yield from planned.items()

    @property
    def errors(self) -> list[FieldError]:
        """Every fault by row, the reader's too; at most 1,000 of them, and then one that says that there are more."""
        found = [*self.unread, *(error for item in self.items() for error in item.errors)]
        whole = [error for error in found if error.code == _TOO_MANY]
        found = sorted((error for error in found if error.code != _TOO_MANY), key=lambda error: error.row or 0)
        if whole or len(found) <= MAX_ERRORS:
            return [*found[:MAX_ERRORS], *whole[:1]]
        message = phrase(
            "There are %(found)s faults; only the first %(most)s are listed.",
            found=Grouped(len(found)),
            most=Grouped(MAX_ERRORS),
        )
        return [*found[:MAX_ERRORS], FieldError(FILE, _TOO_MANY, message)]

    @property
    def warnings(self) -> list[FieldError]:
        """What is unusual, and accepted."""
        return [warning for item in self.items() for warning in item.warnings]

    @property
    def cut_short(self) -> bool:
        """Whether the reader gave up before the end of the file: the plan is then not of the whole file."""
        return any(error.code == _TOO_MANY for error in self.unread)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many organizations, contracts and users were created, changed, the same, refused."""
        found = {name: {outcome.value: 0 for outcome in Outcome} for name in PLURALS.values()}
        for item in self.items():
            found[PLURALS[item.group]][item.outcome.value] += 1
        return found

    @property
    def writes(self) -> bool:
        """Whether there is anything to write."""
        return any(item.outcome in (Outcome.CREATED, Outcome.CHANGED) for item in self.items())


def preview(portfolio: Portfolio, *, now: datetime) -> Plan:
    """Return what an import would do, with every fault by row and column. Nothing is written. In the vendor's scope.

    An organization is known by country and registration number, a contract by its reference, a user by the external
    id. A stored contract is not amended: where it differs, the entry is refused, except for ``paid_until`` (an empty
    cell leaves it as it is).
    """
    plan = Plan([_planned(entry, now=now) for entry in portfolio.organizations], list(portfolio.errors))
    _find_organizations(plan)
    _find_contracts(plan)
    _find_users(plan)
    for planned in plan.organizations:
        if planned.item.errors:
            planned.refuse_all()
    return plan


@transaction.atomic
def run(portfolio: Portfolio, *, now: datetime, by: str, partial: bool = False, sha256: str = "") -> Plan:
    """Import a portfolio: all of it or nothing; with ``partial`` what has no fault. In the vendor's scope.

    New contracts are drafted and signed; the sweeps start them, and renew them term by term. The same file again
    writes nothing. ``sha256`` is the file's digest, for the trail. Imports wait for each other.

    :raises InvalidInput: every fault, and nothing was written; with ``partial`` only where the file was not read to
        its end.
    :raises Refused: another writer than an import was faster, and nothing was written.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    plan = preview(portfolio, now=now)
    errors = plan.errors
    if errors and (not partial or plan.cut_short):
        raise InvalidInput(errors)
    for planned in plan.organizations:
        if planned.item.outcome is not Outcome.REFUSED:
            _store(planned, now=now, by=by)
    if plan.writes:
        audit.record("portfolio.imported", _Import(), by=by, at=now, data={"sha256": sha256, **plan.counts()})
    return plan


@transaction.atomic
def set_paid_until(contract: Contract, paid_until: date, *, now: datetime, by: str) -> Contract:
    """Record the first day that is not paid yet. The same again writes nothing."""
    locked = Contract.objects.select_for_update(of=("self",), no_key=True).get(pk=contract.pk)
    if locked.paid_until == paid_until:
        return locked
    before = locked.paid_until.isoformat() if locked.paid_until else None
    locked.paid_until = paid_until
    if not locked.payments.exists():  # else the first unpaid day follows from them, and changes with the next one
        locked.paid_before_on = paid_until
    locked.save(update_fields=["paid_until", "paid_before_on"])
    data = {"from": before, "to": paid_until.isoformat()}
    audit.record("contract.paid_until_changed", locked, by=by, at=now, data=data)
    outbox.publish("contract.paid_until_changed", locked, at=now, payload=data)
    return locked


@dataclass(slots=True)
class _Import:
    """What the trail says was done."""

    public_id: uuid.UUID = field(default_factory=uuid.uuid4)


def _planned(entry: OrganizationEntry, *, now: datetime) -> PlannedOrganization:
    """Return the plan of an organization by itself: its faults, and those of what belongs to it."""
    key = f"{entry.values['country']} {entry.values['registration_number']}"
    item = Item(
        Group.ORGANIZATION, entry.row, key, errors=_placed(organizations.check(entry.values), Group.ORGANIZATION, entry)
    )
    zone = entry.values["time_zone"]
    zone_is_known = not any(error.field == column_of(Group.ORGANIZATION, "time_zone").name for error in item.errors)
    return PlannedOrganization(
        item,
        entry,
        contracts=[_planned_contract(one, zone if zone_is_known else "UTC", now=now) for one in entry.contracts],
        users=[_planned_user(one) for one in entry.users],
    )


def _planned_contract(entry: ContractEntry, zone: str, *, now: datetime) -> PlannedContract:
    faults, warnings = signing.check({**entry.values, "time_zone": zone})
    if entry.values["concluded_on"] > local_day(now, zone):
        message = phrase("This day is still to come; the contract is taken as signed.")
        warnings = [*warnings, FieldError("concluded_on", "in_the_future", message)]
    item = Item(
        Group.CONTRACT,
        entry.row,
        entry.values["reference"],
        errors=_placed(faults, Group.CONTRACT, entry),
        warnings=_placed(warnings, Group.CONTRACT, entry),
    )
    if faults:
        item.outcome = Outcome.REFUSED
    return PlannedContract(item, entry)


def _planned_user(entry: UserEntry) -> PlannedUser:
    person = Person(entry.external_id, entry.email, entry.display_name, entry.department, entry.row)
    faults = users.check(person)
    item = Item(Group.USER, entry.row, entry.external_id, errors=_placed(faults, Group.USER, entry))
    if faults:
        item.outcome = Outcome.REFUSED
    return PlannedUser(item, person)


def _placed(
    errors: Iterable[FieldError], group: Group, entry: OrganizationEntry | ContractEntry | UserEntry
) -> tuple[FieldError, ...]:
    """Name the row, and the column instead of the field."""
    return tuple(
        FieldError(column_of(group, error.field).name, error.code, error.message, entry.row) for error in errors
    )


def _find_organizations(plan: Plan) -> None:
    """Put the stored organizations beside the entries, and say which of these change them."""
    sound = {
        (planned.entry.values["country"], planned.entry.values["registration_number"]): planned
        for planned in plan.organizations
        if not planned.item.errors
    }
    for some in batched(sound, BATCH):
        found = Organization.objects.filter(
            country__in={country for country, _number in some}, registration_number__in=[number for _, number in some]
        )
        for stored in found:
            planned = sound.get((stored.country, stored.registration_number))
            if planned is not None:
                planned.stored = stored
                _compare(planned.item, stored, planned.entry.values)


def _find_contracts(plan: Plan) -> None:
    """Put the stored contracts beside the entries, and refuse those that differ."""
    sound = {
        (planned.stored.pk, contract.item.key): contract
        for planned in plan.organizations
        if planned.stored is not None
        for contract in planned.contracts
        if not contract.item.errors
    }
    kept = Contract.objects.exclude(status=ContractStatus.CANCELLED.value)
    for stored in _stored(kept, "reference", sound):
        contract = sound.get((stored.organization_id, stored.reference))
        if contract is not None:
            contract.stored = stored
            contract.item.warnings = ()
            _compare_contract(contract, stored)


def _find_users(plan: Plan) -> None:
    """Say which licensed users are there already; refuse those of an organization whose data are being erased."""
    sound: dict[tuple[int, str], PlannedUser] = {}
    for planned in plan.organizations:
        if planned.stored is not None:
            for user in planned.users:
                if planned.stored.closed_at is not None:
                    _refuse_as_closed(user.item)
                elif not user.item.errors:
                    sound[planned.stored.pk, user.item.key] = user
    for stored in _stored(LicensedUser.objects.live(), "external_id", sound):
        found = sound.get((stored.organization_id, stored.external_id))
        if found is not None:
            values = found.person.values()
            _compare(found.item, stored, values)


def _stored[Row: models.Model](
    rows: models.QuerySet[Row], identity: str, wanted: Iterable[tuple[int, str]]
) -> Iterator[Row]:
    """Yield the stored rows of the pairs (organization, identity), and maybe some more."""
    for some in batched(wanted, BATCH):
        by_organization = {"organization__in": {organization for organization, _ in some}}
        yield from rows.filter(**by_organization, **{f"{identity}__in": {key for _, key in some}}).iterator(BATCH)


def _compare(item: Item, stored: models.Model, values: Mapping[str, object]) -> None:
    """Say whether the entry changes the stored row, and which columns."""
    changed = [name for name, value in values.items() if getattr(stored, name) != value]
    item.outcome = Outcome.CHANGED if changed else Outcome.SAME
    item.columns = tuple(column_of(item.group, name).name for name in changed)


def _compare_contract(contract: PlannedContract, stored: Contract) -> None:
    values = {name: value for name, value in contract.entry.values.items() if name != "paid_until"}
    item, paid_until = contract.item, contract.entry.values["paid_until"]
    _compare(item, stored, values)
    if item.outcome is Outcome.CHANGED:
        item.outcome = Outcome.REFUSED
        item.errors = tuple(
            FieldError(
                column_of(Group.CONTRACT, name).name,
                "differs",
                phrase(
                    "The stored contract says %(stored)s; an import does not amend a contract.",
                    stored=_shown(getattr(stored, name)),
                ),
                item.row,
            )
            for name, value in values.items()
            if getattr(stored, name) != value
        )
    elif paid_until not in (None, stored.paid_until):
        item.outcome = Outcome.CHANGED
        item.columns = (column_of(Group.CONTRACT, "paid_until").name,)


def _shown(value: Any) -> str:
    """Return a stored value as the file would write it."""
    if value is None:
        return "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _refuse_as_closed(item: Item) -> None:
    message = phrase("The data of this organization are being erased, or are erased: nobody is added.")
    closed = FieldError(column_of(Group.USER, "external_id").name, users.OrganizationClosed.code, message, item.row)
    item.outcome = Outcome.REFUSED
    item.errors = (*item.errors, closed)


def _store(planned: PlannedOrganization, *, now: datetime, by: str) -> None:
    """Write an organization, its contracts, then its users, who are active at once where a licence is in force."""
    organization = planned.stored
    if organization is None:
        organization = organizations.create(now=now, by=by, **planned.entry.values)
    elif planned.item.outcome is Outcome.CHANGED:
        organization = organizations.change(organization, now=now, by=by, **planned.entry.values)
    for contract in planned.contracts:
        if contract.item.outcome is Outcome.CREATED:
            signing.sign(signing.draft(organization, now=now, by=by, **contract.entry.values), now=now, by=by)
        elif contract.item.outcome is Outcome.CHANGED and contract.stored is not None:
            set_paid_until(contract.stored, contract.entry.values["paid_until"], now=now, by=by)
    people = [user.person for user in planned.users if user.item.outcome in (Outcome.CREATED, Outcome.CHANGED)]
    for some in batched(people, BATCH):
        users.put(organization, some, now=now, by=by)
