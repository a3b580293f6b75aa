"""What the tests of the sealed trail share: events, the sealing of all of them, and the database's administrator."""

import json
import time
from io import StringIO

import psycopg
from django.core.management import CommandError, call_command

from accounts import tenancy
from accounts.models import AuditEvent, AuditSeal
from accounts.operations import audit
from accounts.operations.sweeping import SYSTEM
from accounts.sweeps import seal_all
from tests.accounts.parties import NOW
from tests.engines import admin_dsn

PATIENCE = 60


def an_event(subject, name="thing.done", **values):
    """Record an event, in a transaction of its own."""
    with tenancy.vendor():
        return audit.record(name, subject, **{"by": "user:x", "at": NOW, **values})


def sealed(besides=0):
    """Seal all events, ``besides`` so many that a test holds up. Autovacuum's transactions are waited for."""
    given_up = time.monotonic() + PATIENCE
    done = 0
    while True:
        done += seal_all(at=NOW, by=SYSTEM).done
        with tenancy.vendor():
            if AuditSeal.objects.count() + besides >= AuditEvent.objects.count():
                return done
        assert time.monotonic() < given_up, "a transaction stays open beside this test"
        time.sleep(0.05)


def administrator():
    """Connect as who may do anything, past row security, triggers and privileges; each statement commits."""
    return psycopg.connect(admin_dsn("default"), autocommit=True)


def tampered(*statements):
    """Do what the administrator can: past triggers and foreign keys too."""
    with administrator() as other:
        other.execute("SET session_replication_role = replica")
        for statement in statements:
            other.execute(statement)


def found(report):
    """Return the findings of a report of ``verify_trail``: fault, position, and what."""
    return [(one["fault"], one["position"], one["what"]) for one in report["findings"]]


def verified(*options, code=0):
    """Run ``verify_trail``; return its report, after a look at its exit code."""
    out = StringIO()
    try:
        call_command("verify_trail", *options, "--format", "json", stdout=out)
        told = 0
    except CommandError as error:
        told = error.returncode
    assert told == code, out.getvalue()
    return json.loads(out.getvalue()) if out.getvalue() else None
