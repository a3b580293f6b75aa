"""Letters of people's requests as PDF: the same words as the mails, for who has no address, and for the file."""

from datetime import UTC, datetime, time

from django.http import HttpResponse
from django.utils import translation
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from accounts.operations.delivery import without_gaps
from retention.models import SubjectRequest
from retention.operations import subject_facts, subject_letters
from retention.papers import FONTS

SIZE = 10.5


def pdf(row: SubjectRequest, name: str) -> bytes:
    """Return a letter as an A4 page: to whom, from whom, the words.

    :raises KeyError: there is no such letter.
    """
    words = subject_letters.text(row, name)
    told = subject_letters.facts(row)
    known = subject_facts.opened(row)
    to = f"{told['client']}" if name == "forwarding" else f"{known.name}\n{known.address or known.email}"
    paper = FPDF(format="A4")
    paper.set_creation_date(datetime.combine(told["received_on"], time(), UTC))
    paper.set_title(row.reference)
    paper.set_lang(translation.get_language() or "en")
    paper.set_margins(25, 25)
    paper.set_auto_page_break(True, margin=20)
    paper.add_font("DejaVu", "", FONTS / "DejaVuSans.ttf")
    paper.add_page()
    paper.set_font("DejaVu", "", SIZE)
    for part in (told["vendor"], without_gaps(to), words):
        paper.multi_cell(0, SIZE * 0.5, part, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        paper.ln(SIZE)
    return bytes(paper.output())


def answered(row: SubjectRequest, name: str) -> HttpResponse:
    """Answer a call with a letter, as a file that nobody keeps on the way."""
    response = HttpResponse(pdf(row, name), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{row.reference}-{name}.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response
