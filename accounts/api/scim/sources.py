"""Where the attributes of users and groups stand: columns, joins, the profile."""

from scim2_models.path import AttributeBinding

from accounts.api.scim.filters import FALSE, Entries, Source, Sql, Value, by_id
from accounts.api.scim.resources import CORE, GROUP, EnterpriseUser
from accounts.rules.profiles import ENTERPRISE

U, G, M = "accounts_licenseduser", "accounts_provisionedgroup", "accounts_provisionedmembership"
_LIVE = "('invited', 'active', 'restricted', 'suspended')"
# As accounts/operations/provisioning.py says it.
_ACTIVE = f"""CASE WHEN {U}.status <> 'suspended' THEN TRUE
    WHEN {U}.suspension_reason IN ('client_rule', 'client_decision')
        THEN coalesce(({U}.profile ->> 'active')::boolean, TRUE)
    ELSE {U}.suspension_reason <> 'provisioning' END"""
_GROUPS = f"""(SELECT jsonb_agg(jsonb_build_object('value', g.public_id, 'display', g.display_name, 'type', 'direct'))
    FROM {M} m JOIN {G} g ON g.organization_id = m.organization_id AND g.id = m.group_id
    WHERE m.organization_id = {U}.organization_id AND m.licensed_user_id = {U}.id)"""
_MEMBERS = f"""(SELECT jsonb_agg(jsonb_build_object('value', u.public_id, 'display', u.display_name, 'type', 'User'))
    FROM {M} m JOIN {U} u ON u.organization_id = m.organization_id AND u.id = m.licensed_user_id
    WHERE m.organization_id = {G}.organization_id AND m.group_id = {G}.id AND u.status IN {_LIVE})"""


def users(base: str) -> Source:
    """Return where the attributes of users stand; ``base``: the address that locations begin with."""
    columns: dict[str, Value | Entries] = {
        "userName": Value(Sql(f"{U}.user_name"), True, _named),
        "active": Value(Sql(f"({_ACTIVE})"), True),
        "password": Value(Sql("NULL::text")),
        "schemas": Entries(
            Sql(
                f"(CASE WHEN jsonb_exists({U}.profile, %s) THEN jsonb_build_array(%s::text, %s::text) "
                "ELSE jsonb_build_array(%s::text) END)",
                (ENTERPRISE, CORE, ENTERPRISE, CORE),
            )
        ),
        "groups": Entries(Sql(_GROUPS), _in_group),
        **_common(U, f"{base}/Users/", "User"),
    }

    def source(binding: AttributeBinding) -> Value | Entries:
        within = [ENTERPRISE] if issubclass(binding.model, EnterpriseUser) else []
        name = binding.urn.rpartition(":")[2]
        head, _dot, sub = name.partition(".")
        if not within and (found := columns.get(name) or columns.get(head)) is not None:
            return found
        if binding.is_multivalued:
            return Entries(Sql(f"({U}.profile #> %s::text[])", ([*within, head],)))
        path = [*within, head, *([sub] if sub else [])]
        operator = "#>" if hasattr(binding.target_type, "model_fields") else "#>>"
        return Value(Sql(f"({U}.profile {operator} %s::text[])", (path,)))

    return source


def groups(base: str) -> Source:
    """Return where the attributes of groups stand."""
    columns: dict[str, Value | Entries] = {
        "displayName": Value(Sql(f"{G}.display_name"), True),
        "schemas": Entries(Sql("jsonb_build_array(%s::text)", (GROUP,))),
        "members": Entries(Sql(_MEMBERS), _with_member),
        **_common(G, f"{base}/Groups/", "Group"),
    }

    def source(binding: AttributeBinding) -> Value | Entries:
        name = binding.urn.rpartition(":")[2]
        return columns.get(name) or columns[name.partition(".")[0]]

    return source


def _named(value: str) -> Sql:
    return Sql(f"(lower({U}.user_name) = lower(normalize(%s::text)))", (value,))


def _common(table: str, location: str, kind: str) -> dict[str, Value | Entries]:
    def provided(value: str) -> Sql:
        return Sql(f"({table}.provisioned_id = %s AND {table}.provisioned_id <> '')", (value,))

    return {
        "id": Value(Sql(f"{table}.public_id::text"), True, by_id(f"{table}.public_id")),
        "externalId": Value(Sql(f"nullif({table}.provisioned_id, '')"), False, provided),
        "meta": Value(Sql("jsonb_build_object('resourceType', %s::text)", (kind,))),
        "meta.resourceType": Value(Sql("%s::text", (kind,)), True),
        "meta.created": Value(Sql(f"{table}.created_at"), True),
        "meta.lastModified": Value(Sql(f"{table}.changed_at"), True),
        "meta.version": Value(Sql(f"('W/\"' || {table}.version || '\"')"), True),
        "meta.location": Value(Sql(f"(%s::text || {table}.public_id)", (location,)), True),
    }


def _in_group(value: str) -> Sql:
    test = by_id("g.public_id")(value)
    if test is FALSE:
        return FALSE
    rows = f"""EXISTS (SELECT FROM {M} m JOIN {G} g ON g.organization_id = m.organization_id AND g.id = m.group_id
        WHERE m.organization_id = {U}.organization_id AND m.licensed_user_id = {U}.id AND """
    return test.within(rows, ")")


def _with_member(value: str) -> Sql:
    test = by_id("u.public_id")(value)
    if test is FALSE:
        return FALSE
    rows = f"""EXISTS (SELECT FROM {M} m
        JOIN {U} u ON u.organization_id = m.organization_id AND u.id = m.licensed_user_id
        WHERE m.organization_id = {G}.organization_id AND m.group_id = {G}.id AND u.status IN {_LIVE} AND """
    return test.within(rows, ")")
