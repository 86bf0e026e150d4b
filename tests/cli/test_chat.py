"""`toolkit chat` with one question: where the prompt comes from, what reaches the site, what is printed and when."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Call, Toolkit
from tests.sites.asking import SECONDS
from tests.sites.aura import AuraSite
from tests.sites.openassistant import OpenAssistantSite
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession

Aura = tuple[AuraSite, str]
Assistant = tuple[OpenAssistantSite, str]
CHAT = "/api/chat"


async def test_a_question_is_answered(toolkit: Toolkit, aura: Aura) -> None:
    """The answer goes to stdout, with a line's end and nothing else; stderr stays empty; exit code 0."""
    site, origin = aura
    result = await toolkit.run("chat", "aura", "Why is the sky blue?", "--base-url", origin)
    assert result == (0, "".join(site.answer) + "\n", "")
    (call,) = site.calls(CHAT)
    assert call.body["messages"] == [{"role": "user", "content": "Why is the sky blue?"}]


async def test_a_lines_end_is_not_doubled(toolkit: Toolkit, aura: Aura) -> None:
    """An answer that ends its last line itself is printed as it is."""
    site, origin = aura
    site.answer = ["one\n", "two\n"]
    assert (await toolkit.run("chat", "aura", "Hi", "--base-url", origin)).out == "one\ntwo\n"


@pytest.mark.parametrize("dash", [True, False])
async def test_a_prompt_can_be_piped(toolkit: Toolkit, aura: Aura, dash: bool) -> None:
    """From stdin where the prompt is `-` or missing; UTF-8 whatever the locale says, without blanks around it."""
    site, origin = aura
    prompt = ("-",) if dash else ()
    latin = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    text = "\n Grüße,\nмир 👋\n\n"
    result = await toolkit.run("chat", "aura", *prompt, "--base-url", origin, stdin=text, env=latin)
    assert result.code == 0
    assert site.calls(CHAT)[0].body["messages"][0]["content"] == text.strip()


async def test_what_is_piped_can_go_with_a_prompt(toolkit: Toolkit, aura: Aura) -> None:
    """After it, with a `-` in the second place; without that `-` a note says that it was not read."""
    site, origin = aura
    result = await toolkit.run("chat", "aura", "Summarise:", "-", "--base-url", origin, stdin="one\ntwo\n")
    assert (result.code, result.err) == (0, "")
    assert site.calls(CHAT)[0].body["messages"][0]["content"] == "Summarise:\n\none\ntwo"
    result = await toolkit.run("chat", "aura", "Summarise:", "--base-url", origin, stdin="one\ntwo\n")
    assert (result.code, site.calls(CHAT)[1].body["messages"][0]["content"]) == (0, "Summarise:")
    told = "note: what is piped in was not read; a - after the prompt adds it\n"
    assert result.err == (told if os.name == "posix" else "")


async def test_stdin_that_never_ends_is_not_waited_for(toolkit: Toolkit, aura: Aura) -> None:
    """A prompt as argument is all that a command needs: the pipe that a program was started with stays open."""
    _, origin = aura
    process = await toolkit.start("chat", "aura", "Hi", "--base-url", origin)
    async with asyncio.timeout(SECONDS):
        assert await process.wait() == 0
    assert process.stdin is not None
    process.stdin.close()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("-", "-"), "stdin is the prompt already"),
        (("Hi", "more"), "'more' comes after it: put the prompt in quotes"),
        (("Hi", "-", "more"), "put the prompt in quotes"),
    ],
)
def test_what_is_no_prompt(call: Call, args: tuple[str, ...], told: str) -> None:
    """A second word is a slip in quoting, which is told."""
    result = call("chat", "aura", *args)
    assert (result.code, result.out) == (2, "")
    assert told in result.err


@pytest.mark.parametrize(
    ("stdin", "told"),
    [(b"", "There is no prompt"), (b" \n", "There is no prompt"), (b"gr\xfc\xdfe", "not UTF-8 text (byte 2)")],
)
def test_what_is_piped_has_to_be_text(
    here: Path, call: Call, monkeypatch: pytest.MonkeyPatch, stdin: bytes, told: str
) -> None:
    """Nothing, or another encoding than UTF-8, is a usage error."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    result = call("chat", "aura")
    assert (result.code, result.out) == (2, "")
    assert told in result.err


async def test_the_options_reach_the_site(toolkit: Toolkit, aura: Aura) -> None:
    """Model, system message, temperature and length, as the site's protocol has them."""
    site, origin = aura
    options = ["--model", "openchat_v3.2_mistral", "--system", "Be brief.", "--temperature", "0.25"]
    result = await toolkit.run("chat", "aura", "Hi", *options, "--max-tokens", "7777", "--base-url", origin)
    (call,) = site.calls(CHAT)
    assert call.body["prompt"] == "Be brief."
    assert call.body["temperature"] == 0.25
    assert (call.body["model"]["id"], call.body["model"]["tokenLimit"]) == ("openchat_v3.2_mistral", 7777)
    assert "note: --max-tokens is at aura the room for the whole conversation at the site" in result.err


