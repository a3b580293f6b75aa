"""``held_messages``: list what is held since a restore, send it or drop it."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import tenancy
from accounts.models import OutboxMessage
from accounts.operations import sent
from accounts.operations.sweeping import SYSTEM

WRONG_INPUT = 2


class Command(BaseCommand):
    """Exit code 0: listed, sent or dropped. 1: one of them is not held. 2: wrong arguments."""

    help = "List the announcements that are held since a restore; send or drop those that are named, or all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ids", nargs="*", metavar="ID")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--release", action="store_true", help="send them to everybody whom they concern")
        what.add_argument("--drop", action="store_true", help="tell nobody")
        parser.add_argument("--all", action="store_true", help="whatever is held")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        acting = options["release"] or options["drop"]
        if acting != bool(options["ids"] or options["all"]) or (options["ids"] and options["all"]):
            raise CommandError("Name ids, or --all, with --release or --drop.", returncode=WRONG_INPUT)
        try:
            ids = [UUID(text) for text in options["ids"]]
        except ValueError:
            raise CommandError("An id is a UUID, as the list has it.", returncode=WRONG_INPUT) from None
        with tenancy.vendor():
            held = OutboxMessage.objects.held().select_related("organization")
            found = list(held.filter(public_id__in=ids) if ids else held)
            if len(found) < len(set(ids)):
                raise CommandError("One of them is not held: nothing is done.", returncode=1)
            for message in found if acting else []:
                do = sent.release if options["release"] else sent.drop
                do(message, now=timezone.now(), by=SYSTEM)
        if options["format"] == "json":
            done = "released" if options["release"] else "dropped" if options["drop"] else "held"
            self.stdout.write(json.dumps({"state": done, "messages": [_facts(one) for one in found]}))
            return
        for message in found:
            self.stdout.write(f"{message.public_id}  {message.occurred_at:%Y-%m-%d %H:%M}  {message.topic}")


def _facts(message: OutboxMessage) -> dict[str, Any]:
    return {
        "id": str(message.public_id),
        "topic": message.topic,
        "organization": None if message.organization is None else str(message.organization.public_id),
        "occurred_at": message.occurred_at.isoformat(),
    }
