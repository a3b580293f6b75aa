"""Migration operations for what Django cannot state: row policies, privileges per role, composite foreign keys."""

from collections.abc import Mapping
from typing import Any

from django.db import migrations

TENANT = "(SELECT NULLIF(current_setting('terme.organization_id', true), '')::bigint)"
READ_WRITE = "SELECT, INSERT, UPDATE"
# What RunSQL takes: a text, or a text with parameters.
type Statement = str | tuple[str, dict[str, Any] | list[Any] | tuple[Any, ...] | None]


def row_security(
    table: str,
    *,
    app: str,
    vendor: str,
    eraser: str = "",
    loader: str = "",
    column: str = "organization_id",
    vendors_own: bool = False,
) -> list[migrations.RunSQL]:
    """Force row-level security on a tenant's table and grant privileges to the roles (comma-separated, SQL's words).

    One policy per role rather than one with OR, so that the tenant's index serves. ``terme_loader`` bypasses row
    security (``COPY`` is refused under it), so its grants are all it has. Of the ``vendors_own`` rows a tenant's scope
    sees none, even its own.
    """
    seen = "false" if vendors_own else f"{column} = {TENANT}"
    create: list[Statement] = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_app ON {table} TO terme_app USING ({seen})",
        f"CREATE POLICY whole_vendor ON {table} TO terme_vendor USING (true)",
        f"CREATE POLICY tenant_eraser ON {table} TO terme_eraser USING ({column} = {TENANT})",
    ]
    drop: list[Statement] = [
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        *(f"DROP POLICY {name} ON {table}" for name in ("tenant_app", "whole_vendor", "tenant_eraser")),
    ]
    return [
        migrations.RunSQL(create, drop),
        *privileges(table, app=app, vendor=vendor, eraser=eraser, loader=loader),
    ]


def shared_security(table: str) -> list[migrations.RunSQL]:
    """Force row security on a table of the whole vendor that clients may read: in a tenant's scope all rows are seen.

    Only the vendor writes it. Without a scope nothing is seen, as everywhere.
    """
    create: list[Statement] = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_app ON {table} FOR SELECT TO terme_app USING ({TENANT} IS NOT NULL)",
        f"CREATE POLICY whole_vendor ON {table} TO terme_vendor USING (true)",
        f"CREATE POLICY tenant_eraser ON {table} FOR SELECT TO terme_eraser USING ({TENANT} IS NOT NULL)",
    ]
    drop: list[Statement] = [
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        *(f"DROP POLICY {name} ON {table}" for name in ("tenant_app", "whole_vendor", "tenant_eraser")),
    ]
    return [
        migrations.RunSQL(create, drop),
        *privileges(table, app="SELECT", vendor=READ_WRITE, eraser="SELECT"),
    ]


def vendors_scope_only(table: str, rights: str) -> list[migrations.RunSQL]:
    """Force row security on a table without a tenant that is seen in the vendor's scope only, and grant the rights."""
    create: list[Statement] = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY whole_vendor ON {table} TO terme_vendor USING (true)",
    ]
    drop: list[Statement] = [
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        f"DROP POLICY whole_vendor ON {table}",
    ]
    return [migrations.RunSQL(create, drop), *privileges(table, app="", vendor=rights)]


def vendors_rows(table: str, rights: str) -> list[migrations.RunSQL]:
    """Force row security on a table without a tenant: the vendor sees all of it, no tenant's scope sees a row."""
    create: list[Statement] = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_app ON {table} TO terme_app USING (false)",
        f"CREATE POLICY whole_vendor ON {table} TO terme_vendor USING (true)",
    ]
    drop: list[Statement] = [
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        *(f"DROP POLICY {name} ON {table}" for name in ("tenant_app", "whole_vendor")),
    ]
    return [migrations.RunSQL(create, drop), *privileges(table, app="SELECT", vendor=rights)]


def privileges(
    table: str, *, app: str, vendor: str, eraser: str = "", loader: str = "", database: str = "default"
) -> list[migrations.RunSQL]:
    """Grant privileges on a table of one database to the roles; what is not named is refused."""
    wanted = {"terme_app": app, "terme_vendor": vendor, "terme_eraser": eraser, "terme_loader": loader}
    grants: list[Statement] = [f"GRANT {rights} ON {table} TO {role}" for role, rights in wanted.items() if rights]
    revoke: list[Statement] = [f"REVOKE ALL ON {table} FROM {', '.join(wanted)}"]
    return [migrations.RunSQL(grants, revoke, hints={"database": database})]


def composite_keys(table: str, keys: Mapping[str, str]) -> migrations.RunSQL:
    """Add the composite foreign keys of a table: column → table it points to."""
    create: list[Statement] = []
    drop: list[Statement] = []
    for column, target in keys.items():
        name = f"{table}_{column}_tenant_fk"
        create.append(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (organization_id, {column}) "
            f"REFERENCES {target} (organization_id, id) DEFERRABLE INITIALLY DEFERRED"
        )
        drop.append(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    return migrations.RunSQL(create, drop)
