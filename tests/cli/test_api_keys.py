"""API keys in the place of a session: asked about before they are kept, sent by every call, renewed by nothing."""

from __future__ import annotations

import json
import time

from msgspec.structs import replace

from tests.cli.conftest import Toolkit
from tests.cli.pseudo_terminal import terminal
from tests.sites.openwebui import EMAIL, MODELS, OpenWebUISite
from toolkit.stores.base import Key

WebUI = tuple[OpenWebUISite, str]


async def import_key(toolkit: Toolkit, origin: str, key: str, *more: str) -> None:
    where = ("openwebui", "--base-url", origin, *more)
    result = await toolkit.run("session", "import", *where, "--bearer", stdin=f"{key}\n")
    assert result.code == 0, result
    assert key not in result.out + result.err


async def test_a_key_is_kept_once_the_site_takes_it(toolkit: Toolkit, webui: WebUI) -> None:
    """Lists, chats and checks are made with it, without a browser, and outlive the site's tokens; nothing shows it
    unless it is asked for."""
    site, origin = webui
    key = site.new_key()
    where = ("openwebui", "--base-url", f"{origin}/workspace/models")
    result = await toolkit.run("session", "import", *where, "--bearer", stdin=f"Authorization: Bearer {key}\n")
    assert result.code == 0
    assert result.out == f"openwebui: imported an API key for {origin}, account default, no expiry known\n"
    assert result.err == "note: it replaces the session that was there (no expiry known)\n"
    site.expire()
    env = toolkit.without_browser()
    assert (await toolkit.run("models", "openwebui", env=env)).out.split() == list(MODELS)
    answer = await toolkit.run("chat", "openwebui", "Hi", env=env)
    assert (answer.code, answer.out.strip()) == (0, "".join(site.answer))
    checked = await toolkit.run("session", "check", env=env)
    assert (checked.code, checked.out) == (0, f"openwebui {origin} default: ok, no expiry known\n")
    shown = await toolkit.run("session", "show", "openwebui")
    assert "kind:      API key\n" in shown.out
    assert "API key\n  bearer: •••\n" in shown.out
    listed = await toolkit.run("session", "list")
    assert "API key" in listed.out
    as_json = await toolkit.run("session", "show", "openwebui", "--json")
    assert (json.loads(as_json.out)["kind"], json.loads(as_json.out)["api_key"]) == ("API key", None)
    doctor = await toolkit.run("doctor", "openwebui", "--online", env=env)
    assert key not in shown.out + listed.out + as_json.out + doctor.out + doctor.err
    assert key in (await toolkit.run("session", "show", "openwebui", "--values")).out
    sent = [call.headers.get("Authorization") for call in site.calls("/api/chat/completions")]
    assert sent == [f"Bearer {key}"]


async def test_a_key_that_is_not_taken_is_not_kept(toolkit: Toolkit, webui: WebUI) -> None:
    """A wrong one, one at a site that has keys switched off, and what is none: the error says so, what is stored stays,
    and no error repeats what was handed in."""
    site, origin = webui
    kept = await toolkit.store.sessions()
    where = ("session", "import", "openwebui", "--base-url", origin, "--bearer")
    wrong = await toolkit.run(*where, stdin="sk-wrong")
    assert (wrong.code, wrong.out) == (3, "")
    assert "The site does not take the API key: The site answered 401" in wrong.err
    assert f"`toolkit session import openwebui --base-url {origin} --bearer` reads it from stdin." in wrong.err
    site.keys_enabled = False
    off = await toolkit.run(*where, stdin=site.new_key())
    assert off.code == 1
    assert "Use of API key is not enabled" in off.err
    for text, told in (("", "holds no key: it is empty"), ("two words", "which is one word of printable ASCII")):
        result = await toolkit.run(*where, stdin=text)
        assert (result.code, told in result.err) == (1, True)
    result = await toolkit.run("session", "import", "openwebui", "sk-on-the-line", "--bearer")
    assert result.code == 2
    assert "is never itself on the command line" in " ".join(result.err.split())
    assert "sk-" not in wrong.err + off.err + result.err
    result = await toolkit.run("session", "import", "gradio", "--base-url", origin, "--bearer", stdin="sk-1")
    assert (result.code, "Its sites take no API key." in result.err) == (2, True)
    assert await toolkit.store.sessions() == kept


async def test_a_key_of_the_environment(toolkit: Toolkit, webui: WebUI) -> None:
    """It is named, and never handed in on the command line; one that is not there is told."""
    site, origin = webui
    where = ("session", "import", "openwebui", "env:MY_KEY", "--bearer", "--account", "ci", "--base-url", origin)
    result = await toolkit.run(*where, env={"MY_KEY": (key := site.new_key())})
    assert result.out == f"openwebui: imported an API key for {origin}, account ci, no expiry known\n"
    stored = await toolkit.store.load(Key("openwebui", origin, "ci"))
    assert stored is not None
    assert stored.api_key == key
    result = await toolkit.run(*where)
    assert (result.code, "The environment variable MY_KEY is not set." in result.err) == (2, True)


