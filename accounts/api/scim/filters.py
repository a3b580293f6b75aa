"""Filters and orders (RFC 7644 §3.4.2) as SQL over columns and profiles; every value goes as a parameter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    STRING_OPERATORS,
    AttributeBinding,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
    coerce_value,
)

from accounts.rules import profiles

LONGEST = 4096
MOST_TERMS = 100
_ORDER = {CompareOperator.gt: ">", CompareOperator.ge: ">=", CompareOperator.lt: "<", CompareOperator.le: "<="}


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL with its parameters."""

    text: str
    params: tuple[Any, ...] = ()

    def __add__(self, other: "Sql | str") -> "Sql":
        if isinstance(other, str):
            return Sql(self.text + other, self.params)
        return Sql(self.text + other.text, self.params + other.params)

    def within(self, before: str, after: str) -> "Sql":
        """Return the piece between two texts."""
        return Sql(f"{before}{self.text}{after}", self.params)


@dataclass(frozen=True, slots=True)
class Value:
    """A single value: its SQL, and whether a row always has one. ``equal`` finds it by an index instead."""

    sql: Sql
    always: bool = False
    equal: Callable[[str], Sql] | None = None


@dataclass(frozen=True, slots=True)
class Entries:
    """A multi-valued attribute: SQL of a JSON array, or NULL. ``has`` finds an entry of a value by an index instead."""

    array: Sql
    has: Callable[[str], Sql] | None = None


# Where a table holds an attribute: given how it is bound, its value or its entries.
type Source = Callable[[AttributeBinding], Value | Entries]

TRUE, FALSE = Sql("TRUE"), Sql("FALSE")


def condition(wanted: ScimFilter[Any], source: Source) -> Sql:
    """Return the SQL of a filter: true or false for each row, never NULL.

    :raises InvalidFilterException: it is too long, an attribute is unknown, or a comparison is not supported.
    """
    if len(wanted) > LONGEST:
        raise InvalidFilterException(detail=f"A filter has at most {LONGEST} characters")
    if _terms(wanted.ast) > MOST_TERMS:
        raise InvalidFilterException(detail=f"A filter has at most {MOST_TERMS} terms")
    return _Rows(wanted, source).of(wanted.ast)


def order(binding: AttributeBinding, source: Source) -> Sql:
    """Return the SQL of what rows are sorted by: of many values the primary one, else the first (§3.4.2.3)."""
    found = source(binding)
    if isinstance(found, Entries):
        name = _name(binding, last=True)
        picked = (
            Sql("SELECT e ->> %s FROM jsonb_array_elements(", (name,))
            + found.array
            + Sql(
                ") WITH ORDINALITY AS entry(e, place) "
                "ORDER BY (e ->> 'primary') IS NOT DISTINCT FROM 'true' DESC, place LIMIT 1"
            )
        )
        found = Value(picked.within("(", ")"))
    if _is(binding, bool, datetime):
        return found.sql
    return _comparable(found.sql, exact=binding.case_exact).within("", ' COLLATE "C"')


