"""Why this date, why this amount: the explanation that accompanies every result of a rule, as codes and parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

type Json = str | int | bool | list[Json] | dict[str, Json] | None


def plain(value: object) -> Json:
    """Return ``value`` as JSON has it: dates and instants as ISO 8601 text, decimals as text, tuples as lists.

    :raises TypeError: a float, a naive instant, or anything else that JSON would not give back unchanged.
    """
    match value:
        case None | bool():
            return value
        case str():
            return str(value)
        case int():
            return int(value)
        case Decimal():
            return str(value)
        case datetime() if value.tzinfo is None:
            raise TypeError("an explanation holds no instant without a time zone")
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    raise TypeError(f"an explanation holds no {type(value).__name__}")


def _plain_mapping(values: Mapping[str, object]) -> dict[str, Json]:
    return {str(key): plain(value) for key, value in values.items()}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the reasoning: a code, which ``contracts/explain.py`` renders, and its parameters as JSON values."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", _plain_mapping(self.params))


@dataclass(frozen=True, slots=True)
class Explanation:
    """The rule's name and version, what went in, the steps taken, and the source (article, regulation, judgment).

    ``other_reading`` is the date that another reading of the law gives, where readings differ. An explanation is
    stored beside its result, so a later change of the law or of the holiday list does not rewrite history.
    """

    rule: str
    version: int
    inputs: Mapping[str, Any]
    steps: tuple[Step, ...]
    source: str
    other_reading: date | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", _plain_mapping(self.inputs))

    def to_json(self) -> dict[str, Json]:
        """Return what ``json.dumps`` and a JSON column take as it is."""
        return {
            "rule": self.rule,
            "version": self.version,
            "inputs": dict(self.inputs),
            "steps": [{"code": step.code, "params": dict(step.params)} for step in self.steps],
            "source": self.source,
            "other_reading": plain(self.other_reading),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the explanation that ``to_json`` wrote; one of an earlier day has no other reading.

        :raises KeyError: a part is missing.
        """
        steps: Sequence[Mapping[str, Any]] = data["steps"]
        other: str | None = data.get("other_reading")
        return cls(
            rule=data["rule"],
            version=data["version"],
            inputs=data["inputs"],
            steps=tuple(Step(step["code"], step["params"]) for step in steps),
            source=data["source"],
            other_reading=None if other is None else date.fromisoformat(other),
        )
