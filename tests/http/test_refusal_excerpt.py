"""What a site says about a failure is repeated with care."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from aiohttp import web
from msgspec.structs import replace

from tests.sites.serving import serve
from toolkit.client.client import Client
from toolkit.errors import BadRequest, ProtocolError, SiteError
from toolkit.http.refusal_excerpt import explanation, format_excerpt
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
