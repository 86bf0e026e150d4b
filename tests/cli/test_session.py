"""`toolkit session`: what is kept is listed, shown and forgotten, and no command shows a secret unless asked to."""

from __future__ import annotations

import json
import time

import pytest

from tests.cli.conftest import Call, Toolkit
from toolkit.session.browser_session import BrowserSession, Cookie, LastCheck

SECRET = "s3cr3t"
SITE = "https://open-assistant.io"
NAME = "__Secure-next-auth.session-token"
DAY = 86400.0


def session(account: str = "default", **more: object) -> BrowserSession:
    """A session of Open Assistant, all of whose secrets are `SECRET`."""
    now = time.time()
    cookie = Cookie(name=NAME, value=SECRET, domain="open-assistant.io", expires=now + 30 * DAY, secure=True)
    given: dict[str, object] = {
        "provider": "openassistant",
        "origin": SITE,
        "account": account,
        "cookies": (cookie,),
        "headers": {"user-agent": "Kept/1", "authorization": SECRET},
        "local_storage": {SITE: {"token": SECRET}},
        "session_storage": {SITE: {"tab": SECRET}},
        "indexed_db": {SITE: [{"name": "db", "stores": [{"name": "s", "records": [{"key": 1, "value": SECRET}]}]}]},
        "harvested_at": now - 3 * DAY - 60,
        "expires_at": now + 30 * DAY,
        "proxy": f"http://me:{SECRET}@127.0.0.1:3128",
        "identity": "ada",
    }
    return BrowserSession(**{**given, **more})  # type: ignore[arg-type]


# --- list


@pytest.mark.parametrize("seconds", [-1e300, -1.0, 1e18, 1e300])
async def test_a_time_that_is_none_breaks_no_table(toolkit: Toolkit, seconds: float) -> None:
    """What a stored session says of its times, and a cookie of its expiry, is shown as well as it can be."""
    cookie = Cookie(name=NAME, value=SECRET, domain="open-assistant.io", expires=seconds)
    times: dict[str, object] = {
        "harvested_at": seconds,
        "expires_at": seconds,
        "changed_at": seconds,
        "login_needed_at": seconds,
    }
    await toolkit.keep(session(cookies=(cookie,), **times, clock_skew=seconds))  # type: ignore[arg-type]
    for command in (("session", "list"), ("session", "show", "openassistant"), ("providers",)):
        result = await toolkit.run(*command)
        assert (result.code, result.errors) == (0, []), result


async def test_each_session_has_a_row(toolkit: Toolkit) -> None:
    """Provider, site, account, age, what is left and the state, by what is stored; a wrong name in it is no matter."""
    now = time.time()
    waits = LastCheck("pending", now - 121)
    await toolkit.keep(session())
    await toolkit.keep(session("soon", harvested_at=now - 100 * 3600, expires_at=now + 3600 * 3 - 1))
    await toolkit.keep(session("gone", harvested_at=0.0, expires_at=now - 7200 - 1))
    await toolkit.keep(session("refused", login_needed_at=now))
    await toolkit.keep(session("\x1b[31mred", expires_at=None, origin="https://own.example", last_check=waits))
    await toolkit.keep(BrowserSession(provider="of another package", origin=SITE))
    result = await toolkit.run("session", "list")
    assert (result.code, result.err) == (0, "")
    head, *rows = (" ".join(line.split()) for line in result.out.splitlines())
    assert head == "provider site account signed in age expires kind state last check"
    assert rows == [
        f"of another package {SITE} default not known not known not known browser ok never",
        f"openassistant {SITE} default ada 3 d 29 d browser ok never",
        f"openassistant {SITE} gone ada not known 2 h ago browser expired never",
        f"openassistant {SITE} refused ada 3 d 29 d browser login needed never",
        f"openassistant {SITE} soon ada 4 d 2 h browser expires soon never",
        "openassistant https://own.example \ufffd[31mred ada 3 d not known browser ok pending, 2 min ago",
    ]
    assert SECRET not in result.out


