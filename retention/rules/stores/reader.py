"""Reading a store's settings: each value by name, what is wrong with it noted under its path, nothing unknown left."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from accounts.errors import FieldError, phrase
from accounts.rules import checks

MOST_CLIENTS = 10_000
# What a retention rule may be about, as everywhere.
CATEGORIES = ("conversations", "context", "diagnostics")


class Reader:
    """One object of the settings. Faults of all readers of one document go to one list."""

    def __init__(self, value: Any, path: str, faults: list[FieldError]) -> None:
        self.path, self.faults = path, faults
        self._values: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        self._read: set[str] = set()
        if not isinstance(value, Mapping):
            self._note(path, "not_an_object", phrase("This must be an object with names and values."))

    def at(self, name: str) -> str:
        """Return the path of one of its values."""
        return f"{self.path}.{name}" if self.path else name

    def has(self, name: str) -> bool:
        return name in self._values

    def fault(self, name: str, code: str, message: str) -> None:
        """Note a fault of one of its values."""
        self._note(self.at(name), code, message)

    def text(self, name: str, *, default: str | None = None, longest: int = 200, lines: bool = False) -> str:
        """Return a text. ``default=None``: it must be there, and not be empty. ``lines``: it may have several."""
        value: Any = self._take(name, default)
        if not isinstance(value, str):
            self._not_given_or(name, value, "text", phrase("This must be a text."))
            return ""
        if value or default is None:
            for line in value.replace("\r\n", "\n").split("\n") if lines else [value]:
                self.faults += checks.text(self.at(name), line, longest=longest, may_be_empty=lines)[:1]
        return str(value)

    def number(self, name: str, *, default: int, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.fault(
                name, "out_of_range", phrase("A whole number from %(least)s to %(most)s.", least=least, most=most)
            )
            return default
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._take(name, default)
        if not isinstance(value, bool):
            self.fault(name, "not_a_boolean", phrase("This must be true or false."))
            return default
        return value

    def word(self, name: str, allowed: Collection[str], *, default: str | None = None) -> str:
        """Return a word of a fixed list."""
        value: Any = self._take(name, default)
        if isinstance(value, str) and value in allowed:
            return str(value)
        self._not_given_or(name, value, "unknown", phrase("One of: %(words)s.", words=", ".join(sorted(allowed))))
        return default or ""

    def items(self, name: str, *, most: int, least: int = 0) -> list[Any]:
        """Return a list of values."""
        value = self._take(name, None if least else [])
        if isinstance(value, list) and least <= len(value) <= most:
            return value
        self._not_given_or(
            name, value, "out_of_range", phrase("A list of %(least)s to %(most)s entries.", least=least, most=most)
        )
        return []

    def inner(self, name: str) -> "Reader | None":
        """Return an object within, or nothing where it is not given."""
        value = self._take(name, {})
        return Reader(value, self.at(name), self.faults) if self.has(name) and value is not None else None

    def clients(self) -> dict[UUID, str]:
        """Return what the store calls single clients: the client's public id → its name there. No two share one."""
        value = self._take("tenants", {})
        found: dict[UUID, str] = {}
        if not isinstance(value, Mapping) or len(value) > MOST_CLIENTS:
            self.fault(
                "tenants",
                "not_an_object",
                phrase("An object: public id → name there; at most %(most)s clients.", most=MOST_CLIENTS),
            )
            return found
        for key, name in value.items():
            reference = _uuid(key)
            if reference is None or reference in found:
                self.fault("tenants", "no_public_id", phrase("Each name is the public id of a client (a UUID), once."))
            elif not isinstance(name, str) or checks.text("tenants", name):
                self.fault(
                    "tenants", "text", phrase("What the store calls a client is a text of at most 200 characters.")
                )
            elif name in found.values():
                self.fault(
                    "tenants", "not_unique", phrase("Two clients have the same name there: neither could be erased.")
                )
            else:
                found[reference] = name
        return found

    def end(self) -> None:
        """Note what was given and never asked for: a slip of the pen must not pass for a setting."""
        for name in sorted(str(name) for name in self._values.keys() - self._read):
            shown = name if name.isidentifier() and len(name) <= 60 else "?"
            self.fault(shown, "unknown", phrase("There is no such setting."))

    def _take(self, name: str, default: Any) -> Any:
        self._read.add(name)
        return self._values.get(name, default)

    def _not_given_or(self, name: str, value: Any, code: str, message: str) -> None:
        if value is None:
            self.fault(name, "required", phrase("This is needed."))
        else:
            self.fault(name, code, message)

    def _note(self, path: str, code: str, message: str) -> None:
        self.faults.append(FieldError(path or "settings", code, message))


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) and len(text) == 36 else None
    except ValueError:
        return None
