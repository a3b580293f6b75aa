"""Heads of the trail: signed, carried away once a day while it grows, announced; the chain must go on through them."""

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from accounts import tenancy
from accounts.models import OutboxMessage, TrailHead
from accounts.operations import clock, heads
from accounts.operations.signatures import private_key, public_pem
from accounts.operations.sweeping import SYSTEM
from accounts.rules import signing
from accounts.sweeps import export_heads, head_following, heads_due
from tests.accounts.parties import NOW, at_once
from tests.accounts.trails import administrator, an_event, sealed, verified
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
DAY = timedelta(days=1)


def export(at=NOW, by=SYSTEM):
    return export_heads(at=at, by=by).done


def exported():
    with tenancy.vendor():
        return list(TrailHead.objects.order_by("position"))


@pytest.fixture
def trail():
    one, two = an_organization(), an_organization()
    for subject, own in ((one, False), (two, False), (one, True), (one, False)):
        an_event(subject, vendor_only=own)
    sealed()
    return one, two


def the_file():
    (path,) = heads.files()
    return path


def test_a_head_is_signed_and_says_where_every_chain_stands(trail):
    one, two = trail
    assert export() == 1
    (head,) = exported()
    document = heads.HEAD.verify(json.loads(the_file().read_bytes()), private_key().public_key())
    assert document == {name: value for name, value in head.document.items() if name != "signature"}
    assert (document["position"], document["digest"]) == (4, head.digest)
    assert [(c["organization"], c["vendor_only"], c["position"]) for c in document["chains"]] == [
        (str(one.public_id), False, 2),
        (str(one.public_id), True, 1),
        (str(two.public_id), False, 1),
    ]
    assert verified("--head", str(the_file()))["heads"] == 2, "the one given, and the one under the data directory"


