"""Statements that the constraints on requests of people refuse; tests/retention/test_constraints.py runs them."""

REQUEST, DOUBT, LINK = "retention_subjectrequest", "retention_subjectdoubt", "retention_subjectlink"


def examples(change, copy):
    """Return the example of each constraint."""
    over = "closed_at = received_at, purge_at = received_at"
    return {
        "subject_request_kind_known": change(REQUEST, "kind = 'forget'"),
        "subject_request_channel_known": change(REQUEST, "channel = 'pigeon'"),
        "subject_request_state_known": change(REQUEST, "state = 'lost'"),
        "subject_request_identity_known": change(REQUEST, "identity = 'sure'"),
        "subject_request_language_known": change(REQUEST, "language = 'xx'"),
        "subject_request_extended_for_a_reason": change(REQUEST, "extended_at = now()"),
        "subject_request_unconfirmed_from_the_page": change(REQUEST, "state = 'unconfirmed'"),
        "subject_request_forwarded_to_somebody": change(REQUEST, "organization_id = NULL"),
        "subject_request_decided_by_someone": change(REQUEST, "decided_at = now(), granted = TRUE"),
        "subject_request_refused_with_ground": change(
            REQUEST, "decided_at = now(), decided_by = 'user:one', granted = FALSE"
        ),
        "subject_request_granted_is_carried_out": change(
            REQUEST, "state = 'granted', decided_at = now(), decided_by = 'user:one', granted = TRUE"
        ),
        "subject_request_answered_with_outcome": change(REQUEST, f"state = 'answered', {over}"),
        "subject_request_closed_iff_over": change(REQUEST, "state = 'withdrawn'"),
        "subject_request_told_somehow": change(REQUEST, "told = 'mail'"),
        "subject_request_words_there_or_gone": change(REQUEST, "sealed_facts = NULL"),
        "subject_request_carried_out_once": copy(
            REQUEST,
            public_id="gen_random_uuid()",
            state="'answered'",
            outcome="'granted'",
            granted="TRUE",
            decided_at="now()",
            decided_by="'user:one'",
            closed_at="now()",
            purge_at="now()",
            request_id="(SELECT min(d.id) FROM retention_deletionrequest d "
            "WHERE d.organization_id = retention_subjectrequest.organization_id)",
            _times="2",
        ),
        "retention_subjectdoubt_public_id_key": copy(DOUBT, answered_on="asked_on", answered_by="'user:one'"),
        "subject_doubt_reason_known": change(DOUBT, "reason = 'mood'"),
        "subject_doubt_answered_afterwards": change(DOUBT, "answered_on = asked_on - 1, answered_by = 'user:one'"),
        "subject_doubt_open_once": copy(DOUBT, public_id="gen_random_uuid()"),
        "subject_link_of_its_reader": change(LINK, "purpose = 'decide', user_id = NULL"),
        "subject_link_expires_later": change(LINK, "expires_at = made_at"),
    }
