"""A session that is made slim keeps what calls and renewals need of it."""

from __future__ import annotations

from msgspec.structs import replace

from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.recipe import Harvest
from toolkit.session.recipe_tokens import Renew, StoredValue, Token
from toolkit.session.slim_session import slim

ORIGIN = "https://chat.example.org"
RECIPE = Harvest(
    cookies=("sid",), token=Token(place="localstorage", key="token", instead_of_cookies=True), storage=("key",)
)


def cookie(name: str, expires: float | None = None) -> Cookie:
    return Cookie(name=name, value="v", domain="chat.example.org", expires=expires)


def session(*cookies: Cookie) -> BrowserSession:
    storage = {ORIGIN: {"token": "t", "key": "k", "draft": "d" * 9000}, "https://b.example": {"draft": "d"}}
    return BrowserSession(provider="p", origin=ORIGIN, cookies=cookies, headers={"a": "b"}, local_storage=storage)


def test_only_storage_that_the_recipe_names_is_kept() -> None:
    """The token is not among it where the cookie signs in. All cookies that last are kept: a site may want any."""
    given = session(cookie("sid"), cookie("sid.1", 500.0), cookie("old", 50.0))
    kept = slim(given, RECIPE, 100.0)
    assert kept.local_storage == {ORIGIN: {"key": "k"}}
    assert [one.name for one in kept.cookies] == ["sid", "sid.1"]
    assert kept.headers == given.headers


def test_a_token_that_signs_in_is_kept() -> None:
    """It does where the cookie is not there, or has expired."""
    for given in (session(), session(cookie("sid", 50.0))):
        assert slim(given, RECIPE, 100.0).local_storage == {ORIGIN: {"key": "k", "token": "t"}}


def test_what_renews_is_kept() -> None:
    """The token of its own, the refresh token, and the database that has one; no other item of theirs."""
    where = StoredValue(place="indexeddb", key="db/s/r")
    token = Token(place="sessionstorage", key="t")
    recipe = Harvest(token=token, renew=Renew("POST", "/refresh", refresh_token=where))
    records = [{"name": "s", "records": [{"key": "r", "value": "refresh"}]}]
    databases = [{"name": "db", "stores": records}, {"name": "cache", "stores": records}]
    given = replace(session(), session_storage={ORIGIN: {"t": "1", "u": "2"}}, indexed_db={ORIGIN: databases})
    kept = slim(given, recipe, 100.0)
    assert (kept.local_storage, kept.session_storage, kept.indexed_db) == (
        {},
        {ORIGIN: {"t": "1"}},
        {ORIGIN: databases[:1]},
    )
