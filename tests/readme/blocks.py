"""The code blocks of the README, by section. Blocks are found by what is in them, never by where they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


class Block(NamedTuple):
    """A fenced block: the heading that it stands below, its language, and its text."""

    section: str
    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The name that its first line gives it, as in `# tests/test_sky.py`."""
        first = re.match(r"# ([\w./-]+\.\w+)\n", self.text)
        return first[1] if first else None


def section(heading: str) -> str:
    """The text of the section with this heading."""
    return README.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def blocks() -> list[Block]:
    """Every block, in order."""
    found = []
    for part in README.split("\n## "):
        fenced = re.findall(r"^```(\w*)\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
        found += [Block(part.partition("\n")[0], language, text) for language, text in fenced]
    return found
