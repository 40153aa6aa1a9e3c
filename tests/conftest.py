"""What tests share: where the real data lie, how often chance is tried, and a skip that fails where none is allowed."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.exam import counts

NO_SKIP = os.environ.get("WHENCE_NO_SKIP") == "1"

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""The commands that tests run start as an installed Whence does, from bytecode: compiling it was half of their time."""

settings.register_profile(
    "whence",
    max_examples=counts.EXAMPLES,
    deadline=None,  # a store that syncs to disk is as slow as the disk
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
settings.load_profile("whence")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and WHENCE_NO_SKIP=1 allows none: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data; the test is skipped where it is absent."""
    folder = Path(__file__).parents[1] / "../shared/data"
    if not folder.is_dir():
        pytest.skip("the real data are not here")
    return folder
