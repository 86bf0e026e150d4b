"""The words for what a page lacks."""

from __future__ import annotations

import pytest

from toolkit.browser.missing_on_page import Missing, MissingKind

WORDS = {
    MissingKind.LOGIN: "login",
    MissingKind.IDENTITY: "login (/me tells nobody at id or user.name)",
    MissingKind.PROBE_ANSWER: "answer of /me",
    MissingKind.COOKIE: "cookie /me",
    MissingKind.STORAGE_KEY: "storage key /me",
    MissingKind.TOKEN: "token in the /me",
    MissingKind.FRESH_TOKEN: "token that has not ended in the /me",
    MissingKind.ELEMENT: "element /me",
}


@pytest.mark.parametrize("kind", MissingKind)
def test_each_kind_has_its_words(kind: MissingKind) -> None:
    """They follow "the page still has no", with the name of the thing."""
    assert str(Missing(kind, "/me", ("id", "user.name"))) == WORDS[kind]
