"""`toolkit replay` and `toolkit recording`, as processes: other programs under replay, and looking into recordings."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli import forked
from tests.recording.helpers import SITE, entry, socket
from tests.sites.asking import SECONDS
from toolkit.cli import app
from toolkit.har.model import RecordedSession, Recording
from toolkit.har.websockets import WebSocketClose
from toolkit.recording.files import load, save
from toolkit.session.browser_session import BrowserSession

DEMO = Path(app.__file__).parents[1] / "recording" / "demos" / "aura.har"
CHUNKS = ["Grü".encode(), "ße 👋".encode()]
BODY = '{"a": "Hi"}'
CURL = ("curl", "-sS", "-N", f"{SITE}/api", "-d", BODY, "-H", "content-type: application/json")
URLLIB = f"import urllib.request as r; print(r.urlopen('{SITE}/api', b'{BODY}').read().decode())"
REQUESTS = f"import requests; print(requests.post('{SITE}/api', '{BODY}').content.decode())"
AIOHTTP = f"""
import aiohttp, asyncio
async def main():
    async with aiohttp.ClientSession(trust_env=True) as session, session.post('{SITE}/api', data='{BODY}') as answer:
        print(await answer.text(encoding='utf-8'))
asyncio.run(main())
"""
# Node's fetch follows the environment from version 24 on; this way works in every version, with nothing installed.
NODE = f"""
const http = require('http'), https = require('https'), proxy = new URL(process.env.HTTPS_PROXY);
const url = new URL('{SITE}/api');
http.request({{host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: url.hostname + ':443'}})
  .on('connect', (_, socket) => https.request(url, {{socket, servername: url.hostname, agent: false, method: 'POST'}},
    answer => answer.pipe(process.stdout)).end('{BODY}')).end();
"""


WAITING = "import sys; print('ready', flush=True); sys.stdin.read()"
CATCHING = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(5)); "


class Ended(NamedTuple):
    code: int | None
    out: str
    err: str


@pytest.fixture
def har(tmp_path: Path) -> Path:
    path = tmp_path / "site.har"
    body = [(0.0, CHUNKS[0]), (5.0, CHUNKS[1])]
    save(Recording(entries=[entry("POST", f"{SITE}/api", sent=BODY.encode(), body=body)], comment="a site"), path)
    return path


def environ() -> dict[str, str]:
    return {**os.environ, "PYTHONUTF8": "1", "NO_PROXY": "chat.example"}


async def begin(*arguments: str | Path) -> Process:
    command = [sys.executable, "-m", "toolkit", *map(str, arguments)]
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environ())


async def toolkit(*arguments: str | Path, stdin: str = "") -> Ended:
    """Run the command line to its end."""
    command = forked.Command([*map(str, arguments)], environ(), os.getcwd())
    code, out, err = await asyncio.wait_for(forked.run(command, stdin.encode()), SECONDS)
    return Ended(code, out.decode(), err.decode())


def needs(program: str) -> str:
    return shutil.which(program) or pytest.skip(f"there is no {program} here")


@pytest.mark.parametrize(
    "command",
    [CURL, ("node", "-e", NODE), *((sys.executable, "-c", code) for code in (URLLIB, REQUESTS, AIOHTTP))],
    ids=["curl", "node", "urllib", "requests", "aiohttp"],
)
async def test_other_programs_are_replayed_to(har: Path, command: Sequence[str]) -> None:
    """Programs that follow the environment get the recorded answer over TLS, and strictness has nothing to say."""
    needs(command[0])
    if command[-1] is REQUESTS:
        pytest.importorskip("requests")
    ended = await toolkit("replay", har, "--", *command)
    assert (ended.code, ended.out.strip(), ended.err) == (0, b"".join(CHUNKS).decode(), "")


async def test_the_toolkit_itself_is_replayed_to(tmp_path: Path) -> None:
    """`toolkit chat` under `toolkit replay` begins with the recorded session, opens no browser and asks nobody else."""
    recording = load(DEMO)
    assert recording.chat is not None
    for one in recording.entries[:-1]:
        one.pageref = "page_1"
    recording.session = RecordedSession.from_session(BrowserSession(provider="aura", origin="https://openchat.team"))
    save(recording, tmp_path / "aura.har")
    chat = (sys.executable, "-m", "toolkit", "chat", "aura", recording.chat.messages[0]["content"])
    ended = await toolkit("replay", tmp_path / "aura.har", "--", *chat)
    assert (ended.code, ended.out.strip()) == (0, recording.entries[-1].response.content.body().decode()), ended.err
    other = await toolkit("replay", tmp_path / "aura.har", "--", *chat[:-1], "What else?")
    assert other.code == 1
    assert "got 'What else?'" in other.err


async def test_streams_and_exit_code_are_the_commands_own(har: Path) -> None:
    """stdin, stdout, stderr and the exit code pass through; a command that failed by itself keeps its code."""
    program = "import sys; print(sys.stdin.read()[::-1]); print('oops', file=sys.stderr); sys.exit(7)"
    ended = await toolkit("replay", har, "--no-strict", "--", sys.executable, "-c", program, stdin="hello")
    assert (ended.code, ended.out.strip(), ended.err.strip()) == (7, "olleh", "oops")
    assert (await toolkit("replay", har, "--", sys.executable, "-c", program)).code == 7


async def test_the_command_gets_no_secret_of_ours(har: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But those that are named; proxies are those of the replay anyway."""
    for name in ("TOOLKIT_STORE_KEY", "TOOLKIT_SESSION_AURA"):
        monkeypatch.setenv(name, "hush-hush")
    monkeypatch.setenv("HTTPS_PROXY", "http://ada:hush-hush@127.0.0.1:1")
    program = "import os; print(sorted(name for name, value in os.environ.items() if 'hush' in value))"
    command = ("replay", har, "--no-strict")
    assert (await toolkit(*command, "--", sys.executable, "-c", program)).out.strip() == "[]"
    ended = await toolkit(*command, "--keep-env", "TOOLKIT_STORE_KEY", "--", sys.executable, "-c", program)
    assert ended.out.strip() == "['TOOLKIT_STORE_KEY']"