async def test_an_account_has_its_own_session(toolkit: Toolkit, aura: Aura) -> None:
    """`--account` chooses among the sessions that are kept for a site."""
    site, origin = aura
    headers = {"user-agent": "Work/1"}
    await toolkit.keep(BrowserSession(provider="aura", origin=origin, account="at work", headers=headers))
    await toolkit.run("chat", "aura", "Hi", "--base-url", origin)
    await toolkit.run("chat", "aura", "Hi", "--base-url", origin, "--account", "at work")
    assert [call.headers["User-Agent"] for call in site.calls(CHAT)] == ["Kept/1", "Work/1"]


async def test_calls_go_through_the_proxy(toolkit: Toolkit) -> None:
    """`--proxy` is the way to the site, with user and password where it asks for them."""
    site = AuraSite()
    await toolkit.keep(BrowserSession(provider="aura", origin="http://chat.example.org"))
    async with LocalNetwork(apps={"chat.example.org": site.app()}, proxy_auth=("me", "p@ss")) as network:
        proxy = network.route.proxy or ""
        where = ("--base-url", "http://chat.example.org", "--proxy", proxy)
        result = await toolkit.run("chat", "aura", "Hi", "-m", "openchat_3.6", *where)
    assert (result.code, result.err) == (0, "")
    assert [(logged.method, logged.url) for logged in network.log] == [("POST", "http://chat.example.org/api/chat")]


async def test_events_are_json_lines(toolkit: Toolkit, assistant: Assistant) -> None:
    """With `--json` each event is an object on a line of its own: the queue, the text, the end."""
    site, origin = assistant
    site.answer = ["a\nb", "\u2028👋"]
    site.script.queue = [(2, 3), (1, 3)]
    result = await toolkit.run("chat", "openassistant", "Hi", "--json", "--base-url", origin)
    assert [json.loads(line) for line in result.out.split("\n")[:-1]] == [
        {"type": "queued", "position": 2, "size": 3},
        {"type": "queued", "position": 1, "size": 3},
        {"type": "text", "text": "a\nb"},
        {"type": "text", "text": "\u2028👋"},
        {"type": "finished", "reason": "stop"},
    ]
    assert "👋" in result.out
    assert not site.open_chats


@pytest.mark.parametrize("as_json", [False, True])
async def test_pieces_are_printed_as_they_arrive(toolkit: Toolkit, aura: Aura, as_json: bool) -> None:
    """What has arrived can be read from the pipe while the site still holds the rest back."""
    site, origin = aura
    site.answer, site.hold_after = ["first", " second"], 1
    process = await toolkit.start("chat", "aura", "Hi", "--base-url", origin, *(["--json"] if as_json else []))
    assert process.stdout is not None
    first = b'{"type": "text", "text": "first"}\n' if as_json else b"first"
    async with asyncio.timeout(SECONDS):
        assert await process.stdout.readexactly(len(first)) == first
        assert process.returncode is None
        site.hold_after = None
        rest = await process.stdout.read()
    assert b" second" in rest
    assert await process.wait() == 0


async def test_what_had_arrived_is_printed_before_the_error(toolkit: Toolkit, aura: Aura) -> None:
    """An answer that breaks off: its text on stdout, the reason on stderr, exit code 1."""
    site, origin = aura
    site.answer, site.ending = ["half an "], "cut"
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", origin)
    assert (result.code, result.out) == (1, "half an ")
    assert "The connection broke before the answer was complete." in result.err


async def test_an_error_never_joins_the_line_of_an_answer(toolkit: Toolkit, aura: Aura) -> None:
    """Where stdout and stderr are one pipe; the answer itself is left as it is."""
    site, origin = aura
    site.answer, site.ending = ["half an "], "cut"
    process = await toolkit.start("chat", "aura", "Hi", "--base-url", origin, stderr=asyncio.subprocess.STDOUT)
    async with asyncio.timeout(SECONDS):
        out, _ = await process.communicate()
    assert out.decode().startswith("half an \nerror: aura: The connection broke")


