"""The categories of data, and the vendor's role in each (rulebook: every category carries its role)."""

from retention.policy.kinds import Category, Role

CONTENT = Category(
    "content",
    "Content of the product",
    Role.PROCESSOR,
    "Licensed users of the client, and whoever they write about",
    "Giving the client its product; sealed under a key for each author",
)
PEOPLE = Category(
    "licensed_users",
    "Licensed users",
    Role.PROCESSOR,
    "People whom the client lets use the product",
    "Saying who may use the product, as the client decides",
)
INTEGRATIONS = Category(
    "integrations",
    "Connections to the client's programs",
    Role.PROCESSOR,
    "Nobody by name: addresses of programs, and what they were told by opaque ids",
    "Telling the client's programs what happened",
)
CONTRACTS = Category(
    "contract_file",
    "The contract file",
    Role.CONTROLLER,
    "The client as an organization; whoever signed or wrote for it, in the proofs",
    "Performing the contract, and proving afterwards what was agreed",
)
ACCOUNTING = Category(
    "accounting",
    "Accounting records",
    Role.CONTROLLER,
    "The client as an organization",
    "Bookkeeping, as the law of the issuer's country asks",
)
CONTACTS = Category(
    "contacts",
    "Contacts of clients, and the vendor's staff",
    Role.CONTROLLER,
    "Members who sign in: administrators and contacts of clients, staff of the vendor",
    "Letting them in, and saying who did what",
)
LETTERS = Category(
    "letters",
    "Letters received",
    Role.CONTROLLER,
    "Whoever wrote to the vendor about a contract",
    "Finding out what a letter means before it becomes a notice, whose proof is then kept with the contract file",
)
AUDIT = Category(
    "trail",
    "The trail",
    Role.CONTROLLER,
    "Members and programs, by opaque ids",
    "Accountability (Art. 5(2) GDPR): who did what, when",
)
REASONS = Category(
    "reasons",
    "Free text beside the trail",
    Role.CONTROLLER,
    "Whoever a reason or an address names",
    "Understanding an act afterwards, for as long as that is needed, and five years at the longest",
)
PROOF = Category(
    "erasure_evidence",
    "Evidence of erasures",
    Role.CONTROLLER,
    "Members who asked, approved and decided, by opaque ids",
    "Proving that data were erased as the client instructed (Art. 28(3)(h), 5(2) GDPR)",
)
AGGREGATED = Category(
    "aggregates",
    "Aggregated archives",
    Role.NEITHER,
    "Nobody: counts under disclosure control",
    "What the client has authorised to be kept of its use",
)
TECHNICAL = Category(
    "technical",
    "The service itself",
    Role.NEITHER,
    "Nobody of a client",
    "Running the service: rules, keys' versions, public figures, tables of libraries",
)
CATEGORIES: tuple[Category, ...] = (
    CONTENT,
    PEOPLE,
    INTEGRATIONS,
    CONTACTS,
    LETTERS,
    REASONS,
    AUDIT,
    CONTRACTS,
    ACCOUNTING,
    PROOF,
    AGGREGATED,
    TECHNICAL,
)
