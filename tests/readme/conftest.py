"""What the readers of several sections have."""

from __future__ import annotations

from tests.cli.test_login import display

__all__ = ["display"]  # a fixture, which pytest finds here
