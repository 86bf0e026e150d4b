"""A session ends with the first thing that the recipe needs of it, by this machine's clock."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.expiry import LEEWAY, clock_skew, expiry, has_end_moved, is_fresh, is_renewal_due
from toolkit.session.recipe import Harvest
from toolkit.session.token_expiry import jwt_expiry

RECIPE = Harvest(cookies=("sid", r"token(\.\d)?"), storage=("jwt",))


def jwt(**claims: object) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "signature"])


def cookie(name: str, value: str = "x", expires: float | None = None) -> Cookie:
    return Cookie(name=name, value=value, domain="example.com", expires=expires)


def session(*cookies: Cookie, skew: float = 0.0, **storage: str) -> BrowserSession:
    return BrowserSession(
        provider="p",
        origin="https://example.com",
        cookies=cookies,
        local_storage={"https://example.com": storage} if storage else {},
        clock_skew=skew,
    )


@pytest.mark.parametrize(
    ("of", "ends"),
    [
        (session(), None),
        (session(cookie("sid")), None),
        (session(cookie("sid", expires=500.0), cookie("token.0", expires=300.0), cookie("other", expires=1.0)), 300.0),
        (session(cookie("sid", jwt(exp=200), expires=500.0)), 200.0),
        (session(cookie("other", jwt(exp=200))), None),
        (session(cookie("sid", "old", expires=1.0), cookie("sid", "new", expires=500.0)), 500.0),
        (session(cookie("token", expires=1.0), cookie("token.1"), cookie("sid", expires=500.0)), 500.0),
        (session(cookie("sid", jwt(exp=1)), cookie("sid", jwt(exp=200), expires=300.0)), 200.0),
        (session(jwt=jwt(exp=400)), 400.0),
        (session(other=jwt(exp=400)), None),
        (session(jwt=jwt(exp=400), skew=60.0), 340.0),
        (session(cookie("sid", expires=500.0), skew=60.0), 500.0),
    ],
)
def test_the_first_end_counts(of: BrowserSession, ends: float | None) -> None:
    """Cookies end by our clock, tokens by the site's; what is not needed does not matter, nor what a later one of its
    kind has replaced."""
    assert expiry(of, RECIPE) == ends


@pytest.mark.parametrize("wrapped", ["{}", '"{}"', "Bearer {}", quote('"{}"', safe="{}")])
def test_tokens_are_found_as_sites_write_them(wrapped: str) -> None:
    """Quoted for JSON or for a URL, with the word for the header before it (RFC 7519, 4.1.4)."""
    assert jwt_expiry(wrapped.format(jwt(exp=1234.5))) == 1234.5


@pytest.mark.parametrize(
    "text",
    [
        *("", "a.b.c", "a.b", jwt(), jwt(exp="soon"), jwt(exp=None), "ä.ö.ü", "\udce9.\udce9.c", "a.!!!!.c", "a.e30.c"),
        *(jwt(exp=True), jwt(exp=float("nan")), jwt(exp=float("inf")), jwt(exp=1e300), jwt(exp=10**400)),
        "a." + base64.b64encode(b'{"a":' + b"[" * 100_000).decode() + ".c",
    ],
)
def test_what_is_no_token_has_no_end(text: str) -> None:
    """Nor has a token that says none, or no number of seconds in any calendar."""
    assert jwt_expiry(text) is None


def test_a_token_of_long_ago_has_ended() -> None:
    """Also one that was over before time began."""
    assert jwt_expiry(jwt(exp=-1e300)) == 0.0
    assert expiry(session(jwt=jwt(exp=-5)), RECIPE) == 0.0


def test_a_call_needs_a_little_more_than_no_time() -> None:
    """A session that ends at once is not used for a call that begins now."""
    ending = BrowserSession(provider="p", origin="https://example.com", expires_at=1000.0)
    assert is_fresh(ending, 1000.0 - LEEWAY - 1)
    assert not is_fresh(ending, 1000.0 - LEEWAY + 1)


@pytest.mark.parametrize(
    ("date", "age", "received", "skew"),
    [
        ("Thu, 01 Jan 1970 00:10:00 GMT", None, 500.0, 100.0),
        ("Thu, 01 Jan 1970 00:10:00 GMT", "20", 500.0, 120.0),
        ("Thu, 01 Jan 1970 00:10:00 GMT", None, 601.5, 0.0),
        ("yesterday", None, 500.0, 0.0),
        (None, None, 500.0, 0.0),
        ("Thu, 01 Jan 1970 00:10:00 GMT", "old", 500.0, 0.0),
    ],
)
def test_clocks_are_compared(date: str | None, age: str | None, received: float, skew: float) -> None:
    """By `Date`, which a cache keeps, telling its `Age`; less than it can tell is nothing."""
    assert clock_skew(date, age, received) == skew


@pytest.mark.parametrize(
    ("left", "times", "due"),
    [
        (400, {"expires_at": 4600.0}, False),  # of an hour, six minutes are a tenth
        (350, {"expires_at": 4600.0}, True),
        (350, {"expires_at": 4600.0, "changed_at": 4000.0}, False),  # the site has changed it since: 60 s are a tenth
        (70, {"expires_at": 4600.0, "changed_at": 4500.0, "visit_seconds": 40.0}, False),  # the first half of its life
        (49, {"expires_at": 4600.0, "changed_at": 4500.0, "visit_seconds": 40.0}, True),
        (39, {"expires_at": 1300.0, "visit_seconds": 20.0}, True),  # two visits are more than a tenth
        (41, {"expires_at": 1300.0, "visit_seconds": 20.0}, False),
        (350, {"expires_at": 4600.0, "unmoved_at": 4240.0}, False),  # a renewal at 360 s left has moved nothing
        (179, {"expires_at": 4600.0, "unmoved_at": 4240.0}, True),
        (19, {"expires_at": 4600.0, "harvested_at": 0.0}, False),  # nobody knows how long it has lived
        (17, {"expires_at": 4600.0, "harvested_at": 0.0}, True),
        (1, {"expires_at": None}, False),
    ],
)
def test_a_session_is_renewed_in_time(left: float, times: dict[str, Any], due: bool) -> None:
    """At a tenth of its life or the time of two visits, whichever is more; and less and less often where that moves
    nothing."""
    of = replace(session(), **({"harvested_at": 1000.0} | times))
    assert is_renewal_due(of, (times["expires_at"] or 1000.0) - left) == due


def test_renewed_is_what_lasts_longer() -> None:
    """A second more is none; where no end is known, another value of what the site knows its person by."""
    recipe = Harvest(cookies=("sid",))
    first, second, same = (session(cookie("sid", value)) for value in ("1", "2", "1"))
    assert has_end_moved(first, second, recipe)
    assert not has_end_moved(first, same, recipe)
    assert not has_end_moved(replace(first, expires_at=10.0), replace(second, expires_at=10.5), recipe)
    assert has_end_moved(replace(first, expires_at=10.0), replace(second, expires_at=12.0), recipe)
