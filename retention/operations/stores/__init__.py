"""The stores that an erasure empties, in dependency order; people, who are listed in the first, come last."""

from collections.abc import Sequence

from retention.operations.stores.mentioned import Mentioned
from retention.operations.stores.rows import Conversations, Jobs, People, Rows
from retention.operations.stores.searched import Announcements, Endpoints, ExportFiles, OfNobodyToo
from retention.operations.stores.target import LAST, Chunk, Place, Store, Target
from retention.policy import OF_ERASURES

__all__ = ["BY_NAME", "LAST", "STORES", "Chunk", "Place", "Rows", "Store", "Target"]

_OF_NO_ERASURE = (
    "NOT EXISTS (SELECT 1 FROM accounts_auditevent e WHERE e.id = accounts_auditdetail.event_id "
    f"AND e.name IN ({', '.join(f"'{name}'" for name in OF_ERASURES)}))"
)
# What sign-in notes has no words but a network address, and is much. Each event is looked up: joined, every chunk
# would read all events before it.
_OF_SIGN_INS = (
    "coalesce((SELECT e.name FROM accounts_auditevent e WHERE e.id = accounts_auditdetail.event_id), '') "
    "LIKE 'sign\\_in.%%'"
)
_BEFORE_PEOPLE: tuple[Store, ...] = (
    # First: their keys stand in their own rows, so an export stays readable until it is gone.
    ExportFiles("exports", "retention_export"),
    Rows("messages", "retention_message", person="subject_id", fenced=True),
    Rows("context_items", "retention_contextitem", person="subject_id", fenced=True),
    Rows("diagnostics", "retention_diagnostic", person="subject_id", fenced=True),
    # What others wrote: it names none of the people's rows, and these conversations may be empty without it.
    Mentioned("mentions", ""),
    Conversations(
        "conversations",
        "retention_conversation",
        person="subject_id",
        needs=("messages", "mentions"),
        fenced=True,
        referred_to=True,
    ),
    Rows("intakes", "contracts_intake"),
    OfNobodyToo(
        "audit_details",
        "accounts_auditdetail",
        key="event_id",
        texts=("text",),
        only=_OF_NO_ERASURE,
        apart=_OF_SIGN_INS,
    ),
    OfNobodyToo("idempotency_keys", "accounts_idempotencykey", texts=("key", "response_body")),
    Rows("webhook_deliveries", "accounts_webhookdelivery"),
    Endpoints("webhook_endpoints", "accounts_webhookendpoint", needs=("webhook_deliveries",)),
    Announcements(
        "outbox_of_people",
        "accounts_outboxmessage",
        texts=("subject_id", "payload"),
        only="subject_type = 'LicensedUser'",
        needs=("webhook_deliveries",),
    ),
    Rows("provisioned_memberships", "accounts_provisionedmembership", person="licensed_user_id"),
    Rows("provisioned_groups", "accounts_provisionedgroup", needs=("provisioned_memberships",)),
    Rows("rule_findings", "accounts_rulefinding", person="licensed_user_id"),
    Rows("rule_exemptions", "accounts_ruleexemption", person="licensed_user_id"),
    Rows("bulk_items", "accounts_bulkitem", person="licensed_user_id"),
    Jobs("bulk_jobs", "accounts_bulkjob", backwards=True, needs=("bulk_items",)),
    Rows("licence_changes", "accounts_licenseduserchange", person="licensed_user_id"),
)
STORES: Sequence[Store] = (
    *_BEFORE_PEOPLE,
    People(
        "licensed_users",
        "accounts_licenseduser",
        person="id",
        needs=tuple(store.name for store in _BEFORE_PEOPLE),
        referred_to=True,
    ),
)
BY_NAME = {store.name: store for store in STORES}
