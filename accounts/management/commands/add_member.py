"""``add_member EMAIL``: let somebody sign in, for the vendor or a client. The first administrator comes this way."""

import json
import secrets
import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import tenancy
from accounts.enums import Role
from accounts.errors import InvalidInput, Refused
from accounts.models import Organization
from accounts.operations import members, tokens
from accounts.rules.permissions import Permission

WRONG_INPUT = 2


class Command(BaseCommand):
    """Exit code 0: done. 1: refused. 2: wrong input."""

    help = "Give a person a role. The password is read from standard input with --password-stdin, else generated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", required=True)
        parser.add_argument("--role", required=True, choices=[role.value for role in Role])
        parser.add_argument("--organization", type=UUID, help="public id; for roles of a client")
        parser.add_argument("--language", default="en")
        parser.add_argument("--password-stdin", action="store_true")
        parser.add_argument("--token", action="store_true", help="also make an API token, valid for a year")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        given = sys.stdin.readline().rstrip("\n") if options["password_stdin"] else None
        password = given or secrets.token_urlsafe(15)
        found = {"email": options["email"], "role": options["role"]}
        if given is None:
            found["password"] = password
        try:
            with tenancy.vendor():
                user = members.add(
                    email=options["email"],
                    name=options["name"],
                    role=Role(options["role"]),
                    organization=_organization(options["organization"]),
                    language=options["language"],
                    password=password,
                    now=now,
                    by="system:command",
                )
                user.read_seats()
                if options["token"]:
                    held = [permission for permission in Permission if user.has_perm(permission)]
                    _row, found["token"] = tokens.issue(
                        user,
                        name="command line",
                        permissions=held,
                        expires_at=now + timedelta(days=365),
                        now=now,
                        by="system:command",
                    )
        except InvalidInput as error:
            raise CommandError("\n".join(f"{e.field}: {e.message}" for e in error.errors), returncode=2) from None
        except Refused as error:
            raise CommandError(error.message) from None
        if options["format"] == "json":
            self.stdout.write(json.dumps(found))
        else:
            self.stdout.write("\n".join(f"{name}: {value}" for name, value in found.items()))


def _organization(public_id: UUID | None) -> Organization | None:
    if public_id is None:
        return None
    found = Organization.objects.filter(public_id=public_id).first()
    if found is None:
        raise CommandError(f"--organization: no organization {public_id}.", returncode=WRONG_INPUT)
    return found
