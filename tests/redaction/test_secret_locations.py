"""Secrets at places that tell of them are found in whatever form they stand there; words at such places stay."""

from __future__ import annotations

import base64
import json

import pytest
from msgspec import to_builtins

from tests.recording.helpers import SITE, entry
from toolkit.har.message_builders import make_request, make_response
from toolkit.har.model import Entry, Timings
from toolkit.redaction.redact import redact
from toolkit.redaction.scan import scan

SECRET = "Zq47kVt9WmX4LrP7sBnY2dHc"


def wrapped(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def asked(*headers: tuple[str, str]) -> Entry:
    one = entry()
    return Entry(
        one.started, make_request("GET", f"{SITE}/", list(headers), b""), one.response, timings=Timings(wait=0)
    )


def answered(mime_type: str, body: str) -> Entry:
    one = entry()
    response = make_response(200, "OK", [("Content-Type", mime_type)], body.encode())
    return Entry(one.started, one.request, response, timings=Timings(wait=0))


def uploaded(name: str) -> Entry:
    body = f"--XX\r\nContent-Disposition: form-data; {name}\r\n\r\n{SECRET}\r\n--XX--\r\n".encode()
    return entry("POST", sent=body, sent_type="multipart/form-data; boundary=XX")


PLANTED = {
    "part of a form": uploaded("name=password"),
    "quoted part of a form": uploaded('name="password"'),
    "protocol": asked(("Sec-WebSocket-Protocol", f"bearer, {SECRET}")),
    "authentication info": entry(headers=[("Authentication-Info", f'nextnonce="{SECRET}"')]),
    "challenge": entry(headers=[("WWW-Authenticate", f'Bearer realm="x", token="{SECRET}"')]),
    "bare challenge": entry(headers=[("WWW-Authenticate", f"Bearer token={SECRET}")]),
    "old cookie": entry(headers=[("Set-Cookie2", f"weird={SECRET}; Version=1")]),
    "bare attribute": answered("text/html", f"<input type=hidden name=csrf_token value={SECRET}>"),
    "bare attribute at the end": answered("text/html", f"<input name=csrf_token value={SECRET}/>"),
    "template literal": answered("text/javascript", f"const apiKey=`{SECRET}`"),
    "line": answered("text/plain", f"user: me\npassword: {SECRET}\n"),
    "environment": answered("text/plain", f"A=1\r\nexport API_KEY={SECRET}\r\n"),
    "element": answered("application/xml", f'<r><a:password type="x">{SECRET}</a:password></r>'),
    "token element": answered("text/xml", f"<r><token>{SECRET}</token></r>"),
    "name and value": answered("application/json", json.dumps([{"name": "session_token", "value": SECRET}])),
    "value and name": answered("application/json", json.dumps({"value": SECRET, "path": "/", "n": 1, "key": "sid"})),
    "user": entry(url=f"https://{SECRET}@chat.example/"),
    "path parameter": entry(url=f"{SITE}/a;jsessionid={SECRET}/b?x=1"),
    "path parameter in a header": entry(headers=[("Location", f"/a;jsessionid={SECRET}")]),
    "path parameter in a page": answered("text/html", f'<a href="/a;jsessionid={SECRET}">'),
}


@pytest.mark.parametrize("place", PLANTED)
def test_a_secret_is_gone(place: str) -> None:
    """What stands at a telling place is replaced there; the result is whole, and stays as it is the next time."""
    made = redact([PLANTED[place]])
    assert SECRET in repr(to_builtins(PLANTED[place]))
    assert SECRET not in repr(to_builtins(made))
    assert redact(made) == made


@pytest.mark.parametrize("name", ["session", "auth", "token", "sessionid", "x-session", "userToken"])
def test_a_short_cookie_is_replaced_where_its_name_tells(name: str) -> None:
    """A session of four letters is one; the same letters elsewhere are not."""
    one = entry(headers=[("Set-Cookie", f"{name}=ab12; Path=/"), ("Set-Cookie", "theme=ab12")], body=b"ab12")
    made = redact([one])[0]
    assert [pair.value.partition("=")[2][:4] for pair in made.response.headers[:2]] == ["PPP1", "ab12"]
    assert made.response.content.body() == b"ab12"


@pytest.mark.parametrize("secret", [SECRET, "hunter2", "ab12"])
@pytest.mark.parametrize("name", ["password", "apiKey"])
def test_json_in_base64_is_read(name: str, secret: str) -> None:
    """JSON as base64 loses its secrets, wrapped once or twice, and is base64 of the same length again."""
    once, twice = wrapped({name: secret, "n": 1}), wrapped({"state": wrapped({name: secret})})
    one = entry(body=json.dumps({"once": once, "twice": twice}).encode())
    made = redact([one])
    new = json.loads(made[0].response.content.body())
    inner = [json.loads(base64.b64decode(new["once"])), json.loads(base64.b64decode(new["twice"]))]
    inner.append(json.loads(base64.b64decode(inner[1]["state"])))
    assert inner[0]["n"] == 1
    assert len(inner[0][name]) == len(inner[2][name]) == len(secret)
    assert secret not in repr(inner)
    assert (len(new["once"]), len(new["twice"])) == (len(once), len(twice))
    assert redact(made) == made


@pytest.mark.parametrize("place", PLANTED)
def test_the_scan_finds_it_by_itself(place: str) -> None:
    """A file that another program wrote is told of as well."""
    assert scan({"entries": [to_builtins(PLANTED[place])], "comment": ""})


@pytest.mark.parametrize(
    "given",
    [
        answered(
            "text/plain", "the token is a word: password reset\nPassword: required\ntoken: hello\nPIN: 4 digits\n"
        ),
        answered("text/plain", "Use `token: user_name` or\napi_key = your-api-key-here\nSee https://x.example/a@b\n"),
        answered("text/html", "<p>password: Enter yours<input name=password value=><input name=q value=token>"),
        answered("text/javascript", "const token=`${a}/b7c8d9e0f1`, key=`Enter your key`; x;code=parseInt16(a7b8c9d0)"),
        answered("application/xml", "<r><code>x9k2m4p6q8</code><password></password><pass>true</pass></r>"),
        answered(
            "application/json", '[{"key": "password", "value": "Forgot password"}, {"name": "a", "value": "x9k2m4"}]'
        ),
        answered("application/json", json.dumps({"blob": wrapped({"theme": "dark", "password": None, "ids": [1, 2]})})),
        answered("application/json", json.dumps({"text": "eyJ is how a token begins; data:image/png;base64,W10="})),
        entry(
            url="https://git@chat.example/a;v=1/@me", headers=[("Link", "</a;b=c>; rel=next, <https://x.example/@a>")]
        ),
        entry(headers=[("WWW-Authenticate", 'Bearer realm="chat", error="invalid_token", charset="UTF-8"')]),
        entry(headers=[("Set-Cookie", "lang=en"), ("Set-Cookie", "country_code=US"), ("Set-Cookie", "auth=1")]),
        asked(
            ("Sec-WebSocket-Protocol", "graphql-transport-ws, v12.stomp, mqtt"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-CH-UA-Full-Version-List", '"Chromium";v="131.0.6778.85"'),
            ("User-Agent", "Mozilla/5.0 (compatible; bot/2.1; +https://x.example/bot.html)"),
        ),
    ],
)
def test_words_at_telling_places_stay(given: Entry) -> None:
    """Text that speaks of tokens and passwords, empty places, and plain names are left alone."""
    assert redact([given]) == [given]