async def test_a_pipe_gets_the_answer_as_it_is(toolkit: Toolkit, aura: Aura) -> None:
    """With what a terminal would take for colours, too."""
    site, origin = aura
    site.answer = ["\x1b[31mred\x1b[0m \x07"]
    assert (await toolkit.run("chat", "aura", "Hi", "--base-url", origin)).out == "\x1b[31mred\x1b[0m \x07\n"


async def test_a_setting_that_the_site_cannot_be_told_is_said(toolkit: Toolkit) -> None:
    """What a provider has no place for in its protocol is noted, not swallowed."""
    result = await toolkit.run(
        "chat", "aichatonline", "Hi", "-t", "1", "--max-tokens", "9", "-m", "big", env=toolkit.without_browser()
    )
    notes = [line for line in result.err.splitlines() if line.startswith("note: ")]
    assert notes == [
        "note: aichatonline cannot be told --model, and answers with its own",
        "note: aichatonline cannot be told --temperature",
        "note: aichatonline cannot be told --max-tokens",
    ]


# --- stdout as it can be


@pytest.mark.skipif(os.name != "posix", reason="pipes as POSIX has them")
async def test_a_reader_that_has_seen_enough_is_no_error(toolkit: Toolkit, aura: Aura) -> None:
    """`| head -c 1`: the call is given up, nothing is said, and the exit code is 1."""
    site, origin = aura
    site.hold_after = 1
    reading, writing = os.pipe()
    process = await toolkit.start("chat", "aura", "Hi", "--base-url", origin, stdout=writing)
    os.close(writing)
    assert await asyncio.to_thread(os.read, reading, 1) == b"H"
    os.close(reading)
    site.hold_after = None
    async with asyncio.timeout(SECONDS):
        _, err = await process.communicate()
    assert (process.returncode, err) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
async def test_a_full_disk_is_said(toolkit: Toolkit, aura: Aura) -> None:
    """Where the answer cannot be written, that is what is said: it is no bug."""
    full = os.open("/dev/full", os.O_WRONLY)
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", aura[1], stdout=full)
    os.close(full)
    assert (result.code, result.err) == (1, "error: No space left on device.\n")


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
async def test_a_closed_stream_is_no_bug(toolkit: Toolkit, aura: Aura, closed: str) -> None:
    """Run by something that gives it no stdin, no stdout or no stderr, the command does its work all the same."""
    site, origin = aura
    script = f'"$0" -m toolkit chat aura Hi --base-url "$1" {closed}'
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", script, sys.executable, origin),
        env=toolkit.environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert out.decode() == ("" if closed == ">&-" else "".join(site.answer) + "\n")


ASCII = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}


async def test_any_terminal_gets_an_answer(toolkit: Toolkit, aura: Aura) -> None:
    """What stdout's encoding cannot show becomes a question mark. (One that claims ASCII is given UTF-8, by click.)"""
    site, origin = aura
    site.answer = ["Käse ", "👋"]
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", origin, env={"PYTHONIOENCODING": "cp437"})
    assert (result.code, result.out, result.err) == (0, b"K\x84se ?\n".decode("utf-8", "replace"), "")
    result = await toolkit.run("chat", "aura", "Hi", "--base-url", origin, env=ASCII)
    assert (result.code, result.out, result.err) == (0, "Käse 👋\n", "")


@pytest.mark.parametrize("encoding", ["ascii", "cp437"])
async def test_json_loses_nothing_in_any_encoding(toolkit: Toolkit, aura: Aura, encoding: str) -> None:
    """What stdout's encoding may not have is escaped, as JSON allows."""
    site, origin = aura
    site.answer = ["Käse ", "👋"]
    env = {"PYTHONIOENCODING": encoding}
    result = await toolkit.run("chat", "aura", "Hi", "--json", "--base-url", origin, env=env)
    texts = [json.loads(line).get("text", "") for line in result.out.splitlines()]
    assert "".join(texts) == "Käse 👋"


async def test_an_error_can_be_told_in_ascii(toolkit: Toolkit) -> None:
    """A message about a name in another alphabet reaches an ASCII stderr."""
    result = await toolkit.run("chat", "аура", "Hi", env={"LC_ALL": "C", **ASCII})
    assert result.code == 2
    assert "There is no provider" in result.err


@pytest.mark.skipif(os.name != "posix", reason="arguments as bytes")
async def test_a_prompt_that_is_no_text_is_refused(toolkit: Toolkit) -> None:
    """Bytes of another encoding than the terminal's are a usage error, told before anything is done."""
    result = await toolkit.run("chat", "aura", b"gr\xfc\xdfe")  # type: ignore[arg-type]
    assert (result.code, result.out) == (2, "")
    assert "not text in this terminal's encoding" in result.err
