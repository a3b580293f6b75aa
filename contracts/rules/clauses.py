"""What each clause beside a contract's columns may say: the form of its value, and which evidence it needs."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from contracts.enums import ClauseCode
from contracts.rules.errors import InvalidInput
from contracts.rules.periods import zone_of

# The European Union and the European Economic Area.
EEA = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
CHARGES = ("none", "at_cost", "above_cost")
_CATEGORY = re.compile(r"[a-z][a-z0-9_]{0,59}")
_PAGE = re.compile(r"https?://[^\s<>\"]{1,300}")
_PROVED = frozenset({ClauseCode.TRAINING_ALLOWED})


def check(code: ClauseCode, value: object, *, evidenced: bool) -> None:
    """Check the value of a clause.

    - a list of categories: ``exportable_data``, ``exempt_data``;
    - whole days or hours: ``transition_days``, ``breach_hours``;
    - the address of a page: ``jurisdiction_page``, ``international_access``, ``format_register``;
    - ``none``, ``at_cost`` or ``above_cost``: ``switching_charges``;
    - yes or no: ``erasure_guarantee``, ``incident_handling``, ``client_separation``, ``training_allowed``;
    - ``service_levels``: ``{"target": "99.9", "credits": true, "zone": "Europe/Paris"}``;
    - ``hosting``: ``{"location": "FR", "provider": "…"}``.

    :raises InvalidInput: the value has another form; training on the client's data is allowed without evidence.
    """
    if not _FORMS[code](value):
        raise InvalidInput("value", "wrong_form", "not the form of %(clause)s", {"clause": code.value})
    if code in _PROVED and value is True and not evidenced:
        raise InvalidInput("evidence", "required", "training needs the client's signed authorisation")


def _categories(value: object) -> bool:
    if not isinstance(value, list) or len(value) > 200:
        return False
    words = [word for word in value if isinstance(word, str) and _CATEGORY.fullmatch(word)]
    return len(words) == len(value) == len(set(words))


def _count(least: int, most: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _page(value: object) -> bool:
    return isinstance(value, str) and _PAGE.fullmatch(value) is not None


def _yes_or_no(value: object) -> bool:
    return isinstance(value, bool)


def _charges(value: object) -> bool:
    return value in CHARGES


def _service_levels(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != {"target", "credits", "zone"}:
        return False
    target, zone = value["target"], value["zone"]
    if not isinstance(target, str) or not isinstance(zone, str) or not isinstance(value["credits"], bool):
        return False
    try:
        zone_of(zone)
        return Decimal(0) < Decimal(target) <= 100
    except (InvalidInput, InvalidOperation):
        return False


def _hosting(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != {"location", "provider"}:
        return False
    location, provider = value["location"], value["provider"]
    if not isinstance(location, str) or not isinstance(provider, str):
        return False
    return (
        re.fullmatch(r"[A-Z]{2}", location) is not None and re.fullmatch(r"[^<>\x00-\x1f]{1,200}", provider) is not None
    )


_FORMS: Mapping[ClauseCode, Callable[[Any], bool]] = {
    ClauseCode.EXPORTABLE_DATA: _categories,
    ClauseCode.EXEMPT_DATA: _categories,
    ClauseCode.TRANSITION_DAYS: _count(0, 3650),
    ClauseCode.ERASURE_GUARANTEE: _yes_or_no,
    ClauseCode.JURISDICTION_PAGE: _page,
    ClauseCode.INTERNATIONAL_ACCESS: _page,
    ClauseCode.FORMAT_REGISTER: _page,
    ClauseCode.SWITCHING_CHARGES: _charges,
    ClauseCode.SERVICE_LEVELS: _service_levels,
    ClauseCode.INCIDENT_HANDLING: _yes_or_no,
    ClauseCode.BREACH_HOURS: _count(1, 8760),
    ClauseCode.CLIENT_SEPARATION: _yes_or_no,
    ClauseCode.TRAINING_ALLOWED: _yes_or_no,
    ClauseCode.HOSTING: _hosting,
}
