"""The file for the accounting program: each part that falls due in a period, with its VAT; nothing is written."""

import csv
import io
from collections.abc import Iterator
from datetime import date

from accounts.errors import FieldError, InvalidInput
from contracts.enums import LineKind
from contracts.models import StatementLine
from contracts.operations.positions import charges_of
from contracts.rules.days import ONE_DAY

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


def export(*, due_from: date, due_to: date) -> str:
    """Return CSV: one row for each part of a line that falls due from one day to another, both included.

    A fee has the instalments of its term. Credits have amounts below zero; a refund is money to pay back, above zero.
    What was voided is left out.

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
    for line in lines.order_by("pk").iterator():
        writer.writerows(_rows(line, due_from, due_to))
    return out.getvalue()


def _rows(line: StatementLine, due_from: date, due_to: date) -> Iterator[list[object]]:
    if line.kind != LineKind.FEE.value:
        parts = [(1, line.starts_on, line.ends_on, line.due_on, line.amount)]
    else:
        found = charges_of(line.contract, line)
        parts = [(part.number, part.starts_on, part.ends_on, part.due_on, part.amount.amount) for part in found]
    organization = line.organization
    for number, starts_on, ends_on, due_on, amount in parts:
        if due_from <= due_on <= due_to:
            yield [
                line.public_id,
                number,
                organization.public_id,
                _safe(organization.registration_number),
                organization.country,
                _safe(line.contract.reference),
                line.kind,
                starts_on.isoformat(),
                (ends_on - ONE_DAY).isoformat(),
                due_on.isoformat(),
                amount,
                line.currency,
                line.vat,
                "" if line.seats is None else line.seats,
            ]


def _safe(text: str) -> str:
    """Return the text as a spreadsheet shows it without running it."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
