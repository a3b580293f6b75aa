"""What the tests of bulk work share: a client with people, a job that is asked for, and the worker's sweep."""

from datetime import timedelta

from accounts import sweeps, tenancy
from accounts.operations import bulk
from tests.accounts.parties import NOW, a_licence
from tests.retention.vaults import an_organization, people_of

DAY = timedelta(days=1)
ACTIVE = {"status": "active"}
DECISION = {"reason": "client_decision"}


def a_client(*names, seats=None, **values):
    """Make a client with a licence, and people who are active unless told otherwise."""
    organization = an_organization()
    a_licence(organization, seats=seats)
    return organization, people_of(organization, *names, **(values or ACTIVE))


def ask(organization, act, chosen, **given):
    """Ask for a job in the client's scope."""
    with tenancy.tenant(organization.pk):
        return bulk.request(organization, act, chosen, **{"now": NOW, "by": "user:client", **given})


def undo(job, at=NOW + DAY):
    """Ask in the client's scope, a day later unless told otherwise, that a job is taken back."""
    with tenancy.tenant(job.organization_id):
        return bulk.undo(job, now=at, by="user:client")


def work(at=NOW):
    """Do what waits."""
    return sweeps.work_in_bulk(at=at, by="system")
