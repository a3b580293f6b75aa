"""The words of the policy: fates, roles, categories, bases with their periods, tables, and stores that are not rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Fate(StrEnum):
    """What an erasure does to a field, or to a store. *Anonymise*: the row may stay, and what named somebody goes."""

    ERASE = "erase"
    ANONYMISE = "anonymise"
    KEEP = "keep"
    NOT_PERSONAL = "not_personal"
    CIPHERTEXT = "ciphertext"


class Role(StrEnum):
    """What the vendor is for a category (Art. 4(7) and (8) GDPR)."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"
    NEITHER = "no personal data"


@dataclass(frozen=True, slots=True)
class Category:
    """A category of data: whose, what for, and which role the vendor has in it."""

    code: str
    title: str
    role: Role
    people: str
    purpose: str


class Unit(StrEnum):
    HOURS = "hours"
    DAYS = "days"
    YEARS = "years"


class Start(StrEnum):
    """What a period is counted from."""

    CONTRACT_END = "the contract's end"
    FINANCIAL_YEAR = "the close of the financial year"
    CERTIFICATE = "the certificate of the erasure"
    ERASURE = "the destruction of the keys"
    SIGN_IN = "sign-in"
    COPY = "the making of the copy"
    SENDING = "the sending"
    ANSWER = "the answer"
    WRITING = "the writing"
    DECISION = "the decision"


@dataclass(frozen=True, slots=True)
class Period:
    """How long something stays, counted from an event. ``by_country``: the issuer's country (ISO 3166) says otherwise.

    Where ``setting`` is named, the environment says how long, and ``amount`` is the default.
    """

    amount: int
    unit: Unit
    starts: Start
    by_country: Mapping[str, int] = field(default_factory=dict)
    setting: str = ""

    def __str__(self) -> str:
        others = "".join(f", {country} {amount}" for country, amount in sorted(self.by_country.items()))
        said = f" ({self.setting})" if self.setting else ""
        return f"{self.amount} {self.unit}{others} from {self.starts}{said}"


@dataclass(frozen=True, slots=True)
class Basis:
    """Why something stays when a client's data are erased: in words, the category, and how long, where law says so."""

    text: str
    category: Category
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A model's fate: whether its rows go, or stay on a basis; and of its fields, what each one is.

    ``fates`` holds the fields that differ from the table's own fate. ``sooner``: what goes with its client's data ends
    after this period already.
    """

    rows: Fate
    category: Category
    reason: Basis | None
    fields: tuple[str, ...]
    fates: Mapping[str, Fate]
    sooner: Period | None = None

    def fate_of(self, name: str) -> Fate:
        """Return what becomes of a field."""
        return self.fates.get(name, self.rows)

    @property
    def basis(self) -> str:
        """Why rows stay, in words; empty where they go."""
        return "" if self.reason is None else self.reason.text

    @property
    def period(self) -> Period | None:
        """How long they stay, where the basis has a period; how long at most, where they go with their client."""
        return self.sooner if self.reason is None else self.reason.period


def table(
    rows: Fate,
    fields: str,
    *,
    basis: Basis | None = None,
    category: Category | None = None,
    sooner: Period | None = None,
    **fates: Fate,
) -> Table:
    """Return a table's entry. What stays has a basis, which names the category; what goes names the category itself.

    :raises ValueError: neither is given, or both; or what stays on a basis has a period beside it.
    """
    if (basis is None) == (category is None):
        raise ValueError("name the basis of what stays, or the category of what is erased")
    if basis is not None and sooner is not None:
        raise ValueError("the period of what stays is that of its basis")
    found = category if basis is None else basis.category
    assert found is not None
    return Table(rows, found, basis, tuple(fields.split()), fates, sooner)


class Kind(StrEnum):
    """The kinds of stores that are not rows. Each is in the inventory, also where Terme has nothing of it."""

    FILES = "files"
    MAIL = "mail"
    CACHE = "cache"
    BROKER = "broker"
    MEMORY = "memory of processes"
    LOGS = "logs"
    SEARCH_INDEX = "search index"
    VECTOR_INDEX = "vector index (embeddings)"
    OBJECT_STORAGE = "object storage"
    MODEL_VENDOR = "model vendor"
    EXTERNAL = "stores of the product"
    RECIPIENTS = "recipients"
    BACKUPS = "backups"
    REPLICAS = "replicas and logs of the databases"
    STAGING = "staging copies"
    WORKING_COPIES = "working copies of employees"
    ATTACHMENTS = "attachments of support"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store that is not a row: what it holds and why, what becomes of it, who answers for it, and how that is seen.

    ``folders``: where it is under the data directory, for files of Terme's own.
    """

    name: str
    kind: Kind
    category: Category
    fate: Fate
    holds: str
    basis: str
    erased: str
    verified: str
    where: str
    period: Period | None = None
    folders: tuple[str, ...] = ()
