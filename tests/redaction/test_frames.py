"""Forty secrets in the handshakes and the frames of WebSockets: none is left in a recording, and a check finds each."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from tests.recording.helpers import SITE, STARTED, client, socket
from toolkit.errors import RecordingError
from toolkit.har.message_builders import make_request, make_response
from toolkit.har.model import Entry, Recording
from toolkit.har.websockets import WebSocketClose
from toolkit.recording.check import check
from toolkit.recording.files import load, save
from toolkit.redaction.redact import redact
from toolkit.redaction.scan import scan
from toolkit.replay.local_network import LocalNetwork

WS = f"wss{SITE[5:]}/ws"
IO = f"wss{SITE[5:]}/socket.io/?EIO=4&transport=websocket"


def secret(place: str) -> str:
    """A secret of its own for each place: letters of both cases and digits, as tokens have."""
    return "Kx" + hashlib.sha256(place.encode()).hexdigest()[:22] + "T"


def token(place: str) -> str:
    """A JSON Web Token."""
    parts = [json.dumps({"alg": "HS256"}), json.dumps({"n": secret(place)})]
    return ".".join([*(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts), secret(place)])


def string(field: int, text: str) -> bytes:
    """A field of a protobuf message that is a short text."""
    return bytes((field << 3 | 2, len(text))) + text.encode()


def event(name: str, *arguments: Any, start: str = "42") -> str:
    return start + json.dumps([name, *arguments])


HANDSHAKE = {
    "cookie": [("Cookie", f"sid={secret('cookie')}; other=1")],
    "bearer": [("Authorization", f"Bearer {secret('bearer')}")],
    "basic": [("Authorization", "Basic " + base64.b64encode(f"ada:{secret('basic')}".encode()).decode())],
    "own header": [("X-Api-Key", secret("own header"))],
    "subprotocol": [("Sec-WebSocket-Protocol", f"bokeh, {secret('subprotocol')}")],
    "second subprotocol": [("Sec-WebSocket-Protocol", f"streamlit,2|4c46dc71|{secret('second subprotocol')}|17959")],
    "third subprotocol": [("Sec-WebSocket-Protocol", f"streamlit, x, {secret('third subprotocol')}")],
    "JSON cookie": [("Cookie", "auth=" + quote(json.dumps({"accessToken": secret("JSON cookie")})))],
    "referer": [("Referer", f"{SITE}/?access_token={secret('referer')}")],
}
QUERIES = {
    "query token": f"?token={secret('query token')}",
    "query session": f"?session_id={secret('query session')}",
    "query sid": f"?EIO=4&transport=websocket&sid={secret('query sid')}",
    "query JWT": f"?x={token('query JWT')}",
    "path parameter": f";jsessionid={secret('path parameter')}",
}
ANSWERS = {
    "set cookie": [("Set-Cookie", f"session={secret('set cookie')}; Path=/; HttpOnly")],
    "answered header": [("X-Auth-Token", secret("answered header"))],
}
# The frames that hold each secret: `>` of the client, `<` of the server.
FRAMES: dict[str, list[tuple[str, str | bytes]]] = {
    "first packet": [(">", "40" + json.dumps({"sessionId": secret("first packet"), "clientType": "webapp"}))],
    "first token": [(">", "40" + json.dumps({"token": token("first token")}))],
    "open packet": [("<", "0" + json.dumps({"sid": secret("open packet"), "upgrades": []}))],
    "connected": [("<", "40" + json.dumps({"sid": secret("connected")}))],
    "namespace": [(">", "40/admin," + json.dumps({"password": secret("namespace")}))],
    "event": [(">", event("login", {"user": "ada", "password": secret("event")}))],
    "event with ack": [(">", event("login", {"pwd": secret("event with ack")}, start="4217"))],
    "ack": [("<", "4317" + json.dumps([{"accessToken": secret("ack")}]))],
    "second argument": [(">", event("a", 1, {"apiKey": secret("second argument")}))],
    "JSON in a string": [("<", event("state", json.dumps({"refresh_token": secret("JSON in a string")})))],
    "raw JSON": [(">", json.dumps({"type": "auth", "access_token": secret("raw JSON")}))],
    "raw JSON of the server": [("<", json.dumps([{"session_key": secret("raw JSON of the server")}]))],
    "deep": [("<", json.dumps({"a": [{"b": {"client_secret": secret("deep")}}]}))],
    "hash": [(">", json.dumps({"fn_index": 1, "session_hash": secret("hash")}))],
    "name and value": [(">", json.dumps({"name": "csrf_token", "value": secret("name and value")}))],
    "URL in a frame": [("<", json.dumps({"url": f"https://x.example/f?access_token={secret('URL in a frame')}"}))],
    "text": [("<", f"authenticated with token={secret('text')}")],
    "JWT in text": [("<", f"hello {token('JWT in text')}!")],
    "JWT in bytes": [
        ("<", b"\x08\x01" + string(2, token("JWT in bytes"))[0:1] + b"\xc8\x01" + token("JWT in bytes").encode())
    ],
    "bytes of JSON": [(">", json.dumps({"password": secret("bytes of JSON")}).encode())],
    "form": [(">", json.dumps({"body": f"user=ada&password={secret('form')}"}))],
    "escaped": [(">", "42" + json.dumps(["login", {"password": f'{secret("escaped")}é"/'}], ensure_ascii=True))],
    "reason": [],
    "echoed cookie": [("<", event("you", {"text": f"sent {secret('cookie')}"}))],
    "echoed in base64": [("<", event("x", base64.b64encode(f"..{secret('cookie')}..".encode()).decode()))],
    "echoed in bytes": [("<", b"\x0a" + string(1, secret("cookie")))],
    "echoed in hex": [("<", secret("cookie").encode().hex())],
}


def entries() -> list[Entry]:
    """A socket for each place."""
    made = [socket(("<", "hello"), url=f"{WS}/h{number}", sent=sent) for number, sent in enumerate(HANDSHAKE.values())]
    made += [socket(url=f"{WS}/q{number}{query}") for number, query in enumerate(QUERIES.values())]
    made += [socket(url=f"{WS}/a{number}", headers=headers) for number, headers in enumerate(ANSWERS.values())]
    for number, (place, frames) in enumerate(FRAMES.items()):
        close = WebSocketClose("server", 1008, f"bad token={secret('reason')}") if place == "reason" else msgspec.UNSET
        made.append(socket(*frames, url=f"{IO}&n={number}", close=close))
    return made


PLACES = [*HANDSHAKE, *QUERIES, *ANSWERS, *FRAMES]
SECRETS = {place: secret(place) for place in PLACES if not place.startswith("echoed")}


def left_in(data: bytes) -> list[str]:
    """The places whose secret is in `data`, as it is or in another encoding."""
    text = data.decode()
    blobs = [base64.b64decode(one["data"]).decode("latin-1") for one in _binary_frames(json.loads(text))]
    everywhere = "\n".join((text, text.lower(), *blobs))
    return [
        place
        for place, value in SECRETS.items()
        if any(
            form in everywhere
            for form in (value, value[:12], value.encode().hex(), base64.b64encode(value.encode()[:18]).decode())
        )
    ]


def _binary_frames(document: dict[str, Any]) -> list[dict[str, Any]]:
    messages = (one for entry in document["log"]["entries"] for one in entry["_webSocketMessages"])
    return [one for one in messages if one["opcode"] == 2]


def test_there_are_some_forty() -> None:
    """One for each place, no two alike."""
    assert len(PLACES) >= 40
    assert len(set(SECRETS.values())) == len(SECRETS)


def test_none_is_left_in_a_recording(tmp_path: Path) -> None:
    """Neither in the handshakes nor in the frames, whichever side sent them, nor in the file. Frames stay frames."""
    before = entries()
    redacted = redact(Recording(entries=before))
    save(redacted, path := tmp_path / "file.har")
    assert left_in(path.read_bytes()) == []
    assert check(path) == []
    for one, other in zip(before, load(path).entries, strict=True):
        assert [(message.type, message.opcode) for message in one.messages or ()] == [
            (message.type, message.opcode) for message in other.messages or ()
        ]
        sizes = [
            [len(message.payload()) for message in each.messages or () if message.opcode == 2] for each in (one, other)
        ]
        assert sizes[0] == sizes[1]


@pytest.mark.parametrize("number", range(len(PLACES)), ids=PLACES)
def test_each_is_found_where_it_was_left(number: int) -> None:
    """A check finds it by the rules alone, and names the place without the value. What only repeats a secret of another
    place is found there."""
    if PLACES[number].startswith("echoed"):
        return
    log = msgspec.to_builtins({"entries": [entries()[number]]})
    findings = scan(log)
    assert findings, PLACES[number]
    assert not any(SECRETS[PLACES[number]] in str(finding) for finding in findings)


def test_no_error_shows_one() -> None:
    """A recording that cannot be saved names places."""
    with pytest.raises(RecordingError) as caught:
        save(Recording(entries=entries()), Path("never.har"))
    assert not [place for place, value in SECRETS.items() if value in f"{caught.value!r} {caught.value}"]


async def test_a_redacted_socket_replays(tmp_path: Path) -> None:
    """The client sends what the recording has instead: the same placeholder for the same value, wherever it stands."""
    frames = (
        ("<", "0" + json.dumps({"sid": secret("sid"), "upgrades": []})),
        (">", "40" + json.dumps({"sessionId": secret("made up")})),
        ("<", event("welcome", {"you": secret("made up")})),
    )
    one = socket(*frames, url=IO, random=["frames.connect.sessionId"])
    save(redact(Recording(entries=[one])), path := tmp_path / "file.har")
    network = LocalNetwork(recording=load(path), strict=True)
    async with network, client(network) as session, session.ws_connect(IO) as ws:
        await ws.receive_str()
        await ws.send_str('40{"sessionId":"of today"}')
        assert json.loads((await ws.receive_str())[2:]) == ["welcome", {"you": "of today"}]


def test_who_is_signed_in_is_taken_out_of_frames() -> None:
    """Names and addresses that an object tells of, also where the server says them in pieces."""
    person = event("user", {"user": {"id": 4711, "name": "Ada Quillfeather", "email": "ada.quillfeather@mail.test"}})
    pieces = [("<", event("token", {"token": piece})) for piece in ("Dear Ada ", "Quillf", "eather, ", "hi")]
    redacted = redact([socket(("<", person), *pieces, url=IO), _answered("Ada Quillfeather")])
    text = json.dumps(msgspec.to_builtins(redacted))
    said = "".join(json.loads(str(one.payload())[2:])[1].get("token", "") for one in redacted[0].messages or ())
    assert "Quillfeather" not in text
    assert "Quillfeather" not in said
    assert said.startswith("Dear ")
    assert said.endswith(", hi")


def _answered(body: str) -> Entry:
    return Entry(STARTED, make_request("GET", f"{SITE}/", [], b""), make_response(200, "OK", [], body.encode()))
