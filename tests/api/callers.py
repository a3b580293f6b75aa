"""Callers of the REST interface in this process: a new person with a role, and the token that ``add_member`` makes."""

import json
import uuid
from io import StringIO

from django.core.management import call_command
from django.test import Client

from tests.workflows.walk import Caller


def send(method, path, headers, body):
    """Call the service in this process; return the status and the body's bytes."""
    client = Client(headers=headers)
    answer = client.generic(method, path, body or "", content_type=headers.get("Content-Type", "application/json"))
    raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer.status_code, raw


def caller(role, organization=None):
    """Return a caller with the token of a new person who has the role."""
    out = StringIO()
    options = ["--organization", organization] if organization else []
    email = f"{role}-{uuid.uuid4().hex[:6]}@staff.example"
    options += ["--name", role, "--role", role, "--token", "--format", "json"]
    call_command("add_member", email, *options, stdout=out)
    return Caller(send, json.loads(out.getvalue())["token"])
