"""Replay: the same answers, chunk by chunk and fault by fault, and a readable difference where none fits."""

from __future__ import annotations

import asyncio
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp
import pytest
from msgspec import UnsetType
from msgspec.structs import replace
from yarl import URL

from tests.recording.helpers import (
    SITE,
    STARTED,
    assert_hangs,
    captures,
    client,
    entry,
    play_as_recorded,
    read_chunks,
    replaying,
)
from tests.sites.asking import SECONDS
from toolkit.errors import UsageError
from toolkit.har.model import Recording
from toolkit.recording.files import load, save
from toolkit.replay.engine_io_merge import merge_engine_io
from toolkit.replay.local_network import LocalNetwork

HELLO = "Привет 👩‍👩‍👧!".encode()


@pytest.mark.parametrize("file", captures())
async def test_every_capture_replays_to_the_byte(file: Path) -> None:
    """Status, reason, Content-Type, every chunk and the way it ended are those of the capture; of a WebSocket, every
    frame, the subprotocol, the compression and the close."""
    recording = load(file)
    async with LocalNetwork(recording=recording) as network, client(network) as session:
        for one in merge_engine_io(recording.entries):
            if one.is_socket:
                await play_as_recorded(session, one)
                continue
            posted = one.request.post_data
            body = None if isinstance(posted, UnsetType) else posted.body()
            sent = {pair.name.lower(): pair.value for pair in one.request.headers}
            headers = {
                name: value for name, value in sent.items() if name in ("content-type", "cookie", "authorization")
            }
            read: list[bytes] = []
            async with session.request(one.request.method, one.request.url, data=body, headers=headers) as response:
                assert (response.status, response.reason) == (one.response.status, one.response.status_text)
                assert response.headers.getall("Content-Type", []) == one.response.values("Content-Type")
                if one.error is None:
                    await read_chunks(response, read)
                else:
                    await read_chunks(response, read, until=len(one.response.content.body()))
                    await assert_hangs(response)
            pieces = [data for _, data in one.response.content.pieces()]
            if one.response.values("Transfer-Encoding"):
                assert read == pieces
            assert b"".join(read) == b"".join(pieces)
        await network.replay.settle()
        assert network.misses == []
        assert network.replay.playback.unplayed() == []
        assert network.replay.unplayed_frames() == []


@pytest.mark.parametrize(("pace", "waits"), [(0.0, ["0", "0", "9"]), (1.0, ["9", "9", "9"]), (0.5, ["4", "4", "9"])])
async def test_a_wait_for_the_next_request_is_a_recorded_gap(pace: float, waits: list[str]) -> None:
    """It has the replay's pace while the request was recorded once more; the last answer asks for what it asked for."""
    refused = [
        entry("POST", sent=b"{}", status=429, reason="Slow down", headers=[("Retry-After", "9")]) for _ in range(3)
    ]
    other = entry("POST", sent=b'{"other": 1}', status=429, reason="Slow down", headers=[("Retry-After", "9")])
    async with replaying(*refused, other, pace=pace) as network, client(network) as session:
        told = []
        for _ in refused:
            async with session.post(f"{SITE}/", data=b"{}", headers={"Content-Type": "application/json"}) as response:
                told.append(response.headers["Retry-After"])
    assert told == waits


@pytest.mark.parametrize(("pace", "told"), [(0.0, "0"), (1.0, "1000000000")])
async def test_a_wait_of_any_length_is_played(pace: float, told: str) -> None:
    """A site may write more digits than Python reads as a number."""
    refused = [entry(status=429, reason="Slow down", headers=[("Retry-After", "9" * 5000)]) for _ in range(2)]
    async with (
        replaying(*refused, pace=pace) as network,
        client(network) as session,
        session.get(f"{SITE}/") as response,
    ):
        assert (response.status, response.headers["Retry-After"]) == (429, told)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_chunks_are_exact_where_characters_are_cut(size: int) -> None:
    """Each recorded chunk is one HTTP chunk, also where it ends inside a character."""
    chunks = [HELLO[start : start + size] for start in range(0, len(HELLO), size)]
    async with (
        replaying(entry(body=[(0.0, data) for data in chunks])) as network,
        client(network) as session,
        session.get(SITE) as response,
    ):
        read: list[bytes] = []
        await read_chunks(response, read)
        assert read == chunks
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert "Content-Type" not in response.headers
        assert "Server" not in response.headers


async def test_an_answer_with_a_length_keeps_it() -> None:
    """A recorded Content-Length answer is one, of the decoded body's length, without Content-Encoding."""
    coded = entry(
        headers=[("Content-Encoding", "gzip"), ("Alt-Svc", 'h3=":443"'), ("X-A", "1"), ("X-A", "2")], body=HELLO
    )
    async with replaying(coded) as network, client(network) as session, session.get(SITE) as response:
        assert await response.read() == HELLO
        assert response.headers["Content-Length"] == str(len(HELLO))
        assert response.headers.getall("X-A") == ["1", "2"]
        assert not {"Content-Encoding", "Alt-Svc", "Transfer-Encoding"} & set(response.headers)


