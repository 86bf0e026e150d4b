"""A session with secrets in every place that has one, a key for it, and folders with the rights that tests give."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from toolkit.session import BrowserSession, Cookie
from toolkit.stores import Key

SECRET = "s3cr3t"
ORIGIN = "https://chat.example.org"


def session(account: str = "default", **more: object) -> BrowserSession:
    """A session all of whose secrets are `SECRET`."""
    given: dict[str, object] = {
        "provider": "aura",
        "origin": ORIGIN,
        "account": account,
        "cookies": (Cookie(name="sid", value=SECRET, domain="chat.example.org", expires=2e9, same_site="None"),),
        "headers": {"user-agent": "Браузер/1", "authorization": SECRET},
        "local_storage": {ORIGIN: {"token": SECRET}},
        "proxy": f"http://me:{SECRET}@127.0.0.1:3128",
    }
    return BrowserSession(**{**given, **more})  # type: ignore[arg-type]


def key(account: str = "default", *, provider: str = "aura", origin: str = ORIGIN) -> Key:
    return Key(provider, origin, account)


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A umask that takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)
