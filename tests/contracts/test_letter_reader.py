"""Reading letters: what they say, and what is refused with a code."""

import io
import zlib
from email.message import EmailMessage

import pytest
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter

from accounts.errors import InvalidInput
from contracts.letters import reader

MAIL = (
    b"Received: from a by b; Mon, 02 Jun 2025 08:30:00 +0200\r\n"
    b"Received: from x by a; Sun, 01 Jun 2025 08:30:00 +0200\r\n"
    b"From: =?utf-8?q?Zo=C3=A9?= <zoe@client.example>\r\nDate: Sun, 01 Jun 2025 08:00:00 +0200\r\nSubject: Notice\r\n"
)


def a_pdf(text="We terminate contract C-1", pages=1):
    pdf = FPDF()
    pdf.set_font("Helvetica")
    for _page in range(pages):
        pdf.add_page()
        if text:
            pdf.cell(text=text)
    return bytes(pdf.output())


def encrypted():
    writer, target = PdfWriter(PdfReader(io.BytesIO(a_pdf()))), io.BytesIO()
    writer.encrypt("secret")
    writer.write(target)
    return target.getvalue()


def a_bomb(size):
    """A page whose content unpacks to ``size`` bytes."""
    packed = zlib.compress(b" " * size, 9)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % start


def test_a_pdf_says_its_words():
    letter = reader.read(a_pdf(), "notice.pdf")
    assert "We terminate contract C-1" in letter.text
    assert (letter.media, letter.sender_email, letter.received_at) == ("application/pdf", "", None)


def test_a_mail_says_who_sent_it_and_when_it_came():
    page = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>We <b>terminate</b></p><script>x</script>"
    letter = reader.read(MAIL + page, "n.eml")
    assert (letter.sender_name, letter.sender_email, letter.subject) == ("Zoé", "zoe@client.example", "Notice")
    assert str(letter.received_at) == "2025-06-02 06:30:00+00:00"
    assert str(letter.sent_on) == "2025-06-01"
    assert "terminate" in letter.text and "script" not in letter.text and " x" not in letter.text


@pytest.mark.parametrize("before", ["\n", "\r\n\r\n", "  \n"])
def test_a_blank_line_before_a_mail_hides_none_of_its_header(before):
    for letter in (
        reader.read(before.encode() + MAIL + b"\r\nx", "m.eml"),
        reader.pasted_mail(before + MAIL.decode() + "\nx"),
    ):
        assert (letter.sender_email, letter.subject) == ("zoe@client.example", "Notice")
        assert letter.sent_at and letter.received_at


def test_a_mail_with_a_pdf_says_both():
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "Zoé <zoe@client.example>", "See attached"
    mail.set_content("Hello")
    mail.add_attachment(a_pdf("Résiliation du contrat C-9"), maintype="application", subtype="pdf", filename="x.pdf")
    text = reader.read(mail.as_bytes(), "n.eml").text
    assert "Hello" in text and "contrat C-9" in text


@pytest.mark.parametrize(
    ("data", "filename", "code"),
    [
        pytest.param(b"", "a.pdf", "empty", id="empty"),
        pytest.param(b"%PDF-" + b"x" * reader.LARGEST, "a.pdf", "too_large", id="too-large"),
        pytest.param(b"PK\x03\x04", "a.pdf", "not_a_pdf", id="a-zip-named-pdf"),
        pytest.param(a_pdf(), "a.eml", "not_what_it_says", id="a-pdf-named-mail"),
        pytest.param(b"Hello", "a.eml", "not_a_mail", id="a-text-named-mail"),
        pytest.param(b"MZ\x90", "a.exe", "unsupported_format", id="a-program"),
        pytest.param(b"%PDF-1.4 rubbish", "a.pdf", "damaged", id="a-damaged-pdf"),
        pytest.param(a_pdf(text=""), "a.pdf", "no_text", id="a-scan"),
        pytest.param(a_pdf(pages=201), "a.pdf", "too_much", id="a-book"),
        pytest.param(a_bomb(8 * 1024 * 1024), "a.pdf", "too_much", id="a-bomb"),
        pytest.param(a_bomb(80 * 1024 * 1024), "a.pdf", "too_much", id="a-great-bomb"),
        pytest.param("é".encode("latin-1"), "a.txt", "charset", id="not-utf-8"),
        pytest.param(
            MAIL + b"Content-Type: text/plain; charset=klingon\r\n\r\nHi", "a.eml", "charset", id="no-charset"
        ),
        pytest.param(b"   \n", "a.txt", "no_text", id="blanks"),
    ],
)
def test_what_is_refused(data, filename, code):
    with pytest.raises(InvalidInput) as raised:
        reader.read(data, filename)
    assert [(error.field, error.code) for error in raised.value.errors] == [("file", code)]


def test_an_encrypted_pdf_is_refused():
    with pytest.raises(InvalidInput) as raised:
        reader.read(encrypted(), "a.pdf")
    assert raised.value.errors[0].code == "encrypted"


@pytest.mark.parametrize(
    ("text", "code"),
    [(" ", "blank"), ("x" * 200_001, "too_long"), ("a\x00b", "control_character"), ("\ud800", "control_character")],
)
def test_a_pasted_text_that_is_refused(text, code):
    with pytest.raises(InvalidInput) as raised:
        reader.pasted(text)
    assert [(error.field, error.code) for error in raised.value.errors] == [("text", code)]


@pytest.mark.parametrize("charset", ["utf-8", "cp1252"])
def test_a_mail_that_says_no_character_set_is_read_in_what_it_is_written_in(charset):
    letter = reader.read(
        "From: Zoé <zoe@canary.example>\nSubject: Résiliation\n\nNous résilions.".encode(charset), "a.eml"
    )
    assert (letter.sender_name, letter.subject) == ("Zoé", "Résiliation")
    assert letter.text.endswith("Nous résilions.")
