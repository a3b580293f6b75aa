"""``verify_trail``: whatever an administrator of the database changes, removes or puts in is found, with its place."""

import time

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts import tenancy
from accounts.models import AuditDetail, AuditEvent, AuditSeal
from accounts.operations import audit, checking
from accounts.rules import trail_check
from accounts.rules.chain import START, linked
from accounts.sweeps import seal_all
from tests.accounts.parties import NOW, at_once
from tests.accounts.trails import administrator, an_event, found, sealed, tampered, verified
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
EVENTS = 12
# An event whose id lies below all others, as if it had always been there.
INSERT = (
    "INSERT INTO accounts_auditevent (id, public_id, organization_id, name, subject_type, subject_id, actor, data, "
    "detail_digest, occurred_at, recorded_at, written_in) SELECT {id}, gen_random_uuid(), organization_id, name, "
    "subject_type, subject_id, actor, data, '', occurred_at, recorded_at, {written_in} FROM accounts_auditevent "
    "WHERE id = (SELECT event_id FROM accounts_auditseal WHERE position = 5)"
)
EVENT, SEAL = "accounts_auditevent", "accounts_auditseal"
FIFTH = f"WHERE id = (SELECT event_id FROM {SEAL} WHERE position = 5)"


@pytest.fixture
def trail():
    """A trail of two clients and of nobody, sealed: ids are even, so that there is room between them."""
    with administrator() as other:
        other.execute(f"ALTER SEQUENCE {EVENT}_id_seq INCREMENT 2")
    one, two = an_organization(), an_organization()
    for number in range(EVENTS):
        an_event((one, two)[number % 2], data={"n": number}, vendor_only=number == 7, detail={"reason": f"r{number}"})
    sealed()
    yield one, two
    with administrator() as other:
        other.execute(f"ALTER SEQUENCE {EVENT}_id_seq INCREMENT 1")


def rewritten(first):
    """Write the chain anew from a position on, as who knows how it is made would: all digests fit again."""
    with administrator() as other:
        rows = other.execute(
            f"SELECT position, organization_id, vendor_only, canonical::text FROM {SEAL} ORDER BY position"
        ).fetchall()
        digest, theirs = START, {}
        for position, organization, own, text in rows:
            digest = linked(digest, text)
            readers = (organization, own)
            place, before = theirs.get(readers, (0, START))
            theirs[readers] = (place + 1, linked(before, text))
            if position >= first:
                other.execute(
                    f"UPDATE {SEAL} SET digest = %s, organization_position = %s, organization_digest = %s "
                    "WHERE position = %s",
                    [digest, *theirs[readers], position],
                )


def change(column, value, position=5):
    return [
        f"UPDATE {EVENT} SET {column} = {value} WHERE id = (SELECT event_id FROM {SEAL} WHERE position = {position})"
    ]


