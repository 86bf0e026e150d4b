"""How long a site asks to wait, in a header or in the body of its refusal."""

from __future__ import annotations

import pytest

from toolkit.http.retry_after import LONGEST, parse_retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), (" 120 ", 120.0), ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
     ("soon", None), ("-1", None), ("9" * 400, LONGEST), (None, None)],
)  # fmt: skip
def test_retry_after_has_two_forms(value: str | None, seconds: float | None) -> None:
    """Seconds, or a date (RFC 9110, 10.2.3)."""
    assert parse_retry_after({} if value is None else {"Retry-After": value}, b"", now=10.0) == seconds


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (b'{"error": {"retry_after": 3}}', 3.0),
        (b'{"retryAfter": "2.5"}', 2.5),
        (b'{"error": {"details": [{"@type": "x"}, {"retryDelay": "34s"}]}}', 34.0),
        (b'{"retry_after": true, "n": [1]}', None),
        (b'{"error": {"message": "Rate limit. Please try again in 20s. Read the docs in 5s."}}', 20.0),
        (b"try again in 6m0.5s", 360.5),
        (b"Please retry after 250 milliseconds", 0.25),
        (b"Wait about 2 hours and 5 minutes.", 7500.0),
        (b"You may try again. It costs 5 s.", None),
        (b'{"retry_after": 1' + b"0" * 400 + b"}", LONGEST),
        (b'{"retry_after": 1e300}', LONGEST),
        (b'{"retry_after": "1' + b"0" * 400 + b'"}', LONGEST),
        (b"try again in " + b"9" * 400 + b" h", LONGEST),
        (b"\xff" * 100, None),
        (b"[" * 100_000, None),
    ],
)
def test_a_body_says_how_long_to_wait(body: bytes, seconds: float | None) -> None:
    """In a field of its JSON, or in words; a header goes first."""
    assert parse_retry_after({}, body, now=10.0) == seconds
    assert parse_retry_after({"Retry-After": "7"}, body, now=10.0) == 7.0
