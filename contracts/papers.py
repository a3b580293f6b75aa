"""Papers: the quote with its leaving checklist as one page of PDF, in the client's language."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import formats, translation
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from contracts import explain, explain_money, labels
from contracts.models import Contract, Quote

FONTS = settings.BASE_DIR / "static" / "fonts"
# The largest size with which everything fits on one page.
SIZES = (9.0, 8.0, 7.0, 6.0, 5.0)
WIDTH, AMOUNT = 180.0, 40.0


def quote(found: Quote, contract: Contract, *, language: str) -> bytes:
    """Return the quote and its checklist as one page of PDF, in ``language`` if it is one of ours, else in English."""
    known = [code for code, _name in settings.LANGUAGES]
    with translation.override(language if language in known else "en"):
        for size in SIZES:
            page = _page(found, contract, size)
            if page.pages_count == 1:
                break
        return bytes(page.output())


def _page(found: Quote, contract: Contract, size: float) -> FPDF:
    pdf = FPDF(format="A4")
    pdf.set_creation_date(found.made_at)
    pdf.set_title(_("Quote for leaving"))
    pdf.set_lang(translation.get_language() or "en")
    pdf.set_margins(15, 12)
    pdf.set_auto_page_break(True, margin=10)
    pdf.add_font("DejaVu", "", FONTS / "DejaVuSans.ttf")
    pdf.add_font("DejaVu", "B", FONTS / "DejaVuSans-Bold.ttf")
    pdf.add_page()
    _text(pdf, _("Quote for leaving"), size * 1.6, bold=True)
    for line in _facts(found, contract):
        _text(pdf, line, size)
    _heading(pdf, _("What it costs, before VAT"), size)
    for line in found.lines:
        amount = explain_money.amount(Decimal(line["amount"]), found.currency)
        name = str(labels.QUOTE_LINE[line["kind"]])
        _row(pdf, name if line["counts"] else _("%(line)s (for information)") % {"line": name}, amount, size)
        _text(pdf, " ".join(explain.reasons(line["why"])), size * 0.8)
    _row(pdf, _total(found), explain_money.amount(abs(found.total), found.currency), size, bold=True)
    _heading(pdf, _("Leaving checklist"), size)
    for item in found.checklist:
        value = _day(item["on"]) if item["on"] else ""
        if item["amount"] is not None:
            value = explain_money.amount(Decimal(item["amount"]), found.currency)
        _row(pdf, str(labels.CHECKLIST_ITEM[item["code"]]), value, size)
    _heading(pdf, _("Reference"), size)
    _text(pdf, str(found.public_id), size * 0.8)
    return pdf


def _facts(found: Quote, contract: Contract) -> Iterator[str]:
    yield _("%(client)s, contract %(contract)s") % {
        "client": contract.organization.name,
        "contract": contract.reference,
    }
    ground = found.get_ground_display() if found.ground else _("On notice, at a term's end")
    yield _("Last day of service: %(day)s. Ground: %(ground)s.") % {"day": _day(found.exit_on), "ground": ground}
    yield _("Quoted on %(on)s, valid until %(until)s.") % {
        "on": _day(found.quoted_on),
        "until": _day(found.valid_until),
    }
    if not found.right_to_leave:
        yield _("The contract grants no right to leave on that day.")


def _total(found: Quote) -> str:
    return _("To be received by the client") if found.total < 0 else _("To be paid by the client")


def _day(day: Any) -> str:
    return formats.date_format(date.fromisoformat(day) if isinstance(day, str) else day, "DATE_FORMAT")


def _heading(pdf: FPDF, text: str, size: float) -> None:
    pdf.ln(size * 0.3)
    _text(pdf, text, size * 1.2, bold=True)


def _text(pdf: FPDF, text: str, size: float, *, bold: bool = False) -> None:
    pdf.set_font("DejaVu", "B" if bold else "", size)
    pdf.multi_cell(WIDTH, size * 0.5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")


def _row(pdf: FPDF, name: str, value: str, size: float, *, bold: bool = False) -> None:
    pdf.set_font("DejaVu", "B" if bold else "", size)
    pdf.cell(WIDTH - AMOUNT, size * 0.6, name)
    pdf.cell(AMOUNT, size * 0.6, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="R")
