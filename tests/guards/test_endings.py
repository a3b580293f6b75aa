"""Whatever is kept for a period is let go of by somebody when it is over."""

import pytest
from django.apps import apps

from config.sweeps import SWEEPS
from retention.operations import endings
from retention.operations.stores.kept import kept, of_nobody, over_condition
from retention.policy import POLICY, bases
from retention.policy import STORES as NOT_ROWS
from retention.policy.kinds import Basis, Kind


def _nobodys(model):
    names = {field.name: field for field in model._meta.concrete_fields}
    own = names.get("organization") or names.get("organization_id")
    return own is not None and own.null


# Which sweep ends what is kept on a basis. A basis with a period has one.
ENDED_BY = {
    "TOLD": "files",  # of no client: by `own_acts`
    "CONTRACT_FILE": "files",
    "ACCOUNTS": "files",
    "EVIDENCE": "files",
    "WORDS_OF_ERASURES": "files",
    "MEMBERS": "files",
    # By the task of that sweep, by the real clock: a rehearsal signs nobody out.
    "SIGN_INS": "files",
    "ANSWERED": "files",  # of no client: by the sweep of the next
    "ASKED": "subject_requests",
    "LEDGER": "ledger_entries",
    "SENT": "ledger_entries",
}
# Stores that are not rows, and end by themselves or by whom no program can see.
NOT_OURS = {Kind.BACKUPS, Kind.REPLICAS, Kind.RECIPIENTS, Kind.CACHE, Kind.LOGS, Kind.MODEL_VENDOR, Kind.BROKER}
# What may belong to no client, and is no business of the sweep of the vendor's own acts.
STAYS = {
    "accounts.AuditEvent": "the sealed trail has no period",
    "accounts.AuditSeal": "the sealed trail has no period",
    "accounts.Membership": "the vendor's staff, until they leave",
    "accounts.ApiToken": "the vendor's own programs, until they are revoked",
    "accounts.IdentityProvider": "the vendor's own sign-in",
    "accounts.WebhookEndpoint": "the vendor's own programs",
    "accounts.IdempotencyKey": "answers are forgotten after a day, by a sweep of their own",
    "contracts.CalendarFeed": "the vendor's own calendars, until they are revoked",
    "retention.SubjectRequest": "by the sweep of people's requests",
    "retention.SubjectDoubt": "by the sweep of people's requests",
    "retention.SubjectLink": "by the sweep of people's requests",
}
WITH_PERIOD = {name: one for name, one in vars(bases).items() if isinstance(one, Basis) and one.period is not None}


@pytest.mark.parametrize("name", sorted(WITH_PERIOD))
def test_a_basis_with_a_period_has_a_sweep_that_ends_it(name):
    assert ENDED_BY.get(name) in {sweep.name for sweep in SWEEPS}, f"{name}: nobody ends it; say in ENDED_BY who does"


def test_no_entry_is_stale():
    assert ENDED_BY.keys() <= WITH_PERIOD.keys()


@pytest.mark.parametrize("label", sorted(label for label in POLICY if POLICY[label].reason in WITH_PERIOD.values()))
def test_every_table_that_is_kept_for_a_period_is_reached(label):
    reason = POLICY[label].reason
    (name,) = [name for name, one in WITH_PERIOD.items() if one is reason]
    model = apps.get_model(label)
    if ENDED_BY[name] != "files" or name == "SIGN_INS":
        return
    reached = {one.table for one in kept()} | {"accounts_user", *endings.OF_USERS}
    assert model._meta.db_table in reached, f"{label}: retention/operations/stores/kept.py does not reach it"


def test_a_table_of_evidence_that_says_no_period_is_seen():
    with pytest.raises((LookupError, KeyError)):
        over_condition(apps.get_model("retention.AggregateArchive"))


@pytest.mark.parametrize("store", [one for one in NOT_ROWS if one.period is not None], ids=lambda store: store.name)
def test_a_store_with_a_period_ends_with_its_rows_or_by_its_keeper(store):
    assert store.name in ("documents", "exports") or store.kind in NOT_OURS, f"{store.name}: who ends it?"


# What goes with its client's data, and sooner where its own period is over.
SOONER = {
    "retention.Export": "exports",
    "accounts.AuditDetail": "own_acts",
    "accounts.WebhookDelivery": "own_acts",
    "contracts.Intake": "own_acts",
}


def test_what_goes_sooner_than_its_client_has_a_sweep_that_ends_it():
    sooner = {label for label, one in POLICY.items() if one.sooner is not None}
    assert sooner == SOONER.keys(), "say in SOONER which sweep ends it"
    assert set(SOONER.values()) <= {sweep.name for sweep in SWEEPS}
    ended = {one.label for one in kept()} & {one.label for one in of_nobody()}
    assert {label for label, sweep in SOONER.items() if sweep == "own_acts"} <= ended


@pytest.mark.parametrize("model", [m for m in apps.get_models() if _nobodys(m)], ids=lambda model: model._meta.label)
def test_what_may_belong_to_no_client_ends_somehow(model):
    label = model._meta.label
    assert label in STAYS or label in {one.label for one in of_nobody()}, f"{label}: who ends what is nobody's?"
