"""What people read in place of a code: the names of stores, instants as text. Signed documents keep the codes."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

from django.apps import apps
from django.db.models import Model
from django.utils import formats
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _

from retention.operations.outside import BEYOND
from retention.operations.stores import BY_NAME
from retention.policy.kinds import Start, Unit

# Stores of a run that are no table, or only some rows of one.
OF_A_RUN: Mapping[str, Promise] = {
    "mentions": _("what others wrote about the people"),
    "outbox_of_people": _("announcements about people"),
}
# Every store that is no table (retention/policy/stores.py). A test holds that none is missing.
OF_THE_POLICY: Mapping[str, Promise] = {
    "documents": _("documents"),
    "exports": _("exports"),
    "heads of the trail": _("heads of the trail"),
    "static files and engines": _("static files and engines"),
    "working files of operators": _("working files of operators"),
    "files under way": _("files under way"),
    "mail outbox": _("mail outbox"),
    "messages of the broker": _("messages of the broker"),
    "cache": _("cache"),
    "key cache": _("key cache"),
    "logs": _("logs"),
    "search index": _("search index"),
    "embeddings": _("embeddings"),
    "object storage": _("object storage"),
    "model vendor": _("model vendor"),
    "stores of the product": _("stores of the product"),
    "receivers of webhooks and feeds": _("receivers of webhooks and feeds"),
    "backups of the main database": _("backups of the main database"),
    "backups of the ledger": _("backups of the ledger"),
    "backups of files": _("backups of files"),
    "replicas": _("replicas"),
    "write-ahead log": _("write-ahead log"),
    "staging copies": _("staging copies"),
    "attachments of support": _("attachments of support"),
    "accounting system": _("accounting system"),
    "heads and copies of the trail elsewhere": _("heads and copies of the trail elsewhere"),
}

# Folders of the data directory of which a search reads the names only, or nothing (retention/operations/elsewhere.py).
FOLDERS: Mapping[str, Promise] = {
    "documents": _("documents"),
    "exports": _("exports"),
    "postgresql/data": _("the database's own files, which are searched through the database"),
    "secrets": _("the service's secrets"),
    "static": _("static files"),
}

# Tables of libraries that are called as their classes: Django translates no such name.
OF_LIBRARIES = (gettext_noop("authenticators"),)

# From when a period counts (retention/policy/kinds.py), as certificates name it.
COUNTED_FROM: Mapping[str, Promise] = {
    Start.CONTRACT_END: _("from the contract's end"),
    Start.FINANCIAL_YEAR: _("from the close of the financial year"),
    Start.CERTIFICATE: _("from the certificate of the erasure"),
    Start.ERASURE: _("from the destruction of the keys"),
    Start.SIGN_IN: _("from the sign-in"),
    Start.COPY: _("from the making of the copy"),
    Start.SENDING: _("from the sending"),
    Start.ANSWER: _("from the answer"),
    Start.WRITING: _("from the writing"),
    Start.DECISION: _("from the decision"),
}
_PERIOD = re.compile(r"(\d+) (hours|days|years)((?:, [A-Z]{2} \d+)*) from (.+?)(?: \((\w+)\))?")


def store(name: str) -> str:
    """Return what a store is called in the reader's language. One beyond the vault has the name that it was given."""
    if name.startswith(BEYOND):
        return name.removeprefix(BEYOND)
    if found := OF_A_RUN.get(name):
        return str(found)
    if found_in := getattr(BY_NAME.get(name), "table", ""):
        return table(found_in)
    return str(OF_THE_POLICY.get(name, name))


def table(name: str) -> str:
    """Return what a table of the databases is called in the reader's language; one of no model, as it is written."""
    found = next((one for one in apps.get_models() if one._meta.db_table == name), None)
    return rows_of(found) if found else name


def rows_of(model: type[Model]) -> str:
    """Return what the rows of a model are called in the reader's language."""
    return gettext(str(model._meta.verbose_name_plural))


def title(name: str) -> str:
    """Return what a store is called, as it begins a line."""
    return capfirst(store(name))


def stores(names: Iterable[str]) -> str:
    """Return what stores are called, in one line."""
    return ", ".join(store(name) for name in names)


def folders(names: Iterable[str]) -> str:
    """Return what folders of the data directory hold, in one line; one without a name as it is called there."""
    return ", ".join(str(FOLDERS.get(name, name)) for name in names)


def instant(text: str) -> str:
    """Return an instant (ISO 8601) as people read it, in UTC, or a day."""
    if "T" not in text:
        return formats.date_format(date.fromisoformat(text), "DATE_FORMAT")
    at = datetime.fromisoformat(text).astimezone(UTC)
    return f"{formats.date_format(at, 'DATE_FORMAT')} {at:%H:%M} UTC"


def period(text: str) -> str:
    """Return how long something stays, as a certificate says it (``str`` of a period of the policy), in words."""
    found = _PERIOD.fullmatch(text)
    start = COUNTED_FROM.get(found[4]) if found else None
    if not found or start is None:
        return text
    count = {"count": int(found[1])}
    length = {
        Unit.HOURS: ngettext("%(count)d hour", "%(count)d hours", count["count"]),
        Unit.DAYS: ngettext("%(count)d day", "%(count)d days", count["count"]),
        Unit.YEARS: ngettext("%(count)d year", "%(count)d years", count["count"]),
    }[Unit(found[2])]
    others = found[3].removeprefix(", ")
    said = {"length": length % count, "start": start, "countries": others}
    return (_("%(length)s %(start)s; %(countries)s") if others else _("%(length)s %(start)s")) % said
