"""``migrate``, without what takes most of its time."""

from typing import Any

from django.core.management.commands.migrate import Command as Migrate

from accounts.db.rendering import nothing_rendered_for_options


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> Any:
        with nothing_rendered_for_options():
            return super().handle(*args, **options)