def test_its_file_is_for_the_service_only_and_nothing_half_written_stays(trail, monkeypatch):
    export()
    assert stat.S_IMODE(the_file().stat().st_mode) == 0o600
    assert stat.S_IMODE(heads.folder().stat().st_mode) == 0o700
    an_event(trail[0])
    sealed()

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(heads.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        export(NOW + DAY)
    assert [path.name for path in heads.folder().iterdir()] == [the_file().name]
    assert len(exported()) == 1, "the next sweep tries again"
    monkeypatch.undo()
    assert export(NOW + DAY) == 1


@pytest.mark.parametrize(
    ("after", "grows", "done"),
    [
        pytest.param(timedelta(hours=23), True, 0, id="not-before-a-day-is-over"),
        pytest.param(DAY, True, 1, id="after-a-day"),
        pytest.param(DAY, False, 0, id="not-while-nothing-is-added"),
        pytest.param(timedelta(days=400), True, 1, id="late"),
    ],
)
def test_it_is_carried_away_once_a_day_while_the_chain_grows(trail, after, grows, done):
    assert (export(), export()) == (1, 0)
    if grows:
        an_event(trail[0])
        sealed()
    with tenancy.vendor():
        assert heads_due(at=NOW + after).exists() == bool(done)
        assert head_following(after=NOW) == (NOW + DAY if grows else None)
    assert export(NOW + after) == done


def test_simulated_time_that_went_ahead_holds_up_no_real_head(trail):
    assert export(NOW + timedelta(days=900), by="system:simulated") == 1
    assert exported()[0].document["simulated_time"] is True
    an_event(trail[0])
    sealed()
    assert export(NOW) == 1


def test_that_time_was_moved_brings_no_head_about_every_day(trail):
    export()
    with tenancy.vendor():
        clock.move_to(NOW + DAY, by="system:simulated")
    sealed()
    with tenancy.vendor():
        assert not heads_due(at=NOW + DAY).exists() and head_following(after=NOW) is None
        clock.give_back(now=NOW, by="system:simulated")


def test_two_at_once_carry_away_one(trail):
    assert sorted(at_once(export, export)) == [0, 1]
    assert len(exported()) == 1


def test_the_vendor_is_told_of_the_whole_and_each_client_of_its_own_chain_once_it_has_grown(trail):
    one, two = trail
    export()
    with tenancy.vendor():
        told = list(OutboxMessage.objects.filter(topic=heads.TOPIC).order_by("pk"))
    (head,) = exported()
    chains = {(c["organization"], c["vendor_only"]): c["digest"] for c in head.document["chains"]}
    assert [(m.organization_id, m.subject_id, m.payload) for m in told] == [
        (None, head.public_id, {"position": 4, "digest": head.digest}),
        (one.pk, head.public_id, {"position": 2, "digest": chains[str(one.public_id), False]}),
        (two.pk, head.public_id, {"position": 1, "digest": chains[str(two.public_id), False]}),
    ]
    an_event(two)
    an_event(one, vendor_only=True)
    sealed()
    export(NOW + DAY)
    with tenancy.vendor():
        told = OutboxMessage.objects.filter(topic=heads.TOPIC).order_by("pk")[3:]
        assert [(m.organization_id, m.payload["position"]) for m in told] == [(None, 6), (two.pk, 2)]


def test_no_client_s_scope_sees_a_head(trail):
    export()
    with tenancy.tenant(trail[0].pk):
        assert not TrailHead.objects.exists()


def kept_apart(tmp_path):
    """Carry a head away, to where the administrator of the database does not reach."""
    export()
    path = tmp_path / "kept.json"
    path.write_bytes(the_file().read_bytes())
    the_file().unlink()
    return path


def cut_off(other):
    for table, column in (("auditevent", "id"), ("auditseal", "event_id")):
        last = "SELECT event_id FROM kept"
        other.execute(f"DELETE FROM accounts_{table} WHERE {column} IN ({last})")


def test_a_chain_that_was_cut_off_is_found_with_a_head_only(trail, tmp_path):
    path = kept_apart(tmp_path)
    with administrator() as other:
        other.execute("CREATE TEMP TABLE kept AS SELECT event_id FROM accounts_auditseal WHERE position = 4")
        cut_off(other)
    assert verified()["whole"]
    (finding,) = verified("--head", str(path), code=1)["findings"]
    assert (finding["fault"], finding["position"], finding["what"]) == ("head_cut_off", 4, [str(path)])
    (finding,) = verified("--organization", str(trail[0].public_id), "--head", str(path), code=1)["findings"]
    assert (finding["fault"], finding["position"]) == ("head_cut_off", 2)
    assert verified("--organization", str(trail[1].public_id), "--head", str(path))["whole"]


def test_a_chain_that_was_written_anew_from_some_event_on_is_found_with_a_head_only(trail, tmp_path):
    path = kept_apart(tmp_path)
    with administrator() as other:
        other.execute("DELETE FROM accounts_auditseal")
        other.execute(
            "UPDATE accounts_auditevent SET actor = 'user:nobody' WHERE id IN (SELECT min(id) FROM accounts_auditevent)"
        )
    sealed()
    assert verified()["whole"]
    assert [one["fault"] for one in verified("--head", str(path), code=1)["findings"]] == ["head_differs"]


def test_the_heads_of_the_data_directory_are_compared_without_being_asked_for(trail):
    export()
    with administrator() as other:
        other.execute("CREATE TEMP TABLE kept AS SELECT event_id FROM accounts_auditseal WHERE position = 4")
        cut_off(other)
    assert [one["fault"] for one in verified(code=1)["findings"]] == ["head_cut_off"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(lambda d: d.update(position=3), "the head was changed", id="changed"),
        pytest.param(lambda d: d["chains"].clear(), "the head was changed", id="a-chain-taken-out"),
        pytest.param(lambda d: d.update(schema="terme.certificate/1"), "not a head of a known kind", id="other-kind"),
        pytest.param(lambda d: d.pop("signature"), "not a signed head", id="unsigned"),
        pytest.param(lambda d: d["signature"].update(key_id="0" * 16), "Another key", id="another-key"),
    ],
)
def test_a_head_that_is_not_what_was_signed_is_no_evidence(trail, tmp_path, change, why):
    path = kept_apart(tmp_path)
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))
    (finding,) = verified("--head", str(path), code=1)["findings"]
    assert finding["fault"] == "head_not_signed" and why in finding["what"][1]


def test_a_head_of_an_older_key_is_checked_with_that_key(trail, tmp_path, settings):
    export()
    key = tmp_path / "older.pem"
    key.write_text(public_pem())
    settings.SIGNING_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    assert verified()["heads"] == 0, "it was carried away before the key changed"
    assert verified("--public-key", str(key))["heads"] == 1
    assert verified("--head", str(the_file()), code=1)["findings"][0]["fault"] == "head_not_signed"
    settings.FORMER_PUBLIC_KEYS = [key.read_text().splitlines()[1]]
    assert verified()["heads"] == 1, "its public half is kept"
    document = json.loads(the_file().read_bytes())
    the_file().write_text(json.dumps({**document, "position": document["position"] - 1}))
    assert verified(code=1)["findings"][0]["fault"] == "head_not_signed"


def test_a_certificate_s_signature_passes_for_no_head(trail):
    export()
    document = json.loads(the_file().read_bytes())
    document.pop("signature")
    other = signing.Kind("certificate", heads.HEAD.schema, b"terme certificate 1\n")
    with pytest.raises(signing.BadDocument, match="signature does not fit"):
        heads.HEAD.verify(other.signed(document, private_key()), private_key().public_key())


def test_files_are_named_in_the_order_of_the_chain(trail):
    export()
    an_event(trail[0])
    sealed()
    export(NOW + DAY)
    assert [Path(path).name for path in heads.files()] == ["head-000000000004.json", "head-000000000005.json"]
