"""`toolkit serve` as it is run."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest

from tests.cli.conftest import Toolkit
from tests.gateway.test_first_process import NAMESPACE, require_namespaces
from tests.sites.asking import SECONDS, until
from tests.sites.scripted import ScriptedSite


class Served:
    """A server that runs: its process, its origin, and the lines that it printed when it was ready."""

    def __init__(self, process: asyncio.subprocess.Process, lines: list[str]) -> None:
        self.process, self.lines = process, lines
        self.origin = lines[0].removeprefix("ready: ")

    async def end(self) -> tuple[int, str]:
        """End it in order. Returns its exit code, and what it said on stderr."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            out, err = await self.process.communicate()
        assert out == b""
        assert self.process.returncode is not None
        return self.process.returncode, err.decode()


@asynccontextmanager
async def serving(toolkit: Toolkit, *options: str, lines: int = 2, **env: str) -> AsyncIterator[Served]:
    """Run `toolkit serve` at a free port."""
    process = await toolkit.start("serve", "--port", "0", *options, env=env)
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(SECONDS):
        said = [(await process.stdout.readline()).decode().rstrip() for _ in range(lines)]
    if not said[0].startswith("ready: "):
        raise AssertionError((await process.stderr.read()).decode())
    yield Served(process, said)


async def ask(origin: str, key: str, text: str = "Hi") -> tuple[int, str]:
    body = {"model": "codelinkava", "messages": [{"role": "user", "content": text}]}
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{origin}/v1/chat/completions", json=body, headers=headers) as response,
    ):
        return response.status, await response.text()


async def test_the_first_start(toolkit: Toolkit, scripted: tuple[ScriptedSite, str]) -> None:
    """It prints what clients need; the key this one time, and then `toolkit serve key` does."""
    scripted[0].says("blue")
    async with serving(toolkit, lines=3) as served:
        assert served.lines[1] == f"export OPENAI_BASE_URL={served.origin}/v1"
        key = served.lines[2].removeprefix("export OPENAI_API_KEY=")
        status, text = await ask(served.origin, key)
        assert (status, "blue" in text) == (200, True)
        assert (await ask(served.origin, "wrong"))[0] == 401
        code, err = await served.end()
    assert (code, key in err) == (0, False)
    assert (await toolkit.run("serve", "key")).out == f"{key}\n"
    async with serving(toolkit) as served:
        assert (await ask(served.origin, key))[0] == 200
        code, err = await served.end()
    assert err == "note: `toolkit serve key` shows the key\n"
    renewed = (await toolkit.run("serve", "key", "--renew")).out.strip()
    assert renewed != key
    assert (await toolkit.run("serve", "key")).out.strip() == renewed


async def test_a_key_from_the_environment(toolkit: Toolkit, scripted: tuple[ScriptedSite, str]) -> None:
    """It is never printed, and no file is made."""
    scripted[0].says("blue")
    key = "a-key-of-my-own-choice"
    async with serving(toolkit, TOOLKIT_SERVE_KEY=key) as served:
        assert (await ask(served.origin, key))[0] == 200
        err = (await served.end())[1]
        assert (err, key in err) == ("note: the key is that of TOOLKIT_SERVE_KEY\n", False)
    assert (await toolkit.run("serve", "key", env={"TOOLKIT_SERVE_KEY": key})).out == f"{key}\n"
    renewed = await toolkit.run("serve", "key", "--renew", env={"TOOLKIT_SERVE_KEY": key})
    assert (renewed.out, "The server's key is that of TOOLKIT_SERVE_KEY. Change it there." in renewed.err) == ("", True)
    assert not (toolkit.state / "serve.key").exists()


async def test_without_a_key(toolkit: Toolkit, scripted: tuple[ScriptedSite, str]) -> None:
    """On loopback whoever is on this machine may ask, but no web page."""
    scripted[0].says("blue")
    async with serving(toolkit, "--no-key") as served:
        assert (await ask(served.origin, "any"))[0] == 200
        await served.end()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is no address of this machine")
