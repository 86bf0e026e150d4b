"""`toolkit record`: the answer on stdout as `toolkit chat` prints it, everything of its own on stderr."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Toolkit
from tests.cli.pseudo_terminal import terminal
from tests.sites.aura import AuraSite
from tests.sites.base import Refusal
from tests.sites.openwebui import OpenWebUISite
from tests.sites.serving import serve
from toolkit.cli.exit_codes import ExitCode
from toolkit.client.client import Client
from toolkit.recording.files import load, save
from toolkit.recording.recorder import Recorder
from toolkit.session.browser_session import BrowserSession

Aura = tuple[AuraSite, str]
WebUI = tuple[OpenWebUISite, str]
ASKED = ("--model", "mistral-small", "--temperature", "0.5", "--option", "top_p=0.9", "--system", "Be short.")


@pytest.fixture
async def webui_recording(tmp_path: Path) -> Path:
    """A recording of a question with all that it can be asked with, made without a visit."""
    site, recorder, path = OpenWebUISite(), Recorder(), tmp_path / "webui.har"
    async with serve(site.app()) as origin:
        session = BrowserSession.from_cookie_values("openwebui", origin, {"token": site.new_token()})
        client = Client("openwebui", base_url=origin, session=session, recorder=recorder)
        messages = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"}]
        await client.chat(messages, model="mistral-small", temperature=0.5, top_p=0.9).text()
    save(recorder.recording("a test"), path)
    return path


def answer_line(err: str) -> str:
    """The last line of stderr, as it is pasted into a test."""
    name, _, literal = err.splitlines()[-1].partition("=")
    assert name == "answer"
    return str(ast.literal_eval(literal))


async def test_the_answer_is_all_of_stdout(toolkit: Toolkit, aura: Aura) -> None:
    """What the command says itself are notes, and at the end the answer as a line that a test has."""
    site, origin = aura
    site.answer = ['a "quoted"', " back\\slash\n", "and\u200b 😀 \x7f"]
    result = await toolkit.run("record", "aura", "Hi", "-o", "a.har", "--base-url", origin)
    assert (result.code, result.errors[:-1]) == (0, [])
    assert result.out == "".join(site.answer) + "\n"
    entries = load(toolkit.folder / "a.har").entries
    visit = sum(isinstance(entry.pageref, str) for entry in entries)
    told = f"note: recorded in a.har: {len(entries)} exchanges, {visit} of them of the page"
    assert result.err.splitlines()[-2] == told
    assert answer_line(result.err) == "".join(site.answer)


async def test_a_file_that_is_there_is_kept(toolkit: Toolkit, aura: Aura) -> None:
    """An exit code of its own tells it from a recording that was made, and nothing is asked."""
    site, origin = aura
    (toolkit.folder / "a.har").write_text("mine", encoding="utf-8")
    result = await toolkit.run("record", "aura", "Hi", "-o", "a.har", "--base-url", origin)
    assert result == (6, "", "error: a.har is there already. `--mode all` records it anew.\n")
    assert (toolkit.folder / "a.har").read_text(encoding="utf-8") == "mine"
    assert site.requests == []


@pytest.mark.skipif(sys.platform == "win32", reason="has no such files")
@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("pipe", 1, "error: The recording pipe cannot be written: it is no regular file. Make room, or name a file "),
        ("-", 2, "error: Invalid value for '--output' / '-o': Name a file. "),
        ("", 2, "error: Invalid value for '--output' / '-o': Name a file. "),
    ],
)
async def test_what_cannot_be_written_is_told_before_anything_is_asked(
    toolkit: Toolkit, aura: Aura, name: str, code: int, told: str
) -> None:
    """A call that was made, and is not recorded, is lost."""
    site, origin = aura
    os.mkfifo(toolkit.folder / "pipe")
    result = await toolkit.run("record", "aura", "Hi", "-o", name, "--mode", "all", "--base-url", origin)
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith(told)
    assert site.requests == []
    assert (toolkit.folder / "pipe").is_fifo()


@pytest.mark.parametrize("prompt", ["", " \n"])
async def test_without_a_prompt_nothing_is_visited(toolkit: Toolkit, aura: Aura, prompt: str) -> None:
    """It is told before a browser starts."""
    site, origin = aura
    result = await toolkit.run("record", "aura", prompt, "-o", "a.har", "--base-url", origin)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: There is no prompt: give one as argument.")
    assert site.requests == []
    assert not (toolkit.folder / "a.har").exists()


async def test_a_terminal_shows_which_is_which(toolkit: Toolkit, aura: Aura) -> None:
    """The answer has lines of its own there as well, and below it a line says what is being done."""
    site, origin = aura
    async with terminal(toolkit, "record", "aura", "Hi", "-o", "a.har", "--base-url", origin) as shown:
        assert await shown.end() == 0
    answer, _, after = shown.screen.partition("note: recorded in a.har: ")
    assert f"{''.join(site.answer)}\n" in answer
    assert f"visiting {origin}" in answer
    assert "waiting for aura" in answer
    assert answer.endswith("writing a.har\n")
    assert after.splitlines()[1].startswith('answer="Hello, ')


async def test_a_recording_is_replayed_from_its_session(toolkit: Toolkit, webui: WebUI) -> None:
    """Of the page it has the document and what tells who is signed in, and no script; without a prompt all is asked
    again that was asked, and no browser is there."""
    site, origin = webui
    result = await toolkit.run("record", "openwebui", "Hi", "-o", "a.har", "--base-url", origin, *ASKED)
    assert result.code == 0, result.err
    asked = site.calls("/api/chat/completions")[-1].body
    assert (asked["model"], asked["temperature"], asked["top_p"]) == ("mistral-small", 0.5, 0.9)
    assert asked["messages"][0] == {"role": "system", "content": "Be short."}
    recording = load(toolkit.folder / "a.har")
    page = [entry.request.url for entry in recording.entries if isinstance(entry.pageref, str)]
    # The page may have asked who it is of before it was closed; the check of the session has, in any case.
    assert list(dict.fromkeys(page)) == [f"{origin}/", f"{origin}/api/v1/auths/"]
    nobody = toolkit.without_browser()
    again = await toolkit.run("chat", "openwebui", "--replay=a.har", env=nobody)
    assert (again.code, again.out, again.errors) == (0, "".join(site.answer) + "\n", [])
    check = ("replay", "a.har", "--no-strict", "--", sys.executable, "-m", "toolkit", "session", "check", "openwebui")
    checked = await toolkit.run(*check, env=nobody)
    assert (checked.code, checked.out.partition(",")[0]) == (0, "openwebui: ok")
    same = await toolkit.run("chat", "openwebui", "Hi", *ASKED, "--replay=a.har", env=nobody)
    assert (same.code, same.out) == (0, "".join(site.answer) + "\n")
    harvest = await toolkit.run("harvest", "openwebui", "--replay=a.har", env=nobody)
    assert harvest.code == 1
    assert harvest.errors == [
        "error: openwebui: No visit of the page is recorded. `toolkit chat openwebui --replay=a.har` asks with the "
        "session that the recording has. `toolkit record --page` records a visit."
    ]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (("Ho", *ASKED), "body.messages[1].content: recorded 'Hi', got 'Ho'"),
        (("Hi", *ASKED[2:]), "The question is not the recorded one: model: recorded 'mistral-small', got none. "),
        (("Hi", *ASKED[:-2]), "The question is not the recorded one: system: recorded 'Be short.', got none. "),
        (("Hi", *ASKED, "--max-tokens", "7"), "body.max_tokens: not recorded, got 7"),
        (("--temperature", "0.25"), "body.temperature: recorded 0.5, got 0.25"),
        (("--system", "Be long."), "body.messages[0].content: recorded 'Be short.', got 'Be long.'"),
    ],
)
async def test_what_is_asked_otherwise_is_told(
    toolkit: Toolkit, webui_recording: Path, other: tuple[str, ...], told: str
) -> None:
    """Another prompt, model, option or system prompt is an error with the difference, also where it leads to another
    request than the recorded one."""
    command = ("chat", "openwebui", *other, f"--replay={webui_recording}")
    result = await toolkit.run(*command, env=toolkit.without_browser())
    assert (result.code, result.out) == (1, "")
    (line,) = result.errors
    assert told in line


async def test_all_that_a_browser_needs(toolkit: Toolkit, webui: WebUI) -> None:
    """With `--page` the page's scripts are recorded too, so that a real browser visits it without the site."""
    site, origin = webui
    command = ("record", "openwebui", "Hi", "-o", "a.har", "--base-url", origin, "--page")
    assert (await toolkit.run(*command)).code == 0
    assert f"{origin}/app.js" in [entry.request.url for entry in load(toolkit.folder / "a.har").entries]
    asked = len(site.requests)
    result = await toolkit.run("harvest", "openwebui", "--replay=a.har")
    assert (result.code, result.errors) == (0, [])
    assert "  cookies: token\n" in result.out
    assert len(site.requests) == asked


