"""What tests with real servers and clients share. `pytest -m real` runs them, since those are no small packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import toolkit
from tests.cli.test_login import display
from tests.gateway.conftest import gateway

__all__ = ["display", "gateway", "toolkit"]  # fixtures, which pytest finds here


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each test of this folder is marked."""
    here = Path(__file__).parent
    files = {path for path in {item.path for item in items} if here in path.parents}
    for item in items:
        if item.path in files:
            item.add_marker("real")
