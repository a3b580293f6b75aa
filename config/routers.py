"""Which table lives in which database: the ledger holds keys, erasures and what was sent."""

from typing import Any

LEDGER_MODELS = frozenset(
    {
        ("retention", "datakey"),
        ("retention", "erasureentry"),
        ("retention", "ledgerpulse"),
        ("accounts", "sentrecord"),
    }
)


class LedgerRouter:
    """Route the ledger's models to their own database, everything else to the default one."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return self._home(model._meta.app_label, model._meta.model_name)

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return self._home(model._meta.app_label, model._meta.model_name)

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        return self.db_for_read(obj1) == self.db_for_read(obj2)  # a lazy user is a row, too

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        if model_name is None:
            return db == str(hints.get("database", "default"))
        return db == self._home(app_label, model_name)

    @staticmethod
    def _home(app_label: str, model_name: str | None) -> str:
        return "ledger" if (app_label, model_name) in LEDGER_MODELS else "default"