async def test_the_list_as_json(toolkit: Toolkit) -> None:
    """The same facts for programs; `--account` and `--base-url` choose."""
    kept = await toolkit.keep(session(last_check=LastCheck("refused", 1000.5)))
    await toolkit.keep(session("work", harvested_at=0.0))
    await toolkit.keep(session("work", origin="https://own.example"))
    result = await toolkit.run("session", "list", "--json")
    assert json.loads(result.out)[0] == {
        "provider": "openassistant",
        "site": SITE,
        "account": "default",
        "identity": "ada",
        "harvested_at": kept.harvested_at,
        "expires_at": kept.expires_at,
        "kind": "browser",
        "state": "ok",
        "last_check": {"state": "refused", "at": 1000.5},
    }
    assert SECRET not in result.out
    result = await toolkit.run("session", "list", "--json", "--account", "work", "--base-url", f"{SITE}/")
    (only,) = json.loads(result.out)
    assert (only["account"], only["site"], only["harvested_at"]) == ("work", SITE, None)


def test_no_sessions_at_all(call: Call) -> None:
    """Nothing on stdout, and how to get one; for programs an empty list."""
    result = call("session", "list")
    assert (result.code, result.out) == (0, "")
    assert "toolkit login PROVIDER" in result.err
    assert json.loads(call("session", "list", "--json").out) == []


