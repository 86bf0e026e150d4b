"""The error tree: drawn as it is, told in one line, without secrets."""

from __future__ import annotations

import inspect
import re

import pytest

from toolkit import errors
from toolkit.errors import BadRequest, LoginRequired, RateLimited, ServiceUnavailable, ToolkitError
from toolkit.http.excerpts import explanation
from toolkit.http.retry_after import parse_retry_after
from toolkit.http.status_errors import error_class

CLASSES = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)}


def drawn() -> dict[str, int]:
    """The names in the docstring's tree, with how far they are indented."""
    lines = (errors.__doc__ or "").splitlines()
    found = (re.match(r"( *[│├└─ ]*)(\w+)\b", line) for line in lines if line.startswith("    "))
    return {match[2]: len(match[1]) for match in found if match and match[2] in CLASSES}


def test_the_tree_is_drawn_as_it_is() -> None:
    """Every error is in the picture, under its own base."""
    tree = drawn()
    assert set(tree) == set(CLASSES)
    names = list(tree)
    for number, name in enumerate(names[1:], start=1):
        parent = next(other for other in reversed(names[:number]) if tree[other] < tree[name])
        assert CLASSES[name].__bases__[0] is CLASSES[parent], f"{name} is not right under {parent}"


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES)
def test_every_error_can_be_told(kind: type[ToolkitError]) -> None:
    """What, provider, URL without its query, and what to do next, in one line."""
    more = (
        {"deadline": "total", "seconds": 1.0} if kind is errors.StreamTimeout else {"provider": "aura", "hint": "Wait."}
    )
    error = kind("It broke.", url="https://me:secret@host:8443/path?token=secret#secret", **more)
    text = str(error)
    assert "It broke. (https://host:8443/path)" in text
    assert "secret" not in text + repr(error)
    assert "\n" not in text
    assert repr(error).startswith(f"{kind.__name__}(")
    if more.get("provider"):
        assert text == "aura: It broke. (https://host:8443/path) Wait."


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadRequest), (401, LoginRequired), (403, BadRequest), (404, BadRequest), (422, BadRequest),
     (429, RateLimited), (500, ServiceUnavailable), (503, ServiceUnavailable), (599, ServiceUnavailable)],
)  # fmt: skip
def test_a_status_has_its_kind(status: int, kind: type[ToolkitError]) -> None:
    """A provider may know better."""
    assert error_class(status) is kind
    assert error_class(status, {status: LoginRequired}) is LoginRequired


@pytest.mark.parametrize(
    ("reason", "body", "told"),
    [
        ("Bad Request", b'{"message": "no parent"}', "Bad Request: no parent"),
        ("Bad Request", b'{"detail": {"error": "Not authenticated"}}', "Bad Request: Not authenticated"),
        (
            "Bad",
            b'{"message": [{"loc": ["body", "x"], "msg": "too long"}, {"msg": "odd"}]}',
            "Bad: body.x: too long; odd",
        ),
        ("Teapot", b"short\n  and stout", "Teapot: short and stout"),
        ("Internal Server Error", b"Error", "Internal Server Error"),
        ("Internal Server Error", b"Internal Server Error", "Internal Server Error"),
        ("Forbidden", b"<!doctype html><p>long page", "Forbidden"),
        ("", b"", ""),
        ("", b"\xff\xfe", "\ufffd\ufffd"),
        ("", b'{"message": 5, "error": null}', ""),
    ],
)
def test_a_refusal_is_explained_in_one_line(reason: str, body: bytes, told: str) -> None:
    """From the reason phrase and what a body says, each once."""
    assert explanation(reason, body) == told


def test_an_explanation_is_short() -> None:
    """At most 300 characters."""
    assert len(explanation("Bad", b"x" * 10_000)) == 300


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), (" 120 ", 120.0), ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
     ("soon", None), ("-1", None), (None, None)],
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
        (b"\xff" * 100, None),
        (b"[" * 100_000, None),
    ],
)
def test_a_body_says_how_long_to_wait(body: bytes, seconds: float | None) -> None:
    """In a field of its JSON, or in words; a header goes first."""
    assert parse_retry_after({}, body, now=10.0) == seconds
    assert parse_retry_after({"Retry-After": "7"}, body, now=10.0) == 7.0
