"""Reading what was dropped: a PDF, a mail or a pasted text becomes a letter; what is no such thing is refused."""

import io
import re
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr, parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any, Protocol

from pypdf import PdfReader
from pypdf.errors import LimitReachedError, PyPdfError

from accounts.errors import FieldError, InvalidInput, phrase

LARGEST = 25 * 1024 * 1024
LONGEST_TEXT = 200_000
MOST_PAGES = 200
MOST_PARTS = 50
LARGEST_PAGE = 4 * 1024 * 1024
SECONDS = 20.0
_HEADER = re.compile(rb"^(from|received|date|subject|return-path|delivered-to|mime-version)\s*:", re.IGNORECASE | re.M)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that can be read. ``media`` is what the file is; the sender is known from a mail only."""

    text: str
    media: str
    filename: str
    data: bytes
    sender_name: str = ""
    sender_email: str = ""
    subject: str = ""
    sent_on: date | None = None
    received_at: datetime | None = None
    sent_at: datetime | None = None


class _Policy(policy.EmailPolicy):
    """Reads headers with bytes beyond ASCII as text (RFC 6532), where the usual one has a mark for each byte."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Return the header, its raw bytes decoded."""
        if not hasattr(value, "name"):
            value = _guessed(value.encode("ascii", "surrogateescape"))
        return super().header_fetch_parse(name, value)


def read(data: bytes, filename: str) -> Letter:
    """Read a file. What it is, its content decides; a name that says otherwise is refused.

    :raises InvalidInput: by the field ``file``: empty, too large, encrypted, damaged, too much to unpack, no text, an
        unknown character set, or not what its name says.
    """
    if not data:
        raise _wrong("empty", "The file is empty.")
    if len(data) > LARGEST:
        raise _wrong("too_large", "At most 25 MiB.")
    ending = filename.rpartition(".")[2].lower()
    is_pdf = data[:1024].lstrip().startswith(b"%PDF-")
    if ending == "pdf" and not is_pdf:
        raise _wrong("not_a_pdf", "The file is named a PDF and is none.")
    if is_pdf and ending not in ("pdf", ""):
        raise _wrong("not_what_it_says", "The file is a PDF and is named otherwise.")
    if is_pdf:
        return Letter(_checked(_pdf_text(data)), "application/pdf", filename, data)
    is_mail = _HEADER.match(data.lstrip()) is not None and b"\x00" not in data[:4096]
    if ending == "eml" or (ending == "" and is_mail):
        if not is_mail:
            raise _wrong("not_a_mail", "The file is named a mail and has no headers.")
        return _mail(data, filename)
    if ending == "txt":
        return Letter(_checked(_decoded(data)), "text/plain", filename, data)
    raise _wrong("unsupported_format", "A PDF, a mail (.eml) or a text (.txt).")


def pasted(text: str) -> Letter:
    """Take a text that was pasted. :raises InvalidInput: by the field ``text``: blank, too long, control characters."""
    if len(text) > LONGEST_TEXT:
        raise _wrong("too_long", phrase("At most %(most)s characters.", most=LONGEST_TEXT), field="text")
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise _wrong("control_character", "The text holds characters that are none.", field="text")
    if not text.strip():
        raise _wrong("blank", "The text is empty.", field="text")
    return Letter(text, "text/plain", "letter.txt", text.encode())


def pasted_mail(text: str) -> Letter:
    """Read a mail whose source was pasted: what it says of the characters of bytes does not hold for text.

    :raises InvalidInput: as :func:`read`, and where it has no header.
    """
    data = text.encode("utf-8", "replace")
    if _HEADER.match(data.lstrip()) is None:
        raise _wrong("not_a_mail", "Paste the mail with its header, which begins with lines such as From: and Date:.")
    return _mail(data, "mail.eml", as_text=True)


def _pdf_text(data: bytes) -> str:
    until = time.monotonic() + SECONDS
    parts, length = [], 0
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted:
            raise _wrong("encrypted", "The PDF is encrypted: drop it without its password.")
        for number, page in enumerate(reader.pages):
            if number >= MOST_PAGES or time.monotonic() > until:
                raise _wrong(
                    "too_much",
                    phrase("The PDF has more than %(most)s pages, or takes too long to read.", most=MOST_PAGES),
                )
            contents = page.get_contents()
            if contents is not None and len(contents.get_data()) > LARGEST_PAGE:
                raise _wrong("too_much", "A page of the PDF unpacks to more than a letter can hold.")
            parts.append(page.extract_text() or "")
            length += len(parts[-1])
            if length > LONGEST_TEXT:
                raise _wrong("too_long", phrase("The text has more than %(most)s characters.", most=LONGEST_TEXT))
    except LimitReachedError as error:
        raise _wrong("too_much", "The PDF unpacks to more than a letter can hold.") from error
    except (PyPdfError, ValueError, TypeError, LookupError, AttributeError, RecursionError, OSError) as error:
        raise _wrong("damaged", "The PDF cannot be read.") from error
    return "\n".join(parts)


