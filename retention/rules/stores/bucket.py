"""The settings of a bucket: its prefixes, so written that nobody's can be the beginning of somebody else's."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from accounts.errors import FieldError, InvalidInput, phrase
from retention.rules.stores.reader import CATEGORIES, Reader

MOST_PREFIXES = 50
OF_CLIENTS = ("organization", "registration_number", "tenant")
OF_PEOPLE = ("public_id", "external_id", "email", "user_name")
# What is a UUID has one length: no such id is the beginning of another one.
FIXED = ("organization", "public_id")
_PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_KEY_ID = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a category of a client's content is, and where in it single people have theirs: none, if nobody knows."""

    prefix: str
    person_prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the bucket is, and where in it clients and people have their objects.

    ``by_age``: the categories of which a retention rule erases what is older, each below its own prefix.
    """

    endpoint: str
    region: str
    bucket: str
    access_key: str
    path_style: bool
    prefixes: tuple[str, ...]
    person_prefixes: tuple[str, ...]
    tenants: Mapping[UUID, str] = field(repr=False)
    by_age: Mapping[str, Kept] = field(default_factory=dict)

    @property
    def categories(self) -> frozenset[str]:
        """Which categories a retention rule may erase by age here."""
        return frozenset(self.by_age)

    @property
    def templates(self) -> tuple[str, ...]:
        """Every template of a prefix, whatever it is for."""
        aged = [one for kept in self.by_age.values() for one in (kept.prefix, *kept.person_prefixes)]
        return (*self.prefixes, *self.person_prefixes, *aged)


def read(settings: Any) -> Settings:
    """Return the settings, their form checked. :raises InvalidInput: with all their faults."""
    faults: list[FieldError] = []
    reader = Reader(settings, "", faults)
    found = Settings(
        endpoint=reader.text("endpoint", default="", longest=400),
        region=reader.text("region", longest=60),
        bucket=reader.text("bucket", longest=63),
        access_key=reader.text("access_key"),
        path_style=reader.flag("path_style", default=False),
        prefixes=_templates(reader, "prefixes", allowed=OF_CLIENTS, least=1),
        person_prefixes=_templates(reader, "person_prefixes", allowed=(*OF_CLIENTS, *OF_PEOPLE), least=0),
        tenants=reader.clients(),
        by_age=_by_age(reader),
    )
    _check_ages(reader, found)
    _check_names(reader, found)
    if found.endpoint and not _is_address(found.endpoint):
        reader.fault(
            "endpoint", "no_address", phrase("https:// (or http://) and a host, without a path. Empty: Amazon's.")
        )
    if found.bucket and not _BUCKET.fullmatch(found.bucket):
        reader.fault("bucket", "no_bucket", phrase("3 to 63 small letters, digits, dots and hyphens."))
    if found.access_key and not _KEY_ID.fullmatch(found.access_key):
        reader.fault("access_key", "no_key", phrase("Visible ASCII characters without blanks."))
    if not reader.has("person_prefixes"):
        reader.fault("person_prefixes", "required", phrase("Say where a single person has objects; [] if nobody has."))
    reader.end()
    if faults:
        raise InvalidInput(faults)
    return found


def filled(template: str, values: Mapping[str, str]) -> str | None:
    """Return the prefix of a client or a person; ``None`` where a value could lead to another one's objects.

    A value is not empty, holds no ``/`` and no control character, and is neither ``.`` nor ``..``: a file system below
    the bucket could take these for a path. :raises KeyError: a value is not given at all.
    """
    for name in placeholders(template):
        value = values[name]
        if not value or "/" in value or "\\" in value or value in (".", "..") or not value.isprintable():
            return None
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def mistaken(template: str, values: Mapping[str, str], others: Iterable[str]) -> bool:
    """Say whether a value stands where another template has words of its own, and could be taken for them.

    Of ``{tenant}/`` and ``archive/{tenant}/`` a client called archive would have the objects of all the others. A
    value that is not given could be anything.
    """
    own = [(part, _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), part)) for part in _parts(template)]
    return any(_taken_for(own, _parts(other)) for other in others)


def _taken_for(own: Sequence[tuple[str, str]], other: Sequence[str]) -> bool:
    found = False
    for (part, named), theirs in zip(own, other, strict=False):  # one may lie below the other
        if part == theirs or placeholders(named):
            continue
        words = _PLACEHOLDER.split(theirs)[::2]
        if not re.fullmatch(".+".join(map(re.escape, words)), named):
            return False
        found = found or (part != named and any(words))
    return found


def _parts(template: str) -> list[str]:
    return template.removesuffix("/").split("/")


def placeholders(template: str) -> list[str]:
    """Return the names in braces of a template, in their order."""
    return [str(name) for name in _PLACEHOLDER.findall(template)]


def _by_age(reader: Reader) -> dict[str, Kept]:
    """Return where each category is whose objects a retention rule erases by age."""
    ages, found = reader.inner("by_age"), {}
    if ages is None:
        return {}
    for category in CATEGORIES:
        inner = ages.inner(category)
        if inner is None:
            continue
        prefix = inner.text("prefix", longest=400)
        if prefix and (fault := _fault(prefix, OF_CLIENTS, of_people=False)):
            inner.fault("prefix", *fault)
        people = _templates(inner, "person_prefixes", allowed=(*OF_CLIENTS, *OF_PEOPLE), least=0)
        for number, template in enumerate(people):
            if not template.startswith(prefix):
                inner.fault(
                    f"person_prefixes[{number}]", "outside", phrase("It must begin with the category's prefix.")
                )
        found[category] = Kept(prefix, people)
        inner.end()
    ages.end()
    return found


def _check_ages(reader: Reader, settings: Settings) -> None:
    """See that an erasure reaches what a rule reaches, and that no object is of two categories."""
    for category, kept in settings.by_age.items():
        path = f"by_age.{category}.prefix"
        if not any(kept.prefix.startswith(prefix) for prefix in settings.prefixes):
            reader.fault(path, "outside", phrase("It must lie below one of the prefixes: else no erasure reaches it."))
        others = [one.prefix for name, one in settings.by_age.items() if name != category]
        if any(kept.prefix.startswith(one) or one.startswith(kept.prefix) for one in others):
            reader.fault(path, "overlap", phrase("Two categories share objects: which rule counts for them?"))


def _check_names(reader: Reader, settings: Settings) -> None:
    """See that no client is called what stands in a prefix of others."""
    named = [template for template in settings.templates if "tenant" in placeholders(template)]
    for name in settings.tenants.values():
        if any(mistaken(template, {"tenant": name}, settings.templates) for template in named):
            reader.fault("tenants", "unsafe_name", phrase("An identifier could be taken for another one's place"))
            return


def _templates(reader: Reader, name: str, *, allowed: tuple[str, ...], least: int) -> tuple[str, ...]:
    found: list[str] = []
    for number, template in enumerate(reader.items(name, least=least, most=MOST_PREFIXES)):
        path = f"{name}[{number}]"
        fault = _fault(template, allowed, of_people=name == "person_prefixes")
        if fault is not None:
            reader.fault(path, *fault)
        elif template in found:
            reader.fault(path, "twice", phrase("This prefix is there already."))
        else:
            found.append(template)
    return tuple(found)


def _fault(template: Any, allowed: tuple[str, ...], *, of_people: bool) -> tuple[str, str] | None:
    """Return the code and the message of what is wrong with a template."""
    if not isinstance(template, str) or not 1 <= len(template) <= 400 or not template.isprintable():
        return "text", phrase("A text of 1 to 400 characters, such as clients/{organization}/.")
    if template.startswith("/") or any(part in ("", ".", "..") for part in template.removesuffix("/").split("/")):
        return "path", phrase("No slash at the beginning, no empty part, and neither . nor .. as a part.")
    used = placeholders(template)
    if unknown := [name for name in used if name not in allowed]:
        return "unknown_placeholder", phrase(
            "%(name)s is none of: %(names)s.",
            name=f"{{{unknown[0]}}}",
            names=", ".join(f"{{{name}}}" for name in allowed),
        )
    if "{" in _PLACEHOLDER.sub("", template) or "}" in _PLACEHOLDER.sub("", template):
        return "braces", phrase("Braces stand around the names of identifiers only.")
    if of_people:
        if not set(used) & set(OF_PEOPLE):
            return "of_nobody", phrase("Without an identifier of a person these are the objects of everybody.")
        if not set(used) & {*OF_CLIENTS, "public_id"}:
            return "of_any_client", phrase(
                "Another client may have somebody of this name: add {organization}, or {tenant}."
            )
    elif not used:
        return "of_any_client", phrase("Without an identifier of the client these are the objects of every client.")
    if any(len(placeholders(part)) > 1 for part in template.split("/")):
        return "ambiguous", phrase(
            "One identifier at most between two slashes: a and bc must not be taken for ab and c."
        )
    last = placeholders(template.rsplit("/", 1)[-1])
    if not template.endswith("/") and not set(last) & set(FIXED):
        return "open_end", phrase("End it with a slash: else the objects of abcd would go with those of abc.")
    return None


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or "@" in parts.netloc) and parts.path in ("", "/")
    return bool(host) and parts.scheme in ("https", "http") and plain and text.isascii() and " " not in text
