"""What the tests of keys share: something sealed in every place, what opens it, and processes on these rows."""

import base64
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import connections

from accounts import tenancy
from accounts.enums import DocumentKind, Language
from accounts.models import Document, IdentityProvider, WebhookEndpoint
from accounts.operations import documents, endpoints, providers
from accounts.signin.factors import FactorAdapter
from contracts.letters import reader
from contracts.models import Intake
from contracts.operations import intakes
from retention.enums import RequestKind, SubjectChannel
from retention.models import (
    ContextItem,
    Conversation,
    DeletionRequest,
    Diagnostic,
    ErasureRun,
    Export,
    ExternalStore,
    Message,
    SubjectRequest,
)
from retention.operations import (
    exports,
    external,
    identifying,
    keys,
    rewrapping,
    runs,
    subject_facts,
    subject_requests,
    vault,
)
from retention.operations.stores.target import Target
from tests.admin.people import a_member
from tests.retention.test_vault import EVERY_KIND, write
from tests.retention.vaults import an_organization, people_of

ROOT = Path(__file__).resolve().parent.parent.parent
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
ONE, TWO, THREE = (base64.b64encode(bytes([number] * 32)).decode() for number in (1, 2, 3))
OLD, BOTH, NEW = f"1:{ONE}", f"1:{ONE},2:{TWO}", f"2:{TWO}"
ADAPTER = FactorAdapter()
ASKS = subject_facts.Facts("Ann Lee", "ann@canary.example", "Please erase what you know of me.")


def something_in_every_place():
    """Seal a value in each place with the configured keys; return the organization that most of them belong to."""
    organization = an_organization()
    people_of(organization, "ann", "ben", "cyr")
    write(organization, EVERY_KIND)
    with tenancy.tenant(organization.pk):
        documents.store(
            organization,
            BytesIO(b"%PDF proof"),
            kind=DocumentKind.OTHER,
            filename="proof.pdf",
            content_type="application/pdf",
            now=NOW,
            by="user:one",
        )
        exports.make(organization, request=None, now=NOW, by="user:one")
    with tenancy.vendor():
        endpoint, _text = endpoints.make(organization=organization, url="https://8.8.8.8/hook", now=NOW, by="user:one")
        endpoints.rotate_secret(endpoint, overlap=timedelta(days=2), now=NOW, by="user:one")
        providers.create(
            organization=organization,
            slug=f"of-{organization.pk}",
            name="Sign-in",
            issuer="https://login.example",
            client_id="terme",
            client_secret="kept apart",
            now=NOW,
            by="user:one",
        )
        external.create(
            code="files",
            name="Files",
            kind="s3",
            settings={
                "region": "eu-west-3",
                "bucket": "files",
                "access_key": "key",
                "prefixes": ["{organization}/"],
                "person_prefixes": [],
            },
            secret="of the bucket",
            holds="Files",
            location="Paris, FR",
            now=NOW,
            by="user:one",
        )
        intakes.drop(reader.pasted("Stop it?"), now=NOW, by="user:one")
        subject_requests.take_down(
            ASKS,
            kind=RequestKind.ERASE,
            channel=SubjectChannel.MAIL,
            language=Language("en"),
            received_at=NOW,
            now=NOW,
            by="user:one",
        )
        member = a_member("support")
        Authenticator.objects.create(user=member, type="totp", data={"secret": ADAPTER.encrypt("JBSWY3DP")})
        codes = {"seed": ADAPTER.encrypt("seed"), "used_mask": 0, "migrated_codes": [ADAPTER.encrypt("one-code")]}
        Authenticator.objects.create(user=member, type="recovery_codes", data=codes)
        a_run(organization)
    return organization


def a_run(organization):
    """Make an erasure run whose identifiers are sealed, without anything being erased."""
    request = DeletionRequest.objects.create(
        organization=organization,
        origin="client",
        requested_by="user:client",
        received_at=NOW,
        service_ended_on=NOW.date(),
        retrieval_ends_on=NOW.date(),
        erase_from=NOW,
        erase_by=NOW + timedelta(days=30),
    )
    run = ErasureRun(organization=organization, request=request, planned_at=NOW)
    runs.seal(run, identifying.identifiers_of(Target(organization.pk)))
    run.save()


def all_that_is_sealed(organization):
    """Open every value by the operation that uses it; return what they say."""
    keys.forget(organization)
    with tenancy.vendor():
        endpoint, run = WebhookEndpoint.objects.get(), ErasureRun.objects.get()
        found = {
            "bucket": external.secret_of(ExternalStore.objects.get()),
            "provider": providers.secret_of(IdentityProvider.objects.get()),
            "secrets": endpoints.opened_secrets(endpoint, at=NOW),
            "identifiers": runs.unseal(run),
            "asked": subject_facts.opened(SubjectRequest.objects.get()),
            "letter": intakes.opened(Intake.objects.get()),
            "document": b"".join(documents.read(Document.objects.select_related("organization").get())),
        }
        factors = {row.type: row.data for row in Authenticator.objects.all()}
        found["totp"] = ADAPTER.decrypt(factors["totp"]["secret"])
        found["codes"] = [ADAPTER.decrypt(factors["recovery_codes"]["seed"])]
        found["codes"] += [ADAPTER.decrypt(code) for code in factors["recovery_codes"]["migrated_codes"]]
        export = Export.objects.select_related("organization").get()
        found["export"] = b"".join(exports.stream(export, now=NOW, by="user:one"))
    with tenancy.tenant(organization.pk):
        for model in (ContextItem, Conversation, Diagnostic, Message):
            found[model.__name__] = vault.read(organization, model.objects.order_by("pk"))
    return found


def start():
    """Open the job that wraps everything anew."""
    with tenancy.vendor():
        return rewrapping.start(now=NOW, by="user:one")


def process(*arguments, keys=None, signing=None):
    """Start a process of the service on the databases of the tests."""
    env = {**os.environ, "TERME_DATA_DIR": str(settings.DATA_DIR)}
    env |= {"DATABASE_URL": _dsn("default"), "LEDGER_DATABASE_URL": _dsn("ledger")}
    env |= {"TERME_KEY_ENCRYPTION_KEYS": settings.KEY_ENCRYPTION_KEYS if keys is None else keys}
    if signing is not None:
        env["TERME_SIGNING_KEY"] = signing
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _dsn(alias):
    found = connections[alias].settings_dict
    password = quote(found["PASSWORD"], safe="")
    return f"postgres://{found['USER']}:{password}@{found['HOST']}:{found['PORT']}/{found['NAME']}"