async def test_differences_fail_a_command_that_succeeded(har: Path) -> None:
    """Exit code 1 and the list on stderr; `--no-strict` leaves it at what the command says."""
    program = (sys.executable, "-c", "pass")
    ended = await toolkit("replay", har, "--", *program)
    assert ended.code == 1
    assert f"never played: POST {SITE}/api" in ended.err
    assert "HTTPS_PROXY" in ended.err
    assert await toolkit("replay", "--no-strict", har, "--", *program) == (0, "", "")


async def test_another_host_is_refused_to_the_command(har: Path) -> None:
    """What is not recorded is refused, and told at the end."""
    program = (
        "import urllib.request as r, urllib.error as e\ntry: r.urlopen('https://example.com')\nexcept e.URLError: pass"
    )
    ended = await toolkit("replay", har, "--", sys.executable, "-c", program)
    assert ended.code == 1
    assert "example.com:443 was refused" in ended.err


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize(("program", "code"), [(CATCHING + WAITING, 5), (WAITING, 128 + signal.SIGTERM)])
async def test_signals_reach_the_command(har: Path, program: str, code: int) -> None:
    """What asks us to end asks the command; the exit code is its own, or 128 and the number of what killed it."""
    process = await begin("replay", "--no-strict", har, "--", sys.executable, "-c", program)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.communicate(), SECONDS)
    assert process.returncode == code


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
async def test_a_signal_is_not_lost_while_the_command_starts(har: Path) -> None:
    """The command may be at work before we hear that it has started: it asks us to end right then."""
    program = "import os, signal; os.kill(os.getppid(), signal.SIGTERM); signal.pause()"
    ended = await toolkit("replay", "--no-strict", har, "--", sys.executable, "-S", "-c", program)
    assert ended == (128 + signal.SIGTERM, "", "")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("HAR",), 2, "Which command?"),
        (("HAR", "--"), 2, "Which command?"),
        (("--", "x"), 2, "FILE"),
        (("HAR", "--", "no-such-program"), 127, "no-such-program"),
        (("HAR", "--pace", "fast", "--", "x"), 2, "'fast' is neither 'recorded' nor a factor"),
        (("HAR", "--pace", "-1", "--", "x"), 2, "'-1' is neither"),
        (("absent.har", "--", "x"), 1, "absent.har cannot be read"),
    ],
)
async def test_wrong_lines_are_told(har: Path, arguments: Sequence[str], code: int, told: str) -> None:
    """A line that cannot be run says what is wrong with it."""
    ended = await toolkit("replay", *(str(har) if one == "HAR" else one for one in arguments))
    assert ended.code == code
    assert told in ended.err
    assert "Traceback" not in ended.err


async def test_the_recorded_pace_is_an_option(tmp_path: Path) -> None:
    """`--pace recorded` waits as long as the recording did."""
    needs("curl")
    save(Recording(entries=[entry(body=[(0.0, b"a"), (400.0, b"b")])]), tmp_path / "slow.har")
    told = "%{time_total}"
    for pace, least in (("recorded", 0.4), ("0.5", 0.2)):
        command = ("curl", "-sS", "-o", os.devnull, "-w", told, f"{SITE}/")
        ended = await toolkit("replay", tmp_path / "slow.har", "--pace", pace, "--", *command)
        assert float(ended.out) >= least


# --- looking into recordings


