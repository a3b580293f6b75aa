"""What the calculator answers: the fields of a rule, and why, as a list of steps."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.rules.explanation import Explanation, Json, Step, plain


@dataclass(frozen=True, slots=True)
class Answer:
    """The fields by their names, days inclusive, amounts as text; and the explanation of the rule that gave them."""

    fields: Mapping[str, object]
    explanation: Explanation

    def to_json(self) -> dict[str, Json]:
        """Return the fields, and beside them ``explanation``: the steps, between the rule's name and its source."""
        found = {name: plain(value) for name, value in self.fields.items()}
        steps = [{"code": step.code, "params": dict(step.params)} for step in self._steps()]
        return {**found, "explanation": plain(steps)}

    def _steps(self) -> list[Step]:
        why = self.explanation
        steps = [Step("rule_applied", {"rule": why.rule, "version": why.version, "inputs": why.inputs}), *why.steps]
        if why.other_reading is not None:
            steps.append(Step("other_reading", {"on": why.other_reading}))
        return [*steps, Step("source", {"source": why.source})]
