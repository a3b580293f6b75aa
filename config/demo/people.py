"""The demo's licensed users: invented people, the same ones each time for the same client."""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from config.demo.model import DemoOrganization

SEED = 20
"""Changing it changes every invented person and text of the demo."""

DEPARTMENTS: dict[str, tuple[int, dict[str, str]]] = {
    "production": (
        38,
        {
            "en": "Production",
            "fr": "Production et maintenance",
            "pl": "Produkcja i utrzymanie ruchu",
            "de": "Produktion",
        },
    ),
    "sales": (20, {"en": "Sales", "fr": "Commerce", "pl": "Sprzedaż", "de": "Vertrieb"}),
    "quality": (16, {"en": "Quality", "fr": "Qualité", "pl": "Jakość", "de": "Qualitätssicherung"}),
    "finance": (
        12,
        {"en": "Finance", "fr": "Finances et contrôle", "pl": "Finanse i księgowość", "de": "Finanzbuchhaltung"},
    ),
    "hr": (9, {"en": "People", "fr": "Ressources humaines", "pl": "Kadry", "de": "Personal"}),
    "it": (5, {"en": "IT", "fr": "Systèmes d'information", "pl": "Informatyka", "de": "IT"}),
}
"""Code of each department, its share of the people in per cent, and its name by language."""

_LETTERS = str.maketrans({"ł": "l", "ß": "ss", "œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "\u0131": "i"})


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A licensed user as the client's directory has it. ``topic`` is the code of the department."""

    external_id: str
    email: str
    display_name: str
    department: str
    topic: str


def people(organization: DemoOrganization) -> tuple[DemoPerson, ...]:
    """Return the people whom a client licenses: as many as ``organization.users``, under its reserved domain.

    Names may recur, as they do in life; external ids and addresses do not. The same client has the same people on
    any day and any machine.
    """
    random = Random(f"{SEED}:people:{organization.slug}")
    topics = list(DEPARTMENTS)
    shares = [share for share, _names in DEPARTMENTS.values()]
    addresses: set[str] = set()
    found = []
    for number in range(1, organization.users + 1):
        name = _name(organization.country, number, random)
        topic = random.choices(topics, shares)[0]
        found.append(
            DemoPerson(
                external_id=f"{organization.slug}-{number:04d}",
                email=_address(name, organization.domain, addresses),
                display_name=name,
                department=DEPARTMENTS[topic][1][organization.language],
                topic=topic,
            )
        )
    return tuple(found)


def _name(country: str, number: int, random: Random) -> str:
    """One in forty has a name that programs tend to break: the third person of each client, the 43rd, …"""
    names = _names()[country]
    if number % 40 == 3:
        return random.choice(names["odd"])
    gender = random.choice(("female", "male"))
    surname = random.choice(names["surnames"])
    if country == "PL" and gender == "female":
        surname = re.sub(r"(s|c|dz)ki\b", r"\1ka", surname)
    return f"{random.choice(names[gender])} {surname}"


@cache
def _names() -> dict[str, dict[str, list[str]]]:
    """Names by country; nobody is meant by any combination."""
    found: dict[str, dict[str, list[str]]] = json.loads(
        (Path(__file__).parent / "lines" / "names.json").read_text(encoding="utf-8")
    )
    return found


def _address(name: str, domain: str, taken: set[str]) -> str:
    folded = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS))
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    # The part before the @ has at most 64 characters (RFC 5321, 4.5.3.1.1); room is left for a number.
    local = re.sub(r"[^a-z0-9]+", ".", re.sub(r"['\u2019]", "", plain))[:60].strip(".")
    address, again = f"{local}@{domain}", 1
    while address in taken:
        again += 1
        address = f"{local}{again}@{domain}"
    taken.add(address)
    return address