@pytest.mark.parametrize(("options", "reached"), [((), False), (("--host", "0.0.0.0"), True)])
async def test_where_it_listens(toolkit: Toolkit, options: tuple[str, ...], *, reached: bool) -> None:
    """At 127.0.0.1 alone, also in a container: no other address of the machine answers, not even another of loopback.
    Where it is told to listen elsewhere, it says who can reach it."""
    async with serving(toolkit, *options, lines=3, container="oci", KUBERNETES_SERVICE_HOST="10.0.0.1") as served:
        port = int(served.origin.rpartition(":")[2])
        found = []
        for host in ("127.0.0.1", "127.0.0.2"):
            with suppress(ConnectionRefusedError):
                (await asyncio.open_connection(host, port))[1].close()
                found.append(host)
        code, err = await served.end()
    assert (code, found) == (0, ["127.0.0.1", "127.0.0.2"] if reached else ["127.0.0.1"])
    assert ("others can reach 0.0.0.0" in err) is reached


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--no-key", "--host", "0.0.0.0"), "A server without a key listens on loopback only."),
        (("--base-url", "codelinkava"), "names no deployment"),
        (("--base-url", "nobody=http://x.example.org"), "There is no provider 'nobody'"),
        (("--model", "best"), "gives no model a name"),
        (("--model", "best=nobody/x"), "The name 'best' stands for 'nobody/x'. There is no provider 'nobody'. Known: "),
        (("--model", "best=best"), "The name 'best' stands for 'best'. There is no provider 'best'."),
        (("--only", "openwebu/*"), "`--only openwebu/*` serves nothing. There is no provider 'openwebu'. Did you mean"),
        (("--only", "open-webui"), "Write the provider's name as `toolkit providers` does."),
        (("--only", "zzz*"), "`--only zzz*` serves nothing."),
        (("--allow-origin", "*"), "'*' is no origin of web pages. Write it as https://notes.example.org."),
        (("--allow-host", "http://llm.example.org/"), "is no Host that clients could call the server by. Write it as"),
        (("--proxy", "nonsense"), "is not the URL of a proxy. Write it as http://"),
        (("--profile", "nobody"), "browsers.json. Known: headless, headed"),
        (("--browsers", "none.json"), "none.json cannot be read: No such file"),
        (("--port", "70000"), "--port"),
        (("--host", "nowhere.invalid"), "cannot listen at nowhere.invalid"),
    ],
)
async def test_options_that_cannot_be(toolkit: Toolkit, options: tuple[str, ...], words: str) -> None:
    """They are told before anything listens."""
    result = await toolkit.run("serve", *options)
    assert result.code != 0
    assert words in result.err


async def test_a_store_with_nothing_in_it(toolkit: Toolkit) -> None:
    """It says what to do, and serves all the same."""
    async with serving(toolkit, "--no-key") as served:
        code, err = await served.end()
    note = "note: there are no sessions yet, so no model is served: `toolkit login PROVIDER` makes one\n"
    assert (code, err) == (0, note)


async def test_patterns_of_what_may_come(toolkit: Toolkit) -> None:
    """A name that there is no session for yet may be stored later; one of one's own may be anything."""
    options = ["--model", "a@b/c=openwebui", "--model", "sky=openwebui/m"]
    for pattern in ("open*", "*", "[a-z]*", "openwebui@work/*", "openwebui", "a@b/*", "sky", "s?y", "chainlit/m"):
        options += ["--only", pattern]
    async with serving(toolkit, *options, lines=3) as served:
        assert (await served.end())[0] == 0


async def test_settings_in_a_file(toolkit: Toolkit, scripted: tuple[ScriptedSite, str]) -> None:
    """Those in the folder of the state count by themselves, others where they are named; options come before them."""
    scripted[0].says("blue")
    toolkit.state.mkdir(exist_ok=True)
    (toolkit.state / "serve.toml").write_text(
        'key = "env:LLM_KEY"\nport = 1\nlog_json = true\nonly = ["sky", "sea"]\n[models]\nsky = "codelinkava"\n'
        '[keys]\neditor = "env:EDITOR_KEY"\n'
    )
    key = "a-key-of-my-own-choice"
    editor = "a-key-of-the-editor"
    async with serving(toolkit, "--model", "sea=codelinkava/m", LLM_KEY=key, EDITOR_KEY=editor) as served:
        for one, status in (editor, 200), ("a-key-of-nobody-else", 401):
            assert await status_of(served.origin, one, "sky") == status
        assert [await status_of(served.origin, key, name) for name in ("sky", "sea", "codelinkava")] == [200, 200, 404]
        assert '"status":404' in (await served.end())[1]
    shown = await toolkit.run("serve", "key", env={"LLM_KEY": key, "EDITOR_KEY": editor})
    assert shown.out == f"{key}\n"
    other = toolkit.folder / "other.toml"
    other.write_text("host = 'nowhere.invalid'")
    for options, env in (("--config", str(other)), {}), ((), {"TOOLKIT_SERVE_CONFIG": str(other)}):
        result = await toolkit.run("serve", *options, env=env)
        assert "cannot listen at nowhere.invalid" in result.err
    result = await toolkit.run("serve", env={"LLM_KEY": key, "EDITOR_KEY": "short"})
    assert "$.keys.editor holds no key: 16 or more characters" in result.err
    result = await toolkit.run("serve", "--config", str(toolkit.folder / "none.toml"))
    assert "none.toml cannot be read: No such file" in result.err


