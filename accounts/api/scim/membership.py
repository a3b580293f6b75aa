"""What a PATCH does to the members of a group, as steps over sets: a provider sends thousands at once."""

from typing import Any
from uuid import UUID

from scim2_models import (
    Group,
    GroupMember,
    InvalidPathException,
    InvalidValueException,
    MutabilityException,
    Path,
    ScimPolicy,
)
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    ValuePath,
)

from accounts.api.scim.resources import GROUP
from accounts.operations.provisioned_groups import Step

MEMBERS = "members"
_OWN = f"{GROUP}:".lower()


def of(value: Any, *, policy: ScimPolicy | None = None) -> frozenset[UUID]:
    """Return whom a value names as members; ``policy`` says what becomes of what the schema does not declare.

    :raises InvalidValueException: not a list of users. :raises ValidationError: a member is none by the schema.
    """
    entries = value if isinstance(value, list) else [value]
    found = set()
    for entry in entries:
        if not isinstance(entry, dict):
            raise InvalidValueException(detail="members: each is an object with a value")
        member = GroupMember.model_validate(entry, scim_policy=policy)
        if (member.type or "User").lower() != "user":
            raise InvalidValueException(detail="members: groups within groups are not supported")
        found.add(_known(member.value or ""))
    return frozenset(found)


def parted(given: list[dict[str, Any]], members: "Members") -> tuple[list[dict[str, Any]], list[Step]]:
    """Part operations into those on the group's own attributes and the steps of its members.

    :raises InvalidPathException: a path is malformed. :raises MutabilityException: a member itself would be changed.
    """
    others: list[dict[str, Any]] = []
    steps: list[Step] = []
    for one in given:
        op, path, value = str(one.get("op", "")).lower(), one.get("path"), one.get("value")
        if path is None and isinstance(value, dict) and op in ("add", "replace"):
            named = [name for name in value if name.lower().removeprefix(_OWN) == MEMBERS]
            steps += [Step("add" if op == "add" else "set", of(value[name])) for name in named]
            rest = {name: item for name, item in value.items() if name not in named}
            others += [{**one, "value": rest}] if rest or not named else []
        elif isinstance(path, str) and _targets_members(path):
            steps.append(_step(op, path, one, members))
        else:
            others.append(one)
    return others, steps


class Members:
    """The members that a filter in a path selects from; read once, and only for filters that ask more than an id."""

    def __init__(self, read: Any) -> None:
        self._read = read

    def matching(self, path: str) -> frozenset[UUID]:
        """Return whom a path such as ``members[display sw "A"]`` selects."""
        group: Group = self._read()
        found: Any = Path.__class_getitem__(Group)(path).get(group) or []
        return frozenset(_known(one.value or "") for one in (found if isinstance(found, list) else [found]))


def _targets_members(path: str) -> bool:
    node = Path.__class_getitem__(Group)(path).ast
    head = node.attr_path if isinstance(node, ValuePath) else node
    return isinstance(head, AttrPath) and head.attr.lower() == MEMBERS


def _step(op: str, path: str, one: dict[str, Any], members: Members) -> Step:
    node = Path.__class_getitem__(Group)(path).ast
    if op not in ("add", "replace", "remove"):
        raise InvalidValueException(detail=f"{op[:20]!r} is not a PATCH operation: add, remove or replace")
    if isinstance(node, ValuePath):
        if node.sub_attr is not None or op != "remove":
            raise MutabilityException(attribute=path, detail="A member is added or removed, not changed")
        return Step("remove", _named(node.val_filter) or members.matching(path))
    if not isinstance(node, AttrPath) or node.sub_attr is not None:
        if Path.__class_getitem__(Group)(path).resolve() is None:
            raise InvalidPathException(path=path, detail=f"{path!r} is not an attribute of the schema")
        raise MutabilityException(attribute=path, detail="A member is added or removed, not changed")
    if op == "remove":
        return Step("remove", of(one["value"])) if one.get("value") is not None else Step("set", frozenset())
    if (op == "add" and one.get("value") is None) or "value" not in one:
        raise InvalidValueException(detail=f"value is required for {op} operations")
    return Step("add" if op == "add" else "set", of(one["value"]) if one["value"] is not None else frozenset())


def _named(node: FilterNode) -> frozenset[UUID]:
    """Return the ids of a filter that is only ``value eq "…"``, or several of them with ``or``; else nobody."""
    terms = node.terms if isinstance(node, LogicalExpr) and node.op is LogicalOperator.or_ else (node,)
    found = set()
    for term in terms:
        plain = isinstance(term, Comparison) and term.op is CompareOperator.eq
        if not plain or not isinstance(term, Comparison) or term.attr_path.attr.lower() != "value":
            return frozenset()
        found.add(_known(str(term.value)))
    return frozenset(found)


def _known(text: str) -> UUID:
    """Return an id; one that is none of ours is nobody's."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
