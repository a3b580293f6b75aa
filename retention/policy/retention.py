"""What becomes of the tables of retention: content, requests, runs, evidence, keys."""

from retention.policy.bases import (
    AGGREGATES,
    ANSWERED,
    ASKED,
    ELSEWHERE,
    EVIDENCE,
    EXPORT_PERIOD,
    KEYS,
    LEDGER,
    RESTORES,
)
from retention.policy.categories import CONTENT, PEOPLE
from retention.policy.kinds import Fate, Table, table

E, A, K, N, C = Fate.ERASE, Fate.ANONYMISE, Fate.KEEP, Fate.NOT_PERSONAL, Fate.CIPHERTEXT
COLUMNS = "id public_id organization external_id subject key_id sealed occurred_at recorded_at"

TABLES: dict[str, Table] = {
    "retention.Vault": table(K, "organization state changed_at", basis=EVIDENCE),
    # One in which others wrote stays as the place of their messages, without its title and without its person.
    "retention.Conversation": table(E, COLUMNS, category=CONTENT, subject=A, sealed=C),
    "retention.Message": table(E, f"{COLUMNS} conversation role", category=CONTENT, sealed=C),
    "retention.ContextItem": table(E, COLUMNS, category=CONTENT, sealed=C),
    "retention.Diagnostic": table(E, f"{COLUMNS} type", category=CONTENT, sealed=C),
    "retention.DeletionRequest": table(
        K,
        "id public_id organization kind scope department origin status requested_by received_at service_ended_on "
        "retrieval_ends_on erase_from erase_by promised_by retrieval_waived_at confirmed_by confirmed_at "
        "carried_out_at approved_by approved_at grace_until impact refusal proof end_proof export_proof blocked_since "
        "warned_at export_decision export_waived_at archive_decision closed_at",
        basis=EVIDENCE,
        department=A,
    ),
    "retention.RequestSubject": table(
        E,
        "id public_id organization request licensed_user kind added_at fenced_at let_go_at corrected_fields "
        "correction correction_key",
        category=PEOPLE,
        correction=C,
    ),
    # A client's instruction how long its content is kept, and what each night took: numbers, and nobody's name.
    "retention.RetentionRule": table(
        K,
        "id public_id organization category amount unit state drafted_by drafted_at proof preview previewed_by "
        "previewed_at enforced_by enforced_at next_at ended_by ended_at ended_because end_proof",
        basis=EVIDENCE,
    ),
    "retention.RetentionNight": table(
        K,
        "id public_id organization rule on cutoff winner why state store checkpoint_at checkpoint erased left failures "
        "last_error started_at finished_at",
        basis=EVIDENCE,
    ),
    "retention.NightBeyond": table(
        K,
        "id public_id organization night store state why cursor erased spared opened_again failures again_at lease "
        "leased_until started_at finished_at",
        basis=EVIDENCE,
    ),
    "retention.SubjectRequest": table(
        K,
        "id public_id organization kind channel language state identity received_at taken_by confirmed_at forward_by "
        "due_on why forwarded_at forwarded_by chased_at chases warnings extended_at extended_for decided_at decided_by "
        "granted refusal proof request outcome told told_at closed_at next_at purge_at purged_at sealed_facts "
        "wrapped_key key_version",
        basis=ANSWERED,
        sealed_facts=C,
        wrapped_key=C,
    ),
    "retention.SubjectDoubt": table(
        K, "id public_id organization request reason asked_on asked_by answered_on answered_by", basis=ASKED
    ),
    "retention.SubjectLink": table(
        K, "id public_id organization request purpose user made_at expires_at used_at", basis=ASKED
    ),
    "retention.MentionScan": table(
        K,
        "id public_id organization request state started_by started_at finished_at store checkpoint examined "
        "unreadable found rows taken_by taken_at proof",
        basis=EVIDENCE,
    ),
    "retention.LegalHold": table(
        K,
        "id public_id organization scope department subject listed ground citation review_on placed_by placed_at "
        "released_by released_at reminded_at",
        basis=EVIDENCE,
        subject=A,
        listed=A,
    ),
    "retention.Export": table(
        E,
        "id public_id organization request made_by made_at rows size sha256 wrapped_key key_version first_fetched_at "
        "counts_from",
        category=CONTENT,
        sooner=EXPORT_PERIOD,
        wrapped_key=C,
    ),
    "retention.ArchiveAuthorization": table(
        K, "id public_id organization granted decided_by decided_at proof", basis=EVIDENCE
    ),
    "retention.AggregateArchive": table(
        K,
        "id public_id organization request name table sha256 made_at",
        basis=AGGREGATES,
    ),
    "retention.ErasureRun": table(
        K,
        "id public_id organization request phase planned_at identifiers identifiers_key identifiers_key_version "
        "forgotten_at keys_destroyed keys_destroyed_at keys_destroyed_again_at ledger_digest erased_at leased_until "
        "lease failures last_error paused_at paused_by rate next_check_at certified_at check_asked_at accepted "
        "holds_met completed_at replayed_at ledger_expires_at ledger_purged_at",
        basis=EVIDENCE,
        identifiers=C,
        identifiers_key=C,
    ),
    "retention.ErasureStep": table(
        K,
        "id public_id organization run position store status found erased anonymised checkpoint_person checkpoint "
        "cursor listed kept failures last_error again_at vacuumed_at vacuumed_how held_by rewritten_at sent_again "
        "started_at finished_at",
        basis=EVIDENCE,
    ),
    "retention.Verification": table(
        K, "id public_id organization run performed_at passed searched hits", basis=EVIDENCE
    ),
    "retention.Certificate": table(K, "id public_id organization run issued_at signing_key document", basis=EVIDENCE),
    # The vendor's own, of many clients: opaque ids of clients in it, nobody of theirs.
    "retention.ExternalStore": table(
        N,
        "id public_id code name kind position settings secret secret_version holds location processor enabled "
        "disabled_at checked_at check_faults created_by created_at",
        basis=ELSEWHERE,
        secret=C,
    ),
    "retention.ManualErasure": table(
        K,
        "id public_id organization store store_name run people asked_at due_at attested_by attested_at document "
        "reminded_at",
        basis=EVIDENCE,
    ),
    "retention.CertificateAddendum": table(
        K, "id public_id organization certificate number kind issued_at signing_key document", basis=EVIDENCE
    ),
    "retention.DataKey": table(
        E, "id organization_ref subject_ref wrapped key_version created_at", category=CONTENT, wrapped=C
    ),
    "retention.KeyEncryptionKey": table(N, "id version check_value first_seen_at", basis=KEYS),
    "retention.KeyRotation": table(
        N, "id public_id target_version state started_at started_by finished_at retry_at last_error", basis=KEYS
    ),
    "retention.KeyRotationStep": table(N, "id rotation place total done failed checkpoint finished_at", basis=KEYS),
    "retention.ErasureEntry": table(
        K,
        "id run organization_ref request_ref subject_refs others_refs keys_destroyed destroyed_at previous_digest "
        "digest expires_at purged_at",
        basis=LEDGER,
    ),
    "retention.LedgerHead": table(N, "id position digest pulse beaten_at orphans_sought_at", basis=RESTORES),
    "retention.LedgerPulse": table(N, "id number beaten_at", basis=RESTORES),
    "retention.Restore": table(
        N, "id public_id kind known_until noticed_at noticed_by finished_at replayed report", basis=RESTORES
    ),
}
