"""What is written of a session is UTF-8, whatever a site has put into it."""

from __future__ import annotations

import msgspec
import pytest

from toolkit.errors import SessionError
from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.formats.conversion import omissions, parse, serialize
from toolkit.session.formats.format_table import NAMES

ORIGIN = "https://shop.example"
SESSION = BrowserSession(
    provider="shop",
    origin=ORIGIN,
    cookies=(
        Cookie(name="sid", value="s3cr3t", domain="shop.example"),
        Cookie(name="name", value="Andr\udce9", domain="shop.example"),
        Cookie(name="\udce9", value="1", domain="shop.example"),
    ),
    local_storage={ORIGIN: {"half": "\ud83d", "whole": "\U0001f600"}},
)


@pytest.mark.parametrize("form", NAMES)
def test_what_is_not_utf_8_is_left_out_and_told(form: str) -> None:
    """The others are written, and can be read again."""
    text = serialize(SESSION, form, now=0.0)
    assert text.encode().decode() == text
    back = parse(text, form, provider="shop", origin=ORIGIN).session
    assert [cookie.name for cookie in back.cookies] == ["sid"]
    told = omissions(SESSION, form, now=0.0)
    assert told[0] == r"cookies (name, \udce9)"
    assert any("local storage" in kind for kind in told)


@pytest.mark.parametrize("form", ["json", "storage-state"])
def test_an_account_that_is_not_utf_8_is_told(form: str) -> None:
    """It cannot be left out, so nothing is written."""
    with pytest.raises(SessionError, match="not UTF-8"):
        serialize(msgspec.structs.replace(SESSION, account="\udce9"), form, now=0.0)
