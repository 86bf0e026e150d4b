"""The server before a site: what clients get, also where something goes wrong."""

from __future__ import annotations

import asyncio
import socket
from io import BytesIO
from typing import Any

import pytest

from tests.gateway.conftest import KEY, Answered, Gateway, gateway_before
from tests.sites.asking import until
from tests.sites.base import Refusal
from tests.sites.scripted import ScriptedSite, delta
from tests.sites.serving import serve
from toolkit.gateway import answer_stream, served, site_clients
from toolkit.gateway.request_body import MOST_CONTAINERS
from toolkit.session.browser_session import BrowserSession
from toolkit.stores.base import Key


async def test_a_whole_answer(gateway: Gateway) -> None:
    """With the site's finish reason, and tokens that are marked as counted here."""
    gateway.site.says("blue", " sky", reasoning="hm", reason="length")
    answer = await gateway.chat("Why?")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.headers["x-request-id"].startswith("req_")
    (choice,) = answer.json["choices"]
    assert choice["message"] == {
        "role": "assistant",
        "content": "blue sky",
        "refusal": None,
        "annotations": [],
        "reasoning_content": "hm",
    }
    assert choice["finish_reason"] == "length"
    assert answer.json["usage"]["estimated"]
    assert gateway.site.asked == [["Why?"]]


async def test_a_streamed_answer(gateway: Gateway) -> None:
    """Piece by piece, to the end marker."""
    answer = await gateway.chat(stream=True)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.text == "blue sky"
    assert answer.events[-1] == "[DONE]"
    assert [event["choices"][0]["finish_reason"] for event in answer.events[:-1]] == [None, None, None, "stop"]


async def test_models(gateway: Gateway) -> None:
    """Those of each site that has a session, and one by its name, whose slashes may be encoded."""
    listed = (await gateway.ask("GET", "/v1/models")).json
    assert (listed["object"], [model["id"] for model in listed["data"]]) == ("list", ["codelinkava"])
    assert (await gateway.ask("GET", "/v1/models/codelinkava%2Fm")).json["id"] == "codelinkava/m"
    assert (await gateway.ask("GET", "/v1/models/nobody%2Fm")).status == 404
    assert not gateway.site.requests


