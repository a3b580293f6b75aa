"""The database refuses what the rules forbid: an example that breaks each constraint of retention, past our code."""

import os

import psycopg
import pytest
from django.apps import apps
from django.db import connections

from tests.admin.operated import a_restore, keys_wrapped_anew
from tests.admin.world import a_client_that_left, a_client_that_stays
from tests.retention import subject_constraints

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
LEDGER = {"retention_datakey", "retention_erasureentry", "retention_ledgerpulse"}
ROTATION = "retention_keyrotation"
STORE, BY_HAND = "retention_externalstore", "retention_manualerasure"
REQUEST, RUN, STEP = "retention_deletionrequest", "retention_erasurerun", "retention_erasurestep"
SUBJECT = "retention_requestsubject"
RULE, NIGHT = "retention_retentionrule", "retention_retentionnight"
SCAN = "retention_mentionscan"
# Which row of a table is taken: the request about a whole organization, not the one about a person.
FIRST = {REQUEST: "scope <> 'organization', ctid"}


def change(table, values):
    """Return the statement that changes one row."""
    first = f"SELECT ctid FROM {table} ORDER BY {FIRST.get(table, 'ctid')} LIMIT 1"
    return table, f"UPDATE {table} SET {values} WHERE ctid = ({first})"


def copy(table, **values):
    """Return what inserts one row again, with an identity of its own, and other values (SQL)."""
    return table, values


