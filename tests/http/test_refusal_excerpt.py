"""What a site says about a failure is repeated with care."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

import msgspec
import pytest
from aiohttp import web
from msgspec.structs import replace

from tests.redaction.secrets import spelled
from tests.sites.serving import serve
from toolkit.client.client import Client
from toolkit.errors import BadRequest, ProtocolError, SiteError
from toolkit.http.refusal_excerpt import explanation, format_excerpt, redact_credentials
from toolkit.providers.gradio.app_config import AppConfig
from toolkit.session.browser_session import BrowserSession
from toolkit.streams.json_decoding import decode_json

TOKEN = "0123456789abcdef-token"


async def raised(status: int, body: str, session: dict[str, Any]) -> Any:
    """What a call of Open WebUI raises that is answered so."""

    async def answer(_: web.Request) -> web.Response:
        kind = "text/event-stream" if status == 200 else "application/json"
        return web.Response(status=status, text=body, content_type=kind)

    app = web.Application()
    app.router.add_post("/api/chat/completions", answer)
    async with serve(app) as site:
        handed_in = BrowserSession.from_cookie_values("openwebui", site, session.get("cookies", {}))
        handed_in = replace(handed_in, local_storage={site: session.get("storage", {})})
        async with Client("openwebui", base_url=site, session=handed_in) as client:
            with pytest.raises((SiteError, BadRequest, ProtocolError)) as caught:
                await client.chat("Hi", model="m").text()
    return caught.value


@pytest.mark.parametrize("place", ["cookies", "storage"])
@pytest.mark.parametrize("status", [200, 400])
async def test_no_error_repeats_a_credential(status: int, place: str) -> None:
    """Neither a refusal nor an error in the stream, whether it was sent as a cookie or as a bearer token."""
    document = f'{{"error": {{"message": "bad token {TOKEN}"}}}}'
    body = f"data: {document}\n\ndata: [DONE]\n\n" if status == 200 else document
    error = await raised(status, body, {place: {"token": TOKEN}})
    assert "bad token •••" in str(error)
    assert TOKEN not in str(vars(error)) + str(error.args)


SID = "kX9/aSECRETs3cr3tVALUE+qq/zz=="  # an ordinary session id in base64
SIGNED = "s%3ASECRETpctDecodedSessionId.zzz"  # one that the site has percent-encoded
FRESH = "FRESHrotatedSECRETvalue99"
NESTED = "NESTEDin-json-SECRET-0123"
OWN = (SID, SIGNED, unquote(SIGNED), FRESH, NESTED)

# How a site may repeat the cookies that it was sent.
ECHOES: dict[str, Callable[[str], web.Response]] = {
    "reason phrase": lambda sent: web.Response(status=400, reason=f"bad cookie {sent}"),
    "header": lambda sent: web.Response(status=400, headers={"X-Echo": sent}),
    "PHP's JSON": lambda sent: web.Response(status=400, text=json.dumps({"error": sent}).replace("/", "\\/")),
    "JSON in JSON": lambda sent: web.json_response(
        {"error": json.dumps({"sent": sent}).replace("/", "\\/")}, status=400
    ),
    "percent-decoded": lambda sent: web.json_response({"error": f"no {unquote(sent)}"}, status=400),
    "percent-encoded twice": lambda sent: web.Response(status=400, text=quote(quote(sent))),
    "HTML": lambda sent: web.json_response({"error": "".join(f"&#{ord(letter)};" for letter in sent)}, status=400),
    "base64": lambda sent: web.Response(status=400, text=base64.b64encode(sent.encode()).decode()),
    "hexadecimal": lambda sent: web.Response(status=400, text=sent.encode().hex()),
    "beginning": lambda sent: web.Response(status=400, text=f"Got more than 8190 bytes when reading: {sent[:25]}..."),
    "beginning, decoded": lambda sent: web.Response(status=400, text=f"at {unquote(sent)[:-9]}..."),
    "end": lambda sent: web.Response(status=400, text=f"...{sent[-20:]}"),
    "cut by us": lambda sent: web.Response(status=400, text=f"{'x' * 270} {sent}"),
}


@pytest.mark.parametrize("how", ECHOES)
@pytest.mark.parametrize("redirected", [False, True])
async def test_an_echo_is_hidden_however_it_is_spelled(how: str, redirected: bool) -> None:
    """Nothing of what a site was sent is repeated: neither whole nor in part, encoded in any way, or set by a redirect
    just before. It is in no attribute of the error either."""

    async def asked(request: web.Request) -> web.Response:
        if redirected:
            answer = web.Response(status=307, headers={"Location": "/two"})
            answer.set_cookie("fresh", FRESH)
            return answer
        return ECHOES[how](request.headers["Cookie"])

    async def two(request: web.Request) -> web.Response:
        return ECHOES[how](request.headers["Cookie"])

    app = web.Application()
    app.router.add_post("/api/chat/completions", asked)
    app.router.add_post("/two", two)
    cookies = {"sid": SID, "connect.sid": SIGNED, "auth": quote(json.dumps({"accessToken": NESTED}))}
    async with serve(app) as site, Client("openwebui", base_url=site, cookies=cookies) as client:
        with pytest.raises(BadRequest) as caught:
            await client.chat("Hi", model="m").text()
    error: Any = caught.value
    told = f"{error} {vars(error)} {error.args} {dict(error.headers)}"
    for secret in OWN:
        pieces = [secret[at : at + 12] for at in range(len(secret) - 12)]
        for piece in pieces:
            assert piece not in told
            assert not [name for name, spelling in spelled(piece).items() if spelling.decode() in told]
    assert "•••" in told


async def test_an_echo_in_the_stream_is_hidden() -> None:
    """Also where the site reports an error inside its answer, and decodes before."""
    error = await raised(
        200, f"data: {json.dumps({'error': {'message': unquote(SIGNED)}})}\n\n", {"cookies": {"sid": SIGNED}}
    )
    assert error.what == "The site reported: •••"


@pytest.mark.parametrize("name", spelled(SID))
def test_every_spelling_is_hidden(name: str) -> None:
    """What recordings know of encodings, errors know as well; what is around a credential stays."""
    session = BrowserSession.from_cookie_values("any", "https://chat.example", {"sid": SID})
    written = spelled(SID)[name]
    if name.startswith("base64"):  # with neighbours, as one letter of base64 can belong to two bytes
        encode = base64.urlsafe_b64encode if "url" in name else base64.b64encode
        written = encode(b"-" * int(name[-1]) + SID.encode() + b"---")
    text = f"no ({written.decode()}) here"
    assert redact_credentials(text, session) == "no (•••) here"


def test_words_are_not_hidden() -> None:
    """What a site explains stays, though the session has the same words in it."""
    cookies = {"lang": "en", "mode": "session-of-user-1"}
    session = BrowserSession.from_cookie_values("any", "https://chat.example", cookies)
    session = replace(session, local_storage={"https://chat.example": {"url": "https://chat.example/a/long/path"}})
    text = "The session of the user has ended: see https://chat.example/help, en."
    assert redact_credentials(text, session) == text


async def test_an_error_in_the_stream_is_told_in_one_line() -> None:
    """Of a length that a person reads, and without what would move a terminal's cursor."""
    document = '{"error": {"message": "gone \\u001b[2J\\nwrong AAA' + "A" * 100_000 + '"}}'
    error = await raised(200, f"data: {document}\n\n", {"cookies": {"token": TOKEN}})
    assert isinstance(error, SiteError)
    assert "gone \ufffd[2J wrong AAA" in str(error)
    assert str(error).isprintable()
    assert len(error.what) == 300


