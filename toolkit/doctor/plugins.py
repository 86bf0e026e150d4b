"""Checks the providers that other packages bring."""

from __future__ import annotations

from toolkit.doctor.check_result import CheckResult
from toolkit.providers import registry


def check_plugins() -> list[CheckResult]:
    """Report each provider of another package that cannot be used."""
    return [
        CheckResult(
            broken.name,
            "wrong",
            f"The provider of {broken.source} cannot be used: {broken.problem}.",
            broken.remedy,
        )
        for broken in registry.broken()
    ]