ADDENDUM = "retention_certificateaddendum"
EXAMPLES = {
    "vault_state_known": change("retention_vault", "state = 'ajar'"),
    "conversation_external_id_once": copy("retention_conversation", public_id="gen_random_uuid()"),
    "conversation_public_id_once": copy("retention_conversation", external_id="'other'"),
    "message_external_id_once": copy("retention_message", public_id="gen_random_uuid()"),
    "message_public_id_once": copy("retention_message", external_id="'other'"),
    "contextitem_external_id_once": copy("retention_contextitem", public_id="gen_random_uuid()"),
    "contextitem_public_id_once": copy("retention_contextitem", external_id="'other'"),
    "diagnostic_external_id_once": copy("retention_diagnostic", public_id="gen_random_uuid()"),
    "diagnostic_public_id_once": copy("retention_diagnostic", external_id="'other'"),
    "message_role_known": change("retention_message", "role = 'system'"),
    "deletion_request_open_once": copy(
        REQUEST,
        public_id="gen_random_uuid()",
        status="'received'",
        approved_by="''",
        approved_at="NULL",
        grace_until="NULL",
        _times="2",
    ),
    "deletion_request_status_known": change(REQUEST, "status = 'lost'"),
    "deletion_request_confirmed_by_someone": change(REQUEST, "confirmed_by = ''"),
    "deletion_request_approved_after_confirmation": change(REQUEST, "confirmed_at = NULL, confirmed_by = ''"),
    "deletion_request_approved_by_another": change(REQUEST, "approved_by = confirmed_by"),
    "deletion_request_runs_only_approved": change(REQUEST, "approved_by = '', approved_at = NULL, grace_until = NULL"),
    "deletion_request_promised_before_it_is_allowed": change(REQUEST, "promised_by = erase_from + interval '1 second'"),
    "deletion_request_erase_from_before_erase_by": change(REQUEST, "erase_by = erase_from - interval '1 day'"),
    "deletion_request_retrieval_after_service": change(REQUEST, "retrieval_ends_on = service_ended_on - 1"),
    "retention_deletionrequest_public_id_key": copy(REQUEST),
    "deletion_request_export_proof_of_its_waiver": change(
        REQUEST, "export_waived_at = now(), export_decision = 'done'"
    ),
    "deletion_request_kind_known": change(REQUEST, "kind = 'lost'"),
    "deletion_request_way_of_its_kind": change(REQUEST, "kind = 'export'"),
    "deletion_request_origin_known": change(REQUEST, "origin = 'lost'"),
    "deletion_request_carried_out_once_decided": change(REQUEST, "carried_out_at = now()"),
    "deletion_request_scope_known": change(REQUEST, "scope = 'lost'"),
    "deletion_request_of_organization_after_service": change(REQUEST, "retrieval_ends_on = NULL"),
    "deletion_request_department_of_its_scope": change(REQUEST, "department = 'Sales'"),
    "deletion_request_refused_with_ground": change(REQUEST, "status = 'refused'"),
    "deletion_request_refusal_known": change(REQUEST, "status = 'refused', refusal = 'lost'"),
    "deletion_request_grace_after_approval": change(
        REQUEST, "status = 'confirmed', approved_by = '', approved_at = NULL, grace_until = now()"
    ),
    "request_subject_once_per_request": copy(SUBJECT, public_id="gen_random_uuid()", let_go_at="now()"),
    "request_subject_in_one_request": copy(SUBJECT, public_id="gen_random_uuid()", request_id="request_id + 1000"),
    "request_subject_kind_known": change(SUBJECT, "kind = 'lost'"),
    "request_subject_fenced_to_erase": change(SUBJECT, "fenced_at = now(), kind = 'export'"),
    "request_subject_correction_sealed_while_open": change(SUBJECT, "correction = '\\x00'"),
    "request_subject_fenced_for_good": change(SUBJECT, "fenced_at = now(), let_go_at = now()"),
    "retention_requestsubject_public_id_key": copy(
        SUBJECT, request_id="request_id + 1000", licensed_user_id="licensed_user_id + 1000"
    ),
    "retention_retentionrule_public_id_key": copy(RULE, category="'diagnostics'"),
    "retention_rule_enforced_once": copy(RULE, public_id="gen_random_uuid()"),
    "retention_rule_category_known": change(RULE, "category = 'letters'"),
    "retention_rule_unit_known": change(RULE, "unit = 'weeks'"),
    "retention_rule_has_a_length": change(RULE, "amount = 0"),
    "retention_rule_state_known": change(RULE, "state = 'lost', next_at = NULL"),
    "retention_rule_drafted_by_someone": change(RULE, "drafted_by = ''"),
    "retention_rule_previewed_by_someone": change(RULE, "previewed_by = ''"),
    "retention_rule_previewed_before_it_is_enforced": change(
        RULE,
        "state = 'drafted', enforced_at = NULL, enforced_by = '', next_at = NULL",
    ),
    "retention_rule_enforced_upon_a_fresh_preview": change(
        RULE, "enforced_at = previewed_at + interval '24 hours 1 second'"
    ),
    "retention_rule_enforced_by_another": change(RULE, "drafted_by = enforced_by"),
    "retention_rule_acts_only_enforced": change(RULE, "next_at = NULL"),
    "retention_rule_ended_by_someone": change(RULE, "ended_at = now(), ended_by = 'user:one'"),
    "retention_retentionnight_public_id_key": copy(NIGHT, on="'1999-01-01'"),
    "retention_night_once_a_day": copy(NIGHT, public_id="gen_random_uuid()"),
    "retention_night_runs_once": copy(
        NIGHT,
        public_id="gen_random_uuid()",
        state="'running'",
        finished_at="NULL",
        on="current_date + (random() * 100000)::int",
        _times="2",
    ),
    "retention_nightbeyond_public_id_key": copy("retention_nightbeyond", store="'other'"),
    "night_beyond_once_per_store": copy("retention_nightbeyond", public_id="gen_random_uuid()"),
    "night_beyond_state_known": change("retention_nightbeyond", "state = 'lost'"),
    "night_beyond_runs_until_it_is_over": change("retention_nightbeyond", "finished_at = NULL"),
    "night_beyond_says_why_it_is_skipped": change("retention_nightbeyond", "state = 'skipped', why = ''"),
    "night_beyond_stands_nowhere_once_it_is_over": change("retention_nightbeyond", "cursor = '7'"),
    "retention_night_state_known": change(NIGHT, "state = 'lost'"),
    "retention_night_winner_known": change(NIGHT, "winner = 'nobody'"),
    "retention_night_runs_until_it_is_over": change(NIGHT, "finished_at = NULL"),
    "retention_night_erases_the_past": change(NIGHT, "cutoff = started_at + interval '1 day'"),
    "mention_scan_state_known": change(SCAN, "state = 'lost'"),
    "mention_scan_runs_until_it_is_over": change(SCAN, "finished_at = NULL"),
    "mention_scan_taken_when_done": change(SCAN, "taken_by = ''"),
    "mention_scan_proof_of_a_decision": change(
        SCAN,
        "taken_at = NULL, taken_by = '', proof_id = (SELECT min(d.id) FROM accounts_document d "
        "WHERE d.organization_id = retention_mentionscan.organization_id)",
    ),
    "mention_scan_one_at_a_time": copy(
        SCAN,
        public_id="gen_random_uuid()",
        state="'running'",
        finished_at="NULL",
        taken_at="NULL",
        taken_by="''",
        _times="2",
    ),
    "retention_mentionscan_public_id_key": copy(SCAN),
    "legal_hold_covers_its_scope": change("retention_legalhold", "department = 'Sales'"),
    "legal_hold_cites_its_ground": change("retention_legalhold", "citation = ''"),
    "legal_hold_released_by_someone": change("retention_legalhold", "released_at = now(), released_by = ''"),
    "legal_hold_lists_a_department_in_force": change("retention_legalhold", "listed = '{1}'"),
    "retention_legalhold_public_id_key": copy("retention_legalhold"),
    "retention_export_public_id_key": copy("retention_export"),
    "retention_archiveauthorization_public_id_key": copy("retention_archiveauthorization"),
    "archive_table_once": copy("retention_aggregatearchive", public_id="gen_random_uuid()"),
    "retention_aggregatearchive_public_id_key": copy("retention_aggregatearchive", name="'other'"),
    "erasure_run_once_per_request": copy(RUN, public_id="gen_random_uuid()"),
    "erasure_run_phase_known": change(RUN, "phase = 'lost'"),
    "erasure_run_paused_by_someone": change(RUN, "paused_at = now()"),
    "erasure_run_rate_from_one": change(RUN, "rate = 0"),
    "erasure_run_keys_first": change(RUN, "ledger_digest = ''"),
    "retention_erasurerun_public_id_key": copy(RUN, request_id="request_id + 1000"),
    "erasure_run_completed_iff_complete": change(RUN, "completed_at = now()"),
    "erasure_run_certified_at_known": change(RUN, "certified_at = NULL"),
    "erasure_step_vacuumed_somehow": change(STEP, "vacuumed_at = now(), vacuumed_how = ''"),
    "erasure_step_held_by_known": change(STEP, "vacuumed_at = NULL, vacuumed_how = '', held_by = 'lost'"),
    "certificate_addendum_numbered_once": copy(ADDENDUM, public_id="gen_random_uuid()"),
    "certificate_addendum_numbered_from_one": change(ADDENDUM, "number = 0"),
    "certificate_addendum_kind_known": change(ADDENDUM, "kind = 'lost'"),
    "retention_certificateaddendum_public_id_key": copy(ADDENDUM, number="number + 1"),
    "erasure_step_once_per_store": copy(STEP, public_id="gen_random_uuid()"),
    "erasure_step_finished_iff_done": change(STEP, "finished_at = NULL"),
    "retention_erasurestep_public_id_key": copy(STEP, store="'other'"),
    "retention_verification_public_id_key": copy("retention_verification"),
    "external_store_code_is_a_slug": change(STORE, "code = 'Two words'"),
    "external_store_kind_known": change(STORE, "kind = 'ftp'"),
    "external_store_is_described": change(STORE, "holds = ''"),
    "external_store_disabled_since": change(STORE, "enabled = true"),
    "external_store_secret_whole": change(STORE, "kind = 'postgresql', secret = 'x'"),
    "external_store_secret_where_it_signs": change(STORE, "kind = 's3'"),
    "external_store_faults_of_a_test": change(STORE, "checked_at = NULL, check_faults = '[1]'"),
    "retention_manualerasure_public_id_key": copy(BY_HAND, run="gen_random_uuid()"),
    "manual_erasure_once_a_run": copy(BY_HAND, public_id="gen_random_uuid()"),
    "manual_erasure_due_after_it_is_asked": change(BY_HAND, "due_at = asked_at - interval '1 day'"),
    "manual_erasure_attested_by_somebody_with_a_document": change(BY_HAND, "attested_at = now(), attested_by = 'u'"),
    "certificate_once_per_run": copy("retention_certificate", public_id="gen_random_uuid()"),
    "retention_certificate_public_id_key": copy("retention_certificate", run_id="run_id + 1000"),
    "retention_conversation_public_id_key": copy("retention_conversation", external_id="'other'"),
    "data_key_once": copy("retention_datakey", id="gen_random_uuid()"),
    "data_key_version_from_one": change("retention_datakey", "key_version = 0"),
    "key_encryption_key_version_from_one": change("retention_keyencryptionkey", "version = 0"),
    "key_encryption_key_check_value_is_hex": change("retention_keyencryptionkey", "check_value = 'secret'"),
    "key_rotation_one_at_a_time": copy(
        ROTATION, public_id="gen_random_uuid()", state="'running'", finished_at="NULL", _times="2"
    ),
    "key_rotation_state_known": change(ROTATION, "state = 'lost'"),
    "key_rotation_version_from_one": change(ROTATION, "target_version = 0"),
    "key_rotation_runs_until_it_is_over": change(ROTATION, "finished_at = NULL"),
    "key_rotation_step_once_per_place": copy("retention_keyrotationstep"),
    "key_rotation_step_counts_no_more_than_all": change("retention_keyrotationstep", "done = total + 1"),
    "key_rotation_step_finished_with_all": change("retention_keyrotationstep", "done = total - 1"),
    "erasure_entry_digest_is_hex": change("retention_erasureentry", "digest = 'x'"),
    "erasure_entry_whole_until_purged": change("retention_erasureentry", "run = NULL"),
    "erasure_entry_purged_once_expired": change(
        "retention_erasureentry",
        "run = NULL, organization_ref = NULL, request_ref = NULL, subject_refs = '{}', purged_at = now(), "
        "expires_at = NULL",
    ),
    "erasure_entry_others_are_bounded": change(
        "retention_erasureentry",
        "others_refs = ARRAY(SELECT gen_random_uuid() FROM generate_series(1, 10001))",
    ),
    "ledger_pulse_is_one_row": change("retention_ledgerpulse", "id = 2"),
    "ledger_head_is_one_row": change("retention_ledgerhead", "id = 2"),
    "ledger_head_names_its_entry": change("retention_ledgerhead", "digest = ''"),
    "restore_one_at_a_time": copy("retention_restore", public_id="gen_random_uuid()", finished_at="NULL", _times="2"),
    "restore_kind_known": change("retention_restore", "kind = 'lost'"),
}
# Two constraints forbid the same: the first in the order of their names answers.
IMPLIED = {"conversation_public_id_once", "retention_conversation_public_id_key"}
# The target of composite foreign keys. No row can break it without breaking the primary key first.
EXAMPLES |= subject_constraints.examples(change, copy)
TENANT_KEYS = {
    f"retention_{name}_tenant_key"
    for name in [
        "conversation",
        "deletionrequest",
        "requestsubject",
        "legalhold",
        "retentionrule",
        "retentionnight",
        "nightbeyond",
        "mentionscan",
        "subjectdoubt",
        "manualerasure",
        "export",
        "archiveauthorization",
        "aggregatearchive",
        "erasurerun",
        "erasurestep",
        "verification",
        "certificate",
        "certificateaddendum",
    ]
}


