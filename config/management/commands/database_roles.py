"""``database_roles``: print the SQL with which an administrator prepares a production server."""

from typing import Any

from django.core.management.base import BaseCommand

from config.embedded.roles import DATABASES, ROLES, create_database


class Command(BaseCommand):
    """Exit code 0."""

    help = "Print the SQL that makes Terme's roles and databases; add passwords with ALTER ROLE afterwards."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(ROLES)
        for name in DATABASES:
            self.stdout.write(";\n".join(create_database(name)) + ";\n")
