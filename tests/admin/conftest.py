"""What the admin's tests share: static files without a manifest, and people who are signed in."""

import pytest
from django.test import Client

from tests.admin.people import a_member


@pytest.fixture(autouse=True)
def plain_static_files(settings):
    """The manifest is made when the service is deployed."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def sign_in():
    """Return a client in which a new member of this role is signed in."""

    def make(role, organization=None):
        client = Client(raise_request_exception=True)
        client.user = a_member(role, organization)
        client.force_login(client.user, backend="config.backends.EmailBackend")
        return client

    return make
