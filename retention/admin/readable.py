"""Pages of retention that people read: stores and reasons by name, and what its JSON means."""

from typing import Any

from django.db.models import CharField
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import ReadOnly
from accounts.admin.in_words import Way, Words
from retention import explain, naming
from retention.enums import AcceptanceGround

CODES = {"store": naming.title, "why": explain.reason, "last_error": explain.reason}


class RetentionWords(Words):
    """The words of certificates, searches and previews."""

    keys = {
        "accepted_at": _("accepted at"),
        "attested": _("stores whose emptying is attested"),
        "beyond": _("stores that were asked"),
        "by": _("by"),
        "came_back": _("came back"),
        "columns": _("columns"),
        "count": _("count"),
        "files": _("files"),
        "ground": _("ground"),
        "holds": _("legal holds"),
        "in_shared_conversations": _("messages of others in their conversations, which stay"),
        "kept": _("kept"),
        "kind": _("kind"),
        "left_out": _("stores left out"),
        "open_exports": _("requests for an export that are not answered yet, and are not waited for"),
        "people": _("people"),
        "place": _("place"),
        "stores": _("stores"),
        "tables": _("tables"),
        "terms": _("terms"),
        "unanswered": _("stores that did not answer"),
    }

    def key(self, key: str) -> str:
        return str(self.keys[key]) if key in self.keys else _code(key)

    def value(self, key: str, value: Any, names: Any) -> str:
        if key == "ground":
            return str(dict(AcceptanceGround.choices).get(value, value))
        if key.endswith("_at") and isinstance(value, str) and value:
            return naming.instant(value)
        found = super().value(key, value, names)
        return _code(found) if found == value else found


class Readable(ReadOnly):
    """A table of retention: its stores and reasons are shown in words."""

    words = RetentionWords()

    def in_words(self, field: Any) -> Way | None:
        if isinstance(field, CharField) and not field.choices and (say := CODES.get(field.name)):
            return lambda row, value: say(value)
        return super().in_words(field)


def _code(text: str) -> str:
    """Return what a store or a reason is called; other words as they are written."""
    return str(explain.REASONS.get(text) or naming.store(text))