def refuse_for_now(site: OpenWebUISite) -> None:
    site.refusals["/api/chat/completions"] = Refusal(429, '{"detail": "Slow down."}', "application/json")


def report_an_error(site: OpenWebUISite) -> None:
    site.error = {"message": "the upstream broke"}


def cut_the_connection(site: OpenWebUISite) -> None:
    site.ending = "cut"


def cut_the_answer(site: OpenWebUISite) -> None:
    site.finish = "content_filter"


@pytest.mark.parametrize(
    ("go_wrong", "code", "visits"),
    [
        (refuse_for_now, ExitCode.RATE_LIMITED, True),
        (report_an_error, ExitCode.ERROR, False),
        (cut_the_connection, ExitCode.ERROR, False),
        (cut_the_answer, ExitCode.ANSWER_TRUNCATED, False),
        (OpenWebUISite.expire, ExitCode.LOGIN_NEEDED, True),
    ],
)
async def test_a_call_that_fails_is_recorded(
    toolkit: Toolkit, webui: WebUI, go_wrong: Callable[[OpenWebUISite], None], code: ExitCode, visits: bool
) -> None:
    """The file is written, the error told, the exit code the error's; and its replay ends with the same error, with no
    browser. So after a visit of the page, as with a key, for which nothing is visited."""
    site, origin = webui
    if not visits:
        await toolkit.keep(BrowserSession(provider="openwebui", origin=origin, api_key=site.new_key()))
    go_wrong(site)
    result = await toolkit.run("record", "openwebui", "Hi", "-o", "a.har", "--base-url", origin)
    assert result.code == code
    recorded, error = result.err.splitlines()[-2:]
    assert recorded.startswith("note: recorded in a.har: ")
    assert error.startswith("error: openwebui: ")
    replayed = await toolkit.run("chat", "openwebui", "--replay=a.har", env=toolkit.without_browser())
    assert (replayed.code, replayed.out, replayed.errors) == (code, result.out, [error])


async def test_with_an_api_key_nothing_is_visited(toolkit: Toolkit, webui: WebUI) -> None:
    """The calls are recorded with a placeholder for it, and replayed with that."""
    site, origin = webui
    await toolkit.keep(BrowserSession(provider="openwebui", origin=origin, api_key=(key := site.new_key())))
    nobody = toolkit.without_browser()
    command = ("record", "openwebui", "Hi", "-o", "a.har", "--base-url", origin)
    assert (await toolkit.run(*command, env=nobody)).code == 0
    assert key not in (toolkit.folder / "a.har").read_text(encoding="utf-8")
    result = await toolkit.run("chat", "openwebui", "--replay=a.har", env=nobody)
    assert (result.code, result.out, result.errors) == (0, "".join(site.answer) + "\n", [])


async def test_nothing_is_written_where_nothing_was_asked(toolkit: Toolkit, webui: WebUI) -> None:
    """A visit that fails is no recording."""
    _, origin = webui
    command = ("record", "openwebui", "Hi", "-o", "a.har", "--base-url", origin)
    assert (await toolkit.run(*command, env=toolkit.without_browser())).code == 1
    assert not (toolkit.folder / "a.har").exists()
