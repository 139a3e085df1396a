"""The site that these tests look at: built once a run, shared by tests/site and tests/browser."""

from pathlib import Path

import pytest

from sitekit.building import site_for_tests

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site() -> Path:
    return site_for_tests(ROOT)[0]


@pytest.fixture(scope="session")
def build_log() -> str:
    return site_for_tests(ROOT)[1]
