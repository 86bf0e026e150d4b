"""What a question goes with: `--option`, for what only its provider knows, in `toolkit chat` and `toolkit record`."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from tests.cli.conftest import Call, Toolkit
from tests.recording.helpers import without_page
from tests.sites.openwebui import OpenWebUISite
from toolkit.recording.files import load

WebUI = tuple[OpenWebUISite, str]
CHAT = "/api/chat/completions"
GRADIO = Path(str(files("toolkit") / "recording" / "demos" / "gradio.har"))


def notes(err: str) -> list[str]:
    return [line for line in err.splitlines() if "option" in line]


async def test_options_reach_the_site(toolkit: Toolkit, webui: WebUI) -> None:
    """JSON as what it means, all else as text, also what holds an `=` itself; a note says which are not known here."""
    site, origin = webui
    told = ("-o", "top_k=3", "--option", 'stop=["a=b", null]', "-o", "name=ada=x", "-o", "none=", "-o", "odd=NaN")
    result = await toolkit.run("chat", "openwebui", "Hi", "--base-url", origin, *told, "-o", 'digits="7"', "-t", "1")
    assert (result.code, result.out) == (0, "".join(site.answer) + "\n")
    (call,) = site.calls(CHAT)
    given = {"top_k": 3, "stop": ["a=b", None], "name": "ada=x", "none": "", "odd": "NaN", "digits": "7"}
    own = ("model", "stream", "messages", "stream_options")
    assert {name: value for name, value in call.body.items() if name not in own} == {**given, "temperature": 1.0}
    assert result.err.splitlines() == [
        f"note: openwebui does not know the option {name}, and passes it on as it is"
        for name in ("name", "none", "odd", "digits")
    ]


async def test_options_go_with_json(toolkit: Toolkit, webui: WebUI) -> None:
    """Notes stay on stderr."""
    site, origin = webui
    result = await toolkit.run("chat", "openwebui", "Hi", "--base-url", origin, "--json", "-o", "top_k=3")
    assert "".join(json.loads(line).get("text", "") for line in result.out.splitlines()) == "".join(site.answer)
    assert site.calls(CHAT)[0].body["top_k"] == 3


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("top_k",), "'top_k' has no '=': write NAME=VALUE."),
        (("=3",), "'=3' has no name before its '='."),
        ((" =3",), "' =3' has no name before its '='."),
        (("top_k=3", "top_k=4"), "'top_k' is there twice."),
        (("temperature=1",), "'temperature' has an option of its own: --temperature."),
        (("model=x",), "'model' has an option of its own: --model."),
        (("max-tokens=1",), "'max-tokens' has an option of its own: --max-tokens."),
        (("base_url=https://chat.example.org",), "'base_url' has an option of its own: --base-url."),
        (("proxy=http://127.0.0.1:1",), "'proxy' has an option of its own: --proxy."),
        (("messages=[]",), "'messages' is no option of a call."),
        (("self=1",), "'self' is no option of a call."),
    ],
)
@pytest.mark.parametrize("command", [("chat", "aura", "Hi"), ("record", "aura", "Hi", "--output", "a.har")])
def test_what_is_no_option(call: Call, command: tuple[str, ...], options: tuple[str, ...], told: str) -> None:
    """One line that says what is wrong with which, and exit code 2, before anything is done."""
    result = call(*command, *(word for option in options for word in ("--option", option)))
    assert (result.code, result.out) == (2, "")
    assert re.fullmatch(r"error: Invalid value for '--option'.*: .*\n", result.err)
    assert told in result.err


async def test_options_go_with_replay(toolkit: Toolkit, tmp_path: Path) -> None:
    """A provider that knows its own, or asks its site for them, says which there are; what it knows needs no note."""
    replayed = ("chat", "gradio", f"--replay={without_page(GRADIO, tmp_path)}")
    result = await toolkit.run(*replayed, "-o", "fn=reply")
    assert (result.code, result.errors, notes(result.err)) == (0, [], [])
    assert result.out == (await toolkit.run(*replayed)).out
    result = await toolkit.run(*replayed, "-o", "fn=nobody")
    assert (result.code, result.out) == (2, "")
    assert result.errors[0].startswith("error: gradio: The app has no function of that name. Name one of its functions")
    assert "`--option fn=NAME`: reply" in result.errors[0]
    result = await toolkit.run(*replayed, "-o", "colour=blue")
    assert (result.code, result.out, notes(result.err)) == (2, "", [])
    assert result.errors[0].startswith("error: gradio: The app does not take colour. Besides the message: ")


async def test_what_is_recorded_goes_with_the_same(toolkit: Toolkit, webui: WebUI) -> None:
    """`toolkit record` takes the settings of `toolkit chat`, and a replay knows them."""
    site, origin = webui
    how = ("--model", site.models[1], "-t", "0.5", "--max-tokens", "9", "--option", "colour=3", "--base-url", origin)
    result = await toolkit.run("record", "openwebui", "Hi", "-o", "a.har", *how)
    assert (result.code, result.out) == (0, "".join(site.answer) + "\n"), result.err
    assert "note: openwebui does not know the option colour, and passes it on as it is" in result.err
    body = site.calls(CHAT)[0].body
    assert (body["model"], body["temperature"], body["max_tokens"], body["colour"]) == (site.models[1], 0.5, 9, 3)
    assert load(toolkit.folder / "a.har").chat is not None
    result = await toolkit.run("chat", "openwebui", *how, "--replay=a.har")
    assert (result.code, result.out) == (0, "".join(site.answer) + "\n"), result.err
    result = await toolkit.run("chat", "openwebui", *how[:-4], "--option", "colour=4", "--replay=a.har")
    assert "body.colour: recorded 3, got 4" in result.errors[0]
