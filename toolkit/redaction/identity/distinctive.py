"""Decides which values that tell of a person are searched for in all texts, and not only replaced where they tell it.

What is common or short (a name of two letters, the id 7, the user `admin`) may stand elsewhere by chance. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from toolkit.redaction.identity.addresses import is_address
from toolkit.redaction.identity.everyday_words import OF_ENGLISH, OF_PAGES
from toolkit.redaction.sensitivity import is_distinctive, is_wordy

PHONE = re.compile(r"[+(]?[0-9][0-9 ()./-]{6,}")
UUID = re.compile(r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}")
WORD = re.compile(r"[^\W\d_]+")
MIN_DIGITS = 9  # of a number that no text has by chance
MIN_LETTERS = 6  # of a name of one word
MIN_LETTERS_OF_SEVERAL = 5
URL = re.compile(r"https?://|data:|/")


def is_plain_name(value: str) -> bool:
    """Decides whether `value` is a name, of one or more words, and nothing generated: it stands in texts as a word."""
    return not (URL.match(value) or is_address(value) or PHONE.fullmatch(value) or is_generated(value))


def is_generated(value: str) -> bool:
    """Decides whether `value` is an id that a program has made."""
    if UUID.fullmatch(value) or (value.isascii() and value.isdigit()):
        return True
    return not re.search(r"\s", value) and not is_wordy(value) and bool(re.search(r"[0-9]", value))


def is_distinctive_identity(value: str, sites: Iterable[str] = ()) -> bool:
    """Decides whether `value`, which tells of a person, is replaced wherever it occurs.

    `sites` are the names of the hosts and of the provider of the recording: what is in one is known to everybody, and
    has to stay there.
    """
    if is_address(value) or UUID.fullmatch(value):
        return True
    lower = value.lower()
    if any(lower in site for site in sites):
        return False
    if (value.isascii() and value.isdigit()) or PHONE.fullmatch(value):
        return len(value) >= MIN_DIGITS and len(set(value)) > 1
    if URL.match(value) or is_generated(value):
        return bool(URL.match(value)) or is_distinctive(value, None)
    words = WORD.findall(lower)
    letters = sum(map(_weight, "".join(words)))
    if len(value.split()) > 1:
        return letters >= MIN_LETTERS_OF_SEVERAL and not OF_PAGES.issuperset(words)
    return letters >= MIN_LETTERS and not all(word in OF_PAGES or word in OF_ENGLISH for word in words)


def _weight(letter: str) -> int:
    """A letter of a script without cases (Chinese, Arabic) says as much as two others."""
    return 1 if letter.lower() != letter.upper() else 2
