"""Dated configuration: what the law says from which day on. A change of law is a new line here, never a new literal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Dated[Value]:
    """A value of the law from ``from_on`` (that day included) until the next line's day."""

    from_on: date
    value: Value
    source: str


# Whether an early-exit fee counts only if it was disclosed before signature, by the day on which the contract was
# concluded. The Digital Omnibus, COM(2025) 837, is a proposal and changes nothing here.
DISCLOSURE_REQUIRED: Sequence[Dated[bool]] = (
    Dated(date.min, False, ""),
    Dated(date(2025, 9, 12), True, "Regulation (EU) 2023/2854, Article 29(4)"),
)

# Whether a charge for switching may be asked, at most its cost, by the day on which the switch ends. Penalties for
# leaving early are another matter.
SWITCHING_CHARGED: Sequence[Dated[bool]] = (
    Dated(date.min, True, "Regulation (EU) 2023/2854, Article 29(2)-(3)"),
    Dated(date(2027, 1, 12), False, "Regulation (EU) 2023/2854, Article 29(1)"),
)


def in_force[Value](lines: Sequence[Dated[Value]], *, on: date) -> Dated[Value]:
    """Return the line that holds on the day ``on``; the first of a table holds since ever."""
    return max((line for line in lines if line.from_on <= on), key=lambda line: line.from_on)


def days_of[Value](lines: Sequence[Dated[Value]], value: Value) -> list[tuple[date, date]]:
    """Return the days, half-open, on which a value holds; what holds for good lasts as long as the calendar."""
    ordered = sorted(lines, key=lambda line: line.from_on)
    ends = [*(line.from_on for line in ordered[1:]), date.max]
    return [(line.from_on, end) for line, end in zip(ordered, ends, strict=True) if line.value == value]
