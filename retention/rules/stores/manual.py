"""The settings of a store that is emptied by hand: what is to be done, and within how many days."""

from dataclasses import dataclass
from typing import Any

from accounts.errors import FieldError, InvalidInput, phrase
from retention.rules.stores.reader import Reader

LONGEST_INSTRUCTIONS = 2000


@dataclass(frozen=True, slots=True)
class Settings:
    """What whoever empties it does, and the days until it is due."""

    instructions: str
    days: int


def read(settings: Any) -> Settings:
    """Return the settings, their form checked. :raises InvalidInput: with all their faults."""
    faults: list[FieldError] = []
    reader = Reader(settings, "", faults)
    instructions = reader.text("instructions", longest=LONGEST_INSTRUCTIONS, lines=True)
    found = Settings(instructions, reader.number("days", default=14, least=1, most=365))
    if not found.instructions.strip() and not faults:
        reader.fault("instructions", "blank", phrase("Say what is to be done."))
    if len(found.instructions) > LONGEST_INSTRUCTIONS:
        reader.fault("instructions", "too_long", phrase("At most %(most)s characters.", most=LONGEST_INSTRUCTIONS))
    reader.end()
    if faults:
        raise InvalidInput(faults)
    return found
