"""Of a session from elsewhere, only what the provider's page could have and send is taken; the rest is told by name."""

from __future__ import annotations

import json

import pytest

from toolkit.client.environment_session import session_from_variable
from toolkit.client.imported_session_validation import validate_session
from toolkit.errors import SessionError
from toolkit.providers.base import Provider
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.formats import conversion
from toolkit.session.formats.parsed_session import ParsedSession
from toolkit.session.recipe import Harvest

ORIGIN = "https://shop.example"


class Shop(Provider):
    name = "shop"
    url = ORIGIN
    harvest = Harvest(cookies=("sid",), headers=("x-token",))


def cookie(name: str, value: str = "s3cr3t", **more: object) -> Cookie:
    return Cookie(name=name, value=value, domain="shop.example", **more)  # type: ignore[arg-type]


def session(*cookies: Cookie, **headers: str) -> BrowserSession:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return BrowserSession(provider="shop", origin=ORIGIN, cookies=(cookie("sid"), *cookies), headers=named)


def test_only_headers_of_a_browser_and_of_the_recipe_are_taken() -> None:
    """Never one that would change how a call is sent, nor one that is none."""
    given = session(User_Agent="B/1", x_token="t", host="evil.example", cookie="a=b", transfer_encoding="chunked")
    given.headers.update({"sec-ch-a b": "1", "sec-ch-ua": "1\r\nx: 1", "accept-language": "\udce9", "": "1"})
    taken, _, unusable, _ = validate_session(ParsedSession(given), Shop(), "file", now=0.0)
    assert taken.headers == {"user-agent": "B/1", "x-token": "t"}
    names = ("host", "cookie", "transfer-encoding", "sec-ch-a b", "sec-ch-ua", "accept-language", "without a name")
    assert unusable == [f"header {name}" for name in names]


def test_headers_of_the_recipe_are_taken_from_a_copied_request() -> None:
    """As a visit takes them from the page's own requests; the others of the request are not missed by anybody."""
    text = f"curl '{ORIGIN}/api' -b 'sid=v' -H 'X-Token: t' -H 'X-Other: o' -H 'User-Agent: A/1'"
    taken, _, unusable, unread = validate_session(conversion.parse(text), Shop(), "file", now=0.0)
    assert taken.headers == {"user-agent": "A/1", "x-token": "t"}
    assert unusable == unread == []


def test_cookies_that_no_browser_holds_are_left_out() -> None:
    """And named, without what may be a value; the others last 400 days at most."""
    odd = [cookie("a; sid"), cookie("b=s3cr3t"), cookie("c", path="nope"), cookie("__Host-d"), cookie("e" * 5000)]
    given = ParsedSession(session(*odd, cookie("f", expires=1e308)))
    taken, _, unusable, _ = validate_session(given, Shop(), "file", now=0.0)
    assert [(one.name, one.expires) for one in taken.cookies] == [("sid", None), ("f", 34_560_000.0)]
    assert unusable == [f"cookie {name}" for name in ("a", "b", "c", "__Host-d", "e" * 40)]


def test_a_needed_cookie_that_no_browser_holds_is_missing() -> None:
    """It is no login then."""
    given = BrowserSession(provider="", origin="", cookies=(cookie("sid", "x" * 5000),))
    with pytest.raises(SessionError, match=r"no login.*left out: cookie sid \(the site's page would not have"):
        validate_session(ParsedSession(given), Shop(), "file", now=0.0)


def test_what_a_secret_holds_too_much_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """The variable's name and what is left out, and no value."""
    state = session(cookie("a; sid")).to_storage_state() | {"_toolkit": {"headers": {"host": "s3cr3t"}}}
    assert session_from_variable(Shop(), json.dumps(state), "SECRET").headers == {}
    assert "SECRET: left out, since the site's page would not have or send it: cookie a, header host" in caplog.text
    assert "s3cr3t" not in caplog.text
