"""What a rule raises when it is asked something that has no answer."""

from collections.abc import Mapping


class InvalidInput(ValueError):
    """An input that no rule can work with: which field, a code for programs, and an English sentence for logs.

    The sentence may name places of ``params`` (``over %(digits)s digits``): pages say its ``template`` in their own
    language.
    """

    def __init__(self, field: str, code: str, detail: str, params: Mapping[str, object] | None = None) -> None:
        self.field = field
        self.code = code
        self.params = dict(params or {})
        self.template = detail
        self.detail = detail % self.params if "%(" in detail else detail
        super().__init__(f"{field}: {self.detail}")
