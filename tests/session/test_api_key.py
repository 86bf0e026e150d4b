"""API keys: what is one, which sites take one, and what of a session they are."""

from __future__ import annotations

import pytest

from toolkit.errors import SessionError
from toolkit.session.api_key import probe_for, read_key, takes_keys
from toolkit.session.browser_session import BrowserSession
from toolkit.session.recipe import Harvest, Probe
from toolkit.session.recipe_tokens import Token
from toolkit.session.secret_values import secret_values
from toolkit.session.tokens import missing_credentials, token_headers

PEOPLE, KEYS = Probe(path="/me", identity=("name",)), Probe(path="/models", identity=(), anonymous=True)
TOKEN = Token(place="localstorage", key="token", instead_of_cookies=True)
KEY = BrowserSession(provider="p", origin="https://chat.example.org", api_key="sk-1")
NO_KEY = BrowserSession(provider="p", origin="https://chat.example.org")


@pytest.mark.parametrize("text", ["sk-1", " sk-1\r\n", "Bearer sk-1", "authorization:  bearer sk-1\n"])
def test_a_key_is_read_as_people_copy_it(text: str) -> None:
    """With the blanks around it, and with the header that it is sent in."""
    assert read_key(text, "stdin") == "sk-1"


@pytest.mark.parametrize("text", ["", " \n", "Bearer ", "two words", "sk-1\nsk-2", "clé", "sk-\x00"])
def test_what_no_header_can_hold_is_no_key(text: str) -> None:
    """The error says where it is from, and nothing of what it is."""
    with pytest.raises(SessionError, match="stdin holds no key") as caught:
        read_key(text, "stdin")
    assert not text.strip() or text.strip() not in str(caught.value)


def test_a_recipe_says_whether_there_are_keys() -> None:
    """By a bearer token, or by the call that tells whether a key is taken; that call is for keys alone."""
    assert not takes_keys(Harvest(cookies=("sid",), probe=PEOPLE))
    assert takes_keys(Harvest(token=TOKEN))
    assert takes_keys(Harvest(key_probe=KEYS))
    both = Harvest(token=TOKEN, probe=PEOPLE, key_probe=KEYS)
    assert (probe_for(KEY, both), probe_for(NO_KEY, both)) == (KEYS, PEOPLE)
    assert probe_for(KEY, Harvest(token=TOKEN, probe=PEOPLE)) == PEOPLE


def test_a_key_is_all_that_a_session_needs() -> None:
    """It is what is sent, and it is a secret; nothing shows it."""
    recipe = Harvest(cookies=("sid",), token=TOKEN)
    assert token_headers(KEY, recipe, now=0) == {"authorization": "Bearer sk-1"}
    assert missing_credentials(KEY, recipe, now=0) == []
    assert secret_values(KEY, {}) == {"sk-1"}
    assert "sk-1" not in repr(KEY)
