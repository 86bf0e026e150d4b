"""A token is found where the page keeps it, sent as the page sends it, and put back where it was."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from msgspec.structs import replace

from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.expiry import expiry
from toolkit.session.json_paths import look_up, put
from toolkit.session.recipe import Harvest
from toolkit.session.recipe_tokens import StoredValue, Token
from toolkit.session.stored_values import decode_value, find_stored, replace_stored
from toolkit.session.token_expiry import write_time, written_time
from toolkit.session.tokens import kept_token, missing_credentials, token_headers

ORIGIN = "https://chat.example"
BARE = BrowserSession(provider="place", origin=ORIGIN)
USER = {"fbase_key": "firebase:authUser:k:[DEFAULT]", "value": {"token": "t1", "ends": 2_000_000}}

ENCODED = {"o": [{"k": "token", "v": "t1"}, {"k": "no", "v": {"v": "undefined"}}]}


def database(*records: dict[str, Any], key_path: str | None = "fbase_key") -> dict[str, Any]:
    store = {"name": "store", "records": list(records), **({"keyPath": key_path} if key_path else {})}
    return {"name": "db", "version": 1, "stores": [{"name": "empty", "records": []}, store]}


@pytest.mark.parametrize(
    ("session", "where"),
    [
        (
            replace(BARE, cookies=(Cookie(name="a-t", value="%22t1%22", domain="chat.example"),)),
            {"place": "cookie", "key": "a-."},
        ),
        (replace(BARE, local_storage={ORIGIN: {"t": "t1", "tt": "no"}}), {"place": "localstorage", "key": "t"}),
        (
            replace(BARE, session_storage={ORIGIN: {"t": json.dumps({"a": json.dumps({"b": "t1"})})}}),
            {"place": "sessionstorage", "key": "t", "path": "a.b"},
        ),
        (
            replace(BARE, indexed_db={ORIGIN: [database({"value": USER})]}),
            {"place": "indexeddb", "key": "db/store/firebase:authUser:.*", "path": "value.token"},
        ),
        (
            replace(BARE, indexed_db={ORIGIN: [database({"key": 7, "value": "t1"}, key_path=None)]}),
            {"place": "indexeddb", "key": "db/store/7"},
        ),
        (
            replace(BARE, indexed_db={ORIGIN: [database({"key": "u", "valueEncoded": ENCODED}, key_path=None)]}),
            {"place": "indexeddb", "key": "db/store/u", "path": "token"},
        ),
    ],
)  # fmt: skip
def test_a_token_is_found_and_replaced_at_each_place(session: BrowserSession, where: dict[str, Any]) -> None:
    """Also in JSON within JSON, under a key that the record itself holds, and in Playwright's own encoding; what stands
    beside it stays."""
    token = Token(**where)
    if where["place"] == "cookie":
        session = replace_stored(session, token, "t1")
    recipe = Harvest(token=token)
    assert token_headers(session, recipe, 0) == {"authorization": "Bearer t1"}
    changed = replace_stored(session, token, "t2")
    assert token_headers(changed, recipe, 0) == {"authorization": "Bearer t2"}
    assert replace_stored(replace_stored(changed, token, "t1"), token, "t2") == changed
    other = replace(session, origin="https://other.example")
    assert where["place"] == "cookie" or token_headers(other, recipe, 0) == {}


def test_a_header_is_as_the_page_makes_it() -> None:
    """Another name, another template, a cookie's value as scripts decode it."""
    token = Token(place="cookie", key="XSRF-TOKEN", header="X-XSRF-TOKEN", template="{token}")
    session = replace(BARE, cookies=(Cookie(name="XSRF-TOKEN", value="a%3D%2F%2B", domain="chat.example"),))
    assert token_headers(session, Harvest(token=token), 0) == {"x-xsrf-token": "a=/+"}


def test_of_several_tokens_the_one_that_lasts_longest_is_sent() -> None:
    """Pages leave old ones behind. The session ends with the token, or with a cookie that ends before it."""
    items = {f"{n}-accesstoken": json.dumps({"secret": f"t{n}", "expiresOn": str(n)}) for n in (100, 300, 200)}
    token = Token(place="sessionstorage", key=".*-accesstoken", path="secret", expires="expiresOn")
    session = replace(BARE, session_storage={ORIGIN: items})
    assert token_headers(session, Harvest(token=token), 0) == {"authorization": "Bearer t300"}
    assert expiry(session, Harvest(token=token)) == 300
    cookie = Cookie(name="sid", value="1", domain="chat.example", expires=250)
    assert expiry(replace(session, cookies=(cookie,)), Harvest(token=token, cookies=("sid",))) == 250