def _mail(data: bytes, filename: str, *, as_text: bool = False) -> Letter:
    try:
        message = BytesParser(policy=_Policy()).parsebytes(data.lstrip())  # behind a blank line no header counts
        parts = list(message.walk())
        if len(parts) > MOST_PARTS:
            raise _wrong("too_much", phrase("The mail has more than %(most)s parts.", most=MOST_PARTS))
        name, address = parseaddr(str(message.get("From", "")))
        subject = str(message.get("Subject", ""))[:500]
        text = "\n".join([subject, *(_part_text(part, as_text) for part in parts if isinstance(part, EmailMessage))])
        sent_at = _instant(message.get("Date"))
        received = [str(value).rpartition(";")[2] for value in message.get_all("Received", [])]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise _wrong("charset", "The mail is damaged, or in a character set that nobody knows.") from error
    return Letter(
        text=_checked(text),
        media="message/rfc822",
        filename=filename,
        data=data,
        sender_name=_line(name),
        sender_email=_line(address) if "@" in address else "",
        subject=_line(subject),
        sent_on=sent_at.date() if sent_at else None,
        sent_at=sent_at,
        received_at=_instant(received[0]) if received else None,
    )


def _part_text(part: EmailMessage, as_text: bool) -> str:
    if part.is_multipart():
        return ""
    kind = part.get_content_type()
    if kind == "application/pdf":
        payload = part.get_payload(decode=True)
        return _pdf_text(payload) if isinstance(payload, bytes) and len(payload) <= LARGEST else ""
    if kind not in ("text/plain", "text/html"):
        return ""
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    encoded = str(part.get("Content-Transfer-Encoding", "")).strip().lower() in ("base64", "quoted-printable")
    guess = part.get_content_charset() is None or (as_text and not encoded)
    text = _guessed(raw) if guess else str(part.get_content())
    if len(text) > 5 * LONGEST_TEXT:
        raise _wrong("too_long", phrase("The text has more than %(most)s characters.", most=LONGEST_TEXT))
    return _without_tags(text) if kind == "text/html" else text


class _Words(HTMLParser):
    """Collects the words of a page, without scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style") and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def _without_tags(text: str) -> str:
    parser = _Words()
    parser.feed(text)
    parser.close()
    return " ".join(parser.words)


def _guessed(data: bytes) -> str:
    """Decode bytes of which nothing says the character set: UTF-8 if they are, else that of Western mail programs."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong("charset", "The text is not UTF-8.") from error


def _checked(text: str) -> str:
    found = text.replace("\x00", " ").encode("utf-8", "replace").decode()
    if len(found) > LONGEST_TEXT:
        raise _wrong("too_long", phrase("The text has more than %(most)s characters.", most=LONGEST_TEXT))
    if not any(character.isalpha() for character in found):
        raise _wrong("no_text", "There is no text in it: a scan, perhaps. Paste what it says beside it.")
    return found


def _instant(value: object) -> datetime | None:
    try:
        found = parsedate_to_datetime(str(value).strip()) if value else None
        return None if found is None else found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:320]


def _wrong(code: str, message: str, *, field: str = "file") -> InvalidInput:
    return InvalidInput([FieldError(field, code, message)])


class Upload(Protocol):
    """A file as a browser or a program sends it."""

    name: Any
    file: Any


def dropped(upload: Upload | None, text: str | None) -> Letter:
    """Take a file, a text, or both: a scan with what it says.

    :raises InvalidInput: as :func:`read` and :func:`pasted` do; or there is neither.
    """
    if upload is None:
        if text is None:
            raise _wrong("blank", "Drop a file, or paste a text.")
        return pasted(text)
    data, filename = upload.file.read(LARGEST + 1), _line(upload.name or "")[:200] or "letter"
    try:
        return read(data, filename)
    except InvalidInput as error:
        if text is None or error.errors[0].code != "no_text":
            raise
    said = pasted(text)
    return Letter(said.text, "application/pdf" if filename.lower().endswith(".pdf") else said.media, filename, data)
