"""Tells a page that asks for a login by its words. Pure."""

from __future__ import annotations

import re

_LOGIN_WORDS = re.compile(rb"type=[\"']?password|\b(?:sign|log)[ -]?in\b", re.IGNORECASE)


def looks_like_login(page: bytes) -> bool:
    """Whether the HTML `page`, or its beginning, has a field for a password, or speaks of signing in."""
    return _LOGIN_WORDS.search(page) is not None
