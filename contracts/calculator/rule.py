"""What the calculator knows of a rule: its inputs with their forms, its outputs, and the function that answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from contracts.calculator.answer import Answer
from contracts.calculator.forms import Form

type Given = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Input[Value]:
    """One input: its name, its form, what it means, and whether it must be there."""

    name: str
    form: Form[Value]
    title: str
    help: str = ""
    required: bool = True

    def of(self, given: Given) -> Value:
        """Return the value of an input that must be there."""
        return cast(Value, given[self.name])

    def found(self, given: Given) -> Value | None:
        """Return the value, or ``None`` where the input was left out."""
        return cast(Value | None, given.get(self.name))


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by its name. ``renames`` says which input is meant by a field that the rule itself names in a refusal."""

    name: str
    title: str
    help: str
    inputs: tuple[Input[object], ...]
    outputs: tuple[str, ...]
    answer: Callable[[Given], Answer]
    renames: Mapping[str, str] = field(default_factory=dict)
