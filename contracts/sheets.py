"""Spreadsheets of contracts: what is committed, a row per contract, a column per financial year, totals by currency."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from accounts.wording import worded
from contracts import explain
from contracts.operations.exits import Commitment
from contracts.rules.days import ONE_DAY, add_months
from contracts.rules.money import minor_units

BOLD = Font(bold=True)


def commitments(found: Sequence[Commitment], *, year_starts_in: int) -> bytes:
    """Return an XLSX. Amounts are numbers before VAT; nobody's text is ever taken as a formula."""
    years = sorted({_year_of(one.starts_on, year_starts_in) for each in found for one in each.years})
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet(_("Commitments"))
    sheet.freeze_panes = "A2"
    for letter, width in (("A", 32), ("B", 24), ("C", 10), ("D", 16)):
        sheet.column_dimensions[letter].width = width
    head = [_("Organization"), _("Contract"), _("Currency"), _("Bound until"), *map(_named, years), _("Total")]
    sheet.append([_text(sheet, one, bold=True) for one in head])
    totals: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * (len(years) + 1))
    for each in found:
        texts = (str(each.contract.organization), each.contract.reference, each.contract.currency)
        cells = [_text(sheet, one) for one in texts]
        if each.fault is not None:  # seen, and in no total
            sheet.append([*cells, _text(sheet, _("unknown: %(why)s") % {"why": worded(explain.said(each.fault))})])
            continue
        by_year = {_year_of(one.starts_on, year_starts_in): one.amount.amount for one in each.years}
        amounts = [by_year.get(year, Decimal(0)) for year in years]
        amounts.append(sum(amounts, Decimal(0)))
        currency = each.contract.currency
        totals[currency] = [one + other for one, other in zip(totals[currency], amounts, strict=True)]
        sheet.append([*cells, _day(sheet, each.bound_until), *(_amount(sheet, one, currency) for one in amounts)])
    for currency, amounts in sorted(totals.items()):
        cells = [_text(sheet, one, bold=True) for one in (_("Total"), "", currency, "")]
        sheet.append([*cells, *(_amount(sheet, one, currency, bold=True) for one in amounts)])
    sheet.append([])
    sheet.append([_text(sheet, _("Fees before VAT until the earliest exit, if notice were given today."))])
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def _year_of(day: date, month: int) -> tuple[date, date]:
    """Return the financial year of a day, from the first of the month with which it begins; the end is exclusive."""
    start = date(day.year if day.month >= month else day.year - 1, month, 1)
    return start, add_months(start, 12)


def _named(year: tuple[date, date]) -> str:
    first, last = year[0], year[1] - ONE_DAY
    return str(first.year) if first.month == 1 else f"{first.year}/{last.year % 100:02}"


def _text(sheet: Any, value: str, *, bold: bool = False) -> Any:
    cell: Any = WriteOnlyCell(sheet, value=value)
    cell.data_type = "s"
    if bold:
        cell.font = BOLD
    return cell


def _day(sheet: Any, value: date | None) -> Any:
    cell: Any = WriteOnlyCell(sheet)
    cell.value = value
    cell.number_format = "yyyy-mm-dd"
    return cell


def _amount(sheet: Any, value: Decimal, currency: str, *, bold: bool = False) -> Any:
    cell: Any = WriteOnlyCell(sheet)
    cell.value = value
    cell.number_format = "#,##0" + ("." + "0" * minor_units(currency) if minor_units(currency) else "")
    if bold:
        cell.font = BOLD
    return cell
