"""The words for what a page lacks."""

from __future__ import annotations

import pytest

from toolkit.browser.missing_on_page import Missing, MissingKind, in_words

WORDS = {
    MissingKind.LOGIN: "you are not signed in yet as far as /me tells",
    MissingKind.IDENTITY: "you are not signed in yet as far as /me tells: it names nobody at id or user.name",
    MissingKind.PROBE_ANSWER: "the site gives no answer at /me that tells whether you are signed in",
    MissingKind.COOKIE: "the site has not set the cookie /me",
    MissingKind.STORAGE_KEY: "the page has not stored /me",
    MissingKind.TOKEN: "the page has not stored a token in the /me",
    MissingKind.FRESH_TOKEN: "the token that the page has stored in the /me has ended",
    MissingKind.ELEMENT: "the page does not show /me",
    MissingKind.RESPONSE: "the page does not respond: a dialog in it is open, or a script of it does not end",
}


@pytest.mark.parametrize("kind", MissingKind)
def test_each_kind_has_its_words(kind: MissingKind) -> None:
    """They follow "After 300 s", with the name of the thing."""
    assert str(Missing(kind, "/me", ("id", "user.name"))) == WORDS[kind]


def test_all_that_is_missing_is_one_sentence() -> None:
    """A login page that no probe was needed to tell has words of its own."""
    login, sid, box = Missing(MissingKind.LOGIN), Missing(MissingKind.COOKIE, "sid"), Missing(MissingKind.ELEMENT, "a")
    at_login = "you are not signed in yet: the page is still one to log in at"
    assert in_words([login]) == at_login
    assert in_words([login, sid]) == f"{at_login}, and the site has not set the cookie sid"
    assert (
        in_words([login, sid, box]) == f"{at_login}, the site has not set the cookie sid, and the page does not show a"
    )
