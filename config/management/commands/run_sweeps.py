"""``run_sweeps``: drive every sweep at a stated instant, or through a stretch of time. For demos and rehearsals."""

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import tenancy
from accounts.operations import clock
from accounts.operations.sweeping import Swept
from config import time_travel
from retention.operations import gate, runs

WRONG_INPUT = 2


class Command(BaseCommand):
    """Exit code 0: done. 1: refused. 2: wrong arguments."""

    help = (
        "Run the scheduled jobs as if it were another time. While the simulated clock is ahead, real jobs rest; "
        "--return leaves simulated time. Refused where DEBUG is off, unless --i-mean-it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--at", metavar="INSTANT", help="such as 2027-03-01T06:00+01:00")
        what.add_argument("--return", dest="back", action="store_true", help="leave simulated time")
        parser.add_argument("--until", metavar="INSTANT", help="go on to this instant, through all that falls due")
        parser.add_argument("--i-mean-it", action="store_true", help="even where DEBUG is off")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG and not options["i_mean_it"]:
            raise CommandError("DEBUG is off: simulated time would change real contracts. Add --i-mean-it if you do.")
        if options["back"]:
            with tenancy.vendor():
                entered = clock.give_back(now=timezone.now(), by="system:simulated")
                runs.give_leases_back(now=timezone.now())
            self.stdout.write("Simulated time is over." if entered else "There was no simulated time.")
            return
        if gate.look().closed:
            raise CommandError("A database was restored: run manage.py replay_erasures first.")
        at = _instant("--at", options["at"])
        until = _instant("--until", options["until"]) if options["until"] else None
        if until is not None and until < at:
            raise CommandError("--until: it lies before --at.", returncode=WRONG_INPUT)
        as_json = options["format"] == "json"

        def tell(instant: datetime, name: str, swept: Swept) -> None:
            facts = {"at": instant.isoformat(), "sweep": name, "done": swept.done, "refused": swept.refused}
            refused = "".join(f", {count} refused ({code})" for code, count in swept.refused.items())
            self.stdout.write(
                json.dumps(facts) if as_json else f"{instant:%Y-%m-%d %H:%M %Z}  {name}: {swept.done} done{refused}"
            )

        time_travel.travel(at=at, until=until, tell=tell)


def _instant(option: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"{option}: {text!r} is not an instant; write 2027-03-01T06:00+01:00.", returncode=WRONG_INPUT
        ) from None
    if found.tzinfo is None:
        raise CommandError(f"{option}: add the offset from UTC, such as +01:00 or Z.", returncode=WRONG_INPUT)
    return found
