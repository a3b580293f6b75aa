"""What becomes of the tables of contracts: agreements, letters, money, deadlines."""

from retention.policy.bases import ACCOUNTS, CONTRACT_FILE, INDICES, LETTERS_PERIOD
from retention.policy.categories import LETTERS
from retention.policy.kinds import Fate, Table, table

E, K, N, C = Fate.ERASE, Fate.KEEP, Fate.NOT_PERSONAL, Fate.CIPHERTEXT

TABLES: dict[str, Table] = {
    "contracts.Contract": table(
        K,
        "id public_id organization reference status concluded_on starts_on time_zone governing_law first_term_months "
        "minimum_commitment_months renewal_term_months auto_renews mid_term_exit notice_length notice_unit "
        "notice_end_of notice_effect annual_fee currency billing_interval billing_timing paid_until paid_before_on "
        "paid_ahead seats features early_exit_rate early_exit_cap early_exit_refunds early_exit_disclosed_on "
        "switching_notice_months owner retrieval_days erasure_days end_choice starts_at term_number term_lengths "
        "term_ends_on last_notice_on last_notice_why certain_at renews_at planned_for ends_on ends_at ended_at "
        "end_reason deadlines_stale suspended_at suspension_reason resumes_at created_at reminder_leads reminds_client "
        "next_reminder_at calendar_due_at index_series index_fixed_part index_floor index_cap index_base_period "
        "index_base_value stayed_until stayed_term stay_proof",
        basis=CONTRACT_FILE,
    ),
    "contracts.Term": table(
        K,
        "id public_id organization contract number days fee currency clauses certain_at started_at voided_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.RenewalPlan": table(
        K,
        "id public_id organization contract number days starts_at fee currency clauses news_from "
        "following_last_notice_on following_last_notice_why following_certain_at following_renews_at "
        "following_reminder_at ends_on ends_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.Amendment": table(
        K,
        "id public_id organization contract agreed_on valid_from applies_at values before source proof recorded_by "
        "recorded_at applied_at voided_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.Notice": table(
        K,
        "id public_id organization contract kind party channel sent_on received_on entitled judgment ends_on why proof "
        "free_of_charge "
        "recorded_by recorded_at withdrawn_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.Reminder": table(
        K,
        "id public_id organization contract term_number kind lead due_on last_notice_on why message proof sent_at "
        "skipped_at outcome_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.Intake": table(
        E,
        "id public_id organization state media size sha256 received_at received_on sent_on suggested why candidates "
        "kind notices cases document acknowledgement answers sealed_file sealed_facts wrapped_key key_version "
        "dropped_by dropped_at decided_by decided_at",
        category=LETTERS,
        sooner=LETTERS_PERIOD,
        sealed_file=C,
        sealed_facts=C,
        wrapped_key=C,
    ),
    "contracts.OutgoingNotice": table(
        K,
        "id public_id organization contract status kind channel ends_on send_by why drafted_by drafted_at approved_by "
        "approved_at sent_on proof notice cancelled_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.Termination": table(
        K,
        "id public_id organization contract ground party declared_on ends_on penalty prolongs source why proof "
        "recorded_by recorded_at withdrawn_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.Deadline": table(
        K,
        "id public_id organization contract kind subject_type subject_id occurrence nominal_on legal_on internal_on "
        "other_reading_on calendar_country time_zone rule version inputs why due_at lapses vendor_only opened_at "
        "met_at met_by superseded_at superseded_by",
        basis=CONTRACT_FILE,
    ),
    "contracts.RenewalOffer": table(
        K,
        "id public_id organization contract number starts_on values current valid_until expires_at state made_by "
        "made_at sent_by sent_at sent_proof closed_by closed_at accepted_proof",
        basis=CONTRACT_FILE,
    ),
    "contracts.Uplift": table(
        K,
        "id public_id organization contract number starts_on s0 s0_period s1 s1_period link factor price_before "
        "price_after currency state evidence evaluated_at seen_value seen_link seen_amendment decided_by decided_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.IndexSeries": table(
        N,
        "id public_id code name publisher country unit periodicity longest_delay_months closed created_at",
        basis=INDICES,
    ),
    "contracts.IndexValue": table(
        N, "id public_id series period value published_on recorded_by recorded_at superseded_at", basis=INDICES
    ),
    "contracts.IndexLink": table(
        N,
        "id public_id old_series new_series coefficient from_period recorded_by recorded_at",
        basis=INDICES,
    ),
    "contracts.StatementLine": table(
        K,
        "id public_id organization contract term kind starts_on ends_on due_on amount currency vat seats source why "
        "recorded_by recorded_at voided_at",
        basis=ACCOUNTS,
    ),
    "contracts.Payment": table(
        K,
        "id public_id organization contract reference paid_on amount currency recorded_by recorded_at",
        basis=ACCOUNTS,
    ),
    "contracts.Quote": table(
        K,
        "id public_id organization contract ground party quoted_on valid_until exit_on remaining_days penalty refund "
        "total currency agreed right_to_leave blocked flagged lines checklist made_by made_at accepted_by accepted_at",
        basis=ACCOUNTS,
    ),
    "contracts.CalendarFeed": table(
        K,
        "id public_id organization kind owner language prefix digest created_by created_at revoked_at last_fetched_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.CalendarEvent": table(
        K,
        "id public_id organization contract kind subject_id occurrence on act_by why alarms vendor_only fingerprint "
        "sequence changed_at cancelled_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.ContractClause": table(
        K,
        "id public_id organization contract code value evidence valid_until recorded_by recorded_at superseded_at",
        basis=CONTRACT_FILE,
    ),
    # A destination is the name of a provider, the reasons are the vendor's own: searched, like every text that stays.
    "contracts.SwitchingCase": table(
        K,
        "id public_id organization contract kind status destination received_on notice_months notice_end "
        "unfeasible_limit unfeasible_told_on unfeasible_length unfeasible_unit extended_to transition_end completed_on "
        "retrieval_end erase_from erase_at why next_at asked_at choice charge charge_cost charged_on recorded_by "
        "recorded_at closed_at",
        basis=CONTRACT_FILE,
    ),
    "contracts.SwitchingAct": table(
        K,
        "id public_id organization case step done_on reasons proof recorded_by recorded_at",
        basis=CONTRACT_FILE,
    ),
}
