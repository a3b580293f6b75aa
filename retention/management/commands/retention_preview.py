"""``retention_preview``: what retention rules would erase now. Nothing is changed."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts import tenancy
from accounts.models import Organization
from accounts.operations import clock
from retention.enums import RuleState
from retention.models import RetentionRule
from retention.operations import lasting

WRONG_INPUT = 2


class Command(BaseCommand):
    """Exit code 0: it is told. 2: wrong arguments."""

    help = "Say what each retention rule that has not ended would erase now: numbers by store. Nothing is changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", type=UUID, help="public id; only this client's rules")
        parser.add_argument("--rule", type=UUID, help="public id; only this rule")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        with tenancy.vendor():
            rules = RetentionRule.objects.exclude(state=RuleState.ENDED).select_related("organization").order_by("pk")
            if options["organization"] is not None:
                if not Organization.objects.filter(public_id=options["organization"]).exists():
                    missing = f"--organization: no organization {options['organization']}."
                    raise CommandError(missing, returncode=WRONG_INPUT)
                rules = rules.filter(organization__public_id=options["organization"])
            if options["rule"] is not None:
                rules = rules.filter(public_id=options["rule"])
                if not rules.exists():
                    raise CommandError(f"--rule: no rule {options['rule']} in force.", returncode=WRONG_INPUT)
            found = [(rule, lasting.weigh(rule, now=clock.instant())) for rule in rules]
        if options["format"] == "json":
            self.stdout.write(json.dumps([_facts(rule, seen) for rule, seen in found]))
            return
        for rule, seen in found:
            amounts = ", ".join(f"{name} {count}" for name, count in seen["stores"].items())
            self.stdout.write(
                f"{rule.public_id} {rule.category} {rule.amount} {rule.unit} ({rule.state}): {amounts} "
                f"older than {seen['cutoff']}, people {seen['people']}; kept longest by {seen['winner']}."
                f"{_unreached(seen['beyond'])}{_rests(seen['resting'])}"
            )


def _facts(rule: RetentionRule, seen: dict[str, Any]) -> dict[str, Any]:
    return {
        "rule": str(rule.public_id),
        "organization": str(rule.organization.public_id),
        "category": rule.category,
        "state": rule.state,
        **{
            name: seen[name]
            for name in ("at", "cutoff", "winner", "stores", "left", "oldest", "people", "beyond", "resting")
        },
    }


def _unreached(beyond: list[dict[str, Any]]) -> str:
    codes = [one["store"] for one in beyond if not one["reached"]]
    failed = [f"{one['store']} ({one['tested_at']})" for one in beyond if one["fault"]]
    return (f" Not reached: {', '.join(codes)}." if codes else "") + (
        f" Connection failed: {', '.join(failed)}." if failed else ""
    )


def _rests(resting: dict[str, Any] | None) -> str:
    if resting is None:
        return ""
    return f" Nothing goes now: {resting['why']} {resting['request'] or resting['hold']}, since {resting['since']}."
