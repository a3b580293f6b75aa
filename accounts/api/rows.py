"""Lists without models: what a serializer says of each row, read as plain columns by one SELECT."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, wraps
from operator import attrgetter, itemgetter
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from rest_framework import serializers
from rest_framework.fields import Field, empty

type Convert = Callable[..., Any]
type AnyField = Field[Any, Any, Any, Any]
type AnySerializer = serializers.ModelSerializer[Any]


class NeedsModels(Exception):
    """A serializer says more of a row than its columns do; the text says what."""


def computed(*columns: str) -> Callable[[Convert], Convert]:
    """Declare a serializer's method that is computed from columns alone: it is given their values, not the row.

    Columns are written as in a query (``contract__currency``). A row that is a model is answered the same.
    """

    def declare(method: Convert) -> Convert:
        paths = [attrgetter(column.replace("__", ".")) for column in columns]

        @wraps(method)
        def of_instance(serializer: AnySerializer, instance: Any) -> Any:
            return method(serializer, *(path(instance) for path in paths))

        of_instance.__dict__.update(columns=columns, of_values=method)
        return of_instance

    return declare


class Rows:
    """The columns that a serializer class needs, and what becomes of their values.

    The answer is the serializer's own, but that UUIDs, dates and instants are left to the renderer.

    :raises NeedsModels: a field is more than a column, and no function of columns (:func:`computed`).
    """

    def __init__(self, serializer: type[AnySerializer]) -> None:
        for name in ("to_representation", "get_fields"):
            if getattr(serializer, name) is not getattr(serializers.ModelSerializer, name):
                raise NeedsModels(f"its {name} is its own")
        fields = {name: field for name, field in serializer().fields.items() if not field.write_only}
        self._places: dict[str, int] = {"pk": 0}
        self._names = tuple(fields)
        self._converts: list[tuple[str, Convert]] = []
        self._methods: list[tuple[str, Convert, list[int]]] = []
        places = [self._read(name, field) for name, field in fields.items()]
        self._pick = itemgetter(*places, 0)  # one more than there are names: of a single place it made no tuple
        self._columns = tuple(self._places)

    def of(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any, Any]:
        """Return the same rows as tuples of columns, the key first."""
        prepared = rows.query.values_select == self._columns
        return rows if prepared else rows.prefetch_related(None).values_list(*self._columns)

    def told(self, rows: Iterable[Sequence[Any]], serializer: AnySerializer) -> list[dict[str, Any]]:
        """Return what is said of the rows; ``serializer`` is whose methods are called."""
        answer = []
        for row in rows:
            told = dict(zip(self._names, self._pick(row), strict=False))
            for name, convert in self._converts:
                if (value := told[name]) is not None:
                    told[name] = convert(value)
            for name, method, places in self._methods:
                told[name] = method(serializer, *[row[place] for place in places])
            answer.append(told)
        return answer

    def _read(self, name: str, field: AnyField) -> int:
        """Note what the field reads, and return the place of the first column of it."""
        if isinstance(field, serializers.SerializerMethodField):
            method = getattr(type(field.parent), str(field.method_name))
            if not hasattr(method, "columns"):
                raise NeedsModels(f"{name} is computed from the model")
            places = [self._place(column) for column in method.columns]
            self._methods.append((name, method.of_values, places))
            return places[0]
        convert = _convert(name, field, _column(name, field))
        if convert is not None:
            self._converts.append((name, convert))
        return self._place("__".join(field.source_attrs))

    def _place(self, column: str) -> int:
        return self._places.setdefault(column, len(self._places))


@cache
def rows_of(serializer: Any) -> Rows | None:
    """Return how a serializer's rows are read as columns; ``None``: they must be models."""
    try:
        return Rows(serializer) if issubclass(serializer, serializers.ModelSerializer) else None
    except NeedsModels:
        return None


def _column(name: str, field: AnyField) -> models.Field[Any, Any]:
    """Return the column that a field reads, by way of foreign keys. Where one is empty, the field must say null."""
    if not field.source_attrs:
        raise NeedsModels(f"{name} is made of the whole row")
    *keys, last = field.source_attrs
    parent: Any = field.parent
    model: Any = parent.Meta.model
    try:
        for key in keys:
            found = model._meta.get_field(key)
            if not (found.concrete and found.is_relation):
                raise NeedsModels(f"{name} goes by {key}, which is no foreign key")
            if found.null and not (field.default is None or (field.default is empty and field.allow_null)):
                raise NeedsModels(f"{name} says no null where {key} is empty")
            model = found.related_model
        column: models.Field[Any, Any] = model._meta.get_field(last)
    except FieldDoesNotExist as error:
        raise NeedsModels(f"{name} is no column") from error
    if not column.concrete or column.is_relation:
        raise NeedsModels(f"{name} is a related row")
    return column


_TEXTS = (models.CharField, models.TextField)
# Fields whose answer follows from the value alone, with the columns whose values they answer as they are: as text
# where JSON has no such value, in the form in which the renderer writes it.
_VALUES: Mapping[type[AnyField], type[Any] | tuple[type[Any], ...]] = {
    serializers.BooleanField: models.BooleanField,
    serializers.CharField: _TEXTS,
    serializers.ChoiceField: _TEXTS,
    serializers.DateField: models.DateField,
    serializers.DateTimeField: models.DateTimeField,
    serializers.DecimalField: models.DecimalField,
    serializers.EmailField: _TEXTS,
    serializers.IntegerField: models.IntegerField,
    serializers.JSONField: models.JSONField,
    serializers.ListField: ArrayField,
    serializers.SlugField: _TEXTS,
    serializers.URLField: _TEXTS,
    serializers.UUIDField: models.UUIDField,
}
# Arguments of fields that shape what they answer.
_SHAPING = {"binary", "coerce_to_string", "default_timezone", "format", "localize", "normalize_output", "rounding"}


def _convert(name: str, field: Any, column: models.Field[Any, Any]) -> Convert | None:
    """Return what a column's value, if there is one, goes through; ``None``: nothing."""
    if type(field) not in _VALUES:
        raise NeedsModels(f"{name} is a {type(field).__name__}")
    plain: Convert = field.to_representation
    if not isinstance(column, _VALUES[type(field)]) or _SHAPING & field._kwargs.keys():
        return plain
    if isinstance(column, models.DecimalField):
        return "{:f}".format if field.decimal_places == column.decimal_places else plain
    if isinstance(column, ArrayField):
        return plain if _convert(name, field.child, column.base_field) else None
    return None
