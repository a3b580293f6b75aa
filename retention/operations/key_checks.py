"""Are the configured keys the ones that stored values are under? Asked at each start, and by the probe."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from accounts import crypto, tenancy
from accounts.operations import signatures
from accounts.rules import signing
from retention.models import KeyEncryptionKey
from retention.operations import keys
from retention.operations.sealed_places import PLACES

WRAPPING, SIGNING = "TERME_KEY_ENCRYPTION_KEYS", "TERME_SIGNING_KEY"
FORMER = "TERME_FORMER_PUBLIC_KEYS"


@dataclass(frozen=True, slots=True)
class Version:
    """How a version of the key-encryption key stands: configured or not, and how many values each place has under it.

    ``check_value`` is that of the configured key, else of the one that was used here, else empty.
    """

    version: int
    configured: bool
    newest: bool
    check_value: str
    used: dict[str, int]

    @property
    def removable(self) -> bool:
        """Configured, not the one that wraps, and nothing is under it."""
        return self.configured and not self.newest and not self.used


def faults(*, now: datetime, note: bool = False) -> list[str]:
    """Return what is wrong with the configured keys: a sentence each, with the setting and what to do; never a key.

    With ``note``, as a process starts, the check values of keys that are used here for the first time are kept, if
    nothing is wrong. A version without one is tried on what is stored under it.

    :raises DatabaseError: a database does not answer, or was never migrated.
    """
    found = _malformed_signing_key()
    try:
        own = keys.key_encryption_keys()
    except crypto.WrongKeys as error:
        return [f"{WRAPPING}: {error}. Put back what was there; it is never shown.", *found]
    configured = {version: own.check_value(version) for version in own.by_version}
    with tenancy.vendor():
        known = dict(KeyEncryptionKey.objects.values_list("version", "check_value"))
    used = _used()
    wrong = {v for v in configured.keys() & known.keys() if configured[v] != known[v] and (v in used or not note)}
    wrong |= {v for v in configured.keys() & used - known.keys() if not _opens(v, own)}
    found += [_wrong(version, configured[version], known.get(version)) for version in sorted(wrong)]
    found += [_missing(version) for version in sorted(used - configured.keys())]
    if note and not found:
        _note({v: value for v, value in configured.items() if known.get(v) != value}, now=now)
    return found


def standing() -> list[Version]:
    """Return how every version stands that is configured, or that something is under. :raises WrongKeys:"""
    own = keys.key_encryption_keys()
    with tenancy.vendor():
        known = dict(KeyEncryptionKey.objects.values_list("version", "check_value"))
    counted: dict[int, dict[str, int]] = {}
    for place in PLACES:
        with place.scope():
            for version, count in place.versions().items():
                counted.setdefault(version, {})[place.name] = count
    return [
        Version(
            version,
            configured=version in own.by_version,
            newest=version == own.newest,
            check_value=own.check_value(version) if version in own.by_version else known.get(version, ""),
            used=counted.get(version, {}),
        )
        for version in sorted(own.by_version.keys() | counted.keys())
    ]


def _malformed_signing_key() -> list[str]:
    try:
        signatures.private_key()
    except signing.WrongSigningKey as error:
        return [f"{SIGNING}: {error}. Put back the key that was there; certificates name it, and never show it."]
    try:
        signatures.public_keys()
    except signing.BadDocument:
        return [f"{FORMER}: write of each key the line that its PEM has between the first and the last, with commas."]
    return []


def _used() -> set[int]:
    found: set[int] = set()
    for place in PLACES:
        with place.scope():
            found |= place.used()
    return found


def _opens(version: int, own: crypto.KeyEncryptionKeys) -> bool:
    for place in PLACES:
        with place.scope():
            if place.opens(version, own):
                return True
    return False


def _wrong(version: int, here: str, known: str | None) -> str:
    told = f"its check value is {here}, not {known}" if known else "what was tried does not open"
    return (
        f"{WRAPPING}: version {version} is another key than the one that stored values are under ({told}). Put the "
        f"right key back under {version}; a new key gets a number of its own, higher than all that were used."
    )


def _missing(version: int) -> str:
    counted: Counter[str] = Counter()
    for place in PLACES:
        with place.scope():
            counted[place.name] += place.versions()[version]
    told = ", ".join(f"{name} {count}" for name, count in counted.items() if count)
    return (
        f"{WRAPPING}: version {version} is missing, and stored values are under it ({told}). Put it back; it may go "
        f"once `manage.py rewrap_keys` has finished. Without it nobody can open them."
    )


def _note(values: dict[int, str], *, now: datetime) -> None:
    with tenancy.vendor():
        for version, value in sorted(values.items()):
            row = KeyEncryptionKey(version=version, check_value=value, first_seen_at=now)
            # Processes start side by side; where nothing is under a version, its key may have been replaced.
            KeyEncryptionKey.objects.bulk_create(
                [row], update_conflicts=True, unique_fields=["version"], update_fields=["check_value"]
            )
