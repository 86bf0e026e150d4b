"""Turns facts into the files of a package."""

from __future__ import annotations

from toolkit.scaffold.facts import Findings


def write_package(name: str, findings: Findings) -> dict[str, str]:
    """Returns the files of the provider `name`, by path: `NAME.py`, `pyproject.toml`, `test_NAME.py`, `README.md`.

    `name` is of small letters and digits. The recording is made by `toolkit.scaffold.prove`, with the provider itself.
    """
    return {}