async def test_what_no_header_can_hold_is_left_out() -> None:
    """Control characters and names that are none: a recording by somebody's own program is answered all the same."""
    odd = [("X-A", "1\r\n2\0\x1b3\t4"), ("X B", "5"), ("", "6"), (":status", "200"), ("Set-Cookie", "a=b\0; Path=/\r")]
    strange = entry(headers=odd, body=HELLO)
    strange = replace(strange, response=replace(strange.response, status_text="All\r\nX: y right"))
    async with replaying(strange) as network, client(network) as session, session.get(SITE) as response:
        assert await response.read() == HELLO
        assert (response.status, response.reason) == (200, "AllX: y right")
        assert response.headers.getall("X-A") == ["1", "23\t4"]
        assert response.headers["Set-Cookie"] == "a=b; Path=/"
        assert not {"X B", "", ":status", "X"} & set(response.headers)


async def test_gaps_are_played_on_request_only() -> None:
    """At pace 0 nothing waits; a pace is the factor of the recorded gaps."""
    hour = 3_600_000.0
    slow = entry(body=[(0.0, b"a"), (hour, b"b"), (2 * hour, b"c")], wait=hour)
    for pace, least in ((0.0, 0.0), (0.12 / 10_800, 0.12)):
        async with replaying(slow, pace=pace) as network, client(network) as session:
            start = time.monotonic()
            async with session.get(SITE) as response:
                assert await response.read() == b"abc"
            assert least <= time.monotonic() - start < 3 * hour / 1000


async def test_a_stream_is_read_while_it_goes_on() -> None:
    """A chunk is there before the next one is sent."""
    slow = entry(body=[(0.0, b"first"), (3_600_000.0, b"never")])
    async with replaying(slow, pace=1.0) as network, client(network) as session, session.get(SITE) as response:
        assert await asyncio.wait_for(response.content.readany(), SECONDS) == b"first"


@pytest.mark.parametrize("error", ["SocketTimeoutError: no data", "StreamTimeout", "net::ERR_TIMED_OUT"])
@pytest.mark.parametrize("body", [[(0.0, HELLO), (1.0, HELLO)], HELLO + HELLO], ids=["chunked", "length"])
async def test_a_recorded_timeout_hangs(body: bytes | list[tuple[float, bytes]], error: str) -> None:
    """After a recorded time-out everything that had arrived arrives, then nothing, and no end."""
    async with (
        replaying(entry(body=body, error=error)) as network,
        client(network) as session,
        session.get(SITE) as response,
    ):
        read: list[bytes] = []
        await read_chunks(response, read, until=2 * len(HELLO))
        assert b"".join(read) == HELLO + HELLO
        await assert_hangs(response)


@pytest.mark.parametrize("error", ["ClientPayloadError: cut", "ClientOSError: [Errno 104] Connection reset by peer"])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("body", [[(0.0, HELLO), (1.0, HELLO)], HELLO + HELLO], ids=["chunked", "length"])
async def test_a_recorded_break_breaks(error: str, scheme: str, body: bytes | list[tuple[float, bytes]]) -> None:
    """After a recorded break everything that had arrived arrives, then the connection is lost."""
    url = f"{scheme}://chat.example/"
    async with (
        replaying(entry(url=url, body=body, error=error)) as network,
        client(network) as session,
        session.get(url) as response,
    ):
        read: list[bytes] = []
        with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientOSError)):
            await read_chunks(response, read)
        assert b"".join(read) == HELLO + HELLO


async def test_a_long_body_arrives_whole_before_a_break() -> None:
    """No byte is lost in the buffers when the connection is closed behind it."""
    chunks = [bytes([number]) * 100_000 for number in range(30)]
    async with (
        replaying(entry(body=[(0.0, data) for data in chunks], error="ClientPayloadError")) as network,
        client(network) as session,
        session.get(SITE) as response,
    ):
        read: list[bytes] = []
        with pytest.raises(aiohttp.ClientPayloadError):
            await read_chunks(response, read)
        assert read == chunks


async def test_no_answer_is_replayed_as_none() -> None:
    """An exchange that broke before its answer is a lost connection."""
    async with replaying(entry(status=0, error="ConnectFailed")) as network, client(network) as session:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.get(SITE, headers={"Connection": "close"})


