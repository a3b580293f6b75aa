"""``data_protection``: print the inventory of personal data, as docs/data-protection.md has it."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from retention.policy import POLICY, STORES
from retention.policy.document import text


class Command(BaseCommand):
    """Exit code 0. It needs no database."""

    help = "Print what is held, as what, why, how long, and what becomes of it: from the policy that erasures follow."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["format"] == "text":
            self.stdout.write(text(), ending="")
            return
        tables = {
            label: {
                "rows": one.rows,
                "category": one.category.code,
                "role": one.category.role,
                "basis": one.basis,
                "period": None if one.period is None else asdict(one.period),
                "fields": {name: one.fate_of(name) for name in one.fields},
            }
            for label, one in sorted(POLICY.items())
        }
        self.stdout.write(json.dumps({"tables": tables, "stores": [asdict(store) for store in STORES]}))
