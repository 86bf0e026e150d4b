"""`toolkit session check` and `refresh`: the site is asked, a session is renewed, and a good one is never lost."""

from __future__ import annotations

import asyncio
import json
import re
import time

from aiohttp import web
from msgspec.structs import replace

from tests.cli.conftest import Call, Toolkit
from tests.sites.aura import AuraSite
from tests.sites.base import Refusal
from tests.sites.openassistant import OpenAssistantSite
from tests.sites.openwebui import OpenWebUISite
from tests.sites.serving import serve
from toolkit.session.browser_session import BrowserSession, LastCheck
from toolkit.stores.base import Key

Aura = tuple[AuraSite, str]
Assistant = tuple[OpenAssistantSite, str]


async def test_a_good_session_is_told(toolkit: Toolkit, assistant: Assistant) -> None:
    """Who is signed in, and until when; without any browser."""
    site, origin = assistant
    result = await toolkit.run(
        *("session", "check", "openassistant", "--base-url", origin), env=toolkit.without_browser()
    )
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("openassistant: ok, signed in as ada, ")
    assert site.calls("/api/auth/session")


async def test_who_is_signed_in_is_known_from_then_on(toolkit: Toolkit, assistant: Assistant) -> None:
    """Where the session did not say, such as one that was imported; what a session says stays."""
    _, origin = assistant
    key = Key("openassistant", origin)
    for known, then in ((None, "ada"), ("bob", "bob")):
        kept = await toolkit.store.load(key)
        assert kept is not None
        await toolkit.keep(replace(kept, identity=known))
        assert (await toolkit.run("session", "check", "openassistant", "--base-url", origin)).code == 0
        kept = await toolkit.store.load(key)
        assert kept is not None
        assert kept.identity == then


async def test_the_list_knows_what_the_last_check_found(toolkit: Toolkit, webui: tuple[OpenWebUISite, str]) -> None:
    """With its time, for each answer of the site. What cannot be asked tells nothing, and so changes nothing."""
    site, origin = webui
    listed: list[str] = []

    async def note() -> None:
        assert (await toolkit.run("session", "check", "openwebui", "--base-url", origin)).code in (0, 1, 3)
        (row,) = json.loads((await toolkit.run("session", "list", "--json")).out)
        listed.append(row["last_check"]["state"])
        assert 0 <= time.time() - row["last_check"]["at"] < 600

    await note()
    site.role = "pending"
    await note()
    site.refusals["/api/v1/auths/"] = Refusal(500, "down")
    await note()
    site.refusals.clear()
    site.expire()
    await note()
    assert listed == ["ok", "pending", "pending", "refused"]
    shown = (await toolkit.run("session", "show", "openwebui")).out
    assert re.search(r"^checked: +refused, \d+ (s|min) ago$", shown, re.MULTILINE)


async def test_an_ended_session_needs_a_login(toolkit: Toolkit, assistant: Assistant) -> None:
    """Exit code 3, and the command to log in with; the session stays."""
    site, origin = assistant
    kept = await toolkit.store.sessions()
    site.login.expire()
    result = await toolkit.run("session", "check", "openassistant", "--base-url", origin)
    assert (result.code, result.out) == (3, "")
    assert f"`toolkit login openassistant --base-url {origin}`" in result.err
    assert {key: one.harvested_at for key, one in (await toolkit.store.sessions()).items()} == {
        key: one.harvested_at for key, one in kept.items()
    }


async def test_an_account_that_waits_is_no_success(toolkit: Toolkit, webui: tuple[OpenWebUISite, str]) -> None:
    """The site takes the session, and no call with it: each command that asks the site says so, and what to do."""
    site, origin = webui
    site.role = "pending"
    for arguments in (("openwebui", "--base-url", origin), ()):
        result = await toolkit.run("session", "check", *arguments)
        assert (result.code, result.err) == (1, "")
        assert ": pending, signed in as ada@example.org, " in result.out
        assert "ask whoever runs the site to approve the account" in result.out
    result = await toolkit.run("doctor", "--online", "--json")
    assert result.code == 1
    (check,) = (check for check in json.loads(result.out) if origin in check["about"])
    assert (check["state"], "the account waits for its approval" in check["what"]) == ("wrong", True)


async def test_all_are_checked(toolkit: Toolkit, assistant: Assistant, aura: Aura) -> None:
    """A line for each; the exit code is that of the worst, and a login that is needed is worse than a site that
    cannot tell."""
    site, origin = assistant
    result = await toolkit.run("session", "check")
    assert (result.code, result.err) == (0, "")
    assert [line.split(": ")[1][:2] for line in result.out.splitlines()] == ["ok", "ok"]
    assert result.out.startswith(f"aura {aura[1]} default: ok")
    await toolkit.keep(BrowserSession(provider="nobody's", origin=origin))
    result = await toolkit.run("session", "check")
    assert result.code == 1
    assert f"nobody's {origin} default: There is no provider" in result.out
    site.login.expire()
    result = await toolkit.run("session", "check")
    assert result.code == 3
    assert f"openassistant {origin} default: Nobody is signed in." in result.out
    result = await toolkit.run("session", "check", "--base-url", f"{aura[1]}/")
    assert (result.code, result.out.count("\n")) == (0, 1)