async def test_order_within_equal_requests_is_kept() -> None:
    """Equal requests get the recorded answers in order; a GET's last one again and again, a POST's never again."""
    gets = [entry(body=b"1"), entry(body=b"2")]
    posts = [entry("POST", sent=b'{"a":1}', body=b"3"), entry("POST", sent=b'{"a":1}', body=b"4")]
    async with replaying(*gets, *posts) as network, client(network) as session:
        assert [await (await session.get(SITE)).text() for _ in range(3)] == ["1", "2", "2"]
        answers = [await session.post(SITE, json={"a": 1}) for _ in range(3)]
        assert [await answer.text() for answer in answers[:2]] == ["3", "4"]
        assert (answers[2].status, answers[2].reason) == (599, "Replay Mismatch")
        assert "recorded 2 times" in await answers[2].text()


async def test_bodies_match_as_values() -> None:
    """JSON bodies are equal whatever the order and spelling, and choose among requests to one URL."""
    one = entry("POST", sent='{"a": [1, 2.0], "b": "\u00e9"}'.encode(), body=b"one")
    two = entry("POST", sent=b'{"a": [1, true]}', body=b"two")
    async with replaying(one, two) as network, client(network) as session:
        sent = (b'{"a":[1,true]}', b'{"b":"\\u00e9","a":[1.0,2]}')
        assert [await (await session.post(SITE, data=data)).text() for data in sent] == ["two", "one"]


async def test_a_name_that_is_said_twice_matches_as_it_is_written() -> None:
    """Of JSON with two values for one name nobody knows what it means: only the same bytes are the same."""
    async with replaying(entry("POST", sent=b'{"a":1,"a":2}', body=b"yes")) as network, client(network) as session:
        for data, status in ((b'{"a":2}', 599), (b'{"a":1,"a":2}', 200)):
            assert (await session.post(SITE, data=data, headers={"Content-Type": "application/json"})).status == status


async def test_a_query_matches_byte_for_byte() -> None:
    """Also in bytes that are no text; how they are escaped does not matter."""
    async with replaying(entry(url=f"{SITE}/?a=%FF&b=%7e+")) as network, client(network) as session:
        for query, status in (("a=%FE&b=~+", 599), ("a=%ff&b=~%20", 200)):
            answer = await session.get(URL(f"{SITE}/?{query}", encoded=True))
            assert answer.status == status
            if status == 599:
                assert "the query differs in a" in await answer.text()


async def test_forms_match_whatever_their_boundary() -> None:
    """The boundary that a browser makes up for a form does not matter."""

    def form(boundary: str) -> tuple[bytes, str]:
        text = f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--{boundary}--\r\n'
        return text.encode(), f"multipart/form-data; boundary={boundary}"

    sent, sent_type = form("----one")
    async with replaying(entry("POST", sent=sent, sent_type=sent_type)) as network, client(network) as session:
        data, content_type = form("----another")
        assert (await session.post(SITE, data=data, headers={"Content-Type": content_type})).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", "/chat?a=1&b=2", {"m": [{"c": "Hello"}]}, "body.m[0].c: recorded 'Hi', got 'Hello'"),
        ("POST", "/chat?a=1&b=2", {"m": [{"c": "Hi"}], "x": 1}, "body.x: not recorded, got 1"),
        ("POST", "/chat?a=1&b=2", {"m": []}, "body.m: recorded 1 items, got 0"),
        ("POST", "/chat?a=1&b=3", {"m": [{"c": "Hi"}]}, "the query differs in b"),
        ("PUT", "/chat?a=1&b=2", None, "recorded are POST"),
        ("GET", "/other?token=sesame", None, "of that host, recorded are POST /chat"),
    ],
)
async def test_a_miss_tells_the_difference(method: str, path: str, body: object, told: str) -> None:
    """What no recorded exchange answers gets 599, says why, is kept as an error, and shows no query."""
    recorded = entry("POST", f"{SITE}/chat?a=1&b=2", sent=b'{"m": [{"c": "Hi"}]}')
    async with replaying(recorded) as network, client(network) as session:
        answer = await session.request(method, SITE + path, json=body)
        assert answer.status == 599
        assert told in await answer.text()
        assert [miss.what for miss in network.misses] == [(await answer.text()).strip()]
        assert "sesame" not in await answer.text()


async def test_matching_can_leave_bodies_out() -> None:
    """Without "body" among the parts to match on, the order decides alone; other parts are refused."""
    recorded = [entry("POST", sent=b"1", body=b"one"), entry("POST", sent=b"2", body=b"two")]
    async with replaying(*recorded, match=("method", "url")) as network, client(network) as session:
        assert [await (await session.post(SITE, data=b"9")).text() for _ in range(2)] == ["one", "two"]
    with pytest.raises(UsageError, match="headers"):
        replaying(match=("headers",))


