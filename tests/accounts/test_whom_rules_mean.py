"""Whom a client's rule means: all conditions together, days counted right, exemptions first, and no neighbour."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import AccessRule, LicensedUser, Organization
from tests.accounts.clients_rules import ACTIVE, DAY, a_client, a_rule, act
from tests.accounts.parties import NOW
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def meant(rule, at=NOW):
    with tenancy.vendor():
        found = LicensedUser.objects.concerned_by(AccessRule.objects.get(pk=rule.pk), at=at)
        return sorted(found.values_list("external_id", flat=True))


@pytest.mark.parametrize(
    ("values", "last", "since", "means"),
    [
        pytest.param({}, None, NOW - 90 * DAY, True, id="never-used-for-just-so-long"),
        pytest.param({}, None, NOW - 90 * DAY + timedelta(seconds=1), False, id="a-second-less"),
        pytest.param({}, NOW - 90 * DAY, NOW - 200 * DAY, True, id="used-just-so-long-ago"),
        pytest.param({}, NOW - 89 * DAY, NOW - 200 * DAY, False, id="used-later"),
        pytest.param({}, NOW - 200 * DAY, NOW - DAY, False, id="let-in-again-yesterday"),
    ],
)
def test_inactivity_counts_from_the_last_use_or_the_present_status(values, last, since, means):
    organization, _people = a_client("ann", last_active_at=last, status_at=since)
    assert meant(a_rule(organization, **values)) == (["ann"] if means else [])


def test_an_assignment_ends_with_a_local_day_of_the_organization():
    organization, _people = a_client("ann", assignment_ends_on=date(2026, 3, 2))
    with tenancy.vendor():
        Organization.objects.filter(pk=organization.pk).update(time_zone="Pacific/Auckland")
    rule = a_rule(organization, inactive_days=None, assignment_over=True)
    assert meant(rule, datetime(2026, 3, 1, 10, 59, tzinfo=UTC)) == []
    assert meant(rule, datetime(2026, 3, 1, 11, 0, tzinfo=UTC)) == ["ann"]


def test_all_conditions_must_hold_and_exemptions_count_more():
    organization, _people = a_client("ann", "ben", department="Sales")
    people_of(organization, "cyd", **ACTIVE, department="Law")
    people_of(organization, "dov", status="suspended", suspension_reason="client_rule", suspended_at=NOW)
    assert meant(a_rule(organization, departments=["Sales", "Law"])) == ["ann", "ben", "cyd"]
    rule = a_rule(organization, departments=["Sales", "Law"], exempt_departments=["Law"])
    assert meant(rule) == ["ann", "ben"]
    with tenancy.vendor():
        ann = LicensedUser.objects.get(external_id="ann")
    act(rule, "exempt", ann)
    assert meant(rule) == ["ben"]
    with pytest.raises(Refused) as refused:
        act(rule, "exempt", ann)
    assert refused.value.code == "exempt_already"
    everybody = a_rule(organization, action="schedule_deletion", statuses=["active", "suspended"])
    assert meant(everybody) == ["ann", "ben", "cyd", "dov"]


def test_a_neighbours_people_are_meant_by_no_rule():
    organization, _people = a_client("ann")
    a_client("zoe")
    assert meant(a_rule(organization)) == ["ann"]


_people = st.lists(
    st.tuples(
        st.sampled_from(["active", "restricted", "invited"]),
        st.sampled_from(["", "Sales", "Law"]),
        st.one_of(st.none(), st.integers(0, 120)),
        st.integers(0, 120),
        st.one_of(st.none(), st.integers(-5, 5)),
    ),
    max_size=8,
)
_rules = st.fixed_dictionaries(
    {
        "inactive_days": st.one_of(st.none(), st.integers(1, 100)),
        "assignment_over": st.booleans(),
        "departments": st.lists(st.sampled_from(["Sales", "Law"]), max_size=2, unique=True),
        "exempt_departments": st.lists(st.sampled_from(["Sales", "Law"]), max_size=1),
        "statuses": st.lists(st.sampled_from(["active", "restricted"]), min_size=1, max_size=2, unique=True),
    }
).filter(lambda rule: rule["inactive_days"] is not None or rule["assignment_over"] or rule["departments"])


def means(rule, status, department, last, since, ends):
    """Say the same in Python, person by person."""
    days = rule["inactive_days"]
    return (
        status in rule["statuses"]
        and (days is None or (since >= days and (last is None or last >= days)))
        and (not rule["assignment_over"] or (ends is not None and ends <= 0))
        and (not rule["departments"] or department in rule["departments"])
        and department not in rule["exempt_departments"]
    )


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(people=_people, values=_rules)
def test_the_database_means_whom_a_reader_of_the_rule_means(people, values):
    organization = an_organization()
    expected = []
    for place, (status, department, last, since, ends) in enumerate(people):
        people_of(
            organization,
            f"p{place}",
            status=status,
            features=["read"] if status == "restricted" else None,
            department=department,
            last_active_at=None if last is None else NOW - last * DAY,
            status_at=NOW - since * DAY,
            assignment_ends_on=None if ends is None else (NOW + ends * DAY).date(),
        )
        if means(values, status, department, last, since, ends):
            expected.append(f"p{place}")
    assert meant(a_rule(organization, **values)) == expected
