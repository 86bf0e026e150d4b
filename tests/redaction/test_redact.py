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
from toolkit.errors import UsageError
from toolkit.har.message_builders import make_request, make_response
from toolkit.har.model import Entry, RecordedChat, RecordedSession, Recording
from toolkit.http.transport import Transport
from toolkit.recording.check import check
from toolkit.recording.files import load, save
from toolkit.recording.recorder import Recorder
from toolkit.redaction.placeholders import is_placeholder
from toolkit.redaction.redact import redact
from toolkit.redaction.rules import Rules
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
        proxy=f"http://user:{quote(PLANTED['proxy password'], safe='')}@proxy.example:1",
    )


def everything() -> list[bytes]:
    """Every secret again, each in a spelling of its own, as an answer would echo it; cut in the middle of each."""
    ways = (
        lambda text: text.encode(),
        lambda text: quote(text, safe="").encode(),
        lambda text: json.dumps(text)[1:-1].encode(),
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.urlsafe_b64encode(f"id:{text}".encode()).rstrip(b"="),
        lambda text: text.encode().hex().encode(),
        lambda text: quote(quote(text, safe=""), safe="").encode(),
    )
    parts: list[bytes] = []
    for number, secret in enumerate(PLANTED.values()):
        spelling = ways[number % len(ways)](secret)
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
    recorder.record_chat(session(), [{"role": "user", "content": f"is {PLANTED['query token']} secret?"}], None)
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


async def test_thirty_planted_secrets_are_gone(tmp_path: Path) -> None:
    """Thirty secrets in all places and spellings, recorded from real exchanges: the file has none of them in any."""
    path = tmp_path / "file.har"
    save((await recorded()).recording(f"made with {PLANTED['bearer']}"), path)
    data = path.read_bytes()
    assert len(PLANTED) == 30
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


def test_placeholders_say_where_they_were_found() -> None:
    """A placeholder has the length of its secret, the name of its place, and is another for another secret."""
    sent = [("Cookie", f"session={'k3x9q0w7ab' * 3}012345; pin=1234; session={'x9k2m4p6q8' * 3}")]
    redacted = redact([Entry(entry().started, make_request("GET", SITE, sent, b""), make_response(200, "", [], b""))])
    values = [one.value for one in redacted[0].request.cookies]
    assert values == ["PLACEHOLDER_cookie_session_1PPPPPPPP", "9001", "PLACEHOLDER_cookie_session_2PP"]
    assert all(is_placeholder(value) for value in values)


def test_a_token_stays_a_token() -> None:
    """A JSON Web Token keeps its length and a header and claims that can be read; it expires in 2100."""
    tokens = [jwt(sub=f"user-{n}", exp=1767225600, iat=1767220000, roles=["writer"], ok=True, n=12.5) for n in (1, 2)]
    redacted = redact([entry(body=" ".join(tokens).encode())])
    made = redacted[0].response.content.body().decode().split()
    assert [len(one) for one in made] == [len(one) for one in tokens]
    assert len({*made, *tokens}) == 4
    header, claims = (
        json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in made[0].split(".")[:2]
    )
    assert (header["alg"], header["typ"]) == ("HS256", "JWT")
    assert header["kid"] != "key-7f3a"
    assert claims["exp"] == 4102444800
    assert (claims["ok"], type(claims["n"]), len(claims["sub"])) == (True, float, 6)
    assert claims["sub"] != "user-1"
    assert redact(redacted) == redacted


@pytest.mark.parametrize(
    "body",
    [
        '{"token": "Hello", "max_tokens": 1024, "tokens": ["a", "b"], "key": "", "code": 200, "eos_token": "</s>"}',
        '{"code": "not_found", "state": "pending", "has_password": true, "secret": null, "session": {"id": 7}}',
        '{"chat_id": "06b01000-0000-7000-8000-000000000001", "message_id": "x9k2m4p6q8"}',
        '<a href="/x?page=2&key=en">password: "Enter your password"</a>',
        'data: {"event_type": "token", "text": "Sun"}\r\n\r\n: ping\r\n\r\n',
    ],
)
def test_what_is_no_secret_stays(body: str) -> None:
    """Words, short choices, numbers, ids of chats and pieces of an answer are left alone."""
    given = [entry("POST", sent=body.encode(), headers=[("Set-Cookie", "theme=dark")], body=body.encode())]
    assert redact(given) == given