def test_a_token_in_the_place_of_cookies_is_sent_only_without_them() -> None:
    """And is not needed beside them; a token of its own is needed, and sent, in any case."""
    session = replace(BARE, local_storage={ORIGIN: {"token": "t1"}})
    both = replace(session, cookies=(Cookie(name="token", value="c", domain="chat.example"),))
    stand_in = Harvest(cookies=("token",), token=Token(place="localstorage", key="token", instead_of_cookies=True))
    assert (token_headers(session, stand_in, 0), token_headers(both, stand_in, 0)) == (
        {"authorization": "Bearer t1"},
        {},
    )
    assert missing_credentials(session, stand_in, 0) == missing_credentials(both, stand_in, 0) == []
    assert missing_credentials(BARE, stand_in, 0) == ["cookie like token"]
    own = Harvest(cookies=("token",), token=Token(place="localstorage", key="token"))
    assert token_headers(both, own, 0) == {"authorization": "Bearer t1"}
    assert missing_credentials(session, own, 0) == ["cookie like token"]
    assert missing_credentials(BARE, own, 0) == ["cookie like token", "token in the local storage, key token"]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        *((1_700_000_000, 1.7e9), (1_700_000_000_500, 1_700_000_000.5), ("1700000000", 1.7e9)),
        *(("2023-11-14T22:13:20Z", 1.7e9), ("2023-11-14T22:13:20.000+00:00", 1.7e9)),
        *((True, None), (None, None), ("soon", None), (math.nan, None), (-5, None), (1e300, None), ([], None)),
    ],
)
def test_an_end_is_read_as_pages_write_it(written: object, seconds: float | None) -> None:
    """In seconds, milliseconds or as a date, and a new end is written in the same form."""
    assert written_time(written) == seconds
    if seconds is not None:
        again = write_time(seconds + 60, written)
        assert type(again) is type(written)
        assert written_time(again) == pytest.approx(seconds + 60, abs=1)


def test_paths_lead_through_documents_and_nowhere_else() -> None:
    """What is not there is None, and nothing is put into what is no object."""
    assert look_up({"a": {"b": 1}}, "a.b") == 1
    assert (look_up({"a": [1]}, "a.b"), look_up("text", "a"), look_up("[" * 9999, "a")) == (None, None, None)
    assert put({"a": {"b": 1, "c": 2}}, "a.b", 3) == {"a": {"b": 3, "c": 2}}
    assert (put({"a": 1}, "a.b", 3), put("text", "a", 3), put("old", "", "new")) == ({"a": 1}, "text", "new")


def test_an_encoded_value_gives_what_json_can_hold() -> None:
    """Objects, lists, dates; nothing for the rest."""
    encoded = {"o": [{"k": "a", "v": {"a": [1, "x", {"v": "NaN"}]}}, {"k": "d", "v": {"d": "2023"}}, 5]}
    assert decode_value(encoded) == {"a": [1, "x", None], "d": "2023"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"place": "memory", "key": "t"}, "`place` is one of cookie, localstorage"),
        ({"place": "cookie", "key": "("}, "`key` is a regular expression"),
        ({"place": "cookie", "key": "t", "template": "Bearer"}, "{token}"),
    ],
)
def test_a_wrong_token_is_refused_where_it_is_written(wrong: dict[str, Any], words: str) -> None:
    """With what it should be."""
    with pytest.raises(ValueError, match=words):
        Token(**wrong)


def test_nothing_is_found_where_nothing_is() -> None:
    """An empty value is none, and no record of a strange shape makes trouble."""
    strange = {"name": "db", "stores": [{"name": "s", "records": [{"key": 1}, {"valueEncoded": {"h": 1}}]}]}
    wrong: list[dict[str, Any]] = [{"stores": 5}, {"stores": ["x", {"records": {}}, {"records": [5]}]}]
    session = replace(BARE, local_storage={ORIGIN: {"t": ""}}, indexed_db={ORIGIN: [strange, {}, *wrong]})
    assert list(find_stored(session, StoredValue(place="localstorage", key=".*"))) == []
    assert list(find_stored(session, StoredValue(place="indexeddb", key=".*"))) == []
    assert kept_token(session, Token(place="indexeddb", key=".*")) is None
