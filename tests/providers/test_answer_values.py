"""Values that a provider takes out of a site's pages are there, or the reason is told."""

from __future__ import annotations

import pytest

from toolkit.errors import ProtocolError, SessionExpired
from toolkit.providers.answer_values import match_in, page_in
from toolkit.testing.fault_injection import LOGIN_PAGE

PAGE = b'<meta name="csrf" content="4f0c">'


def test_a_page_to_log_in_at_is_an_expired_session() -> None:
    """A page without the value is a `SessionExpired` where it is one to log in at, else a `ProtocolError`; one with it
    may ask for whatever it likes."""
    pattern = 'content="([^"]+)"'
    assert match_in(page_in(PAGE), pattern, "csrf") == "4f0c"
    assert match_in((PAGE + LOGIN_PAGE).decode(), pattern, "csrf") == "4f0c"
    with pytest.raises(SessionExpired, match="log in"):
        match_in(LOGIN_PAGE.decode(), pattern, "csrf")
    with pytest.raises(ProtocolError, match="csrf"):
        match_in("<title>404</title>", pattern, "csrf")


def test_a_page_is_whole() -> None:
    """An empty page, and one to log in at, are not that of a chat."""
    with pytest.raises(ProtocolError, match="empty"):
        page_in(b" ")
    with pytest.raises(SessionExpired, match="log in"):
        page_in(LOGIN_PAGE)
