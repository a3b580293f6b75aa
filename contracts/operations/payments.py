"""Payments: recorded one by one, or from the bank's file, all or nothing; the first unpaid day follows from them."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from django.db import connection, transaction

from accounts.errors import FieldError, InvalidInput, phrase
from accounts.operations import audit, outbox
from accounts.rules import checks
from contracts import explain
from contracts.models import Contract, Payment
from contracts.operations import settling, statements
from contracts.portfolio import cells, csv_rows
from contracts.portfolio.cells import Fault
from contracts.rules import errors, money
from contracts.rules.periods import local_day

LARGEST = 10 * 1024 * 1024
MAX_FAULTS = 1_000
# A file with two contracts of one reference needs the client too.
COLUMNS = ("contract", "reference", "paid_on", "amount", "currency")
OPTIONAL = ("registration_number",)
_CONVERT: Mapping[str, cells.Conversion] = {
    "contract": cells.text,
    "reference": cells.text,
    "paid_on": cells.day,
    "amount": cells.amount,
    "currency": cells.upper,
    "registration_number": cells.text,
}
# Two imports of one file at once would both find nothing and both write it: one waits for the other.
_LOCK = 0x7465726D_0002


@dataclass(frozen=True, slots=True)
class Row:
    """A payment of a file, its form checked; ``number`` is the row as a spreadsheet counts it."""

    number: int
    contract: str
    reference: str
    paid_on: date
    amount: Decimal
    currency: str
    registration_number: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: how many payments it wrote, and how many it knew already."""

    created: int
    same: int


@transaction.atomic
def record(
    contract: Contract, *, reference: str, paid_on: date, amount: Decimal, currency: str, now: datetime, by: str
) -> Payment:
    """Record a payment, or one that went back (below zero), and compute the first unpaid day again.

    :raises InvalidInput: the amount, currency, day or reference cannot be, or the reference is taken.
    """
    locked = statements.locked_contract(contract)
    faults = _faults(locked, reference, paid_on, amount, currency, now)
    if not faults and Payment.objects.filter(organization_id=locked.organization_id, reference=reference).exists():
        faults.append(FieldError("reference", "taken", "A payment of this reference is recorded."))
    if faults:
        raise InvalidInput(faults)
    found = _create(locked, reference, paid_on, amount, now=now, by=by)
    _note(locked, [found], now=now, by=by)
    return found