async def test_sessions_that_come_while_it_runs(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name works as soon as its session is stored. Which there are is not read for each call, but a list knows a new
    one soon."""
    reads, read = [], gateway.store.sessions

    async def noted() -> dict[Key, BrowserSession]:
        reads.append(1)
        return await read()

    monkeypatch.setattr(gateway.store, "sessions", noted)
    for _ in range(5):
        assert (await gateway.chat()).status == 200
    assert len(reads) == 1
    key = Key("codelinkava", gateway.site_origin)
    await gateway.store.save(key._replace(account="b"), (await read())[key])
    assert (await gateway.chat(model="codelinkava@b")).status == 200
    assert len(reads) == 2
    await gateway.store.save(key._replace(account="c"), (await read())[key])
    monkeypatch.setattr(served, "RECENT_SECONDS", 0.0)
    models = (await gateway.ask("GET", "/v1/models")).json["data"]
    assert [model["id"] for model in models] == ["codelinkava", "codelinkava@b", "codelinkava@c"]
    assert (await gateway.chat(model="codelinkava@d")).status == 404


async def test_the_model_of_a_call(gateway: Gateway) -> None:
    """What follows the provider's name is the site's own."""
    await gateway.chat(model="codelinkava/meta/llama")
    assert gateway.site.requests[-1].body["model"] == "meta/llama"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (Refusal(429, "slow down", headers={"Retry-After": "7"}), 429, "rate_limited"),
        (Refusal(429, "slow down"), 429, "rate_limited"),
        (Refusal(400, "no"), 400, "refused_by_site"),
        (Refusal(503, "down"), 503, "site_unavailable"),
        (Refusal(500, "fell over"), 502, "site_unavailable"),
        (Refusal(200, "<html>hello</html>", "text/html"), 502, "upstream_error"),
    ],
)
async def test_failures_before_the_answer(
    gateway: Gateway, refusal: Refusal, status: int, code: str, *, stream: bool
) -> None:
    """They are statuses of their own, streamed or not, and clients repeat only what had no effect."""
    gateway.site.refusals["/api/chat"] = refusal
    answer = await gateway.chat(stream=stream)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    assert answer.headers.get("x-should-retry") == (None if status in (429, 503) else "false")
    said = refusal.headers.get("Retry-After", "5")  # what the site says, or else what is usual here
    assert answer.headers.get("Retry-After") == (said if status in (429, 503) else None)
    assert "hello" not in answer.json["error"]["message"]


async def test_a_failure_within_the_answer(gateway: Gateway) -> None:
    """The error is the last event, and no end marker follows; not streamed it is a status."""
    gateway.site.ending = "cut"
    gateway.site.frames = [delta(content="blue")]
    streamed = await gateway.chat(stream=True)
    assert (streamed.status, streamed.text) == (200, "blue")
    assert streamed.events[-1]["error"]["code"] == "connection_failed"
    assert "[DONE]" not in streamed.events
    assert (await gateway.chat()).status == 502


@pytest.mark.parametrize(("code", "status"), [(503, 502), (429, 429)])
async def test_what_the_site_reports_within_the_answer(gateway: Gateway, code: int, status: int) -> None:
    """Is no status after which clients, or load balancers, ask the same again."""
    gateway.site.frames = [delta(content="blue"), {"error": {"message": "overloaded", "code": code}}]
    answer = await gateway.chat()
    assert (answer.status, answer.headers["x-should-retry"]) == (status, "false")
    assert "overloaded" in answer.json["error"]["message"]


async def test_a_session_that_is_missing(gateway: Gateway) -> None:
    """The words have the command that gets one."""
    await gateway.store.delete(Key("codelinkava", gateway.site_origin))
    answer = await gateway.chat()
    assert answer.status == 404
    assert "`toolkit login codelinkava`" in answer.json["error"]["message"]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_goes_away(gateway: Gateway, *, stream: bool) -> None:
    """The site's call ends with it, also where the client waits for the whole answer."""
    gateway.site.ending = "hang"
    asking = asyncio.create_task(gateway.chat(stream=stream))
    await until(lambda: bool(gateway.site.asked))
    asking.cancel()
    await until(lambda: gateway.site.left == 1)


async def test_another_model_where_one_fails() -> None:
    """Before its first piece only: an answer is never put together from two."""
    bad, good = ScriptedSite(), ScriptedSite()
    bad.refusals["/api/chat"] = Refusal(503, "down")
    good.says("green")
    aliases = {"sky": ("codelinkava", "codelinkava@b")}
    async with gateway_before(bad, aliases=aliases) as gateway, gateway_before(good) as other:
        session = (await other.store.sessions())[Key("codelinkava", other.site_origin)]
        await gateway.store.save(Key("codelinkava", other.site_origin, "b"), session)
        for stream in (False, True):
            answer = await gateway.chat(model="sky", stream=stream)
            assert (answer.text if stream else answer.json["choices"][0]["message"]["content"]) == "green"
        bad.refusals.clear()
        bad.frames, bad.ending = [delta(content="blue")], "cut"
        answer = await gateway.chat(model="sky", stream=True)
        assert answer.text == "blue"
        assert answer.events[-1]["error"]
        assert (await gateway.chat(model="sky")).status == 502
        assert len(good.asked) == 2
        models = (await gateway.ask("GET", "/v1/models")).json["data"]
        assert [model["id"] for model in models] == ["sky", "codelinkava", "codelinkava@b"]


async def test_sites_that_are_not_served() -> None:
    """They are not asked for their models: no session is made for that."""
    site, other = ScriptedSite(), ScriptedSite()
    async with (
        serve(other.app()) as other_origin,
        gateway_before(site, base_urls={"aura": other_origin}, only=("codelinkava*",)) as gateway,
    ):
        models = (await gateway.ask("GET", "/v1/models")).json["data"]
    assert [model["id"] for model in models] == ["codelinkava"]
    assert not other.requests


async def test_a_site_that_is_slow_to_begin(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The head and comments are sent meanwhile, which clients pass over; an error is an event then."""
    monkeypatch.setattr(answer_stream, "GRACE_SECONDS", 0.01)
    monkeypatch.setattr(answer_stream, "COMMENT_SECONDS", 0.01)
    gateway.site.hold_after = 0
    async with gateway.asking(stream=True) as response:
        for _ in range(2):
            assert await response.content.readuntil(b"\n\n") == b": waiting\n\n"
        gateway.site.hold_after = None
        rest = Answered(response, await response.read())
    assert rest.text == "blue sky"
    gateway.site.hold_after, gateway.site.frames, gateway.site.ending = 0, [{"error": {"message": "busy"}}], "eof"
    async with gateway.asking(stream=True) as response:
        assert await response.content.readuntil(b"\n\n") == b": waiting\n\n"
        gateway.site.hold_after = None
        rest = Answered(response, await response.read())
    assert rest.events[-1]["error"]["code"] == "upstream_error"
    assert "[DONE]" not in rest.events


@pytest.mark.parametrize("size", [2_000, 100_000])
async def test_a_client_that_does_not_read(gateway: Gateway, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """It is let go after a while, and the site's call with it, whether the pieces are small or large."""
    monkeypatch.setattr(answer_stream, "WRITE_SECONDS", 0.1)
    gateway.site.says(*["x" * size] * (20_000_000 // size))
    body = b'{"model": "codelinkava", "messages": [{"role": "user", "content": "Hi"}], "stream": true}'
    head = [
        b"POST /v1/chat/completions HTTP/1.1",
        b"Host: %b" % gateway.origin.removeprefix("http://").encode(),
        b"Authorization: Bearer %b" % KEY.encode(),
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
    ]
    with socket.create_connection(("127.0.0.1", int(gateway.origin.rpartition(":")[2]))) as client:
        client.sendall(b"\r\n".join([*head, b"", body]))
        await until(lambda: gateway.site.left == 1)


async def test_too_many_calls_of_one_account(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one too many is told when to come again, and may."""
    monkeypatch.setattr(site_clients, "MAX_CALLS", 1)
    gateway.site.ending = "hang"
    asking = asyncio.create_task(gateway.chat())
    await until(lambda: bool(gateway.site.asked))
    answer = await gateway.chat()
    assert (answer.status, answer.json["error"]["code"]) == (429, "queue_full")
    assert "x-should-retry" not in answer.headers
    assert answer.headers["Retry-After"] == "5"
    asking.cancel()
    await until(lambda: gateway.site.left == 1)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("POST", "/chat/completions", 404),
        ("GET", "/v1/chat/completions", 405),
        ("OPTIONS", "/v1/chat/completions", 405),
    ],
)
async def test_other_requests(gateway: Gateway, method: str, path: str, status: int) -> None:
    """In the shape that clients read, and without a header that would let a web page in."""
    answer = await gateway.ask(method, path, {} if method == "POST" else None)
    assert answer.status == status
    assert set(answer.json["error"]) == {"message", "type", "param", "code"}
    assert answer.headers.get("Allow") == ("POST" if status == 405 else None)
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


async def test_a_base_url_that_is_wrong(gateway: Gateway) -> None:
    """The words say where it ends, for clients of each protocol."""
    for path in ("/chat/completions", "/models", "/v1/v1/messages"):
        told = (await gateway.ask("POST", path, {})).json["error"]["message"]
        assert "Base URLs end with /v1 for OpenAI clients, and before it for Anthropic's." in told


async def test_a_request_that_is_too_large(gateway: Gateway) -> None:
    """It is not read to its end."""
    answer = await gateway.ask("POST", "/v1/chat/completions", BytesIO(b" " * (9 * 1024 * 1024)))
    assert (answer.status, answer.json["error"]["code"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("path", "field"), [("chat/completions", "messages"), ("responses", "input"), ("messages", "messages")]
)
async def test_a_request_with_too_much_in_it(gateway: Gateway, path: str, field: str) -> None:
    """It is refused before it keeps all others waiting; one below the limit is as any other."""
    few = MOST_CONTAINERS // 2
    asked = {"model": "codelinkava", "max_tokens": 9}
    many: dict[str, list[Any]] = {
        "messages": [{"role": "user", "content": "Hi"}] * (2 * few),
        "parts": [{"role": "user", "content": [{"type": "text", "text": "Hi"}] * (2 * few)}],
        "lists": [{"role": "user", "content": "Hi", "more": [[]] * (2 * few)}],
    }
    for turns in many.values():
        answer = await gateway.ask("POST", f"/v1/{path}", {**asked, field: turns})
        assert answer.status == 400
        assert b"objects and lists" in answer.body
    assert not gateway.site.requests
    answer = await gateway.ask("POST", f"/v1/{path}", {**asked, field: many["messages"][:few]})
    assert answer.status == 200


async def test_a_name_that_is_too_long(gateway: Gateway) -> None:
    """It comes back in no error, and in no event of an answer."""
    for name in ("a" * 100_000, "codelinkava/" + "a" * 100_000):
        answer = await gateway.chat(model=name)
        assert (answer.status, answer.json["error"]["code"]) == (404, "model_not_found")
        assert len(answer.body) < 1_000


async def test_the_guard_stands_before_everything(gateway: Gateway) -> None:
    """No endpoint is reached without the key, or from a web page."""
    for path in ("/v1/models", "/v1/models/codelinkava", "/v1/nothing"):
        assert (await gateway.ask("GET", path, key="")).status == 401
        assert (await gateway.ask("GET", f"{path}?key={KEY}", key="")).status == 401
        assert (await gateway.ask("GET", path, Origin="http://evil.test")).status == 403
    assert (await gateway.ask("GET", "/healthz", key="")).json == {"status": "ok"}


async def test_where_calls_go_is_not_the_request_s_to_say(gateway: Gateway) -> None:
    """Neither the address nor a proxy."""
    answer = await gateway.chat(base_url="http://evil.test", api_base="http://evil.test", proxy="http://evil.test")
    assert answer.status == 200
    assert len(gateway.site.asked) == 1
    assert "evil" not in str(gateway.site.requests[-1].body)


async def test_nothing_of_a_question_is_logged(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    """Nor of the answer or the key, at any level."""
    gateway.site.says("an-answer-to-hide")
    with caplog.at_level("DEBUG"):
        await gateway.chat("a-question-to-hide")
        await gateway.ask("GET", "/v1/models?secret=a-query-to-hide")
    assert "/v1/chat/completions" in caplog.text
    assert "to-hide" not in caplog.text
    assert KEY not in caplog.text
