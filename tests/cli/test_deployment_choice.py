"""Without `--base-url`, where the public site is closed: the only deployment with a session, and a note."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Toolkit
from tests.cli.test_session import NAME, session
from tests.sites.openassistant import OpenAssistantSite
from toolkit.session.browser_session import BrowserSession
from toolkit.session.formats import conversion
from toolkit.stores.base import Key

Assistant = tuple[OpenAssistantSite, str]
COMMANDS = [("session", "show"), ("session", "export"), ("session", "check"), ("chat",)]
HEADER = f"Cookie: {NAME}=x"


def note(origin: str) -> str:
    return f"note: at {origin}, the only deployment that you have a session for\n"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
async def test_the_only_deployment_is_meant(toolkit: Toolkit, assistant: Assistant, command: tuple[str, ...]) -> None:
    """Every command that looks at one session takes it, and says on stderr that it does; with it named, nothing."""
    _, origin = assistant
    prompt = ("Hi",) if command == ("chat",) else ()
    for named, told in (((), note(origin)), (("--base-url", origin), "")):
        result = await toolkit.run(*command, "openassistant", *prompt, *named)
        assert (result.code, result.err) == (0, told)


async def test_the_account_tells_the_deployment(toolkit: Toolkit) -> None:
    """Of several deployments the one that the account is at; an account that is new is where the others are."""
    for account, site in (("ada", "https://one.example"), ("bob", "https://two.example")):
        await toolkit.keep(session(account, origin=site))
    result = await toolkit.run("session", "show", "openassistant", "--account", "bob")
    assert (result.code, result.err) == (0, note("https://two.example"))
    result = await toolkit.run("session", "rm", "openassistant", "--account", "ada")
    assert (result.code, result.err) == (0, note("https://one.example"))
    result = await toolkit.run("session", "show", "openassistant", "--account", "new")
    assert result.code == 3
    assert "`toolkit login openassistant --base-url https://two.example --account new`" in result.err


@pytest.mark.parametrize("command", [*COMMANDS, ("session", "import"), ("harvest",)], ids=" ".join)
async def test_of_several_one_has_to_be_named(toolkit: Toolkit, command: tuple[str, ...]) -> None:
    """The error names them, and the option; nothing is visited."""
    for site in ("https://one.example", "https://two.example"):
        await toolkit.keep(session(origin=site))
    prompt = ("Hi",) if command == ("chat",) else ()
    result = await toolkit.run(*command, "openassistant", *prompt, stdin=HEADER)
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "error: openassistant: You have sessions for several deployments: https://one.example, https://two.example. "
        "Name one with --base-url.\n"
    )


async def test_a_replay_is_where_its_recording_says(toolkit: Toolkit) -> None:
    """What is stored is none of its business."""
    await toolkit.keep(BrowserSession(provider="aura", origin="https://own.example"))
    result = await toolkit.run("harvest", "aura", "--replay")
    assert result.code == 0
    assert "own.example" not in result.err


async def test_a_secret_tells_its_deployment(toolkit: Toolkit, assistant: Assistant) -> None:
    """The session of the environment comes before what is stored, which may be of anywhere."""
    _, origin = assistant
    secret = (await toolkit.run("session", "export", "openassistant", "--base-url", origin)).out
    await toolkit.keep(session())
    result = await toolkit.run("session", "check", "openassistant", env={"TOOLKIT_SESSION_OPENASSISTANT": secret})
    assert result.code == 0
    assert result.err.startswith(f"note: at {origin}, which TOOLKIT_SESSION_OPENASSISTANT is for\n")


async def test_a_secret_that_is_no_session_is_told_as_that(toolkit: Toolkit) -> None:
    """Not as a deployment that is missing, also for a provider without a public site."""
    for command in (("session", "check", "openwebui"), ("chat", "openwebui", "Hi")):
        result = await toolkit.run(*command, env={"TOOLKIT_SESSION_OPENWEBUI": "hush-hush"})
        assert result.code == 1
        assert "TOOLKIT_SESSION_OPENWEBUI: " in result.err
        assert "--base-url" not in result.err
        assert "hush" not in result.err


# --- import


async def test_what_is_imported_may_tell_its_deployment(toolkit: Toolkit, assistant: Assistant) -> None:
    """What `export` has written goes where it came from, whatever else is stored."""
    _, origin = assistant
    text = (await toolkit.run("session", "export", "openassistant", "--base-url", origin)).out
    await toolkit.store.delete(Key("openassistant", origin))
    await toolkit.keep(session())
    result = await toolkit.run("session", "import", "openassistant", stdin=text)
    assert (result.code, result.out[:50]) == (0, f"openassistant: imported a session for {origin}"[:50])
    assert await toolkit.store.load(Key("openassistant", origin)) is not None


async def test_what_does_not_tell_it_goes_to_the_only_one(toolkit: Toolkit) -> None:
    """A header says nothing: it is for the only deployment; where there is none yet, one has to be named."""
    result = await toolkit.run("session", "import", "openassistant", stdin=HEADER)
    assert (result.code, result.out) == (2, "")
    assert result.errors == [
        "error: openassistant: This does not tell which deployment it is for. Name it: --base-url URL."
    ]
    site = "https://own.example"
    await toolkit.keep(session(origin=site))
    result = await toolkit.run("session", "import", "openassistant", stdin=HEADER)
    assert result.code == 0
    assert result.err.startswith(note(site))
    kept = await toolkit.store.load(Key("openassistant", site))
    assert kept is not None
    assert conversion.serialize(kept, "cookie-header", now=0) == f"{HEADER}\n"


@pytest.mark.parametrize(
    "command",
    [("chat", "gradio", "Hi"), ("login", "gradio"), ("harvest", "gradio"), ("session", "check", "gradio"),
     ("session", "show", "gradio"), ("session", "export", "gradio"), ("record", "gradio", "Hi", "-o", "a.har")],
    ids=lambda command: " ".join(command[:2]),
)  # fmt: skip
async def test_a_provider_without_a_public_site(toolkit: Toolkit, command: tuple[str, ...]) -> None:
    """Its deployment has to be named, and the option is told; no browser is started to find that out. The only
    deployment with a session is meant, here as elsewhere."""
    result = await toolkit.run(*command, env=toolkit.without_browser())
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "error: gradio: There is no public site of it, each deployment is somebody's own. "
        "Name the one that is meant: `--base-url`.\n"
    )
    origin = "http://127.0.0.1:9"
    await toolkit.keep(BrowserSession(provider="gradio", origin=origin, headers={"user-agent": "x"}))
    result = await toolkit.run(*command, env=toolkit.without_browser())
    assert note(origin) in result.err
    assert "There is no public site" not in result.err
