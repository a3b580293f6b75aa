"""What a rule raises when it is asked something that has no answer."""

from collections.abc import Mapping


class InvalidInput(ValueError):
    """An input that no rule can work with: which field, a code for programs, and an English sentence for logs."""

    def __init__(self, field: str, code: str, detail: str, params: Mapping[str, object] | None = None) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.code = code
        self.detail = detail
        self.params = dict(params or {})