async def test_a_site_that_does_not_answer_is_given_up(toolkit: Toolkit) -> None:
    """With the option that gives it more time; another site's answer is told all the same."""
    closing = asyncio.Event()

    async def never(_: web.Request) -> web.Response:
        await closing.wait()
        return web.Response()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="<textarea></textarea>", content_type="text/html")

    silent, good = web.Application(), web.Application()
    silent.router.add_get("/{path:.*}", never)
    good.router.add_get("/{path:.*}", answer)
    async with serve(silent) as origin, serve(good) as other:
        for one in (origin, other):
            await toolkit.keep(BrowserSession(provider="aura", origin=one, headers={"user-agent": "Kept/1"}))
        given_up = "within 4 s (deadline `total`). `--timeout total=SECONDS` gives it more time."
        result = await toolkit.run("session", "check", "--timeout", "4")
        assert (result.code, result.err) == (1, "")
        assert f"aura {origin} default: This was not done {given_up}\n" in result.out
        assert f"aura {other} default: ok" in result.out
        result = await toolkit.run("session", "check", "aura", "--base-url", origin, "--timeout", "total=0.5,connect=9")
        assert result.code == 1
        assert "This was not done within 0.5 s" in result.err
        report = await toolkit.run("doctor", "--online", "--timeout", "0.5", env=toolkit.without_browser())
        assert report.out.startswith("about")
        assert "no result within 0.5 s" in " ".join(report.out.split())
        closing.set()


def test_nothing_to_check_is_no_success(call: Call) -> None:
    """A CI job whose store is empty by mistake is told."""
    result = call("session", "check")
    assert (result.code, result.out) == (3, "")
    assert "There is no session." in result.err


async def test_a_session_of_a_secret_is_checked(toolkit: Toolkit, assistant: Assistant) -> None:
    """The one that TOOLKIT_SESSION_OPENASSISTANT holds, as exported, is asked for in the place of a stored one."""
    _, origin = assistant
    where = ("openassistant", "--base-url", origin)
    secret = (await toolkit.run("session", "export", *where)).out
    await toolkit.run("session", "rm", *where)
    assert (await toolkit.run("session", "check", *where)).code == 3
    result = await toolkit.run("session", "check", *where, env={"TOOLKIT_SESSION_OPENASSISTANT": secret})
    assert result.code == 0
    assert result.out.startswith("openassistant: ok, signed in as ada")
    result = await toolkit.run("session", "check", env={"TOOLKIT_SESSION_OPENASSISTANT": secret})
    assert result.code == 3
    assert "There is no stored session. `toolkit session check openassistant` asks about the other." in result.err
    foreign = {"TOOLKIT_SESSION_OPENASSISTANT": secret.replace("next-auth", "other")}
    result = await toolkit.run("session", "check", *where, env=foreign)
    assert (result.code, result.out) == (1, "")
    assert f"TOOLKIT_SESSION_OPENASSISTANT has no login of {origin}; its other cookies are of 127.0.0.1." in result.err


async def test_a_session_is_renewed(toolkit: Toolkit, assistant: Assistant) -> None:
    """A visit without a window, also where the address that is named only leads to the site's own; what results is kept
    and is newer. The last check is that of the new session, which stays known as bound to its browser, though the site
    asks for no key again."""
    _, origin = assistant
    key = Key("openassistant", origin)
    before = await toolkit.store.load(key)
    assert before is not None
    await toolkit.keep(replace(before, device_bound=True, last_check=LastCheck("refused", 5.0)))

    async def moved(request: web.Request) -> web.StreamResponse:
        raise web.HTTPMovedPermanently(origin + request.path_qs)

    old = web.Application()
    old.router.add_get("/{path:.*}", moved)
    async with serve(old, "localhost") as typed:
        result = await toolkit.run("session", "refresh", "openassistant", "--base-url", typed)
    assert (result.code, result.errors) == (0, [])
    assert f"{typed} leads to {origin}" in result.err
    assert result.out.startswith(f"openassistant: renewed the session for {origin}, good until ")
    after = await toolkit.store.load(key)
    assert after is not None
    assert after.harvested_at > before.harvested_at
    assert after.device_bound
    assert after.last_check is not None
    assert after.last_check.state == "ok"
    assert after.identity == "ada"
    assert after.visit_seconds > 0


async def test_what_cannot_be_renewed_stays(toolkit: Toolkit, assistant: Assistant) -> None:
    """Where the site wants a login: exit code 3, the command for it, and the session as it was."""
    site, origin = assistant
    kept = await toolkit.store.sessions()
    site.login.expire()
    result = await toolkit.run("session", "refresh", "openassistant", "--base-url", origin)
    assert (result.code, result.out) == (3, "")
    assert f"`toolkit login openassistant --base-url {origin}`" in result.err
    assert await toolkit.store.sessions() == kept


async def test_browser_and_store_can_be_named(toolkit: Toolkit, aura: Aura) -> None:
    """`chat` takes the session from the store that is named, and `refresh` the profile, as the other commands do."""
    _, origin = aura
    elsewhere = {**toolkit.without_browser(), "TOOLKIT_STORE": f"file:{toolkit.folder / 'elsewhere'}"}
    here = ("--base-url", origin, "--store", f"file:{toolkit.store.folder}")
    result = await toolkit.run("chat", "aura", "Hi", *here, env=elsewhere)
    assert (result.code, result.err) == (0, "")
    profiles = {"default": "mine", "profiles": {"mine": {"executable_path": "/nowhere"}, "other": {}}}
    browsers = toolkit.file("mine.json", profiles)
    result = await toolkit.run("session", "refresh", "aura", *here, "--browsers", browsers, "--profile", "mine")
    assert result.code == 1
    assert "There is no program at '/nowhere'" in result.err
    result = await toolkit.run("session", "refresh", "aura", *here, "--browsers", browsers, "--profile", "other")
    assert (result.code, result.errors) == (0, [])
    assert result.out.startswith(f"aura: the site still takes, but has not renewed, the session for {origin}, no ")