TAMPERINGS = {
    **{
        f"event-{column}": (change(column, value), [("event_changed", 5, [column])])
        for column, value in {
            "public_id": "gen_random_uuid()",
            "name": "'thing.undone'",
            "subject_type": "'Other'",
            "subject_id": "gen_random_uuid()",
            "actor": "'user:y'",
            "data": "'{\"n\": 5}'",
            "detail_digest": "''",
            "vendor_only": "true",
            "occurred_at": "occurred_at + interval '1 microsecond'",
            "recorded_at": "'infinity'",
            "written_in": "5",
            "organization_id": "NULL",
        }.items()
        if column not in ("vendor_only", "organization_id")
    },
    "event-removed": ([f"DELETE FROM {EVENT} {FIFTH}"], [("event_removed", 5, [])]),
    "last-event-removed": (
        [f"DELETE FROM {EVENT} WHERE id = (SELECT event_id FROM {SEAL} WHERE position = {EVENTS})"],
        [("event_removed", EVENTS, [])],
    ),
    "seal-text": (
        [f"UPDATE {SEAL} SET canonical = replace(canonical::text, 'user:x', 'user:z')::json WHERE position = 5"],
        [("seal_changed", 5, ["digest", "organization_digest", "canonical"])],
    ),
    "seal-text-blank": (
        [f"UPDATE {SEAL} SET canonical = (canonical::text || ' ')::json WHERE position = 5"],
        [("seal_changed", 5, ["digest", "organization_digest", "canonical"])],
    ),
    "seal-text-no-array": (
        [f"UPDATE {SEAL} SET canonical = '7' WHERE position = 5"],
        [("seal_changed", 5, ["digest", "organization_digest", "canonical"])],
    ),
    "seal-digest": (
        [f"UPDATE {SEAL} SET digest = repeat('0', 64) WHERE position = 5"],
        [("seal_changed", 5, ["digest"])],
    ),
    "last-seal-digest": (
        [f"UPDATE {SEAL} SET digest = repeat('0', 64) WHERE position = {EVENTS}"],
        [("seal_changed", EVENTS, ["digest"])],
    ),
    "seal-digest-of-readers": (
        [f"UPDATE {SEAL} SET organization_digest = repeat('0', 64) WHERE position = 5"],
        [("seal_changed", 5, ["organization_digest"])],
    ),
    "seal-place-among-readers": (
        [f"UPDATE {SEAL} SET organization_position = 11 WHERE position = {EVENTS}"],
        [("seal_changed", EVENTS, ["organization_position"])],
    ),
    "seal-instant": (
        [f"UPDATE {SEAL} SET sealed_at = sealed_at - interval '1 day' WHERE position = 5"],
        [("seal_changed", 5, ["sealed_at"])],
    ),
    "seal-cluster": ([f"UPDATE {SEAL} SET cluster = 1 WHERE position = 5"], [("seal_changed", 5, ["cluster"])]),
    "seal-before": ([f"UPDATE {SEAL} SET before = 9 WHERE position = 5"], [("seal_changed", 5, ["before"])]),
    "seal-organization": (
        [f"UPDATE {SEAL} SET organization_id = NULL WHERE position = 5"],
        [("seal_changed", 5, ["organization_id"])],
    ),
    "seal-for-the-vendor-only": (
        [f"UPDATE {SEAL} SET vendor_only = true WHERE position = 5"],
        [("seal_changed", 5, ["vendor_only"])],
    ),
    "seal-of-another-event": (
        [f"UPDATE {SEAL} SET event_id = 999999999 WHERE position = 5"],
        [("seal_changed", 5, ["event_id"]), ("event_not_sealed", None, [])],
    ),
    "seal-removed": (
        [f"DELETE FROM {SEAL} WHERE position = 5"],
        [("seal_missing", 5, ["5"]), ("event_not_sealed", None, [])],
    ),
    "seals-removed-at-the-beginning": (
        [f"DELETE FROM {SEAL} WHERE position <= 2"],
        [("seal_missing", 1, ["2"]), ("event_not_sealed", None, []), ("event_not_sealed", None, [])],
    ),
    "seal-and-event-removed": (
        [f"DELETE FROM {EVENT} {FIFTH}", f"DELETE FROM {SEAL} WHERE position = 5"],
        [("seal_missing", 5, ["5"])],
    ),
    "seal-moved-far-away": (
        [f"UPDATE {SEAL} SET position = 4000000000000000000 WHERE position = {EVENTS}"],
        [("seal_missing", EVENTS, ["3999999999999999999"])],
    ),
    "event-inserted-early": (
        [INSERT.format(id=f"(SELECT event_id + 1 FROM {SEAL} WHERE position = 3)", written_in="written_in")],
        [("event_not_sealed", None, [])],
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_what_an_administrator_does_is_found_with_its_place(trail, name):
    statements, expected = TAMPERINGS[name]
    with tenancy.vendor():
        events = dict(AuditSeal.objects.values_list("position", "event_id"))
        ids = dict(AuditEvent.objects.values_list("pk", "public_id"))
    tampered(*statements)
    report = verified(code=1)
    assert found(report) == expected
    for one in report["findings"]:
        if one["position"] in events and one["fault"] != "seal_missing" and not name.endswith("no-array"):
            assert one["event"] == str(ids[events[one["position"]]])


@pytest.mark.parametrize(
    ("column", "value"), [("vendor_only", "true"), ("organization_id", "NULL"), ("id", "id + 1000001")]
)
def test_an_event_that_is_moved_to_other_readers_is_found(trail, column, value):
    tampered(*change(column, value))
    report = verified(code=1)
    assert found(report)[0][:2] in [("event_changed", 5), ("event_removed", 5)]


def test_a_sound_trail_is_whole_whatever_the_time_zone_of_the_session(trail, monkeypatch):
    for zone in ("UTC", "Pacific/Chatham", "America/St_Johns"):
        tampered(f"ALTER DATABASE {database()} SET TimeZone = '{zone}'")
        with tenancy.vendor():
            report = checking.check()
        assert (report.whole, report.entries, report.waiting) == (True, EVENTS, 0)
        with tenancy.vendor(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL TimeZone = '{zone}'; SET LOCAL DateStyle = 'German, DMY'")
            assert checking.check().whole
    tampered(f"ALTER DATABASE {database()} RESET TimeZone")
    assert verified()["whole"]


def database():
    return connection.settings_dict["NAME"]


def test_seals_that_changed_places_are_found_though_all_digests_fit(trail):
    tampered(
        f"UPDATE {SEAL} SET position = 1000 WHERE position = 5",
        f"UPDATE {SEAL} SET position = 5 WHERE position = 6",
        f"UPDATE {SEAL} SET position = 6 WHERE position = 1000",
    )
    rewritten(5)
    assert found(verified(code=1)) == [("seals_reordered", 6, [])]


def test_a_link_that_was_taken_out_and_all_after_it_written_anew_leaves_its_event_behind(trail):
    tampered(f"DELETE FROM {SEAL} WHERE position = 5", f"UPDATE {SEAL} SET position = position - 1 WHERE position > 5")
    rewritten(5)
    assert found(verified(code=1)) == [("event_not_sealed", None, [])]


def test_an_event_put_in_long_after_with_a_low_id_is_found_once_it_is_sealed(trail):
    an_event(trail[0])
    sealed()
    low = f"(SELECT event_id + 1 FROM {SEAL} WHERE position = 3)"
    tampered(INSERT.format(id=low, written_in="pg_current_xact_id()::text::bigint"))
    assert sealed() == 1
    assert found(verified(code=1)) == [("event_inserted_late", EVENTS + 2, [])]


def test_a_seal_put_in_twice_is_found(trail):
    columns = "event_id, organization_id, vendor_only, organization_position, canonical, digest, organization_digest"
    with administrator() as other:
        other.execute(f"ALTER TABLE {SEAL} DROP CONSTRAINT {SEAL}_event_id_key")
        other.execute(f"ALTER TABLE {SEAL} DROP CONSTRAINT audit_seal_once_in_its_chain")
        try:
            other.execute(
                f"INSERT INTO {SEAL} (position, {columns}, sealed_at, cluster, before) SELECT {EVENTS + 1}, {columns}, "
                f"sealed_at, cluster, before FROM {SEAL} WHERE position = 5"
            )
            rewritten(EVENTS + 1)
            assert found(verified(code=1)) == [("seals_reordered", EVENTS + 1, [])]
            other.execute(f"DELETE FROM {SEAL} WHERE position = {EVENTS + 1}")
        finally:
            other.execute(f"ALTER TABLE {SEAL} ADD CONSTRAINT {SEAL}_event_id_key UNIQUE (event_id)")
            other.execute(
                f"ALTER TABLE {SEAL} ADD CONSTRAINT audit_seal_once_in_its_chain UNIQUE NULLS NOT DISTINCT "
                "(organization_id, vendor_only, organization_position)"
            )


def test_each_damage_is_told_and_none_that_only_follows_from_another(trail):
    tampered(
        f"UPDATE {EVENT} SET actor = 'user:y' WHERE id = (SELECT event_id FROM {SEAL} WHERE position = 2)",
        f"DELETE FROM {SEAL} WHERE position IN (4, 5)",
        f"UPDATE {SEAL} SET digest = repeat('1', 64) WHERE position = 9",
    )
    assert found(verified(code=1)) == [
        ("event_changed", 2, ["actor"]),
        ("seal_missing", 4, ["5"]),
        ("seal_changed", 9, ["digest"]),
        ("event_not_sealed", None, []),
        ("event_not_sealed", None, []),
    ]


@pytest.mark.parametrize(("window", "at_once"), [(1, 1), (1, 2), (3, 1), (3, 2), (5, 10)])
def test_it_is_the_same_in_small_windows(trail, window, at_once, monkeypatch):
    monkeypatch.setattr(checking, "WINDOW", window)
    monkeypatch.setattr(checking, "AT_ONCE", at_once)
    assert verified("--details")["details"] == EVENTS
    for position in (1, 6, EVENTS):
        tampered(*change("actor", "actor || '!'", position))
    assert found(verified(code=1)) == [("event_changed", position, ["actor"]) for position in (1, 6, EVENTS)]
    tampered(f"UPDATE {EVENT} SET actor = replace(actor, '!', '')")
    tampered(f"DELETE FROM {SEAL} WHERE position BETWEEN 3 AND 9")
    assert found(verified(code=1))[0] == ("seal_missing", 3, ["9"])


def test_after_a_gap_no_window_goes_on_past_what_was_compared(trail, monkeypatch):
    monkeypatch.setattr(checking, "WINDOW", 3)
    monkeypatch.setattr(checking, "AT_ONCE", 2)
    tampered(f"DELETE FROM {SEAL} WHERE position <= 4")
    report = verified(code=1)
    assert report["entries"] == EVENTS - 4
    assert found(report) == [("seal_missing", 1, ["4"]), *[("event_not_sealed", None, [])] * 4]


def test_an_organization_s_chains_are_checked_apart(trail):
    one, two = trail
    tampered(f"UPDATE {EVENT} SET actor = 'user:y' {FIFTH}")  # the third of the first client
    report = verified("--organization", str(one.public_id), code=1)
    assert found(report) == [("event_changed", 3, ["actor"])]
    assert report["entries"] == EVENTS // 2
    assert verified("--organization", str(two.public_id))["entries"] == EVENTS // 2
    tampered(f"DELETE FROM {SEAL} WHERE position = 8")  # what only the vendor reads of the second
    assert found(verified("--organization", str(two.public_id), code=1)) == [("event_not_sealed", None, [])]


def test_a_detail_that_was_changed_is_found_and_one_that_was_erased_is_none(trail):
    one, _two = trail
    assert verified("--details")["details"] == EVENTS
    tampered("UPDATE accounts_auditdetail SET text = '{\"reason\": \"else\"}' WHERE text->>'reason' = 'r4'")
    assert verified()["whole"], "details are looked at when that is asked for"
    assert found(verified("--details", code=1)) == [("detail_changed", None, [])]
    with tenancy.eraser(one.pk):
        AuditDetail.objects.all().delete()
    assert verified("--details")["details"] == EVENTS // 2


def test_what_is_asked_after_a_check_is_planned_as_ever(trail):
    with tenancy.vendor(), connection.cursor() as cursor:
        asked = "SELECT json_agg((name, setting) ORDER BY name)::text FROM pg_settings"
        cursor.execute(asked)
        before = cursor.fetchone()
        assert checking.check().whole
        cursor.execute(asked)
        assert cursor.fetchone() == before


def test_what_waits_for_its_seal_is_no_damage(trail):
    an_event(trail[0])
    assert verified()["waiting"] == 1


def test_it_is_whole_while_it_grows(trail):
    """Writers that hold their ids for a while, sealers and checks at the same time: no event is taken for damage."""
    one, two = trail

    def write():
        for number in range(15):
            with tenancy.vendor():
                audit.record("thing.done", (one, two)[number % 2], by="user:x", at=NOW)
                time.sleep(0.002 * (number % 5))
                audit.record("thing.done", two, by="user:x", at=NOW)

    def seal():
        for _turn in range(15):
            seal_all(at=NOW, by="system")
            time.sleep(0.005)

    def check():
        found = []
        for _turn in range(8):
            with tenancy.vendor():
                found += checking.check().findings
        return found

    done = at_once(write, write, write, seal, seal, check, check)
    assert done == [None, None, None, None, None, [], []]
    sealed()
    assert verified()["entries"] == EVENTS + 90


def test_a_trail_without_events_is_whole():
    assert verified() | {"digest": ""} == {
        "whole": True,
        "entries": 0,
        "position": 0,
        "digest": "",
        "waiting": 0,
        "heads": 0,
        "details": 0,
        "faults": 0,
        "findings": [],
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--organization", "00000000-0000-0000-0000-000000000000"], "no organization"),
        (["--head", "/nowhere/head.json"], "No such file"),
        (["--public-key", "/nowhere/key.pem"], "No such file"),
        (["--public-key", __file__], "not a PEM file"),
        (["--head", __file__], "not a JSON file"),
    ],
)
def test_wrong_input_is_said(options, said):
    with pytest.raises(CommandError, match=said) as refused:
        call_command("verify_trail", *options)
    assert refused.value.returncode == 2


def test_the_command_says_it_in_words(trail, capsys):
    call_command("verify_trail")
    assert capsys.readouterr().out.startswith(f"WHOLE: entries: {EVENTS}, waiting for their seal: 0,")
    tampered(f"DELETE FROM {EVENT} {FIFTH}")
    with pytest.raises(CommandError, match=f"NOT WHOLE: faults: 1, entries: {EVENTS},"):
        call_command("verify_trail")
    assert capsys.readouterr().out.startswith("position 5, event ")


def test_many_findings_are_counted_and_the_first_are_told(trail, monkeypatch):
    monkeypatch.setattr(trail_check, "MOST", 2)
    tampered(f"UPDATE {EVENT} SET actor = 'user:y'")
    report = verified(code=1)
    assert (report["faults"], len(report["findings"])) == (EVENTS, 2)
