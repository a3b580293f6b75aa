"""Stores as the vendor configures them, for tests: a service, paper, and what was asked of people."""

from datetime import timedelta
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import tenancy
from accounts.models import AuditEvent
from retention.connectors.protocol import Target
from retention.models import ManualErasure
from retention.operations import attesting, external
from tests.retention.vaults import TALKED_AT as NOW
from tests.retention.vaults import an_organization

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
PAPER = {"instructions": "Shred the folder.\nBurn it.", "days": 10}


def described(**values):
    return {
        "code": "product",
        "name": "Product",
        "kind": "http",
        "settings": {"url": "https://product.example/erase"},
        "secret": SECRET,
        "holds": "Profiles of licensed users",
        "location": "Paris, FR",
        **values,
    }


def a_store(**values):
    with tenancy.vendor():
        return external.create(**described(**values), now=NOW, by="user:one")


def paper(**values):
    return a_store(**{"code": "paper", "kind": "manual", "settings": PAPER, "secret": "", **values})


def events():
    with tenancy.vendor():
        return list(AuditEvent.objects.order_by("pk").values_list("name", "data"))


class Asked:
    """A store on paper, an organization, a run."""

    def __init__(self):
        self.store, self.organization, self.run = paper(), an_organization(), uuid4()
        self.target = Target(self.organization.public_id, None)

    def chunk(self, now=NOW):
        connector = external.connector_for(self.store, now=now)
        return connector.erase_chunk(self.target, run=self.run, checkpoint="", limit=10, now=now)

    def row(self):
        with tenancy.vendor():
            return ManualErasure.objects.select_related("organization").get()

    def attest(self, **values):
        with tenancy.vendor():
            upload = SimpleUploadedFile("protocol.pdf", b"%PDF shredded")
            return attesting.attest(self.row(), upload, **{"now": NOW + timedelta(days=1), "by": "user:two", **values})
