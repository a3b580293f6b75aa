"""The file for the accounting program: each part that falls due in a period, with its VAT; nothing is written."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from itertools import groupby

from accounts.errors import FieldError, InvalidInput
from contracts.enums import LineKind
from contracts.models import StatementLine
from contracts.operations.positions import by_an_end, charges_of, taken_off
from contracts.rules.billing import Instalment
from contracts.rules.days import ONE_DAY
from contracts.rules.money import Money

COLUMNS = (
    "line",
    "part",
    "client",
    "registration_number",
    "country",
    "contract",
    "kind",
    "from",
    "to",
    "due_on",
    "amount",
    "currency",
    "vat",
    "seats",
)
LONGEST_DAYS = 3_700
CHARGES = (LineKind.FEE.value, LineKind.UPLIFT.value)


def export(*, due_from: date, due_to: date) -> str:
    """Return CSV: one row for each part of a line that falls due from one day to another, both included.

    A fee has the instalments of its term. Credits have amounts below zero; a refund is money to pay back, above zero.
    What was voided is left out, and so is what an end takes off before it falls due: nobody is billed for days after
    the end, and only what was billed before is credited.

    :raises InvalidInput: the period is backwards, or longer than ten years.
    """
    if not 0 <= (due_to - due_from).days <= LONGEST_DAYS:
        raise InvalidInput([FieldError("due_to", "no_period", "A period is a day at least and ten years at most.")])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    lines = (
        StatementLine.objects.filter(voided_at__isnull=True, due_on__lte=due_to, ends_on__gte=due_from)
        | StatementLine.objects.filter(voided_at__isnull=True, due_on__gte=due_from, due_on__lte=due_to)
    ).select_related("contract", "organization", "term")
    found = list(lines.order_by("pk"))
    billed = _billed(found)
    for line in found:
        writer.writerows(_rows(line, billed.get(line.pk) or _parts(line), due_from, due_to))
    return out.getvalue()


def _parts(line: StatementLine) -> list[Instalment]:
    if line.kind == LineKind.FEE.value:
        return list(charges_of(line.contract, line))
    return [Instalment(1, line.starts_on, line.ends_on, line.due_on, Money(line.amount, line.currency))]


def _billed(lines: Iterable[StatementLine]) -> dict[int, list[Instalment]]:
    """Return the parts of all lines of the contracts that an end credits, less what it takes off, by the line's key."""
    contracts = {line.contract_id for line in lines}
    credits = by_an_end(contracts).filter(kind=LineKind.CREDIT.value).order_by("pk")
    credited = {credit.contract_id: credit for credit in credits}
    found: dict[int, list[Instalment]] = {}
    every = StatementLine.objects.filter(contract__in=list(credited), voided_at__isnull=True)
    for key, group in groupby(every.select_related("contract", "term").order_by("contract", "pk"), _contract_of):
        credit = credited[key]
        charged = [(line, part) for line in group if line.kind in CHARGES for part in _parts(line)]
        less, left = taken_off([part for _line, part in charged], credit, due_after=credit.due_on)
        for (line, _part), part in zip(charged, less, strict=True):
            found.setdefault(line.pk, []).append(part)
        (whole,) = _parts(credit)
        found[credit.pk] = [replace(whole, amount=left * -1)]
    return found


def _contract_of(line: StatementLine) -> int:
    return line.contract_id


def _rows(line: StatementLine, parts: Iterable[Instalment], due_from: date, due_to: date) -> Iterator[list[object]]:
    organization = line.organization
    for part in parts:
        if due_from <= part.due_on <= due_to and (part.amount.amount or not line.amount):
            yield [
                line.public_id,
                part.number,
                organization.public_id,
                _safe(organization.registration_number),
                organization.country,
                _safe(line.contract.reference),
                line.kind,
                part.starts_on.isoformat(),
                (part.ends_on - ONE_DAY).isoformat(),
                part.due_on.isoformat(),
                part.amount.amount,
                line.currency,
                line.vat,
                "" if line.seats is None else line.seats,
            ]


def _safe(text: str) -> str:
    """Return the text as a spreadsheet shows it without running it."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