async def test_head_is_answered_by_the_get() -> None:
    """A HEAD gets the headers of the recorded GET and no body, and the connection stays usable."""
    async with replaying(entry(headers=[("ETag", '"1"')], body=b"hello")) as network, client(network) as session:
        answer = await session.head(SITE)
        assert (answer.status, answer.headers["ETag"], answer.headers["Content-Length"]) == (200, '"1"', "5")
        assert await answer.read() == b""
        assert await (await session.get(SITE)).text() == "hello"


@pytest.mark.parametrize("status", [204, 304, 307])
async def test_answers_without_a_body_stay_without(status: int) -> None:
    """Statuses that have no body, and redirects, come as they were recorded."""
    one = entry(status=status, reason="", headers=[("Location", "/next")])
    async with replaying(one) as network, client(network) as session:
        answer = await session.get(SITE, allow_redirects=False)
        assert (answer.status, answer.reason, answer.headers["Location"]) == (status, "", "/next")
        assert await answer.read() == b""


async def test_what_a_cache_had_is_given_to_who_has_none() -> None:
    """A 304 that was recorded with the cache's body is a 200 to a client that did not ask for changes."""
    cached = entry(status=304, reason="", headers=[("ETag", '"1"')], body=b"from the cache")
    async with replaying(cached) as network, client(network) as session:
        answer = await session.get(SITE)
        assert (answer.status, await answer.text()) == (200, "from the cache")
        answer = await session.get(SITE, headers={"if-none-match": '"1"'})
        assert (answer.status, await answer.text()) == (304, "")


async def test_expiries_are_as_far_ahead_as_they_were() -> None:
    """A cookie's expiry moves with the time since the recording, a deleted cookie stays deleted."""
    headers = [
        ("Set-Cookie", "a=1; Expires=Thu, 01 Jan 2026 01:00:00 GMT; Path=/"),
        ("Set-Cookie", "b=2; expires=Thu, 01-Jan-26 01:00:00 GMT"),
        ("Set-Cookie", "c=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ("Set-Cookie", "d=4; Max-Age=60; Expires=nonsense"),
    ]
    assert STARTED.isoformat() == "2026-01-01T00:00:00+00:00"
    async with replaying(entry(headers=headers)) as network, client(network) as session:
        lines = (await session.get(SITE)).headers.getall("Set-Cookie")
    hour, other, past, same = lines
    for line in (hour, other):
        expires = line.partition("xpires=")[2].partition(";")[0]
        assert 3590 < parsedate_to_datetime(expires).timestamp() - time.time() <= 3600
    assert parsedate_to_datetime(past.partition("Expires=")[2]).timestamp() < time.time() - 3600
    assert same == "d=4; Max-Age=60; Expires=nonsense"


async def test_preflights_and_favicons_are_answered_unrecorded() -> None:
    """HARs hold neither: a preflight passes for a URL that was recorded, and only for one; a favicon is empty."""
    asked = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "x-a",
    }
    async with replaying(entry("PUT", f"{SITE}/api", sent=b"1")) as network, client(network) as session:
        passed = await session.options(f"{SITE}/api", headers=asked)
        assert passed.status == 204
        assert passed.headers["Access-Control-Allow-Origin"] == "https://a.example"
        assert passed.headers["Access-Control-Allow-Credentials"] == "true"
        assert passed.headers["Access-Control-Allow-Methods"] == "PUT"
        assert passed.headers["Access-Control-Allow-Headers"] == "x-a"
        for icon in ("favicon.ico", "static/favicon-32.png", "static/apple-touch-icon.png"):
            assert (await session.get(f"{SITE}/{icon}")).status == 204
        assert network.misses == []
        assert (await session.options(f"{SITE}/other", headers=asked)).status == 599


async def test_http_1_0_gets_the_body_without_chunks() -> None:
    """A client of HTTP/1.0 reads a chunked recording to the end of the connection."""
    recorded = entry(url="http://chat.example/", body=[(0.0, b"a"), (1.0, b"b")])
    async with replaying(recorded) as network:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(network.address.rpartition(":")[2]))
        writer.write(b"GET http://chat.example/ HTTP/1.0\r\nHost: chat.example\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), SECONDS)
        writer.close()
        await writer.wait_closed()
    assert answer.endswith(b"\r\n\r\nab")
    assert b"chunked" not in answer


async def test_saving_changes_nothing_in_a_replay(tmp_path: Path) -> None:
    """A recording that was saved and loaded replays as before."""
    chunks = [HELLO[:1], HELLO[1:]]
    save(Recording(entries=[entry(body=[(0.0, chunks[0]), (5.0, chunks[1])])]), tmp_path / "file.har")
    read: list[bytes] = []
    async with (
        LocalNetwork(recording=load(tmp_path / "file.har")) as network,
        client(network) as session,
        session.get(SITE) as response,
    ):
        await read_chunks(response, read)
    assert read == chunks
