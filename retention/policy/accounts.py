"""What becomes of the tables of accounts: organizations, people, credentials, the trail."""

from retention.policy.bases import (
    CONTRACT_FILE,
    HEADS,
    MEMBERS,
    OWN_RULES,
    REHEARSAL,
    SENT,
    TOLD,
    TRAIL,
    WORDS_PERIOD,
)
from retention.policy.categories import INTEGRATIONS, PEOPLE, REASONS
from retention.policy.kinds import Fate, Table, table

E, K, N, C = Fate.ERASE, Fate.KEEP, Fate.NOT_PERSONAL, Fate.CIPHERTEXT

TABLES: dict[str, Table] = {
    "accounts.Organization": table(
        K,
        "id public_id name country time_zone language legal_category registration_number created_at closed_at "
        "content_erased_at",
        basis=CONTRACT_FILE,
    ),
    "accounts.LicenceGrant": table(
        K, "id public_id organization source seats features valid_from valid_until", basis=CONTRACT_FILE
    ),
    "accounts.LicensedUser": table(
        E,
        "id public_id organization external_id user_name email display_name department assignment_ends_on "
        "last_active_at status status_at status_by suspension_reason suspended_at suspended_until features delete_at "
        "deleted_at processing_restricted_at processing_lift_told_at processing_request provisioned_id profile "
        "former_identifiers version changed_at created_at",
        category=PEOPLE,
    ),
    "accounts.LicensedUserChange": table(
        E,
        "id public_id organization licensed_user act before status suspension_reason features until source by "
        "occurred_at",
        category=PEOPLE,
    ),
    "accounts.ProvisionedGroup": table(
        E,
        "id public_id organization display_name provisioned_id department version changed_at created_at",
        category=PEOPLE,
    ),
    "accounts.ProvisionedMembership": table(
        E, "id public_id organization group licensed_user created_at", category=PEOPLE
    ),
    "accounts.AccessRule": table(
        K,
        "id public_id organization name mode action inactive_days assignment_over departments statuses "
        "exempt_departments warning_days warns_people most_percent evaluated_at enforced_at of_client_since "
        "stopped_at stopped_count confirmed created_at created_by",
        basis=CONTRACT_FILE,
    ),
    "accounts.RuleExemption": table(
        E, "id public_id organization rule licensed_user created_at created_by", category=PEOPLE
    ),
    "accounts.RuleFinding": table(
        E,
        "id public_id organization rule licensed_user state enforced found_at acts_at closed_at code",
        category=PEOPLE,
    ),
    "accounts.BulkJob": table(
        E,
        "id public_id organization act reason until features note undo_of state total done refused requested_by "
        "created_at finished_at",
        category=PEOPLE,
    ),
    "accounts.BulkItem": table(
        E,
        "id public_id organization job licensed_user state code before_reason before_until before_features",
        category=PEOPLE,
    ),
    "accounts.AccessPolicy": table(
        K,
        "id public_id organization keep_seconds restricted_features deletion_grace_days",
        basis=CONTRACT_FILE,
    ),
    "accounts.User": table(
        K, "id public_id password email name language is_active created_at session_epoch", basis=MEMBERS
    ),
    "accounts.Membership": table(K, "id public_id user organization role created_at", basis=MEMBERS),
    "accounts.ApiToken": table(
        K,
        "id public_id series user organization name prefix digest permissions created_at expires_at rotated_at "
        "revoked_at last_used_at",
        basis=MEMBERS,
    ),
    "accounts.FactorRequirement": table(
        N, "id public_id role required_at required_by lifted_at lifted_by", basis=OWN_RULES
    ),
    "accounts.IdentityProvider": table(
        K,
        "id public_id organization slug name issuer client_id sealed_secret key_version enabled enforced "
        "checks_second_factor created_at",
        basis=CONTRACT_FILE,
        sealed_secret=C,
    ),
    "accounts.Document": table(
        K,
        "id public_id organization kind filename content_type size sha256 wrapped_key key_version given_by created_at",
        basis=CONTRACT_FILE,
        wrapped_key=C,
    ),
    "accounts.AuditEvent": table(
        K,
        "id public_id organization_id name subject_type subject_id actor data detail_digest vendor_only occurred_at "
        "recorded_at written_in",
        basis=TRAIL,
    ),
    "accounts.AuditDetail": table(
        E, "event_id organization_id salt text vendor_only", category=REASONS, sooner=WORDS_PERIOD, salt=C
    ),
    "accounts.AuditSeal": table(
        K,
        "position event_id organization_id vendor_only organization_position canonical digest organization_digest "
        "sealed_at cluster before",
        basis=TRAIL,
    ),
    "accounts.TrailHead": table(N, "id public_id position digest signing_key document exported_at", basis=HEADS),
    "accounts.OutboxMessage": table(
        K,
        "id public_id organization topic subject_type subject_id payload occurred_at recorded_at next_attempt_at "
        "attempts delivered_at failed_at last_error written_in fanned_out_at held_at released_at",
        basis=TOLD,
    ),
    "accounts.SentRecord": table(K, "id kind message reader topic meaning matter sent_at", basis=SENT),
    "accounts.LostMessage": table(
        K, "id message topic meaning matter readers mails sent_at lost_at repeated_by", basis=SENT
    ),
    # The vendor's own endpoints belong to no client: they stay, and are searched.
    "accounts.WebhookEndpoint": table(
        E,
        "id public_id organization url description topics secret secret_version old_secret old_secret_version "
        "old_secret_until enabled failing_since failures rests_until last_success_at disabled_at disabled_reason "
        "created_by created_at",
        category=INTEGRATIONS,
        secret=C,
        old_secret=C,
    ),
    "accounts.WebhookDelivery": table(
        E,
        "id public_id organization endpoint message lane state attempts next_attempt_at claimed_until claim "
        "last_attempt_at last_status last_error delivered_at given_up_at asked_again_at created_at",
        category=INTEGRATIONS,
        sooner=WORDS_PERIOD,
    ),
    "accounts.IdempotencyKey": table(
        E,
        "id organization actor key request_digest response_status response_body created_at expires_at",
        category=PEOPLE,
    ),
    "accounts.SimulatedClock": table(N, "id stands_at", basis=REHEARSAL),
}
