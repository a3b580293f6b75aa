"""What the tests of restores share: a copy of a database's rows, and putting it back in place of what is there now."""

import io
import json

import psycopg
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from psycopg import sql

from retention.operations import gate
from tests.engines import admin_dsn

STAYS = {"django_migrations", "django_content_type", "auth_permission"}


class Backup:
    """All rows of one database and where its sequences stand, as a dump holds them."""

    def __init__(self, alias="default"):
        self.alias = alias
        self.rows = {}
        with self._administrator() as admin:
            names = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (name,) in names:
                if name not in STAYS:
                    copy = sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(name))
                    with admin.cursor().copy(copy) as out:
                        self.rows[name] = b"".join(bytes(part) for part in out)
            self.sequences = admin.execute(
                "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
            ).fetchall()

    def restore(self):
        """Put the database back to where it stood. Triggers and keys hold back nothing, as with a restore."""
        connections[self.alias].close()
        with self._administrator() as admin, admin.transaction():
            for name in self.rows:
                admin.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
            for name, rows in self.rows.items():
                copy = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(sql.Identifier(name))
                with admin.cursor().copy(copy) as into:
                    into.write(rows)
            for name, last in self.sequences:
                admin.execute("SELECT setval(%s::regclass, %s, %s)", [f"public.{name}", last or 1, last is not None])
        gate.forget()

    def _administrator(self):
        return psycopg.connect(admin_dsn(self.alias), autocommit=True, options="-c session_replication_role=replica")


def replayed(*options, expect=0):
    """Run the command and return what it printed, as JSON, having checked its exit code."""
    out, code = io.StringIO(), 0
    try:
        call_command("replay_erasures", *options, "--format", "json", stdout=out)
    except CommandError as error:
        code = error.returncode
    assert code == expect, out.getvalue()
    return json.loads(out.getvalue())


def codes():
    """Return why the gate is closed, as codes."""
    return [fault.code.value for fault in gate.look().faults]
