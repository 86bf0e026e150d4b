"""`toolkit session import` of what people have: no option more than is needed, and what is left out is told."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.cli.conftest import Toolkit
from tests.cli.test_session import NAME, SECRET, SITE
from toolkit.stores.base import Key

WEBUI = "https://webui.example.org"
LINE = f"open-assistant.io\tFALSE\t/\tTRUE\t0\t{NAME}\t{SECRET}\n"


async def test_a_cookie_of_the_public_site_names_the_deployment(toolkit: Toolkit) -> None:
    """Though that site does not work any more, so that it is not taken where nothing is named. UTF-16 and gzip are
    read, and a line that is malformed keeps no other from being read."""
    text = f"# Netscape HTTP Cookie File\n.bank.example\tTRUE\t/\tTRUE\t0\ta\tb\tc\n{LINE}"
    result = await toolkit.run("session", "import", "openassistant", stdin=gzip.compress(text.encode("utf-16")))
    assert result.code == 0
    assert result.out == f"openassistant: imported a session for {SITE}, account default, no expiry known\n"
    assert "note: left out: line 2 (it has 8 fields instead of 7, which are parted by tabs)\n" in result.err
    kept = await toolkit.store.load(Key("openassistant", SITE))
    assert kept is not None
    assert [cookie.value for cookie in kept.cookies] == [SECRET]


async def test_a_token_that_was_copied_is_kept_where_the_page_keeps_it(toolkit: Toolkit) -> None:
    """The command names the deployment; what signs in is the token, since there is no cookie for it."""
    text = f'curl ^"{WEBUI}/api/models^" ^\n  -H ^"authorization: Bearer {SECRET}^" ^\n  -b ^"theme=dark^"'
    result = await toolkit.run("session", "import", "openwebui", stdin=text)
    assert result.out == f"openwebui: imported a session for {WEBUI}, account default, no expiry known\n"
    kept = await toolkit.store.load(Key("openwebui", WEBUI))
    assert kept is not None
    assert kept.local_storage == {WEBUI: {"token": SECRET}}
    result = await toolkit.run("session", "import", "gradio", stdin=text)
    assert "note: left out: a bearer token (the site's page has no place for one)\n" in result.err


async def test_passkeys_are_told(toolkit: Toolkit) -> None:
    """They have no place in a session, so neither an import nor an export has them."""
    cookie = {"name": "token", "value": SECRET, "domain": "webui.example.org", "secure": True}
    state = {"cookies": [cookie], "credentials": [{"privateKey": SECRET}]}
    result = await toolkit.run("session", "import", "openwebui", stdin=json.dumps(state))
    assert f"note: at {WEBUI}, as its cookies tell\n" in result.err
    assert "note: left out: passkeys (put back" in result.err
    exported = json.loads((await toolkit.run("session", "export", "openwebui")).out)
    assert exported.keys() == {"cookies", "origins", "_toolkit"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            json.dumps([{"name": "token", "value": SECRET, "domain": f"{host}.example"} for host in ("a", "b")]),
            "This does not tell which deployment it is for. Name it: --base-url URL.",
        ),
        (f"Cookie: token={SECRET}", "This does not tell which deployment it is for. Name it: --base-url URL."),
        (f'fetch("{WEBUI}/", {{"headers": {{}}}})', 'Copy it as "fetch (Node.js)" while you are signed in'),
    ],
)
async def test_what_is_not_told_is_asked_for(toolkit: Toolkit, text: str, told: str) -> None:
    """With what to do about it."""
    result = await toolkit.run("session", "import", "openwebui", stdin=text)
    assert (result.code, result.out) in ((1, ""), (2, ""))
    assert told in result.err