async def status_of(origin: str, key: str, model: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession() as http, http.get(f"{origin}/v1/models/{model}", headers=headers) as response:
        return response.status


async def test_a_log_for_programs(toolkit: Toolkit, scripted: tuple[ScriptedSite, str]) -> None:
    """A line of JSON for each request, with nothing of the question, the answer or the key."""
    scripted[0].says("an-answer-to-hide")
    key = "a-key-of-my-own-to-hide"
    async with serving(toolkit, "--log-json", TOOLKIT_SERVE_KEY=key) as served:
        await ask(served.origin, key, "a-question-to-hide")
        _, err = await served.end()
    lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line.get("path") == "/v1/chat/completions"]
    assert (line["method"], line["status"], line["level"]) == ("POST", 200, "info")
    assert line["id"].startswith("req_")
    assert datetime.fromisoformat(line["time"]).tzinfo is not None
    assert "to-hide" not in err


async def test_a_service_manager_is_told(toolkit: Toolkit) -> None:
    """As systemd wants it of a service of the type `notify`: only when clients can connect, and when it ends."""
    with tempfile.TemporaryDirectory(prefix="tk-") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(f"{folder}/s")
        told.setblocking(False)
        async with serving(toolkit, "--no-key", NOTIFY_SOCKET=f"{folder}/s") as served:
            assert await asyncio.get_running_loop().sock_recv(told, 64) == b"READY=1"
            await served.end()
        assert told.recv(64) == b"STOPPING=1"


async def test_an_answer_that_is_cut_by_the_end(toolkit: Toolkit, scripted: tuple[ScriptedSite, str]) -> None:
    """Its last event is an error, and no end marker; so it is where nothing of the answer has come."""
    site = scripted[0]
    site.says("blue", "sky")
    key = "a-key-of-my-own-choice"
    for begun in (1, 0):
        site.hold_after = begun
        async with serving(toolkit, TOOLKIT_SERVE_KEY=key) as served, aiohttp.ClientSession() as http:
            body = {"model": "codelinkava", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
            headers = {"Authorization": f"Bearer {key}"}
            asking = asyncio.create_task(http.post(f"{served.origin}/v1/chat/completions", json=body, headers=headers))
            if begun:
                await asyncio.wait({asking})
            else:
                await until(lambda: len(site.asked) == 2)
            served.process.send_signal(signal.SIGTERM)
            while await health(http, served.origin) != 503:
                pass
            served.process.send_signal(signal.SIGTERM)
            async with await asking as response:
                text = await response.text()
            assert response.status == (200 if begun else 500)
            assert ("blue" in text, "[DONE]" in text) == (bool(begun), False)
            assert "The server ended before the answer did." in text.strip().splitlines()[-1]
            await served.process.communicate()
            assert served.process.returncode == 0


async def health(http: aiohttp.ClientSession, origin: str) -> int:
    async with http.get(f"{origin}/healthz") as response:
        return response.status


def first_child(pid: int) -> int:
    """The first process that the process `pid` has started."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


async def test_the_first_process_of_a_container(toolkit: Toolkit) -> None:
    """SIGTERM and SIGINT, sent to the first process as a container's engine does, reach the server."""
    require_namespaces()
    for number in (signal.SIGTERM, signal.SIGINT):
        process = await asyncio.create_subprocess_exec(
            *(*NAMESPACE, sys.executable, "-m", "toolkit", "serve", "--port", "0", "--no-key"),
            env=toolkit.environ,
            cwd=toolkit.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        toolkit.started.append(process)
        assert process.stdout is not None
        async with asyncio.timeout(SECONDS):
            assert (await process.stdout.readline()).startswith(b"ready: ")
            os.kill(first_child(process.pid), number)
            _, err = await process.communicate()
        assert process.returncode == 0, err