def test_a_word_is_replaced_in_its_place_only() -> None:
    """A cookie that is a word does not take that word out of the answer."""
    headers = [("Set-Cookie", "mode=system"), ("Set-Cookie", "back=https%3A%2F%2Fchat.example")]
    one = redact([entry(headers=headers, body=b'{"role": "system"}')])[0]
    assert one.response.content.body() == b'{"role": "system"}'
    assert one.request.url == f"{SITE}/"
    assert "system" not in one.response.headers[0].value


def test_random_places_are_the_same_each_time() -> None:
    """What a call makes up anew has a placeholder too, so that two recordings are equal."""
    made = []
    for value in ("k3x9q0w7ab", "9z8y7x6w5v"):
        one = entry("POST", f"{SITE}/?canvas=-{value}", sent=b'{"conversationId": "%b"}' % value.encode())
        one.request.random = ["query.canvas", "body.conversationId"]
        made.append(redact([one]))
    assert made[0] == made[1]


def test_rules_of_the_user() -> None:
    """A header, a parameter, a JSON path and a pattern more; a name less."""
    rules = Rules(
        headers=("UniqueId",),
        query=("canvas",),
        json_paths=("$.data.key", "$..ssn", "$.items[*].v", "$['a b'][0]"),
        patterns=(r"user-(\d{4})", "ж{3}"),
        keep=("sid",),
    )
    document = {
        "data": {"key": "kk-1"},
        "x": [{"ssn": 123456789}],
        "items": [{"v": "v1"}, {"v": "v2"}],
        "a b": ["first one", "second"],
        "key": "kk-1",
        "text": "user-4711 жжж",
    }
    one = entry(
        url=f"{SITE}/user-4711?canvas=abc&sid=k3x9q0w7ab12",
        headers=[("uniqueid", "0001"), ("Set-Cookie", "sid=k3x9q0w7ab12")],
        body=json.dumps(document, ensure_ascii=False).encode(),
    )
    made = redact(Recording(entries=[one]), rules=rules)
    new = json.loads(made.entries[0].response.content.body())
    assert made.keep == ("sid",)
    assert made.entries[0].request.url == f"{SITE}/user-9002?canvas=PP1&sid=k3x9q0w7ab12"
    assert [pair.value for pair in made.entries[0].response.headers[:2]] == ["9001", "sid=k3x9q0w7ab12"]
    assert new["data"]["key"] == "PPP1"
    assert new["x"] == [{"ssn": 900000001}]
    assert [item["v"] for item in new["items"]] == ["P1", "P2"]
    assert new["a b"] == ["PH_a_b_1P", "second"]
    assert (new["key"], new["text"]) == ("kk-1", "user-9002 PH_m_2")


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"patterns": ("ok", "(")}, r"patterns: '\(' is no regular expression"),
        ({"patterns": ("x*",)}, r"patterns: 'x\*' matches the empty text"),
        ({"json_paths": ("data.key",)}, r"json_paths: 'data\.key' is no path"),
        ({"json_paths": ("$.a[",)}, r"json_paths: '\$\.a\[' is no path"),
        ({"json_paths": ("$",)}, r"json_paths: '\$' is no path"),
        ({"keep": "theme"}, "keep: expected several strings"),
    ],
)
def test_a_rule_that_cannot_be_used_is_told(rules: dict[str, tuple[str, ...]], told: str) -> None:
    """The error names the rule."""
    with pytest.raises(UsageError, match=told):
        Rules(**rules)


def test_a_whole_recording_is_redacted() -> None:
    """Comment, chat and the session are redacted with the entries, with the same placeholders."""
    made = redact(
        Recording(
            entries=[entry(url=f"{SITE}/?token=opensesame42")],
            comment="with opensesame42",
            chat=RecordedChat("any", [{"role": "user", "content": "opensesame42?"}]),
            session=RecordedSession.from_session(session()),
        )
    )
    assert made.comment == "with PH_token_1PP"
    assert made.chat is not None
    assert made.chat.messages[0]["content"] == "PH_token_1PP?"
    assert made.session is not None
    assert PLANTED["request cookie"] not in json.dumps(made.session.storage_state)
