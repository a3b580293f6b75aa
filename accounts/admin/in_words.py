"""Pages that people read: names in place of actors, rows in place of JSON. Every table's page and list does so."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import CharField, Field, JSONField
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.acting import works_for_vendor
from accounts.admin.actors import names_of
from accounts.wording import colon

IN_WORDS = "_in_words"
# A row's value is shown by what is called with the row and the value.
type Way = Callable[[Any, Any], Any]


class Words:
    """How JSON is said. ``keys`` are what its keys mean; others are shown as they are written."""

    keys: Mapping[str, str | Promise] = {}

    def key(self, key: str) -> str:
        """Return what a key means."""
        return str(self.keys.get(key, key))

    def value(self, key: str, value: Any, names: Mapping[str, str]) -> str:
        """Return a value that holds no others, by its key. ``names``: of actors."""
        if value is None or value in ("", [], {}):
            return "-"
        if isinstance(value, bool):
            return str(_("Yes") if value else _("No"))
        return names.get(value, value) if isinstance(value, str) else str(value)

    def rows(self, value: Any, names: Mapping[str, str]) -> SafeString:
        """Return a JSON value as a list of rows: keys in words, nested lists within."""
        lines = format_html_join("", "<li>{}</li>", ((line,) for line in self._lines(value, names)))
        return format_html('<ul class="leading-relaxed">{}</ul>', lines)

    def _lines(self, value: Any, names: Mapping[str, str]) -> Iterator[Any]:
        if isinstance(value, dict):
            for key, one in value.items():
                if isinstance(one, dict | list) and one:
                    yield format_html("{} {}", colon(self.key(key)), self.rows(one, names))
                else:
                    yield f"{colon(self.key(key))} {self.value(key, one, names)}"
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict) and not any(isinstance(part, dict | list) for part in one.values()):
                    said = (f"{colon(self.key(key))} {self.value(key, part, names)}" for key, part in one.items())
                    yield " · ".join(said)
                elif isinstance(one, dict | list) and one:
                    yield self.rows(one, names)
                else:
                    yield self.value("", one, names)
        else:
            yield self.value("", value, names)


def is_actor(field: Any) -> bool:
    """Say whether a field holds who acted, such as ``user:`` with a public id."""
    acts = field.name in ("actor", "by") or field.name.endswith("_by")
    return acts and isinstance(field, CharField) and not field.choices


def way(field: Any, words: Words) -> Way | None:
    """Return how a field's value is shown; none where its own way is right."""
    if isinstance(field, JSONField):
        return lambda row, value: words.rows(value, _names(row))
    if is_actor(field):
        return lambda row, value: _names(row).get(value, value)
    return None


def shown(field: "Field[Any, Any]", found: Way) -> Callable[[Any], Any]:
    """Return what shows a field on a page and in a list, in words."""

    def show(row: Any) -> Any:
        value = getattr(row, field.name)
        return None if value in (None, "", [], {}) else found(row, value)

    dressed: Callable[[Any], Any] = display(description=field.verbose_name, ordering=field.name)(show)
    return dressed


def name_actors(request: HttpRequest, rows: Sequence[Any]) -> Mapping[str, str]:
    """Ask for the names of all who acted on these rows at once; return them, and leave them with the rows."""
    actors = {actor for row in rows for actor in _actors(row)}
    known = names_of(actors, staff=works_for_vendor(request)) if actors else {}
    for row in rows:
        row.names_of_actors = known
    return known


def _actors(row: Any) -> Iterator[str]:
    deferred = row.get_deferred_fields()
    for field in row._meta.concrete_fields:
        if field.attname in deferred:
            continue
        value = getattr(row, field.attname)
        if is_actor(field) and value:
            yield value
        elif isinstance(field, JSONField):
            yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of a JSON value that may be an actor."""
    if isinstance(value, str) and ":" in value:
        yield value
    parts: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        yield from _texts(part)


def _names(row: Any) -> Mapping[str, str]:
    found: Mapping[str, str] = getattr(row, "names_of_actors", {})
    return found
