"""What the tests of whole erasures share."""

import pytest

from retention.operations import vacuuming
from tests.workflows.erasure_case import PAUSE


@pytest.fixture
def slowly(settings, monkeypatch):
    """Small chunks with rests between them: an erasure that takes long enough to be met in any of its states."""
    monkeypatch.setattr(vacuuming, "MANY_ROWS", 1)
    monkeypatch.setattr(vacuuming, "LARGE_PART", 0.0)
    settings.ERASURE_CHUNK_ROWS = 3
    settings.ERASURE_CHUNK_MILLISECONDS = 0
    settings.ERASURE_PAUSE = PAUSE
    return settings
