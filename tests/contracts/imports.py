"""What the tests of imports share: previewing and running rows, and counting what is stored."""

import pytest

from accounts import tenancy
from accounts.errors import InvalidInput
from accounts.models import AuditEvent, LicensedUser, Organization, OutboxMessage
from contracts.models import Contract, Term
from contracts.operations import importing
from tests.contracts.agreements import at
from tests.contracts.portfolio.files import CONTRACT, USER, a_row, read_rows

NOW = at("2026-06-15")
BY = "user:manager"


def preview(*rows):
    with tenancy.vendor():
        return importing.preview(read_rows(*rows), now=NOW)


def run(*rows, **options):
    with tenancy.vendor():
        return importing.run(read_rows(*rows), now=NOW, by=BY, **options)


def refused(*rows, **options):
    """Return (row, column, code) of each fault of a refused import, which wrote nothing."""
    before = stored()
    with pytest.raises(InvalidInput) as raised:
        run(*rows, **options)
    assert stored() == before
    return [(error.row, error.field, error.code) for error in raised.value.errors]


def stored():
    """Return how many rows there are, of all that an import could write."""
    with tenancy.vendor():
        models = (Organization, Contract, Term, LicensedUser, AuditEvent, OutboxMessage)
        return {model.__name__: model.objects.count() for model in models}


def outcomes(plan):
    return [(item.group.value, item.row, item.outcome.value, item.columns) for item in plan.items()]


def two_clients():
    return [
        a_row(CONTRACT, USER),
        a_row(USER, user_external_id="u-2"),
        a_row(CONTRACT, registration_number="2", organization_name="Second", renewal_term_months="12"),
    ]
