"""`toolkit models`: what the site says, remembered for an hour, and harmless on a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Call, Toolkit
from tests.sites.base import Refusal
from tests.sites.openwebui import OpenWebUISite

Site = tuple[OpenWebUISite, str]
MODELS = "/api/models"


async def test_the_models_are_those_of_the_site(toolkit: Toolkit, webui: Site) -> None:
    """One a line, the default first; another process knows them for an hour, unless it is to ask."""
    stand_in, origin = webui
    command = ("models", "openwebui", "--base-url", origin)
    for _ in range(2):
        result = await toolkit.run(*command)
        assert (result.code, result.out.split(), result.err) == (0, list(stand_in.models), "")
    result = await toolkit.run(*command, "--json")
    assert json.loads(result.out) == list(stand_in.models)
    assert len(stand_in.calls(MODELS)) == 1
    stand_in.models = ("new",)
    assert (await toolkit.run(*command, "--refresh")).out == "new\n"
    assert (await toolkit.run(*command)).out == "new\n"
    assert len(stand_in.calls(MODELS)) == 2


async def test_lists_are_kept_apart(toolkit: Toolkit, webui: Site) -> None:
    """Another account at the same deployment is asked for by itself."""
    stand_in, origin = webui
    await toolkit.run("models", "openwebui", "--base-url", origin)
    result = await toolkit.run(
        *("models", "openwebui", "--base-url", origin, "--account", "other"), env=toolkit.without_browser()
    )
    assert (result.code, result.out) == (1, "")
    assert len(stand_in.calls(MODELS)) == 1


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"asked_at": "x"}', b'{"asked_at": 99999999999, "models": []}']
)
async def test_a_file_that_is_no_list_is_asked_for_again(toolkit: Toolkit, webui: Site, content: bytes) -> None:
    """Whatever has become of it; so is one from the future. It holds for nobody but its owner."""
    _, origin = webui
    command = ("models", "openwebui", "--base-url", origin)
    first = await toolkit.run(*command)
    (file,) = (path for path in toolkit.folder.rglob("*.json") if path.parent.name == "models")
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(content)
    assert await toolkit.run(*command) == first


async def test_names_do_nothing_to_a_terminal(toolkit: Toolkit, webui: Site) -> None:
    """Control characters of the site's are shown as such; JSON has them escaped."""
    stand_in, origin = webui
    stand_in.models = ("a\x1b]0;title\x07b", "c\x9b2J")
    result = await toolkit.run("models", "openwebui", "--base-url", origin)
    assert result.out == "a\ufffd]0;title\ufffdb\nc\ufffd2J\n"
    result = await toolkit.run("models", "openwebui", "--base-url", origin, "--json")
    assert "\x1b" not in result.out
    assert json.loads(result.out) == list(stand_in.models)


async def test_a_model_that_there_is_not(toolkit: Toolkit, webui: Site) -> None:
    """The site's own words, and a command that lists what there is, as it stands there, also where an old list was
    remembered."""
    stand_in, origin = webui
    await toolkit.run("models", "openwebui", "--base-url", origin)
    stand_in.models = ("new",)
    result = await toolkit.run("chat", "openwebui", "Hi", "--model", "old", "--base-url", origin)
    assert (result.code, result.out) == (1, "")
    assert "Model not found" in result.err
    command = result.err.split("`")[1]
    assert (await toolkit.run(*command.split()[1:])).out == "new\n"


@pytest.mark.parametrize(
    ("refusal", "code", "told"),
    [
        (Refusal(401, '{"detail": "401 Unauthorized"}'), 3, "toolkit login openwebui"),
        (Refusal(500, "Error"), 1, "answered 500"),
    ],
)
async def test_a_list_that_cannot_be_had(toolkit: Toolkit, webui: Site, refusal: Refusal, code: int, told: str) -> None:
    """It is an error, and nothing is remembered."""
    stand_in, origin = webui
    stand_in.refusals[MODELS] = refusal
    stand_in.expire()
    result = await toolkit.run("models", "openwebui", "--base-url", origin)
    assert (result.code, result.out) == (code, "")
    assert told in result.err
    assert not list(toolkit.folder.rglob("models/*.json"))


@pytest.mark.parametrize(
    ("provider", "out", "note"),
    [
        ("aichatonline", "gpt-4o-mini\n", "note: aichatonline has no list of its models, these are known\n"),
        ("codelinkava", "", "note: codelinkava has no list of its models, and none are known\n"),
    ],
)
def test_a_site_without_a_list(call: Call, here: Path, provider: str, out: str, note: str) -> None:
    """The known models, with a note; nobody is asked, and no session is needed."""
    assert call("models", provider) == (0, out, note)
