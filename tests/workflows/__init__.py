"""Workflows from end to end, in processes of their own."""

import pytest

# What it asserts for several modules says as much as if it stood in each.
pytest.register_assert_rewrite("tests.workflows.erasure_case")
