"""``rewrap_keys``: wrap everything anew under the newest key-encryption key, here and now."""

import json
import time
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import tenancy
from accounts.errors import Refused
from accounts.operations.sweeping import SYSTEM
from retention.enums import RotationState
from retention.models import KeyRotation
from retention.operations import key_checks, rewrapping
from retention.operations.sealed_places import BY_NAME


class Command(BaseCommand):
    """Exit code 0: nothing is under an older key. 1: something is left, or the keys are wrong; what, is said."""

    help = (
        "Start the job that wraps every key and secret anew under the newest key-encryption key, or go on with the one "
        "that runs, to its end. Says which versions may be taken out of the environment afterwards."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        as_json = options["format"] == "json"
        rotation = self.the_job()
        while rotation is not None and rotation.state == RotationState.RUNNING:
            with suppress(rewrapping.NotRunning):  # a worker was faster
                rewrapping.work(rotation, now=timezone.now(), by=SYSTEM)
            with tenancy.vendor():
                rotation.refresh_from_db()
            if rotation.last_error:
                break
            time.sleep(0.1)  # a worker may have the rest
        self.tell(rotation, as_json=as_json)

    def the_job(self) -> KeyRotation | None:
        """Return the job that runs, else a new one; none, where nothing is to do."""
        now = timezone.now()
        if wrong := key_checks.faults(now=now, note=True):
            raise CommandError("\n".join(wrong), returncode=1)
        with tenancy.vendor():
            running = KeyRotation.objects.running().first()
            if running is not None:
                return running
            try:
                return rewrapping.start(now=now, by=SYSTEM)
            except Refused as error:
                if error.code == "nothing_to_rewrap":
                    return None
                raise CommandError(str(error.message), returncode=1) from None

    def tell(self, rotation: KeyRotation | None, *, as_json: bool) -> None:
        """Say what was done, and which versions may go. :raises CommandError: something is left."""
        versions = key_checks.standing()
        removable = [one.version for one in versions if one.removable]
        state = "nothing_to_do" if rotation is None else str(rotation.state)
        places: dict[str, dict[str, int]] = {}
        if rotation is not None:
            with tenancy.vendor():
                places = {s.place: {"total": s.total, "done": s.done, "failed": s.failed} for s in rotation.steps.all()}
        facts = {
            "state": state,
            "error": "" if rotation is None else rotation.last_error,
            "places": places,
            "versions": [
                {
                    "version": one.version,
                    "configured": one.configured,
                    "check_value": one.check_value,
                    "used": one.used,
                    "removable": one.removable,
                }
                for one in versions
            ],
            "removable": removable,
        }
        if as_json:
            self.stdout.write(json.dumps(facts))
        else:
            for name, counts in places.items():
                self.stdout.write(f"{BY_NAME[name].title}: {counts['done']} of {counts['total']}")
        if rotation is not None and rotation.state != RotationState.FINISHED:
            raise CommandError(f"Not finished: {rotation.last_error or state}.", returncode=1)
        if not as_json:
            self.stdout.write(_may_go(removable))


def _may_go(removable: list[int]) -> str:
    if not removable:
        return "No configured key may be taken out."
    told = ", ".join(str(version) for version in removable)
    days = settings.BACKUP_HORIZON.days
    return (
        f"Nothing is under version {told} any more: it may be taken out of the environment. Backups made before now "
        f"still need it: keep it apart for {days} days, until the last of them has expired."
    )
