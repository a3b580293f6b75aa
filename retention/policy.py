"""What becomes of every field of every table when a client leaves; a guard fails on what is missing here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """What an erasure does to a field."""

    ERASE = "erase"
    KEEP = "keep"
    NOT_PERSONAL = "not_personal"
    CIPHERTEXT = "ciphertext"


@dataclass(frozen=True, slots=True)
class Table:
    """A model's fate: whether its rows go, or stay on a basis; and of its fields, what each one is.

    ``fates`` holds the fields that differ from the table's own fate. ``basis`` says why rows stay, and how long.
    """

    rows: Fate
    basis: str
    fields: tuple[str, ...]
    fates: Mapping[str, Fate]

    def fate_of(self, field: str) -> Fate:
        """Return what becomes of a field."""
        return self.fates.get(field, self.rows)


def _table(rows: Fate, fields: str, *, basis: str = "", **fates: Fate) -> Table:
    return Table(rows, basis, tuple(fields.split()), fates)


E, K, N, C = Fate.ERASE, Fate.KEEP, Fate.NOT_PERSONAL, Fate.CIPHERTEXT
CONTRACT_FILE = "The contract file is kept 5 years after the contract's end (Code civil 2224): opaque ids, no people."
ACCOUNTS = "Accounting records are kept by the issuer's country (France: 10 years, L123-22 C. com.); no people in them."
TRAIL = "Who did what, as codes and opaque ids; evidence of the erasure itself (Art. 5(2) GDPR). No free text."
EVIDENCE = "Evidence of the erasure (Art. 5(2) GDPR): counts, dates, digests, opaque ids. No personal data."
MEMBERS = "Contacts of the client, for whom the vendor is controller: kept with the contract file, then erased."
FRAMEWORK = "The framework's own tables: codes and names of models. No personal data."
OWN_RULES = "The vendor's own rules, as codes and opaque ids of its staff. No personal data of clients."
KEYS = "Which keys wrap keys: versions, counts, check values, opaque ids of staff. No personal data of clients."
UNUSED = "A table of the library for sign-in that is never written: it has grants to be looked at, and no others."
INDICES = "Published figures of public price indices, the same for every client. No personal data."
CONTENT = "id public_id organization external_id subject key_id sealed occurred_at recorded_at"

POLICY: dict[str, Table] = {
    "accounts.Organization": _table(
        K,
        "id public_id name country time_zone language legal_category registration_number created_at closed_at "
        "content_erased_at",
        basis=CONTRACT_FILE,
    ),
    "accounts.LicenceGrant": _table(
        K, "id public_id organization source seats features valid_from valid_until", basis=CONTRACT_FILE
    ),
    "accounts.LicensedUser": _table(
        E,
        "id public_id organization external_id user_name email display_name department assignment_ends_on "
        "last_active_at status status_at status_by suspension_reason suspended_at suspended_until features delete_at "
        "deleted_at processing_restricted_at processing_lift_told_at provisioned_id profile version changed_at "
        "created_at",
    ),
    "accounts.LicensedUserChange": _table(
        E,
        "id public_id organization licensed_user act before status suspension_reason features until source by "
        "occurred_at",
    ),
    "accounts.ProvisionedGroup": _table(
        E, "id public_id organization display_name provisioned_id department version changed_at created_at"
    ),
    "accounts.ProvisionedMembership": _table(E, "id public_id organization group licensed_user created_at"),
    "accounts.AccessRule": _table(
        K,
        "id public_id organization name mode action inactive_days assignment_over departments statuses "
        "exempt_departments warning_days warns_people most_percent evaluated_at enforced_at stopped_at stopped_count "
        "confirmed created_at created_by",
        basis=CONTRACT_FILE,
    ),
    "accounts.RuleExemption": _table(E, "id public_id organization rule licensed_user created_at created_by"),
    "accounts.RuleFinding": _table(
        E, "id public_id organization rule licensed_user state enforced found_at acts_at closed_at code"
    ),
    "accounts.BulkJob": _table(
        E,
        "id public_id organization act reason until features note undo_of state total done refused requested_by "
        "created_at finished_at",
    ),
    "accounts.BulkItem": _table(
        E, "id public_id organization job licensed_user state code before_reason before_until before_features"
    ),
    "accounts.AccessPolicy": _table(
        K,
        "id public_id organization keep_seconds restricted_features deletion_grace_days",
        basis=CONTRACT_FILE,
    ),
    "accounts.User": _table(
        K, "id public_id password email name language is_active created_at session_epoch", basis=MEMBERS
    ),
    "accounts.Membership": _table(K, "id public_id user organization role created_at", basis=MEMBERS),
    "accounts.ApiToken": _table(
        K,
        "id public_id series user organization name prefix digest permissions created_at expires_at rotated_at "
        "revoked_at last_used_at",
        basis=MEMBERS,
    ),
    "accounts.FactorRequirement": _table(
        N, "id public_id role required_at required_by lifted_at lifted_by", basis=OWN_RULES
    ),
    "accounts.IdentityProvider": _table(
        K,
        "id public_id organization slug name issuer client_id sealed_secret key_version enabled enforced "
        "checks_second_factor created_at",
        basis=CONTRACT_FILE,
        sealed_secret=C,
    ),
    "accounts.Document": _table(
        K,
        "id public_id organization kind filename content_type size sha256 wrapped_key key_version created_at",
        basis=CONTRACT_FILE,
        wrapped_key=C,
    ),
    "accounts.AuditEvent": _table(
        K,
        "id public_id organization_id name subject_type subject_id actor data detail_digest vendor_only occurred_at "
        "recorded_at written_in",
        basis=TRAIL,
    ),
    "accounts.AuditDetail": _table(E, "event_id organization_id salt text vendor_only", salt=C),
    "accounts.AuditSeal": _table(
        K,
        "position event_id organization_id vendor_only organization_position canonical digest organization_digest "
        "sealed_at cluster before",
        basis=TRAIL,
    ),
    "accounts.TrailHead": _table(
        N, "id public_id position digest signing_key document exported_at", basis="Digests and opaque ids only."
    ),
    "accounts.OutboxMessage": _table(
        K,
        "id public_id organization topic subject_type subject_id payload occurred_at recorded_at next_attempt_at "
        "attempts delivered_at failed_at last_error written_in fanned_out_at",
        basis=TRAIL,
    ),
    # The vendor's own endpoints belong to no client: they stay, and are searched.
    "accounts.WebhookEndpoint": _table(
        E,
        "id public_id organization url description topics secret secret_version old_secret old_secret_version "
        "old_secret_until enabled failing_since failures rests_until last_success_at disabled_at disabled_reason "
        "created_by created_at",
        secret=C,
        old_secret=C,
    ),
    "accounts.WebhookDelivery": _table(
        E,
        "id public_id organization endpoint message lane state attempts next_attempt_at claimed_until claim "
        "last_attempt_at last_status last_error delivered_at given_up_at created_at",
    ),
    "accounts.IdempotencyKey": _table(
        E, "id organization actor key request_digest response_status response_body created_at expires_at"
    ),
    "accounts.SimulatedClock": _table(N, "id stands_at", basis="One instant, of the demo."),
    "contracts.Contract": _table(
        K,
        "id public_id organization reference status concluded_on starts_on time_zone governing_law first_term_months "
        "minimum_commitment_months renewal_term_months auto_renews mid_term_exit notice_length notice_unit "
        "notice_end_of notice_effect annual_fee currency billing_interval billing_timing paid_until paid_before_on "
        "paid_ahead seats features early_exit_rate early_exit_cap early_exit_refunds early_exit_disclosed_on "
        "switching_notice_months owner retrieval_days end_choice starts_at term_number term_lengths term_ends_on "
        "last_notice_on last_notice_why certain_at renews_at planned_for ends_on ends_at ended_at end_reason "
        "deadlines_stale suspended_at suspension_reason resumes_at created_at reminder_leads reminds_client "
        "next_reminder_at calendar_due_at index_series index_fixed_part index_floor index_cap index_base_period "
        "index_base_value stayed_until stayed_term stay_proof",
        basis=CONTRACT_FILE,
    ),
    "contracts.Term": _table(
        K,
        "id public_id organization contract number days fee currency clauses certain_at started_at voided_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.RenewalPlan": _table(
        K,
        "id public_id organization contract number days starts_at fee currency clauses news_from "
        "following_last_notice_on following_last_notice_why following_certain_at following_renews_at "
        "following_reminder_at ends_on ends_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.Amendment": _table(
        K,
        "id public_id organization contract agreed_on valid_from applies_at values before source proof recorded_by "
        "recorded_at applied_at voided_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.Notice": _table(
        K,
        "id public_id organization contract kind party channel sent_on received_on entitled judgment ends_on why proof "
        "free_of_charge "
        "recorded_by recorded_at withdrawn_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.Reminder": _table(
        K,
        "id public_id organization contract term_number kind lead due_on last_notice_on why message proof sent_at "
        "skipped_at outcome_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.Intake": _table(
        E,
        "id public_id organization state media size sha256 received_at received_on sent_on suggested why candidates "
        "kind notices cases document acknowledgement answers sealed_file sealed_facts wrapped_key key_version "
        "dropped_by dropped_at decided_by decided_at",
        sealed_file=C,
        sealed_facts=C,
        wrapped_key=C,
    ),
    "contracts.OutgoingNotice": _table(
        K,
        "id public_id organization contract status kind channel ends_on send_by why drafted_by drafted_at approved_by "
        "approved_at sent_on proof notice cancelled_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.Termination": _table(
        K,
        "id public_id organization contract ground party declared_on ends_on penalty prolongs source why proof "
        "recorded_by recorded_at withdrawn_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.Deadline": _table(
        K,
        "id public_id organization contract kind subject_type subject_id occurrence nominal_on legal_on internal_on "
        "other_reading_on calendar_country time_zone rule version inputs why due_at lapses vendor_only opened_at "
        "met_at met_by superseded_at superseded_by",
        basis=CONTRACT_FILE,
    ),
    "contracts.RenewalOffer": _table(
        K,
        "id public_id organization contract number starts_on values current valid_until expires_at state made_by "
        "made_at sent_by sent_at sent_proof closed_by closed_at accepted_proof",
        basis=CONTRACT_FILE,
    ),
    "contracts.Uplift": _table(
        K,
        "id public_id organization contract number starts_on s0 s0_period s1 s1_period link factor price_before "
        "price_after currency state evidence evaluated_at seen_value seen_link seen_amendment decided_by decided_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.IndexSeries": _table(
        N,
        "id public_id code name publisher country unit periodicity longest_delay_months closed created_at",
        basis=INDICES,
    ),
    "contracts.IndexValue": _table(
        N, "id public_id series period value published_on recorded_by recorded_at superseded_at", basis=INDICES
    ),
    "contracts.IndexLink": _table(
        N,
        "id public_id old_series new_series coefficient from_period recorded_by recorded_at",
        basis=INDICES,
    ),
    "contracts.StatementLine": _table(
        K,
        "id public_id organization contract term kind starts_on ends_on due_on amount currency vat seats source why "
        "recorded_by recorded_at voided_at",
        basis=ACCOUNTS,
    ),
    "contracts.Payment": _table(
        K,
        "id public_id organization contract reference paid_on amount currency recorded_by recorded_at",
        basis=ACCOUNTS,
    ),
    "contracts.Quote": _table(
        K,
        "id public_id organization contract ground party quoted_on valid_until exit_on remaining_days penalty refund "
        "total currency agreed right_to_leave blocked flagged lines checklist made_by made_at accepted_by accepted_at",
        basis=ACCOUNTS,
    ),
    "contracts.CalendarFeed": _table(
        K,
        "id public_id organization kind owner language prefix digest created_by created_at revoked_at last_fetched_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.CalendarEvent": _table(
        K,
        "id public_id organization contract kind subject_id occurrence on act_by why alarms vendor_only fingerprint "
        "sequence changed_at cancelled_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.ContractClause": _table(
        K,
        "id public_id organization contract code value evidence valid_until recorded_by recorded_at superseded_at",
        basis=CONTRACT_FILE,
    ),
    # A destination is the name of a provider, the reasons are the vendor's own: searched, like every text that stays.
    "contracts.SwitchingCase": _table(
        K,
        "id public_id organization contract kind status destination received_on notice_months notice_end "
        "unfeasible_limit unfeasible_told_on unfeasible_length unfeasible_unit extended_to transition_end completed_on "
        "retrieval_end erase_from erase_at why next_at asked_at choice charge charge_cost charged_on recorded_by "
        "recorded_at closed_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.SwitchingAct": _table(
        K,
        "id public_id organization case step done_on reasons proof recorded_by recorded_at",
        basis=CONTRACT_FILE,
    ),
    "retention.Vault": _table(K, "organization state changed_at", basis=EVIDENCE),
    "retention.Conversation": _table(E, CONTENT, sealed=C),
    "retention.Message": _table(E, f"{CONTENT} conversation role", sealed=C),
    "retention.ContextItem": _table(E, CONTENT, sealed=C),
    "retention.Diagnostic": _table(E, f"{CONTENT} type", sealed=C),
    "retention.DeletionRequest": _table(
        K,
        "id public_id organization origin status requested_by received_at service_ended_on retrieval_ends_on "
        "erase_from erase_by retrieval_waived_at confirmed_by confirmed_at approved_by approved_at export_decision "
        "archive_decision closed_at",
        basis=EVIDENCE,
    ),
    "retention.LegalHold": _table(
        K,
        "id public_id organization ground citation review_on placed_by placed_at released_by released_at",
        basis=EVIDENCE,
    ),
    "retention.Export": _table(
        E,
        "id public_id organization request made_by made_at rows size sha256 wrapped_key key_version first_fetched_at",
        wrapped_key=C,
    ),
    "retention.ArchiveAuthorization": _table(
        K, "id public_id organization granted decided_by decided_at proof", basis=EVIDENCE
    ),
    "retention.AggregateArchive": _table(
        K,
        "id public_id organization request name table sha256 made_at",
        basis="Aggregated counts under disclosure control, kept with the client's authorisation; nobody is in it.",
    ),
    "retention.ErasureRun": _table(
        K,
        "id public_id organization request phase planned_at identifiers identifiers_key identifiers_key_version "
        "keys_destroyed keys_destroyed_at ledger_digest erased_at leased_until lease failures last_error",
        basis=EVIDENCE,
        identifiers=C,
        identifiers_key=C,
    ),
    "retention.ErasureStep": _table(
        K,
        "id public_id organization run position store status found erased checkpoint started_at finished_at",
        basis=EVIDENCE,
    ),
    "retention.Verification": _table(
        K, "id public_id organization run performed_at passed searched hits", basis=EVIDENCE
    ),
    "retention.Certificate": _table(K, "id public_id organization run issued_at signing_key document", basis=EVIDENCE),
    "retention.DataKey": _table(E, "id organization_ref subject_ref wrapped key_version created_at", wrapped=C),
    "retention.KeyEncryptionKey": _table(N, "id version check_value first_seen_at", basis=KEYS),
    "retention.KeyRotation": _table(
        N, "id public_id target_version state started_at started_by finished_at retry_at last_error", basis=KEYS
    ),
    "retention.KeyRotationStep": _table(N, "id rotation place total done failed checkpoint finished_at", basis=KEYS),
    "retention.ErasureEntry": _table(
        K,
        "id run organization_ref keys_destroyed destroyed_at previous_digest digest",
        basis="The ledger: opaque ids only, kept until the last backup that could hold the data has expired.",
    ),
    "admin.LogEntry": _table(
        N,
        "id action_time user content_type object_id object_repr action_flag change_message",
        basis="Never written: the trail replaces it.",
    ),
    "auth.Permission": _table(N, "id name content_type codename", basis=FRAMEWORK),
    "auth.Group": _table(N, "id name permissions", basis=FRAMEWORK),
    "contenttypes.ContentType": _table(N, "id app_label model", basis=FRAMEWORK),
    "account.EmailAddress": _table(N, "id user email verified primary", basis=UNUSED),
    "account.EmailConfirmation": _table(N, "id email_address created sent key", basis=UNUSED),
    # TOTP secrets and recovery codes in it are sealed, passkeys are public keys; the name of a key is its owner's word.
    "mfa.Authenticator": _table(K, "id user type data created_at last_used_at", basis=MEMBERS),
    "socialaccount.SocialAccount": _table(K, "id user provider uid last_login date_joined extra_data", basis=MEMBERS),
    "socialaccount.SocialApp": _table(N, "id provider provider_id name client_id secret key settings", basis=UNUSED),
    "socialaccount.SocialToken": _table(N, "id app account token token_secret expires_at", basis=UNUSED),
    "sessions.Session": _table(
        K,
        "session_key session_data expire_date",
        basis="Sign-ins of members, for 12 hours: the id of a user, signed. Licensed users never sign in here.",
    ),
}

# Columns that may hold an address which a departed user also had, and why that is no residue.
NO_RESIDUE: dict[str, str] = {
    "accounts_user.email": "A contact of the client, or the vendor's staff, under the same address: its own basis.",
}

# Stores that are not rows.
STORES: dict[str, str] = {
    "exports": "Encrypted files under the data directory; removed with their rows.",
    "documents": "Encrypted proofs of the contract file, each under a key of its own; kept with it.",
    "mail": "Announcements to members: dates, codes and links. Searched for identifiers.",
    "logs": "Codes, routes and opaque ids of staff; never a body, a query or a licensed user's id. Searched.",
    "valkey": "Messages of the broker and counters of the API, in memory only. Searched.",
    "key cache": "Unwrapped data keys in the memory of a process, a minute at most.",
    "backups": "The operator's. Content in them is unreadable once the ledger's backups with its keys have expired.",
}
