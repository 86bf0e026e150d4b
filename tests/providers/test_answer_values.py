"""Values that a provider takes out of a site's pages are there, or the reason is told."""

from __future__ import annotations

import pytest

from toolkit.errors import LoginRequired, ProtocolError
from toolkit.providers.answer_values import match_in, page_in
from toolkit.testing.fault_injection import LOGIN_PAGE

PAGE = b'<meta name="csrf" content="4f0c">'


def test_a_page_that_asks_for_a_password_is_a_login() -> None:
    """A page without the value is a `LoginRequired` where it asks for a password, else a `ProtocolError`; one with it
    may ask for whatever it likes."""
    pattern = 'content="([^"]+)"'
    assert match_in(page_in(PAGE), pattern, "csrf") == "4f0c"
    assert match_in((PAGE + LOGIN_PAGE).decode(), pattern, "csrf") == "4f0c"
    with pytest.raises(LoginRequired, match="password"):
        match_in(LOGIN_PAGE.decode(), pattern, "csrf")
    with pytest.raises(ProtocolError, match="csrf"):
        match_in("<title>404</title>", pattern, "csrf")


def test_a_page_is_whole() -> None:
    """An empty page, and one that asks for a password, are not that of a chat."""
    with pytest.raises(ProtocolError, match="empty"):
        page_in(b" ")
    with pytest.raises(LoginRequired, match="password"):
        page_in(LOGIN_PAGE)
