"""Which deployment a session is of that does not say so."""

from __future__ import annotations

import pytest

from toolkit.client.imported_session_deployment import find_deployments
from toolkit.providers.base import Provider
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.recipe import Harvest
from toolkit.session.recipe_tokens import Token

OWN, OTHER = "https://a.example.org", "https://b.example.net:8443"


class Forum(Provider):
    name = "forum"
    harvest = Harvest(cookies=("sid",), token=Token(place="localstorage", key="token", instead_of_cookies=True))


class Public(Forum):
    url = "https://forum.example"


def cookie(domain: str, name: str = "sid", **more: object) -> Cookie:
    return Cookie(**{"name": name, "value": "v", "domain": domain, "secure": True, **more})  # type: ignore[arg-type]


def session(*cookies: Cookie, **storage: dict[str, str]) -> BrowserSession:
    return BrowserSession(provider="", origin="", cookies=cookies, local_storage=storage)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (session(cookie("a.example.org")), [OWN]),
        (session(cookie("example.org", host_only=False)), [OWN]),
        (session(cookie("b.example.net", secure=False)), [OTHER]),  # its port is known, though no cookie tells it
        (session(cookie("a.example.org"), cookie("bank.example")), [OWN]),
        (session(cookie("a.example.org"), cookie("b.example.net")), [OWN, OTHER]),
        (session(cookie("a.example.org", "theme")), []),
        (session(**{OTHER: {"token": "t"}}), [OTHER]),
        (session(**{OTHER: {"theme": "t"}}), []),
        (session(cookie("new.example")), ["https://new.example"]),
        (session(cookie("new.example"), cookie("new.example", "theme")), ["https://new.example"]),
        (session(cookie("new.example"), cookie("bank.example", "theme")), []),  # whose is it?
        (session(cookie("new.example", secure=False)), []),  # its scheme and port are not told
        (session(cookie("new.example", host_only=False)), []),
        (session(cookie("new.example"), **{"https://new.example:8": {"token": "t"}}), ["https://new.example:8"]),
        (session(cookie("127.0.0.1", secure=False), **{"http://127.0.0.1:8": {"a": "b"}}), ["http://127.0.0.1:8"]),
        (session(**{"https://new.example": {"token": "t"}}), ["https://new.example"]),
        (session(**{"https://new.example": {"token": "t"}, "https://bank.example": {"token": "t"}}), []),
        (session(cookie("new.example"), **{"chrome-extension://abc": {"token": "t"}}), []),
        (session(), []),
    ],
)
def test_what_the_recipe_needs_tells_it(given: BrowserSession, found: list[str]) -> None:
    """A known deployment first; else the one that all of the session is of, where its address is certain."""
    assert find_deployments(given, Forum, [OWN, OTHER, OWN]) == found


def test_the_public_site_is_known() -> None:
    """Without a stored session."""
    given = session(cookie("forum.example"), cookie("bank.example"))
    assert find_deployments(given, Public) == [Public.url]
    assert find_deployments(given, Forum) == []


def test_what_is_told_is_not_guessed() -> None:
    """A session that names its origin is of that."""
    given = BrowserSession(provider="", origin=OTHER, cookies=(cookie("a.example.org"),))
    assert find_deployments(given, Forum, [OWN]) == [OTHER]