class _Rows:
    """The SQL of a filter's nodes over the rows of a table."""

    def __init__(self, wanted: ScimFilter[Any], source: Source) -> None:
        self.wanted = wanted
        self.source = source

    def of(self, node: FilterNode) -> Sql:
        """Return the SQL of a node."""
        match node:
            case Not():
                return self.of(node.expr).within("NOT (", ")")
            case LogicalExpr():
                return _joined(node, [self.of(term) for term in node.terms])
            case Comparison():
                binding = self.bound(node.attr_path, compared=True)
                return self.compared(binding, node, coerce_value(binding, node.value, node.op))
            case Present():
                return self.present(self.bound(node.attr_path))
            case ValuePath():
                binding = self.bound(node.attr_path)
                return self.selected(binding, node.val_filter)
        raise InvalidFilterException(detail="This filter is not supported")

    def bound(self, path: AttrPath, *, compared: bool = False) -> AttributeBinding:
        resolve = self.wanted.resolve_comparison if compared else self.wanted.resolve
        found = resolve(path, strict=True)
        if found is None:
            raise InvalidFilterException(detail=f"There is no attribute {path}")
        return found

    def compared(self, binding: AttributeBinding, node: Comparison, value: Any) -> Sql:
        found = self.source(binding)
        if isinstance(found, Value):
            return _compare(found, node.op, value, binding)
        by_index = found.has is not None and binding.sub_field_name == "value" and node.op is CompareOperator.eq
        if found.has is not None and by_index and isinstance(value, str):
            return found.has(value)
        entry = _entry_value(binding)
        one = _compare(entry, node.op, value, binding)
        absent = found.array.within("(", " IS NULL)")
        if node.op is CompareOperator.ne:
            # The universal reading: no entry has the value. Without entries there is none, so none has it.
            none = _exists(found, one.within("NOT (", ")")).within("NOT ", "")
            return none if value is not None else (absent.within("NOT ", " AND ") + none).within("(", ")")
        some = _exists(found, one)
        both = node.op is CompareOperator.eq and value is None
        return (absent + " OR " + some).within("(", ")") if both else some

    def present(self, binding: AttributeBinding) -> Sql:
        found = self.source(binding)
        if isinstance(found, Entries):
            if binding.sub_field_name is None:
                return _exists(found, _full("e"))
            return _exists(found, _there(_entry_value(binding), binding))
        if binding.sub_field_name is None and _complex(binding):
            return found.sql.within("EXISTS (SELECT FROM jsonb_each_text(", ") AS part(k, v) WHERE v <> '')")
        return _there(found, binding)

    def selected(self, binding: AttributeBinding, node: FilterNode) -> Sql:
        found = self.source(binding)
        if not isinstance(found, Entries) or binding.sub_field_name is not None:
            raise InvalidFilterException(detail=f"{binding.urn} has no entries to select")
        return _exists(found, within_entry(binding, node))


def within_entry(binding: AttributeBinding, node: FilterNode) -> Sql:
    """Return the SQL of a filter in brackets, over the JSON object ``e``: one entry of the attribute."""
    match node:
        case Not():
            return within_entry(binding, node.expr).within("NOT (", ")")
        case LogicalExpr():
            return _joined(node, [within_entry(binding, term) for term in node.terms])
        case Comparison() | Present():
            item = binding.field_type
            if item is None or node.attr_path.sub_attr is not None or node.attr_path.uri is not None:
                raise InvalidFilterException(detail=f"{node.attr_path} is no attribute of an entry")
            path = AttrPath(attr=binding.field_name, sub_attr=node.attr_path.attr)
            inner = ScimFilter.__class_getitem__(binding.model)(Present(path)).resolve(path, strict=True)
            if inner is None:
                raise InvalidFilterException(detail=f"There is no attribute {node.attr_path}")
            if isinstance(node, Present):
                return _there(_entry_value(inner), inner)
            return _compare(_entry_value(inner), node.op, coerce_value(inner, node.value, node.op), inner)
    raise InvalidFilterException(detail="A selection within a selection is not supported")


def _terms(node: FilterNode) -> int:
    match node:
        case Not():
            return _terms(node.expr)
        case LogicalExpr():
            return sum(_terms(term) for term in node.terms)
        case ValuePath():
            return 1 + _terms(node.val_filter)
    return 1


def _joined(node: LogicalExpr, parts: Sequence[Sql]) -> Sql:
    word = " AND " if node.op is LogicalOperator.and_ else " OR "
    found = parts[0]
    for part in parts[1:]:
        found = found + word + part
    return found.within("(", ")")


def _exists(entries: Entries, wanted: Sql) -> Sql:
    rows = Sql("EXISTS (SELECT FROM jsonb_array_elements(") + entries.array + ") AS entry(e) WHERE "
    return rows + wanted + ")"


def _full(entry: str) -> Sql:
    return Sql(
        f"CASE jsonb_typeof({entry}) WHEN 'object' THEN EXISTS (SELECT FROM jsonb_each_text({entry}) AS part(k, v) "
        f"WHERE v <> '') ELSE {entry} #>> '{{}}' <> '' END"
    )


