"""Papers: the certificate of erasure for people, as PDF in their language. It says what the signed document says."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils import formats, translation
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from retention.enums import AcceptanceGround, AddendumKind, HoldGround, HoldScope, RequestScope, ScanState
from retention.explain import kept_because
from retention.naming import folders, instant, period, rows_of, stores, title
from retention.rules import certificate as rules

FONTS = settings.BASE_DIR / "static" / "fonts"
SIZE = 9.0
WIDTH = 180.0
FOR_SURE, NOT_ANY_MORE = (20, 100, 55), (160, 25, 35)

LEVELS: dict[str, str | Promise] = {
    "unreadable": _l("Unreadable in live systems: keys destroyed, key caches expired, exports gone"),
    "logically_absent": _l("Absent from the databases: a search of everything found nothing"),
    "vacuumed": _l("Dead rows taken out of the tables' pages"),
    "rewritten": _l("Tables written anew: no old bytes in the data files"),
    "log": _l("Aged out of the write-ahead log"),
    "backups": _l("Aged out of the backups of the main database"),
    "unreadable_in_backups": _l("Unreadable in backups: the last backup of the keys has expired"),
    "model_vendor": _l("Past the window of the AI model's vendor"),
}
ASKED_BY: dict[str, str | Promise] = {
    "system": _l("the end of the contract"),
    "client": _l("the client"),
    "rule_of_the_client": _l("a rule of the client"),
    "person_concerned": _l("the person concerned"),
    "switch": _l("the end of a switch to another provider"),
    "ledger": _l("the ledger of erasures, after a restore"),
}
METHODS: dict[str, str | Promise] = {
    "keys_destroyed": _l("The keys of the encrypted content were destroyed first."),
    "rows_deleted_in_chunks": _l("Then the rows were deleted, with a journal of each step."),
    "everything_read_again": _l(
        "Then everything was read again: all tables of both databases, files, broker and cache."
    ),
    "exact_terms": _l("Addresses, external ids and opaque ids were searched for, as exact terms."),
}
LIMITS: dict[str, str | Promise] = {
    "others_messages": _l("What other people wrote about a person is theirs, encrypted under their keys."),
    "bare_names": _l("Bare names were not searched: a name may be somebody else's."),
    "short_ids": _l("External ids that are too short, or a common word, were not searched."),
    "ids_outside_rows": _l(
        "External ids were searched in the client's rows; elsewhere the same id may be another client's."
    ),
    "encoded_texts": _l(
        "Texts were read as they stand and with escapes resolved (JSON, per cent signs, HTML, hosts in ASCII). "
        "Base64 and other encodings within a column of text or a file were not."
    ),
    "freed_pages": _l("Freed pages of the databases may hold plain identifiers until they are written over."),
}
HELD_BY: dict[str, str | Promise] = {
    "snapshot": _l("held back by an older snapshot"),
    "replication_slot": _l("held back by a replication slot"),
    "prepared": _l("held back by a prepared transaction"),
    "autovacuum": _l("left to autovacuum"),
}


def languages() -> list[str]:
    """Return the codes of the languages that papers are written in."""
    return [code for code, _name in settings.LANGUAGES]


def certificate(document: dict[str, Any], addenda: Sequence[dict[str, Any]] = (), *, language: str) -> bytes:
    """Return a signed certificate as PDF, with what its addenda say last, in ``language`` if it is one of ours.

    Else in English. The signed document is what counts: the paper says how to check it.
    """
    with translation.override(language if language in languages() else "en"):
        return bytes(_Paper(document, addenda).written().output())


class _Paper:
    """The pages of one certificate."""

    def __init__(self, document: dict[str, Any], addenda: Sequence[dict[str, Any]]) -> None:
        self.document = document
        self.addenda = addenda
        # What changes with time, as it was said last.
        self.last = addenda[-1] if addenda else document
        self.pdf = FPDF(format="A4")

    def written(self) -> FPDF:
        self._begin()
        self._standing()
        self._part(_("What was asked"), self._request())
        self._part(_("How it was done"), [*self._method(), *self._keys()])
        self._heading(_("What was erased"))
        self._stores()
        self._heading(_("What is claimed, and since when"))
        self._levels()
        self._part(_("Searches afterwards"), self._checks())
        self._part(_("Legal holds met on the way"), self._holds())
        self._part(_("What was found and stays, accepted by a privacy officer"), self._accepted())
        self._part(_("What is kept, and why"), self._kept())
        self._part(_("What was not searched"), self._not_searched())
        self._part(_("Addenda"), self._addenda())
        self._part(_("How to check this"), self._check())
        return self.pdf

    def _begin(self) -> None:
        pdf = self.pdf
        pdf.set_creation_date(datetime.fromisoformat(self.document["issued_at"]))
        pdf.set_title(_("Certificate of erasure"))
        pdf.set_lang(translation.get_language() or "en")
        pdf.set_margins(15, 14)
        pdf.set_auto_page_break(True, margin=14)
        pdf.add_font("DejaVu", "", FONTS / "DejaVuSans.ttf")
        pdf.add_font("DejaVu", "B", FONTS / "DejaVuSans-Bold.ttf")
        pdf.add_page()
        self._text(_("Certificate of erasure"), SIZE * 1.9, bold=True)
        self._text(self.document["certificate"], SIZE)
        issued = _("Issued on %(on)s for organization %(organization)s.")
        self._text(issued % {"on": instant(self.document["issued_at"]), "organization": self.document["organization"]})
        if self.document.get("simulated_time"):
            self._text(_("It was made in simulated time, for a demonstration."), bold=True)

    def _standing(self) -> None:
        self.pdf.ln(2)
        if not self.last.get("stands", True):
            self.pdf.set_text_color(*NOT_ANY_MORE)
            self._text(
                _("It does not stand any more: residue was found on %(on)s.") % self._on(), SIZE * 1.2, bold=True
            )
        elif self.last.get("provisional", True):
            self._text(_("Provisional: not every window has closed. State of %(on)s.") % self._on(), bold=True)
        else:
            self.pdf.set_text_color(*FOR_SURE)
            self._text(_("Complete: every window has closed. State of %(on)s.") % self._on(), SIZE * 1.2, bold=True)
        self.pdf.set_text_color(0, 0, 0)

    def _on(self) -> dict[str, str]:
        return {"on": instant(self.last["issued_at"])}

    def _request(self) -> Iterator[str]:
        asked = self.document["request"]
        facts: dict[str, str | Promise] = {
            "scope": RequestScope(asked["scope"]).label,
            "whom": ASKED_BY.get(asked.get("asked_by", ""), asked["origin"]),
        }
        if asked["received_at"] is None:
            yield _("Whose data: %(scope)s. Asked for by %(whom)s.") % facts
        else:
            facts["on"] = instant(asked["received_at"])
            yield _("Whose data: %(scope)s. Asked for by %(whom)s, received on %(on)s.") % facts
        if asked["approved_at"] is None:
            yield _("That it was approved is in the ledger; when, and by whom, was not restored.")
        elif asked["approved_by_another_person"]:
            yield _("Approved on %(on)s, by another person than who asked.") % {"on": instant(asked["approved_at"])}
        else:
            yield _("Approved on %(on)s.") % {"on": instant(asked["approved_at"])}

    def _method(self) -> Iterator[str]:
        method = self.document.get("method", ())
        if isinstance(method, list):
            yield from (str(METHODS.get(code, code)) for code in method)

    def _keys(self) -> Iterator[str]:
        keys = self.document["keys"]
        yield _("Keys destroyed: %(count)s, on %(on)s. Entry of the ledger: %(digest)s.") % {
            "count": formats.number_format(keys["destroyed"], force_grouping=True),
            "on": instant(keys["destroyed_at"]),
            "digest": keys["ledger_entry"][:16],
        }
        yield _("Rows deleted by %(on)s.") % {"on": instant(self.document["erased_at"])}
        restored = self.document.get("restored") or {}
        if restored.get("replayed_at"):
            yield _(
                "A backup was restored, and what had come back with it was erased again, from %(on)s on. If a "
                "certificate of the same run (%(run)s) was issued before, this one takes its place."
            ) % {"on": instant(restored["replayed_at"]), "run": self.document["keys"]["run"]}
        if restored.get("keys_destroyed_again_at"):
            yield _("Keys that a restored backup had brought back were destroyed again on %(on)s.") % {
                "on": instant(restored["keys_destroyed_again_at"])
            }

    def _stores(self) -> None:
        names = (_("Store"), _("Before"), _("Erased"), _("Made anonymous"), _("Left"))
        # Certificates from before counted nothing as zero where nobody had looked.
        unseen = self.document.get("not_searched", {}).get("stores", ())
        rows = [
            (
                title(store["store"]),
                _number(store.get("before", store.get("found", 0))),
                _number(store.get("erased", 0)),
                _number(store.get("anonymised", 0)),
                _number(None if store["store"] in unseen else store.get("residual", 0)),
            )
            for store in self.document["stores"]
        ]
        self._table(names, rows, (72, 27, 27, 30, 24), numbers=True)

    def _levels(self) -> None:
        rows = []
        for level in self.last.get("levels", ()):
            since = instant(level["at"]) if level["at"] else _("not claimed")
            if not level["at"] and level["expected_at"]:
                since = _("not before %(on)s") % {"on": instant(level["expected_at"])}
            held = ", ".join(str(HELD_BY.get(code, code)) for code in level["held_by"])
            rows.append((str(LEVELS.get(level["level"], level["level"])), f"{since} ({held})" if held else since))
        self._table((_("Level"), _("Since")), rows, (115, 65), numbers=False)

    def _checks(self) -> Iterator[str]:
        for check in self.last.get("verifications", ()):
            searched = check["searched"]
            facts = {
                "on": instant(check["performed_at"]),
                "tables": _number(searched["tables"]),
                "columns": _number(searched["columns"]),
                "files": _number(searched["files"]),
                "hits": _number(check["hits"]),
            }
            if check["hits"]:
                yield _("%(on)s: something was found. Places: %(hits)s.") % facts
            else:
                yield _("%(on)s: nothing was found.") % facts
            yield _("Searched then: tables %(tables)s, columns %(columns)s, files %(files)s.") % facts
            if attested := searched.get("attested"):
                yield _("Attested by who emptied them: %(stores)s.") % {"stores": stores(attested)}
            if unsearched := [*searched.get("left_out", ()), *searched.get("unanswered", ())]:
                yield _("Not searched: %(stores)s.") % {"stores": stores(unsearched)}
            if mails := searched.get("mails_to_who_asked"):
                yield _("Mails to who asked, whose own address in them was passed over: %(count)s.") % {
                    "count": _number(mails)
                }
            if mails := searched.get("mails_to_others_of_address"):
                yield _(
                    "Mails with an address that is a contact's too, or somebody else's by now, passed over: %(count)s."
                ) % {"count": _number(mails)}

    def _holds(self) -> Iterator[str]:
        for hold in self.document.get("holds_met", ()):
            facts = {
                "scope": HoldScope(hold["scope"]).label,
                "ground": HoldGround(hold["ground"]).label,
                "placed": instant(hold["placed_at"]),
            }
            if hold["released_at"]:
                facts["released"] = instant(hold["released_at"])
                yield _("%(scope)s: %(ground)s, placed on %(placed)s, released on %(released)s.") % facts
            else:
                yield _("%(scope)s: %(ground)s, placed on %(placed)s, not released.") % facts

    def _accepted(self) -> Iterator[str]:
        for one in self.last.get("accepted", ()):
            ground = AcceptanceGround(one["ground"]).label
            facts = {"what": f"{one['place']} ({_number(one['count'])})", "said": ground}
            yield f"{_('%(what)s: %(said)s') % facts}. {instant(one['accepted_at'])}"

    def _kept(self) -> Iterator[str]:
        """Say each basis once, with all that stays on it. A certificate from before may have words of its own."""
        what: dict[tuple[str, str], list[str]] = {}
        for one in self.document["kept"]:
            name = rows_of(apps.get_model(one["what"]))
            what.setdefault((one["basis"], one.get("period") or ""), []).append(name)
        for (basis, length), names in what.items():
            said = f"{_(basis)} ({period(length)})" if length else _(basis)
            yield _("%(what)s: %(said)s") % {"what": capfirst(", ".join(names)), "said": said}

    def _not_searched(self) -> Iterator[str]:
        found = self.document.get("not_searched", {})
        others = self.last.get("others_content", self.document.get("others_content"))
        if others and others["state"] == rules.REPLAYED:
            yield _(
                "After a restore, what others wrote was erased again as the ledger lists it. Listed: %(named_in)s, "
                "erased: %(erased)s, kept: %(kept)s, not come back: %(not_there)s."
            ) % {name: _number(others[name]) for name in ("named_in", "erased", "kept", "not_there")}
        elif others and others["state"] == ScanState.DONE:
            yield _(
                "What others wrote was searched on %(at)s. Texts opened: %(opened)s, that did not open: "
                "%(did_not_open)s, that name one of the people: %(named_in)s, of them erased: %(erased)s, "
                "kept: %(kept)s."
            ) % {
                "at": instant(others["searched_at"]),
                **{name: _number(others[name]) for name in ("opened", "did_not_open", "named_in", "erased", "kept")},
            }
        if others and others.get("kept_because"):
            yield _("Of what others wrote stays: %(reasons)s.") % {"reasons": kept_because(others["kept_because"])}
        yield from (str(LIMITS.get(code, code)) for code in found.get("limits", ()))
        if found.get("ciphertext"):
            yield _("Encrypted columns: %(columns)s.") % {"columns": ", ".join(found["ciphertext"])}
        if found.get("columns"):
            yield _("Columns that stay on a basis of their own, and were not searched: %(columns)s.") % {
                "columns": ", ".join(found["columns"])
            }
        if found.get("contents"):
            yield _("Encrypted files, of which only the names were searched: %(folders)s.") % {
                "folders": folders(found["contents"])
            }
        if found.get("folders"):
            yield _("Folders that were not searched: %(folders)s.") % {"folders": folders(found["folders"])}
        if found.get("stores"):
            yield _("Stores that no program of ours looked into: %(stores)s.") % {"stores": stores(found["stores"])}

    def _addenda(self) -> Iterator[str]:
        for one in self.addenda:
            facts = {"what": instant(one["issued_at"]), "said": AddendumKind(one["kind"]).label}
            yield f"{one['number']}. {_('%(what)s: %(said)s') % facts}"

    def _check(self) -> Iterator[str]:
        yield _(
            "This paper shows a signed file, and only that file proves anything. Ask for it, and drop it at %(url)s."
        ) % {"url": f"{settings.PUBLIC_URL}/verify"}
        yield _("Signed with Ed25519 by key %(key)s. SHA-256 of its canonical JSON: %(digest)s.") % {
            "key": self.document["signature"]["key_id"],
            "digest": rules.digest(self.document),
        }
        trail = self.last.get("trail")
        if trail:
            yield _("Head of the sealed trail: position %(position)s, %(digest)s.") % {
                "position": _number(trail["position"]),
                "digest": trail["digest"],
            }

    def _part(self, title: str, lines: Iterator[str] | Sequence[str]) -> None:
        found = list(lines)
        if found:
            self._heading(title)
            for line in found:
                self._text(line)

    def _heading(self, text: str) -> None:
        self.pdf.ln(3)
        if self.pdf.will_page_break(16):
            self.pdf.add_page()
        self._text(text, SIZE * 1.2, bold=True)

    def _text(self, text: str, size: float = SIZE, *, bold: bool = False) -> None:
        self.pdf.set_font("DejaVu", "B" if bold else "", size)
        self.pdf.multi_cell(WIDTH, size * 0.5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")

    def _table(
        self, names: Sequence[str], rows: Sequence[Sequence[str]], widths: tuple[int, ...], *, numbers: bool
    ) -> None:
        self.pdf.set_font("DejaVu", "", SIZE * 0.9)
        others = ["RIGHT" if numbers else "LEFT"] * (len(names) - 1)
        with self.pdf.table(
            borders_layout="HORIZONTAL_LINES",
            col_widths=widths,
            headings_style=FontFace(emphasis="BOLD"),
            line_height=SIZE * 0.5,
            text_align=("LEFT", *others),
            width=int(WIDTH),
        ) as table:
            for line in (names, *rows):
                row = table.row()
                for text in line:
                    row.cell(text)


def _number(value: int | None) -> str:
    """Return a number as people read it; nothing is no zero."""
    return _("not counted") if value is None else formats.number_format(value, force_grouping=True)