@pytest.fixture
def world():
    a_client_that_stays()
    a_client_that_left()
    keys_wrapped_anew()
    a_restore()


def broken_by(table, breaks):
    """Try it as the server's administrator, whom no privilege and no row policy holds; return what refused it."""
    alias = "ledger" if table in LEDGER else "default"
    name = connections[alias].settings_dict["NAME"]
    dsn = psycopg.conninfo.make_conninfo(os.environ["TERME_TEST_ADMIN"], dbname=name)
    with psycopg.connect(dsn) as connection:
        try:
            if isinstance(breaks, str):
                assert connection.execute(breaks).rowcount == 1, f"{table} has no row to change"
            else:
                _copy(connection, table, dict(breaks))
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except psycopg.IntegrityError as error:
            return error.diag.constraint_name
        finally:
            connection.rollback()
    return None


def _copy(connection, table, values):
    times = int(values.pop("_times", "1"))
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_identity = 'NO'", [table]
    )
    columns = [column for (column,) in rows]
    chosen = ", ".join(f'"{column}"' for column in columns)
    given = ", ".join(values.get(column, f'"{column}"') for column in columns)
    for _time in range(times):
        first = FIRST.get(table, "ctid")
        query = f"INSERT INTO {table} ({chosen}) SELECT {given} FROM {table} ORDER BY {first} LIMIT 1"
        assert connection.execute(query).rowcount == 1, f"{table} has no row to copy"


def test_each_constraint_refuses_its_example(world):
    found = {name: broken_by(table, breaks) for name, (table, breaks) in EXAMPLES.items()}
    wrong = {name: by for name, by in found.items() if by != name and not (name in IMPLIED and by in IMPLIED)}
    assert not wrong


def test_every_constraint_has_an_example():
    named = {
        constraint.name
        for model in apps.get_app_config("retention").get_models()
        for constraint in model._meta.constraints
    }
    assert not named - EXAMPLES.keys() - TENANT_KEYS, "add an example to EXAMPLES"
    assert not EXAMPLES.keys() - named, "these exist no more"
