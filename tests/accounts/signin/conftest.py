"""What the tests of sign-in share: a real identity provider that answers in this process."""

import pytest
from django.core.cache import cache

from tests.accounts.signin.idp import Idp


@pytest.fixture
def idp(settings):
    settings.SSO_ALLOW_INSECURE = True
    found = Idp()
    yield found
    found.stop()
    cache.clear()