async def test_what_is_nested_too_deeply_is_the_sites_fault() -> None:
    """JSON that can be read, and is too deep to be walked."""
    document = '{"error": ' + "[" * 900 + "]" * 900 + "}"
    error = await raised(200, f"data: {document}\n\n", {"cookies": {"token": TOKEN}})
    assert isinstance(error, SiteError | ProtocolError)


@pytest.mark.parametrize("prefix", ["@elsewhere.example", ".elsewhere.example/", ":1", "/x?y", "/x#y", "/a\n"])
def test_an_app_cannot_lead_calls_to_another_host(prefix: str) -> None:
    """What Gradio's config has as a prefix is a path."""
    config = {"dependencies": [], "components": [], "api_prefix": prefix}
    with pytest.raises(ProtocolError, match="api_prefix"):
        decode_json(msgspec.json.encode(config), AppConfig)
    config["api_prefix"] = "/gradio_api"
    assert decode_json(msgspec.json.encode(config), AppConfig).api_prefix == "/gradio_api"


def test_a_line_is_as_long_as_it_may_be() -> None:
    """300 characters are told whole; of more, the beginning."""
    assert format_excerpt("a" * 300) == "a" * 300
    assert format_excerpt("a" * 301) == "a" * 299 + "…"


@pytest.mark.parametrize(
    ("reason", "body", "told"),
    [
        ("Bad Request", b'{"message": "no parent"}', "Bad Request: no parent"),
        ("Bad Request", b'{"detail": {"error": "Not authenticated"}}', "Bad Request: Not authenticated"),
        (
            "Bad",
            b'{"message": [{"loc": ["body", "x"], "msg": "too long"}, {"msg": "odd"}]}',
            "Bad: body.x: too long; odd",
        ),
        ("Teapot", b"short\n  and stout", "Teapot: short and stout"),
        ("Internal Server Error", b"Error", "Internal Server Error"),
        ("Internal Server Error", b"Internal Server Error", "Internal Server Error"),
        ("Forbidden", b"<!doctype html><p>long page", "Forbidden"),
        ("", b"", ""),
        ("", b"\xff\xfe", "\ufffd\ufffd"),
        ("", b'{"message": 5, "error": null}', ""),
    ],
)
def test_a_refusal_is_explained_in_one_line(reason: str, body: bytes, told: str) -> None:
    """From the reason phrase and what a body says, each once."""
    assert explanation(reason, body) == told


def test_an_explanation_is_short() -> None:
    """At most 300 characters."""
    assert len(explanation("Bad", b"x" * 10_000)) == 300
