"""What an identity provider says about a person (RFC 7643), and which e-mail, name and department follow from it."""

from collections.abc import Mapping
from typing import Any

from accounts.rules import checks

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LONGEST_NAME = 200
# The provider's word about somebody whom the client itself keeps out; kept, because no state says it.
WORD = "active"

type Profile = Mapping[str, Any]


def email_of(profile: Profile, user_name: str) -> str:
    """Return the address to know a person by: the primary, else that of work, else the first; else a name like one.

    Empty if there is none: RFC 7643 asks of a person only the user name.
    """
    place = _chosen(profile)
    if place is not None:
        return str(profile["emails"][place]["value"])
    return "" if checks.email("userName", user_name) else user_name


def display_name_of(profile: Profile, user_name: str) -> str:
    """Return the name to show: as said, else the formatted one, else given and family name, else the user name."""
    name = profile.get("name") or {}
    both = " ".join(part for part in (name.get("givenName"), name.get("familyName")) if part)
    said = (profile.get("displayName"), name.get("formatted"), both, user_name)
    found = next(line for line in (" ".join((text or "").split()) for text in said) if line)
    return found[:LONGEST_NAME]


def department_of(profile: Profile) -> str:
    """Return the department, of the enterprise extension (RFC 7643 §4.3)."""
    return str((profile.get(ENTERPRISE) or {}).get("department") or "")


def following(
    profile: Profile,
    *,
    email: str | None = None,
    display_name: str | None = None,
    department: str | None = None,
) -> dict[str, Any]:
    """Return the profile after the client changed a person by other ways, so that their provider reads it back.

    ``None``: not changed. The address replaces the one that the person was known by.
    """
    found = dict(profile)
    if display_name is not None:
        found["displayName"] = display_name
    if email is not None:
        emails = [dict(entry) for entry in profile.get("emails") or ()]
        place = _chosen(profile)
        if place is None:
            emails.append({"value": email, "type": "work", "primary": not any(e.get("primary") for e in emails)})
        else:
            emails[place]["value"] = email
        found["emails"] = emails
    if department is not None:
        extension = {name: value for name, value in (profile.get(ENTERPRISE) or {}).items() if name != "department"}
        if department:
            extension["department"] = department
        found.pop(ENTERPRISE, None)
        if extension:
            found[ENTERPRISE] = extension
    return found


def unstorable(value: Any) -> str:
    """Return the first text within a JSON value that no database holds (a NUL, half a character); else nothing."""
    waiting = [value]
    while waiting:  # no recursion: what is sent may nest deeply
        one = waiting.pop()
        if isinstance(one, str) and ("\x00" in one or any("\ud800" <= c <= "\udfff" for c in one)):
            return one
        if isinstance(one, Mapping):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
    return ""


def addresses(profile: Profile) -> list[str]:
    """Return every e-mail address that the profile names, whatever it is for."""
    entries = profile.get("emails")
    values = (
        (entry.get("value") for entry in entries if isinstance(entry, Mapping)) if isinstance(entries, list) else ()
    )
    return [text for text in values if isinstance(text, str) and "@" in text]


def _chosen(profile: Profile) -> int | None:
    entries = list(enumerate(profile.get("emails") or ()))
    usable = [(place, e) for place, e in entries if e.get("value") and not checks.email("emails", str(e["value"]))]
    ranks = sorted(usable, key=lambda pair: (pair[1].get("primary") is not True, pair[1].get("type") != "work"))
    return ranks[0][0] if ranks else None