def _there(found: Value, binding: AttributeBinding) -> Sql:
    """Return whether there is a value; an empty text is none (RFC 7643 §2.5)."""
    if _is(binding, bool, datetime):
        return found.sql.within("(", " IS NOT NULL)")
    return found.sql.within("coalesce(", " <> '', FALSE)")


def _is(binding: AttributeBinding, *kinds: type) -> bool:
    return isinstance(binding.target_type, type) and issubclass(binding.target_type, kinds)


def _entry_value(binding: AttributeBinding) -> Value:
    if binding.sub_field_name is None:
        return Value(Sql("(e #>> '{}')"))
    name = _name(binding, last=True)
    value = Sql("(e ->> %s)", (name,))
    return Value(value.within("", "::boolean") if _is(binding, bool) else value)


def _name(binding: AttributeBinding, *, last: bool) -> str:
    """Return the name that JSON has for an attribute, or for its last part."""
    path = binding.urn.rpartition(":")[2]
    return path.rpartition(".")[2] if last else path


def _complex(binding: AttributeBinding) -> bool:
    return hasattr(binding.target_type, "model_fields")


def _comparable(value: Sql, *, exact: bool) -> Sql:
    return value if exact else value.within("lower(normalize(", "))")


def _compare(found: Value, op: CompareOperator, value: Any, binding: AttributeBinding) -> Sql:
    """Return whether a value compares: true or false, whatever is missing."""
    if _complex(binding):
        raise InvalidFilterException(detail=f"{binding.urn} is complex: compare one of its sub-attributes")
    if isinstance(value, bytes):
        raise InvalidFilterException(detail=f"{binding.urn} is binary: it is not compared")
    if value is None:
        if op is CompareOperator.eq:
            return found.sql.within("(", " IS NULL)")
        return found.sql.within("(", " IS NOT NULL)") if op is CompareOperator.ne else FALSE
    if isinstance(value, str) and profiles.unstorable(value):
        raise InvalidFilterException(detail="The filter holds a character that nothing can hold")
    if op in STRING_OPERATORS and (_is(binding, bool, datetime) or not isinstance(value, str)):
        raise InvalidFilterException(detail=f"{binding.urn}: {op.value} compares a text with a text")
    if _is(binding, bool) and op in _ORDER:
        raise InvalidFilterException(detail=f"{binding.urn}: {op.value} does not compare what is true or false")
    if isinstance(value, str):
        value = str(value.value) if isinstance(value, Enum) else str(value)
        if op is CompareOperator.eq and found.equal is not None:
            return found.equal(value)
        left = _comparable(found.sql, exact=binding.case_exact)
        right = _comparable(Sql("%s::text", (value,)), exact=binding.case_exact)
    else:
        left, right = found.sql, Sql("%s", (value,))
    return _applied(left, op, right, always=found.always)


def _applied(left: Sql, op: CompareOperator, right: Sql, *, always: bool) -> Sql:
    match op:
        case CompareOperator.ne:
            return (left + " IS DISTINCT FROM " + right).within("(", ")")
        case CompareOperator.eq:
            test = left + " = " + right
        case CompareOperator.co:
            test = Sql("position(") + right + " IN " + left + ") > 0"
        case CompareOperator.sw:
            test = Sql("starts_with(") + left + ", " + right + ")"
        case CompareOperator.ew:
            test = Sql("right(") + left + ", length(" + right + ")) = " + right
        case _:
            collated = ' COLLATE "C"' if "text" in right.text else ""
            test = left + f" {_ORDER[op]} " + right + collated
    return test.within("(", ")") if always else test.within("coalesce(", ", FALSE)")


def by_id(column: str) -> Callable[[str], Sql]:
    """Return the test for an id, which has one form only and is found by its index."""

    def test(value: str) -> Sql:
        try:
            known = UUID(value)
        except ValueError:
            return FALSE
        return Sql(f"({column} = %s)", (known,)) if str(known) == value else FALSE

    return test
