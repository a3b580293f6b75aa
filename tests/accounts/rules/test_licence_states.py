"""Which act starts from which state, where it leads, and that what can be taken back leads back: all pairs."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.enums import LicenceAct, LicenceStatus
from accounts.rules import licence_states as rules
from accounts.rules.licence_states import Act, Standing, Wish

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
STANDINGS = {
    "invited": Standing("invited"),
    "active": Standing("active"),
    "restricted": Standing("restricted", features=("read",)),
    "suspended": Standing("suspended", "client_decision", NOW),
    "suspended-until": Standing("suspended", "client_decision", NOW, LATER),
    "suspended-restricted": Standing("suspended", "client_rule", NOW, features=("read",)),
    "licence-ended": Standing("suspended", "licence_ended", NOW),
    "scheduled": Standing("scheduled", delete_at=LATER),
    "scheduled-restricted": Standing("scheduled", features=("read",), delete_at=LATER),
    "scheduled-suspended": Standing("scheduled", "client_rule", NOW, delete_at=LATER),
    "deleted": Standing("deleted", delete_at=NOW, deleted_at=NOW),
}
WISHES = {
    Act.ACTIVATE: Wish(Act.ACTIVATE),
    Act.RESTRICT: Wish(Act.RESTRICT, features=("read", "export")),
    Act.LIFT: Wish(Act.LIFT),
    Act.SUSPEND: Wish(Act.SUSPEND, reason="client_rule", until=LATER),
    Act.REINSTATE: Wish(Act.REINSTATE),
    Act.SCHEDULE: Wish(Act.SCHEDULE, delete_at=LATER),
    Act.CANCEL: Wish(Act.CANCEL),
    Act.DELETE: Wish(Act.DELETE),
}
SUSPENDED = Standing("suspended", "client_rule", NOW, LATER)
# (act, from) → where to, with a seat free. What is not named is refused.
LEADS = {
    (Act.ACTIVATE, "invited"): Standing("active"),
    (Act.RESTRICT, "active"): Standing("restricted", features=("read", "export")),
    (Act.LIFT, "restricted"): Standing("active"),
    (Act.SUSPEND, "invited"): SUSPENDED,
    (Act.SUSPEND, "active"): SUSPENDED,
    (Act.SUSPEND, "restricted"): Standing("suspended", "client_rule", NOW, LATER, ("read",)),
    (Act.SUSPEND, "licence-ended"): SUSPENDED,
    (Act.REINSTATE, "suspended"): Standing("active"),
    (Act.REINSTATE, "suspended-until"): Standing("active"),
    (Act.REINSTATE, "suspended-restricted"): Standing("restricted", features=("read",)),
    (Act.REINSTATE, "licence-ended"): Standing("active"),
    (Act.SCHEDULE, "invited"): Standing("scheduled", delete_at=LATER),
    (Act.SCHEDULE, "active"): Standing("scheduled", delete_at=LATER),
    (Act.SCHEDULE, "restricted"): Standing("scheduled", features=("read",), delete_at=LATER),
    (Act.SCHEDULE, "suspended"): Standing("scheduled", "client_decision", NOW, delete_at=LATER),
    (Act.SCHEDULE, "suspended-until"): Standing("scheduled", "client_decision", NOW, LATER, delete_at=LATER),
    (Act.SCHEDULE, "suspended-restricted"): Standing("scheduled", "client_rule", NOW, None, ("read",), LATER),
    (Act.SCHEDULE, "licence-ended"): Standing("scheduled", "licence_ended", NOW, delete_at=LATER),
    (Act.CANCEL, "scheduled"): Standing("active"),
    (Act.CANCEL, "scheduled-restricted"): Standing("restricted", features=("read",)),
    (Act.CANCEL, "scheduled-suspended"): Standing("suspended", "client_rule", NOW),
    (Act.DELETE, "scheduled"): Standing("deleted", delete_at=LATER, deleted_at=NOW),
    (Act.DELETE, "scheduled-restricted"): Standing("deleted", features=("read",), delete_at=LATER, deleted_at=NOW),
    (Act.DELETE, "scheduled-suspended"): Standing("deleted", "client_rule", NOW, None, None, LATER, NOW),
}


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("name", list(STANDINGS))
def test_every_pair_leads_where_it_should_or_is_refused(act, name):
    expected = LEADS.get((act, name))
    standing, wish = STANDINGS[name], WISHES[act]
    assert rules.may(act, standing, reason=wish.reason) == (expected is not None)
    if expected is None:
        with pytest.raises(ValueError, match="does not start from"):
            rules.after(standing, wish, seat=True, at=NOW)
    else:
        assert rules.after(standing, wish, seat=True, at=NOW) == expected


@pytest.mark.parametrize(
    ("act", "name", "waiting"),
    [
        (Act.REINSTATE, "suspended", Standing("suspended", "licence_ended", NOW)),
        (Act.REINSTATE, "suspended-restricted", Standing("suspended", "licence_ended", NOW, features=("read",))),
        (Act.CANCEL, "scheduled", Standing("suspended", "licence_ended", NOW)),
        (Act.CANCEL, "scheduled-suspended", Standing("suspended", "client_rule", NOW)),
    ],
)
def test_without_a_seat_whoever_would_be_let_in_waits_for_a_licence(act, name, waiting):
    assert rules.after(STANDINGS[name], WISHES[act], seat=False, at=NOW) == waiting


def test_the_end_of_a_licence_takes_no_reason_of_the_clients_place():
    again = Wish(Act.SUSPEND, reason="licence_ended")
    assert not rules.may(Act.SUSPEND, STANDINGS["suspended"], reason=again.reason)
    assert not rules.may(Act.SUSPEND, STANDINGS["licence-ended"], reason=again.reason)


def test_a_suspension_with_an_end_gives_way_to_the_providers_alone():
    for reason in ("client_rule", "client_decision", "licence_ended", "provisioning"):
        assert rules.may(Act.SUSPEND, STANDINGS["suspended-until"], reason=reason) is (reason == "provisioning")
        assert not rules.may(Act.SUSPEND, STANDINGS["suspended"], reason=reason)
    wish = Wish(Act.SUSPEND, reason="provisioning")
    assert rules.after(STANDINGS["suspended-until"], wish, seat=False, at=LATER) == Standing(
        "suspended", "provisioning", LATER
    )


@pytest.mark.parametrize("name", ["active", "restricted", "suspended", "suspended-until", "suspended-restricted"])
def test_a_deletion_taken_back_leads_to_where_the_person_stood(name):
    scheduled = rules.after(STANDINGS[name], WISHES[Act.SCHEDULE], seat=True, at=NOW)
    assert rules.after(scheduled, WISHES[Act.CANCEL], seat=True, at=LATER) == STANDINGS[name]


@pytest.mark.parametrize("name", ["active", "restricted"])
def test_a_suspension_taken_back_leads_to_where_the_person_stood(name):
    suspended = rules.after(STANDINGS[name], WISHES[Act.SUSPEND], seat=True, at=NOW)
    assert rules.after(suspended, WISHES[Act.REINSTATE], seat=True, at=LATER) == STANDINGS[name]


def test_the_words_that_are_stored_are_those_of_the_rules():
    assert {status.value for status in LicenceStatus} == set(rules.STATES)
    assert {act.value for act in LicenceAct} - {"add"} == {act.value for act in Act}
