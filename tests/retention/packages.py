"""What the tests of packages for auditors share: one of all days, and its files by name."""

import io
import json
import zipfile
from datetime import date

from accounts import tenancy
from retention.operations.audit_package import package
from retention.rules.audit_package import Span
from tests.admin.world import NOW

ALL = Span(date(2024, 1, 1), date(2027, 1, 1))
DAYS = ("--from", "2024-01-01", "--until", "2027-01-01")


def made(span=ALL, organization=None, by="user:auditor"):
    """Return a package's files by name."""
    with tenancy.vendor():
        found = package.make(span, organization=organization, now=NOW, by=by)
    return files_of(b"".join(found.pieces()))


def files_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def rows(files, name):
    return json.loads(files[f"{name}.json"])