async def test_show_lists_the_exchanges(tmp_path: Path) -> None:
    """Number, half, method, URL without its query, status, chunks, bytes and time of each exchange."""
    recorded = [
        entry("GET", f"{SITE}/?token=PLACEHOLDER_token_1", headers=[("Content-Type", "text/html")], body=b"page"),
        entry("POST", f"{SITE}/api", body=[(0.0, b"ab"), (1.0, b"c")], error="ClientPayloadError"),
        entry("GET", f"{SITE}/none", status=0, error="ConnectFailed"),
    ]
    recorded[0].pageref = "page_1"
    recorded[1].time = 1234.5
    save(Recording(entries=recorded, comment="a \x1b[31msite"), tmp_path / "a.har")
    ended = await toolkit("recording", "show", tmp_path / "a.har")
    assert ended.code == 0
    first, head, *rows = [line.split() for line in ended.out.splitlines()]
    assert "\x1b" not in ended.out
    assert first[0] == "a"
    assert head == ["#", "half", "method", "URL", "status", "chunks", "bytes", "ms"]
    assert rows == [
        ["1", "page", "GET", f"{SITE}/", "200", "-", "4", "0"],
        ["2", "POST", f"{SITE}/api", "200", "cut", "2", "3", "1234"],
        ["3", "GET", f"{SITE}/none", "none", "cut", "-", "0", "0"],
    ]
    assert "PLACEHOLDER" not in ended.out


async def test_show_tells_the_frames_of_a_websocket(tmp_path: Path) -> None:
    """How many there are, each with its side, time and size, how it ended, and all of it as JSON; without controls."""
    frames = (("<", "hi \x1b[31mred"), (">", b"\x00\xff"), ("<", "x" * 500))
    made = socket(*frames, close=WebSocketClose("server", 1012, ms=30.0))
    save(Recording(entries=[entry(body=b"home"), made]), tmp_path / "a.har")
    ended = await toolkit("recording", "show", tmp_path / "a.har")
    assert ended.out.splitlines()[-1].split() == ["2", "GET", "wss://chat.example/ws", "101", "3", "511", "0"]
    ended = await toolkit("recording", "show", tmp_path / "a.har", "--frames", "2")
    caption, _, *rows = ended.out.splitlines()
    assert "\x1b" not in ended.out
    assert caption == "The server closed it, with the code 1012."
    assert rows[1].split() == ["2", "client", "10", "2", "00", "ff"]
    assert [row.split()[:4] for row in rows] == [
        ["1", "server", "0", "11"],
        ["2", "client", "10", "2"],
        ["3", "server", "20", "500"],
    ]
    listed = json.loads((await toolkit("recording", "show", tmp_path / "a.har", "--json")).out)
    assert [one["number"] for one in listed] == [1, 2]
    assert listed[1]["closed"] == {"by": "server", "code": 1012}
    assert [frame["data"] for frame in listed[1]["frames"]] == ["hi \x1b[31mred", "AP8=", "x" * 500]
    assert (await toolkit("recording", "show", tmp_path / "a.har", "--frames", "1")).code == 2


async def test_show_prints_one_body(har: Path) -> None:
    """The body of one answer or one request, to the byte; a number that is not there is told."""
    assert (await toolkit("recording", "show", har, "--body", "1")).out == b"".join(CHUNKS).decode()
    assert (await toolkit("recording", "show", har, "--request", "1")).out == BODY
    ended = await toolkit("recording", "show", har, "--body", "2")
    assert (ended.code, "There is no exchange 2" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        (b"", "not JSON, or not whole"),
        (b'{"log": {"entries": [{"startedDateTime": "2026', "not JSON, or not whole"),
        (b'{"log": {"entries": [{}]}}', "not a HAR file"),
        (b"[" * 100_000, "not a HAR file|not JSON"),
        (b"\x1f\x8b\x08", "not JSON"),
    ],
    ids=["missing", "empty", "truncated", "no entry", "deep", "gzip"],
)
@pytest.mark.parametrize("command", [("show",), ("check",)])
async def test_what_is_no_recording_is_told(
    tmp_path: Path, command: Sequence[str], content: bytes | None, told: str
) -> None:
    """A file that is corrupt, cut off or not there is named, with exit code 1."""
    path = tmp_path / "bad.har"
    if content is not None:
        path.write_bytes(content)
    ended = await toolkit("recording", *command, path)
    assert ended.code == 1
    assert "bad.har" in ended.err
    assert any(one in ended.err for one in told.split("|"))
    assert "Traceback" not in ended.err


def with_secret(path: Path, secret: str) -> Path:
    """A copy of the recording `path`, by another program, with a secret in it."""
    document = json.loads(path.read_bytes())
    document["log"]["entries"][0]["request"]["headers"].append({"name": "Authorization", "value": f"Bearer {secret}"})
    bad = path.with_name("secret.har")
    bad.write_text(json.dumps(document))
    return bad


async def test_check_names_the_place_and_not_the_value(har: Path) -> None:
    """Good recordings pass; one with a secret does not, and nobody gets to see it."""
    secret = "sesame-open-sesame-0123456789"
    bad = with_secret(har, secret)
    assert await toolkit("recording", "check", har) == (0, "1 of 1 recordings pass\n", "")
    ended = await toolkit("recording", "check", har, bad)
    assert (ended.code, ended.out) == (1, "1 of 2 recordings pass\n")
    assert "secret.har" in ended.err
    assert "Authorization" in ended.err
    assert secret not in ended.err
