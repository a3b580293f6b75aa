"""PATCH (RFC 7644 §3.5.2) in the dialects that identity providers speak."""

from typing import Any

from django.http import HttpRequest
from scim2_models import Context, InvalidSyntaxException, PatchOp, Path, Resource, ScimPolicy
from scim2_models.path import Comparison, FilterNode, LogicalExpr, LogicalOperator

from accounts.api.scim import bodies
from accounts.rules.profiles import ENTERPRISE

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MOST_OPERATIONS = 1000
# A remove with a value selects by it: Entra ID takes members out of groups so.
STRICT = ScimPolicy(remove_value_as_filter=ScimPolicy.RemoveValue.apply)
CREATING = STRICT.model_copy(update={"unmatched_path_filter": ScimPolicy.UnmatchedPathFilter.create})
# What describes an entry that is not there yet, where a value would identify one that is.
LABELS = {"type", "primary"}


def operations(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the operations of a body, each in the RFC's form.

    :raises InvalidSyntaxException: there is no list of objects, or more than ``MOST_OPERATIONS``.
    """
    body = bodies.read(request, PATCH_OP)
    given = next((value for name, value in body.items() if name.lower() == "operations"), None)
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        raise InvalidSyntaxException(detail="Operations is a list of one or more objects")
    if len(given) > MOST_OPERATIONS:
        raise InvalidSyntaxException(detail=f"At most {MOST_OPERATIONS} operations")
    return [form for one in given for form in _forms({name.lower(): value for name, value in one.items()})]


def apply(resource: Resource[Any], given: list[dict[str, Any]]) -> None:
    """Apply operations to a resource, in order.

    :raises ValidationError: or a SCIMException, as of RFC 7644 §3.12.
    """
    for one in given:
        policy = CREATING if _describes_an_entry(type(resource), one) else STRICT
        message = PatchOp.__class_getitem__(type(resource)).model_validate(
            {"schemas": [PATCH_OP], "Operations": [one]}, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=policy
        )
        message.patch(resource, scim_policy=policy)


def _forms(one: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one operation as those that the RFC would write."""
    operation: dict[str, Any] = {name: one[name] for name in ("op", "path", "value") if name in one}
    path, value = operation.get("path"), operation.get("value")
    if path is None or path == "":
        operation.pop("path", None)
        if isinstance(value, dict):
            return _split(operation, value)
        return [operation]
    if isinstance(path, str) and path.lower() == f"{ENTERPRISE}:manager".lower():
        operation = _with_manager(operation)
    return [operation]


def _split(operation: dict[str, Any], value: dict[str, Any]) -> list[dict[str, Any]]:
    """Entra ID names entries by a filter also in the keys of a value: each becomes an operation with a path."""
    plain = {name: item for name, item in value.items() if "[" not in name}
    found = []
    if plain or not value:
        managed = {
            name: _manager(item) if name.lower() == f"{ENTERPRISE}:manager".lower() else item
            for name, item in plain.items()
        }
        found.append({**operation, "value": managed})
    found += [{**operation, "path": name, "value": item} for name, item in value.items() if "[" in name]
    return found


def _with_manager(operation: dict[str, Any]) -> dict[str, Any]:
    if "value" not in operation:
        return operation
    value = _manager(operation["value"])
    if value in ("", None) and operation.get("op", "") != "":
        return {"op": "remove", "path": operation["path"]}
    return {**operation, "value": value}


def _manager(value: Any) -> Any:
    """Entra ID sends a manager as an id, or as a list of one."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return {"value": value} if isinstance(value, str) and value else value


def _describes_an_entry(model: type[Resource[Any]], one: dict[str, Any]) -> bool:
    """Say whether an entry that the path's filter does not find is added rather than missed.

    An ``add`` adds. A ``replace`` that finds nothing has no target (RFC 7644 §3.5.2.3), except Entra ID's, which writes
    its operations in capitals and expects ``emails[type eq "work"].value`` to be there afterwards. In both the filter
    describes an entry only by its labels: which value it has is not known from it.
    """
    op, text = one.get("op"), one.get("path")
    if not isinstance(op, str) or not isinstance(text, str) or "[" not in text:
        return False
    if op.lower() != "add" and op != "Replace":
        return False
    selection = Path.__class_getitem__(model)(text).value_filter
    return selection is not None and all(
        isinstance(term, Comparison) and term.attr_path.attr.lower() in LABELS for term in _terms(selection)
    )


def _terms(node: FilterNode) -> tuple[FilterNode, ...]:
    both = isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_
    return node.terms if both and isinstance(node, LogicalExpr) else (node,)
