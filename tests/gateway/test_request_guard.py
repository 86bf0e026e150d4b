"""Who is let in: by Host, by where a browser says that a request comes from, and by the key."""

from __future__ import annotations

import pytest

from toolkit.gateway.request_guard import RequestGuard, own_hosts

KEY = "tk-0123456789abcdef"
OPEN = frozenset({"/", "/healthz"})
GUARD = RequestGuard(own_hosts("127.0.0.1", 4141), frozenset({"https://notes.example.org"}), KEY, OPEN)
GOOD = {"Host": "127.0.0.1:4141", "Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost:4141"},
        {"Host": "LOCALHOST:4141"},
        {"Host": "[::1]:4141"},
        {"Authorization": f"bearer  {KEY}"},
        {"Authorization": "", "X-Api-Key": KEY},
        {"Sec-Fetch-Mode": "cors"},  # as Node's fetch sends it
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://notes.example.org", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://127.0.0.1:4141"},  # the server's own page
        {"Origin": "http://127.0.0.1:4141", "Sec-Fetch-Site": "same-origin"},
        {"Host": "[::1]:4141", "Origin": "http://[::1]:4141", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "https://127.0.0.1:4141", "Sec-Fetch-Site": "same-origin"},  # through a proxy that adds TLS
        {"Content-Type": "application/json; charset=utf-8"},
    ],
)
def test_who_is_let_in(headers: dict[str, str]) -> None:
    """Programs, and pages of an origin that was allowed."""
    assert GUARD.refusal("POST", "/v1/chat/completions", GOOD | headers) is None


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Host": "evil.test:4141"}, 403, "host_refused"),  # DNS rebinding
        ({"Host": "0.0.0.0:4141"}, 403, "host_refused"),
        ({"Host": "localhost.evil.test:4141"}, 403, "host_refused"),
        ({"Host": "127.0.0.1:4142"}, 403, "host_refused"),
        ({"Host": "127.0.0.1"}, 403, "host_refused"),
        ({"Host": ""}, 403, "host_refused"),
        ({"Origin": "http://evil.test"}, 403, "origin_refused"),
        ({"Origin": "null"}, 403, "origin_refused"),
        ({"Origin": ""}, 403, "origin_refused"),
        ({"Origin": "http://127.0.0.1:4142"}, 403, "origin_refused"),
        ({"Origin": "http://127.0.0.1"}, 403, "origin_refused"),
        ({"Origin": "http://localhost:4141"}, 403, "origin_refused"),  # not the one that this request is for
        ({"Origin": "http://127.0.0.1:4141.evil.test"}, 403, "origin_refused"),
        ({"Origin": "http://127.0.0.1:4141", "Sec-Fetch-Site": "cross-site"}, 403, "origin_refused"),
        ({"Origin": "https://127.0.0.1:4141", "Sec-Fetch-Site": "same-site"}, 403, "origin_refused"),
        ({"Host": "evil.test:4141", "Origin": "http://evil.test:4141"}, 403, "host_refused"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "origin_refused"),
        ({"Sec-Fetch-Site": "same-site"}, 403, "origin_refused"),
        ({"Authorization": ""}, 401, "invalid_api_key"),
        ({"Authorization": "Bearer "}, 401, "invalid_api_key"),
        ({"Authorization": f"Bearer {KEY}x"}, 401, "invalid_api_key"),
        ({"Authorization": KEY}, 401, "invalid_api_key"),
        ({"Authorization": "Bearer \udcff"}, 401, "invalid_api_key"),
        ({"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        ({"Content-Type": ""}, 415, "unsupported_media_type"),
    ],
)
def test_who_is_refused(headers: dict[str, str], status: int, code: str) -> None:
    """Each with a status of its own, and words that say what would help but nothing of the request or the key."""
    refusal = GUARD.refusal("POST", "/v1/chat/completions", GOOD | headers)
    assert refusal is not None
    assert (refusal.status, refusal.code) == (status, code)
    assert KEY not in refusal.message
    assert "evil" not in refusal.message


def test_what_needs_no_key() -> None:
    """What is named so, and no path that begins alike; the other rules stay."""
    keyless = {"Host": "127.0.0.1:4141"}
    assert GUARD.refusal("GET", "/healthz", keyless) is None
    assert GUARD.refusal("GET", "/", keyless) is None
    for path in ("/v1/models", "/healthz/", "//", ""):
        refused = GUARD.refusal("GET", path, keyless)
        assert refused is not None
        assert refused.status == 401
    assert GUARD.refusal("GET", "/healthz", {"Host": "evil.test"}) is not None


def test_without_a_key() -> None:
    """The other rules stay."""
    guard = RequestGuard(own_hosts("127.0.0.1", 4141))
    assert guard.refusal("GET", "/v1/models", {"Host": "127.0.0.1:4141"}) is None
    assert guard.refusal("GET", "/v1/models", {"Host": "127.0.0.1:4141", "Origin": "http://evil.test"}) is not None


def test_hosts_of_an_address() -> None:
    """An address that means any is no name that a client may say; names that are added count with and without port."""
    assert own_hosts("0.0.0.0", 80) == own_hosts("::", 80) == own_hosts("127.0.0.1", 80)
    assert {"box.lan", "box.lan:80", "10.0.0.2:80"} <= own_hosts("10.0.0.2", 80, ["Box.LAN"])
    assert "[fd00::1]:80" in own_hosts("fd00::1", 80)


def test_no_key_in_a_repr() -> None:
    """It would come into logs."""
    assert KEY not in repr(GUARD)
