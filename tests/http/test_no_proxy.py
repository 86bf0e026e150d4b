"""The rules of `NO_PROXY`."""

from __future__ import annotations

import pytest

from tests.http.test_route import PROXY
from toolkit.http.route import Route


@pytest.mark.parametrize(
    ("rules", "url", "past"),
    [
        ("", "https://site.test", False),
        ("*", "https://site.test", True),
        ("site.test", "https://site.test", True),
        ("site.test", "https://www.site.test", True),
        (".site.test", "https://site.test", True),
        ("*.site.test", "https://www.site.test", True),
        ("site.test", "https://mysite.test", False),
        ("site.test.", "https://SITE.test.", True),
        ("a.test, b.test site.test", "https://site.test", True),
        ("site.test:443", "https://site.test", True),
        ("site.test:443", "http://site.test", False),
        ("site.test:8443", "https://site.test:8443", True),
        ("127.0.0.1", "http://127.0.0.1:8000", True),
        ("127.0.0.1:8001", "http://127.0.0.1:8000", False),
        ("127.0.0.0/8", "http://127.1.2.3", True),
        ("10.0.0.0/8", "http://127.0.0.1", False),
        ("0.0.1", "http://127.0.0.1", False),
        ("localhost", "http://127.0.0.1", False),
        ("::1", "http://[::1]:8000", True),
        ("[::1]", "http://[::1]:8000", True),
        ("[::1]:8000", "http://[::1]:8000", True),
        ("[::1]:8001", "http://[::1]:8000", False),
        ("fd00::/8", "http://[fd00::7]", True),
        (",. ,", "https://site.test", False),
    ],
)
def test_no_proxy_says_what_is_reached_without_one(rules: str, url: str, past: bool) -> None:
    """Names with all below them, addresses and networks, each with a port or without, and a star."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "TOOLKIT_PROXY"):
        route = Route.of_environment({name: PROXY, "no_proxy": rules}, url)
        assert route is None or route.proxy_for(url) == (None if past else PROXY)
    assert Route.through(PROXY).proxy_for(url) == PROXY  # one that is asked for is used
