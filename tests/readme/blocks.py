"""The README and the pages of `.github/docs`: their sections and code blocks.

A section is named by its page and its heading: `sessions.md#In CI`. Blocks are found by what is in them, never by where
they stand.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / ".github" / "docs"
FILES = {path.name: path for path in (ROOT / "README.md", *sorted(DOCS.glob("*.md")))}
PAGES = {name: path.read_text(encoding="utf-8") for name, path in FILES.items()}
README = PAGES["README.md"]

# The sections that a reader who writes a provider follows, one after the other.
PROVIDER = ("README.md#Your own site", "writing-a-provider.md#The package", "writing-a-provider.md#The test")


class Block(NamedTuple):
    """A fenced block: the section that it stands in, its language, and its text."""

    section: str
    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The name that its first line gives it, as in `# tests/test_sky.py`."""
        first = re.match(r"# ([\w./-]+\.\w+)\n", self.text)
        return first[1] if first else None


def sections() -> dict[str, str]:
    """The text of each section by its name, in order. What stands above the first heading has that of the page."""
    found = {}
    for name, page in PAGES.items():
        for part in page.split("\n## "):
            heading, _, text = part.partition("\n")
            found[f"{name}#{heading.removeprefix('# ')}"] = text
    return found


def section(name: str) -> str:
    """The text of the section of that name."""
    return sections()[name]


def blocks() -> list[Block]:
    """Every block, in order."""
    return [
        Block(name, language, text)
        for name, part in sections().items()
        for language, text in re.findall(r"^```(\w*)\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
    ]


def headings(page: str) -> set[str]:
    """The anchors of the headings of a page's text, as links name them."""
    found = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in found}
