"""What the tests of stores share: people who are signed in."""

import pytest
from django.test import Client

from tests.admin.people import a_member


@pytest.fixture
def client_of():
    """Return a client in which a new member of this role is signed in."""

    def make(role, organization=None):
        client = Client(raise_request_exception=True)
        client.user = a_member(role, organization)
        client.force_login(client.user, backend="config.backends.EmailBackend")
        return client

    return make
