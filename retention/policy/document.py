"""The inventory as a document for data protection officers: docs/data-protection.md, made from the policy alone."""

from collections.abc import Iterator

from django.apps import apps
from django.utils import translation

from retention.policy import NO_RESIDUE, OF_ERASURES, POLICY, STORES, WORDS_OF_ERASURES
from retention.policy.categories import CATEGORIES
from retention.policy.kinds import Category, Fate, Role, Store, Table

FATES = {
    Fate.ERASE: "erased",
    Fate.ANONYMISE: "made anonymous",
    Fate.KEEP: "stays",
    Fate.NOT_PERSONAL: "not personal",
    Fate.CIPHERTEXT: "ciphertext",
}
HEAD = """# Data protection: what is held, as what, why, and what becomes of it

Written by `manage.py data_protection` from `retention/policy/`; a test compares. For data protection officers of the
vendor and of its clients.

For what a client's people do in the product the client is *controller* and the vendor *processor*; for its own
contacts, contracts and accounts the vendor is controller (Art. 4 GDPR). *Erased* means: the rows go when a client's
data are erased, on its instruction or after its contract's end, and the keys of its content are destroyed first.
*Stays* means: on the basis that stands beside it, for the period that stands there; no licensed user is in it.
*Made anonymous*: the row stays, because what others wrote or the evidence of an erasure hangs on it, and what named a
person in it goes with the person. *Ciphertext* cannot be searched: certificates name these columns.

How an erasure is verified: whoever erases does not verify. The verifier takes tables and columns from the databases'
own catalogues, counts the rows of the organization, and searches every column that could hold a text for the
identifiers of its people; it looks into files, mails, broker and cache. A table that is missing here is a hit.
"""


def text() -> str:
    """Return the whole document."""
    with translation.override("en"):
        return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD
    yield "## Categories\n"
    yield "| category | the vendor is | whose data | what for |"
    yield "|---|---|---|---|"
    for one in CATEGORIES:
        yield f"| [{one.title}](#{_anchor(one.title)}) | {one.role} | {one.people} | {one.purpose} |"
    yield ""
    for one in CATEGORIES:
        yield from _category(one)
    yield "## Stores that are not rows\n"
    for store in STORES:
        yield from _store(store)
    yield "## Where an identifier is no residue\n"
    for column, reason in sorted(NO_RESIDUE.items()):
        yield f"- `{column}`: {reason}"
    names = " and ".join(f"`{name}`" for name in OF_ERASURES)
    stays = f"{WORDS_OF_ERASURES.text} It stays {WORDS_OF_ERASURES.period}, and is searched."
    yield f"- `accounts_auditdetail`, beside {names}: {stays} So does what is said about a contract file later."
    yield ""


def _category(category: Category) -> Iterator[str]:
    tables = {label: one for label, one in sorted(POLICY.items()) if one.category is category}
    yield f"## {category.title}\n"
    yield f"The vendor is: {category.role}. Whose data: {category.people}. What for: {category.purpose}.\n"
    if not tables:
        yield "No table of its own; see the stores below.\n"
        return
    yield "| table | its rows | basis | period | columns |"
    yield "|---|---|---|---|---|"
    for label, one in tables.items():
        title = str(apps.get_model(label)._meta.verbose_name_plural)
        basis, period = one.basis or _until(category), "" if one.period is None else str(one.period)
        yield f"| {title} (`{label}`) | {FATES[one.rows]} | {basis} | {period} | {_columns(one)} |"
    yield ""


def _until(category: Category) -> str:
    if category.role is Role.PROCESSOR:
        return "The client's instruction (Art. 28(3)(a) GDPR), until its data are erased."
    return "Needed for the contract (Art. 6(1)(b), (f) GDPR), until the client's data are erased."


def _columns(table: Table) -> str:
    names = [name for name in table.fields if table.fate_of(name) is table.rows]
    others = [
        f"{name} ({FATES[table.fate_of(name)]})" for name in table.fields if table.fate_of(name) is not table.rows
    ]
    return ", ".join([*names, *others]).replace("_", " ")


def _store(store: Store) -> Iterator[str]:
    yield f"### {store.name[0].upper()}{store.name[1:]}\n"
    category = store.category
    yield f"*{store.kind}*; {category.title.lower()}; the vendor is: {category.role}; {FATES[store.fate]}.\n"
    for title, said in (
        ("Holds", store.holds),
        ("Basis", store.basis),
        ("Erased", store.erased),
        ("Verified", store.verified),
        ("Where, and who", store.where),
    ):
        yield f"- {title}: {said}"
    if store.period is not None:
        yield f"- Period: {store.period}"
    yield ""


def _anchor(title: str) -> str:
    kept = "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -")
    return kept.replace(" ", "-")
