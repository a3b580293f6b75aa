"""Clients with people and rules, for the tests of rules of access."""

from datetime import timedelta

from accounts import tenancy
from accounts.operations import access_rules
from tests.accounts.parties import NOW, a_licence
from tests.retention.vaults import an_organization, people_of

DAY = timedelta(days=1)
ACTIVE = {"status": "active"}


def a_client(*names, **values):
    organization = an_organization()
    a_licence(organization)
    return organization, people_of(organization, *names, **{**ACTIVE, **values})


def a_rule(organization, **values):
    wanted = {"name": "Idle", "action": "suspend", "inactive_days": 90, "warning_days": 14, "most_percent": 100}
    with tenancy.tenant(organization.pk):
        return access_rules.create(organization, now=NOW, by="user:client", **{**wanted, **values})


def act(rule, name, *given, **named):
    with tenancy.tenant(rule.organization_id):
        return getattr(access_rules, name)(rule, *given, **{"now": NOW, "by": "user:client", **named})