@transaction.atomic
def import_file(file: BinaryIO, *, now: datetime, by: str) -> Imported:
    """Record the payments of a CSV file, all or none. A payment that is recorded already is left as it is.

    :raises InvalidInput: each fault with its row and field; nothing was written.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise InvalidInput([FieldError("file", "too_large", "At most 10 MiB.")])
    rows, faults = _read(data)
    contracts = _contracts_of(rows, faults)
    known = _known(contracts.values())
    wanted: dict[int, list[Row]] = {}
    same, seen = 0, dict[tuple[int, str], int]()
    for row in rows:
        contract = contracts.get(row.number)
        if contract is None:
            continue
        key = contract.organization_id, row.reference
        if key in seen:
            faults.append(
                FieldError(
                    "reference", "twice", phrase("Row %(row)s has this reference too.", row=seen[key]), row.number
                )
            )
            continue
        seen[key] = row.number
        if key not in known:
            wrong = _faults(contract, row.reference, row.paid_on, row.amount, row.currency, now)
            faults += [FieldError(one.field, one.code, one.message, row.number) for one in wrong]
            wanted.setdefault(contract.pk, []).append(row)
        elif known[key] == (contract.pk, row.paid_on, row.amount, row.currency):
            same += 1
        else:
            faults.append(FieldError("reference", "taken", "Another payment has this reference.", row.number))
    if faults:
        raise InvalidInput(sorted(faults, key=lambda one: one.row or 0)[:MAX_FAULTS])
    by_pk = {contract.pk: contract for contract in contracts.values()}
    digest = hashlib.sha256(data).hexdigest()
    for pk in sorted(wanted):  # locks are taken in one order
        locked = statements.locked_contract(by_pk[pk])
        made = [_create(locked, row.reference, row.paid_on, row.amount, now=now, by=by) for row in wanted[pk]]
        _note(locked, made, now=now, by=by, file=digest)
    return Imported(sum(map(len, wanted.values())), same)


def _create(contract: Contract, reference: str, paid_on: date, amount: Decimal, *, now: datetime, by: str) -> Payment:
    return Payment.objects.create(
        organization_id=contract.organization_id,
        contract=contract,
        reference=reference,
        paid_on=paid_on,
        amount=amount,
        currency=contract.currency,
        recorded_by=by,
        recorded_at=now,
    )


def _note(contract: Contract, made: list[Payment], *, now: datetime, by: str, file: str = "") -> None:
    settling.keep(contract, now=now, by=by)
    until = None if contract.paid_until is None else contract.paid_until.isoformat()
    data: dict[str, Any] = {"payments": [str(one.public_id) for one in made], "paid_until": until}
    audit.record("contract.paid", contract, by=by, at=now, data=data | ({"file": file} if file else {}))
    outbox.publish("contract.paid", contract, at=now, payload=data)


def _faults(
    contract: Contract, reference: str, paid_on: date, amount: Decimal, currency: str, now: datetime
) -> list[FieldError]:
    faults = checks.text("reference", reference)
    if len(reference) > 80:
        faults.append(FieldError("reference", "too_long", "At most 80 characters."))
    if currency != contract.currency:
        faults.append(
            FieldError(
                "currency", "another_currency", phrase("The contract is in %(currency)s.", currency=contract.currency)
            )
        )
    try:
        if money.parse_amount(amount, contract.currency).amount == 0:
            faults.append(FieldError("amount", "nothing", "A payment is not nothing."))
    except errors.InvalidInput as error:
        faults.append(FieldError("amount", error.code, explain.said(error)))
    today = local_day(now, contract.time_zone)
    if paid_on > today:
        faults.append(
            FieldError("paid_on", "in_the_future", phrase("Today is %(today)s in the contract's zone.", today=today))
        )
    return faults


def _read(data: bytes) -> tuple[list[Row], list[FieldError]]:
    rows, faults = [], list[FieldError]()
    lines = csv_rows.rows(data)
    names = _header(next(lines, (1, []))[1])
    for number, found in lines:
        if all(cell == "" for cell in found):
            continue
        values = dict(_converted(names, found, number, faults))
        if len(values) == len(names):
            rows.append(Row(number, **values))
    if not rows and not faults:
        faults.append(FieldError("file", "empty", "The file holds no payment."))
    return rows, faults


def _header(found: list[Any]) -> list[str]:
    names = [str(cell).strip().lower() for cell in found]
    faults = [
        FieldError("file", "missing_column", phrase("The column %(name)s is missing.", name=name), 1)
        for name in COLUMNS
        if name not in names
    ]
    unknown = [name for name in names if name not in _CONVERT]
    faults += [
        FieldError("file", "unknown_column", phrase("There is no column %(name)s.", name=name[:40]), 1)
        for name in unknown
    ]
    if len(set(names)) < len(names):
        faults.append(FieldError("file", "column_twice", "A column comes twice.", 1))
    if faults:
        raise InvalidInput(faults)
    return names


def _converted(names: list[str], found: list[Any], number: int, faults: list[FieldError]) -> Iterator[tuple[str, Any]]:
    if len(found) > len(names):
        faults.append(FieldError("file", "too_many_cells", "The row has more cells than the header.", number))
        return
    for place, name in enumerate(names):
        cell = found[place] if place < len(found) else ""
        if cell == "" and name in OPTIONAL:
            yield name, ""
            continue
        value = Fault("missing", "This is needed.") if cell == "" else cell
        if not isinstance(value, Fault):
            value = _CONVERT[name](value)
        if isinstance(value, Fault):
            faults.append(FieldError(name, value.code, value.message, number))
        else:
            yield name, value


def _contracts_of(rows: list[Row], faults: list[FieldError]) -> dict[int, Contract]:
    """Return the contract of each row by its number; what is not found, or not one, is a fault."""
    references = {row.contract for row in rows}
    candidates: dict[str, list[Contract]] = {}
    for contract in (
        Contract.objects.filter(reference__in=references)
        .exclude(status__in=["draft", "cancelled"])
        .select_related("organization")
    ):
        candidates.setdefault(contract.reference, []).append(contract)
    found = {}
    for row in rows:
        fitting = [
            one
            for one in candidates.get(row.contract, [])
            if row.registration_number in ("", one.organization.registration_number)
        ]
        if len(fitting) == 1:
            found[row.number] = fitting[0]
        elif fitting:
            message = phrase("Several clients have a contract of this reference: fill in registration_number.")
            faults.append(FieldError("contract", "ambiguous", message, row.number))
        else:
            faults.append(FieldError("contract", "unknown", "There is no such signed contract.", row.number))
    return found


def _known(contracts: Any) -> dict[tuple[int, str], tuple[int, date, Decimal, str]]:
    organizations = {contract.organization_id for contract in contracts}
    return {
        (one.organization_id, one.reference): (one.contract_id, one.paid_on, one.amount, one.currency)
        for one in Payment.objects.filter(organization_id__in=organizations)
    }