def test_what_cannot_be_opened_is_not_nothing(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealed sessions without their key: told, and no success; nobody is advised to make one, or sent elsewhere."""
    monkeypatch.setenv("TOOLKIT_STORE_KEY", "right")
    header = f"Cookie: {NAME}={SECRET}"
    monkeypatch.setattr("toolkit.cli.commands.session_import._read_text", lambda *_: header)
    assert call("session", "import", "openassistant", "--base-url", "https://own.example").code == 0
    for key in ("wrong", ""):
        monkeypatch.setenv("TOOLKIT_STORE_KEY", key)
        for command in (("session", "list"), ("session", "list", "--json"), ("session", "check")):
            result = call(*command)
            assert (result.code, result.out) == (1, "")
            assert "Set TOOLKIT_STORE_KEY to the passphrase" in result.err
            assert "toolkit login" not in result.err
        result = call("chat", "openassistant", "Hi")
        assert (result.code, result.out) == (1, "")
        assert "The deployment is not known" in result.err


async def test_a_variable_is_not_overlooked(toolkit: Toolkit) -> None:
    """Where a session of the environment is what calls use, commands about stored ones say so."""
    await toolkit.keep(session())
    env = {"TOOLKIT_SESSION_OPENASSISTANT": "x", "TOOLKIT_SESSION_AURA_WORK": "x"}
    for command in (("providers",), ("session", "list")):
        result = await toolkit.run(*command, env=env)
        assert result.code == 0
        assert result.err == "".join(f"note: {one} is set: chat and check use that session\n" for one in sorted(env))
    told = "note: this is about the stored session; TOOLKIT_SESSION_OPENASSISTANT is set: chat and check use that"
    for name in ("show", "export", "rm"):
        result = await toolkit.run("session", name, "openassistant", env=env)
        assert (result.code, result.err) == (0, f"{told} session\n")


# --- show


async def test_a_session_is_shown_without_its_secrets(toolkit: Toolkit) -> None:
    """Every fact; of cookies, storage and headers the names, of headers that are no secret the value."""
    await toolkit.keep(session())
    result = await toolkit.run("session", "show", "open-assistant")
    assert (result.code, result.err) == (0, "")
    for told in (
        "signed in: ada\n",
        "(3 d ago)\n",
        "state:     ok, good until ",
        "proxy:     http://127.0.0.1:3128\n",
        "  user-agent: Kept/1\n",
        "  authorization: •••\n",
        f"\n\nlocal storage of {SITE}\n  token: •••\n",
    ):
        assert told in result.out
    (row,) = (line.split() for line in result.out.splitlines() if line.startswith(NAME))
    assert row[1:3] == ["open-assistant.io", "/"]
    assert row[-2:] == ["Secure", "SameSite=Lax"]
    assert SECRET not in result.out


async def test_a_session_is_shown_as_json(toolkit: Toolkit) -> None:
    """All of it, with null for what is hidden."""
    await toolkit.keep(session())
    result = await toolkit.run("session", "show", "openassistant", "--json")
    assert result.code == 0
    assert SECRET not in result.out
    shown = json.loads(result.out)
    assert (shown["state"], shown["identity"], shown["proxy"]) == ("ok", "ada", "http://127.0.0.1:3128")
    assert (shown["cookies"][0]["name"], shown["cookies"][0]["value"]) == (NAME, None)
    assert shown["headers"] == {"user-agent": "Kept/1", "authorization": None}
    assert shown["local_storage"] == {SITE: {"token": None}}
    assert shown["session_storage"] == {SITE: {"tab": None}}
    assert shown["indexed_db"] == {SITE: {"db": None}}


@pytest.mark.parametrize("form", [(), ("--json",)])
async def test_values_are_shown_when_asked_for(toolkit: Toolkit, form: tuple[str, ...]) -> None:
    """With `--values`: cookie, header, storage and proxy."""
    await toolkit.keep(session(expires_at=1e300))
    result = await toolkit.run("session", "show", "openassistant", "--values", *form)
    assert result.out.count(SECRET) == 6


async def test_what_has_expired_is_told_once(toolkit: Toolkit) -> None:
    """With the moment."""
    await toolkit.keep(session(expires_at=5.0))
    result = await toolkit.run("session", "show", "openassistant")
    assert "state:     expired 1970-01-01" in result.out


# --- rm


async def test_a_session_is_forgotten(toolkit: Toolkit) -> None:
    """The one that is named, and with `--all` those of every account and deployment of that provider only."""
    other = BrowserSession(provider="aura", origin="https://openchat.team")
    for one in (session(), session("work"), session("work", origin="https://own.example"), other):
        await toolkit.keep(one)
    named = ("--account", "work", "--base-url", SITE)
    result = await toolkit.run("session", "rm", "openassistant", *named)
    assert (result.code, result.out) == (0, f"openassistant: removed the session for {SITE}, account work\n")
    assert len(await toolkit.store.sessions()) == 3
    result = await toolkit.run("session", "rm", "openassistant", *named)
    assert (result.code, result.out) == (1, "")
    assert "There is no such session" in result.err
    result = await toolkit.run("session", "rm", "openassistant", "--all")
    assert (result.code, result.out.count("removed")) == (0, 2)
    assert list((await toolkit.store.sessions()).values()) == [other]
    result = await toolkit.run("session", "rm", "openassistant", "--all", "--account", "x")
    assert (result.code, result.out) == (2, "")


# --- wrong input, for all alike

COMMANDS = [("show",), ("export",), ("check",), ("refresh",)]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_where_there_is_no_session(call: Call, command: tuple[str, ...]) -> None:
    """Exit code 3, and the very command that gets one; one for a window only where a person can log in."""
    args = ("--base-url", "https://own.example", "--account", "work")
    result = call("session", *command, "openassistant", *args)
    assert (result.code, result.out) == (3, "")
    assert "There is no session" in result.err
    assert "`toolkit login openassistant --base-url https://own.example --account work`" in result.err


def test_where_nobody_logs_in(call: Call) -> None:
    """A site without a login is harvested."""
    assert "`toolkit harvest aura`" in call("session", "show", "aura").err


@pytest.mark.parametrize("command", [*COMMANDS, ("import",), ("rm",)], ids=" ".join)
def test_wrong_names_are_told(call: Call, command: tuple[str, ...]) -> None:
    """A provider that is none, with the one that comes near; a store that is none, without what was given."""
    result = call("session", *command, "openasistant")
    assert result.code == 2
    assert "Did you mean openassistant?" in result.err
    result = call("session", *command, "openassistant", "--store", f"nosql://{SECRET}")
    assert result.code == 2
    assert "There is no such store" in result.err
    assert SECRET not in result.err


async def test_the_store_can_be_chosen(toolkit: Toolkit) -> None:
    """`--store` goes before TOOLKIT_STORE, for every command; and `toolkit providers` heeds the latter too."""
    await toolkit.keep(session())
    elsewhere = {"TOOLKIT_STORE": f"file:{toolkit.folder / 'elsewhere'}"}
    assert (await toolkit.run("session", "list", env=elsewhere)).out == ""
    assert "good until" not in (await toolkit.run("providers", env=elsewhere)).out
    here = f"file:{toolkit.store.folder}"
    result = await toolkit.run("session", "show", "openassistant", "--store", here, env=elsewhere)
    assert result.code == 0
