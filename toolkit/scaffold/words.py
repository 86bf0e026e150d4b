"""Compares texts by their words: what a page shows of an answer is not always what was sent. Pure."""

from __future__ import annotations

import re
from html import unescape

from toolkit.providers.dialects.by_form import TAGS

WORD = re.compile(r"\w+")
LETTER = re.compile(r"[^\W\d_]")


def words(text: str) -> list[str]:
    """Returns the words of `text`, without markup, punctuation and case."""
    return WORD.findall(unescape(TAGS.sub(" ", text)).lower())


def same_words(one: str, other: str) -> bool:
    """Decides whether two texts say the same, word by word. What joins words counts as none, so that a page's
    line breaks may lack."""
    return bool(LETTER.search(one) or one.strip()) and "".join(words(one)) == "".join(words(other))


def is_prose(text: str) -> bool:
    """Decides whether `text` is what somebody writes: words with blanks between them, and no id, date or address."""
    return len(words(text)) >= 2 and " " in text.strip() and LETTER.search(text) is not None
