"""The database roles, as SQL: the embedded engine runs it, and so does who sets up production (docs/operations.md)."""

# owner: migrations only. app: web, workers, tests. vendor, eraser, loader: taken for one transaction (SET LOCAL ROLE).
ROLES = """\
CREATE ROLE terme_owner LOGIN;
CREATE ROLE terme_app LOGIN NOINHERIT;
CREATE ROLE terme_vendor NOLOGIN;
CREATE ROLE terme_eraser NOLOGIN;
CREATE ROLE terme_loader NOLOGIN BYPASSRLS;
GRANT terme_vendor, terme_eraser, terme_loader TO terme_app;
GRANT terme_vendor TO terme_owner;
"""
DATABASES = ("terme", "terme_ledger")


def create_database(name: str) -> tuple[str, ...]:
    """Return the statements that make a database which only Terme's own roles may enter."""
    return (
        f"CREATE DATABASE {name} OWNER terme_owner",
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {name} TO terme_app",
        f"GRANT TEMPORARY ON DATABASE {name} TO terme_loader",
    )
