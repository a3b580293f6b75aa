"""Pages of retention that people read: names in place of actors, labels in place of codes, rows in place of JSON."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import CharField, Field, JSONField
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.acting import works_for_vendor
from accounts.admin.actors import names_of
from accounts.admin.base import ReadOnly
from retention import explain, naming
from retention.enums import AcceptanceGround

IN_WORDS = "_in_words"
# What the keys of JSON mean. Others are shown as they are written.
KEYS: Mapping[str, Promise] = {
    "accepted_at": _("accepted at"),
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
    "people": _("people"),
    "place": _("place"),
    "stores": _("stores"),
    "tables": _("tables"),
    "terms": _("terms"),
    "unanswered": _("stores that did not answer"),
}


class Readable(ReadOnly):
    """A table whose actors, codes and JSON are shown in words, on its pages and in its list."""

    def __init__(self, model: Any, admin_site: Any) -> None:
        for field in model._meta.concrete_fields:
            if shown := _way(field):
                setattr(self, f"{field.name}{IN_WORDS}", _display(field, shown))
        super().__init__(model, admin_site)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return [self._readable(name) for name in super().get_fields(request, obj)]

    def get_list_display(self, request: HttpRequest) -> Sequence[str]:
        return [self._readable(str(name)) for name in super().get_list_display(request)]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Ask for the names of all who acted on the list's rows at once."""
        found: Any = super().get_changelist_instance(request)
        self._name(request, found.result_list)
        return found

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if (obj := kwargs.get("obj")) is not None:
            self._name(request, [obj])
        found: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return found

    def _readable(self, name: str) -> str:
        return f"{name}{IN_WORDS}" if hasattr(self, f"{name}{IN_WORDS}") else name

    def _name(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        names = [field.name for field in self.model._meta.concrete_fields if _is_actor(field)]
        actors = {getattr(row, name) for row in rows for name in names}
        actors |= {one.get("by", "") for row in rows for one in getattr(row, "accepted", ())}
        known = names_of(actors, staff=works_for_vendor(request)) if actors - {""} else {}
        for row in rows:
            row.names_of_actors = known


def _is_actor(field: Any) -> bool:
    return isinstance(field, CharField) and field.name.endswith("_by") and not field.choices


def _way(field: Any) -> Callable[[Any, Any], Any] | None:
    """Return how a field's value is shown; none where its own way is right."""
    if isinstance(field, JSONField):
        return lambda row, value: rows_of(value, _names(row))
    if _is_actor(field):
        return lambda row, value: _names(row).get(value, value)
    if isinstance(field, CharField) and not field.choices:
        return {"store": _store, "why": _reason, "last_error": _reason}.get(field.name)
    return None


def _display(field: "Field[Any, Any]", shown: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    def show(row: Any) -> Any:
        value = getattr(row, field.name)
        return None if value in (None, "", [], {}) else shown(row, value)

    dressed: Callable[[Any], Any] = display(description=field.verbose_name, ordering=field.name)(show)
    return dressed


def _names(row: Any) -> Mapping[str, str]:
    found: Mapping[str, str] = getattr(row, "names_of_actors", {})
    return found


def _store(_row: Any, value: str) -> str:
    return naming.title(value)


def _reason(_row: Any, value: str) -> Any:
    return explain.reason(value)


def rows_of(value: Any, names: Mapping[str, str]) -> SafeString:
    """Return a JSON value as a list of rows: keys in words, nested lists within."""
    lines = format_html_join("", "<li>{}</li>", ((line,) for line in _lines(value, names)))
    return format_html('<ul class="leading-relaxed">{}</ul>', lines)


def _lines(value: Any, names: Mapping[str, str]) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, dict | list) and one:
                yield format_html("{}: {}", _key(key), rows_of(one, names))
            else:
                yield f"{_key(key)}: {_value(key, one, names)}"
    elif isinstance(value, list):
        for one in value:
            if isinstance(one, dict):
                yield " · ".join(f"{_key(key)}: {_value(key, part, names)}" for key, part in one.items())
            else:
                yield _value("", one, names)
    else:
        yield _value("", value, names)


def _key(key: str) -> str:
    return str(KEYS[key]) if key in KEYS else _code(key)


def _value(key: str, value: Any, names: Mapping[str, str]) -> str:
    if value is None or value in ("", [], {}):
        return "-"
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if key == "ground":
        return str(dict(AcceptanceGround.choices).get(value, value))
    if key == "by":
        return names.get(value, str(value))
    if key.endswith("_at") and isinstance(value, str):
        return naming.instant(value)
    return _code(value) if isinstance(value, str) else str(value)


def _code(text: str) -> str:
    """Return what a store or a reason is called; other words as they are written."""
    return str(explain.REASONS.get(text) or naming.store(text))
