"""No secret comes into a recording, wherever it stood and however it was spelled; all else stays as it was."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web

from tests.recording.helpers import SITE, client, entry, read_chunks
from tests.redaction.secrets import jwt, left_in
from tests.redaction.spellings import SPELLINGS
from toolkit.chats.messages import ChatRequest, read_messages
from toolkit.har.model import Entry
from toolkit.http.transport import Transport
from toolkit.providers.aura import Aura
from toolkit.recording.check import check
from toolkit.recording.files import load, save
from toolkit.recording.recorder import Recorder
from toolkit.redaction.placeholders import is_placeholder
from toolkit.redaction.redact import redact
from toolkit.replay.local_network import LocalNetwork
from toolkit.session.browser_session import BrowserSession, Cookie

# Thirty secrets, by where they are planted.
PLANTED = {
    "request cookie": "c00kie-sesame-71",
    "cookie with quotes": 'qu"ted+/s3same=9',
    "second cookie": "s:9f8e7d6c.Zm9vYmFy/+",
    "session cookie": "sess10n-only-value-5",
    "set cookie": "fresh%2Fc00kie%3D12",
    "bearer": "b3arer.credential~44",
    "csrf header": "xcsrf-51f0a7e2",
    "api key header": "apikey/77+aa==",
    "answer header": "answer-token-3b9",
    "query token": "query token&=8",
    "query signature": "5igna+ure/4e",
    "fragment": "fragm3nt-access-1",
    "json password": 'p@ss"w0rd\\ with / é',
    "json deep": "deep-s3cret-0f",
    "json number": "48291357",
    "short password": "hunter2",
    "one time code": "739104",
    "oauth code": "4/0AbCdEf-oauth",
    "json access token": "acc3ss_t0ken_ab",
    "refresh token": "r3fresh.漢字.token",
    "nested json": 'nest3d/json"token',
    "event stream": "str3am-id-token-77",
    "page meta": "meta+csrf/5b==",
    "page input": "input-csrf-6c21",
    "script": "scr1ptApiKey90",
    "local storage": "st0rage-item-4d5e6f",
    "session storage": "tab-item-91b7c3d5e8",
    "database": "r3cord-of-idb-5a2c9e7f",
    "encoded database": "enc0ded-of-idb-8f3b6d1a",
    "storage json": "st0rage-json-1a2b",
    "proxy password": "pr0xy:pa$$",
    "jwt": jwt(sub="user-4411", email="a@b.example", exp=1767225600, iat=1767220000, roles=["x-11"], admin=True),
    "location token": "l0cation-t/ken",
}


def session() -> BrowserSession:
    """A session that brings some of the secrets along."""

    def cookie(name: str, place: str) -> Cookie:
        return Cookie(name=name, value=PLANTED[place], domain="chat.example", secure=True)

    return BrowserSession(
        provider="any",
        origin=SITE,
        cookies=(
            cookie("sid", "request cookie"),
            cookie("quoted", "cookie with quotes"),
            cookie("signed", "second cookie"),
            cookie("hint", "session cookie"),
            Cookie(name="theme", value="dark", domain="chat.example"),
        ),
        headers={"user-agent": "tests"},
        local_storage={
            SITE: {
                "item": PLANTED["local storage"],
                "auth": json.dumps({"user": {"accessToken": PLANTED["storage json"]}, "theme": "dark"}),
            }
        },
        session_storage={SITE: {"item": json.dumps({"secret": PLANTED["session storage"]})}},
        indexed_db={SITE: [{"name": "db", "version": 1, "stores": [{"name": "s", "records": [
            {"key": "a", "value": {"stsTokenManager": {"accessToken": PLANTED["database"]}, "at": [1, "dark"]}},
            {"key": "b", "valueEncoded": {"o": [{"k": "accessToken", "v": PLANTED["encoded database"]}], "id": 1}},
        ]}]}]},
        proxy=f"http://user:{quote(PLANTED['proxy password'], safe='')}@proxy.example:1",
    )  # fmt: skip


def everything() -> list[bytes]:
    """Every secret again, each in a spelling of its own, as an answer would echo it; cut in the middle of each."""
    parts: list[bytes] = []
    for number, secret in enumerate(PLANTED.values()):
        spelling = SPELLINGS[number % len(SPELLINGS)](secret)
        parts += (b" <" + spelling[: len(spelling) // 2], spelling[len(spelling) // 2 :] + b">")
    return parts


def app() -> web.Application:
    """A site whose answers have secrets in all places."""

    async def login(request: web.Request) -> web.Response:
        answer = web.json_response(
            {
                "access_token": PLANTED["json access token"],
                "data": [{"user": {"refreshToken": PLANTED["refresh token"], "id": "chat-0001"}}],
                "inner": json.dumps({"id_token": PLANTED["nested json"]}),
                "jwt_somewhere": f"see {PLANTED['jwt']}!",
            }
        )
        answer.headers.add("Set-Cookie", f"rotated={PLANTED['set cookie']}; Path=/; HttpOnly; Secure")
        answer.headers["X-Auth-Token"] = PLANTED["answer header"]
        return answer

    async def away(request: web.Request) -> web.Response:
        token = quote(PLANTED["location token"], safe="")
        return web.Response(status=302, headers={"Location": f"/page?token={token}#id_token={PLANTED['fragment']}"})

    async def page(request: web.Request) -> web.Response:
        html = (
            f'<!doctype html><meta name="csrf-token" content="{PLANTED["page meta"]}">'
            f'<input type=hidden name="csrfmiddlewaretoken" value="{PLANTED["page input"]}">'
            f"<script>const apiKey = '{PLANTED['script']}'</script>"
        )
        return web.Response(text=html, content_type="text/html")

    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        await answer.write(f'data: {{"id_token": "{PLANTED["event stream"][:7]}'.encode())
        await answer.write(f'{PLANTED["event stream"][7:]}"}}\n\ndata: {{"text": "'.encode())
        for part in everything():
            await answer.write(part)
        await answer.write(b'"}\n\n')
        return answer

    async def binary(request: web.Request) -> web.Response:
        return web.Response(body=b"\xff\x00" + b"".join(everything()), content_type="application/octet-stream")

    app = web.Application()
    app.router.add_post("/login", login)
    app.router.add_get("/away", away)
    app.router.add_get("/page", page)
    app.router.add_get("/stream", stream)
    app.router.add_get("/binary", binary)
    return app


ASKED = {
    "password": PLANTED["json password"],
    "deep": [{"client_secret": PLANTED["json deep"]}],
    "otp": int(PLANTED["json number"]),
    "model": "openchat_3.6",
    "messages": [{"role": "system", "content": f"echo {PLANTED['bearer']}"}],
}


async def recorded() -> Recorder:
    """What our own transport recorded of real exchanges with that site, and a form that a page posted."""
    recorder = Recorder()
    asked = ChatRequest(messages=read_messages(f"is {PLANTED['query token']} secret?"))
    recorder.record_chat(session(), asked, Aura(), None)
    url = f"{SITE}/login?token={quote(PLANTED['query token'])}&sig={quote(PLANTED['query signature'], safe='')}&chat=1"
    headers = {
        "authorization": f"Bearer {PLANTED['bearer']}",
        "x-csrf-token": PLANTED["csrf header"],
        "x-api-key": PLANTED["api key header"],
    }
    async with (
        LocalNetwork(apps={"chat.example": app()}) as network,
        Transport(session(), page=f"{SITE}/", hosts=("chat.example",), route=network.route, recorder=recorder) as http,
    ):
        calls: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("POST", url, {"json": ASKED, "headers": headers}),
            ("GET", f"{SITE}/away", {}),
            ("GET", f"{SITE}/stream", {}),
            ("GET", f"{SITE}/binary", {}),
        )
        for method, where, options in calls:
            async with http.request(method, where, **options) as response:
                await response.read()
    form = f"password={PLANTED['short password']}&otp={PLANTED['one time code']}&remember=true&page=1".encode()
    sent = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(form)))]
    basic = base64.b64encode(f"ada:{PLANTED['short password']}".encode()).decode()
    posted = recorder.begin("POST", f"{SITE}/form", [*sent, ("Authorization", f"Basic {basic}")], form)
    posted.response(200, "OK", [("Content-Length", "2")])
    posted.chunk(b"ok")
    posted.end()
    parts = (
        f'--b0und\r\nContent-Disposition: form-data; name="code"\r\n\r\n{PLANTED["oauth code"]}\r\n--b0und--\r\n'
    ).encode()
    upload = recorder.begin("POST", f"{SITE}/upload", [("Content-Type", "multipart/form-data; boundary=b0und")], parts)
    upload.response(204, "No Content", [])
    upload.end("ServerDisconnectedError: after " + PLANTED["bearer"])
    return recorder


async def test_all_planted_secrets_are_gone(tmp_path: Path) -> None:
    """Secrets in all places and spellings, recorded from real exchanges: the file has none of them in any."""
    path = tmp_path / "file.har"
    save((await recorded()).recording(f"made with {PLANTED['bearer']}"), path)
    data = path.read_bytes()
    assert len(PLANTED) == 33
    assert {place: left for place, secret in PLANTED.items() if (left := left_in(data, secret))} == {}
    assert check(path) == []
    text = data.decode()
    for kept in ("openchat_3.6", "theme=dark", "chat-0001", "remember=true&page=1", "chat=1", '"system'):
        assert kept in text or json.dumps(kept)[1:-1] in text


async def test_debug_names_the_places_and_no_value(caplog: pytest.LogCaptureFixture) -> None:
    """With `debug`, the log says what kind of secret was replaced where, and holds none of the secrets."""
    caplog.set_level(logging.DEBUG, "toolkit")
    (await recorded()).recording("a test")
    assert "Redaction replaced a secret (cookie) in 'log.entries[0].request.headers[cookie]'." in caplog.messages
    assert any("found elsewhere, in log.entries" in message for message in caplog.messages)
    assert not [place for place, secret in PLANTED.items() if secret in caplog.text]


async def test_chunks_and_lengths_stay_true(tmp_path: Path) -> None:
    """After redaction a recording still loads: chunks sum up to bodies, sizes and Content-Length tell of them."""
    path = tmp_path / "file.har"
    recorder = await recorded()
    before = {one.request.url.partition("?")[0]: one for one in (each.entry() for each in recorder._exchanges)}
    save(recorder.recording("a test"), path)
    for one in load(path).entries:
        was, content = before[one.request.url.partition("?")[0]], one.response.content
        assert content.size == len(content.body())
        assert len(content.pieces()) == len(was.response.content.pieces())
        for length in one.response.values("Content-Length"):
            assert int(length) == content.size
        if one.request.post_data:
            assert one.request.body_size == len(one.request.post_data.body())


async def test_a_redacted_recording_replays(tmp_path: Path) -> None:
    """The client takes the placeholder cookies from the recording, sends them, and gets the recorded chunks."""
    path = tmp_path / "file.har"
    save((await recorded()).recording("a test"), path)
    recording = load(path)
    assert recording.session is not None
    told = recording.session.to_session()
    assert all(is_placeholder(one.value) for one in told.cookies if one.name != "theme")
    stream = next(one for one in recording.entries if one.request.url.endswith("/stream"))
    rotated = [line.partition(";")[0] for one in recording.entries for line in one.response.values("Set-Cookie")]
    async with LocalNetwork(recording=recording) as network, client(network) as http:
        sent = "; ".join([*(f"{one.name}={one.value}" for one in told.cookies), *rotated])
        read: list[bytes] = []
        async with http.get(f"{SITE}/stream", headers={"Cookie": sent}) as response:
            assert response.status == 200, await response.text()
            await read_chunks(response, read)
        assert read == [data for _, data in stream.response.content.pieces()]


async def test_two_recordings_of_other_secrets_are_equal() -> None:
    """Placeholders depend on places and lengths alone, not on the secrets."""

    def once(letter: str) -> list[Entry]:
        one = entry(url=f"{SITE}/?token={letter * 12}1", body=b'{"csrfToken": "%b7", "id": 1}' % (letter.encode() * 31))
        two = entry(headers=[("Set-Cookie", f"sid={letter * 20}2"), ("X-Copy", f"{letter * 12}1")])
        return redact([one, two])

    assert once("a") == once("b")