async def test_a_key_that_is_typed_is_not_shown(toolkit: Toolkit, webui: WebUI) -> None:
    """At a terminal it is asked for."""
    site, origin = webui
    key = site.new_key()
    where = ("openwebui", "--base-url", origin, "--account", "work")
    async with terminal(toolkit, "session", "import", *where, "--bearer") as screen:
        await screen.shows("API key: ")
        screen.type(f"{key}\n")
        assert await screen.end() == 0
    assert f"openwebui: imported an API key for {origin}, account work" in screen.screen
    assert key not in screen.raw


async def test_no_visit_replaces_a_key(toolkit: Toolkit, webui: WebUI) -> None:
    """Once the site takes it no more, and on demand: no browser is looked for, the key stays, and the error says what
    to do; as a secret of CI it says where the key came from."""
    site, origin = webui
    await import_key(toolkit, origin, site.new_key())
    exported = (await toolkit.run("session", "export", "openwebui", "--slim")).out
    kept = await toolkit.store.sessions()
    env = toolkit.without_browser()
    refreshed = await toolkit.run("session", "refresh", "openwebui", env=env)
    assert refreshed.code == 2
    assert "The session is an API key, and no visit renews one." in refreshed.err
    site.keys.clear()
    for command in (
        ("chat", "openwebui", "Hi"),
        ("models", "openwebui", "--refresh"),
        ("session", "check", "openwebui"),
    ):
        result = await toolkit.run(*command, env=env)
        assert (result.code, result.out) == (3, ""), result
        assert "The site does not take the API key" in result.err
        assert f"`toolkit session import openwebui --base-url {origin} --bearer`" in result.err
    secret = {"TOOLKIT_SESSION_OPENWEBUI": exported}
    result = await toolkit.run("chat", "openwebui", "Hi", env=secret)
    assert (result.code, "an export of it into TOOLKIT_SESSION_OPENWEBUI" in result.err) == (3, True)
    assert {key: one.api_key for key, one in (await toolkit.store.sessions()).items()} == {
        key: one.api_key for key, one in kept.items()
    }


async def test_exports_keep_a_key(toolkit: Toolkit, webui: WebUI) -> None:
    """Both formats that hold all, for a file and for the environment; those that hold cookies say that they do not."""
    site, origin = webui
    await import_key(toolkit, origin, key := site.new_key())
    for form in ("storage-state", "json"):
        exported = await toolkit.run("session", "export", "openwebui", "--format", form, "--slim", "--base-url", origin)
        assert (exported.code, exported.err, key in exported.out) == (0, "", True)
        result = await toolkit.run("session", "import", "openwebui", "--account", form, stdin=exported.out)
        assert result.out == f"openwebui: imported an API key for {origin}, account {form}, no expiry known\n"
        assert result.err == ""
        variable = {"TOOLKIT_SESSION_OPENWEBUI": exported.out}
        assert (await toolkit.run("session", "check", "openwebui", env=variable)).code == 0
        told = await toolkit.run(
            "session", "import", "gradio", "--base-url", origin, "--format", form, stdin=exported.out
        )
        assert told.code == 1
    as_cookies = await toolkit.run("session", "export", "openwebui", "--format", "cookies.txt")
    assert "cookies.txt has no place for it: the API key" in as_cookies.err or as_cookies.code == 1
    assert key not in as_cookies.out + as_cookies.err


async def test_a_key_whose_account_waits(toolkit: Toolkit, webui: WebUI) -> None:
    """It is kept, with what to do; the check says so, with the exit code that a session's has."""
    site, origin = webui
    site.role = "pending"
    key = site.new_key()
    result = await toolkit.run("session", "import", "openwebui", "--base-url", origin, "--bearer", stdin=key)
    assert result.code == 0
    assert "ask whoever runs the site to approve the account" in result.err
    checked = await toolkit.run("session", "check", "openwebui")
    assert (checked.code, checked.out.startswith("openwebui: pending, ")) == (1, True)


async def test_a_token_can_be_handed_in_as_a_key(toolkit: Toolkit, webui: WebUI) -> None:
    """A JWT says when it ends, and that is when the session ends; who it is of is not asked where keys may not ask."""
    site, origin = webui
    await import_key(toolkit, origin, site.new_token(3600))
    stored = await toolkit.store.load(Key("openwebui", origin))
    assert stored is not None
    assert stored.expires_at is not None
    assert 3000 < stored.expires_at - time.time() <= 3600
    assert EMAIL not in str(stored)
    await toolkit.keep(replace(stored, expires_at=5.0))
    report = json.loads((await toolkit.run("doctor", "--json", env=toolkit.without_browser())).out)
    (check,) = (check for check in report if check["about"] == f"openwebui {origin}")
    assert (check["state"], check["what"]) == ("wrong", "It is an API key, which has ended.")
    assert f"`toolkit session import openwebui --base-url {origin} --bearer`" in check["todo"]
