"""A session with secrets in every place that has one, and a key for it. Free of pytest, whose import takes a process of
its own longer than what it is started for."""

from __future__ import annotations

from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.stores.base import Key

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
